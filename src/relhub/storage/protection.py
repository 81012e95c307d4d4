"""relation.non_disclosure, case_record.protected: who has non-disclosure, and which cases that protects."""

from collections.abc import Collection

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
        f"""
        WITH changed AS MATERIALIZED (
            SELECT c.id, c.zaak FROM case_record c
            WHERE c.id IN (SELECT unnest($2::bigint[]) UNION SELECT case_id FROM involvement WHERE relation_id = ANY($1))
        )
        UPDATE case_record c SET protected = NOT c.protected
        WHERE c.protected <> {PROTECTED} AND c.id = ANY(ARRAY(
            SELECT id FROM changed
            UNION SELECT k.id FROM (SELECT zaak FROM changed WHERE zaak <> '' UNION SELECT unnest($3::text[])) z
            CROSS JOIN LATERAL (SELECT id FROM case_record WHERE zaak <> '' AND zaak = z.zaak OFFSET 0) k
        ))
        """,
        sorted(relation_ids),
        sorted(cases),
        sorted(zaken),
    )


# OFFSET 0: one by one. Without it all that there are are gone through, where the planner thinks that they are few.
_SECRET = "SELECT FROM {} JOIN relation r ON r.id = i.relation_id WHERE {} AND r.non_disclosure OFFSET 0"
PROTECTED = f"""(EXISTS ({_SECRET.format("involvement i", "i.case_id = c.id")}) OR (c.zaak <> '' AND EXISTS (
    {_SECRET.format("case_record k JOIN involvement i ON i.case_id = k.id", "k.zaak = c.zaak AND k.zaak <> ''")})))"""
"""Whether someone in case `c`, as this or another system knows it, has non-disclosure."""
