"""relation.non_disclosure and marks, case_record.protected and marks: who is protected by what, and which cases that reaches."""

from collections.abc import Collection

from relhub.domain.marks import CONTESTED
from relhub.storage.database import Store


async def protect(
    store: Store, relation_ids: Collection[str], cases: Collection[int], zaken: Collection[str] = (), *, when_unknown: bool
) -> None:
    """Non-disclosure counts for the whole relation, whichever of its records says so, and for all of each zaak that it is in, whichever system knows it.

    `when_unknown`: whether relations have it of which no source tells. `cases`, `zaken`: further ones that may have come under it, or out.
    """
    await store.driver.execute(
        """
        UPDATE relation r SET non_disclosure = p.protected
        FROM (SELECT relation_id, coalesce(bool_or(protected), $2) protected FROM party_record WHERE relation_id = ANY($1) GROUP BY 1) p
        WHERE r.id = p.relation_id AND r.non_disclosure <> p.protected
        """,
        sorted(relation_ids),
        when_unknown,
    )
    await store.driver.execute(
        f"UPDATE case_record c SET protected = NOT c.protected WHERE c.protected <> {PROTECTED} AND c.id = ANY(ARRAY({_REACHED}))",
        sorted(relation_ids),
        sorted(cases),
        sorted(zaken),
    )
    if await store.driver.fetchval("SELECT EXISTS (SELECT FROM mark)"):
        await mark_relations(store, relation_ids)
        await mark_cases(store, relation_ids, cases, zaken)


async def mark_relations(store: Store, relation_ids: Collection[str]) -> None:
    """The marks on any record of a relation are marks on the relation."""
    await store.driver.execute(
        f"UPDATE relation r SET marks = {_MARKS} WHERE r.id = ANY($1) AND r.marks IS DISTINCT FROM {_MARKS}", sorted(relation_ids)
    )


async def mark_cases(store: Store, relation_ids: Collection[str], cases: Collection[int], zaken: Collection[str] = ()) -> None:
    """The marks on anyone in a case are marks on it, in whichever system it is known; that a link is contested says nothing of a case."""
    await store.driver.execute(
        f"UPDATE case_record c SET marks = {CASE_MARKS} WHERE c.id = ANY(ARRAY({_REACHED})) AND c.marks IS DISTINCT FROM {CASE_MARKS}",
        sorted(relation_ids),
        sorted(cases),
        sorted(zaken),
    )


_REACHED = """
WITH changed AS MATERIALIZED (
    SELECT c.id, c.zaak FROM case_record c
    WHERE c.id IN (SELECT unnest($2::bigint[]) UNION SELECT case_id FROM involvement WHERE relation_id = ANY($1))
)
SELECT id FROM changed
UNION SELECT k.id FROM (SELECT zaak FROM changed WHERE zaak <> '' UNION SELECT unnest($3::text[])) z
CROSS JOIN LATERAL (SELECT id FROM case_record WHERE zaak <> '' AND zaak = z.zaak OFFSET 0) k"""
"""The cases of these relations ($1), these cases ($2), and all records of their zaken and of these ($3)."""

# OFFSET 0: one by one. Without it all that there are are gone through, where the planner thinks that they are few.
_SECRET = "SELECT FROM {} JOIN relation r ON r.id = i.relation_id WHERE {} AND r.non_disclosure OFFSET 0"
PROTECTED = f"""(EXISTS ({_SECRET.format("involvement i", "i.case_id = c.id")}) OR (c.zaak <> '' AND EXISTS (
    {_SECRET.format("case_record k JOIN involvement i ON i.case_id = k.id", "k.zaak = c.zaak AND k.zaak <> ''")})))"""
"""Whether someone in case `c`, as this or another system knows it, has non-disclosure."""

_MARKS = """(SELECT array_agg(DISTINCT m.word ORDER BY m.word) FROM party_record p JOIN mark m ON (m.source, m.key) = (p.source, p.key) AND m.lifted_at IS NULL
    WHERE p.relation_id = r.id)"""
CASE_MARKS = f"""(SELECT array_agg(DISTINCT w.word ORDER BY w.word) FROM (
    SELECT i.relation_id FROM involvement i WHERE i.case_id = c.id
    UNION SELECT i.relation_id FROM case_record k JOIN involvement i ON i.case_id = k.id WHERE k.zaak = c.zaak AND k.zaak <> '' AND c.zaak <> ''
) one JOIN relation r ON r.id = one.relation_id CROSS JOIN LATERAL unnest(r.marks) w (word) WHERE w.word <> '{CONTESTED}')"""
"""The marks on whoever is in case `c`, as this or another system knows it."""
