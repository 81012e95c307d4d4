"""Keeping that relations and cases changed, with the compartments of the cases by which they did: whoever sees none of those hears nothing."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from relhub.services.resolve import Resolved
from relhub.storage import events
from relhub.storage.database import Store
from relhub.storage.events import Change
from relhub.storage.record_rows import Written


async def announce(store: Store, source: str, written: Written, resolved: Resolved, at: datetime) -> None:
    """One event per case and per relation; in the transaction that changed them."""
    relations: dict[str, set[int]] = defaultdict(set)
    for relation_id, compartment in await _touched(store, written, resolved):
        relations[relation_id].add(compartment)
    cases = [
        *(Change("case.ended", None, f"{source}/{case_id}", [compartment]) for case_id, compartment in sorted(written.ended)),
        *(Change("case.changed", None, f"{source}/{case.case_id}", [case.compartment]) for case in written.cases),
    ]
    changes = [Change(_type(resolved, relation_id), relation_id, None, seen) for relation_id, seen in sorted(relations.items())]
    await events.add_events(store, source, [*cases, *changes], at)


async def _touched(store: Store, written: Written, resolved: Resolved) -> Iterable[tuple[str, int]]:
    """(relation, compartment): of involvements that were there, that are there now, and of records that moved from one relation to another."""
    found = set(written.released)
    if written.cases:
        found |= set(await events.relations_in(store, [case.number for case in written.cases]))
    if resolved.moved:
        for party_id, compartment in await events.compartments_of(store, resolved.moved):
            found |= {(relation_id, compartment) for relation_id in resolved.moved[party_id]}
    if written.retold:
        found |= set(await events.relations_with(store, written.retold))
    return found


def _type(resolved: Resolved, relation_id: str) -> str:
    if relation_id not in resolved.retired:
        return "relation.changed"
    return "relation.merged" if resolved.retired[relation_id] else "relation.ended"
