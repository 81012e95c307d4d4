"""Where the next page starts, sealed: a consumer can neither read it nor make one."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag

from relhub.errors import InvalidInput, Problem
from relhub.storage.sealing import Sealer
from relhub.storage.views import Position


def seal_cursor(sealer: Sealer, about: str, position: list[Any]) -> str:
    """A place in the list that `about` names. The same place gives the same cursor."""
    return urlsafe_b64encode(sealer.wrap(orjson.dumps(position), about)).decode().rstrip("=")


def open_cursor(sealer: Sealer, about: str, cursor: str) -> list[Any] | None:
    """None for no cursor. Raises InvalidInput for one that was not given for this list."""
    if not cursor:
        return None
    try:
        position: list[Any] = orjson.loads(sealer.unwrap(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), about))
    except (ValueError, InvalidTag):
        raise InvalidInput(Problem("query cursor", "is not one that this list gave; start again without it")) from None
    return position


def write_cursor(sealer: Sealer, relation_id: str, position: Position) -> str:
    return seal_cursor(sealer, f"cursor/{relation_id}", [position.open, position.on_date.isoformat(), position.number])


def read_cursor(sealer: Sealer, relation_id: str, cursor: str) -> Position | None:
    """None for no cursor. Raises InvalidInput for one that was not given for this relation."""
    position = open_cursor(sealer, f"cursor/{relation_id}", cursor)
    if position is None:
        return None
    is_open, on_date, number = position
    return Position(is_open, date.fromisoformat(on_date), number)
