"""log_seal: the rows of the log as they were, sealed: each seal names its rows, and holds the root of their Merkle tree.

A row is hashed as a JSON array in UTF-8 without spaces: the number of the form, and the columns of ROW in their order; times in microseconds
since 1970, the keys of an object sorted. A seal is authenticated as a JSON array of its members in the order of `Seal.message`.
Rows are named by their ids, and never by transactions: those are others after a restore.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import orjson

from relhub.storage.database import Driver

FORM = 1
LEAF = 8  # bytes that are kept of the hash of each row
_TEXTS = (
    "trace_id, span_id, parent_span_id, consumer, application, organisation, department, official, activity, register_uri, occasion, "
    "rules_version, operation, outcome"
)
ROW = f"id, at, written_at, {_TEXTS}, relation_ids, sections, levels, records, disclosable"
_SELECT = (
    f"id, (extract(epoch FROM at) * 1000000)::bigint, (extract(epoch FROM written_at) * 1000000)::bigint, {_TEXTS}, "
    "relation_ids, sections, levels::text, records, disclosable"
)
_LEVELS = len(ROW.split(", ")) - 3

Ranges = list[tuple[int, int]]
"""Ids from the first up to and without the second, in order."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a row is hashed as."""

    id: int
    at: int  # microseconds since 1970
    data: bytes

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.at // 1_000_000, UTC).replace(microsecond=self.at % 1_000_000)


@dataclass(frozen=True, slots=True)
class Seal:
    """`sort`: "rows", or "dropped" for a month that was taken out of the log with all seals before this one. `floor`: no row up to there is still to come."""

    number: int
    sort: str
    form: int
    month: date
    ids: Ranges
    rows: int
    first_at: datetime
    last_at: datetime
    root: bytes
    leaves: bytes
    floor: int
    made_at: datetime
    previous: bytes
    mac: bytes = b""

    def message(self) -> bytes:
        """What is authenticated."""
        times = [_microseconds(moment) for moment in (self.first_at, self.last_at, self.made_at)]
        return orjson.dumps(
            [
                *(self.form, self.number, self.sort, self.month.isoformat(), self.ids, self.rows, *times, self.floor),
                *(part.hex() for part in (self.root, sha256(self.leaves).digest(), self.previous)),
            ]
        )


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


_COLUMNS = "number, sort, form, month, ids::text, rows, first_at, last_at, root, leaves, floor, made_at, previous, mac"


def _seal(row: Sequence[Any]) -> Seal:
    values = list(row)
    values[4] = _ranges(values[4])
    return Seal(*values)


def _ranges(text: str) -> Ranges:
    """`{[1,4),[7,9)}` as it is read."""
    parts = text.strip("{}").replace("[", "").replace(")", "").split(",")
    numbers = [int(part) for part in parts if part]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def ranges_of(ids: Iterable[int]) -> Ranges:
    """Of ids in their order."""
    found: Ranges = []
    for id_ in ids:
        if found and found[-1][1] == id_:
            found[-1] = (found[-1][0], id_ + 1)
        else:
            found.append((id_, id_ + 1))
    return found


@dataclass(frozen=True, slots=True)
class End:
    """Of the chain as it is; before the first seal all is empty."""

    number: int = 0
    floor: int = 0
    mac: bytes = b""
    made_at: datetime | None = None


async def end_of_chain(driver: Driver) -> End:
    row = await driver.fetchrow("SELECT number, floor, mac, made_at FROM log_seal ORDER BY number DESC LIMIT 1")
    return End(*row) if row else End()


async def add_seal(driver: Driver, seal: Seal) -> None:
    ids = "{" + ",".join(f"[{first},{end})" for first, end in seal.ids) + "}"
    bounds = (seal.ids[0][0], seal.ids[-1][1] - 1) if seal.ids else (0, 0)
    await driver.execute(
        """
        INSERT INTO log_seal (number, sort, form, month, ids, first_id, last_id, rows, first_at, last_at, root, leaves, floor, made_at, previous, mac)
        VALUES ($1, $2, $3, $4, $5::text::int8multirange, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """,
        *(seal.number, seal.sort, seal.form, seal.month, ids, *bounds, seal.rows, seal.first_at, seal.last_at),
        *(seal.root, seal.leaves, seal.floor, seal.made_at, seal.previous, seal.mac),
    )


async def seals_after(driver: Driver, number: int, limit: int) -> list[Seal]:
    """In the order of the chain."""
    return [
        _seal(row)
        for row in await driver.fetch(f"SELECT {_COLUMNS} FROM log_seal WHERE number > $1 ORDER BY number LIMIT $2", number, limit)
    ]


async def seals_by_id(driver: Driver, after: tuple[int, int], window: tuple[datetime, datetime] | None, limit: int) -> list[Seal]:
    """Seals of rows in the order of their first row; with a window: those that have rows from the one up to the other."""
    within = " AND last_at >= $4 AND first_at < $5" if window else ""
    statement = (
        f"SELECT {_COLUMNS} FROM log_seal WHERE (first_id, number) > ($1, $2) AND sort = 'rows'{within} ORDER BY first_id, number LIMIT $3"
    )
    return [_seal(row) for row in await driver.fetch(statement, *after, limit, *(window or ()))]


async def reach(driver: Driver, since: datetime, until: datetime) -> tuple[int, int, datetime, datetime] | None:
    """(first id, last id, first moment, last moment) of the rows in the seals that have rows from the one up to the other."""
    row = await driver.fetchrow(
        "SELECT min(first_id), max(last_id), min(first_at), max(last_at) FROM log_seal WHERE sort = 'rows' AND last_at >= $1 AND first_at < $2",
        since,
        until,
    )
    return None if row[0] is None else (row[0], row[1], row[2], row[3])


async def is_sealed(driver: Driver, id_: int) -> bool:
    return bool(
        await driver.fetchval(
            "SELECT EXISTS (SELECT FROM log_seal WHERE sort = 'rows' AND first_id <= $1 AND last_id >= $1 AND ids @> $1::bigint)", id_
        )
    )


async def rows_of_month(driver: Driver, month: date) -> int:
    """How many rows of this month the seals have, without those that went before."""
    return int(
        await driver.fetchval(
            """
            SELECT coalesce(sum(rows), 0) FROM log_seal WHERE month = $1 AND sort = 'rows'
                AND number > (SELECT coalesce(max(number), 0) FROM log_seal WHERE month = $1 AND sort = 'dropped')
            """,
            month,
        )
    )


async def highest_id(driver: Driver) -> int:
    """The highest id that was ever given out to a row, kept or not."""
    return int(await driver.fetchval("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM consultation_log_id_seq"))


async def writers(driver: Driver) -> set[str]:
    """Transactions that are writing to the log now. Each takes this lock before it takes an id, and lets go when its rows can be seen."""
    rows = await driver.fetch(
        """
        SELECT virtualtransaction || ' ' || coalesce(pid, 0) AS one FROM pg_locks
        WHERE locktype = 'relation' AND relation = 'consultation_log'::regclass AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
    )
    return {row["one"] for row in rows}


async def unsealed_rows(driver: Driver, floor: int, after: int, upto: int, limit: int) -> list[Row]:
    """Rows in the order of their ids, from after this one up to that one, that no seal has. `floor`: of the last seal."""
    rows = await driver.fetch(
        f"""
        SELECT {_SELECT} FROM consultation_log l WHERE l.id > $2 AND l.id <= $3
            AND NOT EXISTS (SELECT FROM log_seal s WHERE s.last_id > $1 AND s.sort = 'rows' AND s.ids @> l.id) ORDER BY l.id LIMIT $4
        """,
        floor,
        after,
        upto,
        limit,
    )
    return [_row(row) for row in rows]


async def rows_after(driver: Driver, after: int, upto: int, window: tuple[datetime, datetime] | None, limit: int) -> list[Row]:
    """Rows in the order of their ids; with a window only those from the one up to the other."""
    within = " AND at >= $4 AND at <= $5" if window else ""
    statement = f"SELECT {_SELECT} FROM consultation_log WHERE id > $1 AND id <= $2{within} ORDER BY id LIMIT $3"
    return [_row(row) for row in await driver.fetch(statement, after, upto, limit, *(window or ()))]


def _row(row: Any) -> Row:
    values = [FORM, *row]
    values[_LEVELS + 1] = orjson.loads(values[_LEVELS + 1])
    return Row(values[1], values[2], orjson.dumps(values, option=orjson.OPT_SORT_KEYS))


async def oldest_unsealed(driver: Driver) -> datetime | None:
    """When the oldest row came in that no seal has."""
    floor = (await end_of_chain(driver)).floor
    moment: datetime | None = await driver.fetchval(
        """
        SELECT l.written_at FROM consultation_log l WHERE l.id > $1
            AND NOT EXISTS (SELECT FROM log_seal s WHERE s.last_id > $1 AND s.sort = 'rows' AND s.ids @> l.id) ORDER BY l.id LIMIT 1
        """,
        floor,
    )
    return moment
