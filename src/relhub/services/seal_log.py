"""Sealing what the consultation log has: every minute the rows that came in, so that what is changed afterwards is found."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import structlog

from relhub.domain.merkle import Tree, leaf_hash
from relhub.services.hub import Hub
from relhub.storage import log_seals
from relhub.storage.database import Driver
from relhub.storage.log_seals import FORM, LEAF, End, Row, Seal

_MOST = 50_000  # rows of one run
_AT_ONCE = 2_000
_PATIENCE = 3.0  # seconds for transactions that are writing now; what a longer one writes comes in a later seal
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Month:
    """What goes into one seal."""

    first: datetime
    last: datetime
    tree: Tree = field(default_factory=Tree)
    leaves: bytearray = field(default_factory=bytearray)
    ids: list[int] = field(default_factory=list)

    def add(self, row: Row, at: datetime) -> None:
        leaf = leaf_hash(row.data)
        self.tree.add(leaf)
        self.leaves += leaf[:LEAF]
        self.ids.append(row.id)
        self.first, self.last = min(self.first, at), max(self.last, at)


async def seal_log(hub: Hub, now: datetime) -> int:
    """Seals the rows that no seal has; returns how many. 0 when there are none, and when another process is at it."""
    sealed = 0
    while made := await _seal_some(hub, now):
        sealed += sum(seal.rows for seal in made)
        for seal in made:  # so that it leaves this machine: whoever has only the database can't make it unsaid
            log.info(
                "log sealed", number=seal.number, rows=seal.rows, month=f"{seal.month:%Y-%m}", root=seal.root.hex(), mac=seal.mac.hex()
            )
        if sum(seal.rows for seal in made) < _MOST:
            break
    return sealed


async def sealed_lately(hub: Hub, now: datetime, seconds: float) -> bool:
    """Whether the last seal is no older than that."""
    async with hub.database.driver() as driver:
        made_at = (await log_seals.end_of_chain(driver)).made_at
    return made_at is not None and (now - made_at).total_seconds() < seconds


async def _seal_some(hub: Hub, now: datetime) -> list[Seal]:
    async with hub.database.sole("relhub seal log") as alone:
        if not alone:
            return []
        async with hub.database.begin() as store:
            driver = store.driver
            end = await log_seals.end_of_chain(driver)
            upto = await log_seals.highest_id(driver)
            final = await _all_written(driver)
            months, highest, count = await _collect(driver, end.floor, upto)
            reached = (highest if count == _MOST else upto) if final else end.floor
            made = list(_seals(hub, end, months, max(end.floor, reached), now))
            for seal in made:
                await log_seals.add_seal(driver, seal)
    return made


async def _all_written(driver: Driver) -> bool:
    """Waits for those who are writing now. True when all ended: then every row with an id that was given out before can be seen."""
    waiting = await log_seals.writers(driver)
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while waiting and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
        waiting &= await log_seals.writers(driver)
    return not waiting


async def _collect(driver: Driver, floor: int, upto: int) -> tuple[dict[date, _Month], int, int]:
    """By month, the highest id among them, and how many."""
    months: dict[date, _Month] = {}
    after, count = floor, 0
    while count < _MOST and (rows := await log_seals.unsealed_rows(driver, floor, after, upto, min(_AT_ONCE, _MOST - count))):
        for row in rows:
            at = row.moment
            months.setdefault(date(at.year, at.month, 1), _Month(at, at)).add(row, at)
        after, count = rows[-1].id, count + len(rows)
    return months, after, count


def _seals(hub: Hub, end: End, months: dict[date, _Month], floor: int, now: datetime) -> Iterator[Seal]:
    for month, rows in sorted(months.items()):
        ids = log_seals.ranges_of(rows.ids)
        parts = (rows.tree.size, rows.first, rows.last, rows.tree.root(), bytes(rows.leaves))
        seal = sign(hub, end, Seal(0, "rows", FORM, month, ids, *parts, floor, now, b""))
        end = End(seal.number, floor, seal.mac, now)
        yield seal


def sign(hub: Hub, end: End, seal: Seal) -> Seal:
    """This seal as the one that comes after the end of the chain."""
    placed = replace(seal, number=end.number + 1, previous=end.mac)
    return replace(placed, mac=hub.sealer.authenticate("log seal", placed.message()))
