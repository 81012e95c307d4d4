"""Cutting a short list into pages."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson

from relhub.services.asked import PageQuery
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub

_Item = TypeVar("_Item")


def page(
    hub: Hub, about: str, query: PageQuery, items: Sequence[_Item], place: Callable[[_Item], list[Any]], show: Callable[[_Item], Any]
) -> bytes:
    """`{"results": […], "next": …}` of items that are in the order of their place. Raises InvalidInput for a cursor of another list."""
    after = open_cursor(hub.sealer, about, query.cursor)
    left = [item for item in items if after is None or place(item) > after]
    shown = left[: query.limit]
    following = seal_cursor(hub.sealer, about, place(shown[-1])) if len(left) > query.limit else None
    return orjson.dumps({"results": [show(item) for item in shown], "next": following})
