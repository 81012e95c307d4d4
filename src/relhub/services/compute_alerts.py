"""What alerts there can be, computed from events in the order in which changes became visible: of the relations that changed, and no others."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from relhub import metrics
from relhub.domain.alert_causes import causes_of
from relhub.domain.alert_news import News, news_of
from relhub.domain.alerts import Cause
from relhub.domain.compartments import OWN
from relhub.domain.dates import AMSTERDAM
from relhub.services.hub import Hub
from relhub.storage import alert_facts, alerts
from relhub.storage.alert_sights import sights_of
from relhub.storage.alerts import State
from relhub.storage.database import Store
from relhub.storage.events import Change, add_events, horizon
from relhub.storage.purges import trimmed_to

_EVENTS = 1000  # in one transaction
_RELATIONS = 250
_GATHERED = "4"  # another when causes are gathered otherwise: all are computed again then

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
    await compute_relations(store, hub, touched, now, tells=True)
    again = await alerts.relations_after(store, state.again_after, _RELATIONS) if state.again_after is not None and not last else []
    await compute_relations(store, hub, again, now)
    after = state.again_after if last else (again[-1] if len(again) == _RELATIONS else None)
    await alerts.save_state(store, State(last or max(state.place, (before, 0)), version, after))
    return Computed(len(touched) + len(again), more=bool(last) or after is not None)


async def compute_relations(store: Store, hub: Hub, relation_ids: Collection[str], now: datetime, *, tells: bool = False) -> None:
    """The causes of alerts of these relations are as the facts are now. `tells`: that alerts were raised is an event; not when all are computed again."""
    ids = sorted(relation_ids)
    for start in range(0, len(ids), _RELATIONS):
        batch = ids[start : start + _RELATIONS]
        found = await _gather(store, hub, batch, now)
        replaced = await alerts.replace_causes(store, batch, found)
        if tells and replaced.came:
            await _tell(store, hub, replaced.came, found, now)


async def _tell(store: Store, hub: Hub, came: Sequence[tuple[str, Cause]], found: Mapping[str, Sequence[Cause]], now: datetime) -> None:
    """An alert is raised for who sees enough of its causes, one that came among them; one event for each such way to see it."""
    new: dict[str, set[Cause]] = {}
    for relation_id, cause in came:
        new.setdefault(relation_id, set()).add(cause)
    topics = {relation_id: {(cause.rule, cause.topic) for cause in causes} for relation_id, causes in new.items()}
    asked = {
        relation_id: [cause for cause in found[relation_id] if (cause.rule, cause.topic) in topics[relation_id]] for relation_id in new
    }
    sights = await sights_of(store, asked)
    changes = [
        Change(
            "alert.raised",
            relation_id,
            None,
            news.existence | news.summary | news.full,
            True,
            news.summary,
            news.full,
            news.rights,
            news.unless,
        )
        for relation_id in sorted(new)
        for news in sorted(news_of(new[relation_id], asked[relation_id], hub.alerts.rules, sights[relation_id], now), key=_order)
    ]
    await add_events(store, OWN.rstrip(":"), changes, now)


def _order(news: News) -> list[list[int]]:
    return [sorted(news.existence), sorted(news.summary), sorted(news.full), *sorted(map(sorted, news.unless))]


async def compute_all(store: Store, hub: Hub, now: datetime) -> None:
    """All again, in the transaction of a rebuild."""
    await alerts.forget_causes(store)
    last = ""
    while hub.alerts.rules.rules and (ids := await alerts.relations_after(store, last, _RELATIONS)):
        await alerts.replace_causes(store, ids, await _gather(store, hub, ids, now))
        last = ids[-1]


async def _gather(store: Store, hub: Hub, ids: list[str], now: datetime) -> dict[str, list[Cause]]:
    rules = hub.alerts.rules
    unanswered = rules.rules.get("unanswered-contacts")
    since = now - timedelta(days=unanswered.days if unanswered else 0)
    known = await alert_facts.known_of(store, ids, _registers(hub), now.astimezone(AMSTERDAM).date(), since)
    hashed = _hashed(hub)
    return {id_: _with_ids(causes_of(one, rules, hashed), id_, hashed) for id_, one in known.items()}


def _with_ids(causes: Sequence[Cause], relation_id: str, hashed: Callable[[str], str]) -> list[Cause]:
    """Each with the id of its alert: the same as long as that is about the same."""
    about = {(cause.rule, cause.topic) for cause in causes}
    ids = {key: f"alr_{hashed(f'{relation_id} {key[0]} {key[1]}')}" for key in about}
    return [replace(cause, alert=ids[cause.rule, cause.topic]) for cause in causes]


def _hashed(hub: Hub) -> Callable[[str], str]:
    return lambda text: hub.sealer.tag(f"alert {text}".encode())


async def drop_past_alerts(hub: Hub, now: datetime) -> None:
    """What has passed goes: nobody is told of it any more, whether or not it is there."""
    async with hub.database.begin() as store:
        for rule, number in (await alerts.drop_past(store, now)).items():
            metrics.alerts_past.labels(rule).inc(number)
