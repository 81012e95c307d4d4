"""What every statement about one relation begins with: what of it may be seen, whether the occasion holds, and the row in the log.

Parameters $1 to $14 are filled by `see`; those of the look follow from the number that `statement` is given.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from relhub import metrics
from relhub.domain.access import FieldGroup, Profile
from relhub.domain.compartments import Level
from relhub.storage.database import Driver
from relhub.storage.log import LOOK_COLUMNS, Look, look_parameters

_TARGET = """
target AS (
    SELECT coalesce(s.id, r.id) id, coalesce(s.kind, r.kind) kind, coalesce(s.non_disclosure, r.non_disclosure) non_disclosure,
        CASE WHEN s.id IS NULL THEN r.marks ELSE s.marks END marks,
        coalesce(s.non_disclosure, r.non_disclosure) AND NOT $10::bool hidden
    FROM relation r LEFT JOIN relation s ON s.id = r.merged_into WHERE r.id = $1
)"""
_TARGET_AS_ASKED = """
target AS (
    SELECT r.id, r.kind, r.non_disclosure, r.marks, r.non_disclosure AND NOT $10::bool hidden, r.merged_into IS NOT NULL moved FROM relation r WHERE r.id = $1
)"""
_NOT_AS_ASKED = "WHEN t.moved OR EXISTS (SELECT FROM relation r WHERE r.merged_into = $1) THEN 'more'"

ID = "(SELECT id FROM target)"
"""The id of the relation, in what a statement is put together from."""

_SEEN = f"""
, occasion AS MATERIALIZED (
    SELECT CASE WHEN $5 = '{{entry}}' THEN $6 = {ID} ELSE (
        SELECT (c.open OR NOT $12) AND ($7::text IS NULL OR $7 = ANY(c.departments))
            AND (NOT $13 OR EXISTS (SELECT FROM involvement i WHERE i.case_id = c.id AND i.relation_id = {ID}))
        FROM case_record c WHERE c.source = $5 AND c.case_id = $6 AND c.compartment = ANY($3)) END holds
), heard AS (
    SELECT p.id, p.source, p.key, p.variant, p.kind, p.body, said.* FROM party_record p CROSS JOIN LATERAL (
        SELECT max(i.at) FILTER (WHERE i.compartment = ANY($2)) at, coalesce(bool_or(i.compartment = ANY($2)), false) seen,
            coalesce(bool_or(i.compartment = ANY($3)), false) named, coalesce(bool_or(i.compartment = ANY($4)), false) referred
        FROM (
            SELECT i.compartment, max(i.modified_at) at FROM involvement i WHERE i.party_id = p.id AND i.compartment = ANY($3::int[] || $4::int[]) GROUP BY 1
        ) i
    ) said WHERE p.relation_id = {ID}
), verdict AS (
    SELECT CASE
        WHEN EXISTS (SELECT FROM compartment WHERE id > $11) THEN 'outdated'
        {{moved}}
        WHEN $5 <> '' AND o.holds IS NULL THEN 'unknown-occasion'
        WHEN $5 <> '' AND NOT o.holds THEN 'refused'
        WHEN NOT EXISTS (SELECT FROM heard WHERE named OR referred) THEN 'not-found'
        WHEN t.marks && $14 THEN 'restricted'
        {{unless}}
        ELSE 'shown' END outcome FROM occasion o LEFT JOIN target t ON true
)"""

DOUBLED = f"""EXISTS (SELECT FROM involvement o WHERE o.relation_id = {ID} AND o.zaak <> '' AND o.compartment = ANY($2)
            GROUP BY o.zaak HAVING min(o.case_id) < max(o.case_id))"""
"""The condition that a visible zaak of this relation is known in two systems."""

ENTRY = "#entry"
"""In the place of the source of an occasion that is a case: it is an entry, and holds for the relation in the place of the case."""

_PARTIES = """
(SELECT json_agg(CASE WHEN NOT h.seen THEN json_build_object('source', h.source, 'named', h.named, 'referred', h.referred) ELSE json_build_object(
    'source', h.source, 'named', true, 'referred', h.referred,
    'id', h.id, 'key', h.key, 'variant', h.variant, 'kind', h.kind, 'body', h.body, 'at', h.at,
    'numbers', (SELECT json_agg(json_build_array(n.scheme, n.shown, encode(n.token, 'hex'),
        CASE WHEN 'identifiers' = ANY($8::text[]) AND strpos(n.shown, '*') > 0 THEN encode(n.sealed, 'hex') END) ORDER BY n.scheme) FROM party_identifier n WHERE n.party_id = h.id)%s) END
    ORDER BY h.source, h.key, h.id) FROM heard h)::text"""
PARTIES_ALONE = _PARTIES % ""
"""The party records of the relation as JSON, for `heard_of`: what they say of those that may be seen, of others only that."""

PARTIES = (
    _PARTIES
    % """,
    'contacts', (SELECT json_agg(k.body ORDER BY k.display, k.id) FROM contact k WHERE k.party_id = h.id)"""
)
"""The same with who speaks for them. After CONTACTS."""

_SPEAKING = """FROM target t CROSS JOIN heard h
    JOIN party_record o ON o.source = h.source AND o.contact_of = h.key AND o.contact_of <> '' AND o.kind = 'contact_person'
        AND NOT EXISTS (SELECT FROM relation r WHERE r.id = o.relation_id AND (r.non_disclosure OR r.marks && $14))
    WHERE h.seen AND 'contact-details' = ANY($8::text[]) AND NOT t.hidden
        AND EXISTS (SELECT FROM involvement i WHERE i.party_id = o.id AND i.compartment = ANY($2))"""
CONTACTS = f""", contact AS (
    SELECT h.id party_id, o.id, o.source, o.key, o.display, o.body, o.relation_id {_SPEAKING}
)"""
"""The step `contact`: who speaks for the visible party records, where contact details are shown."""

ANY_CONTACT = f"EXISTS (SELECT {_SPEAKING})"
"""The condition that there is any."""


def twins(full: str) -> str:
    """The step `twin`: visible records of this relation's zaken that are known in several systems.

    One of them stands for the zaak (an open one first, then the fuller, then the older); the others are `behind` it. `again`: behind
    another of the same capacity. `full`: the parameter with the compartments that are seen in full.
    """
    return f"""
, twin AS MATERIALIZED (
    SELECT i.case_id, i.zaak, i.role,
        dense_rank() OVER (PARTITION BY i.zaak ORDER BY i.open DESC, i.compartment = ANY({full}) DESC, i.on_date, i.case_id) > 1 behind,
        dense_rank() OVER (PARTITION BY i.zaak, i.capacity ORDER BY i.open DESC, i.on_date, i.case_id) > 1 again
    FROM involvement i
    WHERE i.relation_id = {ID} AND i.compartment = ANY($2) AND i.zaak IN (SELECT o.zaak FROM involvement o
        WHERE o.relation_id = {ID} AND o.zaak <> '' AND o.compartment = ANY($2) GROUP BY o.zaak HAVING min(o.case_id) < max(o.case_id))
)"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What PARTIES gave: the party records that may be seen, the sources whose capacity may be named, whether there is more behind a referral."""

    parties: list[dict[str, Any]]
    sources: set[str]
    referral: bool


def part(case: str, full: str, summary: str, discreet: str, bars: str) -> str:
    """The part of a case that may be seen, whichever its level; of someone whose data is restricted no more than that it is there.

    `full`, `summary`: parameters with compartments; `discreet`: a condition; `bars`: a parameter with marks.
    """
    return f"""CASE WHEN {case}.compartment <> ALL({summary}) OR {case}.marks && {bars} THEN {case}.existence WHEN {case}.protected AND {discreet} THEN {case}.discreet
        WHEN {case}.compartment = ANY({full}) THEN {case}."full" ELSE {case}.summary END"""


def heard_of(parties: str | None) -> Heard:
    rows = orjson.loads(parties or "[]")
    sources = {row["source"] for row in rows if row["named"]}
    return Heard([row for row in rows if "body" in row], sources, any(row["referred"] for row in rows))


def statement(steps: str, records: str, columns: str, first: int, more: str = "", *, unless: str = "", as_asked: bool = False) -> str:
    """One statement that gives these columns and logs these records; `steps`: to get there, each after a comma; `more`: joined at the end.

    `unless`: a condition; where it holds the statement says only that there is "more" than it shows, and logs nothing. `as_asked`: so also for
    a relation that goes by another id now, and one to which another was merged: for all others the id is at hand, which costs less than to find it.
    """
    contacts = f" || ARRAY(SELECT relation_id FROM contact EXCEPT SELECT unnest($9::text[] || {ID}))" if CONTACTS in steps else ""
    typed = "" if "$8" in steps + columns else " WHERE $8::text[] IS NOT NULL"  # or the database would not know what it is
    sent = f"""
WITH {_seen(unless, as_asked=as_asked)}{steps}, looked AS (
    INSERT INTO consultation_log ({LOOK_COLUMNS}, outcome, relation_ids, records)
    SELECT {look_parameters(first)}, v.outcome, ARRAY(SELECT t.id FROM target t{typed}) || CASE v.outcome WHEN 'shown' THEN $9::text[]{contacts} ELSE '{{}}' END,
        CASE v.outcome WHEN 'shown' THEN ARRAY({records}) ELSE '{{}}' END
    FROM verdict v WHERE v.outcome NOT IN ('more', 'outdated')
)
SELECT v.outcome, t.id, {columns} FROM verdict v LEFT JOIN target t ON true{more}
"""
    return sent.replace(ID, "$1") if as_asked else sent


def _seen(unless: str = "", *, as_asked: bool = False) -> str:
    """The first steps."""
    asks_more = f"WHEN {unless} THEN 'more'" if unless else ""
    verdict = _SEEN.format(entry=ENTRY, moved=_NOT_AS_ASKED if as_asked else "", unless=asks_more)
    return (_TARGET_AS_ASKED if as_asked else _TARGET) + verdict


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a relation may be seen: shown | refused | unknown-occasion | not-found | restricted | outdated."""

    outcome: str
    relation_id: str


def unlogged(steps: str, columns: str) -> str:
    """The same without a row in the log, for who writes: whose row comes with what is written."""
    return f"""
WITH {_seen()}{steps}
SELECT v.outcome, t.id, {columns} FROM verdict v LEFT JOIN target t ON true WHERE $8::text[] IS NOT NULL AND $9::text[] IS NULL
"""


_VERDICT = unlogged("", "true")


async def verdict(driver: Driver, relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look) -> Verdict:
    """What every look at a relation begins with, without a row in the log: for who writes, whose row comes with what is written."""
    row = await see_unlogged(driver, _VERDICT, relation_id, profile, occasion, look)
    return Verdict(row["outcome"], row["id"] or "")


async def see_unlogged(
    driver: Driver, statement: str, relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look, *further: Any
) -> Any:
    """The row that a statement of `unlogged` gives; `further`: from $15 on."""
    row = await driver.fetchrow(statement, *_values(relation_id, profile, occasion, look, (), ()), *further)
    assert row is not None  # the verdict is always there
    return row


async def see(
    driver: Driver,
    statement: str,
    relation_id: str,
    profile: Profile,
    occasion: tuple[str, str],
    look: Look,
    *further: Any,
    groups: Collection[FieldGroup] = (),
    beside: Sequence[str] = (),
) -> Any:
    """The row that such a statement gives.

    `occasion`: (source, case id) to verify, (ENTRY, relation id), or two empty strings; `further`: from $15 on; `groups`: the field groups that are shown;
    `beside`: further relations that the answer names, for the log.
    """
    values = _values(relation_id, profile, occasion, look, groups, beside)
    row = await driver.fetchrow(statement, *values, *further, *look.values())
    assert row is not None  # the verdict is always there
    if row["outcome"] not in ("more", "outdated"):
        metrics.consulted(look.operation, row["outcome"])
    return row


def _values(
    relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look, groups: Collection[FieldGroup], beside: Sequence[str]
) -> tuple[Any, ...]:
    """$1 to $14."""
    return (
        relation_id,
        profile.at_least(Level.summary),
        profile.at_least(Level.existence),
        profile.referred,
        *occasion,
        look.department if profile.activity.case.own_department else None,
        list(groups),
        list(dict.fromkeys(beside)) or None,  # for which the driver takes no time
        profile.shows_non_disclosed,
        profile.newest,
        profile.activity.case.open,
        profile.activity.case.involves_relation,
        profile.bars,
    )
