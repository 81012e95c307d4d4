"""Names of other parties in the texts of a case or an entry: out of what one of its parties is given (AVG art. 15 lid 4)."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from relhub.domain.record import PersonName

STANDS_FOR = "[naam]"
"""What is there in place of a name."""

_TEXTS = frozenset({"title", "description", "label", "outcome", "reference", "value", "subject", "text"})
_NOT_OF_PARTIES = frozenset({"officials", "geometry", "address"})

PartyNames = tuple[PersonName | None, tuple[str, ...]]
"""How a record calls a party: as a person, or as an organisation."""


def without_names(case: dict[str, Any], others: Collection[PartyNames], own: Collection[PartyNames]) -> dict[str, Any]:
    """The case (or entry) without the names of these others in its texts; a name that is one's own as well stays."""
    wanted = {word for names in others for word in _words(names)} - {word for names in own for word in _words(names)}
    said = " ".join(_said(case)).lower()
    there = sorted((word for word in wanted if word in said), key=len, reverse=True)
    if not there:
        return case
    found = re.compile(rf"(?<!\w)(?:{'|'.join(_pattern(word) for word in there)})(?!\w)", re.IGNORECASE)
    shown: dict[str, Any] = _replaced(case, found)
    return shown


def _words(names: PartyNames) -> Iterator[str]:
    """The ways in which a text may name this party, in small letters: the family name does, with whatever stands before it."""
    person, organisation = names
    yield from (" ".join(name.split()).lower() for name in organisation if len(name) > 1)
    if person is None:
        return
    families = ((person.prefix, person.family), (person.partner_prefix, person.partner_family))
    for prefix, family in families:
        whole = f"{prefix} {family}".strip().lower()
        if not family:
            continue
        for first in (person.given, person.initials, person.given.split()[0] if person.given else ""):
            if first:
                yield f"{first} {whole}".lower()
        if len(family) > 1:
            yield whole
            yield family.lower()


def _pattern(word: str) -> str:
    """Whatever white space there is between its parts."""
    return r"\s+".join(re.escape(part) for part in word.split())


def _said(part: Any, key: str = "") -> Iterator[str]:
    if isinstance(part, str):
        if key in _TEXTS:
            yield " ".join(part.split())
    elif isinstance(part, dict):
        for name, inner in part.items():
            if name not in _NOT_OF_PARTIES:
                yield from _said(inner, name)
    elif isinstance(part, list):
        for inner in part:
            yield from _said(inner, key)


def _replaced(part: Any, found: re.Pattern[str], key: str = "") -> Any:
    if isinstance(part, str):
        return found.sub(STANDS_FOR, part) if key in _TEXTS else part
    if isinstance(part, dict):
        return {name: inner if name in _NOT_OF_PARTIES else _replaced(inner, found, name) for name, inner in part.items()}
    if isinstance(part, list):
        return [_replaced(inner, found, key) for inner in part]
    return part
