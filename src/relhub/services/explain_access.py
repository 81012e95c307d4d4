"""What somebody would see of a relation on an occasion, and why: for a privacy officer, a steward, or who asks why nothing is there."""

from dataclasses import dataclass, replace

from relhub.domain.access import Consumer, Profile, Refusal, admits, occasion_does_not_hold
from relhub.domain.compartments import Level
from relhub.domain.occasions import Occasion, parse_occasion
from relhub.errors import InvalidInput, NotFound, Problem
from relhub.services.hub import Hub
from relhub.services.own_look import own_look
from relhub.storage.cases import is_open_with, relations_of_occasion
from relhub.storage.compartments import cases_of_relation, present_id
from relhub.storage.database import Driver
from relhub.storage.log import add_look


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
        found = await _explain(hub, store.driver, consumer, activity_id, parsed, relation_id, cases)
        look = replace(own_look(hub, "explain-access"), activity=activity_id, occasion=str(parsed))
        await add_look(store.driver, look, "shown" if cases else "not-found", [relation_id] if cases else [], [ref for ref, _ in cases])
    if not cases:
        raise NotFound("there is no such relation, or it is in no case")
    return found


async def _explain(
    hub: Hub, driver: Driver, consumer: Consumer, activity_id: str, occasion: Occasion, relation_id: str, cases: list[tuple[str, int]]
) -> Explanation:
    activity = admits(hub.access.rules, consumer, activity_id, occasion)
    if isinstance(activity, Refusal):
        return Explanation(activity.reason, (), ())
    profile = hub.access.profile(activity, consumer.organisation)
    refused = await _verify(hub, driver, profile, consumer, occasion, relation_id)
    return Explanation(refused, tuple(sorted(activity.groups)), tuple(_seen(profile, ref, compartment) for ref, compartment in cases))


async def _verify(hub: Hub, driver: Driver, profile: Profile, consumer: Consumer, occasion: Occasion, relation_id: str) -> str:
    """Why the occasion does not hold; empty when it does, or none is needed."""
    if occasion.sort != "case":
        return ""
    asked = (driver, profile, occasion.source, occasion.case_id, consumer.department)
    source = hub.sources.get(occasion.source)
    holds = source is not None and source.organisation == consumer.organisation and bool(await is_open_with(*asked))
    if holds and profile.activity.case.involves_relation:
        holds = relation_id in await relations_of_occasion(*asked)
    return "" if holds else occasion_does_not_hold(profile.activity).reason


def _seen(profile: Profile, ref: str, id_: int) -> SeenCase:
    case = profile.compartments.get(id_)
    if case is None:
        return SeenCase(ref, "of a source that is no longer there", Level.none.name, None)
    rule = next((at for at, opening in enumerate(profile.activity.openings, 1) if opening.fits(case, profile.organisation)), None)
    words = (case.organisation, case.capacity, case.kind, case.confidentiality, case.sensitivity.category, case.sensitivity.regime)
    return SeenCase(ref, ", ".join(words), profile.levels.get(id_, Level.none).name, rule)
