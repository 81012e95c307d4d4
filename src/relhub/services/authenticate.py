"""Who asks: by an access token, an API key, or (in the demo) a token in the consumers file."""

import asyncio
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from relhub import metrics
from relhub.config.consumers import Agreed, Consumers, load_consumers
from relhub.config.issuers import IssuerConfig
from relhub.config.settings import Settings
from relhub.domain.access import Consumer
from relhub.domain.api_keys import PREFIX
from relhub.domain.tokens import narrowed
from relhub.errors import ConfigurationError, NotAllowed, NotAuthenticated, NoToken
from relhub.logs import places
from relhub.services.check_key import KeysInForce
from relhub.services.follow_issuer import FollowedIssuer
from relhub.services.hub import Hub
from relhub.services.limit_requests import RequestLimits
from relhub.services.verify_token import verify_token

_REMEMBERED: Final = 10_000  # access tokens that were verified before
_logger = structlog.get_logger("relhub.authentication")


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A consumer that is who it says. `official`: the one whose token it is; empty when the application asks by itself."""

    agreed: Agreed
    consumer: Consumer
    official: str = ""
    until: float = float("inf")

    @property
    def may_name_official(self) -> bool:
        return self.consumer.may_name_official and not self.official


class Authentication:
    """Of one process. Follows the consumers file and the issuers in it."""

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigurationError for the consumers file. Asks no issuer and no database yet."""
        self._path, self._oin_header = settings.consumers, settings.client_oin_header
        self._limits = RequestLimits(settings.rate_limit, settings.failure_limit)
        self._keys = KeysInForce()
        self._issuers: dict[str, FollowedIssuer] = {}
        self.read()

    def read(self) -> None:
        """The consumers file, again. Raises ConfigurationError, and what was agreed before then stays in force."""
        consumers = _loaded(self._path, self._oin_header)
        self._issuers = {config.issuer: self._followed(config) for config in consumers.issuers}
        self._consumers = consumers
        self._named = {name: Authenticated(agreed, agreed.consumer) for name, agreed in consumers.by_name.items()}
        self._remembered = {digest: self._named[agreed.consumer.name] for digest, agreed in consumers.by_token.items()}

    @property
    def consumers(self) -> list[Consumer]:
        """All that the file names."""
        return [who.consumer for who in self._named.values()]

    def followed(self, issuer: str) -> FollowedIssuer:
        """The issuer of that name, which the file has."""
        return next(each for each in self._issuers.values() if each.config.name == issuer)

    def _followed(self, config: IssuerConfig) -> FollowedIssuer:
        """As before, when nothing changed for this issuer: its keys are known already."""
        followed = self._issuers.get(config.issuer)
        return followed if followed and followed.config == config else FollowedIssuer(config, self._forget)

    async def follow(self) -> None:
        """Until cancelled: asks the issuers for their keys, at once and then every five minutes."""
        while True:
            for asked in await asyncio.gather(*(issuer.ask() for issuer in self._issuers.values()), return_exceptions=True):
                if isinstance(asked, BaseException):  # a bug, after which the others are followed as before
                    _logger.error("issuer not followed", error=type(asked).__name__, places=places(asked))
            await asyncio.sleep(1)

    def _forget(self) -> None:
        """Access tokens that were verified before are verified again: a key that they were signed with may have been withdrawn."""
        self._remembered = {digest: who for digest, who in self._remembered.items() if who.until == float("inf")}

    async def authenticate(self, hub: Hub, token: str | None, address: str, oin: str) -> Authenticated:
        """Raises NotAuthenticated, NotAllowed, TooManyRequests, IssuerUnavailable or DatabaseUnusable.

        `oin`: of the certificate with which the request came to a trusted proxy; empty when there is none.
        """
        try:
            who = await self._known(hub, token) or await self._verified(token or "", address)
            if who.agreed.oin and who.agreed.oin != oin:
                raise NotAuthenticated("certificate")
        except (NotAuthenticated, NotAllowed) as error:
            self.note_refusal(error, address)
            raise
        self._limits.count(who.agreed)
        return who

    async def again(self, hub: Hub, token: str | None, address: str, oin: str) -> Consumer:
        """Who was let in with this, as is agreed for them now; counted as no question. Raises as `authenticate` does when they are not any more."""
        who = await self._known(hub, token) or await self._verified(token or "", address)
        if who.agreed.oin and who.agreed.oin != oin:
            raise NotAuthenticated("certificate")
        return who.consumer

    async def _known(self, hub: Hub, token: str | None) -> Authenticated | None:
        """Without verifying anything anew; None for a token that has to be, or is no good."""
        if token is None:
            raise NoToken("no token")
        if token.startswith(PREFIX):
            return self._named.get(await self._keys.consumer(hub, token) or "")
        who = self._remembered.get(hashlib.sha256(token.encode()).digest())
        return who if who and who.until > time.time() else None

    async def _verified(self, token: str, address: str) -> Authenticated:
        self._limits.refuse_failing(address)
        if token.startswith(PREFIX):
            raise NotAuthenticated("api key")
        consumers = self._consumers
        issuer, said = await verify_token(self._issuers, token, time.time())
        agreed = consumers.by_client.get((issuer, said.application))
        if agreed is None:
            raise NotAuthenticated("application")
        who = Authenticated(agreed, narrowed(agreed.consumer, agreed.departments, said), said.official, said.until)
        if consumers is self._consumers:  # not read again in the meantime
            self._remember(token, who)
        return who

    def _remember(self, token: str, who: Authenticated) -> None:
        if len(self._remembered) >= _REMEMBERED:
            self._forget()
        self._remembered[hashlib.sha256(token.encode()).digest()] = who

    def refuse_failing(self, address: str) -> None:
        """Raises TooManyRequests for an address from which too much was refused."""
        self._limits.refuse_failing(address)

    def note_refusal(self, error: NotAuthenticated | NotAllowed, address: str) -> None:
        """In the log with where it came from; the one who asks hears nothing of it. Never the token."""
        reason = str(error) if isinstance(error, NotAuthenticated) else "narrowed"
        metrics.authentications_refused.labels(reason).inc()
        if not isinstance(error, NoToken):
            _logger.warning("token refused", reason=str(error), address=address)
            self._limits.fail(address)


def _loaded(path: Path, oin_header: str) -> Consumers:
    consumers = load_consumers(path)
    bound = sorted(name for name, agreed in consumers.by_name.items() if agreed.oin)
    if bound and not oin_header:
        raise ConfigurationError(
            f"{path}: {', '.join(bound)}: an oin is of no use without RELHUB_CLIENT_OIN_HEADER and RELHUB_TRUSTED_PROXIES"
        )
    if consumers.by_token:
        named = sorted(agreed.consumer.name for agreed in consumers.by_token.values())
        _logger.warning("tokens in clear in the consumers file: for the demo only; see relhub keys create", consumers=named)
    return consumers
