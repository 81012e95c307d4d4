"""delivery: what could not be told yet, or waits behind that; and what is held, as it was tried for too long."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from relhub.domain.access import Profile
from relhub.domain.subscriptions import Wanted
from relhub.storage.database import Driver, Store
from relhub.storage.events import EVENT, Event, told_to


@dataclass(frozen=True, slots=True)
class Waiting:
    """One that is not held, of this lane: a relation or case, of which all is told in order."""

    event_id: int
    lane: str
    first_at: datetime
    next_at: datetime
    attempts: int
    reason: str
    held_at: datetime | None
    transaction: int

    @property
    def place(self) -> tuple[int, int]:
        return self.transaction, self.event_id


_COLUMNS = "d.event, d.lane, d.first_at, d.next_at, d.attempts, d.reason, d.held_at, event.transaction"
_NUMBER = len(EVENT.split())


async def waiting(driver: Driver, subscription: str, limit: int) -> list[Waiting]:
    """The first ones that are not held, in the order of their events."""
    rows = await driver.fetch(
        f"""
        SELECT {_COLUMNS} FROM delivery d JOIN event ON event.id = d.event
        WHERE d.subscription = $1 AND d.held_at IS NULL ORDER BY event.transaction, event.id LIMIT $2
        """,
        subscription,
        limit,
    )
    return [Waiting(*row.values()) for row in rows]


async def list_deliveries(
    driver: Driver, subscription: str, after: tuple[int, int], profile: Profile, wanted: Wanted, limit: int
) -> list[tuple[Event, Waiting]]:
    """Those that wait or are held and may be told now, in the order of their events, after this (transaction, id)."""
    told = told_to(profile, wanted, first=5)
    rows = await driver.fetch(
        f"""
        SELECT {EVENT}, {_COLUMNS} FROM delivery d JOIN event ON event.id = d.event
        WHERE d.subscription = $1 AND (transaction, id) > ($2, $3) AND {told.condition} ORDER BY transaction, id LIMIT $4
        """,
        subscription,
        *after,
        limit,
        *told.values,
    )
    return [(Event(*values[:_NUMBER]), Waiting(*values[_NUMBER:])) for values in (tuple(row.values()) for row in rows)]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why, and when it is tried again; `held`: not any more."""

    reason: str
    next_at: datetime
    held: bool


async def keep_failed(store: Store, subscription: str, failed: Mapping[Event, Failed], at: datetime) -> None:
    """Those that were tried in vain, once more or for the first time."""
    await store.driver.execute(
        """
        INSERT INTO delivery (subscription, event, lane, first_at, next_at, attempts, reason, held_at)
        SELECT $1, f.event, f.lane, $2::timestamptz, f.next_at, 1, f.reason, CASE WHEN f.held THEN $2::timestamptz END
        FROM unnest($3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::bool[]) f (event, lane, next_at, reason, held)
        WHERE EXISTS (SELECT FROM event e WHERE e.id = f.event)
        ON CONFLICT (subscription, event) DO UPDATE
        SET attempts = delivery.attempts + 1, next_at = excluded.next_at, reason = excluded.reason, held_at = excluded.held_at
        """,
        subscription,
        at,
        [event.id for event in failed],
        [event.lane for event in failed],
        [one.next_at for one in failed.values()],
        [one.reason for one in failed.values()],
        [one.held for one in failed.values()],
    )


async def keep_behind(store: Store, subscription: str, events: Collection[Event], at: datetime) -> None:
    """Those that were not tried yet, as they come behind others."""
    await store.driver.execute(
        """
        INSERT INTO delivery (subscription, event, lane, first_at, next_at, attempts, reason)
        SELECT $1, b.event, b.lane, $2, $2, 0, '' FROM unnest($3::bigint[], $4::text[]) b (event, lane)
        WHERE EXISTS (SELECT FROM event e WHERE e.id = b.event) ON CONFLICT DO NOTHING
        """,
        subscription,
        at,
        [event.id for event in events],
        [event.lane for event in events],
    )


async def done_with(store: Store, subscription: str, event_ids: Collection[int]) -> None:
    """These were told, or may not be told any more."""
    await store.driver.execute("DELETE FROM delivery WHERE subscription = $1 AND event = ANY($2)", subscription, list(event_ids))


async def try_all_now(store: Store, subscription: str, at: datetime) -> None:
    """The subscriber answers again."""
    await store.driver.execute(
        "UPDATE delivery SET next_at = $2 WHERE subscription = $1 AND held_at IS NULL AND next_at > $2", subscription, at
    )


async def forget_after(store: Store, subscription: str, place: tuple[int, int]) -> None:
    """All after this (transaction, id) comes again."""
    await store.driver.execute(
        "DELETE FROM delivery d USING event e WHERE d.subscription = $1 AND e.id = d.event AND (e.transaction, e.id) > ($2, $3)",
        subscription,
        *place,
    )


async def figures(driver: Driver) -> tuple[datetime | None, int]:
    """(since when the longest waiting one waits, how many are held)."""
    row = await driver.fetchrow(
        "SELECT (SELECT min(first_at) FROM delivery WHERE held_at IS NULL) since, (SELECT count(*) FROM delivery WHERE held_at IS NOT NULL) held"
    )
    return row["since"], row["held"]
