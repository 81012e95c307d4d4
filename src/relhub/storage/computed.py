"""What `relhub rebuild` throws away and writes again."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from relhub.domain.record import PartyKind
from relhub.storage.database import Store
from relhub.storage.marks import marked_relations
from relhub.storage.protection import PROTECTED, mark_cases, mark_relations
from relhub.storage.record_rows import CaseRow
from relhub.storage.records import save_places


@dataclass(frozen=True, slots=True)
class StoredParty:
    """`numbers`: (scheme, token)."""

    id: int
    source: str
    key: str
    kind: PartyKind
    body: str
    numbers: list[tuple[str, bytes]]


async def clear(store: Store) -> None:
    """All that is computed is gone; facts, and which id was given to what, stay."""
    for statement in (
        "DELETE FROM match_key",
        "DELETE FROM search_term",
        "DELETE FROM case_place",
        "UPDATE party_record SET relation_id = NULL",
        "UPDATE party_identifier SET relation_id = NULL",
        "UPDATE involvement SET relation_id = NULL",
        """UPDATE case_record SET "full" = '', summary = '', existence = '', discreet = '', protected = false, marks = NULL""",
    ):
        await store.driver.execute(statement)


async def replay(store: Store, *, when_unknown: bool) -> None:
    """Every record back in the relation whose id it was given: what the membership facts say. `when_unknown`: as of `protection.protect`."""
    for statement in (
        """
        UPDATE party_record p SET relation_id = m.relation_id FROM membership m
        WHERE (m.source, m.key, m.variant) = (p.source, p.key, p.variant) AND m.until_at IS NULL
        """,
        "UPDATE party_identifier n SET relation_id = p.relation_id FROM party_record p WHERE p.id = n.party_id",
        "UPDATE involvement i SET relation_id = p.relation_id FROM party_record p WHERE p.id = i.party_id",
    ):
        await store.driver.execute(statement)
    await store.driver.execute(
        """
        UPDATE relation r SET non_disclosure = p.protected
        FROM (SELECT relation_id, coalesce(bool_or(protected), $1) protected FROM party_record GROUP BY 1) p WHERE r.id = p.relation_id
        """,
        when_unknown,
    )
    await store.driver.execute("UPDATE relation SET marks = NULL WHERE marks IS NOT NULL")
    await mark_relations(store, await marked_relations(store))


async def protect_cases(store: Store) -> None:
    """Every case that someone with non-disclosure is in is protected, in whichever system it is known."""
    await store.driver.execute(f"UPDATE case_record c SET protected = true WHERE {PROTECTED}")
    await mark_cases(store, await marked_relations(store), [])


async def party_batches(store: Store, size: int) -> AsyncIterator[list[StoredParty]]:
    """All party records, in batches, in a fixed order."""
    last = 0
    while rows := await store.driver.fetch(
        """
        SELECT p.id, p.source, p.key, p.kind, p.body::text, array_agg(n.scheme ORDER BY n.scheme) FILTER (WHERE n.scheme IS NOT NULL) schemes,
            array_agg(n.token ORDER BY n.scheme) FILTER (WHERE n.scheme IS NOT NULL) tokens
        FROM (SELECT * FROM party_record WHERE id > $1 ORDER BY id LIMIT $2) p LEFT JOIN party_identifier n ON n.party_id = p.id
        GROUP BY p.id, p.source, p.key, p.kind, p.body ORDER BY p.id
        """,
        last,
        size,
    ):
        last = rows[-1]["id"]
        yield [
            StoredParty(
                row["id"],
                row["source"],
                row["key"],
                row["kind"],
                row["body"],
                list(zip(row["schemes"] or (), row["tokens"] or (), strict=True)),
            )
            for row in rows
        ]


async def case_batches(store: Store, size: int) -> AsyncIterator[list[tuple[int, str]]]:
    """(number, body) of all cases, in batches."""
    last = 0
    while rows := await store.driver.fetch("SELECT id, body::text FROM case_record WHERE id > $1 ORDER BY id LIMIT $2", last, size):
        last = rows[-1]["id"]
        yield [(row["id"], row["body"]) for row in rows]


async def save_cases(store: Store, rows: Sequence[tuple[int, CaseRow]]) -> None:
    """The parts as they are shown, and the places that they are found by."""
    await save_places(store, [(id_, row.places) for id_, row in rows])
    await store.driver.execute(
        """
        UPDATE case_record c SET "full" = r.f, summary = r.s, existence = r.e, discreet = r.d
        FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[]) r (id, f, s, e, d)
        WHERE c.id = r.id
        """,
        [id_ for id_, _ in rows],
        [row.full for _, row in rows],
        [row.summary for _, row in rows],
        [row.existence for _, row in rows],
        [row.discreet for _, row in rows],
    )
