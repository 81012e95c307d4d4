"""ETag and 304 (RFC 9110): whoever has an answer already is told that it still says the same."""

import re

from fastapi import Request, Response

from relhub.errors import InvalidInput, Problem

_IF_MATCH_WANTED = Problem(
    "header If-Match", "is required: the ETag of what you saw, so that nobody's change is lost, or * for whatever there is now"
)
_NOT_A_TAG = Problem("header If-Match", 'is neither an ETag, between its quotation marks ("…"), nor *')
_SEEN = re.compile(r'\*|(?:W/)?"[^"]*"')
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
    """The tag of what the consumer saw, as If-Match says it; "*" for whatever there is. Raises InvalidInput without it.

    A weak tag (W/) is no tag of what is changed, and comes back as it is: it matches nothing (RFC 9110, 13.1.1).
    """
    sent = ",".join(request.headers.getlist("if-match")).strip()
    if not sent:
        raise InvalidInput(_IF_MATCH_WANTED)
    if not _SEEN.fullmatch(sent):
        raise InvalidInput(_NOT_A_TAG)
    strong = re.fullmatch(r'"([^"*]*)"', sent)
    return strong[1] if strong else sent


def _is_held(sent: list[str], tag: str) -> bool:
    """Compared weakly, as RFC 9110 says for If-None-Match; what can't be read matches nothing."""
    text = ",".join(sent).strip()
    return text == "*" or tag in _TAGS.findall(text)
