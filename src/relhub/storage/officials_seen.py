"""official, case_record, entry: who of us deals with one relation, by what of it may be seen; one statement, which is logged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.domain.officials import OWN_ACCOUNTS, Dealing, Directory
from relhub.domain.relation_managers import RelationManager
from relhub.storage.database import Driver
from relhub.storage.entries import own_departments
from relhub.storage.entries_seen import entries_step
from relhub.storage.log import Look
from relhub.storage.officials import COLUMNS, listed_of
from relhub.storage.relation_managers import NOW_SEEN, managers_in, managers_of
from relhub.storage.seen import see, statement


@dataclass(frozen=True, slots=True)
class SeenOfficials:
    """`outcome` as of a view; `referral`: there are more, behind a referral."""

    outcome: str
    relation_id: str
    dealings: list[Dealing]
    directory: Directory
    referral: bool


# At `existence` no more than that somebody deals with it now: what a case is called, and when it ended, is told from `summary` on.
_DEALING = """, dealing AS (
    SELECT c.id, c.source, c.case_id, c.capacity, c.department, c.open, c.on_date, coalesce(c.body->'officials', '[]') officials, told
    FROM case_record c CROSS JOIN LATERAL (SELECT c.compartment = ANY($2) AND (c.marks && $14) IS NOT TRUE told) t
    WHERE c.id = ANY(ARRAY(SELECT i.case_id FROM target t JOIN involvement i ON i.relation_id = t.id WHERE i.compartment = ANY($3)))
        AND (c.open OR told AND coalesce((c.body->>'ended')::date, (c.modified_at AT TIME ZONE 'Europe/Amsterdam')::date, c.on_date) >= $15::date)
)"""
_BUSY = """, busy AS (
    SELECT s.number, s.id, s.at, s.sort, s.open, e.organisation, convert_from(s.part, 'UTF8')::jsonb part FROM entry_seen s JOIN entry e USING (number)
    WHERE s.visible AND (s.open OR s.told AND (s.at AT TIME ZONE 'Europe/Amsterdam')::date >= $15)
)"""
# Of the directory those whom these matters name, and who takes over from them, and so on.
_LISTED = f""", named AS (
    SELECT d.source || '/' || (o->>'account') account, lower(o->>'email') email, NULL organisation, NULL own
        FROM dealing d CROSS JOIN LATERAL jsonb_array_elements(d.officials) o
    UNION SELECT NULL, NULL, b.organisation, o.own FROM busy b CROSS JOIN LATERAL (VALUES (b.part->>'official'), (b.part->'assignedTo'->>'official')) o (own)
), listed AS (
    WITH RECURSIVE known AS (
        SELECT f.* FROM (
            SELECT o.* FROM named n JOIN official o ON o.accounts @> ARRAY[n.account] WHERE n.account IS NOT NULL
            UNION SELECT o.* FROM named n JOIN official o ON lower(o.email) = n.email WHERE n.email <> ''
            UNION SELECT o.* FROM named n JOIN official o ON (o.organisation, o.account) = (n.organisation, n.own)
        ) f UNION SELECT n.* FROM known k JOIN official n ON (n.organisation, n.account) = (k.organisation, k.replaced_by)
    ) SELECT {", ".join(COLUMNS)} FROM known
)"""
_STEPS = entries_step("$16", "$17") + _DEALING + _BUSY + _LISTED
_RECORDS = "SELECT source || '/' || case_id FROM dealing UNION ALL SELECT 'entry/' || id FROM busy"
_COLUMNS = f"""
(SELECT json_agg(json_build_array(source, case_id, capacity, department, open, told, officials) ORDER BY open DESC, on_date DESC, id DESC) FROM dealing)::text dealings,
    (SELECT json_agg(json_build_array(organisation, sort, open, part) ORDER BY at DESC, number DESC) FROM busy)::text entries,
    ARRAY(SELECT listed FROM listed) directory,
    coalesce((SELECT bool_or(referred) FROM heard), false) OR coalesce((SELECT bool_or(NOT visible) FROM entry_seen), false) referral,
    {managers_of(NOW_SEEN)} managers"""
_STATEMENT = statement(_STEPS, _RECORDS, _COLUMNS, 18)


async def seen_officials(
    driver: Driver, relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look, *, since: date
) -> SeenOfficials:
    """Who deals with this relation, in matters that are open or were not over before this day; logged."""
    own = own_departments(profile, look)
    row = await see(driver, _STATEMENT, relation_id, profile, occasion, look, since, profile.at_least(Level.full), own)
    if row["outcome"] != "shown":
        return SeenOfficials(row["outcome"], row["id"] or "", [], {}, referral=False)
    dealings = [dealing for case in orjson.loads(row["dealings"] or "[]") for dealing in _of_case(*case)]
    dealings += [dealing for entry in orjson.loads(row["entries"] or "[]") for dealing in _of_entry(*entry)]
    listed = [listed_of(dict(zip(COLUMNS, found, strict=True))) for found in row["directory"]]
    managers, known = managers_in(row["managers"])
    directory = {(one.organisation, one.account): one for one in listed} | dict(known)
    return SeenOfficials("shown", row["id"], [*map(_of_manager, managers), *dealings], directory, row["referral"])


def _of_manager(manager: RelationManager) -> Dealing:
    return Dealing(
        accounts_of=OWN_ACCOUNTS + manager.organisation,
        account=manager.official,
        name="",
        department=manager.department,
        phone="",
        email="",
        part="relation manager",
        capacity=manager.capacity or None,
        matter="",
        now=True,
    )


def _of_case(
    source: str, case_id: str, capacity: Any, department: str, is_open: bool, told: bool, officials: list[dict[str, str]]
) -> list[Dealing]:
    """The officials of a case, or its department when it names none."""
    words = [official for official in officials if official.get("name") or official.get("account")] or ([{}] if department else [])
    return [
        Dealing(
            accounts_of=source,
            account=said.get("account", ""),
            name=said.get("name", ""),
            department=said.get("department", "") or department,
            phone=said.get("phone", ""),
            email=said.get("email", ""),
            part=said.get("part", ""),
            capacity=capacity,
            matter=f"{source}/{case_id}" if told else "",
            now=is_open,
        )
        for said in words
    ]


def _of_entry(organisation: str, sort: str, is_open: bool, part: Mapping[str, Any]) -> list[Dealing]:
    """Who recorded it, and who deals with it, as far as its part says so."""
    who = [("recorder", part)] + ([("handler", part["assignedTo"])] if part.get("assignedTo") else [])
    return [
        Dealing(
            accounts_of=OWN_ACCOUNTS + organisation,
            account=said.get("official", ""),
            name="",
            department=said["department"],
            phone="",
            email="",
            part=f"{word} of {sort}",
            capacity=part["capacity"],
            matter=part.get("id", ""),
            now=is_open,
        )
        for word, said in who
        if said.get("department")
    ]
