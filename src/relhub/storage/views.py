"""The view: one statement that verifies the occasion, takes the visible parts of a relation, and writes the log row."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from relhub.domain.access import FieldGroup, Profile
from relhub.domain.alert_news import rights_of
from relhub.domain.compartments import Level
from relhub.storage.alerts_seen import ALERT_RECORDS, ANY_ALERT, SeenAlerts, alert_columns, alerts_step, seen_alerts
from relhub.storage.database import Driver
from relhub.storage.entries import own_departments
from relhub.storage.entries_seen import NONE, SHOWN_ENTRIES, SeenEntries, any_entry, entries_step, seen_entries
from relhub.storage.log import Look
from relhub.storage.relation_managers import ANY_MANAGER, WHOLE_NOW
from relhub.storage.seen import ANY_CONTACT, CONTACTS, DOUBLED, ID, PARTIES, PARTIES_ALONE, heard_of, part, see, statement, twins


@dataclass(frozen=True, slots=True)
class Position:
    """After which case a page starts: open ones first, newest first."""

    open: bool
    on_date: date
    number: int


@dataclass(frozen=True, slots=True)
class CasePart:
    """A visible case: its rendered part (without the closing brace), the roles of this relation in it, and its place in the order.

    `also`: other visible records of the same zaak, rendered, with commas between.
    """

    part: bytes
    roles: list[str]
    also: bytes
    position: Position


@dataclass(frozen=True, slots=True)
class ViewParts:
    """What the statement gave. `outcome`: shown | refused | unknown-occasion | not-found | restricted | outdated; the rest is empty unless shown."""

    outcome: str
    relation_id: str
    kind: str
    non_disclosure: bool
    marks: list[str]
    parties: list[dict[str, Any]]
    named_sources: set[str]
    referral: bool
    open_cases: int
    by_capacity: dict[str, int]
    cases: list[CasePart]
    sources: dict[str, dict[str, Any]]
    entries: SeenEntries
    alerts: SeenAlerts
    managers: str | None  # for `managers_in`


_PAGE = f""", page AS (
    SELECT i.open, i.on_date, i.case_id, array_agg(i.role) roles FROM involvement i
    WHERE i.relation_id = {ID} AND i.compartment = ANY($3) AND ($16::bool IS NULL OR i.open = $16) AND ($17::bool IS NULL OR (i.open, i.on_date, i.case_id) < ($17, $18::date, $19::bigint))
        %s
    GROUP BY i.open, i.on_date, i.case_id ORDER BY i.open DESC, i.on_date DESC, i.case_id DESC LIMIT $15
)"""
_PART = f"{part('c', '$20', '$2', 'NOT $10', '$14')} part"

_STEPS = f"""{_PAGE % ""}, shown_case AS (
    SELECT page.*, ARRAY[c.source || '/' || c.case_id] refs, NULL::bytea also, {_PART}
    FROM page JOIN case_record c ON c.id = page.case_id ORDER BY page.open DESC, page.on_date DESC, page.case_id DESC
)"""

# The same for a relation of which one zaak is known in two systems: it is shown once, with the other record behind it.
_FOLDING_STEPS = f"""{twins("$20")}{_PAGE % "AND i.case_id <> ALL (ARRAY(SELECT case_id FROM twin WHERE behind))"}, shown_case AS (
    SELECT page.*, c.source || '/' || c.case_id || also.refs refs, also.parts also, {_PART}
    FROM page JOIN case_record c ON c.id = page.case_id
    LEFT JOIN LATERAL (
        SELECT string_agg(o.part || convert_to(',"partyRoles":' || array_to_json(o.roles)::text || '}}', 'UTF8'), ',' ORDER BY o.ref) parts, array_agg(o.ref) refs
        FROM (
            SELECT k.source || '/' || k.case_id ref, {part("k", "$20", "$2", "NOT $10", "$14")} part, array_agg(DISTINCT w.role) roles
            FROM twin w JOIN case_record k ON k.id = w.case_id WHERE w.zaak = c.zaak AND w.case_id <> c.id GROUP BY k.id
        ) o
    ) also ON c.compartment = ANY($2)
    ORDER BY page.open DESC, page.on_date DESC, page.case_id DESC
)"""

_CASE_RECORDS_ALONE = """(SELECT unnest(refs) FROM (SELECT * FROM shown_case LIMIT $15 - 1) page) UNION ALL SELECT source || ':' || key FROM heard WHERE seen"""
_CASE_RECORDS = f"{_CASE_RECORDS_ALONE} UNION ALL SELECT source || ':' || key FROM contact"
_RECORDS = f"{_CASE_RECORDS} UNION ALL SELECT 'entry/' || unnest(entry_ids) FROM shown_entry UNION ALL {ALERT_RECORDS}"

_COUNTS = f"""(SELECT json_object_agg(o.capacity, o.n) FROM (
        SELECT capacity, count(*) n FROM (SELECT DISTINCT i.case_id, i.capacity FROM involvement i WHERE i.relation_id = {ID} AND i.open AND i.compartment = ANY($3)) d
        GROUP BY 1) o)::text open_cases"""
# A zaak that two systems know counts once, and once in each capacity in which it is known.
_FOLDING_COUNTS = """(SELECT json_object_agg(coalesce(o.capacity, ''), o.n) FROM (
        SELECT i.capacity, CASE GROUPING(i.capacity) WHEN 0 THEN count(DISTINCT i.case_id) FILTER (WHERE i.case_id <> ALL (ARRAY(SELECT case_id FROM twin WHERE again)))
            ELSE count(DISTINCT i.case_id) FILTER (WHERE i.case_id <> ALL (ARRAY(SELECT case_id FROM twin WHERE behind))) END n
        FROM involvement i WHERE i.relation_id = t.id AND i.open AND i.compartment = ANY($3) GROUP BY GROUPING SETS ((i.capacity), ())) o)::text open_cases"""

_COLUMNS = """t.kind, t.non_disclosure, t.marks, {parties} parties, {counts}, shown.*,
    (SELECT json_object_agg(source, json_build_object('asOf', last_success_at, 'unavailableSince', unavailable_since, 'failing', last_error <> '')) FROM source_state)::text sources"""
_COLUMNS_BESIDE = f", shown_entry.*, {WHOLE_NOW} managers, {alert_columns('$23', '$24')}"

_SHOWN = """ CROSS JOIN (
    SELECT array_agg(part) parts, array_agg(array_to_string(roles, chr(31))) roles, array_agg(also) also, array_agg(open) opens, array_agg(on_date) dates,
        array_agg(case_id) numbers FROM shown_case
) shown"""
_BESIDE_CASES = entries_step("$20", "$21") + SHOWN_ENTRIES + alerts_step("$20", "$21", "$22")
_ANY_BESIDE = f"{any_entry('$21')} OR {ANY_MANAGER} OR {ANY_ALERT}"
_SHOWN_BESIDE = f"{_SHOWN} CROSS JOIN shown_entry"

_ALONE = _COLUMNS.format(parties=PARTIES_ALONE, counts=_COUNTS)
_WITH_CONTACTS = _COLUMNS.format(parties=PARTIES, counts=_COUNTS)
_FOLDED = _COLUMNS.format(parties=PARTIES, counts=_FOLDING_COUNTS)
_MORE = f"{DOUBLED} OR {_ANY_BESIDE}"

# Most of what a statement costs is its beginning, which is as long as the statement: the first one shows cases only, of a relation that was never merged and
# for which nobody else speaks, and says so where there is more to show; the second also who speaks for it; the third also what was noted beside its cases, but
# does not fold zaken that two systems know.
_STATEMENTS = (
    statement(_STEPS, _CASE_RECORDS_ALONE, _ALONE, 22, _SHOWN, unless=f"{_MORE} OR {ANY_CONTACT}", as_asked=True),
    statement(CONTACTS + _STEPS, _CASE_RECORDS, _WITH_CONTACTS, 22, _SHOWN, unless=_MORE, as_asked=True),
    statement(CONTACTS + _STEPS + _BESIDE_CASES, _RECORDS, _WITH_CONTACTS + _COLUMNS_BESIDE, 25, _SHOWN_BESIDE, unless=DOUBLED),
    statement(CONTACTS + _FOLDING_STEPS + _BESIDE_CASES, _RECORDS, _FOLDED + _COLUMNS_BESIDE, 25, _SHOWN_BESIDE),
)
_BESIDE = 2  # from which on there is what was noted beside the cases
_enough: dict[tuple[str, ...], int] = {}
"""Which of them showed all that somebody may see of a relation, where it was not the first: the next time it is the only one. Never wrong: a later one shows the same, and costs more."""
_REMEMBERED = 50_000


async def view_parts(
    driver: Driver,
    relation_id: str,
    profile: Profile,
    occasion: tuple[str, str],
    look: Look,
    *,
    limit: int,
    only_open: bool | None = None,
    after: Position | None = None,
    groups: Collection[FieldGroup] = (),
    beside: Sequence[str] = (),
) -> ViewParts:
    """The visible parts of one relation, logged.

    `occasion`: (source, case id) to verify, or two empty strings. `limit`: cases, one more is read. `groups`: field groups that are shown.
    `beside`: further relations that the answer names.
    """
    place = (after.open, after.on_date, after.number) if after else (None, None, None)
    further = (limit + 1, only_open, *place, profile.at_least(Level.full), own_departments(profile, look))
    who = (relation_id, look.consumer, look.department, look.activity)
    number = first = _enough.get(who, 0)
    while True:
        for_alerts = (rights_of(profile), look.organisation, look.department) if number >= _BESIDE else ()
        row = await see(
            driver, _STATEMENTS[number], relation_id, profile, occasion, look, *further, *for_alerts, groups=groups, beside=beside
        )
        if row["outcome"] != "more":
            break
        number += 1
    if number > first:
        _remember(who, number)
    return _parts(row, with_beside=number >= _BESIDE)


def _remember(who: tuple[str, ...], number: int) -> None:
    if len(_enough) >= _REMEMBERED:
        _enough.clear()
    _enough[who] = number


def _parts(row: Any, *, with_beside: bool) -> ViewParts:
    if row["outcome"] != "shown":
        return ViewParts(row["outcome"], row["id"] or "", "", False, [], [], set(), False, 0, {}, [], {}, NONE, SeenAlerts(), None)
    columns = [row[name] or () for name in ("parts", "roles", "also", "opens", "dates", "numbers")]
    entries = seen_entries(row) if with_beside else NONE
    heard, counts = heard_of(row["parties"]), orjson.loads(row["open_cases"] or "{}")
    return ViewParts(
        outcome="shown",
        relation_id=row["id"],
        kind=row["kind"],
        non_disclosure=row["non_disclosure"],
        marks=row["marks"] or [],
        parties=heard.parties,
        named_sources=heard.sources,
        referral=heard.referral or entries.referral,
        open_cases=counts.pop("", sum(counts.values())),
        by_capacity=dict(sorted(counts.items())),
        cases=[
            CasePart(part, sorted(set(roles.split("\x1f"))), also or b"", Position(*place))
            for part, roles, also, *place in zip(*columns, strict=True)
        ],
        sources=orjson.loads(row["sources"] or "{}"),
        entries=entries,
        alerts=seen_alerts(row) if with_beside else SeenAlerts(),
        managers=row["managers"] if with_beside else None,
    )
