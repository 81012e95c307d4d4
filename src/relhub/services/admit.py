"""Deciding on a question before anything is looked up; every refusal is logged."""

from dataclasses import dataclass, replace
from typing import NoReturn

from relhub.adapters.behalf import on_behalf_of
from relhub.domain.access import (
    ENTRY_DOES_NOT_HOLD,
    Activity,
    Profile,
    Refusal,
    admits,
    occasion_does_not_hold,
    place_occasion_does_not_hold,
)
from relhub.domain.behalf import Behalf
from relhub.domain.entries import ANSWER_OPENS, CONTACT_OPENS
from relhub.domain.occasions import ENTRIES, SHORTEST_REASON, Occasion, names_by_number, parse_occasion
from relhub.errors import InvalidInput, NotAllowed, NotFound, Problem, Restricted, SourceError
from relhub.services.asked import Asked
from relhub.services.fetch_case import could_show, fetch_case
from relhub.services.hub import Hub
from relhub.services.tell_privacy_officer import keep_notice
from relhub.storage.database import Driver
from relhub.storage.entries import opened_by
from relhub.storage.log import Look, add_look
from relhub.storage.seen import ENTRY

_FORM = f"must be none, case:{{source}}/{{case id}}, task:, question: or contact-moment: and the id, or break-glass: and the reason in words ({SHORTEST_REASON} characters at least)"

_NO_WATCHER = Refusal("This processing activity may not see how sources are doing; name one of which the access rule says health = true.")
_NO_NUMBER = "must not hold a citizen service number (BSN): the words are kept and sent on, and whom they are about is in the log already"
_NOBODY = Refusal("Break-glass is for an official who answers for it: name the official in X-Official.")


@dataclass(slots=True)
class Admitted:
    """What may be seen, the occasion still to be verified, and how the look is logged."""

    profile: Profile
    occasion: Occasion
    look: Look
    opens: str = ""  # the relation that the occasion is about, when it is an entry: verified already
    of_place: bool = False  # asked about a place, not a relation

    @property
    def occasion_case(self) -> tuple[str, str]:
        """(source, case id) for the statement that verifies it; of an entry that it is about this relation."""
        return (ENTRY, self.opens) if self.opens else (self.occasion.source, self.occasion.case_id)

    @property
    def on_case(self) -> bool:
        """Whether the occasion is a case or an entry, which has to involve what is asked for."""
        return self.occasion.sort not in ("none", "break-glass")

    @property
    def does_not_hold(self) -> Refusal:
        if self.opens:
            return ENTRY_DOES_NOT_HOLD
        return (place_occasion_does_not_hold if self.of_place else occasion_does_not_hold)(self.profile.activity)


async def admit(
    hub: Hub,
    asked: Asked,
    operation: str,
    sections: tuple[str, ...] = (),
    *,
    verified_with_the_look: bool = False,
    own_work: bool = False,
    of_place: bool = False,
) -> Admitted:
    """The visibility profile of this question. Raises NotAllowed (logged), or InvalidInput for an occasion that can't be read.

    `sections`: those that it asks for, for the log. `verified_with_the_look`: the statement that looks says itself when there are compartments that the profile does not know. `own_work`: as of `admits`.
    """
    occasion = parse_occasion(asked.occasion)
    if occasion is None:
        raise InvalidInput(Problem("header X-Occasion", _FORM))
    if names_by_number(occasion.reason):
        raise InvalidInput(Problem("header X-Occasion", _NO_NUMBER))
    if not verified_with_the_look:
        async with hub.database.driver() as driver:
            await hub.access.renew(driver)
    activity = admits(hub.access.rules, asked.consumer, asked.activity, occasion, own_work=own_work)
    if isinstance(activity, Refusal):
        await refuse(hub, _look(hub, asked, occasion, operation, None, sections), activity)
    profile = hub.access.profile(activity, asked.consumer.organisation)
    admitted = Admitted(profile, occasion, _look(hub, asked, occasion, operation, profile, sections), of_place=of_place)
    on_behalf_of.set(_behalf(asked, activity))
    if occasion.sort == "break-glass":
        await _break_glass(hub, asked, admitted)
    if occasion.sort in ENTRIES:
        admitted.opens = await _opened_by(hub, admitted)
    elif admitted.on_case and not _of_own_organisation(hub, asked, occasion):
        await refuse(hub, admitted.look, admitted.does_not_hold)
    return admitted


def decide_now(hub: Hub, asked: Asked, operation: str) -> Admitted | Refusal:
    """The same of a question without an occasion, with the rules in force and the compartments that are known; logs nothing."""
    occasion = Occasion("none")
    activity = admits(hub.access.rules, asked.consumer, asked.activity, occasion)
    if isinstance(activity, Refusal):
        return activity
    profile = hub.access.profile(activity, asked.consumer.organisation)
    return Admitted(profile, occasion, _look(hub, asked, occasion, operation, profile, ()))


async def _opened_by(hub: Hub, admitted: Admitted) -> str:
    """The relation that an entry is the occasion for. Raises NotAllowed (logged) when it is none."""
    look, occasion = admitted.look, admitted.occasion
    async with hub.database.driver() as driver:
        since = look.at - CONTACT_OPENS, look.at - ANSWER_OPENS
        found = await opened_by(driver, occasion.sort, occasion.case_id, look.organisation, look.department, *since)
    if found is None:
        await refuse(hub, look, ENTRY_DOES_NOT_HOLD)
    return found


async def admit_watcher(hub: Hub, asked: Asked, operation: str) -> Admitted:
    """The same, for questions about sources. Raises NotAllowed (logged) for who may not ask those."""
    admitted = await admit(hub, asked, operation)
    if not admitted.profile.activity.health:
        await refuse(hub, admitted.look, _NO_WATCHER)
    return admitted


def _behalf(asked: Asked, activity: Activity) -> Behalf:
    """For the sources that are asked on account of this question."""
    who = asked.consumer
    of = (asked.official, who.application, who.organisation, who.department)
    return Behalf(activity.id, activity.register_uri, activity.purpose, *of, asked.occasion, asked.trace_id)


async def _break_glass(hub: Hub, asked: Asked, admitted: Admitted) -> None:
    """The privacy officer is told, whatever comes of the question. Raises NotAllowed (logged) when nobody answers for it."""
    if not asked.official:
        await refuse(hub, admitted.look, _NOBODY)
    async with hub.database.driver() as driver:
        await keep_notice(hub, driver, "break-glass", asked, admitted.occasion.reason)


def _of_own_organisation(hub: Hub, asked: Asked, occasion: Occasion) -> bool:
    """Of a source that is no longer there nobody knows whose it was, whatever its cases still say of their department."""
    source = hub.sources.get(occasion.source)
    return source is not None and source.organisation == asked.consumer.organisation


async def renew(hub: Hub, admitted: Admitted) -> None:
    """Decides again, now that there are cases of compartments that were not there."""
    async with hub.database.driver() as driver:
        await renewed(hub, driver, admitted)


async def renewed(hub: Hub, driver: Driver, admitted: Admitted) -> None:
    """The same with a connection that is at hand."""
    await hub.access.renew(driver)
    admitted.profile = hub.access.profile(admitted.profile.activity, admitted.profile.organisation)
    admitted.look = replace(admitted.look, levels=admitted.look.levels | dict(admitted.profile.by_capacity))


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


async def restricted(hub: Hub, admitted: Admitted) -> NoReturn:
    """Logs and raises Restricted."""
    async with hub.database.driver() as driver:
        await add_look(driver, admitted.look, "restricted", [], [])
    raise Restricted(admitted.profile.coordinator)


async def fetch_occasion(hub: Hub, admitted: Admitted, refusal: Refusal | None = None) -> None:
    """Asks the source for a case that the hub does not know yet. Raises NotAllowed when there is no such source, SourceError when it does not answer."""
    if not _could_hold(hub, admitted):
        await refuse(hub, admitted.look, refusal or admitted.does_not_hold)
    await fetch_logged(hub, admitted, *admitted.occasion_case)


def _could_hold(hub: Hub, admitted: Admitted) -> bool:
    """Whether a case of this source can be the occasion at all: one that this profile sees, in a source that has cases of this department."""
    source = hub.sources.get(admitted.occasion.source)
    departments = set(source.departments.values()) if source else set()
    return could_show(hub, admitted.profile, admitted.occasion.source) and (
        not departments or not admitted.profile.activity.case.own_department or admitted.look.department in departments
    )


async def fetch_logged(hub: Hub, admitted: Admitted, source: str, case_id: str) -> None:
    """Asks a source for a case on account of this question. Raises SourceError (logged) when it does not answer."""
    try:
        await fetch_case(hub, source, case_id)
    except SourceError:
        async with hub.database.driver() as driver:
            await add_look(driver, admitted.look, "unverified", [], [])
        raise
    await renew(hub, admitted)


def _look(hub: Hub, asked: Asked, occasion: Occasion, operation: str, profile: Profile | None, sections: tuple[str, ...]) -> Look:
    who, activity = asked.consumer, hub.access.rules.activities.get(asked.activity)
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
        hub.access.rules.version,
        operation,
        dict(profile.by_capacity) if profile else {},
        register_uri=activity.register_uri if activity else "",
        sections=sections,
        disclosable=activity is None or activity.disclosable,
        span_id=asked.span_id,
        parent_span_id=asked.parent_span_id,
    )
