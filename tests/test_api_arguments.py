"""Which handlers are called without FastAPI's own machinery, and which are not."""

from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from fastapi import Depends, Header, Response
from fastapi.dependencies.utils import get_dependant

from relhub.api import cases, events, relation_parts
from relhub.api.arguments import can_call
from relhub.api.gate import Route


async def _cleans_up() -> AsyncIterator[int]:
    yield 1


async def _with_header(x_extra: Annotated[str, Header()] = "") -> Response:
    return Response(x_extra)


async def _with_cleaning(extra: Annotated[int, Depends(_cleans_up)]) -> Response:
    return Response(str(extra))


@pytest.mark.parametrize("handler", [_with_header, _with_cleaning])
def test_a_handler_that_declares_more_than_path_and_query_goes_fastapis_way(handler: object) -> None:
    assert not can_call(get_dependant(path="/", call=handler))  # type: ignore[arg-type]  # any callable


def test_questions_without_a_body_are_called_plainly() -> None:
    routes = [route for module in (cases, events, relation_parts) for route in module.router.routes if isinstance(route, Route)]
    assert routes
    assert all(can_call(route.dependant) for route in routes)
