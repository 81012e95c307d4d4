"""What the console passes on with what it asks the API."""

from typing import Any

from starlette.requests import Request

from relhub.console.ask import Api
from relhub.services.keep_session import Session, Work


async def test_where_a_request_began_is_what_all_lines_of_proxies_say_together() -> None:
    """A proxy may add a line of its own; the first one alone is whatever the browser sent."""
    seen: list[Any] = []

    async def recording(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(value.decode() for name, value in scope["headers"] if name == b"x-forwarded-for")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    lines = [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-for", b"198.51.100.7")]
    scope = {"type": "http", "headers": lines, "state": {"trace_id": "1" * 32, "span_id": "2" * 16}, "client": ("10.1.2.3", 1)}
    await Api(recording, Request(scope), Session("t", "", "", "", 0), Work("a", "none")).get("/sources")
    assert ",".join(seen) == "203.0.113.9,198.51.100.7"
