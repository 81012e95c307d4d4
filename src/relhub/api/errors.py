"""Errors as answers: problem details (RFC 9457). The only place with status codes for what goes wrong."""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import asyncpg
import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import Scope

from relhub.api.wording import problems_of
from relhub.errors import (
    AmbiguousIdentifier,
    ChangedMeanwhile,
    ConfigurationError,
    DatabaseUnusable,
    DeliveryLost,
    ExportExpired,
    ExportLost,
    ExportStopped,
    InvalidInput,
    IssuerUnavailable,
    KeyReused,
    LogboekUnavailable,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NoToken,
    Problem,
    PullLost,
    PullRefused,
    PurgeRefused,
    RecordRejected,
    RelhubError,
    Restricted,
    SealLost,
    SourceError,
    SourceRefused,
    SourceUnavailable,
    TooManyRequests,
    WrongState,
)
from relhub.logs import places

PROBLEM_JSON: Final = "application/problem+json"
_TYPE = "urn:problem-type:relhub:"
_logger = structlog.get_logger("relhub.api")


@dataclass(frozen=True, slots=True)
class Answer:
    """How a kind of error is answered. Without `detail` the error's own words are shown."""

    status: int
    name: str
    title: str
    detail: str = ""
    headers: Mapping[str, str] | None = None


INVALID = Answer(400, "invalid-input", "The request is not valid")
_TOKEN_WANTED = (
    "Send the header 'Authorization: Bearer <token>' with a valid access token or API key of your application. "
    "A token never belongs in a URL."
)
NOT_AUTHENTICATED = Answer(
    401,
    "not-authenticated",
    "The application is not known",
    _TOKEN_WANTED,
    {"WWW-Authenticate": 'Bearer realm="relhub", error="invalid_token", error_description="The token is not accepted here"'},
)
NO_TOKEN = Answer(401, "not-authenticated", "The application is not known", _TOKEN_WANTED, {"WWW-Authenticate": 'Bearer realm="relhub"'})
TOO_MANY_REQUESTS = Answer(429, "too-many-requests", "Too many requests", headers={"Retry-After": "60"})
UNEXPECTED = Answer(
    500, "unexpected", "Something went wrong in relhub", "Report the instance of this problem to the administrator of relhub."
)
_NO_DATABASE = Answer(
    503,
    "database-unusable",
    "relhub can't answer now",
    "The store of relhub can't be used at this moment, and without it nothing is shown. Ask again later.",
    {"Retry-After": "5"},
)
_SOURCE_BROKEN = Answer(
    502,
    "source-refused",
    "A source gives no usable answer",
    "A source that is needed for this answer was asked and gave none that can be used. The administrator of relhub must look at it.",
)

ANSWERS: Final[Mapping[type[RelhubError], Answer]] = {
    InvalidInput: INVALID,
    NotAuthenticated: NOT_AUTHENTICATED,
    NoToken: NO_TOKEN,
    IssuerUnavailable: Answer(
        503,
        "issuer-unavailable",
        "The token can't be checked now",
        "The issuer of this token does not answer, and its key is not known here. Ask again later, with the same token.",
        {"Retry-After": "15"},
    ),
    TooManyRequests: TOO_MANY_REQUESTS,
    NotAllowed: Answer(
        403, "not-allowed", "This is not allowed", headers={"WWW-Authenticate": 'Bearer realm="relhub", error="insufficient_scope"'}
    ),
    Restricted: Answer(403, "restricted", "The use of this data is restricted"),
    NotFound: Answer(404, "not-found", "Nothing found"),
    AmbiguousIdentifier: Answer(409, "ambiguous-identifier", "More than one relation answers to this"),
    SourceUnavailable: Answer(
        503,
        "source-unavailable",
        "A source does not answer now",
        "A source that is needed for this answer does not answer now. Ask again later.",
        {"Retry-After": "30"},
    ),
    SourceRefused: _SOURCE_BROKEN,
    SourceError: _SOURCE_BROKEN,
    RecordRejected: _SOURCE_BROKEN,
    PullRefused: Answer(409, "pull-refused", "The pull changed nothing"),
    PurgeRefused: UNEXPECTED,  # met by a command and a worker only
    PullLost: Answer(409, "pull-lost", "Another process pulls this source"),
    DeliveryLost: UNEXPECTED,  # met by a worker only
    LogboekUnavailable: UNEXPECTED,  # met by a worker only
    ExportExpired: Answer(410, "export-expired", "This export is no longer there"),
    ExportLost: UNEXPECTED,  # met by a worker only, as is the next
    ExportStopped: UNEXPECTED,
    ChangedMeanwhile: Answer(412, "changed-meanwhile", "This was changed meanwhile"),
    WrongState: Answer(409, "wrong-state", "This can't follow"),
    KeyReused: Answer(409, "idempotency-key-reused", "This Idempotency-Key was used for another request"),
    DatabaseUnusable: _NO_DATABASE,
    ConfigurationError: UNEXPECTED,
    SealLost: UNEXPECTED,
    RelhubError: UNEXPECTED,
}

# Refusals of HTTP itself, before any question is asked.
NO_ADDRESS = Answer(
    404, "not-found", "Nothing found", "This address does not exist. Addresses are in /v1/openapi.json, and none ends with a slash."
)
METHOD_NOT_ALLOWED = Answer(
    405,
    "method-not-allowed",
    "Not with this method",
    "This address does not answer to this method; the header Allow names those that it does.",
)
NOT_ACCEPTABLE = Answer(
    406,
    "not-acceptable",
    "Not in this form",
    "Answers are given as application/json, and a page as text/html; accept the one that is given here.",
)
TOO_LARGE = Answer(413, "too-large", "The request is too large", "A body may have at most 65536 bytes.")
UNSUPPORTED_MEDIA_TYPE = Answer(
    415, "unsupported-media-type", "Not in this form", "Send the body as Content-Type: application/json, in UTF-8 and not compressed."
)
_BY_STATUS: Final = {a.status: a for a in (NO_ADDRESS, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)}
# Other ways in which the database is lost than DatabaseUnusable: a connection that breaks halfway, a full pool.
_CONNECTION_LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    NoConnectionFree,
    ConnectionError,
    TimeoutError,
)


def refused(answer: Answer, **headers: str) -> HTTPException:
    """A refusal of HTTP itself, to raise."""
    return HTTPException(answer.status, headers=headers or None)


def answer_for(error: RelhubError) -> Answer:
    """The answer for the class of the error, or for the nearest class above it."""
    return next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)


def problem(scope: Scope, answer: Answer, detail: str = "", **members: object) -> Response:
    """A problem as an answer; `instance` holds the trace id, by which its log lines are found."""
    trace_id = scope.get("state", {}).get("trace_id") or uuid.uuid4().hex
    body = {
        "type": _TYPE + answer.name,
        "title": answer.title,
        "status": answer.status,
        "detail": detail or answer.detail,
        "instance": uuid.UUID(trace_id).urn,
        **members,
    }
    return Response(orjson.dumps(body), answer.status, answer.headers, PROBLEM_JSON)


def invalid(scope: Scope, problems: Iterable[Problem]) -> Response:
    """400 with everything that is wrong, each once."""
    listed = [{"location": found.location, "detail": found.detail} for found in dict.fromkeys(problems)]
    count = "One thing is" if len(listed) == 1 else f"{len(listed)} things are"
    return problem(scope, INVALID, f"{count} wrong with this request; see errors.", errors=listed)


def unexpected(scope: Scope, error: Exception) -> Response:
    """500 without particulars. They are logged as places in the code only: the text of a strange error may hold personal data."""
    _logger.error(
        "unexpected error",
        error=type(error).__name__,
        places=places(error),
        cause=type(error.__cause__).__name__ if error.__cause__ else None,
    )
    return problem(scope, UNEXPECTED)


def install(app: FastAPI) -> None:
    """Every error becomes a problem."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)


async def answer_of(request: Request, error: Exception) -> Response:
    """The same problem, for who answers errors in another form."""
    handler = next((_HANDLERS[kind] for kind in type(error).__mro__ if kind in _HANDLERS), None)
    return await handler(request, error) if handler else unexpected(request.scope, error)


async def _on_relhub_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RelhubError)
    if isinstance(error, InvalidInput):
        return invalid(request.scope, error.problems)
    answer = answer_for(error)
    if answer.status >= 500:
        _logger.warning("can't answer", error=type(error).__name__, reason=str(error))
    if isinstance(error, AmbiguousIdentifier):
        return problem(request.scope, answer, str(error), relations=list(error.relation_ids))
    if isinstance(error, ChangedMeanwhile):
        return problem(request.scope, answer, str(error), present=orjson.Fragment(error.present))
    if isinstance(error, TooManyRequests):
        answer = replace(answer, headers={"Retry-After": str(error.retry_after)})
    return problem(request.scope, answer, answer.detail or str(error))


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    """What FastAPI finds wrong, together with what the gate found before it."""
    assert isinstance(error, RequestValidationError)
    return invalid(request.scope, [*_found_before(request), *problems_of(error.errors())])


def _found_before(request: Request) -> tuple[Problem, ...]:
    asking = getattr(request.state, "asking", None)
    return asking.problems if asking else ()


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:  # FastAPI, of a body that breaks its reader
        return invalid(request.scope, [*_found_before(request), Problem("body", "can't be read as JSON in UTF-8")])
    answer = _BY_STATUS.get(error.status_code) or Answer(
        error.status_code, "http", "The request can't be answered", "The request can't be answered."
    )
    response = problem(request.scope, answer)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    if answer is METHOD_NOT_ALLOWED and (methods := _methods(request)):
        response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def _methods(request: Request) -> set[str]:
    """With which methods this address can be asked, each of which has a route of its own; empty when this one is among them."""
    routes = [route for route in request.app.router.routes if isinstance(route, Route)]
    matched = next((route.path for route in routes if route.matches(request.scope)[0] != Match.NONE), None)
    methods = {method for route in routes if route.path == matched for method in route.methods or ()}
    return set() if request.method in methods else methods


async def _on_database_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)
    if error.connection_invalidated or isinstance(error.__cause__, _CONNECTION_LOST):
        return await _on_connection_lost(request, error)
    return unexpected(request.scope, error)


async def _on_connection_lost(request: Request, error: Exception) -> Response:
    _logger.warning("the database was lost", error=type(error).__name__)
    return problem(request.scope, _NO_DATABASE)


_HANDLERS: Final[Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]] = {
    RelhubError: _on_relhub_error,
    RequestValidationError: _on_invalid_request,
    HTTPException: _on_http_exception,
    DBAPIError: _on_database_error,
    **dict.fromkeys(_CONNECTION_LOST, _on_connection_lost),
}
