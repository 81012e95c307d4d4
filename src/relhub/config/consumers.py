"""The consumers file: who may ask, and what was agreed for them; and the issuers whose tokens say who asks."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from limits import RateLimitItem, parse_many
from pydantic import BaseModel, ConfigDict, Field

from relhub.config.issuers import IssuerConfig
from relhub.config.settings import RATES
from relhub.config.toml import read_toml
from relhub.domain.access import Consumer
from relhub.errors import ConfigurationError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Example(_Strict):
    """What the demo prints beside a consumer."""

    activity: str
    occasion: str = "none"
    official: str = "j.jansen"


class ConsumerConfig(_Strict):
    name: Annotated[str, Field(pattern=r"^[!-~]{1,100}$")]
    token: Annotated[str | None, Field(repr=False)] = None  # for the demo only
    issuer: str | None = None
    client_id: str | None = None  # None: as `application`
    application: str
    organisation: str
    department: str
    departments: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    activities: frozenset[str]
    may_name_official: bool = False
    oin: Annotated[str, Field(pattern=r"^[0-9]{20}$")] | None = None
    rate_limit: Annotated[str, Field(pattern=RATES)] | None = None
    example: _Example | None = None

    def consumer(self) -> Consumer:
        return Consumer(
            self.name, self.application, self.organisation, self.department, self.roles, self.activities, self.may_name_official
        )


class _ConsumersFile(_Strict):
    issuer: tuple[IssuerConfig, ...] = ()
    consumer: tuple[ConsumerConfig, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed for one consumer. `rate_limit` None: the default; `departments`: those that a token may choose."""

    consumer: Consumer
    departments: frozenset[str] = frozenset()
    oin: str = ""
    rate_limit: tuple[RateLimitItem, ...] | None = None


@dataclass(frozen=True, slots=True)
class Consumers:
    """The file, for looking up: by name, by (name of the issuer, client id), and the demo's by the SHA-256 of their token."""

    by_name: Mapping[str, Agreed]
    by_client: Mapping[tuple[str, str], Agreed]
    by_token: Mapping[bytes, Agreed]
    issuers: tuple[IssuerConfig, ...] = ()


def load_consumer_configs(path: Path) -> tuple[ConsumerConfig, ...]:
    """The consumers as the file gives them. Raises ConfigurationError."""
    return read_toml(path, _ConsumersFile).consumer


def load_consumers(path: Path) -> Consumers:
    """The consumers and the issuers. Raises ConfigurationError naming what contradicts what."""
    file = read_toml(path, _ConsumersFile)
    wrong = [*_contradictions(file)]
    if wrong:
        raise ConfigurationError(f"{path}: {'; '.join(wrong)}")
    agreed = {config.name: _agreed(config) for config in file.consumer}
    return Consumers(
        agreed,
        {(config.issuer, _client(config)): agreed[config.name] for config in file.consumer if config.issuer},
        {hashlib.sha256(config.token.encode()).digest(): agreed[config.name] for config in file.consumer if config.token},
        file.issuer,
    )


def _agreed(config: ConsumerConfig) -> Agreed:
    limits = None if config.rate_limit is None else tuple(parse_many(config.rate_limit)) if config.rate_limit else ()
    return Agreed(config.consumer(), config.departments, config.oin or "", limits)


def _client(config: ConsumerConfig) -> str:
    return config.client_id or config.application


def _contradictions(file: _ConsumersFile) -> Iterable[str]:
    consumers, issuers = file.consumer, {issuer.name: issuer for issuer in file.issuer}
    yield from _twice(consumers, lambda config: config.name, "two consumers are called {}")
    yield from _twice([config for config in consumers if config.token], lambda config: config.token, "two consumers have one token")
    clients = [config for config in consumers if config.issuer]
    yield from _twice(clients, lambda config: (config.issuer, _client(config)), "two consumers are one client of one issuer: {}")
    yield from _twice(file.issuer, lambda issuer: issuer.name, "two issuers are called {}")
    yield from _twice(file.issuer, lambda issuer: issuer.issuer, "two issuers have one address: {}")
    for config in clients:
        issuer = issuers.get(config.issuer or "")
        if issuer is None:
            yield f"consumer {config.name}: there is no issuer {config.issuer}; there are {', '.join(sorted(issuers)) or 'none'}"
        elif _client(config) in issuer.audience and not issuer.only_access_tokens:
            yield (
                f"consumer {config.name}: its client id is an audience of issuer {issuer.name}, so that an ID token of it would pass for an "
                "access token: give relhub an audience of its own, or set only_access_tokens"
            )
    yield from (
        f"consumer {config.name}: client_id is of no use without issuer" for config in consumers if config.client_id and not config.issuer
    )


_Table = TypeVar("_Table")


def _twice(tables: Iterable[_Table], key: Callable[[_Table], Hashable], text: str) -> Iterable[str]:
    seen: set[Hashable] = set()
    for table in tables:
        found = key(table)
        if found in seen:
            yield text.format(" ".join(found) if isinstance(found, tuple) else found)
        seen.add(found)
