"""What happened with one relation, from the bodies of its visible cases and entries."""

from dataclasses import dataclass
from datetime import date

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.storage.database import Driver
from relhub.storage.entries import own_departments
from relhub.storage.entries_seen import entries_step
from relhub.storage.log import Look
from relhub.storage.seen import see, statement, twins


@dataclass(frozen=True, slots=True)
class Timeline:
    """`moments`: rendered, each with its place in the order. `outcome` as of a view."""

    outcome: str
    relation_id: str
    moments: list[tuple[bytes, tuple[date, int, int]]]


# The place within a case: it starts, then its findings in their order, then it ends. One zaak in two systems starts and ends once.
_STEPS = f"""{twins("$15")}{entries_step("$15", "$20")}, moment AS (SELECT * FROM (
    SELECT m.on_date, c.id, m.place, c.source || '/' || c.case_id ref, json_strip_nulls(json_build_object(
        'on', m.on_date, 'what', m.what, 'case', c.source || '/' || c.case_id, 'capacity', c.capacity, 'department', nullif(c.department, ''),
        'kind', c.body->'kind', 'title', CASE WHEN NOT hidden THEN c.body->'title' END,
        'label', CASE WHEN NOT hidden THEN m.finding->'label' END, 'outcome', CASE WHEN NOT hidden THEN m.finding->'outcome' END, 'until', m.finding->'until',
        'reference', CASE WHEN NOT hidden THEN m.finding->'reference' END, 'withheld', CASE WHEN hidden THEN '["non-disclosure"]'::json END)) body
    FROM (SELECT DISTINCT i.case_id FROM target t JOIN involvement i ON i.relation_id = t.id WHERE i.compartment = ANY($2)) visible
    JOIN case_record c ON c.id = visible.case_id CROSS JOIN LATERAL (SELECT c.protected AND NOT $10 hidden) h
    CROSS JOIN LATERAL (
        SELECT s.* FROM (VALUES ((c.body->>'started')::date, 0, 'case-started', NULL::jsonb), ((c.body->>'ended')::date, 100000, 'case-ended', NULL)) s
        WHERE c.id <> ALL (ARRAY(SELECT case_id FROM twin WHERE behind))
        UNION ALL
        SELECT (f.body->>'on')::date, f.place::int, f.body->>'sort', f.body FROM jsonb_array_elements(c.body->'findings') WITH ORDINALITY f (body, place)
        WHERE c.compartment = ANY($15)
    ) m (on_date, place, what, finding)
    WHERE m.on_date IS NOT NULL AND (c.marks && $14) IS NOT TRUE
    UNION ALL
    SELECT d.on_date, e.number, -1, 'entry/' || e.id, json_strip_nulls(json_build_object('on', d.on_date, 'what', e.sort, 'entry', e.id,
        'capacity', e.capacity, 'department', e.department, 'title', e.said->'subject'))
    FROM entry_seen s JOIN entry e USING (number) CROSS JOIN LATERAL (SELECT (e.at AT TIME ZONE 'Europe/Amsterdam')::date on_date) d WHERE s.told
) every WHERE $17::date IS NULL OR (on_date, id, place) < ($17, $18::bigint, $19::int)
    ORDER BY on_date DESC, id DESC, place DESC LIMIT $16
)"""
_COLUMNS = """
ARRAY(SELECT body::text FROM moment ORDER BY on_date DESC, id DESC, place DESC) bodies, ARRAY(SELECT on_date FROM moment ORDER BY on_date DESC, id DESC, place DESC) dates,
    ARRAY(SELECT id FROM moment ORDER BY on_date DESC, id DESC, place DESC) ids, ARRAY(SELECT place FROM moment ORDER BY on_date DESC, id DESC, place DESC) places"""
_RECORDS = "SELECT DISTINCT ref FROM (SELECT ref FROM moment ORDER BY on_date DESC, id DESC, place DESC LIMIT $16 - 1) page"
_STATEMENT = statement(_STEPS, _RECORDS, _COLUMNS, 21)


async def timeline(
    driver: Driver,
    relation_id: str,
    profile: Profile,
    occasion: tuple[str, str],
    look: Look,
    *,
    limit: int,
    after: tuple[date, int, int] | None,
) -> Timeline:
    """The moments after this one, newest first, logged. `limit`: one more is read."""
    place, own = after or (None, None, None), own_departments(profile, look)
    row = await see(driver, _STATEMENT, relation_id, profile, occasion, look, profile.at_least(Level.full), limit + 1, *place, own)
    if row["outcome"] != "shown":
        return Timeline(row["outcome"], row["id"] or "", [])
    places = zip(row["dates"], row["ids"], row["places"], strict=True)
    return Timeline("shown", row["id"], [(body.encode(), place) for body, place in zip(row["bodies"], places, strict=True)])
