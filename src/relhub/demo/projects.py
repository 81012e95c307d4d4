"""The project system: OAuth2 client credentials, page numbers, a Link header."""

import hmac
import time
from base64 import b64decode
from binascii import Error
from secrets import token_urlsafe
from urllib.parse import parse_qs, unquote

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relhub.demo.credentials import PROJECTS_CLIENT_ID, PROJECTS_SECRET
from relhub.demo.faults import LOOP
from relhub.demo.store import Collection

LIFETIME = 300
DEFAULT_PER_PAGE, MOST = 50, 200
LONGEST_FORM = 10_000


def _json(status: int, body: object, **headers: str) -> Response:
    return Response(
        orjson.dumps(body),
        status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        media_type="application/json",
    )


class Projects:
    """POST /oauth/token, GET /v2/projects, GET /v2/projects/{id}."""

    def __init__(self, projects: Collection) -> None:
        self.projects = projects
        self._tokens: dict[str, float] = {}
        routes = [
            Route("/oauth/token", self.token, methods=["POST"]),
            Route("/v2/projects", self.list),
            Route("/v2/projects/{identity}", self.one),
        ]
        self.app = Starlette(routes=routes, exception_handlers={HTTPException: _refused})
        self.app.router.redirect_slashes = False

    def forget_tokens(self) -> None:
        """Every token given out is invalid from now on, as after a restart of the system."""
        self._tokens.clear()

    async def token(self, request: Request) -> Response:
        body = await request.body()
        form = {name: values[0] for name, values in parse_qs(body[:LONGEST_FORM].decode("utf-8", "replace")).items()}
        if form.get("grant_type") != "client_credentials":
            return _json(400, {"error": "unsupported_grant_type"})
        client, secret = _basic(request.headers.get("authorization", "")) or (form.get("client_id", ""), form.get("client_secret", ""))
        known = hmac.compare_digest(client.encode(), PROJECTS_CLIENT_ID.encode()) & hmac.compare_digest(
            secret.encode(), PROJECTS_SECRET.encode()
        )
        if not known:
            return _json(401, {"error": "invalid_client"}, WWW_Authenticate='Basic realm="projects"')
        now = time.monotonic()
        self._tokens = {token: until for token, until in self._tokens.items() if until > now}
        token = token_urlsafe(24)
        self._tokens[token] = now + LIFETIME
        return _json(200, {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME}, Cache_Control="no-store")

    async def list(self, request: Request) -> Response:
        if refused := self._not_allowed(request):
            return refused
        asked = request.query_params
        unknown = set(asked) - {"page", "perPage"}
        if unknown:
            return _json(400, {"error": "unknown_parameter", "message": f"Unknown: {', '.join(sorted(unknown))}"})
        page, per_page = _number(asked.get("page", "1"), 10**9), _number(asked.get("perPage", str(DEFAULT_PER_PAGE)), MOST)
        if page is None or per_page is None:
            return _json(400, {"error": "invalid_parameter", "message": f"page from 1, perPage from 1 to {MOST}"})
        positions = self.projects.positions()
        body = b"[" + self.projects.inside(positions[(page - 1) * per_page : page * per_page]) + b"]"
        headers = {"X-Total-Count": str(len(positions))}
        links = _links(request, page, per_page, -(-len(positions) // per_page))
        return Response(body, headers={**headers, **({"Link": links} if links else {})}, media_type="application/json")

    async def one(self, request: Request) -> Response:
        if refused := self._not_allowed(request):
            return refused
        line = self.projects.get(request.path_params["identity"])
        return (
            _json(404, {"error": "not_found", "message": "No such project"})
            if line is None
            else Response(line, media_type="application/json")
        )

    def _not_allowed(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._tokens.get(token, 0.0) > time.monotonic():
            return None
        challenge = 'Bearer realm="projects", error="invalid_token"' if token else 'Bearer realm="projects"'
        return _json(401, {"error": "invalid_token" if token else "unauthorized"}, WWW_Authenticate=challenge)


def _number(text: str, most: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 and 1 <= int(text) <= most else None


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (Error, ValueError):
        return "", ""
    return unquote(client), unquote(secret)


def _links(request: Request, page: int, per_page: int, last: int) -> str:
    base = str(request.url.replace(query=""))
    numbers = {"first": 1, "prev": page - 1 if page > 1 else None, "next": page + 1 if page < last else None, "last": max(last, 1)}
    if LOOP in request.scope:
        numbers["next"] = page
    return ", ".join(f'<{base}?page={number}&perPage={per_page}>; rel="{name}"' for name, number in numbers.items() if number)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _json(error.status_code, {"error": {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "error")})
