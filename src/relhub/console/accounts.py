"""Signing in with the account of the organisation: to its issuer, and back with a code; and signing out of it."""

from typing import Final

from starlette.responses import RedirectResponse, Response

from relhub.config.consumers import ConsumerConfig, load_consumer_configs
from relhub.config.settings import Settings
from relhub.console.pages import page
from relhub.console.sign_in import forget, known, show_sign_in, signed_in
from relhub.console.visit import Visit
from relhub.errors import ConfigurationError, NotAllowed, NotAuthenticated
from relhub.services.authenticate import Authentication
from relhub.services.keep_session import Session
from relhub.services.sign_official_in import NOT_BEGUN, PATIENCE, Client, begin_sign_in, finish_sign_in, where_to_sign_out

_KEPT: Final = "console-sign-in"
_LEFT: Final = "console-left"
_REMEMBERED: Final = 30 * 86_400  # seconds: longer than an issuer keeps anybody signed in


def client_of(settings: Settings) -> ConsumerConfig:
    """The consumer as which officials sign in. Raises ConfigurationError when it can't be."""
    name = settings.console_consumer
    found = next((config for config in load_consumer_configs(settings.consumers) if config.name == name), None)
    if found is None or found.issuer is None or found.oin is not None:
        raise ConfigurationError(
            f"RELHUB_CONSOLE_CONSUMER: {name} must be a consumer in {settings.consumers} with an issuer, and without an oin"
        )
    return found


async def begin(visit: Visit) -> Response:
    """To the issuer."""
    left = visit.console.cookie(_LEFT) in visit.request.cookies
    address, kept = await begin_sign_in(visit.hub, _client(visit), anew=left)
    visit.cookies[visit.console.cookie(_KEPT)] = (kept, PATIENCE)
    return RedirectResponse(address, 303)


async def back(visit: Visit) -> Response:
    """From the issuer, with a code or with why there is none."""
    name, asked = visit.console.cookie(_KEPT), visit.request.query_params
    visit.cookies[name] = ("", 0)
    kept, state, issuer, code = visit.request.cookies.get(name, ""), asked.get("state", ""), asked.get("iss", ""), asked.get("code", "")
    _authentication(visit).refuse_failing(visit.address)
    try:
        token = await finish_sign_in(visit.hub, _client(visit), kept, state, issuer, code)
        who = await known(visit, token)
    except NotAuthenticated as error:
        if str(error) != NOT_BEGUN:  # any page elsewhere can have a browser come here, and its address is not to fail by that
            _authentication(visit).note_refusal(error, visit.address)
        return show_sign_in(visit, 400, "sign_in.failed")
    except NotAllowed:
        return show_sign_in(visit, 403, "sign_in.not_agreed")
    if not who.official or who.consumer.name != visit.console.settings.console_consumer:
        return show_sign_in(visit, 403, "sign_in.nobody")
    visit.cookies[visit.console.cookie(_LEFT)] = ("", 0)
    return await signed_in(visit, Session(token, "", who.official, who.consumer.department, who.until))


async def leave(visit: Visit) -> Response:
    """Signs out here; then at the issuer, where it is a page that leads: a form may be sent to this console only. Who signs in next shows who they are again."""
    await forget(visit)
    if not visit.console.settings.console_consumer:
        return visit.to("/sign-in")
    visit.cookies[visit.console.cookie(_LEFT)] = ("1", _REMEMBERED)
    address = await where_to_sign_out(_client(visit))
    return page(visit, "signed_out", address=address, here=visit.console.path + "/sign-in") if address else visit.to("/sign-in")


def _client(visit: Visit) -> Client:
    settings = visit.console.settings
    config = client_of(settings)
    assert config.issuer is not None
    secret = settings.console_secret.get_secret_value() if settings.console_secret else ""
    if settings.console_secret_file:
        secret = settings.console_secret_file.read_text().strip()
    return Client(
        _authentication(visit).followed(config.issuer),
        config.client_id or config.application,
        secret,
        settings.console_scope,
        f"{visit.console.origin}{visit.console.path}/back",
        f"{visit.console.origin}{visit.console.path}/sign-in",
    )


def _authentication(visit: Visit) -> Authentication:
    authentication: Authentication = visit.console.app.state.authentication
    return authentication
