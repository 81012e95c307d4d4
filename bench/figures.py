"""Figures with their targets, and medians of rounds that alternate."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `most`: whether the target is an upper bound; a figure without a target is for information."""

    name: str
    value: float
    target: float | None = None
    unit: str = "ratio"
    most: bool = False

    @property
    def ok(self) -> bool:
        return self.target is None or (self.value <= self.target if self.most else self.value >= self.target)

    def as_json(self) -> dict[str, object]:
        return {"name": self.name, "value": round(self.value, 3), "target": self.target, "unit": self.unit, "ok": self.ok}


async def alternating(*measures: Callable[[], Awaitable[Sequence[float]]], rounds: int = ROUNDS) -> list[list[list[float]]]:
    """Each measure once per round, in turn, so that a slow minute of the machine meets them all. [measure][quantity][round]."""
    found: list[list[Sequence[float]]] = [[] for _ in measures]
    for _ in range(rounds):
        for number, measure in enumerate(measures):
            found[number].append(await measure())
    return [[list(values) for values in zip(*one, strict=True)] for one in found]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios round by round."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))
