"""/docs: the OpenAPI document to read and to try, without anything from another server; and the document itself."""

from importlib.resources import files
from pathlib import Path
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from relhub.api.document import openapi_document
from relhub.api.errors import NO_ADDRESS, refused

router = APIRouter(include_in_schema=False)

_ASSETS: Final = Path(str(files("fastapi_offline"))) / "static"
_MEDIA_TYPES: Final = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>relhub API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START: Final = b"""SwaggerUIBundle({
  url: "v1/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  displayRequestDuration: true, defaultModelsExpandDepth: 0,
});
"""


@router.get("/")
async def root(request: Request) -> Response:
    request.state.route = "/"
    return RedirectResponse("docs")


@router.get("/docs")
async def docs(request: Request) -> Response:
    request.state.route = "/docs"
    return Response(_PAGE, media_type="text/html", headers={"Content-Security-Policy": _CSP})


@router.get("/docs/{name}")
async def asset(request: Request, name: str) -> Response:
    request.state.route = "/docs/{name}"
    headers = {"Cache-Control": "public, max-age=3600"}
    if name == "start.js":
        return Response(_START, media_type="text/javascript", headers=headers)
    if name not in _MEDIA_TYPES:
        raise refused(NO_ADDRESS)
    return FileResponse(_ASSETS / name, media_type=_MEDIA_TYPES[name], headers=headers)


@router.get("/v1/openapi.json")
async def document(request: Request) -> Response:
    """Open to every origin, so that tools in a browser can read it."""
    request.state.route = "/v1/openapi.json"
    return Response(
        served_document(request.scope.get("root_path", "")), media_type="application/json", headers={"Access-Control-Allow-Origin": "*"}
    )


_served: dict[str, bytes] = {}


def served_document(root_path: str) -> bytes:
    """The document with the address at which it is served; made once."""
    if root_path not in _served:
        _served[root_path] = orjson.dumps({**openapi_document(), "servers": [{"url": f"{root_path}/v1", "description": "This server"}]})
    return _served[root_path]
