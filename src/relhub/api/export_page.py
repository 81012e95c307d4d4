"""The page of an export: rendered from its JSON piece by piece, as plain HTML that needs nothing from elsewhere."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import orjson
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from relhub.api import export_words
from relhub.services.open_export import SECTIONS, Opened

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("relhub.api"), autoescape=True, trim_blocks=True, lstrip_blocks=True, enable_async=True
)
_ENVIRONMENT.filters |= {"day": export_words.day, "moment": export_words.moment, "retention": export_words.retention}
_ENVIRONMENT.globals["word"] = export_words.word
_STYLE: Final = _ENVIRONMENT.get_template("export.css").render().strip()
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
HEADERS: Final = {
    "Content-Security-Policy": f"{_POLICY}; frame-ancestors 'none'; sandbox",
    "Content-Disposition": 'attachment; filename="uw-gegevens.html"',
}
_CHUNK: Final = 500  # pieces of a template: some tens of kB


async def rendered(opened: Opened) -> AsyncIterator[bytes]:
    """The page, in chunks; no more than one piece of the export is in memory. The policy is in it too: saved, it has no headers."""
    head = orjson.loads(opened.head)
    lists = {name: _one_by_one(opened.section(name)) for name in SECTIONS}
    page = _ENVIRONMENT.get_template("export.html").generate_async(**head, **lists, style=Markup(_STYLE), policy=_POLICY)
    waiting: list[str] = []
    async for text in page:
        waiting.append(text)
        if len(waiting) >= _CHUNK:
            yield "".join(waiting).encode()
            waiting.clear()
            await asyncio.sleep(0)  # a long page is no reason for others to wait
    yield "".join(waiting).encode()


def _one_by_one(pieces: Iterator[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for piece in pieces:
        yield from piece
