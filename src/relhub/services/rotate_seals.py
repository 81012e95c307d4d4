"""Sealing everything anew with the key that seals now, while everything runs; and having pulled again what no key opens any more."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag

from relhub.services.hub import Hub
from relhub.storage.database import Database
from relhub.storage.sealed_columns import SEALED_COLUMNS, SealedColumn
from relhub.storage.sealed_values import counts_by_seal, pull_all_again, put_values, take_values

OnProgress = Callable[[str, int, int], None]
_BATCH = 500  # values in one transaction: nothing else waits longer for them than some tens of milliseconds
_SECONDS_BETWEEN = 0.5

SealsInUse = dict[str, dict[int, int]]
"""Per column how many values are sealed with which seal."""


@dataclass(slots=True)
class Rotated:
    """`damaged`: values that their seal does not open, per column; they are as they were."""

    moved: int = 0
    damaged: dict[str, int] = field(default_factory=dict)
    in_use: SealsInUse = field(default_factory=dict)


async def seals_in_use(database: Database) -> SealsInUse:
    """Which seals the stored values need."""
    found: SealsInUse = {}
    for column in SEALED_COLUMNS:
        async with database.begin() as store:
            found[str(column)] = await counts_by_seal(store, column)
    return found


async def rotate_seals(hub: Hub, on_progress: OnProgress | None = None) -> Rotated:
    """Everything that an older seal opens is sealed with the one that seals now, in batches.

    Broken off, it goes on where it was when it is started again. Several at once share the work. Values whose seal is lost stay as they are.
    """
    rotated, counted = Rotated(), await seals_in_use(hub.database)
    for column in SEALED_COLUMNS:
        work = _Work(hub, column, to_do(hub, counted[str(column)]), on_progress)
        await work.run()
        rotated.moved += work.moved
        if work.damaged:
            rotated.damaged[str(column)] = work.damaged
    rotated.in_use = await seals_in_use(hub.database)
    return rotated


def to_do(hub: Hub, counts: dict[int, int]) -> int:
    """How many of these values are to be sealed anew."""
    return sum(number for seal, number in counts.items() if seal in hub.sealer.seals and seal != hub.sealer.seal_with)


@dataclass(slots=True)
class _Work:
    """One column."""

    hub: Hub
    column: SealedColumn
    total: int
    on_progress: OnProgress | None
    moved: int = 0
    damaged: int = 0

    async def run(self) -> None:
        """Goes through the column until nothing is left; what another transaction has locked comes in the next round."""
        while self.total:
            self.damaged = 0
            await self._round()
            async with self.hub.database.begin() as store:
                left = to_do(self.hub, await counts_by_seal(store, self.column))
            if left <= self.damaged:
                return
            await asyncio.sleep(_SECONDS_BETWEEN)

    async def _round(self) -> None:
        old, after = self.hub.sealer.seals - {self.hub.sealer.seal_with}, None
        while True:
            async with self.hub.database.begin() as store:
                taken = await take_values(store, self.column, old, after, _BATCH)
                if not taken:
                    return
                anew = [(key, sealed) for key, value in taken if (sealed := self._anew(key, value))]
                await put_values(store, self.column, anew)
            after = taken[-1][0]
            self.moved += len(anew)
            self.damaged += len(taken) - len(anew)
            if self.on_progress:
                self.on_progress(str(self.column), self.moved, self.total)

    def _anew(self, key: tuple[object, ...], value: bytes) -> bytes | None:
        try:
            return self.hub.sealer.reseal(value, self.column.about(*key))
        except InvalidTag:
            return None


async def pull_back(hub: Hub) -> set[int]:
    """What was sealed with seals that are lost is forgotten, and the next pull of each source reads all of it again. Returns those seals."""
    lost = {seal for counts in (await seals_in_use(hub.database)).values() for seal in counts} - hub.sealer.seals
    if lost:
        async with hub.database.begin() as store:
            await store.lock_resolve()
            await pull_all_again(store, lost)
    return lost
