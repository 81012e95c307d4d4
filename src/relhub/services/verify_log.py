"""Whether the consultation log is as it was sealed: every row that is changed, missing or inserted is found."""

import heapq
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from relhub.domain.merkle import Tree, leaf_hash
from relhub.services.hub import Hub
from relhub.services.own_look import own_look
from relhub.storage import log_seals
from relhub.storage.database import Driver
from relhub.storage.log import add_look
from relhub.storage.log_seals import LEAF, Row, Seal

_SEALS_AT_ONCE, _ROWS_AT_ONCE = 50, 5_000
_TOLD = 100  # of what is wrong; the rest is counted
_ALL = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Wrong:
    """`what`: changed, missing, inserted, or something about the seal itself; the ids of rows from `first` to `last`, 0 for none."""

    what: str
    seal: int
    first: int = 0
    last: int = 0

    def __str__(self) -> str:
        which = f"row {self.first}" if self.first == self.last else f"rows {self.first} to {self.last}"
        where = f" (seal {self.seal})" if self.seal else ""
        return f"{which if self.first else 'seal ' + str(self.seal)}: {self.what}{where if self.first else ''}"


@dataclass(slots=True)
class Checked:
    """What was checked and what is wrong: the first of it, and how many in all. `unsealed`: rows that no seal has yet."""

    seals: int = 0
    rows: int = 0
    unsealed: int = 0
    dropped: dict[date, int] = field(default_factory=dict)  # the seal that says so, by month
    last: Seal | None = None
    wrong: list[Wrong] = field(default_factory=list)
    count: int = 0

    def add(self, wrong: Wrong) -> None:
        self.count += 1
        if len(self.wrong) < _TOLD:
            self.wrong.append(wrong)


@dataclass(slots=True)
class _Open:
    """A seal of which rows are being read. `place`: of the next one among its leaves."""

    seal: Seal
    left: int
    tree: Tree = field(default_factory=Tree)
    place: int = 0
    whole: bool = True


async def verify_log(
    hub: Hub, since: datetime | None = None, until: datetime | None = None, known: tuple[int, str] | None = None
) -> Checked:
    """Checks the chain of all seals, and the rows of those with rows from `since` up to `until` (all of them when both are None).

    `known`: the number and mac of a seal as the log stream had it; a chain without that seal is another one.
    """
    checked = Checked()
    window = (since or datetime.min.replace(tzinfo=UTC), until or datetime.max.replace(tzinfo=UTC)) if since or until else None
    async with hub.database.driver() as driver:
        await _check_chain(hub, driver, checked, known)
        await _Rows(driver, checked, window).check()
        outcome = "wrong" if checked.count else "right"
        await add_look(driver, own_look(hub, "log-verify"), outcome, [], [])
    return checked


async def _check_chain(hub: Hub, driver: Driver, checked: Checked, known: tuple[int, str] | None) -> None:
    previous, met = b"", known is None
    while seals := await log_seals.seals_after(driver, checked.last.number if checked.last else 0, _SEALS_AT_ONCE):
        for seal in seals:
            if seal.number != (checked.last.number if checked.last else 0) + 1:
                checked.add(Wrong("the seals before it are missing", seal.number))
            if seal.previous != previous or hub.sealer.authenticate("log seal", seal.message()) != seal.mac:
                checked.add(Wrong("is not one that relhub made in this place", seal.number))
            elif seal.sort == "dropped":
                checked.dropped[seal.month] = seal.number
            met = met or (seal.number, seal.mac.hex()) == known
            previous, checked.last = seal.mac, seal
            checked.seals += 1
    if not met and known:
        checked.add(Wrong("is not in this chain as it was made known: seals were taken away or made anew", known[0]))


class _Rows:
    """Goes once through the rows and once through the seals, both in the order of ids, and keeps only the seals that it is in the middle of."""

    def __init__(self, driver: Driver, checked: Checked, window: tuple[datetime, datetime] | None) -> None:
        self._driver, self._checked, self._window = driver, checked, window
        self._floor = checked.last.floor if checked.last else 0
        self._due: list[tuple[int, int, int]] = []  # (next id, end, seal) of the ranges that are being read
        self._open: dict[int, _Open] = {}
        self._seals = self._in_order()
        self._coming: Seal | None = None

    async def check(self) -> None:
        self._coming = await anext(self._seals, None)
        async for row in self._read():
            await self._open_upto(row.id)
            self._miss_before(row.id)
            if self._due and self._due[0][0] == row.id:
                self._compare(row)
            else:
                await self._unclaimed(row)
        await self._open_upto(_ALL)
        self._miss_before(_ALL)

    async def _in_order(self) -> AsyncIterator[Seal]:
        after = (-1, 0)
        while seals := await log_seals.seals_by_id(self._driver, after, self._window, _SEALS_AT_ONCE):
            for seal in seals:
                after = (seal.ids[0][0], seal.number)
                if self._checked.dropped.get(seal.month, 0) < seal.number:
                    yield seal

    async def _read(self) -> AsyncIterator[Row]:
        """Of a window: every row from the first to the last moment that a seal in it has."""
        window, after, upto = self._window, -_ALL, _ALL
        if window:
            if (found := await log_seals.reach(self._driver, *window)) is None:
                return
            after, upto, *moments = found
            window, after = (moments[0], moments[1]), after - 1
        while rows := await log_seals.rows_after(self._driver, after, upto, window, _ROWS_AT_ONCE):
            for row in rows:
                yield row
            after = rows[-1].id

    async def _open_upto(self, id_: int) -> None:
        while self._coming and self._coming.ids[0][0] <= id_:
            seal = self._coming
            self._open[seal.number] = _Open(seal, len(seal.ids))
            for first, end in seal.ids:
                heapq.heappush(self._due, (first, end, seal.number))
            self._coming = await anext(self._seals, None)

    def _miss_before(self, id_: int) -> None:
        while self._due and self._due[0][0] < id_:
            first, end, number = heapq.heappop(self._due)
            upto, seal = min(end, id_), self._open[number]
            self._checked.add(Wrong("missing", number, first, upto - 1))
            seal.place, seal.whole = seal.place + upto - first, False
            self._go_on(upto, end, number)

    def _compare(self, row: Row) -> None:
        _, end, number = heapq.heappop(self._due)
        leaf, seal = leaf_hash(row.data), self._open[number]
        if seal.seal.leaves[seal.place * LEAF : (seal.place + 1) * LEAF] != leaf[:LEAF]:
            self._checked.add(Wrong("changed", number, row.id, row.id))
            seal.whole = False
        seal.tree.add(leaf)
        seal.place += 1
        self._checked.rows += 1
        self._go_on(row.id + 1, end, number)

    def _go_on(self, next_id: int, end: int, number: int) -> None:
        if next_id < end:
            heapq.heappush(self._due, (next_id, end, number))
            return
        seal = self._open[number]
        seal.left -= 1
        if seal.left == 0:
            if seal.whole and seal.tree.root() != seal.seal.root:
                self._checked.add(Wrong("its rows do not have its root", number))
            del self._open[number]

    async def _unclaimed(self, row: Row) -> None:
        """No seal that is read has this row: in a window another may."""
        if row.id > self._floor:
            if not await log_seals.is_sealed(self._driver, row.id):
                self._checked.unsealed += 1
        elif not self._window or not await log_seals.is_sealed(self._driver, row.id):
            self._checked.add(Wrong("inserted: no seal has it, and it is from before the last one", 0, row.id, row.id))
