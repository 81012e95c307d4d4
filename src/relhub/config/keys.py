"""The keys: one index key (for keyed hashes) and the seals (for encrypting), each with a number. In a file, or in the environment."""

import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relhub.config.settings import Settings
from relhub.errors import ConfigurationError

_Hex = Annotated[str, Field(pattern=r"^(?:[0-9a-fA-F]{2})+$")]
_SEAL = re.compile(r"([1-9][0-9]{0,4}):((?:[0-9a-fA-F]{2})+)")
_FOR_OTHERS = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP  # a group may read: that is how a service is given a file of root's


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """`index` never changes: what is found by it would be lost. All seals open, one of them (`seal_with`) seals."""

    index: bytes
    seals: Mapping[int, bytes]
    seal_with: int


class _Seal(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    id: Annotated[int, Field(ge=1, le=65535)]
    key: Annotated[_Hex, Field(repr=False)]


class _KeysFile(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    index: Annotated[_Hex, Field(repr=False)]
    seal_with: int | None = None  # None: the highest id
    seal: Annotated[list[_Seal], Field(min_length=1)]


def keys_of(settings: Settings) -> Keys:
    """The keys, from where the settings say. Raises ConfigurationError, which never holds a key."""
    if settings.keys_file is not None:
        return load_keys(settings.keys_file)
    assert settings.index_key is not None  # Settings demands one of both …
    assert settings.seals is not None  # … and these two together
    return _keys_in_environment(settings.index_key.get_secret_value(), settings.seals.get_secret_value(), settings.seal_with)


def load_keys(path: Path) -> Keys:
    """The keys in a file. Raises ConfigurationError, which never holds a key."""
    try:
        file = _KeysFile.model_validate(tomllib.loads(path.read_text()))
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read ({error.strerror}); RELHUB_KEYS_FILE names the keys file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise ConfigurationError(f"{path}: not TOML") from None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"{path}: {wrong}") from None
    return _checked(file.index, [(seal.id, seal.key) for seal in file.seal], file.seal_with, f"{path}: ", ("index", "seal.key", "seal.id"))


def open_to_others(path: Path) -> bool:
    """Whether others than the owner of a file, and those of its group who may read, can get at it. False when that can't be told."""
    try:
        return bool(path.stat().st_mode & _FOR_OTHERS)
    except OSError:
        return False


def _keys_in_environment(index: str, seals: str, seal_with: int | None) -> Keys:
    """`seals`: `1:<hexadecimal>,2:<hexadecimal>`."""
    found = [_SEAL.fullmatch(part.strip()) for part in seals.split(",")]
    if not re.fullmatch(r"(?:[0-9a-fA-F]{2})+", index):
        raise ConfigurationError("RELHUB_INDEX_KEY: hexadecimal digits are needed: openssl rand -hex 32")
    pairs = [(int(match[1]), match[2]) for match in found if match and int(match[1]) <= 65535]
    if len(pairs) != len(found):
        raise ConfigurationError("RELHUB_SEALS: each seal is its id (1 to 65535), a colon and hexadecimal digits; commas between seals")
    return _checked(index, pairs, seal_with, "", ("RELHUB_INDEX_KEY", "RELHUB_SEALS", "RELHUB_SEALS"))


def _checked(index: str, seals: list[tuple[int, str]], seal_with: int | None, where: str, names: tuple[str, str, str]) -> Keys:
    def refuse(name: str, why: str) -> NoReturn:
        raise ConfigurationError(f"{where}{name}: {why}")

    newest = max(id_ for id_, _ in seals)
    keys = Keys(bytes.fromhex(index), {id_: bytes.fromhex(key) for id_, key in seals}, newest if seal_with is None else seal_with)
    if len(keys.index) < 32:
        refuse(names[0], "at least 32 bytes (64 hexadecimal digits) are needed")
    if any(len(key) != 32 for key in keys.seals.values()):
        refuse(names[1], "exactly 32 bytes (64 hexadecimal digits) are needed")
    if len(keys.seals) != len(seals):
        refuse(names[2], "two seals have one id")
    if len({keys.index, *keys.seals.values()}) != len(seals) + 1:
        refuse(names[1], "every key needs bytes of its own: the index key or another seal has these")
    if keys.seal_with not in keys.seals:
        refuse("seal_with" if where else "RELHUB_SEAL_WITH", "there is no seal with this id")
    return keys
