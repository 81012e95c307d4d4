"""Where the next page starts, sealed: a consumer can neither read it nor make one."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag

from relhub.errors import InvalidInput, Problem
from relhub.storage.sealing import Sealer


def write_cursor(sealer: Sealer, about: str, place: Sequence[Any]) -> str:
    """The place after which the next page of this list starts. `about`: which list of what."""
    return urlsafe_b64encode(sealer.wrap(orjson.dumps(place), f"cursor/{about}")).decode().rstrip("=")


def read_cursor(sealer: Sealer, about: str, cursor: str) -> list[Any] | None:
    """None for no cursor. Raises InvalidInput for one that was not given for this list."""
    if not cursor:
        return None
    try:
        return list(orjson.loads(sealer.unwrap(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), f"cursor/{about}")))
    except (ValueError, InvalidTag):
        raise InvalidInput(Problem("query cursor", "is not one that this list gave; start again without it")) from None
