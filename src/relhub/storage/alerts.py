"""alert_cause, alert_dismissal, alert_state: by which records alerts hold, which of them a department has done with, and how far they are computed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime

from relhub.domain.alerts import Cause, DismissReason, RuleName
from relhub.domain.compartments import Level
from relhub.storage.database import Driver, Store


@dataclass(frozen=True, slots=True)
class State:
    """Up to which event (transaction, id) alerts are computed, by which rules; `again_after`: while all are computed again, up to which relation that is done."""

    place: tuple[int, int]
    version: str
    again_after: str | None


async def state(store: Store) -> State:
    row = await store.driver.fetchrow("SELECT event_transaction, event_id, version, again_after FROM alert_state")
    return State((row["event_transaction"], row["event_id"]), row["version"], row["again_after"])


async def save_state(store: Store, now: State) -> None:
    await store.driver.execute(
        "UPDATE alert_state SET event_transaction = $1, event_id = $2, version = $3, again_after = $4",
        *now.place,
        now.version,
        now.again_after,
    )


@dataclass(frozen=True, slots=True)
class Changes:
    """What some events are about; `ended`: a case is no longer there, or another than it was; `last`: the place of the last event, when there are more."""

    relations: set[str]
    cases: set[str]
    ended: bool
    last: tuple[int, int] | None


async def changed_since(store: Store, place: tuple[int, int], before: int, limit: int) -> Changes:
    """The first events after this place, of transactions before `before`."""
    rows = await store.driver.fetch(
        "SELECT transaction, id, type, relation_id, case_id FROM event WHERE (transaction, id) > ($1, $2) AND transaction < $3 AND type <> 'alert.raised' ORDER BY transaction, id LIMIT $4",
        *place,
        before,
        limit,
    )
    relations, cases = ({row[name] for row in rows} - {None} for name in ("relation_id", "case_id"))
    last = (rows[-1]["transaction"], rows[-1]["id"]) if len(rows) == limit else None
    return Changes(relations, cases, any(row["type"] == "case.ended" for row in rows), last)


async def led_to(store: Store, relation_ids: Collection[str]) -> set[str]:
    """These relations, and those that they were merged into."""
    rows = await store.driver.fetch("SELECT merged_into FROM relation WHERE id = ANY($1) AND merged_into IS NOT NULL", sorted(relation_ids))
    return {*relation_ids, *(row["merged_into"] for row in rows)}


async def relations_after(store: Store, after: str, limit: int) -> list[str]:
    """The next relations, in the order of their ids; also those that are not in use."""
    rows = await store.driver.fetch("SELECT id FROM relation WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
    return [row["id"] for row in rows]


_COLUMNS = "relation_id, rule, topic, side, number, via, sort, needs, mark, department, from_at, until_at, alert"


@dataclass(frozen=True, slots=True)
class Replaced:
    """(relation, cause): those that came, and those that went."""

    came: list[tuple[str, Cause]]
    went: list[tuple[str, Cause]]


async def replace_causes(store: Store, relation_ids: Collection[str], found: Mapping[str, Sequence[Cause]]) -> Replaced:
    """These relations have these causes of alerts, and no others. What stays as it was is not written."""
    rows = await store.driver.fetch(f"SELECT {_COLUMNS} FROM alert_cause WHERE relation_id = ANY($1)", sorted(relation_ids))
    before = {(row["relation_id"], _cause(row)) for row in rows}
    now = {(relation_id, cause) for relation_id, causes in found.items() for cause in causes}
    came, went = (sorted(one - other, key=_key) for one, other in ((now, before), (before, now)))
    if went:
        await store.driver.execute(_REMOVE, *map(list, zip(*map(_key, went), strict=True)))
    await store.driver.copy_records_to_table("alert_cause", records=[_row(*one) for one in came], columns=_COLUMNS.split(", "))
    return Replaced(came, went)


_REMOVE = """
DELETE FROM alert_cause a USING unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[]) g (relation_id, rule, topic, side, number, via)
WHERE (a.relation_id, a.rule, a.topic, a.side, a.number, a.via) = (g.relation_id, g.rule, g.topic, g.side, g.number, g.via)
"""


def _key(one: tuple[str, Cause]) -> tuple[str, str, str, str, int, int]:
    relation_id, cause = one
    return relation_id, cause.rule, cause.topic, cause.side, cause.number, cause.via


def _row(relation_id: str, cause: Cause) -> tuple[object, ...]:
    return (
        *_key((relation_id, cause)),
        cause.sort,
        int(cause.needs),
        cause.mark,
        cause.department,
        cause.from_at,
        cause.until_at,
        cause.alert,
    )


def _cause(row: Mapping[str, object]) -> Cause:
    values = dict(row.items())
    values.pop("relation_id")
    return Cause(**{**values, "needs": Level(values["needs"])})  # type: ignore[arg-type]  # the columns have its names


async def forget_causes(store: Store) -> None:
    """None are kept any more."""
    await store.driver.execute("DELETE FROM alert_cause")


async def drop_past(store: Store, now: datetime) -> dict[str, int]:
    """Causes of which the time has passed go; how many, by rule."""
    rows = await store.driver.fetch("DELETE FROM alert_cause WHERE until_at <= $1 RETURNING rule", now)
    found: dict[str, int] = {}
    for row in rows:
        found[row["rule"]] = found.get(row["rule"], 0) + 1
    return found


@dataclass(frozen=True, slots=True)
class Dismissal:
    """That a department has done with an alert as it is: with which causes (`marks`), why, and until which day (None: for good)."""

    relation_id: str
    rule: RuleName
    topic: str
    marks: list[str]
    organisation: str
    department: str
    official: str
    reason: DismissReason
    text: str
    until: date | None
    at: datetime


_OF_A_DISMISSAL = "relation_id, rule, topic, marks, organisation, department, official, reason, text, until, at"


async def keep_dismissal(store: Store, dismissal: Dismissal) -> None:
    values = ", ".join(f"${number}" for number in range(1, 12))
    await store.driver.execute(f"INSERT INTO alert_dismissal ({_OF_A_DISMISSAL}) VALUES ({values})", *astuple(dismissal))


async def dismissals_of(driver: Driver, relation_id: str) -> list[Dismissal]:
    """All of this relation, also of those that were merged into it, the first first."""
    rows = await driver.fetch(
        f"SELECT {_OF_A_DISMISSAL} FROM alert_dismissal WHERE relation_id = $1 OR relation_id IN (SELECT id FROM relation WHERE merged_into = $1) ORDER BY number",
        relation_id,
    )
    return [Dismissal(*row) for row in rows]


async def forget_dismissals(store: Store, before: datetime) -> int:
    """Those of before. Returns how many went."""
    return int((await store.driver.execute("DELETE FROM alert_dismissal WHERE at < $1", before)).rpartition(" ")[2])


async def looked_lately(driver: Driver, relation_id: str, consumer_department: tuple[str, str], since: datetime) -> bool:
    """Whether somebody of this (organisation, department) saw the alerts of this relation since then."""
    organisation, department = consumer_department
    statement = """
        SELECT EXISTS (SELECT FROM consultation_log WHERE relation_ids @> ARRAY[$1] AND at >= $4 AND outcome = 'shown' AND organisation = $2
            AND department = $3 AND (operation = 'alerts' OR 'alerts' = ANY(sections)))
    """
    return bool(await driver.fetchval(statement, relation_id, organisation, department, since))


async def oldest_waiting(driver: Driver) -> datetime | None:
    """When the oldest change was that is not taken into alerts yet; None when all are, or no rule is on."""
    found: datetime | None = await driver.fetchval(
        """
        SELECT e.at FROM alert_state s CROSS JOIN LATERAL (SELECT at FROM event
            WHERE (transaction, id) > (s.event_transaction, s.event_id) AND type <> 'alert.raised' ORDER BY transaction, id LIMIT 1) e WHERE s.version <> ''
        """
    )
    return found
