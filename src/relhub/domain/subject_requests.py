"""Requests of whoever it is about (verzoeken van betrokkenen): their sorts, how they go on, and by when they are answered."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

from relhub.errors import WrongState

Sort = Literal["contest", "correction", "restriction", "objection"]
State = Literal["open", "granted", "refused", "withdrawn", "ended"]
Outcome = Literal["granted", "refused", "withdrawn", "extended", "ended"]

MONTHS: Final = 1  # within which it is answered (AVG art. 12 lid 3)
EXTENSION: Final = 2  # months more, once, when it is complicated

_HOLDS_ON: Final[frozenset[Sort]] = frozenset({"restriction", "objection"})  # what is granted holds until it is ended
_NEXT: Final[Mapping[State, frozenset[Outcome]]] = {
    "open": frozenset({"granted", "refused", "withdrawn", "extended"}),
    "granted": frozenset({"ended"}),
    "refused": frozenset(),
    "withdrawn": frozenset(),
    "ended": frozenset(),
}


def due(received: date, months: int = MONTHS) -> date:
    """So many months later; the last day of that month when it has no such day."""
    year, month = divmod(received.year * 12 + received.month - 1 + months, 12)
    return date(year, month + 1, min(received.day, monthrange(year, month + 1)[1]))


def follows(sort: Sort, state: State, outcome: Outcome, *, extended: bool) -> State:
    """The state after this outcome. Raises WrongState."""
    possible = set(_NEXT[state])
    if extended:
        possible.discard("extended")
    if sort not in _HOLDS_ON:
        possible.discard("ended")
    if outcome not in possible:
        raise WrongState(
            f"This request is {state}{', and was extended' if extended else ''}; what can follow is: {', '.join(sorted(possible)) or 'nothing'}."
        )
    return "open" if outcome == "extended" else outcome


def undoes(outcome: Outcome) -> bool:
    """Whether what was done at once, when the request was made, no longer holds after it."""
    return outcome in ("refused", "withdrawn", "ended")
