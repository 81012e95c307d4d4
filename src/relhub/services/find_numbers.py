"""Looking for numbers of people in clear, in everything that the database holds and in logs and metrics: the real numbers, opened for it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag

from relhub.domain.number_search import Found, Numbers
from relhub.errors import SealLost
from relhub.services.diagnosis import Diagnosis
from relhub.storage import all_text
from relhub.storage.database import Database, Store
from relhub.storage.sealed_columns import about_number
from relhub.storage.sealing import Sealer

_CHUNK = 4 * 1024 * 1024
_PLACES = 3  # that are named of each column or file
_IN_TABLE = (
    "Mend it in the source or the source file and have it pulled again, or remove it by hand; then VACUUM and ANALYZE the table. "
    "To see a row: SELECT * FROM {table} WHERE ctid = '(0,1)', with what stands above."
)
_BESIDE = (
    "PostgreSQL keeps this itself. Of statistics: remove the number from the column and ANALYZE the table. Of queries: whoever sent it had the "
    "number in its text instead of in a parameter; SELECT pg_stat_statements_reset() forgets queries."
)
_ELSEWHERE = "Find out which program wrote it and remove it; treat it as a data breach when others could read it."


@dataclass(slots=True)
class Search:
    """What was searched, and where numbers stand: per column or file the first places."""

    numbers: Numbers
    places: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # by (where, what to do)
    rows: int = 0
    damaged: int = 0  # stored numbers that their seal does not open
    unreadable: list[str] = field(default_factory=list)

    def note(self, where: str, place: str, found: Iterable[Found], do: str) -> None:
        for one in found:
            self.places.setdefault((where, do), []).append(f"{place} (ends in {one.end})".strip())


async def find_numbers(
    database: Database, sealer: Sealer, texts: Mapping[str, bytes], logs: Sequence[Path]
) -> tuple[list[Diagnosis], Search]:
    """Where a number of a person stands in clear. `texts`: more to look through, by name; `logs`: files."""
    async with database.begin() as store:
        search = await _begin(store, sealer)
        for name, said in await all_text.kept_beside(store):
            text = said.encode()
            search.note(name, "", [*search.numbers.within(text), *search.numbers.within_hexadecimal(text)], _BESIDE)
        tables = await all_text.searched_tables(store)
    for table in tables:
        await _search_table(database, search, table)
    for name, content in texts.items():
        search.note(name, "", search.numbers.within(content), _ELSEWHERE)
    unread = [diagnosis for log in logs if (diagnosis := _search_log(search, log))]
    return [*_diagnoses(search), *unread], search


async def _begin(store: Store, sealer: Sealer) -> Search:
    """The search for all numbers that can be opened; of those whose seal is lost the check of the seals tells."""
    opened: set[str] = set()
    damaged = 0
    async for batch in all_text.personal_numbers(store):
        for scheme, sealed in batch:
            try:
                opened.add(sealer.open(sealed, about_number(scheme)).decode())
            except SealLost:
                continue
            except InvalidTag:
                damaged += 1
    return Search(Numbers(opened, await all_text.trade_register_numbers(store)), damaged=damaged)


async def _search_table(database: Database, search: Search, table: all_text.Searched) -> None:
    if not table.readable:
        search.unreadable.append(table.name)
        return
    async with database.begin() as store:
        async for batch in all_text.rows_of(store, table):
            search.rows += len(batch)
            together = b"\x1f".join(_bytes(value) for row in batch for value in row)
            if any(True for _ in search.numbers.within(together)):
                _locate(search, table, batch)


def _locate(search: Search, table: all_text.Searched, batch: Sequence[Any]) -> None:
    for row in batch:
        for (called, _), value in zip(table.parts, list(row)[1:], strict=True):
            where = f"{table.name}.{called}" if not called.startswith("index ") else called
            search.note(where, f"ctid {row[0]}", search.numbers.within(_bytes(value)), _IN_TABLE.format(table=table.name))


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode() if value is not None else b""


def _search_log(search: Search, log: Path) -> Diagnosis | None:
    try:
        for line, chunk in _chunks(log):
            for found in search.numbers.within(chunk):
                number = line + chunk.count(b"\n", 0, found.offset)
                search.note(f"the log file {log}", f"line {number}", [found], _ELSEWHERE)
    except OSError as error:
        return Diagnosis(
            "wrong", f"The log file {log} can't be read ({error.strerror}), so it was not searched.", "Run relhub doctor as who may."
        )
    return None


def _chunks(log: Path) -> Iterator[tuple[int, bytes]]:
    """(number of its first line, whole lines)."""
    line = 1
    with log.open("rb") as file:
        while chunk := file.read(_CHUNK):
            chunk += file.readline()
            yield line, chunk
            line += chunk.count(b"\n")


def _diagnoses(search: Search) -> list[Diagnosis]:
    found = [_diagnosis(where, do, places) for (where, do), places in search.places.items()]
    if search.damaged:
        what = f"{search.damaged} official numbers are not what was sealed: they were changed, or moved, outside of relhub."
        found.append(Diagnosis("wrong", what, "Find out by whom, and restore party_identifier from a backup."))
    if search.unreadable:
        what = f"Not searched, because this user may not read it: {', '.join(search.unreadable)}."
        found.append(Diagnosis("note", what, "Run relhub doctor with RELHUB_DATABASE_URL of who may, or grant SELECT."))
    if not search.numbers:
        what = "No citizen service number is stored that could be opened, so there was nothing to look for."
        found.append(Diagnosis("note", what, "Run relhub doctor again after the first pull, and with the keys."))
    return found


def _diagnosis(where: str, do: str, places: Sequence[str]) -> Diagnosis:
    times = "once" if len(places) == 1 else f"{len(places)} times"
    what = f"A citizen service number (or another number of a person) stands in clear, {times}, in {where}: "
    return Diagnosis("wrong", f"{what}{', '.join(places[:_PLACES])}.", do)
