"""What it takes to tell subscribers: who may be told now, and how what they are told is signed."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from standardwebhooks import Webhook

from relhub.domain.access import Refusal, admits_place
from relhub.domain.occasions import Occasion
from relhub.errors import NotAllowed
from relhub.services.admit import Admitted, refuse
from relhub.services.asked import Asked
from relhub.services.follow import admit_follower, decide_follower
from relhub.services.hub import Hub
from relhub.services.make_export import KnownConsumers
from relhub.services.make_subscription import EXPIRED
from relhub.storage.sealed_columns import about_secret
from relhub.storage.subscriptions import Subscription

_UNKNOWN = "The application is no longer known here, or no longer for this organisation and department."


class Answered(Protocol):
    """What a subscriber answered that took it."""

    @property
    def body(self) -> bytes: ...


Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[Answered]]
"""Sends a body to an address. Raises SourceUnavailable when nobody answers, SourceRefused when it is not taken."""


@dataclass(frozen=True, slots=True)
class Teller:
    """What it takes to tell. `stopping`: whether this process ends; `store`: how many rounds may use the database at once."""

    hub: Hub
    consumers: KnownConsumers
    post: Post
    stopping: Callable[[], bool] = lambda: False
    store: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(3))


def _asked(teller: Teller, one: Subscription, now: datetime) -> Asked | None:
    """As its owner would ask now; None when there is no such consumer any more."""
    owner = one.owner
    consumer = teller.consumers.as_agreed(owner.consumer, owner.organisation, owner.department, owner.roles)
    if consumer is None:
        return None
    return Asked(consumer, owner.official, owner.activity, "none", os.urandom(16).hex(), now, os.urandom(8).hex())


async def log_refusal(teller: Teller, one: Subscription, now: datetime) -> None:
    """In the consultation log, when it is known who is refused."""
    asked = _asked(teller, one, now)
    if asked:
        with contextlib.suppress(NotAllowed):
            admitted = await admit_follower(teller.hub, asked, "delivery")
            if one.wanted.bag_id and (refusal := admits_place(admitted.profile.activity, Occasion("none"))):
                await refuse(teller.hub, admitted.look, refusal)


def may_tell(teller: Teller, one: Subscription, now: datetime) -> Admitted | Refusal:
    """What the owner of a subscription may be told now."""
    if one.has_expired(now):
        return Refusal(EXPIRED)
    asked = _asked(teller, one, now)
    if asked is None:
        return Refusal(_UNKNOWN)
    admitted = decide_follower(teller.hub, asked, "delivery")
    if isinstance(admitted, Admitted) and one.wanted.bag_id:
        return admits_place(admitted.profile.activity, Occasion("none")) or admitted
    return admitted


class Signing:
    """Signs as Standard Webhooks says; with the secret of before as well, for a while after it was replaced."""

    def __init__(self, hub: Hub, one: Subscription, now: datetime) -> None:
        """Raises SealLost, InvalidTag."""
        secrets = [hub.sealer.open(one.secret, about_secret("now", one.id))]
        if one.former_secret and one.former_until and one.former_until > now:
            secrets.append(hub.sealer.open(one.former_secret, about_secret("former", one.id)))
        self._keys = [Webhook(secret.decode()) for secret in secrets]

    def headers(self, id_: str, body: bytes) -> dict[str, str]:
        at = datetime.now(UTC)
        signatures = " ".join(key.sign(id_, at, body.decode()) for key in self._keys)
        return {
            "Content-Type": "application/cloudevents+json",
            "webhook-id": id_,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signatures,
        }
