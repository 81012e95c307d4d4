"""Subscribing as the contact centre does, an address that is told, and rounds of a worker one by one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.adapter_servers import serving
from tests.exporting import KNOWN
from tests.towns import asked, headers_of, rows

from relhub.adapters.subscriber import Subscribers
from relhub.domain.callbacks import read_rules
from relhub.services.deliver import take_due, tell
from relhub.services.hub import Hub
from relhub.services.make_export import KnownConsumers
from relhub.services.teller import Teller
from relhub.storage.events import Change, add_events

FOLLOWING = {name: value for name, value in headers_of(asked("contact-centre", "following-changes")).items() if name != "X-Occasion"}
LOOPBACK = read_rules(["http://127.0.0.1:*", "afnemer.voorbeeld.example"], ["127.0.0.0/8"])
Behaviour = Callable[[dict[str, Any]], Awaitable[Response | None]]


@dataclass
class Receiver:
    """Answers challenges, and keeps what it was told; `behaves`: what else it does with an event, None for taking it."""

    url: str = ""
    behaves: Behaviour | None = None
    told: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    sent: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    echoes: bool = True

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        event = orjson.loads(body)
        self.sent.append((dict(request.headers), body))
        if event["type"] == "nl.relaties.abonnement-te-bevestigen":
            return JSONResponse(event["data"] if self.echoes else {"challenge": "something"})
        self.asked.append(event)
        answer = await self.behaves(event) if self.behaves else None
        if answer is None:
            self.told.append(event)
        return answer or Response(status_code=204)

    @property
    def subjects(self) -> list[str]:
        """Of what it took, in the order in which it came."""
        return [event["subject"] for event in self.told]

    @property
    def times(self) -> Counter[str]:
        """How often it was sent each event."""
        return Counter(event["id"] for event in self.asked)


@asynccontextmanager
async def receiving(behaves: Behaviour | None = None) -> AsyncIterator[Receiver]:
    """A receiver, served over HTTP on this machine."""
    receiver = Receiver(behaves=behaves)
    async with serving(Starlette(routes=[Route("/told", receiver.answer, methods=["POST"])])) as url:
        receiver.url = f"{url}/told"
        yield receiver


def refusing(*subjects: str, status: int = 500) -> Behaviour:
    """Does not take what is about these."""

    async def behave(event: dict[str, Any]) -> Response | None:
        return Response(status_code=status) if event["subject"] in subjects else None

    return behave


async def hanging(_: dict[str, Any]) -> Response | None:
    await asyncio.sleep(60)
    return None


async def subscribe(api: httpx2.AsyncClient, callback: str, **wanted: Any) -> dict[str, Any]:
    answer = await api.post("/v1/subscriptions", headers=FOLLOWING, json={"callback": callback, **wanted})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def subscribed(hub: Hub, api: httpx2.AsyncClient, receiver: Receiver, **wanted: Any) -> dict[str, Any]:
    """A subscription that was verified."""
    made = await subscribe(api, receiver.url, **wanted)
    await deliver(hub)
    answer = await api.get(f"/v1/subscriptions/{made['id']}", headers=FOLLOWING)
    assert answer.json()["state"] == "active", await troubles(hub)
    return {**made, **answer.json()}


async def troubles(hub: Hub) -> list[str]:
    return [row["trouble"] for row in await rows(hub, "SELECT trouble FROM subscription")]


async def deliver(hub: Hub, times: int = 3, consumers: KnownConsumers = KNOWN) -> None:
    """What a worker does, so often, without waiting in between; what waits for its turn goes on waiting."""
    subscribers = Subscribers(hub.callbacks)
    teller = Teller(hub, consumers, subscribers.post)
    try:
        for _ in range(times):
            await rows(
                hub,
                "UPDATE subscription SET next_at = least(next_at, now() - interval '1 second') WHERE next_at < now() + interval '1 second'",
            )
            taken, horizon = await take_due(hub, 100)
            await asyncio.gather(*(tell(teller, one, horizon) for one in taken))
    finally:
        await subscribers.close()


async def time_passes(hub: Hub, interval: str) -> None:
    """As if it were so much later, for all that waits."""
    await rows(
        hub, "UPDATE subscription SET next_at = next_at - $1::text::interval, challenged_at = challenged_at - $1::text::interval", interval
    )
    await rows(hub, "UPDATE delivery SET next_at = next_at - $1::text::interval, first_at = first_at - $1::text::interval", interval)


async def happen(hub: Hub, *subjects: str, compartments: Sequence[int] = ()) -> None:
    """Changes of these relations (`rel_…`) and cases, each in a transaction of its own."""
    known = compartments or [row["id"] for row in await rows(hub, "SELECT id FROM compartment WHERE capacity = 'licensing'")]
    for subject in subjects:
        relation = subject if subject.startswith("rel_") else None
        change = Change("relation.changed", relation, None, known) if relation else Change("case.changed", None, subject, known)
        async with hub.database.begin() as store:
            await add_events(store, "copy-a", [change], datetime.now(UTC))


async def deliveries(api: httpx2.AsyncClient, subscription: dict[str, Any]) -> dict[str, Any]:
    answer = await api.get(f"/v1/subscriptions/{subscription['id']}/deliveries", headers=FOLLOWING)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def that_tells(hub: Hub) -> Hub:
    """The same hub, which may tell receivers on this machine."""
    return replace(hub, callbacks=LOOPBACK)
