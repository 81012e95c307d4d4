"""One thing that `relhub doctor` found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`wrong`: somebody must act; `note`: good to know. `what` is the case, and what to `do`. Never holds a number of a person or a key."""

    level: Literal["wrong", "note"]
    what: str
    do: str
