"""One question that the demo answers, for the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Example:
    """One question: what it shows, its parameters by their names, and its body where it has one."""

    summary: str
    values: Mapping[str, str | int]
    body: dict[str, Any] | None = None
    varies: frozenset[str] = frozenset()  # members of the answer that differ from one day to the next
    after: str = ""  # the operation that makes what this one is about, and gives its id


def asked_for(activity: str, occasion: str = "none") -> dict[str, str]:
    """The headers of j.jansen, for this activity on this occasion."""
    return {"X-Processing-Activity": activity, "X-Occasion": occasion, "X-Official": "j.jansen"}


BY_PERMITS: Final = asked_for("permit-handling", "case:permits/V-2026-00001")
