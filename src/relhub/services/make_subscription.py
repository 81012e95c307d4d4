"""Subscribing (abonneren) to changes: a worker tells of them, once the subscriber has shown that it expects that."""

import base64
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from relhub.domain.access import admits_place
from relhub.domain.callbacks import read_callback
from relhub.domain.occasions import Occasion, names_by_number
from relhub.domain.subscriptions import Wanted, expiry
from relhub.errors import InvalidInput, Problem, WrongState
from relhub.services.admit import refuse
from relhub.services.answer_once import write_once
from relhub.services.asked import Asked
from relhub.services.follow import TYPES, Place, admit_follower, read_place
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.storage import subscriptions
from relhub.storage.database import Store
from relhub.storage.events import horizon
from relhub.storage.officials import last_day_of
from relhub.storage.sealed_columns import about_secret
from relhub.storage.subscriptions import Owner, Subscription

MOST = 100
NO_SUBSCRIPTION = "There is no such subscription for your application, department and processing activity."
EXPIRED = "It has expired: nothing is told until it is renewed (POST …/_renew)."
_TOLD_AS = {told: type_ for type_, told in TYPES.items()}
_NOT_ALLOWED = (
    "is no address at which this installation may tell anything: https, and a host that its administrator has allowed (RELHUB_SUBSCRIBERS)"
)
_BY_NUMBER = "must not hold a citizen service number (BSN)"
_NEVER = "can't be given beside {}: a place tells of cases, and no change is of both"


@dataclass(frozen=True, slots=True)
class SubscriptionForm:
    """What is to be told, and where. `types`: as they are told; `cursor`: of events, after which it begins; empty for now."""

    callback: str
    wanted: Wanted = field(default_factory=Wanted)
    cursor: str = ""


def owner_of(asked: Asked) -> Owner:
    """Who asks, as the owner of a subscription."""
    who = asked.consumer
    return Owner(who.name, who.organisation, who.department, sorted(who.roles), asked.official, asked.activity)


async def make_subscription(hub: Hub, asked: Asked, form: SubscriptionForm, key: str, base: str) -> bytes:
    """The new subscription with its secret, to be verified. Of what may not be seen, or is not there, it will tell nothing.

    Raises NotAllowed, InvalidInput, KeyReused, and WrongState when the consumer has too many.
    """
    admitted = await admit_follower(hub, asked, "subscribe")
    if problems := [*callback_problems(hub, form.callback), *_wanted_problems(form.wanted)]:
        raise InvalidInput(*problems)
    if form.wanted.bag_id and (refusal := admits_place(admitted.profile.activity, Occasion("none"))):
        await refuse(hub, admitted.look, refusal)
    id_ = f"sub_{secrets.token_hex(16)}"
    request = ("subscribe", form.callback, form.cursor, asked.activity, asked.consumer.department, asked.official, *_plain(form.wanted))
    return await write_once(
        hub,
        admitted,
        key,
        request,
        lambda store: _make(hub, store, asked, form, id_, base),
        outcome="made",
        records=lambda answer: [f"subscription/{orjson.loads(answer)['id']}"],
    )


def _plain(wanted: Wanted) -> tuple[object, ...]:
    return (wanted.relation_id, wanted.bag_id, wanted.case_kind, wanted.project, list(wanted.types))


def callback_problems(hub: Hub, callback: str) -> Iterator[Problem]:
    """Why nothing may be told at this address."""
    found = read_callback(callback)
    if found is None or not hub.callbacks.allow(found):
        yield Problem("body callback", _NOT_ALLOWED)
    elif names_by_number(callback):
        yield Problem("body callback", _BY_NUMBER)


def _wanted_problems(wanted: Wanted) -> Iterator[Problem]:
    if wanted.bag_id and wanted.relation_id:
        yield Problem("body place", _NEVER.format("relation"))


def type_of(told: str) -> str:
    """The type of an event, from how it is told."""
    return _TOLD_AS[told]


async def _make(hub: Hub, store: Store, asked: Asked, form: SubscriptionForm, id_: str, base: str) -> bytes:
    owner = owner_of(asked)
    if await subscriptions.count_of(store, owner.consumer) >= MOST:
        raise WrongState(f"Your application has {MOST} subscriptions already: delete one first, or follow more with one (GET /events).")
    before = await horizon(store.driver)
    place: Place = await read_place(hub, store.driver, form.cursor, before, "body cursor") or (before, 0)
    secret = new_secret()
    one = Subscription(
        id=id_,
        owner=owner,
        callback=form.callback,
        base=base,
        wanted=form.wanted,
        created_at=asked.at,
        secret=hub.sealer.seal(secret.encode(), about_secret("now", id_)),
        place=place,
        next_at=asked.at,
        challenged_at=asked.at,
        expires_at=await expiry_of(store, asked),
    )
    await subscriptions.add_subscription(store, one)
    return orjson.dumps({**describe(one), "secret": secret})


async def expiry_of(store: Store, asked: Asked) -> datetime | None:
    """Until when it is told what whoever asks may see; None for an application, whose rights the consumers file ends.

    Raises WrongState for an official who has left, as the directory says.
    """
    if not asked.own_token:
        return None
    ends = expiry(asked.at, await last_day_of(store, asked.consumer.organisation, asked.official))
    if ends <= asked.at:
        raise WrongState(
            "The directory of officials says that you have left: a colleague can make or renew this. Are you still here? Have the directory put right."
        )
    return ends


def new_secret() -> str:
    """In the form of Standard Webhooks."""
    return f"whsec_{base64.b64encode(os.urandom(32)).decode()}"


def describe(one: Subscription) -> dict[str, object]:
    """As answers show it; never with its secret."""
    wanted = one.wanted
    named = {"relation": wanted.relation_id, "place": wanted.bag_id, "caseKind": wanted.case_kind, "project": wanted.project}
    return {
        "id": one.id,
        "state": one.state,
        "callback": one.callback,
        **{name: value for name, value in named.items() if value},
        **({"types": [TYPES[type_] for type_ in wanted.types]} if wanted.types else {}),
        "createdAt": at_utc(one.created_at),
        "expiresAt": at_utc(one.expires_at) if one.expires_at else None,
        "formerSecretUntil": at_utc(one.former_until) if one.former_until else None,
        "version": one.version,
    }


def tag_of(one: Subscription) -> str:
    """By which a change says what it has seen (If-Match)."""
    return f"{one.id}-{one.version}"
