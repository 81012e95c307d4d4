"""log_export, consultation_log: what of the sealed log is still to be sent to the Logboek Dataverwerkingen, in the order of the seals.

Each row is in exactly one seal, and seals only come after each other: so a row that was committed late is sent late, and none is passed over;
also after a restore, which gives back how far it had come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from relhub.storage.database import Driver


@dataclass(frozen=True, slots=True)
class Place:
    """After which row of which seal."""

    seal: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A look as it is told: without whom it was asked by."""

    seal: int
    id: int
    at: datetime
    written_at: datetime
    trace_id: str
    span_id: str
    parent_span_id: str
    consumer: str
    application: str
    register_uri: str
    operation: str
    outcome: str
    relation_ids: Sequence[str]


async def place(driver: Driver) -> Place:
    row = await driver.fetchrow("SELECT seal, row FROM log_export")
    return Place(*row) if row else Place()


async def next_rows(driver: Driver, after: Place, limit: int) -> list[Sent]:
    """The next rows of the first seal that has any left; empty when all that is sealed was sent."""
    while True:
        seal = await driver.fetchrow(
            """
            SELECT number, first_at, last_at, last_id FROM log_seal WHERE number >= $1 AND sort = 'rows' AND NOT (number = $1 AND last_id <= $2)
            ORDER BY number LIMIT 1
            """,
            after.seal,
            after.row,
        )
        if seal is None:
            return []
        number, first_at, last_at, _ = seal
        rows = await driver.fetch(
            """
            SELECT $1::bigint, l.id, l.at, l.written_at, l.trace_id, l.span_id, l.parent_span_id, l.consumer, l.application, l.register_uri, l.operation, l.outcome,
                l.relation_ids
            FROM log_seal s JOIN consultation_log l ON l.id > $2 AND l.id BETWEEN s.first_id AND s.last_id AND s.ids @> l.id AND l.at BETWEEN $3 AND $4
            WHERE s.number = $1 ORDER BY l.id LIMIT $5
            """,
            number,
            after.row if number == after.seal else 0,
            first_at,
            last_at,
            limit,
        )
        if rows:
            return [Sent(*row) for row in rows]
        after = Place(number + 1)  # its rows were taken out of the log


async def save_place(driver: Driver, reached: Place) -> None:
    await driver.execute(
        'INSERT INTO log_export (seal, "row") VALUES ($1, $2) ON CONFLICT (one) DO UPDATE SET seal = $1, "row" = $2, failing_since = NULL, tried_at = NULL',
        reached.seal,
        reached.row,
    )


async def note_failure(driver: Driver, at: datetime) -> bool:
    """True when it is the first since something was taken."""
    statement = (
        'INSERT INTO log_export (seal, "row", failing_since, tried_at) VALUES (0, 0, $1, $1) '
        "ON CONFLICT (one) DO UPDATE SET failing_since = coalesce(log_export.failing_since, $1), tried_at = $1 RETURNING failing_since = tried_at"
    )
    return bool(await driver.fetchval(statement, at))


async def failing(driver: Driver) -> tuple[datetime | None, datetime | None]:
    """Since when nothing was taken, and when that was last tried; None when the last that was sent was taken."""
    row = await driver.fetchrow("SELECT failing_since, tried_at FROM log_export")
    return (row[0], row[1]) if row else (None, None)


async def oldest_unsent(driver: Driver) -> datetime | None:
    """When the oldest row was asked that is sealed and not sent; None also where the log is sent nowhere."""
    moment: datetime | None = await driver.fetchval(
        """
        SELECT s.first_at FROM log_export e JOIN log_seal s ON s.number >= e.seal AND s.sort = 'rows' AND NOT (s.number = e.seal AND s.last_id <= e.row)
        ORDER BY s.number LIMIT 1
        """
    )
    return moment


async def owes(driver: Driver, month: date) -> bool:
    """Whether the log is being sent, and not all of this month was."""
    return bool(
        await driver.fetchval(
            """
            SELECT EXISTS (SELECT FROM log_export e JOIN log_seal s ON s.number >= e.seal AND s.sort = 'rows' AND s.month = $1
                AND NOT (s.number = e.seal AND s.last_id <= e.row))
            """,
            month,
        )
    )
