"""The one HTTP client for all sources: limits, retries, a circuit breaker, and errors grouped by what happens next."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx2
import orjson

from relhub.adapters.auth import Signer, signer, tls
from relhub.adapters.behalf import on_behalf_of
from relhub.adapters.breaker import Breaker
from relhub.config.authentication import OAuth2Auth
from relhub.config.sources import SourceConfig
from relhub.errors import SourceRefused, SourceUnavailable
from relhub.tracing import passed_on

T = TypeVar("T")
_CODE = re.compile(r"[a-z][a-z0-9_-]{1,39}")
_RETRY_ANYWAY = 0.25  # seconds: the first wait is at most this, the next twice, …


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON that was answered with 200."""

    body: Any
    headers: httpx2.Headers
    address: str


class _Again(Exception):
    """This attempt failed; `after` is what the source asks to wait."""

    def __init__(self, reason: str, after: float | None = None, *, down: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.after, self.down = reason, after, down


class SourceClient:
    """`async with SourceClient(config) as client`: everything that is asked of one source goes through it."""

    def __init__(self, config: SourceConfig) -> None:
        self._config, self._limits, self.source = config, config.limits, config.name
        self._origin = _origin(config.base_url)
        self.host = "{0.scheme}://{0.netloc}".format(urlsplit(config.base_url))
        self._breaker = Breaker(config.limits.breaker_failures, config.limits.breaker_seconds)
        self._places = asyncio.Semaphore(config.limits.concurrency)
        self._most = int(config.limits.max_body_mb * 1024 * 1024)
        self._http: httpx2.AsyncClient | None = None
        self._signer: Signer | None = None

    async def __aenter__(self) -> Self:
        limits, auth = self._limits, self._config.auth
        token_address = self.address(auth.token_url) if isinstance(auth, OAuth2Auth) else ""
        self._signer = signer(self.source, auth, token_address, self._post_form)
        self._http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(connect=limits.connect, read=limits.read, write=limits.write, pool=limits.pool),
            limits=httpx2.Limits(max_connections=limits.concurrency, max_keepalive_connections=limits.concurrency),
            verify=tls(self.source, auth),
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": "relhub", "Accept": "application/json"},
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._http is not None:
            await self._http.aclose()

    def address(self, path: str) -> str:
        """A path of the source as an address; an address stays what it is."""
        return path if path.startswith(("http://", "https://")) else self._config.base_url + path

    def below(self, address: str, given: str) -> str:
        """An address as it was given in the answer from `address`. SourceRefused when it leads to another host."""
        found = urljoin(address, given)
        if _origin(found) != self._origin:
            raise SourceRefused(
                self.source,
                "a next page lies on another host: credentials are never carried there; mend base_url or the source's own address",
            )
        return found

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """All that happens inside must be ready within the total limit, retries included. SourceUnavailable when it is not."""
        try:
            async with asyncio.timeout(self._limits.total):
                yield
        except TimeoutError:
            raise SourceUnavailable(self.source, f"no answer within {self._limits.total:g} s in all") from None

    async def get(
        self, path: str, parameters: dict[str, str] | None = None, headers: dict[str, str] | None = None, *, place: str
    ) -> Answer:
        """What is at a path. `place` names it in errors, which never hold a query. SourceUnavailable, SourceRefused."""
        answer = await self.find(path, parameters, headers, place=place)
        if answer is None:
            raise SourceRefused(self.source, f"{place}: not found (404): check base_url and the paths in the source file")
        return answer

    async def find(
        self, path: str, parameters: dict[str, str] | None = None, headers: dict[str, str] | None = None, *, place: str
    ) -> Answer | None:
        """Like `get`; None when the source says it does not exist (404, 410)."""
        address = self.address(path)
        if _origin(address) != self._origin:
            raise SourceRefused(self.source, f"{place}: lies on another host")
        attempt, behalf = 0, on_behalf_of.get()
        said = behalf.headers(self._config.on_behalf) if behalf else {}
        while True:
            try:
                return await self._guarded(address, parameters, {**said, **(headers or {})}, place)
            except _Again as again:
                attempt += 1
                if attempt > self._limits.retries:
                    raise SourceUnavailable(self.source, f"{place}: {again.reason}, {attempt} times") from None
                await self._wait(again, attempt, place)

    async def _wait(self, again: _Again, attempt: int, place: str) -> None:
        if again.after is not None and again.after > self._limits.longest_wait:
            raise SourceUnavailable(self.source, f"{place}: {again.reason}, and asks to wait {again.after:g} s")
        drawn = random.uniform(0, min(_RETRY_ANYWAY * 2**attempt, self._limits.longest_wait))  # not a secret
        await asyncio.sleep(drawn if again.after is None else again.after + drawn / 10)

    async def _guarded(self, address: str, parameters: dict[str, str] | None, headers: dict[str, str], place: str) -> Answer | None:
        """One attempt, with what it says about the source's health."""
        async with self._places:
            if rest := self._breaker.admit():
                raise SourceUnavailable(self.source, f"failed again and again, left alone for another {rest:.0f} s")
            try:
                answer = await self._attempt(address, parameters, headers, place)
            except _Again as again:
                if again.down:
                    self._breaker.failed()
                else:
                    self._breaker.succeeded()
                raise
            except SourceRefused:
                self._breaker.succeeded()
                raise
            except BaseException:
                self._breaker.abandoned()
                raise
            self._breaker.succeeded()
            return answer

    async def _attempt(self, address: str, parameters: dict[str, str] | None, headers: dict[str, str], place: str) -> Answer | None:
        assert self._signer is not None  # opened
        renewed = False
        redirects = 0
        while True:
            signed = {**headers, **await self._signer.headers()}
            status, answered, body = await self._send("GET", address, place, params=parameters, headers=signed)
            if status == 401 and not renewed and self._signer.expired():
                renewed = True
            elif status in (301, 302, 303, 307, 308) and redirects < self._limits.max_redirects:
                redirects += 1
                address, parameters = self._redirected(address, answered.get("location", ""), place), None
            else:
                return self._judge(status, answered, body, address, place)

    def _redirected(self, address: str, location: str, place: str) -> str:
        found = urljoin(address, location)
        if not location or _origin(found) != self._origin:
            raise SourceRefused(self.source, f"{place}: redirects to another host: check base_url")
        return found

    def _judge(self, status: int, headers: httpx2.Headers, body: bytes, address: str, place: str) -> Answer | None:
        if status == 200:
            try:
                return Answer(orjson.loads(body), headers, address)
            except orjson.JSONDecodeError:
                raise SourceRefused(
                    self.source, f"{place}: the answer is not JSON: a broken contract, or a page of something in between"
                ) from None
        if status in (404, 410):
            return None
        if status == 429:
            raise _Again("too many requests (429)", _seconds(headers.get("retry-after", "")), down=False)
        if status >= 500 or status == 408:
            raise _Again(f"answers {status}", _seconds(headers.get("retry-after", "")))
        raise SourceRefused(self.source, f"{place}: answers {status}{_code(body)}: {_advice(status)}")

    async def _post_form(self, address: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, bytes]:
        status, answered, body = await self._send("POST", address, "token endpoint", data=form, headers=headers)
        if status >= 500 or status == 429:
            raise _Again(f"the token endpoint answers {status}", _seconds(answered.get("retry-after", "")), down=status != 429)
        return status, body

    async def _send(self, method: str, address: str, place: str, **request: Any) -> tuple[int, httpx2.Headers, bytes]:
        """Sends and reads at most as much as may be; what breaks on the way is a reason to try again."""
        assert self._http is not None  # opened
        if traceparent := passed_on.get():
            request["headers"] = {**request.get("headers", {}), "traceparent": traceparent}
        try:
            async with self._http.stream(method, address, **request) as response:
                body = await self._read(response, place)
                return response.status_code, response.headers, body
        except httpx2.TimeoutException as error:
            raise _Again(f"no answer in time ({_what(error)})") from None
        except httpx2.TransportError as error:
            raise _Again(f"the connection failed ({_what(error)})") from None
        except (httpx2.DecodingError, httpx2.InvalidURL):
            raise SourceRefused(self.source, f"{place}: an address or an encoding that can't be read") from None

    async def _read(self, response: httpx2.Response, place: str) -> bytes:
        parts, size = [], 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self._most:
                raise SourceRefused(
                    self.source,
                    f"{place}: the answer is larger than {self._limits.max_body_mb:g} MB: ask smaller pages, or raise [limits] max_body_mb",
                )
            parts.append(part)
        return b"".join(parts)


async def together(asked: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All answers, in order. When one fails the others are called off: nothing goes on asking a source that failed."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in asked]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def _origin(address: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(address)
        return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        return "", "", 0


def _seconds(text: str) -> float | None:
    """Retry-After in seconds; as a date it is rare, and our own wait serves."""
    return float(text) if re.fullmatch(r"\d{1,6}(\.\d+)?", text.strip()) else None


def _what(error: Exception) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()


def _code(body: bytes) -> str:
    """The `code` of a problem answer, when it is one word: the only thing that tells refusals of one status apart."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    code = found.get("code") if isinstance(found, dict) else None
    return f" ({code})" if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _advice(status: int) -> str:
    known = {
        401: "check the secret in [auth]",
        403: "check the rights of our client, its secret and the clock",
        406: "a header is not accepted",
        412: "a header is missing",
    }
    return known.get(status, "the source does not accept how it is asked")
