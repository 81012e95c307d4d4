"""subscription: who is to be told of which changes, and how far they have been told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from relhub.domain.subscriptions import WARN_BEFORE, Wanted
from relhub.errors import DeliveryLost
from relhub.storage.database import Driver, Store


@dataclass(frozen=True, slots=True)
class Owner:
    """Who subscribed: what is decided on again each time something is told."""

    consumer: str
    organisation: str
    department: str
    roles: Sequence[str]
    official: str
    activity: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """One row. `place`: (transaction, id) of the last event that is done with, or is in `delivery`. `expires_at`: None for one of an application itself."""

    id: str
    owner: Owner
    callback: str
    base: str
    wanted: Wanted
    created_at: datetime
    secret: bytes = field(repr=False)
    place: tuple[int, int]
    next_at: datetime
    challenged_at: datetime
    former_secret: bytes | None = field(default=None, repr=False)
    former_until: datetime | None = None
    version: int = 1
    paused: bool = False
    verified_at: datetime | None = None
    round: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    trouble: str = ""
    last_told_at: datetime | None = None
    missed_at: datetime | None = None
    expires_at: datetime | None = None
    warned_at: datetime | None = None

    @property
    def state(self) -> str:
        """unverified, paused or active."""
        return "unverified" if self.verified_at is None else "paused" if self.paused else "active"

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def expires_soon(self, now: datetime) -> bool:
        """And its subscriber was not told so yet."""
        return self.expires_at is not None and self.warned_at is None and self.expires_at < now + WARN_BEFORE


_OWNER = tuple(Owner.__dataclass_fields__)
_WANTED = tuple(Wanted.__dataclass_fields__)
_OWN = tuple(name for name in Subscription.__dataclass_fields__ if name not in ("owner", "wanted", "place"))
_NAMES = (*_OWN, *_OWNER, *_WANTED, "transaction", "event")
_COLUMNS = ", ".join(f"s.{name}" for name in _NAMES)
_OF = "(s.consumer, s.organisation, s.department, s.activity) = ($1, $2, $3, $4)"


async def add_subscription(store: Store, one: Subscription) -> None:
    places = ", ".join(f"${n}" for n in range(1, len(_NAMES) + 1))
    await store.driver.execute(f"INSERT INTO subscription ({', '.join(_NAMES)}) VALUES ({places})", *_values(one))


async def count_of(store: Store, consumer: str) -> int:
    """How many this consumer has; another that is to be added waits until this transaction ends."""
    await store.driver.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 7264004))", consumer)
    return int(await store.driver.fetchval("SELECT count(*) FROM subscription WHERE consumer = $1", consumer))


async def find_own(store: Store, owner: Owner, id_: str, *, to_change: bool = False) -> Subscription | None:
    """This subscription, when it is of this consumer, department and activity: for others there is none."""
    lock = "FOR UPDATE" if to_change else ""
    statement = f"SELECT {_COLUMNS} FROM subscription s WHERE {_OF} AND s.id = $5 {lock}"
    row = await store.driver.fetchrow(statement, owner.consumer, owner.organisation, owner.department, owner.activity, id_)
    return _subscription(row) if row else None


async def list_own(store: Store, owner: Owner, after: str, limit: int) -> list[Subscription]:
    """Those of this consumer, department and activity, by id."""
    statement = f"SELECT {_COLUMNS} FROM subscription s WHERE {_OF} AND s.id > $5 ORDER BY s.id LIMIT $6"
    rows = await store.driver.fetch(statement, owner.consumer, owner.organisation, owner.department, owner.activity, after, limit)
    return [_subscription(row) for row in rows]


async def change_subscription(store: Store, id_: str, changes: dict[str, Any]) -> None:
    """These columns say this now; what whoever is at a round of it will note is not kept."""
    columns = ", ".join(f"{name} = ${n}" for n, name in enumerate(changes, 2))
    await store.driver.execute(f"UPDATE subscription SET {columns}, round = round + 1 WHERE id = $1", id_, *changes.values())


async def remove_subscription(store: Store, id_: str) -> None:
    await store.driver.execute("DELETE FROM subscription WHERE id = $1", id_)


@dataclass(frozen=True, slots=True)
class Taken:
    """A subscription that this process is at. `until`: then others may take it; `waits`: whether it has deliveries that wait; `missed`: events were trimmed that it was not told."""

    subscription: Subscription
    until: datetime
    waits: bool
    missed: bool


_WAITING = "SELECT FROM delivery d WHERE d.subscription = s.id AND d.held_at IS NULL"
_IN_FORCE = "(s.expires_at IS NULL OR s.expires_at > now())"
_NEW = "SELECT FROM event e WHERE (e.transaction, e.id) > (s.transaction, s.event) AND e.transaction < $3"


async def take_due(store: Store, limit: int, seconds: float, horizon: int) -> list[Taken]:
    """Subscriptions with something to be told, for this process alone, for so many seconds: after that others take them to be left."""
    rows = await store.driver.fetch(
        f"""
        UPDATE subscription s SET taken_until = now() + make_interval(secs => $2), round = round + 1
        WHERE s.id IN (
            SELECT s.id FROM subscription s WHERE s.next_at <= now() AND s.taken_until < now()
                AND {_IN_FORCE} AND (s.verified_at IS NULL OR NOT s.paused AND (
                    EXISTS ({_NEW}) OR EXISTS ({_WAITING} AND d.next_at <= now()) OR s.warned_at IS NULL AND s.expires_at < now() + $4::interval))
            ORDER BY s.next_at LIMIT $1 FOR UPDATE SKIP LOCKED
        )
        RETURNING {_COLUMNS}, s.taken_until, EXISTS ({_WAITING}) waits, (s.transaction, s.event) < (SELECT event_transaction, event_id FROM purge_state) missed
        """,
        limit,
        seconds,
        horizon,
        WARN_BEFORE,
    )
    return [Taken(_subscription(row), row["taken_until"], row["waits"], row["missed"]) for row in rows]


async def end_round(driver: Driver, one: Subscription, changes: dict[str, Any]) -> None:
    """These columns say this now, and it is free for whoever comes next. Raises DeliveryLost when it is not this process's any more."""
    columns = "".join(f", {name} = ${n}" for n, name in enumerate(changes, 3))
    statement = f"UPDATE subscription SET taken_until = '-infinity'{columns} WHERE id = $1 AND round = $2"
    if await driver.execute(statement, one.id, one.round, *changes.values()) == "UPDATE 0":
        raise DeliveryLost("another process has taken this subscription over, or it was changed")


async def let_go(driver: Driver, taken: Taken) -> None:
    """It is free for whoever comes next, unless another process has it already."""
    statement = "UPDATE subscription SET taken_until = '-infinity' WHERE id = $1 AND taken_until = $2"
    await driver.execute(statement, taken.subscription.id, taken.until)


async def after_a_restore(store: Store) -> None:
    """In a database that was restored into a younger server, as for its events (`horizon`): those that were not told come again."""
    await store.driver.execute(
        "UPDATE subscription SET transaction = 0 WHERE transaction > pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    )


async def oldest_failing(driver: Driver) -> datetime | None:
    """Since when the subscriber that has not answered for longest has not."""
    found: datetime | None = await driver.fetchval(
        f"SELECT min(s.failing_since) FROM subscription s WHERE NOT s.paused AND s.gone_at IS NULL AND {_IN_FORCE}"
    )
    return found


def _values(one: Subscription) -> list[Any]:
    values = {name: getattr(one, name) for name in _OWN}
    values |= {name: getattr(one.owner, name) for name in _OWNER} | {name: getattr(one.wanted, name) for name in _WANTED}
    return list((values | {"transaction": one.place[0], "event": one.place[1]}).values())


def _subscription(row: Any) -> Subscription:
    return Subscription(
        **{name: row[name] for name in _OWN},
        owner=Owner(*(row[name] for name in _OWNER)),
        wanted=Wanted(row["relation_id"], row["bag_id"], row["case_kind"], row["project"], tuple(row["types"])),
        place=(row["transaction"], row["event"]),
    )


async def forget_former_secrets(store: Store, now: datetime) -> int:
    """Those that sign nothing any more. Returns how many went."""
    statement = "UPDATE subscription SET former_secret = NULL, former_until = NULL WHERE former_until <= $1"
    return int((await store.driver.execute(statement, now)).rpartition(" ")[2])


async def end_with(store: Store, organisation: str, accounts: Collection[str], at: datetime) -> None:
    """Those that were made with the token of one of these officials end no later than this."""
    await store.driver.execute(
        """
        UPDATE subscription SET expires_at = $3, version = version + 1, round = round + 1
        WHERE organisation = $1 AND official = ANY($2::text[]) AND expires_at > $3
        """,
        organisation,
        sorted(accounts),
        at,
    )


async def end_with_the_left(store: Store) -> None:
    """Those of whom the directory says that they left, or when they will, end after their last day: also where neither an import nor who made it knew of the other."""
    await store.driver.execute(
        """
        UPDATE subscription s SET expires_at = e.at, version = version + 1, round = round + 1
        FROM (SELECT organisation, account, (left_on + 1)::timestamp AT TIME ZONE 'Europe/Amsterdam' at FROM official WHERE left_on IS NOT NULL) e
        WHERE (s.organisation, s.official) = (e.organisation, e.account) AND s.expires_at > e.at
        """
    )


async def owners(store: Store) -> list[tuple[str, str, str]]:
    """(consumer, organisation, department) of all that there are."""
    rows = await store.driver.fetch("SELECT DISTINCT consumer, organisation, department FROM subscription ORDER BY 1, 2, 3")
    return [tuple(row) for row in rows]


async def note_gone(store: Store, gone: Sequence[tuple[str, str, str]], now: datetime) -> None:
    """These (consumer, organisation, department) are no longer there, and all others are."""
    await store.driver.execute(
        """
        WITH found AS (
            SELECT s.id, (s.consumer, s.organisation, s.department) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[])) gone FROM subscription s
        )
        UPDATE subscription s SET gone_at = CASE WHEN f.gone THEN $4::timestamptz END
        FROM found f WHERE f.id = s.id AND f.gone <> (s.gone_at IS NOT NULL)
        """,
        *([owner[n] for owner in gone] for n in range(3)),
        now,
    )


async def forget_gone(store: Store, before: datetime) -> int:
    """Those whose consumer was gone before, and still is. Returns how many went."""
    return int((await store.driver.execute("DELETE FROM subscription WHERE gone_at <= $1", before)).rpartition(" ")[2])


async def forget_expired(store: Store, before: datetime) -> int:
    """Those that ended before, with what waited. Returns how many went."""
    return int((await store.driver.execute("DELETE FROM subscription WHERE expires_at <= $1", before)).rpartition(" ")[2])
