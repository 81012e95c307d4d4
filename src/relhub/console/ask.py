"""Asking the API, in this process: by the same requests as any other application, through the same gate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx2
import orjson
from starlette.requests import Request
from starlette.types import ASGIApp

from relhub.services.keep_session import Session, Work

NOTHING_PARTICULAR: Final = "none"
_HOST: Final = "http://relhub"  # never looked up: the request does not leave this process


class Refused(Exception):  # named as the answer is
    """The API did not answer with what was asked for; `problem`: what it said instead (RFC 9457)."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("type", "")))
        self.problem = problem

    @property
    def kind(self) -> str:
        """The last word of its type: `not-allowed`."""
        return str(self.problem.get("type", "")).rpartition(":")[2]

    @property
    def status(self) -> int:
        return int(self.problem.get("status", 500))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered, as JSON; `tag`: to change it with; `moved`: where it is now, when it is elsewhere."""

    body: Any
    tag: str = ""
    moved: str = ""


@dataclass(frozen=True, slots=True)
class Api:
    """The API as one official asks it, for one thing that they work on."""

    app: ASGIApp
    request: Request
    session: Session
    work: Work

    async def get(self, path: str, **query: str) -> Answer:
        """Raises Refused."""
        return await self._ask("GET", path, query)

    async def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None, **query: str) -> Answer:
        """Raises Refused."""
        return await self._ask("POST", path, query, body, headers or {})

    async def _ask(
        self, method: str, path: str, query: Mapping[str, str], body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        asked = httpx2.Request(
            method,
            f"{_HOST}/v1{path}",
            params=query or None,
            headers={**self._headers(), **{name: _sendable(value) for name, value in (headers or {}).items()}},
            json=body,
        )
        client = self.request.client
        transport = httpx2.ASGITransport(self.app, client=(client.host, client.port) if client else ("", 0))
        answer = await transport.handle_async_request(asked)
        said = await answer.aread()
        if answer.status_code >= 400:
            raise Refused(orjson.loads(said))
        return Answer(orjson.loads(said) if said else None, answer.headers.get("etag", ""), answer.headers.get("location", ""))

    def _headers(self) -> dict[str, str]:
        """Who asks and for what; and who asks the console, for the trace and for the limits per address."""
        state = self.request.scope["state"]
        given = {
            "Authorization": f"Bearer {self.session.token}",
            "X-Processing-Activity": self.work.activity,
            "X-Occasion": self.work.occasion,
            "traceparent": f"00-{state['trace_id']}-{state['span_id']}-01",
        }
        if self.session.official:
            given["X-Official"] = self.session.official
        if forwarded := self.request.headers.getlist("x-forwarded-for"):  # a proxy may add a line of its own
            given["X-Forwarded-For"] = ",".join(forwarded)
        return given


def _sendable(text: str) -> str:
    """What a header can hold; what it can't becomes something that the API refuses."""
    return text.encode("ascii", "replace").decode()


def segment(text: str) -> str:
    """As a part of a path."""
    return quote(text, safe="")
