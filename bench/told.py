"""Telling 50 subscribers, of which 5 hang: how many events a second, and how long after its commit each is there."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import quantiles

import orjson
import psutil
import uvicorn
from starlette.types import Receive, Scope, Send

from bench.figures import Figure
from bench.load import NotMeasured
from bench.stage import DEMO, Stage, environment, free_port, opened, process
from relhub.api.internal import QuietServer
from relhub.config.consumers import load_consumers
from relhub.services.asked import Asked
from relhub.services.hub import Hub
from relhub.services.make_subscription import SubscriptionForm, make_subscription
from relhub.storage.compartments import keep_compartments
from relhub.storage.events import Change, add_events

_SUBSCRIBERS, _HANGING = 50, 5
_SECONDS, _BETWEEN = 20.0, 0.14  # 45 who answer, 7 events a second: 320 deliveries
_PATIENCE = 30.0


@dataclass
class _Receiver:
    """All subscribers at once. `arrived`: when each event was there, of each that answers."""

    arrived: dict[str, list[float]] = field(default_factory=dict)
    hung: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        event = orjson.loads(body)
        answer = b""
        if "data" in event:
            answer = orjson.dumps(event["data"])
        elif scope["path"].startswith("/hang"):
            self.hung += 1
            await receive()  # until it is given up
            return
        else:
            self.arrived.setdefault(event["subject"], []).append(time.monotonic())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(answer)).encode())]})
        await send({"type": "http.response.body", "body": answer})


@contextlib.asynccontextmanager
async def _receiving(receiver: _Receiver) -> AsyncIterator[str]:
    port = free_port()
    server = QuietServer(
        uvicorn.Config(receiver, port=port, lifespan="off", access_log=False, log_config=None, timeout_graceful_shutdown=1, backlog=4096)
    )
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


async def measure_told(stage: Stage) -> list[Figure]:
    """The worker is a process of its own; here are the subscribers, and whoever changes something."""
    url = await stage.database("told")
    settings = stage.settings(url, {"permits": "http://127.0.0.1:9"}, {'schedule = "*/15 * * * *"': ""})
    settings = settings.model_copy(update={"subscribers": "http://127.0.0.1:*", "subscriber_networks": "127.0.0.0/8"})
    receiver, port = _Receiver(), free_port()
    named = environment(settings) | {
        "RELHUB_SUBSCRIBERS": settings.subscribers,
        "RELHUB_SUBSCRIBER_NETWORKS": settings.subscriber_networks,
        "RELHUB_INTERNAL_PORT": str(port),
    }
    command = [sys.executable, "-m", "relhub.cli", "worker"]
    async with opened(settings) as hub, _receiving(receiver) as base:
        await _subscribe(hub, base)
        async with process(command, named, f"http://127.0.0.1:{port}/metrics") as worker:
            await _verified(hub)
            before, begun = _cpu(worker.pid), time.monotonic()
            committed = await _change(hub)
            await _all_there(receiver, committed)
            seconds = time.monotonic() - begun
            used = (_cpu(worker.pid) - before) / seconds
    delays = [at - committed[subject] for subject, times in receiver.arrived.items() for at in times if subject in committed]
    ends = [at for times in receiver.arrived.values() for at in times]
    percentiles = quantiles(delays, n=100)
    return [
        Figure("told: deliveries per second to who answers", len(delays) / (max(ends) - begun), 300, "1/s"),
        Figure("told: p95 from commit to delivery", percentiles[94], 2, "s", most=True),
        Figure("told: p50 from commit to delivery", percentiles[49], unit="s"),
        Figure("told: p99 from commit to delivery", percentiles[98], unit="s"),
        Figure("told: cores that the worker used", used, unit="cores"),
        Figure("told: questions to who hangs", float(receiver.hung), unit="questions"),
    ]


async def _subscribe(hub: Hub, base: str) -> None:
    consumer = load_consumers(DEMO / "consumers.toml").by_name["contact-centre"].consumer
    async with hub.database.begin() as store:
        await keep_compartments(store, [("permits", "licensing", "omgevingsvergunning", "openbaar")])
    for number in range(_SUBSCRIBERS):
        asked = Asked(consumer, "bench", "following-changes", "none", f"{number:032x}", datetime.now(UTC))
        sort = "hang" if number < _HANGING else "answer"
        await make_subscription(hub, asked, SubscriptionForm(f"{base}/{sort}/{number}"), "", "/v1")


async def _verified(hub: Hub) -> None:
    for _ in range(300):
        async with hub.database.driver() as driver:
            if not await driver.fetchval("SELECT count(*) FROM subscription WHERE verified_at IS NULL"):
                return
        await asyncio.sleep(0.1)
    raise NotMeasured("the subscriptions were not verified")


async def _change(hub: Hub) -> dict[str, float]:
    """A change every so often, each in a transaction of its own. When each was committed."""
    committed: dict[str, float] = {}
    begun = time.monotonic()
    while (at := time.monotonic() - begun) < _SECONDS:
        subject = f"rel_{len(committed):026}"
        async with hub.database.begin() as store:
            await add_events(store, "permits", [Change("relation.changed", subject, None, [1])], datetime.now(UTC))
        committed[subject] = time.monotonic()
        await asyncio.sleep(max(0.0, len(committed) * _BETWEEN - at))
    return committed


async def _all_there(receiver: _Receiver, committed: dict[str, float]) -> None:
    until = time.monotonic() + _PATIENCE
    while any(len(receiver.arrived.get(subject, ())) < _SUBSCRIBERS - _HANGING for subject in committed):
        if time.monotonic() > until:
            raise NotMeasured("not everything was told")
        await asyncio.sleep(0.1)


def _cpu(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)
