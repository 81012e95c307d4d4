"""What alerts there can be, computed from events in the order in which changes became visible: of the relations that changed, and no others."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from relhub import metrics
from relhub.domain.alert_causes import causes_of
from relhub.domain.dates import AMSTERDAM
from relhub.services.hub import Hub
from relhub.storage import alert_facts, alerts
from relhub.storage.alerts import Replaced, State
from relhub.storage.database import Store
from relhub.storage.events import horizon
from relhub.storage.purges import trimmed_to

_EVENTS = 1000  # in one transaction
_RELATIONS = 250
_GATHERED = "1"  # another when causes are gathered otherwise: all are computed again then

Stopping = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Computed:
    """How many relations were gone through, and whether there is more to do at once."""

    relations: int
    more: bool


async def compute_alerts(hub: Hub, now: datetime, stopping: Stopping = lambda: False) -> int:
    """Until all that has changed is taken in; by one process at a time. Returns how many relations were gone through."""
    done = 0
    async with hub.database.sole("relhub alerts") as alone:
        while alone and not stopping():
            async with hub.database.begin() as store:
                step = await _step(store, hub, now)
            done += step.relations
            if not step.more:
                break
    return done


def version_of(hub: Hub) -> str:
    """Another when the rules are, or which sources are a copy of a base register; empty without any rule."""
    rules = hub.alerts.rules
    return f"{_GATHERED} {rules.version} {' '.join(sorted(_registers(hub)))}".rstrip() if rules.rules else ""


def _registers(hub: Hub) -> list[str]:
    return [name for name, source in hub.sources.items() if source.base_register]


async def _step(store: Store, hub: Hub, now: datetime) -> Computed:
    """What changed first; then, when all are computed again, some of the rest."""
    before = await horizon(store.driver)
    state = await alerts.state(store)
    version = version_of(hub)
    if state.version != version or state.place[0] > before or state.place < await trimmed_to(store.driver):
        # By other rules, after the store was restored, or after events that are no longer kept.
        await alerts.forget_causes(store)
        state = State((before, 0), version, "" if version else None)
    if not version:
        await alerts.save_state(store, State((before, 0), "", None))
        return Computed(0, more=False)
    changes = await alerts.changed_since(store, state.place, before, _EVENTS)
    last, touched = changes.last, await alerts.led_to(store, changes.relations)
    if changes.cases and "project-at-address" in hub.alerts.rules.rules:
        touched |= await alert_facts.relations_at_places_of(store, changes.cases)
    if changes.ended:
        touched |= await alert_facts.relations_of_former_projects(store)
    await compute_relations(store, hub, touched, now)
    again = await alerts.relations_after(store, state.again_after, _RELATIONS) if state.again_after is not None and not last else []
    await compute_relations(store, hub, again, now)
    after = state.again_after if last else (again[-1] if len(again) == _RELATIONS else None)
    await alerts.save_state(store, State(last or max(state.place, (before, 0)), version, after))
    return Computed(len(touched) + len(again), more=bool(last) or after is not None)


async def compute_relations(store: Store, hub: Hub, relation_ids: Collection[str], now: datetime) -> None:
    """The causes of alerts of these relations are as the facts are now."""
    ids = sorted(relation_ids)
    for start in range(0, len(ids), _RELATIONS):
        await _compute(store, hub, ids[start : start + _RELATIONS], now)


async def compute_all(store: Store, hub: Hub, now: datetime) -> None:
    """All again, in the transaction of a rebuild."""
    await alerts.forget_causes(store)
    last = ""
    while hub.alerts.rules.rules and (ids := await alerts.relations_after(store, last, _RELATIONS)):
        await _compute(store, hub, ids, now)
        last = ids[-1]


async def _compute(store: Store, hub: Hub, ids: list[str], now: datetime) -> Replaced:
    rules = hub.alerts.rules
    unanswered = rules.rules.get("unanswered-contacts")
    since = now - timedelta(days=unanswered.days if unanswered else 0)
    known = await alert_facts.known_of(store, ids, _registers(hub), now.astimezone(AMSTERDAM).date(), since)
    hashed = _hashed(hub)
    return await alerts.replace_causes(store, ids, {id_: causes_of(one, rules, hashed) for id_, one in known.items()})


def _hashed(hub: Hub) -> Callable[[str], str]:
    return lambda text: hub.sealer.tag(f"alert {text}".encode())


async def drop_past_alerts(hub: Hub, now: datetime) -> None:
    """What has passed goes: nobody is told of it any more, whether or not it is there."""
    async with hub.database.begin() as store:
        for rule, number in (await alerts.drop_past(store, now)).items():
            metrics.alerts_past.labels(rule).inc(number)
