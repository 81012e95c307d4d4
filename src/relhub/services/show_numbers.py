"""Official numbers as one consumer may see them: those of people masked, or in full for a processing activity with the field group."""

from collections.abc import Mapping
from typing import Any

import structlog
from cryptography.exceptions import InvalidTag

from relhub.errors import SealLost
from relhub.services.admit import Admitted
from relhub.services.hub import Hub
from relhub.storage.sealed_columns import about_number

log = structlog.get_logger(__name__)


def with_numbers(admitted: Admitted) -> Admitted:
    """The same, and the log says that numbers were shown in full, where they are."""
    if "identifiers" in admitted.profile.groups:
        admitted.look.levels["identifiers"] = "full"
    return admitted


def numbers_of(hub: Hub, row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(scheme, as it may be shown) of a stored party record; sealed values are only in the row for those who may see them."""
    return tuple((scheme, _opened(hub, scheme, shown, token, sealed)) for scheme, shown, token, sealed in row["numbers"] or ())


def _opened(hub: Hub, scheme: str, masked: str, token: str, sealed: str | None) -> str:
    """In full where there is a sealed value; masked when it can't be opened, or is not the number that it is found by."""
    if sealed is None:
        return masked
    try:
        value = hub.sealer.open(bytes.fromhex(sealed), about_number(scheme)).decode()
    except (SealLost, InvalidTag) as error:
        log.error("a number can't be opened, and is shown masked; see relhub doctor", scheme=scheme, error=type(error).__name__)
        return masked
    if hub.sealer.token(scheme, value).hex() != token:
        log.error("a number is not the one that it is found by, and is shown masked: it was changed outside of relhub", scheme=scheme)
        return masked
    return value
