"""How often a consumer may ask, and how often an address may fail. Counted in this process: of several, each counts for itself."""

import time
from ipaddress import ip_address

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from relhub import metrics
from relhub.config.consumers import Agreed
from relhub.errors import TooManyRequests


class RequestLimits:
    def __init__(self, default: str, failures: str) -> None:
        """As the library limits writes them: `6000/minute`, or several with a semicolon between; empty for none."""
        self._default = tuple(parse_many(default)) if default else ()
        self._failures = tuple(parse_many(failures)) if failures else ()
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def count(self, agreed: Agreed) -> None:
        """One more request of this consumer. Raises TooManyRequests."""
        name = agreed.consumer.name
        for limit in self._default if agreed.rate_limit is None else agreed.rate_limit:
            if not self._limiter.hit(limit, "consumer", name):
                metrics.rate_limited.labels("consumer").inc()
                raise TooManyRequests(
                    f"Your application may ask {_said(limit)}. Ask again after the seconds in Retry-After, and ask less often.",
                    self._wait(limit, "consumer", name),
                )

    def fail(self, address: str) -> None:
        """One more token from this address that was not accepted."""
        for limit in self._failures:
            self._limiter.hit(limit, "address", _place(address))

    def refuse_failing(self, address: str) -> None:
        """Raises TooManyRequests for an address from which too many tokens were not accepted."""
        for limit in self._failures:
            place = _place(address)
            if not self._limiter.test(limit, "address", place):
                metrics.rate_limited.labels("address").inc()
                raise TooManyRequests(
                    "Too many requests from this address had a token that is not accepted. Have the token looked at; "
                    "new ones are looked at again after the seconds in Retry-After.",
                    self._wait(limit, "address", place),
                )

    def _wait(self, limit: RateLimitItem, *names: str) -> int:
        return max(1, round(self._limiter.get_window_stats(limit, *names).reset_time - time.time() + 0.5))


def _said(limit: RateLimitItem) -> str:
    return f"{limit.amount} times per {f'{limit.multiples} ' if limit.multiples > 1 else ''}{limit.GRANULARITY.name}"


def _place(address: str) -> str:
    """An IPv6 host has a network of addresses to itself: they count as one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(int(parsed) >> 64)
