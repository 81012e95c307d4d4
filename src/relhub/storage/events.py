"""event: that something changed, kept with the change itself, and given in the order in which changes became visible."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.storage.database import Driver, Store


@dataclass(frozen=True, slots=True)
class Change:
    """What changed: a relation or a case (`source/case id`), and the compartments of the cases by which it did."""

    type: str
    relation_id: str | None
    case: str | None
    compartments: Collection[int]
    all_of: bool = False  # told to who sees all of these


@dataclass(frozen=True, slots=True)
class Event:
    """A change as it was kept. `transaction`, `id`: its place in the order."""

    id: int
    transaction: int
    at: datetime
    type: str
    relation_id: str | None
    case: str | None


async def add_events(store: Store, source: str, changes: Sequence[Change], at: datetime) -> None:
    """Keeps these changes, in the transaction that makes them."""
    rows = [(at, source, change.type, change.relation_id, change.case, sorted(change.compartments), change.all_of) for change in changes]
    columns = ("at", "source", "type", "relation_id", "case_id", "compartments", "all_of")
    await store.driver.copy_records_to_table("event", records=rows, columns=columns)


async def relations_in(store: Store, cases: Collection[int]) -> list[tuple[str, int]]:
    """(relation, compartment) of every involvement in these cases."""
    rows = await store.driver.fetch("SELECT DISTINCT relation_id, compartment FROM involvement WHERE case_id = ANY($1)", sorted(cases))
    return [(row["relation_id"], row["compartment"]) for row in rows]


async def relations_with(store: Store, party_ids: Iterable[int]) -> list[tuple[str, int]]:
    """(relation, compartment) of every involvement of the relations that these party records are in."""
    rows = await store.driver.fetch(
        """
        SELECT DISTINCT i.relation_id, i.compartment FROM (SELECT DISTINCT relation_id FROM party_record WHERE id = ANY($1)) r
        JOIN involvement i USING (relation_id)
        """,
        sorted(party_ids),
    )
    return [(row["relation_id"], row["compartment"]) for row in rows]


async def compartments_of(store: Store, party_ids: Iterable[int]) -> list[tuple[int, int]]:
    """(party record, compartment) of every involvement of these party records."""
    rows = await store.driver.fetch("SELECT DISTINCT party_id, compartment FROM involvement WHERE party_id = ANY($1)", sorted(party_ids))
    return [(row["party_id"], row["compartment"]) for row in rows]


async def horizon(driver: Driver) -> int:
    """Every transaction before this one has ended: of what it wrote, all there will ever be is visible now.

    A database that was restored elsewhere counts its transactions from lower on. Its events, which are of transactions that are still to
    come here, go before all that happens from now on.
    """
    await driver.execute("UPDATE event SET transaction = 0 WHERE transaction >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    await driver.execute(
        "UPDATE purge_state SET event_transaction = 0 WHERE event_transaction >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    )
    return int(await driver.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))


async def events_after(driver: Driver, place: tuple[int, int], before: int, profile: Profile, limit: int) -> list[Event]:
    """The first events after this (transaction, id), of transactions before `before`, by cases that this profile sees, and of nobody whose data is restricted."""
    rows = await driver.fetch(
        """
        SELECT id, transaction, at, type, relation_id, case_id FROM event
        WHERE (transaction, id) > ($1, $2) AND transaction < $3 AND compartments && CASE WHEN relation_id IS NULL THEN $4::int[] ELSE $5::int[] END
            AND (NOT all_of OR compartments <@ $5)
            AND NOT EXISTS (SELECT FROM relation r WHERE r.id = event.relation_id AND r.marks && $7)
            AND NOT EXISTS (SELECT FROM case_record c WHERE c.source = split_part(event.case_id, '/', 1)
                AND c.case_id = substr(event.case_id, strpos(event.case_id, '/') + 1) AND c.marks && $7)
        ORDER BY transaction, id LIMIT $6
        """,
        *place,
        before,
        profile.at_least(Level.summary),
        profile.at_least(Level.existence),
        limit,
        profile.bars,
    )
    return [Event(*row) for row in rows]
