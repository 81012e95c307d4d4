"""ETag and 304 (RFC 9110): whoever has an answer already is told that it still says the same."""

import re

from fastapi import Request, Response

from relhub.api.errors import IF_MATCH_WANTED, refused

_TAGS = re.compile(r'(?:W/)?"([^"]*)"')


def tagged(request: Request, body: bytes, tag: str) -> Response:
    """The answer with its tag; 304 without it for whoever names that tag in If-None-Match."""
    headers = {"ETag": f'W/"{tag}"'}
    if _is_held(request.headers.getlist("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def strongly_tagged(request: Request, body: bytes, tag: str) -> Response:
    """The same with a tag that a change names (If-Match)."""
    response = tagged(request, body, tag)
    response.headers["ETag"] = f'"{tag}"'
    return response


def known(request: Request) -> str:
    """The tag of what the consumer saw, as If-Match says it; "*" for whatever there is. Raises HTTPException (428) without it."""
    sent = ",".join(request.headers.getlist("if-match")).strip()
    if not sent:
        raise refused(IF_MATCH_WANTED)
    match = re.fullmatch(r'"([^"]*)"', sent)
    return match[1] if match else sent


def _is_held(sent: list[str], tag: str) -> bool:
    """Compared weakly, as RFC 9110 says for If-None-Match; what can't be read matches nothing."""
    text = ",".join(sent).strip()
    return text == "*" or tag in _TAGS.findall(text)
