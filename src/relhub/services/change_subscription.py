"""Changing a subscription: where it tells and of what, pausing and ending it, another secret, telling again."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import orjson
from cryptography.exceptions import InvalidTag

from relhub.domain.subscriptions import FORMER_SECRET
from relhub.errors import ChangedMeanwhile, InvalidInput, NotFound, SealLost, WrongState
from relhub.services.admit import Admitted
from relhub.services.answer_once import write_once
from relhub.services.asked import Asked, View
from relhub.services.follow import admit_follower, read_place
from relhub.services.hub import Hub
from relhub.services.make_subscription import (
    NO_SUBSCRIPTION,
    callback_problems,
    describe,
    expiry_of,
    new_secret,
    owner_of,
    tag_of,
)
from relhub.storage import deliveries, subscriptions
from relhub.storage.database import Store
from relhub.storage.events import horizon
from relhub.storage.log import add_look
from relhub.storage.sealed_columns import about_secret
from relhub.storage.subscriptions import Subscription

_UNVERIFIED = "This subscription is not verified yet: have the challenge sent again (POST …/_verify), and answer it."
Change = dict[str, Any]


async def change_subscription(hub: Hub, asked: Asked, id_: str, wanted: Change, seen: str) -> View:
    """`wanted`: callback, paused, types. Another address has to be verified.

    Raises NotAllowed, NotFound, InvalidInput, WrongState, ChangedMeanwhile.
    """
    admitted = await admit_follower(hub, asked, "change-subscription")
    if "callback" in wanted and (problems := [*callback_problems(hub, wanted["callback"])]):
        raise InvalidInput(*problems)

    async def change(store: Store, one: Subscription) -> Subscription:
        if one.verified_at is None and "paused" in wanted:
            raise WrongState(_UNVERIFIED)
        changes = {**wanted, "next_at": asked.at}
        if wanted.get("callback", one.callback) != one.callback:
            changes |= {"verified_at": None, "challenged_at": asked.at, "failures": 0, "failing_since": None, "trouble": ""}
        return await _changed(store, one, changes)

    one = await _tried(hub, admitted, asked, id_, change, seen, "changed")
    return View("", orjson.dumps(describe(one)), tag_of(one))


async def end_subscription(hub: Hub, asked: Asked, id_: str, seen: str) -> View:
    """It is gone, with all that waited or was held; as it was. Raises NotAllowed, NotFound, ChangedMeanwhile."""
    admitted = await admit_follower(hub, asked, "end-subscription")

    async def end(store: Store, one: Subscription) -> Subscription:
        await subscriptions.remove_subscription(store, id_)
        return one

    one = await _tried(hub, admitted, asked, id_, end, seen, "deleted")
    return View("", orjson.dumps(describe(one)), tag_of(one))


async def verify_subscription(hub: Hub, asked: Asked, id_: str, key: str) -> bytes:
    """The challenge is sent again, soon. Raises NotAllowed, NotFound, KeyReused, and WrongState when it is verified."""

    async def verify(store: Store, one: Subscription) -> bytes:
        if one.verified_at:
            raise WrongState("This subscription is verified.")
        after = await _changed(store, one, {"challenged_at": asked.at, "next_at": asked.at, "failures": 0, "trouble": ""})
        return orjson.dumps(describe(after))

    return await _once(hub, asked, id_, key, "verify-subscription", (), verify)


async def renew_subscription(hub: Hub, asked: Asked, id_: str, key: str) -> bytes:
    """It is of who asks from now on, and as new; as it was when it does not end. Raises NotAllowed, NotFound, KeyReused, WrongState."""

    async def renew(store: Store, one: Subscription) -> bytes:
        if one.expires_at is None:
            return orjson.dumps(describe(one))
        owner, expires_at = owner_of(asked), await expiry_of(store, asked)
        changes: Change = {
            "official": owner.official,
            "roles": owner.roles,
            "expires_at": expires_at,
            "warned_at": None,
            "next_at": asked.at,
        }
        return orjson.dumps(describe(await _changed(store, one, changes)))

    return await _once(hub, asked, id_, key, "renew-subscription", (asked.official,), renew)


async def rotate_secret(hub: Hub, asked: Asked, id_: str, key: str) -> bytes:
    """A new secret; for a day deliveries are signed with the one of before as well. Raises NotAllowed, NotFound, KeyReused."""

    async def rotate(store: Store, one: Subscription) -> bytes:
        secret = new_secret()
        changes: Change = {"secret": hub.sealer.seal(secret.encode(), about_secret("now", id_)), **_former(hub, one, asked.at)}
        after = await _changed(store, one, changes)
        return orjson.dumps({**describe(after), "secret": secret})

    return await _once(hub, asked, id_, key, "rotate-secret", (), rotate)


def _former(hub: Hub, one: Subscription, now: datetime) -> Change:
    try:
        plain = hub.sealer.open(one.secret, about_secret("now", one.id))
    except (SealLost, InvalidTag):  # nobody can sign with it any more
        return {"former_secret": None, "former_until": None}
    return {"former_secret": hub.sealer.seal(plain, about_secret("former", one.id)), "former_until": now + FORMER_SECRET}


async def replay(hub: Hub, asked: Asked, id_: str, cursor: str, key: str) -> bytes:
    """All after this cursor of events is told again, what was held too. Raises NotAllowed, NotFound, InvalidInput, KeyReused."""

    async def again(store: Store, one: Subscription) -> bytes:
        place = await read_place(hub, store.driver, cursor, await horizon(store.driver), "body cursor")
        assert place is not None  # the body has one
        await deliveries.forget_after(store, id_, place)
        changes = {"transaction": place[0], "event": place[1], "next_at": asked.at, "failures": 0, "missed_at": None}
        return orjson.dumps(describe(await _changed(store, one, changes)))

    return await _once(hub, asked, id_, key, "replay", (cursor,), again)


Write = Callable[[Store, Subscription], Awaitable[bytes]]


async def _once(hub: Hub, asked: Asked, id_: str, key: str, operation: str, request: tuple[object, ...], write: Write) -> bytes:
    """Of the consumer's own subscription, once per Idempotency-Key; logged also when it can't be."""
    admitted = await admit_follower(hub, asked, operation)

    async def own(store: Store) -> bytes:
        one = await subscriptions.find_own(store, owner_of(asked), id_, to_change=True)
        if one is None:
            raise NotFound(NO_SUBSCRIPTION)
        return await write(store, one)

    try:
        return await write_once(
            hub,
            admitted,
            key,
            (operation, id_, asked.activity, asked.consumer.department, *request),
            own,
            outcome="changed",
            records=lambda _: [f"subscription/{id_}"],
        )
    except (NotFound, WrongState) as error:
        await _note(hub, admitted, id_, error)
        raise


_Outcome = Literal["changed", "deleted"]


async def _tried(
    hub: Hub,
    admitted: Admitted,
    asked: Asked,
    id_: str,
    change: Callable[[Store, Subscription], Awaitable[Subscription]],
    seen: str,
    outcome: _Outcome,
) -> Subscription:
    """A change of what the consumer has seen (`seen`, or *); logged also when it can't be."""
    try:
        async with hub.database.begin() as store:
            one = await subscriptions.find_own(store, owner_of(asked), id_, to_change=True)
            if one is None:
                raise NotFound(NO_SUBSCRIPTION)
            if seen not in ("*", tag_of(one)):
                raise ChangedMeanwhile(orjson.dumps(describe(one)))
            after = await change(store, one)
            await add_look(store.driver, admitted.look, outcome, [], [f"subscription/{id_}"])
            return after
    except (NotFound, WrongState, ChangedMeanwhile) as error:
        await _note(hub, admitted, id_, error)
        raise


async def _note(hub: Hub, admitted: Admitted, id_: str, error: Exception) -> None:
    gone = isinstance(error, NotFound)
    async with hub.database.driver() as driver:
        await add_look(driver, admitted.look, "not-found" if gone else "refused", [], [] if gone else [f"subscription/{id_}"])


async def _changed(store: Store, one: Subscription, changes: Change) -> Subscription:
    """With these columns, and the next version."""
    changes = {**changes, "version": one.version + 1}
    await subscriptions.change_subscription(store, one.id, changes)
    own = {name: value for name, value in changes.items() if name in Subscription.__dataclass_fields__}
    types = tuple(changes.get("types", one.wanted.types))
    return replace(one, wanted=replace(one.wanted, types=types), **own)
