"""Everything that `relhub doctor` looks at, each check also when another has found something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relhub.config.keys import keys_of
from relhub.config.settings import Settings
from relhub.errors import ConfigurationError
from relhub.services.check_configuration import check_environment, check_files
from relhub.services.check_database import check_database, check_index_key
from relhub.services.check_keys import check_keys_file, check_seals
from relhub.services.check_rights import check_rights
from relhub.services.diagnosis import Diagnosis
from relhub.services.find_numbers import find_numbers
from relhub.storage.database import Database
from relhub.storage.sealing import Sealer


@dataclass(slots=True)
class Examined:
    """What was found, and how much was searched for how many numbers of people."""

    diagnoses: list[Diagnosis] = field(default_factory=list)
    rows: int = 0
    numbers: int = 0

    @property
    def is_well(self) -> bool:
        return not any(diagnosis.level == "wrong" for diagnosis in self.diagnoses)


async def examine(
    settings: Settings, environment: Mapping[str, str], *, texts: Mapping[str, bytes] | None = None, logs: Sequence[Path] = ()
) -> Examined:
    """The diagnoses on a running installation; changes nothing. `texts`: more to look through for numbers (metrics); `logs`: files."""
    examined = Examined()
    of_files, names = await check_files(settings)
    examined.diagnoses += [*check_environment(environment, names), *of_files, *check_keys_file(settings)]
    sealer = _sealer(settings, examined)
    database = Database(settings.database_url, pool_size=1)
    try:
        found, usable = await check_database(database)
        examined.diagnoses += found
        if usable:
            examined.diagnoses += await check_rights(database)
        if usable and sealer:
            examined.diagnoses += [*await check_index_key(database, sealer), *await check_seals(database, sealer)]
            found, search = await find_numbers(database, sealer, texts or {}, logs)
            examined.diagnoses += found
            examined.rows, examined.numbers = search.rows, len(search.numbers)
    finally:
        await database.close()
    return examined


def _sealer(settings: Settings, examined: Examined) -> Sealer | None:
    try:
        return Sealer(keys_of(settings))
    except ConfigurationError as error:
        do = "Mend the keys (docs/configuration.md, Keys); without them the database was not searched for numbers of people."
        examined.diagnoses.append(Diagnosis("wrong", f"{error}.", do))
        return None
