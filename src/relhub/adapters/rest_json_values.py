"""From the values of a `rest_json` source file to readers: each compiled once, when the source is opened."""

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from relhub.adapters.fields import TRANSFORMS, Fixed, Plain, Reader, code, is_plain, search, text
from relhub.adapters.rest_json_options import Value
from relhub.errors import ConfigurationError

T = TypeVar("T")


def typed(value: Value | None, parse: Callable[[Any], T], nothing: T, key: str) -> Reader[T]:
    """A value of a type of its own (a date, geometry). `nothing` where the file does not describe it."""
    if value is None:
        return Fixed(key, nothing)
    if value.as_ or value.values or value.from_ is None:
        raise ConfigurationError(f"{key}: only the place where it stands is needed: it is read in one way only")
    return Reader(value.from_, search(value.from_), parse)


def one_text(value: Value | None, key: str) -> Reader[str]:
    """A text, translated by `values` or read by `as` where the file says so."""
    if value is None:
        return Fixed(key, "")
    if value.from_ is None:
        return Fixed(key, value.value or "")
    if value.values is not None and value.as_ is not None:
        raise ConfigurationError(f"{key}: values and as exclude each other")
    parse = code(value.values) if value.values is not None else TRANSFORMS[value.as_] if value.as_ else text
    if parse is text and is_plain(value.from_):
        return Plain(value.from_)
    return Reader(value.from_, search(value.from_), parse)


def coded(value: Value, allowed: Collection[str], key: str) -> Reader[str]:
    """A text that must be one of a few, checked as early as can be. Raises ConfigurationError, or RecordRejected when it is read."""
    meant = set(value.values.values()) if value.values is not None else {value.value} if value.value is not None else set()
    if unknown := meant - set(allowed):
        raise ConfigurationError(f"{key}: {', '.join(sorted(map(str, unknown)))} is not one of {', '.join(allowed)}")
    reader = one_text(value, key)
    if meant:
        return reader
    return Reader(reader.place, search(value.from_ or "@"), _one_of(allowed))


def _one_of(allowed: Collection[str]) -> Callable[[Any], str]:
    def known(found: Any) -> str:
        written = text(found)
        if written not in allowed:
            raise ValueError(f"is not one of {', '.join(allowed)}: translate it with values")
        return written

    return known


def many(expression: str, key: str) -> Callable[[Any, str], list[Any]]:
    """The members of a list; nothing is an empty list, and "@" is the item itself. RecordRejected when it is something else."""
    if expression == "@":
        return lambda item, at: [item]
    reader = Reader(expression, search(expression), _members)
    return reader.read


def _members(found: Any) -> list[Any]:
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(member, dict) for member in found):
        raise ValueError("is not a list of objects")
    return found
