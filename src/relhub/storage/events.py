"""event: that something changed, kept with the change itself, and given in the order in which changes became visible."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relhub.domain.access import Profile
from relhub.domain.alert_news import rights_of
from relhub.domain.compartments import OWN, Level
from relhub.domain.places import OF_AN_ADDRESS
from relhub.domain.subscriptions import ANYTHING, Wanted
from relhub.storage.database import Driver, Store

_ADDRESS_TYPES = ", ".join(f"'{digits}'" for digits in OF_AN_ADDRESS)


@dataclass(frozen=True, slots=True)
class Change:
    """What changed: a relation or a case (`source/case id`), and the compartments of the cases by which it did.

    Of an alert: told to who sees those of `at_summary` and `at_full` so well, has these `rights`, and does not see all of any of `unless` (domain/alert_news.py).
    """

    type: str
    relation_id: str | None
    case: str | None
    compartments: Collection[int]
    all_of: bool = False  # told to who sees all of these
    at_summary: Collection[int] = ()
    at_full: Collection[int] = ()
    rights: Collection[str] = ()
    unless: Collection[Collection[int]] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A change as it was kept. `transaction`, `id`: its place in the order."""

    id: int
    transaction: int
    at: datetime
    type: str
    relation_id: str | None
    case: str | None

    @property
    def place(self) -> tuple[int, int]:
        return self.transaction, self.id

    @property
    def lane(self) -> str:
        """The relation or case: of one of these all is told in order."""
        return self.relation_id or self.case or ""


async def add_events(store: Store, source: str, changes: Sequence[Change], at: datetime) -> None:
    """Keeps these changes, in the transaction that makes them."""
    rows = [
        (
            at,
            source,
            change.type,
            change.relation_id,
            change.case,
            sorted(change.compartments),
            change.all_of,
            sorted(change.at_summary),
            sorted(change.at_full),
            sorted(change.rights),
            [" ".join(map(str, sorted(one))) for one in sorted(change.unless, key=sorted)],
        )
        for change in changes
    ]
    columns = ("at", "source", "type", "relation_id", "case_id", "compartments", "all_of", "at_summary", "at_full", "rights", "unless")
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


async def events_after(
    driver: Driver, place: tuple[int, int], before: int, profile: Profile, limit: int, wanted: Wanted = ANYTHING
) -> list[Event]:
    """The first of the events that are wanted and may be told, after this (transaction, id), of transactions before `before`."""
    told = told_to(profile, wanted, first=5)
    rows = await driver.fetch(
        f"{_COLUMNS} WHERE (transaction, id) > ($1, $2) AND transaction < $3 AND {told.condition} ORDER BY transaction, id LIMIT $4",
        *place,
        before,
        limit,
        *told.values,
    )
    return [Event(*row) for row in rows]


async def events_among(driver: Driver, ids: Sequence[int], profile: Profile, wanted: Wanted) -> list[Event]:
    """Those of these events that are wanted and may be told now, in their order."""
    told = told_to(profile, wanted, first=2)
    rows = await driver.fetch(
        f"{_COLUMNS} WHERE id = ANY($1::bigint[]) AND {told.condition} ORDER BY transaction, id", list(ids), *told.values
    )
    return [Event(*row) for row in rows]


EVENT = "id, transaction, at, type, relation_id, case_id"
_COLUMNS = f"SELECT {EVENT} FROM event"


@dataclass(frozen=True, slots=True)
class Told:
    """A condition on a row of `event`, and the values of its parameters."""

    condition: str
    values: list[Any]


# By cases that this profile sees, and of nobody whose data is restricted: of a relation from `existence` on, of a case from `summary` on. What officials
# recorded, in whichever capacity, of relations that may be seen themselves; and that an alert came of by contacts, to who does not see them answered.
_MAY = """
compartments && CASE WHEN relation_id IS NULL THEN {0}::int[] ELSE {1}::int[] END AND (NOT all_of
        OR compartments <@ {2}::int[] AND at_summary <@ {4}::int[] AND at_full <@ {5}::int[] AND rights <@ {6}::text[]
            AND NOT EXISTS (SELECT FROM unnest(event.unless) u WHERE string_to_array(u, ' ')::int[] <@ {4}))
    AND (event.source <> {8}::text OR EXISTS (SELECT FROM relation r JOIN involvement i ON i.relation_id = coalesce(r.merged_into, r.id)
        WHERE r.id = event.relation_id AND i.compartment = ANY({7}::int[])))
    AND NOT EXISTS (SELECT FROM relation r WHERE r.id = event.relation_id AND r.marks && {3}::text[])
    AND NOT EXISTS (SELECT FROM case_record c WHERE c.source = split_part(event.case_id, '/', 1)
        AND c.case_id = substr(event.case_id, strpos(event.case_id, '/') + 1) AND c.marks && {3})"""


def told_to(profile: Profile, wanted: Wanted, first: int) -> Told:
    """What events are that are wanted and may be told; `first`: the number of its first parameter."""
    levels = [profile.at_least(Level.existence), profile.bars, profile.at_least(Level.summary), profile.at_least(Level.full)]
    told, values = _MAY, [*_by(profile, wanted.case_kind), *levels, rights_of(profile), profile.at_least(Level.referral), OWN.rstrip(":")]
    for given, condition, more in (
        (wanted.types, "type = ANY({0}::text[])", [list(wanted.types)]),
        (wanted.relation_id, "relation_id IN ({0}::text, (SELECT merged_into FROM relation WHERE id = {0}))", [wanted.relation_id]),
        (wanted.project, _OF_PROJECT, [wanted.project, profile.at_least(Level.summary), profile.bars]),
        (wanted.bag_id, _AT_PLACE, [wanted.bag_id, profile.at_least(Level.summary), profile.shows_non_disclosed, profile.bars]),
    ):
        if given:
            told += " AND " + condition.format(*(f"{{{len(values) + n}}}" for n in range(len(more))))
            values += more
    return Told(told.format(*(f"${first + n}" for n in range(len(values)))), values)


def _by(profile: Profile, kind: str) -> list[list[int]]:
    """The compartments by which a case is told, and a relation; `kind`: only by cases of this kind."""
    levels = [profile.at_least(level) for level in (Level.summary, Level.existence)]
    return [[id_ for id_ in seen if not kind or profile.compartments[id_].kind == kind] for seen in levels]


# The project itself, and those who are in it.
_OF_PROJECT = """(case_id = {0}::text OR relation_id IN (SELECT i.relation_id FROM case_record c JOIN involvement i ON i.case_id = c.id
    WHERE c.source = split_part({0}, '/', 1) AND c.case_id = substr({0}, strpos({0}, '/') + 1)
    AND c.compartment = ANY({1}::int[]) AND (c.marks && {2}::text[]) IS NOT TRUE))"""

# Cases there, by the id or by the address that cases which may be seen give it, as when the place is asked about.
_SEEN = "c.compartment = ANY({1}::int[]) AND NOT (c.protected AND NOT {2}::bool) AND (c.marks && {3}::text[]) IS NOT TRUE"
_AT_PLACE = f"""EXISTS (SELECT FROM case_record c JOIN case_place p ON p.case_id = c.id
    WHERE c.source = split_part(event.case_id, '/', 1) AND c.case_id = substr(event.case_id, strpos(event.case_id, '/') + 1) AND {_SEEN}
    AND (p.bag_id = {{0}}::text OR p.address IN (SELECT p.address FROM case_place p JOIN case_record c ON c.id = p.case_id
        WHERE p.bag_id = {{0}} AND p.address <> '' AND substr(p.bag_id, 5, 2) IN ({_ADDRESS_TYPES}) AND {_SEEN})))"""


async def is_news(driver: Driver, since: int) -> tuple[int, bool]:
    """The horizon now, and whether an event became final since it was there."""
    row = await driver.fetchrow(
        """
        SELECT h.now, EXISTS (SELECT FROM event WHERE transaction >= $1 AND transaction < h.now) news
        FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint now) h
        """,
        since,
    )
    return row["now"], row["news"]
