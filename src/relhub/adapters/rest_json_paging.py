"""How one page leads to the next, in the six ways that a `rest_json` source file can name."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import orjson

from relhub.adapters.client import Answer, SourceClient
from relhub.adapters.fields import search
from relhub.adapters.rest_json_options import Pages
from relhub.errors import SourceRefused

DONE = {"done": True}
_LINK = re.compile(r"<([^<>]*)>\s*((?:;\s*[^;,=]+(?:=(?:\"[^\"]*\"|[^\",;]*))?\s*)*)")
_NEXT = re.compile(r";\s*rel=\"?(?:[^\"]*\s)?next(?:\s[^\"]*)?\"?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list: its items, where to go on, and how many there are in all where the source says so."""

    items: list[Any]
    following: dict[str, Any]
    total: int | None


class Pager:
    """`pages(cursor)`: the pages of the list, from a cursor on."""

    def __init__(self, client: SourceClient, pages: Pages, headers: dict[str, str], most: int) -> None:
        self._client, self._table, self._headers, self._most = client, pages, headers, most
        self._items, self._next, self._total = search(pages.items), search(pages.next or "@"), search(pages.total or "@")

    async def pages(self, cursor: dict[str, Any] | None) -> AsyncIterator[Listed]:
        """Raises SourceRefused when the pages go round in a circle, or when there are more than may be."""
        at = cursor or self._start()
        seen: set[bytes] = set()
        previous = b""
        while at != DONE:
            self._once(seen, orjson.dumps(at, option=orjson.OPT_SORT_KEYS))
            answer = await self._ask(at)
            items = [] if answer is None else self._list(answer)
            total = None if answer is None else self._count(answer)
            following = DONE if answer is None else self._following(at, answer, items, total)
            content = sha256(orjson.dumps(items)).digest()
            if items and content == previous:
                raise SourceRefused(
                    self._client.source, f"{self._table.path}: the same page twice: the source does not heed the paging parameters"
                )
            previous = content
            yield Listed(items, following, total)
            at = following

    def _once(self, seen: set[bytes], place: bytes) -> None:
        if place in seen:
            raise SourceRefused(self._client.source, f"{self._table.path}: the pages go round in a circle")
        if len(seen) >= self._most:
            raise SourceRefused(
                self._client.source, f"{self._table.path}: more than {self._most} pages: raise [limits] max_pages if that is right"
            )
        seen.add(place)

    def _start(self) -> dict[str, Any]:
        match self._table.paging:
            case "page_number":
                return {"page": self._table.first_page}
            case "offset":
                return {"offset": 0}
            case _:
                return {"first": True}

    async def _ask(self, at: dict[str, Any]) -> Answer | None:
        """None: there is no such page any more (page numbers beyond the last are answered with 404 by some)."""
        table = self._table
        if "address" in at:
            return await self._client.get(self._client.host + at["address"], None, self._headers, place=table.path)
        parameters = dict(table.parameters)
        if table.size and table.size_parameter:
            parameters[table.size_parameter] = str(table.size)
        for name, parameter in (("page", table.page_parameter), ("offset", table.offset_parameter), ("cursor", table.cursor_parameter)):
            if name in at:
                parameters[parameter] = str(at[name])
        if at.get("page", table.first_page) > table.first_page:
            return await self._client.find(table.path, parameters, self._headers, place=table.path)
        return await self._client.get(table.path, parameters, self._headers, place=table.path)

    def _list(self, answer: Answer) -> list[Any]:
        items = self._items(answer.body)
        if not isinstance(items, list):
            raise SourceRefused(self._client.source, f"{self._table.path}: no list at {self._table.items}: check [pages] items")
        return items

    def _count(self, answer: Answer) -> int | None:
        given = (
            answer.headers.get(self._table.total_header, "")
            if self._table.total_header
            else self._total(answer.body)
            if self._table.total
            else None
        )
        return int(given) if isinstance(given, int | str) and str(given).isascii() and str(given).isdigit() else None

    def _following(self, at: dict[str, Any], answer: Answer, items: list[Any], total: int | None) -> dict[str, Any]:
        """Numbered pages end with an empty page or the known total, not with a short page: some sources cap the size without a word."""
        match self._table.paging:
            case "cursor":
                token = self._token(answer)
                return {"cursor": token} if token else DONE
            case "next_url":
                return self._address(answer, self._token(answer))
            case "link_header":
                return self._address(answer, _next_link(answer.headers.get("link", "")))
            case "page_number" if items:
                reached = at.get("seen", 0) + len(items)
                return DONE if total is not None and reached >= total else {"page": at["page"] + 1, "seen": reached}
            case "offset" if items:
                offset = at["offset"] + len(items)
                return DONE if total is not None and offset >= total else {"offset": offset}
            case _:
                return DONE

    def _token(self, answer: Answer) -> str:
        token = self._next(answer.body)
        if token is None or token == "":
            return ""
        if not isinstance(token, str | int) or isinstance(token, bool):
            raise SourceRefused(self._client.source, f"{self._table.path}: no text at {self._table.next}: check [pages] next")
        return str(token)

    def _address(self, answer: Answer, given: str) -> dict[str, Any]:
        """Kept without the host, so that a source that moves can be gone on with."""
        if not given:
            return DONE
        parts = urlsplit(self._client.below(answer.address, given))
        return {"address": f"{parts.path}?{parts.query}" if parts.query else parts.path}


def _next_link(header: str) -> str:
    return next((found[1] for found in _LINK.finditer(header) if _NEXT.search(found[2])), "")
