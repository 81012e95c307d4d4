"""How often a consumer may ask, and how often an address may fail. Counted in this process: of several, each counts for itself."""

import time
from dataclasses import dataclass
from ipaddress import ip_address

from limits import RateLimitItem, parse_many

from relhub import metrics
from relhub.config.consumers import Agreed
from relhub.errors import TooManyRequests

_MANY = 10_000


@dataclass(slots=True)
class _Window:
    """Counted from its first time until it ends."""

    ends: float
    times: int = 0


class RequestLimits:
    """Fixed windows. The storage of the library limits is not used: it starts a thread every 10 ms, for which each request waits."""

    def __init__(self, default: str, failures: str) -> None:
        """As the library limits writes them: `6000/minute`, or several with a semicolon between; empty for none."""
        self._default = tuple(parse_many(default)) if default else ()
        self._failures = tuple(parse_many(failures)) if failures else ()
        self._windows: dict[tuple[RateLimitItem, str], _Window] = {}
        self._swept_above = _MANY

    def count(self, agreed: Agreed) -> None:
        """One more request of this consumer. Raises TooManyRequests."""
        for limit in self._default if agreed.rate_limit is None else agreed.rate_limit:
            window = self._window(limit, f"consumer {agreed.consumer.name}")
            window.times += 1
            if window.times > limit.amount:
                metrics.rate_limited.labels("consumer").inc()
                raise TooManyRequests(
                    f"Your application may ask {_said(limit)}. Ask again after the seconds in Retry-After, and ask less often.",
                    _wait(window),
                )

    def fail(self, address: str) -> None:
        """One more token from this address that was not accepted."""
        for limit in self._failures:
            self._window(limit, f"address {_place(address)}").times += 1

    def refuse_failing(self, address: str) -> None:
        """Raises TooManyRequests for an address from which too many tokens were not accepted."""
        for limit in self._failures:
            window = self._windows.get((limit, f"address {_place(address)}"))
            if window and window.times >= limit.amount and window.ends > time.monotonic():
                metrics.rate_limited.labels("address").inc()
                raise TooManyRequests(
                    "Too many requests from this address had a token that is not accepted. Have the token looked at; "
                    "new ones are looked at again after the seconds in Retry-After.",
                    _wait(window),
                )

    def _window(self, limit: RateLimitItem, name: str) -> _Window:
        """The one that counts now."""
        window = self._windows.get((limit, name))
        if window is None or window.ends <= time.monotonic():
            if len(self._windows) >= self._swept_above:
                self._sweep()
            window = self._windows[limit, name] = _Window(time.monotonic() + limit.get_expiry())
        return window

    def _sweep(self) -> None:
        """Forgets windows that ended; the next time when there are twice as many as are left, so that it costs little however many there are."""
        now = time.monotonic()
        self._windows = {key: window for key, window in self._windows.items() if window.ends > now}
        self._swept_above = max(_MANY, 2 * len(self._windows))


def _wait(window: _Window) -> int:
    return max(1, round(window.ends - time.monotonic() + 0.5))


def _said(limit: RateLimitItem) -> str:
    return f"{limit.amount} times per {f'{limit.multiples} ' if limit.multiples > 1 else ''}{limit.GRANULARITY.name}"


def _place(address: str) -> str:
    """An IPv6 host has a network of addresses to itself: they count as one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(int(parsed) >> 64)
