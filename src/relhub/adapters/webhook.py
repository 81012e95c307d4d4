"""An address that takes a POST of JSON: where the privacy officer is told."""

from collections.abc import Mapping
from typing import Any

import httpx2
import orjson

from relhub.errors import SourceRefused, SourceUnavailable

_SECONDS = 10.0
_NAME = "privacy officer"


async def post(address: str, body: Mapping[str, Any]) -> None:
    """Raises SourceUnavailable, or SourceRefused for an answer that asking again will not mend. Redirects are not followed."""
    try:
        async with httpx2.AsyncClient(timeout=_SECONDS, follow_redirects=False, trust_env=False) as http:
            answer = await http.post(address, content=orjson.dumps(body), headers={"Content-Type": "application/json"})
    except httpx2.HTTPError as error:
        raise SourceUnavailable(_NAME, type(error).__name__) from None
    if answer.is_success:
        return
    wrong = SourceUnavailable if answer.status_code >= 500 or answer.status_code in (408, 429) else SourceRefused
    raise wrong(_NAME, f"answered {answer.status_code}")
