"""A circuit breaker: a source that fails again and again is left alone for a while."""

import time


class Breaker:
    """Opens after so many failures in a row; after a while one request may try, and decides."""

    def __init__(self, failures: int, seconds: float) -> None:
        self._most, self._seconds = failures, seconds
        self._failures = 0
        self._open_until = 0.0
        self._trying = False

    def admit(self) -> float:
        """0 when a request may go; otherwise how many seconds the source is still left alone."""
        if self._failures < self._most:
            return 0.0
        rest = self._open_until - time.monotonic()
        if rest > 0 or self._trying:
            return max(rest, 0.1)
        self._trying = True
        return 0.0

    def succeeded(self) -> None:
        self._failures, self._trying = 0, False

    def failed(self) -> None:
        self._failures, self._trying = self._failures + 1, False
        if self._failures >= self._most:
            self._open_until = time.monotonic() + self._seconds

    def abandoned(self) -> None:
        """The request was called off: it says nothing about the source."""
        self._trying = False
