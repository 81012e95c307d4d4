"""The addresses of the console, and what becomes of what goes wrong."""

from collections.abc import Awaitable, Callable
from typing import Final

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relhub.api.errors import answer_of
from relhub.config.settings import Settings
from relhub.console import accounts, choose, entries, find, relation, sign_in
from relhub.console.ask import Refused
from relhub.console.pages import STYLES_NAME, dressed, problem, styles
from relhub.console.problems import said
from relhub.console.visit import Console, Forged, Gone, SignedOut, Visit, know

Handler = Callable[[Visit], Awaitable[Response]]
_WORK: Final = "/{work:str}"
_RELATION: Final = _WORK + "/relations/{relation:str}"
_HANDLERS: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("GET", "", choose.home),
    ("POST", "/work", choose.choose),
    ("GET", "/sign-in", sign_in.start),
    ("GET", "/sign-in/account", accounts.begin),
    ("GET", "/back", accounts.back),
    ("POST", "/sign-in/demo", sign_in.as_demo),
    ("POST", "/sign-out", accounts.leave),
    ("GET", _WORK, find.finding),
    ("POST", _WORK + "/find", find.find),
    ("GET", _RELATION, relation.relation),
    ("GET", _WORK + "/tasks", entries.tasks),
    ("GET", _WORK + "/entries/{entry:str}", entries.entry),
    ("POST", _WORK + "/entries/{entry:str}/steps", entries.step),
    ("GET", _RELATION + "/new/{sort:str}", entries.new),
    ("POST", _RELATION + "/new/{sort:str}", entries.record),
    ("POST", _RELATION + "/alerts/{alert:str}", relation.dismiss),
    ("GET", _RELATION + "/{list:str}", relation.more),
    ("GET", _WORK + "/cases/{source:str}/{case:path}", relation.case),
)


def routes(app: FastAPI, settings: Settings) -> list[Route]:
    """The console, beside the API that it asks; none when it is off. Raises ConfigurationError when officials could not sign in."""
    if not settings.console_url:
        return []
    if settings.console_consumer:
        accounts.client_of(settings)
    console = Console(app, settings)
    pages = [Route(f"/console{path}", _served(console, handler, path), methods=[method]) for method, path, handler in _HANDLERS]
    return [Route(f"/console/static/{STYLES_NAME}", _styles), *pages, Route("/console/{path:path}", _served(console, _nowhere, "/…"))]


async def _styles(request: Request) -> Response:
    request.state.route = "/console/static"
    return styles()


async def _nowhere(visit: Visit) -> Response:
    if visit.part("path") == "":
        return visit.to("")
    raise Gone


def _served(console: Console, handler: Handler, path: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        request.state.route = f"/console{path.replace(':str', '').replace(':path', '')}"
        visit = Visit(console, request)
        try:
            await know(visit)
            response = await handler(visit)
        except SignedOut:
            response = sign_in.show_sign_in(visit, 401 if request.method == "POST" else 200, "sign_in.again")
        except Gone:
            response = problem(visit, 404, "gone")
        except Forged:
            response = problem(visit, 403, "forged")
        except Exception as error:
            response = await _refused(visit, error)
        return dressed(visit, response)

    return serve


async def _refused(visit: Visit, error: Exception) -> Response:
    """Whatever goes wrong is answered as the API would, as a page. A token that is no longer accepted ends the session."""
    if not isinstance(error, Refused):
        answer = await answer_of(visit.request, error)
        error = Refused(orjson.loads(bytes(answer.body)))
    if error.status == 401:
        await sign_in.forget(visit)
        return sign_in.show_sign_in(visit, 401, "sign_in.ended")
    return problem(visit, error.status, "", said(visit.words, error))
