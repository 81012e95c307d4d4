"""source_state: how each source is doing, and where its pull goes on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from relhub.storage.database import Store
from relhub.storage.tables.cases import case_record
from relhub.storage.tables.sources import quarantine, source_state


@dataclass(frozen=True, slots=True)
class SourceState:
    source: str
    cursor: dict[str, Any] | None
    complete_pulls: int
    mapping_version: str
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_error: str
    unavailable_since: datetime | None
    expected: int | None
    cases: int = 0
    quarantined: int = 0

    @property
    def pull_number(self) -> int:
        """Of the pull that is under way, or else of the last complete one."""
        return self.complete_pulls + 1 if self.cursor is not None else max(self.complete_pulls, 1)


async def begin_attempt(store: Store, source: str, at: datetime) -> SourceState:
    """Notes that a pull starts or goes on, and gives where it was."""
    statement = (
        insert(source_state)
        .values(source=source, last_attempt_at=at)
        .on_conflict_do_update(index_elements=["source"], set_={"last_attempt_at": at})
        .returning(source_state)
    )
    return _state((await store.sql.execute(statement)).mappings().one())


async def save_cursor(store: Store, source: str, cursor: dict[str, Any], mapping_version: str, expected: int | None) -> None:
    """Where to go on; part of the transaction of the page. The source answered, so it is not unavailable."""
    values: dict[str, Any] = {"cursor": cursor, "mapping_version": mapping_version, "unavailable_since": None}
    if expected is not None:
        values["expected"] = expected
    await store.sql.execute(update(source_state).where(source_state.c.source == source).values(**values))


async def finish_pull(store: Store, source: str, at: datetime) -> None:
    """One more complete pull; the next starts from the beginning."""
    values = {
        "cursor": None,
        "complete_pulls": source_state.c.complete_pulls + 1,
        "last_success_at": at,
        "last_error": "",
        "unavailable_since": None,
    }
    await store.sql.execute(update(source_state).where(source_state.c.source == source).values(**values))


async def note_failure(store: Store, source: str, at: datetime, error: str, *, answers: bool = False, start_over: bool = False) -> None:
    """What went wrong, and, unless it `answers`, since when the source has not answered: kept from the first time.

    `start_over`: the next pull does not go on where this one was.
    """
    missing: dict[str, Any] = {} if answers else {"unavailable_since": at}
    values: dict[str, Any] = {"last_error": error, **({"cursor": None} if start_over else {})}
    if missing:
        values["unavailable_since"] = func.coalesce(source_state.c.unavailable_since, at)
    statement = insert(source_state).values(source=source, last_attempt_at=at, last_error=error, **missing)
    await store.sql.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))


async def note_answer(store: Store, source: str) -> None:
    """It answered a question just now."""
    statement = update(source_state).where(source_state.c.source == source, source_state.c.unavailable_since.is_not(None))
    await store.sql.execute(statement.values(unavailable_since=None, last_error=""))


async def current_pull(store: Store, source: str) -> int:
    """The number of the pull that is under way, or will be next."""
    done = await store.sql.scalar(select(source_state.c.complete_pulls).where(source_state.c.source == source))
    return (done or 0) + 1


async def source_states(store: Store, *, counted: bool = True) -> list[SourceState]:
    """Every source that was ever pulled, with how much is known of it; not `counted`: how many cases is left out, which takes longest."""
    cases = select(func.count()).where(case_record.c.source == source_state.c.source).scalar_subquery()
    aside = select(func.count()).where(quarantine.c.source == source_state.c.source).scalar_subquery()
    how_many: ColumnElement[int] = cases if counted else literal(0)
    statement = select(source_state, how_many.label("cases"), aside.label("quarantined")).order_by(source_state.c.source)
    return [_state(row) for row in (await store.sql.execute(statement)).mappings()]


def _state(row: Any) -> SourceState:
    return SourceState(**{name: row[name] for name in SourceState.__dataclass_fields__ if name in row})
