"""document, unread_set, quarantine: what sources sent, which sets are still to be read, and what could not be."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from relhub.storage.database import Store
from relhub.storage.sealed_columns import about_document
from relhub.storage.sealing import Sealer


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document to keep. `body` is None where only its hash is kept."""

    id: str
    set_key: str
    hash: bytes
    body: bytes | None
    closing: bool
    seen_pull: int | None


async def known_hashes(store: Store, source: str, ids: Sequence[str]) -> dict[str, bytes]:
    rows = await store.driver.fetch("SELECT id, hash FROM document WHERE source = $1 AND id = ANY($2)", source, ids)
    return {row["id"]: row["hash"] for row in rows}


async def unread_among(store: Store, source: str, set_keys: Sequence[str]) -> set[str]:
    """Of these sets, those with a document that changed since they were read."""
    rows = await store.driver.fetch("SELECT set_key FROM unread_set WHERE source = $1 AND set_key = ANY($2)", source, set_keys)
    return {row["set_key"] for row in rows}


async def asked_after(store: Store, source: str, ids: Sequence[str], asked: datetime) -> set[str]:
    """Of these documents, those of which a newer answer is kept."""
    rows = await store.driver.fetch("SELECT id FROM document WHERE source = $1 AND id = ANY($2) AND asked_at > $3", source, ids, asked)
    return {row["id"] for row in rows}


async def save_documents(store: Store, source: str, rows: Sequence[DocumentRow], asked: datetime, sealer: Sealer) -> None:
    """New and changed documents, as they were answered to a question put at this time."""
    await store.driver.execute(
        """
        INSERT INTO document (source, asked_at, id, set_key, hash, sealed, closing, seen_pull)
        SELECT $1, $2, d.* FROM unnest($3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::bool[], $8::int[]) d
        ON CONFLICT (source, id) DO UPDATE SET set_key = excluded.set_key, hash = excluded.hash, sealed = excluded.sealed,
            closing = excluded.closing, seen_pull = excluded.seen_pull, asked_at = excluded.asked_at
        """,
        source,
        asked,
        [row.id for row in rows],
        [row.set_key for row in rows],
        [row.hash for row in rows],
        [None if row.body is None else sealer.seal(row.body, about_document(source, row.id)) for row in rows],
        [row.closing for row in rows],
        [row.seen_pull for row in rows],
    )


async def mark_seen(store: Store, source: str, ids: Sequence[str], pull: int) -> None:
    """The unchanged ones of a page: all that they cost."""
    await store.driver.execute(
        "UPDATE document SET seen_pull = $3 WHERE source = $1 AND id = ANY($2) AND seen_pull IS DISTINCT FROM $3", source, ids, pull
    )


async def mark_unread(store: Store, source: str, set_keys: Iterable[str]) -> None:
    await store.driver.execute(
        "INSERT INTO unread_set SELECT $1, s FROM unnest($2::text[]) s ON CONFLICT DO NOTHING", source, sorted(set(set_keys))
    )


async def mark_read(store: Store, source: str, set_keys: Sequence[str]) -> None:
    """These sets were read: nothing of them is unread or in quarantine."""
    await store.driver.execute("DELETE FROM unread_set WHERE source = $1 AND set_key = ANY($2)", source, set_keys)
    await store.driver.execute("DELETE FROM quarantine WHERE source = $1 AND set_key = ANY($2)", source, set_keys)


async def all_unread(store: Store, source: str) -> list[str]:
    """Sets that changed and were not read, whose closing document is there."""
    rows = await store.driver.fetch(
        """
        SELECT u.set_key FROM unread_set u WHERE u.source = $1
        AND EXISTS (SELECT FROM document d WHERE d.source = u.source AND d.set_key = u.set_key AND d.closing) ORDER BY 1
        """,
        source,
    )
    return [row["set_key"] for row in rows]


async def kept_documents(store: Store, source: str, set_keys: Collection[str], sealer: Sealer) -> list[tuple[str, str, dict[str, Any]]]:
    """(id, set key, body) of all kept documents of these sets."""
    rows = await store.driver.fetch(
        "SELECT id, set_key, sealed FROM document WHERE source = $1 AND set_key = ANY($2) AND sealed IS NOT NULL ORDER BY id",
        source,
        set_keys,
    )
    return [(row["id"], row["set_key"], orjson.loads(sealer.open(row["sealed"], about_document(source, row["id"])))) for row in rows]


async def set_aside(
    store: Store, source: str, rejected: Mapping[str, tuple[str, bytes]], mapping_version: str, at: datetime, sealer: Sealer
) -> None:
    """To quarantine: per set the reason and what was sent."""
    await store.driver.execute(
        """
        INSERT INTO quarantine (source, set_key, reason, mapping_version, sealed, at)
        SELECT $1, q.set_key, q.reason, $2, q.sealed, $3 FROM unnest($4::text[], $5::text[], $6::bytea[]) q (set_key, reason, sealed)
        ON CONFLICT (source, set_key) DO UPDATE SET reason = excluded.reason, mapping_version = excluded.mapping_version,
            sealed = excluded.sealed, at = excluded.at
        """,
        source,
        mapping_version,
        at,
        list(rejected),
        [reason for reason, _ in rejected.values()],
        [sealer.seal(body, about_document(source, set_key)) for set_key, (_, body) in rejected.items()],
    )


@dataclass(frozen=True, slots=True)
class SetAside:
    """One set in quarantine. `set_key`: what the source calls it, which may be a number of someone."""

    set_key: str
    reason: str
    at: datetime


async def quarantine_page(store: Store, source: str, limit: int | None, after: tuple[datetime, str] | None) -> list[SetAside]:
    """The newest first, at most so many (None: all), those that come after this (at, set key)."""
    rows = await store.driver.fetch(
        """
        SELECT set_key, reason, at FROM quarantine
        WHERE source = $1 AND ($3::timestamptz IS NULL OR (at, set_key) < ($3, $4)) ORDER BY at DESC, set_key DESC LIMIT $2
        """,
        source,
        limit,
        *(after or (None, None)),
    )
    return [SetAside(row["set_key"], row["reason"], row["at"]) for row in rows]


async def forget_unnamed(store: Store, source: str, before: datetime) -> None:
    """What could not even be named, and was not met again since: nothing else would ever clear it."""
    await store.driver.execute("DELETE FROM quarantine WHERE source = $1 AND set_key LIKE 'unnamed %' AND at < $2", source, before)


async def pull_counts(store: Store, source: str, pull: int) -> tuple[int, int]:
    """(cases known before, of those seen in this pull); those that were purged are still the source's."""
    row = await store.driver.fetchrow(
        """
        SELECT count(*) known, count(*) FILTER (WHERE seen_pull >= $2) seen FROM (
            SELECT seen_pull FROM document WHERE source = $1 AND closing
            UNION ALL SELECT seen_pull FROM purged_document WHERE source = $1 AND closing
        ) every
        """,
        source,
        pull,
    )
    assert row is not None  # an aggregate
    return row["known"], row["seen"]


async def vanished_kinds(store: Store, source: str, pull: int, at_least: int) -> list[str]:
    """The kinds of document (a ZGW collection) of which so many or more are known, and none was seen in this pull."""
    rows = await store.driver.fetch(
        """
        SELECT split_part(id, '/', 1) kind FROM document WHERE source = $1 AND NOT closing AND seen_pull IS NOT NULL
        GROUP BY 1 HAVING count(*) >= $3 AND max(seen_pull) < $2 ORDER BY 1
        """,
        source,
        pull,
        at_least,
    )
    return [row["kind"] for row in rows]


async def gone_documents(store: Store, source: str, pull: int, *, pulls: int) -> tuple[list[str], list[str]]:
    """What this and the pulls before, so many in all, no longer saw: (ids, set keys whose closing document is gone)."""
    rows = await store.driver.fetch("SELECT id, set_key, closing FROM document WHERE source = $1 AND seen_pull <= $2", source, pull - pulls)
    return [row["id"] for row in rows], [row["set_key"] for row in rows if row["closing"]]


async def forget_documents(store: Store, source: str, ids: Sequence[str], set_keys: Sequence[str]) -> None:
    """Gone documents, and all documents of gone sets; what is left of other sets is to be read again."""
    rows = await store.driver.fetch(
        "DELETE FROM document WHERE source = $1 AND (id = ANY($2) OR set_key = ANY($3)) RETURNING set_key", source, ids, set_keys
    )
    await mark_read(store, source, list(set_keys))
    await mark_unread(store, source, {row["set_key"] for row in rows} - set(set_keys))
