"""Reading a TOML file strictly."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from relhub.errors import ConfigurationError

_Model = TypeVar("_Model", bound=BaseModel)


def read_toml(path: Path, model: type[_Model]) -> _Model:
    """The file as this model. Raises ConfigurationError naming the file and the key, and no value."""
    return checked(path, model, parsed(path, read(path)))


def read(path: Path) -> bytes:
    """The file as it is. Raises ConfigurationError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read ({error.strerror})") from error


def parsed(path: Path, raw: bytes) -> dict[str, Any]:
    """What the file says. Raises ConfigurationError."""
    try:
        return tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from None


def checked(path: Path, model: type[_Model], table: dict[str, Any]) -> _Model:
    """The table as this model, which sees the folder of the file as `context`. Raises ConfigurationError."""
    try:
        return model.model_validate(table, context={"folder": path.parent})
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {explain(error)}") from None


def explain(error: ValidationError) -> str:
    """What is wrong, key by key, without the values: `limits.read: Input should be greater than 0`."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {_advice(e['type'], e['msg'])}".removeprefix(": ") for e in error.errors())


def _advice(kind: str, text: str) -> str:
    known = {"extra_forbidden": "unknown key: remove it or mend its spelling", "missing": "is missing: add it"}
    return known.get(kind, text.removeprefix("Value error, "))
