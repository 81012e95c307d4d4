"""Where the next page starts, sealed: a consumer can neither read it nor make one."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date

import orjson
from cryptography.exceptions import InvalidTag

from relhub.errors import InvalidInput, Problem
from relhub.storage.sealing import Sealer
from relhub.storage.views import Position


def write_cursor(sealer: Sealer, relation_id: str, position: Position) -> str:
    plain = orjson.dumps([position.open, position.on_date.isoformat(), position.number])
    return urlsafe_b64encode(sealer.wrap(plain, f"cursor/{relation_id}")).decode().rstrip("=")


def read_cursor(sealer: Sealer, relation_id: str, cursor: str) -> Position | None:
    """None for no cursor. Raises InvalidInput for one that was not given for this relation."""
    if not cursor:
        return None
    try:
        is_open, on_date, number = orjson.loads(
            sealer.unwrap(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), f"cursor/{relation_id}")
        )
    except (ValueError, InvalidTag):
        raise InvalidInput(Problem("query cursor", "is not one that this list gave; start again without it")) from None
    return Position(is_open, date.fromisoformat(on_date), number)
