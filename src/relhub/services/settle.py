"""What follows from a change of the facts, in the transaction that made it: relations, protection, events."""

from collections.abc import Collection
from datetime import datetime

from relhub.services.announce import announce
from relhub.services.hub import Hub
from relhub.services.resolve import Resolved, resolve
from relhub.storage import entries, protection, relations
from relhub.storage.database import Store
from relhub.storage.record_rows import Written
from relhub.storage.records import save_involvements


async def settle(store: Store, hub: Hub, source: str, written: Written, seeds: Collection[int], at: datetime) -> Resolved:
    """Keeps what was written, puts it, these party records and all that they could touch in relations, protects who has non-disclosure, and notes what changed."""
    due = written.new or seeds or written.gone.refs
    resolved = await resolve(store, hub.sealer, written.new, seeds, written.gone, at) if due else Resolved()
    await save_involvements(store, written.involvements)
    cases = [case.number for case in written.cases]
    touched = resolved.touched | await relations.relations_of(store, written.retold) if written.retold else resolved.touched
    await protection.protect(store, touched, cases, written.zaken, when_unknown=hub.protected_when_unknown)
    if cases:
        await entries.follow_cases(store, [f"{source}/{case.case_id}" for case in written.cases])
    await announce(store, source, written, resolved, at)
    return resolved
