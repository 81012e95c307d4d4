"""Officials who signed in on the console: their access token stays here, and their browser has a key to it."""

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from relhub.errors import SealLost
from relhub.services.hub import Hub
from relhub.storage import console_sessions as storage

IDLE: Final = timedelta(minutes=30)  # after which somebody who does nothing is signed out
LONGEST: Final = timedelta(hours=8)
_NOTED: Final = timedelta(minutes=1)  # more often than this it is not noted that a session is used
_MOST_WORKS: Final = 30


@dataclass(slots=True)
class Work:
    """What an official works on: the processing activity and the occasion that the API is asked with."""

    activity: str
    occasion: str


@dataclass(slots=True)
class Session:
    """Somebody who signed in. `official`: whom the application names, where its token names nobody; `until`: when the token ends.

    `works`: by an id of their own, so that two tabs can work on two things. `notice`: to be told on the next page.
    """

    token: str = field(repr=False)
    official: str
    name: str
    department: str
    until: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    works: dict[str, Work] = field(default_factory=dict)
    notice: str = ""


async def begin_session(hub: Hub, session: Session) -> str:
    """The key of a new session, which lasts no longer than its token, nor than `LONGEST`."""
    session.until = min(session.until, (datetime.now(UTC) + LONGEST).timestamp())
    key = secrets.token_urlsafe(32)
    async with hub.database.begin() as store:
        await storage.add_session(store, hub.sealer, key, _said(session), _expiry(session))
    return key


async def find_session(hub: Hub, key: str) -> Session | None:
    """The session of this key, which is used now; None when it has ended. Raises DatabaseUnusable."""
    async with hub.database.driver() as driver:
        try:
            found = await storage.find_session(driver, hub.sealer, key)
        except SealLost:  # keys were changed meanwhile
            return None
        if found is None:
            return None
        session = _read(found[0])
        if _expiry(session) - found[1] > _NOTED:
            await storage.lengthen_session(driver, key, _expiry(session))
    return session


async def change_session(hub: Hub, key: str, change: Callable[[Session], None]) -> None:
    """Changes what is known, beside whatever another tab changes at the same time."""
    async with hub.database.begin() as store:
        said = await storage.lock_session(store, hub.sealer, key)
        if said is not None:
            session = _read(said)
            change(session)
            await storage.change_session(store, hub.sealer, key, _said(session))


async def begin_work(hub: Hub, key: str, work: Work) -> str:
    """The id of what an official works on from now on; the oldest of many are forgotten."""
    id_ = secrets.token_hex(8)

    def change(session: Session) -> None:
        session.works = dict([*session.works.items()][-_MOST_WORKS + 1 :]) | {id_: work}

    await change_session(hub, key, change)
    return id_


async def end_session(hub: Hub, key: str) -> None:
    async with hub.database.driver() as driver:
        await storage.delete_session(driver, key)


def _expiry(session: Session) -> datetime:
    return min(datetime.now(UTC) + IDLE, datetime.fromtimestamp(session.until, UTC))


def _said(session: Session) -> bytes:
    return orjson.dumps(asdict(session))


def _read(said: bytes) -> Session:
    found = orjson.loads(said)
    return Session(**{**found, "works": {id_: Work(**work) for id_, work in found["works"].items()}})
