"""Following an issuer: which keys it signs with now. Key rotation needs no restart."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import base64_to_int

from relhub import metrics
from relhub.adapters.issuer import Endpoints, fetch_keys, find_endpoints
from relhub.config.issuers import IssuerConfig
from relhub.errors import IssuerUnavailable, NotAuthenticated

SigningKey = RSAKey | ECKey
BETWEEN: Final = 15.0  # seconds between two questions at least, whatever tokens come in
EVERY: Final = 300.0  # seconds after which it is asked anyway: a key that was withdrawn is forgotten then
_RSA_BITS: Final = 2048
_FOR: Final = {"RSA": ("RS256", "PS256"), "EC": ("ES256",)}
_logger = structlog.get_logger("relhub.authentication")


class FollowedIssuer:
    """The keys of one issuer. Those that are known keep working while it does not answer."""

    def __init__(self, config: IssuerConfig, changed: Callable[[], None]) -> None:
        """`changed` is called when other keys are in force than before."""
        self.config, self._changed = config, changed
        self.rules = config.rules
        self._keys: dict[tuple[str, str], SigningKey] = {}
        self._published: list[dict[str, Any]] = []
        self._asked_at = float("-inf")
        self._failing = False
        self._asking = asyncio.Lock()
        self._endpoints: Endpoints | None = None
        self._found_at = float("-inf")
        self._finding = asyncio.Lock()

    async def endpoints(self) -> Endpoints:
        """Where officials sign in; asked now and then, however often somebody begins to: anybody can. Raises IssuerUnavailable."""
        async with self._finding:
            if time.monotonic() - self._found_at >= (EVERY if self._endpoints else BETWEEN):
                self._endpoints = None
                try:
                    self._endpoints = await find_endpoints(self.config)
                except IssuerUnavailable:
                    self._found_at = time.monotonic()
                    raise
                self._found_at = time.monotonic()
            if self._endpoints is None:
                raise IssuerUnavailable(f"issuer {self.config.name} did not say where to sign in, a moment ago")
            return self._endpoints

    async def key(self, key_id: str, algorithm: str) -> SigningKey:
        """The key with this id, of the kind that this algorithm needs; the issuer is asked when it is not known.

        Raises NotAuthenticated when there is none, and IssuerUnavailable when the issuer does not say.
        """
        known = self._keys.get((key_id, algorithm))
        if known is not None:
            return known
        await self.ask(BETWEEN)
        known = self._keys.get((key_id, algorithm))
        if known is not None:
            return known
        if self._failing:
            raise IssuerUnavailable(f"issuer {self.config.name} does not give its keys, and a token is signed with one that is not known")
        raise NotAuthenticated("key")

    async def ask(self, after: float = EVERY) -> None:
        """Asks, unless that was done less than so many seconds ago."""
        async with self._asking:
            if time.monotonic() - self._asked_at < (BETWEEN if self._failing else after):
                return
            before, self._asked_at = self._asked_at, time.monotonic()
            try:
                published = await fetch_keys(self.config)
                keys = _usable(published, self.config)
            except IssuerUnavailable as error:
                self._note("failed", str(error))
                return
            except asyncio.CancelledError:  # who asked went away: the next one asks
                self._asked_at = before
                raise
            self._note("done")
            changed, self._keys, self._published = published != self._published, keys, published
            if changed:
                self._changed()

    def _note(self, outcome: str, reason: str = "") -> None:
        failed = outcome == "failed"
        if failed:
            _logger.warning("issuer gives no keys; the known ones keep working", issuer=self.config.name, reason=reason)
        elif self._failing:
            _logger.info("issuer gives its keys again", issuer=self.config.name)
        self._failing = failed
        metrics.issuer_refreshes.labels(self.config.name, outcome).inc()
        metrics.issuer_failing.labels(self.config.name).set(failed)


def _usable(published: list[dict[str, Any]], config: IssuerConfig) -> dict[tuple[str, str], SigningKey]:
    """By key id and algorithm. Raises IssuerUnavailable when no token can be checked with any of them."""
    found: dict[tuple[str, str], SigningKey] = {}
    for jwk in published:
        kid = jwk.get("kid")
        key = _imported(jwk) if isinstance(kid, str) and jwk.get("use", "sig") == "sig" else None
        for algorithm in _FOR.get(str(jwk.get("kty")), ()) if key else ():
            if key and algorithm in config.algorithms and jwk.get("alg", algorithm) == algorithm:
                found[str(kid), algorithm] = key
    if not found:
        raise IssuerUnavailable(f"issuer {config.name} publishes no key that can be used: RSA of {_RSA_BITS} bits or more, or P-256")
    return found


def _imported(jwk: dict[str, Any]) -> SigningKey | None:
    """The public key; None for one of another kind, or too weak."""
    public: dict[str, Any] = {name: jwk[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in jwk}
    try:
        if jwk.get("kty") == "RSA":  # its size first: the library warns of a weak key each time
            return RSAKey.import_key(public) if base64_to_int(jwk["n"]).bit_length() >= _RSA_BITS else None
        if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256":
            ec = ECKey.import_key(public)
            ec.public_key  # noqa: B018  # reads the point, which may be none of the curve
            return ec
    except (JoseError, ValueError, TypeError, KeyError):
        pass
    return None
