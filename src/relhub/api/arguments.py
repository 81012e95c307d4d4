"""What the handler of a request without a body is called with.

FastAPI reads these declarations too, and its document is made from them; but its own way from a request to a call (exit stacks for
dependencies that clean up, files, streams: nothing of which is used here) costs three times as much: docs/adr/0005.
"""

from collections.abc import Mapping, Sequence
from inspect import iscoroutinefunction
from typing import Any

from fastapi import Request
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response


def can_call(dependant: Dependant) -> bool:
    """Whether all that it declares is read here; what declares more goes FastAPI's way."""
    more = (
        dependant.header_params,
        dependant.cookie_params,
        dependant.body_params,
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.http_connection_param_name,
        dependant.security_scopes_param_name,
    )
    return iscoroutinefunction(dependant.call) and not any(more) and all(map(can_call, dependant.dependencies))


async def call(dependant: Dependant, request: Request) -> Response:
    """What the handler answers. Raises RequestValidationError with all that is wrong with the parameters."""
    errors: list[Any] = []
    values = await _arguments(dependant, request, errors)
    if errors:
        raise RequestValidationError(errors)
    assert dependant.call is not None
    answer: Response = await dependant.call(**values)
    return answer


async def _arguments(dependant: Dependant, request: Request, errors: list[Any]) -> dict[str, Any]:
    """By name; of dependencies, which are coroutines all, only those whose own arguments are right."""
    values: dict[str, Any] = {dependant.request_param_name: request} if dependant.request_param_name else {}
    if dependant.path_params:
        _read(dependant.path_params, "path", request.path_params, values, errors)
    if dependant.query_params:
        _read(dependant.query_params, "query", request.query_params if request.scope["query_string"] else {}, values, errors)
    for inner in dependant.dependencies:
        before = len(errors)
        given = await _arguments(inner, request, errors)
        if len(errors) == before and inner.call is not None and inner.name is not None:
            values[inner.name] = await inner.call(**given)
    return values


def _read(fields: Sequence[ModelField], place: str, sent: Mapping[str, str], values: dict[str, Any], errors: list[Any]) -> None:
    for field in fields:
        if field.alias in sent:
            values[field.name], wrong = field.validate(sent[field.alias], values, loc=(place, field.alias))
            errors.extend(wrong)
        elif field.field_info.is_required():
            errors.append({"type": "missing", "loc": (place, field.alias), "msg": "Field required", "input": None})
        else:
            values[field.name] = field.get_default()
