"""case_record, involvement: a project with a page of its stakeholders."""

from dataclasses import dataclass
from typing import Any

import orjson

from relhub.domain.access import Profile
from relhub.storage.database import Driver
from relhub.storage.department_cases import OCCASION, parameters_of_case
from relhub.storage.entries import own_departments
from relhub.storage.log import Look
from relhub.storage.relation_managers import managers_of
from relhub.storage.seen import part

IN_SHORT = 3


@dataclass(frozen=True, slots=True)
class Stakeholder:
    """A party's part in a project, with its `place` in the order of the source. `contacts`: (relation, body) of who speaks for it there.

    About this project: `done`, the last contact moments with it; `planned`, what is open, due first; `spoke`, (department, official, moment, id) of
    the last contact of each who had any; `managers`, for `managers_in`.
    """

    place: int
    role: str
    relation_id: str
    kind: str
    name: str
    contacts: list[tuple[str, dict[str, Any]]]
    done: list[dict[str, Any]]
    planned: list[dict[str, Any]]
    spoke: list[tuple[str, str, str, str]]
    managers: str | None


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """`records`: (part, ref, compartment) of the project and of the other visible records of its zaak, empty when it is not there.

    `holds`: whether the occasion does; None when it is a case that is not known. `restricted`: it is there, and someone in it has a mark that
    bars this activity.
    """

    records: list[tuple[bytes, str, int]]
    stakeholders: list[Stakeholder]
    holds: bool | None
    restricted: bool


# Who speaks for an organisation of the project comes with it, and is not a stakeholder beside it.
_SPEAKS = """(p.kind = 'contact_person' AND p.contact_of <> '' AND EXISTS (
    SELECT FROM party_record o JOIN involvement x ON x.party_id = o.id WHERE o.source = p.source AND o.key = p.contact_of AND x.case_id = i.case_id))"""

# Seen from `summary` on: that an entry is about this project is more than that it is there.
_ENTRIES = f"""(WITH said AS (
    SELECT e.number, e.sort, e.at, e.due, e.department, e.official, convert_from(CASE WHEN own AND e.handlers && $16 THEN e."full"
        WHEN own OR e.compartments <@ $4 THEN coalesce(e.outside, e."full") ELSE e.summary END, 'UTF8')::json part
    FROM entry e CROSS JOIN LATERAL (SELECT e.departments && $16::text[] own OFFSET 0) once
    WHERE e.relation_id = ANY(ARRAY(SELECT p.relation_id UNION ALL SELECT m.id FROM relation m WHERE m.merged_into = p.relation_id))
        AND e.cases && ARRAY(SELECT source || '/' || case_id FROM record) AND e.state <> 'deleted' AND (e.open OR e.sort = 'contact-moment')
        AND (own OR e.compartments <@ $3 AND (NOT r.non_disclosure OR $8))
) SELECT json_build_object(
    'done', (SELECT json_agg(part) FROM (SELECT part FROM said WHERE sort = 'contact-moment' ORDER BY at DESC, number DESC LIMIT {IN_SHORT}) d),
    'planned', (SELECT json_agg(part) FROM (SELECT part FROM said WHERE sort <> 'contact-moment' ORDER BY due NULLS LAST, number LIMIT {IN_SHORT}) d),
    'spoke', (SELECT json_agg(json_build_array(department, official, at, part ->> 'id') ORDER BY at DESC, number DESC) FROM (
        SELECT * FROM (SELECT DISTINCT ON (department, official) * FROM said WHERE sort = 'contact-moment' ORDER BY department, official, at DESC, number DESC) l
        ORDER BY at DESC, number DESC LIMIT {IN_SHORT}) d)))"""
_MANAGERS = managers_of("m.until_at IS NULL AND m.capacity IN ('', 'project') AND m.compartments && $11", "p.relation_id")

_PROJECT = f"""
WITH asked AS (SELECT * FROM case_record WHERE source = $1 AND case_id = $2 AND compartment = ANY($3) AND capacity = 'project'), record AS (
    SELECT 0 place, * FROM asked UNION ALL
    SELECT 1, k.* FROM asked a JOIN case_record k ON k.zaak = a.zaak AND k.zaak <> '' AND k.id <> a.id AND k.compartment = ANY($3)
), shown AS (
    SELECT r.place, r.compartment, r.source || '/' || r.case_id ref, {part("r", "$4", "$3", "NOT $8", "$12")} part FROM record r WHERE (r.marks && $12) IS NOT TRUE
), stakeholder AS (
    SELECT i.position, i.role, p.relation_id, p.kind, p.display, CASE WHEN $15 THEN (
        SELECT json_agg(json_build_array(k.relation_id, k.body) ORDER BY k.display, k.id) FROM party_record k JOIN relation s ON s.id = k.relation_id
        WHERE k.source = p.source AND k.contact_of = p.key AND k.contact_of <> '' AND k.kind = 'contact_person' AND NOT s.non_disclosure
            AND (NOT r.non_disclosure OR $8) AND EXISTS (SELECT FROM involvement x WHERE x.party_id = k.id AND x.case_id = i.case_id)) END contacts,
        {_ENTRIES} entries, {_MANAGERS} managers
    FROM involvement i JOIN party_record p ON p.id = i.party_id JOIN relation r ON r.id = p.relation_id
    WHERE i.case_id = (SELECT id FROM asked) AND i.position > $13 AND NOT {_SPEAKS} ORDER BY i.position LIMIT $14
)
SELECT array_agg(part ORDER BY place, ref) parts, array_agg(ref ORDER BY place, ref) refs, array_agg(compartment ORDER BY place, ref) compartments,
    (SELECT json_agg(json_build_array(position, role, relation_id, kind, display, coalesce(contacts, '[]'::json), entries, managers) ORDER BY position) FROM stakeholder)::text stakeholders,
    EXISTS (SELECT FROM asked WHERE marks && $12) restricted, {OCCASION}
FROM shown
"""


async def project_page(
    driver: Driver,
    source: str,
    case_id: str,
    profile: Profile,
    occasion: tuple[str, str],
    look: Look,
    *,
    after: int,
    limit: int,
) -> ProjectPage:
    """A project that may be seen from `summary` on, with so many of its stakeholders after this place; `limit`: one more is read."""
    shows_contacts = "contact-details" in profile.groups
    case = parameters_of_case(source, case_id, profile, occasion, look.department)
    row = await driver.fetchrow(_PROJECT, *case, after, limit + 1, shows_contacts, own_departments(profile, look))
    assert row is not None  # an aggregate
    records = list(zip(*(row[name] or () for name in ("parts", "refs", "compartments")), strict=True))
    found = [_stakeholder(*each) for each in orjson.loads(row["stakeholders"] or "[]")]
    return ProjectPage(records, found, row["holds"], row["restricted"])


def _stakeholder(
    place: int, role: str, relation_id: str, kind: str, name: str, contacts: Any, entries: Any, managers: str | None
) -> Stakeholder:
    said = {part: entries[part] or [] for part in ("done", "planned", "spoke")}
    return Stakeholder(place, role, relation_id, kind, name, [(speaker, body) for speaker, body in contacts], **said, managers=managers)
