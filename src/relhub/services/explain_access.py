"""What somebody would see of a relation on an occasion, and why: for a privacy officer, a steward, or who asks why nothing is there."""

from dataclasses import dataclass, replace

from relhub.domain.access import Activity, Consumer, Profile, Refusal, admits, occasion_does_not_hold
from relhub.domain.compartments import Level
from relhub.domain.occasions import Occasion, parse_occasion
from relhub.errors import InvalidInput, NotFound, Problem
from relhub.services.hub import Hub
from relhub.services.own_look import own_look
from relhub.storage.cases import is_open_with
from relhub.storage.compartments import cases_of_relation, present_id
from relhub.storage.database import Driver
from relhub.storage.log import add_look
from relhub.storage.views import relations_of_occasion


@dataclass(frozen=True, slots=True)
class SeenCase:
    """A case, at which level it would be seen, and which rule of the activity says so (None: none fits)."""

    ref: str
    where: str
    level: str
    rule: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """`refused`: why nothing would be seen, empty when something could; `cases`: all of the relation."""

    refused: str
    groups: tuple[str, ...]
    cases: tuple[SeenCase, ...]


async def explain_access(hub: Hub, consumer: Consumer, activity_id: str, occasion: str, relation_id: str) -> Explanation:
    """Decides as for a question, and shows what decided. Logged as a look by the user of this process. Raises InvalidInput, NotFound."""
    parsed = parse_occasion(occasion)
    if parsed is None:
        raise InvalidInput(Problem("occasion", "can't be read"))
    async with hub.database.begin() as store:
        await hub.access.renew(store.driver)
        relation_id = await present_id(store.driver, relation_id)
        cases = await cases_of_relation(store.driver, relation_id)
        activity = admits(hub.access.rules, consumer, activity_id, parsed)
        refused = (
            activity.reason if isinstance(activity, Refusal) else await _verify(hub, store.driver, activity, consumer, parsed, relation_id)
        )
        look = replace(own_look(hub, "explain-access"), activity=activity_id, occasion=str(parsed))
        await add_look(store.driver, look, "shown" if cases else "not-found", [relation_id] if cases else [], [ref for ref, _ in cases])
    if not cases:
        raise NotFound("there is no such relation, or it is in no case")
    if isinstance(activity, Refusal):
        return Explanation(refused, (), ())
    profile = hub.access.profile(activity, consumer.organisation)
    return Explanation(refused, tuple(sorted(activity.groups)), tuple(_seen(profile, ref, compartment) for ref, compartment in cases))


async def _verify(hub: Hub, driver: Driver, activity: Activity, consumer: Consumer, occasion: Occasion, relation_id: str) -> str:
    """Why the occasion does not hold; empty when it does, or none is needed."""
    if occasion.sort != "case":
        return ""
    department = consumer.department if activity.case.own_department else None
    case, must_be_open = (occasion.source, occasion.case_id), activity.case.open
    source = hub.sources.get(occasion.source)
    ours = source is not None and source.organisation == consumer.organisation
    holds = ours and await is_open_with(driver, *case, department, must_be_open=must_be_open)
    if holds and activity.case.involves_relation:
        holds = relation_id in await relations_of_occasion(driver, *case, department, must_be_open=must_be_open)
    return "" if holds else occasion_does_not_hold(activity).reason


def _seen(profile: Profile, ref: str, id_: int) -> SeenCase:
    case = profile.compartments.get(id_)
    if case is None:
        return SeenCase(ref, "of a source that is no longer there", Level.none.name, None)
    rule = next((at for at, opening in enumerate(profile.activity.openings, 1) if opening.fits(case, profile.organisation)), None)
    words = (case.organisation, case.capacity, case.kind, case.confidentiality, case.sensitivity.category, case.sensitivity.regime)
    return SeenCase(ref, ", ".join(words), profile.levels.get(id_, Level.none).name, rule)
