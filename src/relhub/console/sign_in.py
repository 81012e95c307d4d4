"""Signing in and out: with the account of the organisation, or in the demo as one of its people."""

import re
import time
from typing import Final

from starlette.responses import Response

from relhub.config.consumers import ConsumerConfig, load_consumer_configs
from relhub.console.pages import page
from relhub.console.visit import Visit
from relhub.domain.tokens import OFFICIAL
from relhub.services.authenticate import Authenticated, Authentication
from relhub.services.keep_session import LONGEST, Session, begin_session, end_session


async def start(visit: Visit) -> Response:
    """Where to sign in."""
    if visit.session:
        return visit.to("")
    return show_sign_in(visit)


def show_sign_in(visit: Visit, status: int = 200, problem: str = "") -> Response:
    """`problem`: a key of the catalogue, of why somebody has to sign in (again)."""
    return page(
        visit,
        "sign_in",
        status,
        problem=problem,
        people=demo_people(visit),
        accounts=bool(visit.console.settings.console_consumer),
        here=visit.console.path + "/sign-in",
    )


def demo_people(visit: Visit) -> list[ConsumerConfig]:
    """The people of the demo: consumers with a token in clear."""
    if not visit.console.settings.console_demo:
        return []
    return [config for config in load_consumer_configs(visit.console.settings.consumers) if config.token and config.example]


async def as_demo(visit: Visit) -> Response:
    """Signs in as one of the demo's people."""
    config = next((each for each in demo_people(visit) if each.name == visit.form.get("person")), None)
    official = visit.form.get("official", "") or (config.example.official if config and config.example else "")
    if config is None or config.token is None or not _ACCOUNT.fullmatch(official):
        return show_sign_in(visit, 400, "sign_in.choose")
    named = official if config.may_name_official else ""
    session = Session(config.token, named, named or config.name, config.department, time.time() + LONGEST.total_seconds())
    return await signed_in(visit, session)


_ACCOUNT: Final = re.compile(OFFICIAL)


async def signed_in(visit: Visit, session: Session) -> Response:
    """From now on this browser is of this official; whoever was signed in before no longer is."""
    if visit.session:
        await end_session(visit.hub, visit.key)
    key = await begin_session(visit.hub, session)
    visit.cookies[visit.console.cookie("console")] = (key, int(LONGEST.total_seconds()))
    return visit.to("")


async def forget(visit: Visit) -> None:
    """The session is gone, also for who has its key."""
    if visit.session:
        await end_session(visit.hub, visit.key)
    visit.session = None
    visit.cookies[visit.console.cookie("console")] = ("", 0)


async def known(visit: Visit, token: str) -> Authenticated:
    """Whose token this is, as the gate of the API knows it. Raises NotAuthenticated, NotAllowed, TooManyRequests, IssuerUnavailable."""
    authentication: Authentication = visit.console.app.state.authentication
    return await authentication.authenticate(visit.hub, token, visit.address, "")
