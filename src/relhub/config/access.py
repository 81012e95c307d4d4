"""The consumers file: read strictly, checked at start."""

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relhub.domain.access import Consumer
from relhub.errors import ConfigurationError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Example(_Strict):
    """What the demo prints beside a consumer."""

    activity: str
    occasion: str = "none"


class ConsumerConfig(_Strict):
    name: str
    token: str | None = None  # for the demo only
    token_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    application: str
    organisation: str
    department: str
    roles: frozenset[str] = frozenset()
    activities: frozenset[str]
    may_name_official: bool = False
    example: _Example | None = None

    def fingerprint(self) -> str:
        """The SHA-256 of the token, in hexadecimal: all that is kept of it."""
        if self.token_sha256:
            return self.token_sha256
        if not self.token:
            raise ConfigurationError(f"consumer {self.name}: token_sha256 is missing")
        return hashlib.sha256(self.token.encode()).hexdigest()

    def consumer(self) -> Consumer:
        return Consumer(
            self.name, self.application, self.organisation, self.department, self.roles, self.activities, self.may_name_official
        )


class _ConsumersFile(_Strict):
    consumer: tuple[ConsumerConfig, ...] = ()


_Model = TypeVar("_Model", bound=BaseModel)


def _read(path: Path, model: type[_Model]) -> _Model:
    try:
        return model.model_validate(tomllib.loads(path.read_text()))
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read ({error.strerror})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"{path}: {wrong}") from error


def load_consumer_configs(path: Path) -> tuple[ConsumerConfig, ...]:
    """The consumers as the file gives them. Raises ConfigurationError."""
    return _read(path, _ConsumersFile).consumer


def load_consumers(path: Path) -> Mapping[str, Consumer]:
    """Consumers by the SHA-256 of their token. Raises ConfigurationError, also when two share a token."""
    configs = load_consumer_configs(path)
    consumers = {config.fingerprint(): config.consumer() for config in configs}
    if len(consumers) != len(configs):
        raise ConfigurationError(f"{path}: two consumers have one token")
    return consumers
