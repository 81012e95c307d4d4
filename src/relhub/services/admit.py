"""Deciding on a question before anything is looked up; every refusal is logged."""

from dataclasses import dataclass
from typing import NoReturn

from relhub.domain.access import OCCASION_DOES_NOT_HOLD, Level, Occasion, Profile, Refusal, decide, parse_occasion
from relhub.errors import InvalidInput, NotAllowed, NotFound, Problem, SourceError
from relhub.services.asked import Asked
from relhub.services.fetch_case import could_show, fetch_case
from relhub.services.hub import Hub
from relhub.storage.log import Look, add_look


@dataclass(frozen=True, slots=True)
class Admitted:
    """What may be seen, the occasion still to be verified, and how the look is logged."""

    profile: Profile
    occasion: Occasion
    look: Look

    @property
    def occasion_case(self) -> tuple[str, str]:
        return (self.occasion.source, self.occasion.case_id)


async def admit(hub: Hub, asked: Asked, operation: str, sections: tuple[str, ...] = ()) -> Admitted:
    """The visibility profile of this question; `sections`: those that it asks for, for the log. Raises NotAllowed (logged), or InvalidInput for an occasion that can't be read."""
    occasion = parse_occasion(asked.occasion)
    if occasion is None:
        raise InvalidInput(Problem("header X-Occasion", "must be none, or case:{source}/{case id}"))
    decided = decide(hub.access_rules, asked.consumer, asked.activity, occasion)
    levels: dict[str, str] = (
        {} if isinstance(decided, Refusal) else {capacity: level.name for capacity, level in decided.levels.items() if level > Level.none}
    )
    look = _look(hub, asked, occasion, operation, levels, sections)
    if isinstance(decided, Refusal):
        await refuse(hub, look, decided)
    return Admitted(decided, occasion, look)


async def refuse(hub: Hub, look: Look, refusal: Refusal) -> NoReturn:
    """Logs and raises NotAllowed."""
    async with hub.database.driver() as driver:
        await add_look(driver, look, "refused", [], [])
    raise NotAllowed(refusal.reason)


async def shown(hub: Hub, look: Look) -> None:
    """Logs an answer that is about no relation."""
    async with hub.database.driver() as driver:
        await add_look(driver, look, "shown", [], [])


async def not_found(hub: Hub, look: Look, reason: str) -> NoReturn:
    """Logs and raises NotFound."""
    async with hub.database.driver() as driver:
        await add_look(driver, look, "not-found", [], [])
    raise NotFound(reason)


async def fetch_occasion(hub: Hub, admitted: Admitted) -> None:
    """Asks the source for a case that the hub does not know yet. Raises NotAllowed when there is no such source, SourceError when it does not answer."""
    if not _could_hold(hub, admitted):
        await refuse(hub, admitted.look, OCCASION_DOES_NOT_HOLD)
    await fetch_logged(hub, admitted, *admitted.occasion_case)


def _could_hold(hub: Hub, admitted: Admitted) -> bool:
    """Whether a case of this source can be the occasion at all: one that this profile sees, in a source that has cases of this department."""
    source = hub.sources.get(admitted.occasion.source)
    departments = set(source.departments.values()) if source else set()
    return could_show(hub, admitted.profile, admitted.occasion.source) and (not departments or admitted.look.department in departments)


async def fetch_logged(hub: Hub, admitted: Admitted, source: str, case_id: str) -> None:
    """Asks a source for a case on account of this question. Raises SourceError (logged) when it does not answer."""
    try:
        await fetch_case(hub, source, case_id)
    except SourceError:
        async with hub.database.driver() as driver:
            await add_look(driver, admitted.look, "unverified", [], [])
        raise


def _look(hub: Hub, asked: Asked, occasion: Occasion, operation: str, levels: dict[str, str], sections: tuple[str, ...]) -> Look:
    who, activity = asked.consumer, hub.access_rules.activities.get(asked.activity)
    return Look(
        asked.at,
        asked.trace_id,
        who.name,
        who.application,
        who.organisation,
        who.department,
        asked.official,
        asked.activity,
        str(occasion),
        hub.access_rules.version,
        operation,
        levels,
        register_uri=activity.register_uri if activity else "",
        sections=sections,
        disclosable=activity is None or activity.disclosable,
        span_id=asked.span_id,
        parent_span_id=asked.parent_span_id,
    )
