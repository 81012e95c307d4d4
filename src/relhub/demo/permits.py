"""The permit system: Zaken 1.5, Catalogi and Besluiten as Open Zaak serves them, over what was prepared."""

from array import array
from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relhub.demo.faults import LOOP
from relhub.demo.ids import ZAKEN, is_uuid
from relhub.demo.numbers import MUNICIPALITY_RSIN
from relhub.demo.permit_access import DENIED, REASONS, refusal
from relhub.demo.permit_catalogue import CATALOGUE_COLLECTIONS, HOST, KINDS, UUIDS
from relhub.demo.store import Collection

VERSIONS = {"zaken": "1.5.1", "catalogi": "1.3.1", "besluiten": "1.1.0"}
OF_A_ZAAK = ("rollen", "statussen", "zaakobjecten", "resultaten", "besluiten")
FILTERS = {"zaken": {"identificatie", "bronorganisatie", "zaaktype"}, **{name: {"zaak"} for name in OF_A_ZAAK}}
CATALOGUE_FILTERS = {"zaaktype", "status"}
TITLES = {400: ("ValidationError", "invalid", "Ongeldige invoer."), 404: ("NotFound", "not_found", "Niet gevonden.")}
DEFAULT_SIZE, MOST = 100, 500


class Refused(Exception):
    """The request is answered with this problem."""

    def __init__(self, status: int, kind: str, code: str, title: str, detail: str, invalid: Sequence[tuple[str, str, str]] = ()) -> None:
        self.status, self.kind, self.code, self.title, self.detail, self.invalid = status, kind, code, title, detail, invalid


def _invalid(name: str, code: str, reason: str) -> Refused:
    return Refused(400, *TITLES[400], "Ongeldige invoer.", [(name, code, reason)])


def _not_found(detail: str = "Niet gevonden.") -> Refused:
    return Refused(404, *TITLES[404], detail)


class Permits:
    """The collections of three ZGW APIs behind one host."""

    def __init__(self, collections: Mapping[str, Collection], types: bytes) -> None:
        self.collections, self._types = collections, types
        self._of_type: dict[int, array[int]] = {}
        zaken = "/zaken/api/v1"
        routes = [
            Route(f"{zaken}/zaken/{{zaak}}/zaakeigenschappen", self.properties),
            Route(f"{zaken}/zaken/{{zaak}}/zaakeigenschappen/{{uuid}}", self.one_property),
            Route("/{api}/api/v1/{collection}", self.list), Route("/{api}/api/v1/{collection}/{uuid}", self.one),
        ]  # fmt: skip
        self.app = Starlette(routes=routes, exception_handlers={Refused: _problem, HTTPException: _page_not_found})
        self.app.router.redirect_slashes = False

    async def list(self, request: Request) -> Response:
        name = self._admitted(request)
        asked, allowed = request.query_params, FILTERS.get(name, CATALOGUE_FILTERS) | {"page", "pageSize"}
        _only(request, allowed)
        positions = self._selected(name, asked)
        size = min(_whole(asked.get("pageSize", "")) or DEFAULT_SIZE, MOST)
        page, pages = _whole(asked.get("page", "1")), max(1, -(-len(positions) // size))
        if page is None or not 1 <= page <= pages:
            raise _not_found("Ongeldige pagina.")
        following: str | None = _url(request, page=page + 1) if page < pages else None
        if LOOP in request.scope:
            following = _url(request, page=page)
        previous = _url(request, page=page - 1) if page > 1 else None
        head = orjson.dumps({"count": len(positions), "next": following, "previous": previous})
        inside = self.collections[name].inside(positions[(page - 1) * size : page * size])
        return _answer(request, head[:-1] + b',"results":[' + inside + b"]}")

    def _selected(self, name: str, asked: Mapping[str, str]) -> Sequence[int]:
        everything = self.collections[name].positions()
        if name == "zaken":
            return self._zaken(asked, everything)
        if "zaak" in asked:
            return self._of_zaak(name, _uuid_in(asked["zaak"], "zaak", "zaken"))
        if "zaaktype" in asked and name != "zaaktypen":
            wanted = f"/zaaktypen/{_uuid_in(asked['zaaktype'], 'zaaktype', 'zaaktypen')}".encode() + b'"'
            return [at for at in everything if wanted in self.collections[name].inside([at])]
        return everything

    def _zaken(self, asked: Mapping[str, str], everything: Sequence[int]) -> Sequence[int]:
        if asked.get("bronorganisatie", MUNICIPALITY_RSIN) != MUNICIPALITY_RSIN:
            return range(0)
        if "identificatie" in asked:
            position = ZAKEN.number(asked["identificatie"])
            everything = [] if position is None or position not in everything else [position]
        if "zaaktype" in asked:
            kind = UUIDS["zaaktypen"].number(_uuid_in(asked["zaaktype"], "zaaktype", "zaaktypen"))
            chosen = self._with_type(-1 if kind is None or kind >= len(KINDS) else kind)
            return chosen if isinstance(everything, range) else [at for at in everything if at in chosen]
        return everything

    def _with_type(self, kind: int) -> "array[int]":
        if kind not in self._of_type:
            self._of_type[kind] = array("L", (at for at, of in enumerate(self._types) if of == kind))
        return self._of_type[kind]

    def _of_zaak(self, name: str, uuid: str) -> Sequence[int]:
        position = UUIDS["zaken"].number(uuid)
        return self.collections[name].owned(-1 if position is None else position, lambda document: document.get("zaak", "").endswith(uuid))

    async def one(self, request: Request) -> Response:
        name, uuid = self._admitted(request), request.path_params["uuid"]
        _only(request, {"expand"} if name == "zaken" else set())
        if not is_uuid(uuid):
            return Response("<h1>Server Error (500)</h1>", 500, media_type="text/html")  # so does Open Zaak
        line = self.collections[name].get(uuid)
        if line is None:
            raise _not_found()
        tag = f'"{md5(line, usedforsecurity=False).hexdigest()}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return _answer(request, line, ETag=tag)

    async def properties(self, request: Request) -> Response:
        """Not paged: a bare list."""
        self._admit(request, "zaken", "zaakeigenschappen")
        _only(request, set())
        if self.collections["zaken"].get(request.path_params["zaak"]) is None:
            raise _not_found()
        positions = self._of_zaak("zaakeigenschappen", request.path_params["zaak"])
        return _answer(request, b"[" + self.collections["zaakeigenschappen"].inside(positions) + b"]")

    async def one_property(self, request: Request) -> Response:
        self._admit(request, "zaken", "zaakeigenschappen")
        line = self.collections["zaakeigenschappen"].get(request.path_params["uuid"])
        if line is None or f"/zaken/{request.path_params['zaak']}/".encode() not in line:
            raise _not_found()
        return _answer(request, line)

    def _admitted(self, request: Request) -> str:
        """The name of the collection that is asked, when there is one and the caller may."""
        api, name = request.path_params["api"], request.path_params["collection"]
        inside = {"catalogi": CATALOGUE_COLLECTIONS, "besluiten": ("besluiten",), "zaken": ("zaken", *OF_A_ZAAK[:-1])}.get(api, ())
        if name not in inside:
            raise HTTPException(404)
        self._admit(request, api, name)
        return str(name)

    def _admit(self, request: Request, api: str, name: str) -> None:
        code = refusal(request.headers.get("authorization", ""))
        if code:
            raise Refused(403, "PermissionDenied", code, DENIED, REASONS[code])
        crs = request.headers.get("accept-crs")
        if api != "zaken" or name != "zaken":
            return
        if crs is None:
            raise Refused(412, "PreconditionFailed", "precondition_failed", "Voorwaarde is niet vervuld", "'Accept-Crs' header ontbreekt")
        if crs != "EPSG:4326":
            title = "Kan niet voldoen aan de opgegeven Accept header."
            raise Refused(406, "NotAcceptable", "not_acceptable", title, "CRS is niet ondersteund")


def uuid_of(document: dict[str, Any]) -> str:
    """What a document of any ZGW collection is known by: its own uuid, or the end of its URL."""
    return str(document.get("uuid") or document["url"].rstrip("/").rsplit("/", 1)[1])


def _only(request: Request, allowed: set[str]) -> None:
    unknown = sorted(set(request.query_params) - allowed)
    if unknown:
        raise _invalid("nonFieldErrors", "unknown-parameters", f"Onbekende query parameters: {', '.join(unknown)}")


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _uuid_in(url: str, field: str, collection: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise _invalid(field, "invalid", "Voer een geldige URL in.")
    return parts.path.rsplit("/", 1)[1] if f"/{collection}/" in parts.path else ""


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', '127.0.0.1')}"


def _url(request: Request, page: int) -> str:
    asked = {**request.query_params, "page": str(page)}
    return f"{_base(request)}{request.url.path}?{urlencode(sorted(asked.items()))}"


def _headers(request: Request) -> dict[str, str]:
    api = request.url.path.split("/")[1]
    crs = {"Content-Crs": "EPSG:4326"} if request.url.path.startswith("/zaken/api/v1/zaken") else {}
    return {"API-version": VERSIONS.get(api, "1.0.0"), "X-Content-Type-Options": "nosniff", **crs}


def _answer(request: Request, body: bytes, **headers: str) -> Response:
    """Prepared bytes, with the URLs in the host by which the caller knows this system."""
    placed = body.replace(HOST.encode(), _base(request).encode())
    return Response(placed, headers={**_headers(request), **headers}, media_type="application/json")


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    body: dict[str, Any] = {
        "type": f"{_base(request)}/ref/fouten/{error.kind}/", "code": error.code, "title": error.title, "status": error.status,
        "detail": error.detail,
        "instance": f"urn:uuid:{uuid4()}",
    }  # fmt: skip
    if error.invalid:
        body["invalidParams"] = [{"name": name, "code": code, "reason": reason} for name, code, reason in error.invalid]
    return Response(orjson.dumps(body), error.status, headers=_headers(request), media_type="application/json")


async def _page_not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        method = Refused(
            405,
            "MethodNotAllowed",
            "method_not_allowed",
            'Methode "{method}" niet toegestaan.',
            f'Methode "{request.method}" niet toegestaan.',
        )
        return await _problem(request, method)
    return Response(
        "<!DOCTYPE html><h1>Sorry, de gevraagde pagina kon niet gevonden worden (404)</h1>", error.status_code, media_type="text/html"
    )
