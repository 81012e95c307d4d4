"""The enforcement system: plain JSON, an API key in a header, cursor paging."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relhub.demo.credentials import ENFORCEMENT_KEY
from relhub.demo.faults import LOOP
from relhub.demo.store import Collection

DEFAULT_LIMIT, MOST = 100, 500


def _error(status: int, text: str) -> Response:
    return Response(orjson.dumps({"fout": text}), status, media_type="application/json")


def _cursor(position: int) -> str:
    return urlsafe_b64encode(f"dossier:{position}".encode()).decode().rstrip("=")


def _position(cursor: str) -> int | None:
    """The position a cursor stands for, or None when it was not made here."""
    try:
        kind, _, number = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
    except (Error, ValueError):
        return None
    return int(number) if kind == "dossier" and number.isascii() and number.isdigit() else None


class Enforcement:
    """GET /api/dossiers and GET /api/dossiers/{dossierNr}."""

    def __init__(self, dossiers: Collection) -> None:
        self.dossiers = dossiers
        routes = [Route("/api/dossiers", self.list), Route("/api/dossiers/{number}", self.one)]
        self.app = Starlette(routes=routes, exception_handlers={HTTPException: _refused})
        self.app.router.redirect_slashes = False

    async def list(self, request: Request) -> Response:
        if refused := _not_known(request):
            return refused
        unknown = set(request.query_params) - {"cursor", "limit"}
        if unknown:
            return _error(400, f"onbekende parameter: {', '.join(sorted(unknown))}")
        limit, cursor = request.query_params.get("limit", str(DEFAULT_LIMIT)), request.query_params.get("cursor", "")
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MOST):
            return _error(400, f"limit: een getal van 1 tot en met {MOST}")
        start = _position(cursor) if cursor else 0
        if start is None:
            return _error(400, "cursor: ongeldig")
        return self._page(start, int(limit), cursor or _cursor(0) if LOOP in request.scope else None)

    def _page(self, start: int, limit: int, looping: str | None) -> Response:
        # The cursor is a position that stays when dossiers are removed: what follows is what lies behind it.
        positions: Sequence[int] = self.dossiers.positions()
        behind = positions[start:] if isinstance(positions, range) else [at for at in positions if at >= start]
        page = behind[:limit]
        following = _cursor(page[-1] + 1) if len(behind) > limit else None
        head = orjson.dumps({"nextCursor": looping or following, "total": len(positions)})
        body = b'{"items":[' + self.dossiers.inside(page) + b"]," + head[1:]
        return Response(body, media_type="application/json")

    async def one(self, request: Request) -> Response:
        if refused := _not_known(request):
            return refused
        if request.query_params:
            return _error(400, "onbekende parameter")
        line = self.dossiers.get(request.path_params["number"])
        return _error(404, "dossier onbekend") if line is None else Response(line, media_type="application/json")


def _not_known(request: Request) -> Response | None:
    given = request.headers.get("x-api-key", "")
    return None if hmac.compare_digest(given.encode(), ENFORCEMENT_KEY.encode()) else _error(401, "sleutel ontbreekt of is ongeldig")


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, {404: "niet gevonden", 405: "methode niet toegestaan"}.get(error.status_code, "fout"))
