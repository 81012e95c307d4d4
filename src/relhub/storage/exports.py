"""export, export_part: who asked for what is held of a relation, how far it is, and the sealed pieces of it until it expires."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relhub.errors import ExportLost
from relhub.storage.database import Store


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, for what and on which occasion: what is decided on again when the export is made."""

    consumer: str
    organisation: str
    department: str
    roles: Sequence[str]
    official: str
    activity: str
    occasion: str
    trace_id: str
    span_id: str


@dataclass(frozen=True, slots=True)
class Export:
    """One row. `attempt`: how many processes have taken it; `apart`: a record that it was made of is of another relation now."""

    id: str
    relation_id: str
    state: str
    asker: Asker
    asked_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None
    attempt: int
    steps_done: int
    error: str
    apart: bool = False


_ASKER = ", ".join(f"e.{name}" for name in Asker.__dataclass_fields__)
_OWN = "e.id, e.relation_id, e.state, e.asked_at, e.ended_at, e.expires_at, e.attempt, e.steps_done, e.error"
_OPEN = "state IN ('waiting', 'running')"


async def ask(store: Store, id_: str, relation_id: str, asker: Asker, at: datetime) -> Export:
    """The export of this relation that waits or runs for the same asker (whatever the trace): a new one with this id, unless there is one."""
    same = " AND ".join(f"e.{name} = ${n}" for n, name in enumerate(_SAME, 2))
    values = [getattr(asker, name) for name in Asker.__dataclass_fields__]
    row = await store.driver.fetchrow(
        f"SELECT {_OWN}, {_ASKER} FROM export e WHERE e.{_OPEN} AND e.relation_id = $1 AND {same} ORDER BY e.asked_at LIMIT 1",
        relation_id,
        *(getattr(asker, name) for name in _SAME),
    )
    if row is None:
        places = ", ".join(f"${n}" for n in range(4, 4 + len(values)))
        row = await store.driver.fetchrow(
            f"INSERT INTO export AS e (id, relation_id, state, asked_at, next_at, {', '.join(Asker.__dataclass_fields__)}) "
            f"VALUES ($1, $2, 'waiting', $3, $3, {places}) RETURNING {_OWN}, {_ASKER}",
            id_,
            relation_id,
            at,
            *values,
        )
    return _export(row)


_SAME = ("consumer", "organisation", "department", "roles", "official", "activity", "occasion")


async def find(store: Store, id_: str, consumer: str, organisation: str, department: str, activity: str) -> Export | None:
    """This export, for who asked for it: another consumer, department or activity has none of this id."""
    row = await store.driver.fetchrow(
        f"""
        SELECT {_OWN}, {_ASKER}, EXISTS (
            SELECT FROM unnest(e.record_sources, e.record_keys) n (source, key)
            WHERE EXISTS (SELECT FROM party_record p WHERE (p.source, p.key) = (n.source, n.key)) AND NOT EXISTS (
                SELECT FROM party_record p WHERE (p.source, p.key) = (n.source, n.key)
                    AND p.relation_id = (SELECT coalesce(r.merged_into, r.id) FROM relation r WHERE r.id = e.relation_id))
        ) apart
        FROM export e WHERE e.id = $1 AND (e.consumer, e.organisation, e.department, e.activity) = ($2, $3, $4, $5)
        """,
        id_, consumer, organisation, department, activity,
    )  # fmt: skip
    return _export(row) if row else None


async def open_exports(store: Store, at: datetime, limit: int) -> list[str]:
    """The exports that wait, or that some process is or was at, the longest waiting first."""
    rows = await store.driver.fetch(f"SELECT id FROM export WHERE {_OPEN} AND next_at <= $1 ORDER BY asked_at LIMIT $2", at, limit)
    return [row["id"] for row in rows]


async def take(store: Store, id_: str, at: datetime) -> Export | None:
    """Makes an open export this process's own, whoever had it before; None when it has ended."""
    row = await store.driver.fetchrow(
        f"""
        UPDATE export e SET state = 'running', attempt = attempt + 1, steps_done = 0 WHERE id = $1 AND {_OPEN} AND next_at <= $2
        RETURNING {_OWN}, {_ASKER}
        """,
        id_, at,
    )  # fmt: skip
    return _export(row) if row else None


async def add_part(store: Store, export: Export, number: int, section: str, sealed: bytes) -> None:
    """A piece; of use to nobody until `finish`."""
    await store.driver.execute("INSERT INTO export_part VALUES ($1, $2, $3, $4, $5)", export.id, export.attempt, number, section, sealed)


async def note_steps(store: Store, export: Export, steps_done: int) -> None:
    """How far it is. Raises ExportLost when another process has taken it."""
    _still_ours(await store.driver.execute(f"UPDATE export SET steps_done = $3 WHERE {_OURS}", export.id, export.attempt, steps_done))


async def finish(
    store: Store, export: Export, relation_id: str, records: Collection[tuple[str, str]], ended_at: datetime, expires_at: datetime
) -> None:
    """It is done, of this relation as it is now and of these of its party records; what earlier attempts left goes. Raises ExportLost."""
    sources, keys = [source for source, _ in records], [key for _, key in records]
    _still_ours(await store.driver.execute(
        f"""
        UPDATE export SET state = 'done', relation_id = $3, record_sources = $4, record_keys = $5, ended_at = $6, expires_at = $7 WHERE {_OURS}
        """,
        export.id, export.attempt, relation_id, sources, keys, ended_at, expires_at,
    ))  # fmt: skip
    await store.driver.execute("DELETE FROM export_part WHERE export_id = $1 AND attempt <> $2", export.id, export.attempt)


async def fail(store: Store, export: Export, at: datetime, error: str) -> None:
    """It will not be made. Raises ExportLost."""
    _still_ours(await store.driver.execute(
        f"UPDATE export SET state = 'failed', ended_at = $3, error = $4 WHERE {_OURS}", export.id, export.attempt, at, error
    ))  # fmt: skip
    await store.driver.execute("DELETE FROM export_part WHERE export_id = $1", export.id)


async def give_back(store: Store, export: Export, next_at: datetime) -> None:
    """For another attempt, from that moment on. Raises ExportLost."""
    _still_ours(await store.driver.execute(
        f"UPDATE export SET state = 'waiting', next_at = $3 WHERE {_OURS}", export.id, export.attempt, next_at
    ))  # fmt: skip


async def parts(store: Store, export: Export, at: datetime) -> list[tuple[int, str, bytes]]:
    """(number, section, sealed) in their order; none of one that has expired."""
    rows = await store.driver.fetch(
        """
        SELECT p.number, p.section, p.sealed FROM export e JOIN export_part p ON (p.export_id, p.attempt) = (e.id, e.attempt)
        WHERE e.id = $1 AND e.state = 'done' AND e.expires_at > $2 ORDER BY p.number
        """,
        export.id, at,
    )  # fmt: skip
    return [(row["number"], row["section"], row["sealed"]) for row in rows]


async def empty_expired(store: Store, at: datetime) -> None:
    """What expired exports hold goes, and what they were made of."""
    await store.driver.execute("DELETE FROM export_part p USING export e WHERE p.export_id = e.id AND e.expires_at <= $1", at)
    await store.driver.execute(
        "UPDATE export SET record_sources = '{}', record_keys = '{}' WHERE expires_at <= $1 AND record_keys <> '{}'", at
    )


async def forget_exports(store: Store, before: datetime) -> None:
    """Those that ended before, with what they still hold."""
    await store.driver.execute(
        "WITH old AS (DELETE FROM export WHERE ended_at < $1 RETURNING id) DELETE FROM export_part WHERE export_id IN (SELECT id FROM old)",
        before,
    )


async def waiting(store: Store) -> tuple[int, datetime | None]:
    """How many wait or are being made, and since when the oldest."""
    row = await store.driver.fetchrow(f"SELECT count(*) n, min(asked_at) since FROM export WHERE {_OPEN}")
    return row["n"], row["since"]


async def fail_sealed_with(store: Store, seals: Sequence[bytes]) -> None:
    """Exports of which these seals (their ids, two bytes) are needed are lost with them."""
    await store.driver.execute(
        """
        WITH lost AS (DELETE FROM export_part WHERE substr(sealed, 1, 2) = ANY($1::bytea[]) RETURNING export_id)
        UPDATE export SET state = 'failed', expires_at = NULL, error = 'What it held can no longer be opened. Ask for a new export.'
        WHERE id IN (SELECT export_id FROM lost) AND state = 'done'
        """,
        seals,
    )


_OURS = "id = $1 AND attempt = $2 AND state = 'running'"


def _still_ours(updated: str) -> None:
    if updated == "UPDATE 0":
        raise ExportLost("another process has taken this export over")


def _export(row: Any) -> Export:
    asker = Asker(*(row[name] for name in Asker.__dataclass_fields__))
    own = {name: row[name] for name in Export.__dataclass_fields__ if name in row and name != "asker"}
    return Export(asker=asker, **own)
