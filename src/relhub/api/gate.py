"""What every question about relations meets first: who asks, in which form, and for what."""

import re
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from relhub.api.arguments import call, can_call
from relhub.api.errors import NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE, refused
from relhub.api.wording import shown_key
from relhub.domain.access import Consumer
from relhub.domain.tokens import OFFICIAL
from relhub.errors import InvalidInput, NotAuthenticated, Problem
from relhub.services.asked import Asked
from relhub.services.authenticate import Authenticated, Authentication
from relhub.services.hub import Hub
from relhub.services.verify_token import MAX_TOKEN

_BEARER = re.compile(rf"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/=-]{{1,{MAX_TOKEN}}})")
ACTIVITY: Final = r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}"
OCCASION: Final = r"(none|case:[a-z][a-z0-9-]{0,39}/[!-~]([ -~]{0,198}[!-~])?|(task|question):tsk_[0-9a-f]{32}|contact-moment:con_[0-9a-f]{32}|break-glass: ?[ -~]{20,600})"
IDEMPOTENCY_KEY: Final = r'("[!#-~]{1,200}"|[!#-~]{1,200})'
_FORMS: Final = {form: re.compile(form) for form in (ACTIVITY, OCCASION, IDEMPOTENCY_KEY, OFFICIAL)}
_WRONG_FORM: Final = "is empty, too long, or has characters that are not allowed"
_TOKEN_KEYS = frozenset({"token", "access_token", "accessToken", "api_key", "apiKey", "key"})


@dataclass(frozen=True, slots=True)
class Asking:
    """A request of a known consumer. What is wrong with its headers and query keys waits here, to be listed with the rest."""

    hub: Hub
    consumer: Consumer
    problems: tuple[Problem, ...]
    _asked: Asked

    def asked(self) -> Asked:
        """The question. Raises InvalidInput when anything is wrong with its headers or query keys."""
        if self.problems:
            raise InvalidInput(*self.problems)
        return self._asked


class Route(APIRoute):
    """A route with the gate before it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._gives = getattr(self.response_class, "media_type", None) or "application/json"
        if can_call(self.dependant):
            self.app = self._answer_plainly

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def pass_gate(request: Request) -> Response:
            await self._pass(request)
            return await answer(request)

        return pass_gate

    async def _answer_plainly(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await self._pass(request)
        response = await call(self.dependant, request)
        await response(scope, receive, send)

    async def _pass(self, request: Request) -> None:
        request.state.route = self.path_format
        sent = _sent(request)
        who = await _authenticated(request, sent)
        _check_form(sent, self._gives, takes_body=self.body_field is not None)
        request.state.asking = _asking(request, sent, who, self._known)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(_query_keys(self.dependant))


async def _given(request: Request) -> Asking:
    asking: Asking = request.state.asking
    return asking


Gated = Annotated[Asking, Depends(_given)]


def _sent(request: Request) -> dict[str, list[str]]:
    """The headers by name, read once."""
    found: dict[str, list[str]] = {}
    for name, value in request.scope["headers"]:
        found.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return found


async def _authenticated(request: Request, sent: Mapping[str, list[str]]) -> Authenticated:
    """Who asks. Raises NotAuthenticated and what else Authentication raises."""
    state, client = request.app.state, request.scope.get("client")
    authentication: Authentication = state.authentication
    peer = client[0] if client else ""
    try:
        address, oin = state.proxies.read(sent, peer)
    except NotAuthenticated as error:
        authentication.note_refusal(error, peer)
        raise
    return await authentication.authenticate(state.hub, _token(sent.get("authorization", [])), address, oin)


def let_in_again(request: Request) -> Callable[[], Coroutine[Any, Any, Consumer]]:
    """Who asked, as is agreed for them now: for an answer that goes on. Raises as the gate does when they are not let in any more."""
    sent, state, client = _sent(request), request.app.state, request.scope.get("client")
    address, oin = state.proxies.read(sent, client[0] if client else "")
    authentication: Authentication = state.authentication
    return lambda: authentication.again(state.hub, _token(sent.get("authorization", [])), address, oin)


def _token(sent: list[str]) -> str | None:
    match = _BEARER.fullmatch(sent[0]) if len(sent) == 1 else None
    return match[1] if match else None


def _check_form(sent: Mapping[str, list[str]], gives: str, *, takes_body: bool) -> None:
    if not _accepts(sent.get("accept", []), gives):
        raise refused(NOT_ACCEPTABLE)
    if not takes_body:
        return
    media_type, _, parameters = sent.get("content-type", [""])[0].lower().partition(";")
    if media_type.strip() != "application/json" or parameters.strip() not in ("", "charset=utf-8", 'charset="utf-8"'):
        raise refused(UNSUPPORTED_MEDIA_TYPE)
    if sent.get("content-encoding", ["identity"])[0].lower() != "identity":
        raise refused(UNSUPPORTED_MEDIA_TYPE)


def _accepts(accept: list[str], gives: str) -> bool:
    """The most specific range counts; `q=0` means: not this one."""
    if not accept or accept == ["*/*"]:
        return True
    found = {}
    for entry in ",".join(accept).lower().split(","):
        media_range, *parameters = (part.strip() for part in entry.split(";"))
        found[media_range] = not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
    return next((found[name] for name in (gives, f"{gives.partition('/')[0]}/*", "*/*") if name in found), set(found) == {""})


def _asking(request: Request, sent: Mapping[str, list[str]], who: Authenticated, known: frozenset[str]) -> Asking:
    activity, official, occasion = (sent.get(name, [""])[0] for name in ("x-processing-activity", "x-official", "x-occasion"))
    problems = (*_wrong_headers(sent, who), *_wrong_query(request, known))
    asked = Asked(
        who.consumer,
        who.official or official,
        activity,
        occasion,
        request.state.trace_id,
        datetime.now(UTC),
        request.state.span_id,
        request.state.parent_span_id,
        bool(who.official),
    )
    return Asking(request.app.state.hub, who.consumer, problems, asked)


def _wrong_headers(sent: Mapping[str, list[str]], who: Authenticated) -> Iterator[Problem]:
    yield from _wrong_header(
        sent, "X-Processing-Activity", ACTIVITY, required="name the processing activity (verwerking) that this question is for"
    )
    yield from _wrong_header(
        sent,
        "X-Occasion",
        OCCASION,
        wrong="must be none, case:{source}/{case number}, task:, question: or contact-moment: and the id, or break-glass: and the reason in words (at least 20 characters; percent-encoded where not ASCII)",
    )
    yield from _wrong_header(sent, "Idempotency-Key", IDEMPOTENCY_KEY)
    if who.may_name_official:
        yield from _wrong_header(sent, "X-Official", OFFICIAL, required="the account of the official on whose behalf your application asks")
    elif "x-official" in sent and who.official:
        if sent["x-official"] != [who.official]:
            yield Problem("header X-Official", "is another official than the one whose token you send; leave it out")
    elif "x-official" in sent:
        yield Problem("header X-Official", "may not be sent by this application: it asks in its own name; leave it out")


def _wrong_header(
    sent: Mapping[str, list[str]], name: str, form: str, *, required: str = "", wrong: str = _WRONG_FORM
) -> Iterator[Problem]:
    values = sent.get(name.lower(), [])
    if not values:
        if required:
            yield Problem(f"header {name}", f"is required: {required}")
    elif len(values) > 1:
        yield Problem(f"header {name}", "is given more than once")
    elif not _FORMS[form].fullmatch(values[0]):
        yield Problem(f"header {name}", wrong)


def _wrong_query(request: Request, known: frozenset[str]) -> Iterator[Problem]:
    if not request.scope["query_string"]:
        return
    for key, times in Counter(key for key, _ in request.query_params.multi_items()).items():
        if key in _TOKEN_KEYS:
            yield Problem(
                "query", "a token never belongs in a URL; send it as the header Authorization and have the one that was in the URL replaced"
            )
        elif key not in known:
            yield Problem(f"query {shown_key(key)}", f"is not known here; known: {', '.join(sorted(known)) or 'none'}")
        elif times > 1:
            yield Problem(f"query {key}", "is given more than once")


def _query_keys(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _query_keys(inner)
