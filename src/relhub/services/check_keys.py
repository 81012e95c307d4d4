"""Whether the keys are kept as they should be, and are those that the stored values need."""

from relhub.config.keys import open_to_others
from relhub.config.settings import Settings
from relhub.services.diagnosis import Diagnosis
from relhub.services.rotate_seals import seals_in_use
from relhub.storage.database import Database
from relhub.storage.sealing import Sealer


def check_keys_file(settings: Settings) -> list[Diagnosis]:
    """Whether others can read the keys file."""
    file = settings.keys_file
    if file is None or not open_to_others(file):
        return []
    return [Diagnosis("wrong", f"The keys file {file} can be read or changed by others than its owner.", f"chmod 600 {file}")]


async def check_seals(database: Database, sealer: Sealer) -> list[Diagnosis]:
    """Seals that stored values need and are not there, and those that nothing needs, or only for what is older."""
    counts: dict[int, int] = {}
    for of_column in (await seals_in_use(database)).values():
        for seal, number in of_column.items():
            counts[seal] = counts.get(seal, 0) + number
    found = [
        Diagnosis(
            "wrong",
            f"{number} values are sealed with seal {seal}, which is not among the keys.",
            'Put it back, or see "A lost key" in docs/operations.md.',
        )
        for seal, number in sorted(counts.items())
        if seal not in sealer.seals
    ]
    for seal in sorted(sealer.seals - {sealer.seal_with}):
        if seal in counts:
            found.append(
                Diagnosis("note", f"{counts[seal]} values are still sealed with seal {seal}.", "relhub keys rotate seals them anew.")
            )
        elif seal < sealer.seal_with:
            do = "Take it out of the keys when no running process seals with it and no backup that you keep needs it."
            found.append(Diagnosis("note", f"Nothing is sealed with seal {seal} any more.", do))
    return found
