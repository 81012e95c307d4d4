"""case_record, entry, involvement: what it takes to see the records by which alerts hold."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from relhub.domain.alert_news import Sight
from relhub.domain.alerts import Cause
from relhub.domain.compartments import Level
from relhub.storage.database import Store


async def sights_of(store: Store, causes: Mapping[str, Collection[Cause]]) -> dict[str, dict[Cause, Sight]]:
    """Of each of these causes, by relation; without those of somebody whose data is restricted, of which nobody is told."""
    every = [cause for of_one in causes.values() for cause in of_one]
    rows = await store.driver.fetch(_SIGHTS, *(_numbers(every, sort) for sort in ("case", "entry", "party")))
    records = {(row["sort"], row["number"]): row for row in rows}
    hidden = await store.driver.fetch("SELECT id FROM relation WHERE id = ANY($1) AND non_disclosure", sorted(causes))
    protected = {row["id"] for row in hidden}
    return {
        relation_id: {
            cause: _sight(cause, row, hidden=relation_id in protected)
            for cause in of_one
            if (row := records.get((_SORTS[cause.sort], cause.number)))
        }
        for relation_id, of_one in causes.items()
    }


_SORTS = {"case": "case", "finding": "case", "place": "case", "entry": "entry", "party": "party", "address": "party"}
_SIGHTS = """
SELECT 'case' sort, id number, ARRAY[compartment] compartments, protected FROM case_record WHERE id = ANY($1) AND marks IS NULL
UNION ALL SELECT 'entry', number, compartments, false FROM entry WHERE number = ANY($2)
UNION ALL SELECT 'party', party_id, array_agg(DISTINCT compartment), false FROM involvement WHERE party_id = ANY($3) GROUP BY 2
"""


def _numbers(causes: Iterable[Cause], sort: str) -> list[int]:
    return sorted({cause.number for cause in causes if _SORTS[cause.sort] == sort})


def _sight(cause: Cause, row: Mapping[str, Any], *, hidden: bool) -> Sight:
    """`hidden`: the relation has non-disclosure. What that hides is told to who may see it only."""
    rights = {"places"} if cause.sort == "place" else {"details"} if cause.sort == "address" else set()
    of_case = row["protected"] and cause.sort in ("place", "finding")
    of_relation = hidden and (cause.sort == "address" or (cause.sort == "entry" and cause.needs > Level.existence))
    if of_case or of_relation:
        rights.add("non-disclosed")
    compartments = frozenset(row["compartments"])
    if _SORTS[cause.sort] == "party":
        return Sight(any_of=compartments, rights=frozenset(rights))
    return Sight(compartments, rights=frozenset(rights))
