"""What a steward decides of two party records: obeyed at once, and by every pull and rebuild after it."""

from datetime import UTC, datetime
from typing import Literal

from relhub.domain.identity import Decision, PartyName
from relhub.services.hub import Hub
from relhub.services.own_look import own_look
from relhub.services.settle import settle
from relhub.storage import decisions, relations
from relhub.storage.log import add_look
from relhub.storage.record_rows import Written


async def decide_match(hub: Hub, a: PartyName, b: PartyName, verdict: Literal["same", "different"] | None, reason: str, by: str) -> None:
    """Records the decision (None: withdraws it), and puts the records in the relations that follow from it. Takes the place of an earlier one."""
    at = datetime.now(UTC)
    async with hub.database.begin() as store:
        await store.lock_resolve()
        seeds = await relations.numbers_of(store, {a, b})
        if verdict:
            await decisions.add_decision(store, Decision(a, b, verdict), reason, by, at)
        else:
            await decisions.withdraw_decision(store, a, b, by, at)
        before = await relations.relations_of(store, seeds)
        await settle(store, hub, "steward", Written(), seeds, at)
        touched = sorted(before | await relations.relations_of(store, seeds))
        look = own_look(hub, "decide-match", official=by, application="gegevensbeheer")
        await add_look(store.driver, look, verdict or "withdrawn", touched, [f"{source}:{key}" for source, key in sorted({a, b})])
