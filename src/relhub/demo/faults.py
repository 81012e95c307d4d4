"""How a demo system is made to misbehave while it runs: one layer around the whole system."""

import asyncio
from collections import Counter
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS = ("down", "slow", "500", "429", "garbage", "truncated", "loop")
LOOP = "relhub.demo.loop"  # in the scope: the system itself must answer with a next page that leads nowhere
DEFAULT_SECONDS = {"slow": 20.0, "429": 1.0}


@dataclass(slots=True)
class Fault:
    """A way to misbehave. `times`: only so many requests, then all is well again; `only`: only paths that contain this."""

    kind: str
    seconds: float = 0.0
    times: int | None = None
    only: str = ""


def parse_fault(text: str) -> Fault:
    """Reads "500", "slow" (20 seconds), "slow:0.5" or "429:3" (Retry-After). ValueError names what is allowed."""
    kind, _, seconds = text.partition(":")
    if kind not in KINDS or (seconds and kind not in DEFAULT_SECONDS):
        raise ValueError(f"unknown fault {text!r}: choose one of {', '.join(KINDS)} (slow and 429 may be followed by :seconds)")
    try:
        return Fault(kind, float(seconds) if seconds else DEFAULT_SECONDS.get(kind, 0.0))
    except ValueError:
        raise ValueError(f"fault {kind}: {seconds!r} is not a number of seconds") from None


class Faults:
    """The layer: counts what is asked, and stands between the caller and the system when a fault is set."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.fault: Fault | None = None
        self.requests: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.requests[f"{scope['method']} {scope['path']}"] += 1
        fault = self._takes(scope["path"])
        match fault.kind if fault else "":
            case "down":
                await _hang_up(receive, at_once=True)
            case "slow" if fault:
                await _sleep(fault.seconds, receive)
                await self.app(scope, receive, send)
            case "500":
                await _answer(send, 500, b"<!doctype html><title>Server Error (500)</title>")
            case "429" if fault:
                await _answer(send, 429, b'{"detail":"Too many requests"}', (b"retry-after", f"{fault.seconds:g}".encode()))
            case "garbage":
                await _answer(send, 200, b"<!doctype html><html><body>Onderhoud: wij zijn zo terug.</body></html>")
            case "truncated":
                await self._truncated(scope, receive, send)
            case "loop":
                await self.app({**scope, LOOP: True}, receive, send)
            case _:
                await self.app(scope, receive, send)

    def _takes(self, path: str) -> Fault | None:
        fault = self.fault
        if fault is None or fault.only not in path:
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.fault = None
        return fault

    async def _truncated(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The real answer, cut off in the middle although its Content-Length promises all of it."""
        body = bytearray()
        start: list[Message] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append(message)
            else:
                body.extend(message.get("body", b""))

        await self.app(scope, receive, keep)
        await send(start[0])
        await send({"type": "http.response.body", "body": bytes(body[: len(body) // 2]), "more_body": True})
        await _hang_up(receive, at_once=False)


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    kind = b"application/json" if body.startswith(b"{") else b"text/html; charset=utf-8"
    always = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*always, *headers]})
    await send({"type": "http.response.body", "body": body})


async def _hang_up(receive: Receive, *, at_once: bool) -> None:
    """Closes the connection. ASGI has no word for that, so uvicorn's own transport is taken, which hangs on `receive`."""
    transport = receive.__self__.transport  # type: ignore[attr-defined]
    if at_once:
        transport.abort()
    else:
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _sleep(seconds: float, receive: Receive) -> None:
    """Waits, but not for a caller who has gone."""
    waiting = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({waiting}, timeout=seconds)
    finally:
        waiting.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
