"""Subscribers: addresses that take a POST and are not trusted. The address that was checked is the one that is connected to."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpcore2

from relhub.domain.callbacks import CallbackRules, read_callback
from relhub.errors import SourceRefused, SourceUnavailable

_SECONDS = 5.0
_MOST_ANSWER = 4096
_CONNECTIONS = 8  # to one subscriber
_POOLS = 500
_NAME = "subscriber"
_BUSY = (429, 503)

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""From a name to its addresses."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Of a subscriber that took it; `body`: no more than its beginning."""

    status: int
    body: bytes


_ASKING = ThreadPoolExecutor(
    16, "resolve"
)  # an answer that does not come can't be called off: it keeps nobody waiting but other subscribers


async def resolve(host: str, port: int) -> list[str]:
    """As this machine knows it."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_ASKING, ask)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Checked(httpcore2.AsyncNetworkBackend):
    """Connects to public addresses, and those of networks that the configuration names. Of a name, to what it led to when that was checked."""

    def __init__(self, rules: CallbackRules, resolve: Resolve) -> None:
        self._rules, self._resolve, self._connect = rules, resolve, httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as the library has it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            addresses = await self._resolve(host, port)
        except OSError:
            raise httpcore2.ConnectError("its name is not known") from None
        if not addresses or not all(map(self._rules.reach, addresses)):
            raise _Forbidden
        return await self._connect.connect_tcp(addresses[0], port, timeout, local_address, socket_options)


class _Forbidden(Exception):
    """The name leads to a computer that may not be told anything."""


class Subscribers:
    """A pool of connections for each; `close()` when done."""

    def __init__(self, rules: CallbackRules, resolve: Resolve = resolve, ssl_context: ssl.SSLContext | None = None) -> None:
        self._rules, self._backend, self._tls = rules, _Checked(rules, resolve), ssl_context or ssl.create_default_context()
        self._pools: dict[str, httpcore2.AsyncConnectionPool] = {}

    async def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises SourceUnavailable when nobody answers in time, SourceRefused for any other answer than 2xx. Follows no redirect."""
        to = read_callback(address)
        if to is None or not self._rules.allow(to):
            raise SourceRefused(_NAME, "its address is not allowed any more")
        sent = {"Host": to.authority, "User-Agent": "relhub", "Content-Length": str(len(body)), **headers}
        try:
            async with asyncio.timeout(_SECONDS):
                pool = await self._pool(address)
                answer = await self._send(pool, httpcore2.URL(scheme=to.scheme, host=to.host, port=to.port, target=to.path), sent, body)
        except _Forbidden:
            raise SourceRefused(_NAME, "its name leads to an address that is not allowed") from None
        except TimeoutError:
            raise SourceUnavailable(_NAME, "did not answer in time") from None
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError, ValueError) as error:
            raise SourceUnavailable(_NAME, f"could not be reached ({type(error).__name__})") from None
        if 200 <= answer.status < 300:
            return answer
        wrong = SourceUnavailable if answer.status in _BUSY else SourceRefused
        raise wrong(_NAME, f"answered {answer.status}")

    async def _pool(self, address: str) -> httpcore2.AsyncConnectionPool:
        """Of this subscriber; one that is in nobody's use makes room for it."""
        if address not in self._pools:
            if len(self._pools) >= _POOLS:
                idle = [one for one, pool in self._pools.items() if all(connection.is_idle() for connection in pool.connections)]
                for one in idle[: len(idle) // 2 + 1]:
                    await self._pools.pop(one).aclose()
            self._pools[address] = httpcore2.AsyncConnectionPool(
                self._tls, max_connections=_CONNECTIONS, keepalive_expiry=30, network_backend=self._backend
            )
        return self._pools[address]

    async def _send(self, pool: httpcore2.AsyncConnectionPool, url: httpcore2.URL, headers: Mapping[str, str], body: bytes) -> Answer:
        async with pool.stream("POST", url, headers=list(headers.items()), content=body) as response:
            found = b""
            async for chunk in response.aiter_stream():
                found += chunk
                if len(found) > _MOST_ANSWER:
                    break  # the connection is closed: what follows is of no interest
            return Answer(response.status, found[:_MOST_ANSWER])

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
