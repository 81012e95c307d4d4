"""The cases of one relation as an export has them, and the look that only says whether there is anything to be seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.domain.record import PersonName
from relhub.domain.redaction import PartyNames
from relhub.domain.retention import Age
from relhub.storage.database import Driver
from relhub.storage.log import Look
from relhub.storage.seen import part, see, statement
from relhub.storage.views import Position


@dataclass(frozen=True, slots=True)
class ExportedCase:
    """A visible case: its part, in which roles this relation is in it, and how many others in which; `names` of those.

    At `existence`, and where somebody's restriction leaves no more than that, only the part: the rest is of the case itself.
    """

    part: dict[str, Any]
    position: Position
    source: str = ""
    age: Age | None = None
    roles: tuple[str, ...] = ()
    others: Mapping[str, int] | None = None
    names: tuple[PartyNames, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseBatch:
    """`outcome` as of a view."""

    outcome: str
    relation_id: str
    cases: list[ExportedCase]


@dataclass(frozen=True, slots=True)
class Glimpse:
    """Whether anything of the relation may be seen on this occasion, and which id it has now. `outcome` as of a view."""

    outcome: str
    relation_id: str


_GLIMPSE = statement("", "SELECT unnest($15::text[])", "true", 16)

# What another party's non-disclosure hides stays hidden from the one it is about, also where their own is shown to them.
_DISCREET = """(NOT $10 OR NOT (SELECT non_disclosure FROM target) OR EXISTS (SELECT FROM involvement o JOIN relation r ON r.id = o.relation_id
        WHERE o.case_id = c.id AND r.non_disclosure AND r.id <> (SELECT id FROM target)))"""
_STEPS = f""", page AS (
    SELECT i.open, i.on_date, i.case_id, array_agg(DISTINCT i.role) roles FROM involvement i
    WHERE i.relation_id = (SELECT id FROM target) AND i.compartment = ANY($3)
        AND ($16::bool IS NULL OR (i.open, i.on_date, i.case_id) < ($16, $17::date, $18::bigint))
    GROUP BY i.open, i.on_date, i.case_id ORDER BY i.open DESC, i.on_date DESC, i.case_id DESC LIMIT $15
), shown_case AS (
    SELECT page.*, c.source, c.source || '/' || c.case_id ref, told.*, {part("c", "$19", "$2", _DISCREET, "$14")} part,
        c.body->>'kind' kind, c.body->>'ended' ended, c.body->>'retention' own, c.modified_at, others.*
    FROM page JOIN case_record c ON c.id = page.case_id
    CROSS JOIN LATERAL (SELECT c.compartment = ANY($2) AND (c.marks && $14) IS NOT TRUE told) told
    CROSS JOIN LATERAL (
        SELECT json_agg(json_build_array(o.role, p.body->'name', p.body->'organisation_names')) others FROM involvement o JOIN party_record p ON p.id = o.party_id
        WHERE o.case_id = c.id AND o.relation_id IS DISTINCT FROM (SELECT id FROM target) AND told.told
    ) others
)"""
_COLUMNS = """
(SELECT array_agg(c.part ORDER BY c.open DESC, c.on_date DESC, c.case_id DESC) FROM shown_case c) parts,
(SELECT json_agg(json_build_array(c.open, c.on_date, c.case_id, c.told, c.source, c.kind, c.ended, c.own, c.modified_at, c.roles, c.others)
    ORDER BY c.open DESC, c.on_date DESC, c.case_id DESC) FROM shown_case c)::text about"""
_CASES = statement(_STEPS, "SELECT ref FROM shown_case", _COLUMNS, 20)


async def glimpse(
    driver: Driver, relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look, records: Sequence[str] = ()
) -> Glimpse:
    """Shows nothing itself; logged as every look, with these `records`: what is shown on account of it."""
    row = await see(driver, _GLIMPSE, relation_id, profile, occasion, look, list(records))
    return Glimpse(row["outcome"], row["id"] or "")


async def exported_cases(
    driver: Driver, relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look, *, limit: int, after: Position | None
) -> CaseBatch:
    """The visible cases after this one, open ones first, newest first, each by itself: also where two systems know one zaak. Logged."""
    place = (after.open, after.on_date, after.number) if after else (None, None, None)
    row = await see(driver, _CASES, relation_id, profile, occasion, look, limit, *place, profile.at_least(Level.full))
    if row["outcome"] != "shown":
        return CaseBatch(row["outcome"], row["id"] or "", [])
    told = zip(row["parts"] or (), orjson.loads(row["about"] or "[]"), strict=True)
    return CaseBatch("shown", row["id"], [_case(part, *about) for part, about in told])


def _case(
    part: bytes, is_open: bool, on_date: str, number: int, told: bool, source: str, kind: str, ended: str | None, own: str | None,
    modified_at: str | None, roles: list[str], others: list[tuple[str, dict[str, str] | None, list[str] | None]] | None,
) -> ExportedCase:  # fmt: skip
    shown, position = orjson.loads(part + b"}"), Position(is_open, _date(on_date) or date.min, number)
    if not told:
        return ExportedCase(shown, position)
    changed = datetime.fromisoformat(modified_at) if modified_at else None
    counted: dict[str, int] = {}
    for role, _, _ in others or ():
        counted[role] = counted.get(role, 0) + 1
    names = tuple((PersonName(**name) if name else None, tuple(organisation or ())) for _, name, organisation in others or ())
    return ExportedCase(
        shown, position, source, Age(kind, is_open, _date(ended), changed, _date(own)), tuple(roles), dict(sorted(counted.items())), names
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
