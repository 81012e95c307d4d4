"""The keys file: one index key (for keyed hashes) and the seals (for encrypting), each with a number."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relhub.errors import ConfigurationError

_Hex = Annotated[str, Field(pattern=r"^(?:[0-9a-fA-F]{2})+$")]


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """`index` never changes: what is found by it would be lost. Seals may be added; the newest seals, all of them open."""

    index: bytes
    seals: Mapping[int, bytes]


class _Seal(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    id: Annotated[int, Field(ge=1, le=65535)]
    key: _Hex


class _KeysFile(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    index: _Hex
    seal: Annotated[list[_Seal], Field(min_length=1)]


def load_keys(path: Path) -> Keys:
    """The keys. Raises ConfigurationError, which never holds a key."""
    try:
        file = _KeysFile.model_validate(tomllib.loads(path.read_text()))
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read ({error.strerror}); RELHUB_KEYS_FILE names the keys file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise ConfigurationError(f"{path}: not TOML") from None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"{path}: {wrong}") from None
    seals = {seal.id: bytes.fromhex(seal.key) for seal in file.seal}
    index = bytes.fromhex(file.index)
    if len(index) < 32:
        raise ConfigurationError(f"{path}: index: at least 32 bytes (64 hexadecimal digits) are needed")
    if any(len(key) != 32 for key in seals.values()):
        raise ConfigurationError(f"{path}: seal.key: exactly 32 bytes (64 hexadecimal digits) are needed")
    if len(seals) != len(file.seal):
        raise ConfigurationError(f"{path}: seal.id: two seals have one id")
    return Keys(index, seals)
