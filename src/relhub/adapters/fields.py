"""Reading one value out of a JSON object as a source file describes it. Compiled once; errors name the place, never the value."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import jmespath
import orjson
from jmespath.exceptions import JMESPathError

from relhub.domain import dates
from relhub.errors import ConfigurationError, RecordRejected

T = TypeVar("T")
Search = Callable[[Any], Any]
_PLAIN = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_CHOSEN = re.compile(r"([A-Za-z_]\w*)\[\?([A-Za-z_]\w*) ?== ?'([^'\\]*)'\]", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")  # tabs and ends of lines are well
_AMOUNT = re.compile(r"-?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d{1,2})?", re.ASCII)


def search(expression: str) -> Search:
    """A JMESPath expression, compiled. One that only names keys, or chooses by one, is read without JMESPath. Raises ConfigurationError."""
    if expression == "@":
        return lambda item: item
    if chosen := _CHOSEN.fullmatch(expression):
        return _chosen(*chosen.groups())
    if is_plain(expression):
        keys = expression.split(".")
        return _key(keys[0]) if len(keys) == 1 else _keys(keys)
    try:
        found: Search = jmespath.compile(expression).search
    except JMESPathError as error:
        raise ConfigurationError(f"{expression!r} is not a JMESPath expression: {str(error).splitlines()[0]}") from None
    return found


def is_plain(expression: str) -> bool:
    """Whether the expression only names keys."""
    return bool(_PLAIN.fullmatch(expression))


def _key(key: str) -> Search:
    return lambda item: item.get(key) if isinstance(item, dict) else None


def _chosen(key: str, by: str, wanted: str) -> Search:
    def found(item: Any) -> Any:
        every = item.get(key) if isinstance(item, dict) else None
        return [one for one in every if isinstance(one, dict) and one.get(by) == wanted] if isinstance(every, list) else None

    return found


def _keys(keys: list[str]) -> Search:
    def found(item: Any) -> Any:
        for key in keys:
            if not isinstance(item, dict):
                return None
            item = item.get(key)
        return item

    return found


class Reader(Generic[T]):
    """One value of a known type. `read(item, at)`: `at` is where the item stands."""

    __slots__ = ("_parse", "_search", "place")

    def __init__(self, place: str, find: Search, parse: Callable[[Any], T]) -> None:
        self.place, self._search, self._parse = place, find, parse

    def read(self, item: Any, at: str = "") -> T:
        """Raises RecordRejected with the place and the reason."""
        try:
            return self._parse(self._search(item))
        except ValueError as error:
            raise RecordRejected(f"{at}{self.place}: {error}") from None
        except JMESPathError:
            raise RecordRejected(f"{at}{self.place}: the expression does not fit what is there") from None


class Fixed(Reader[T]):
    """The same for every item: what the source file does not describe, or gives itself."""

    __slots__ = ("_value",)

    def __init__(self, place: str, value: T) -> None:
        super().__init__(place, lambda item: None, lambda found: value)
        self._value = value

    def read(self, item: Any, at: str = "") -> T:
        return self._value


class Plain(Reader[str]):
    """A text under a key, as most are: the same, in one step where nothing is wrong with it."""

    __slots__ = ("_keys",)

    def __init__(self, place: str) -> None:
        super().__init__(place, search(place), text)
        self._keys = place.split(".")

    def read(self, item: Any, at: str = "") -> str:
        found = item
        for key in self._keys:
            if not isinstance(found, dict):
                return ""
            found = found.get(key)
        if isinstance(found, str) and found.isprintable():
            return found.strip()
        return "" if found is None else super().read(item, at)


def text(value: Any) -> str:
    """Text without spaces around it; nothing is "". A whole number is text too. ValueError, also for characters that no text has."""
    if value is None:
        return ""
    if isinstance(value, str):
        if not value.isprintable() and _CONTROL.search(value):  # what is printable has none, and is quicker asked
            raise ValueError("has control characters")
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError("is not text")


def code(values: Mapping[str, str]) -> Callable[[Any], str]:
    """What a code of the source means; one that the file does not know is an error. true and false are written so."""

    def known(value: Any) -> str:
        key = ("true" if value else "false") if isinstance(value, bool) else text(value)
        if key not in values:
            raise ValueError("a value that the source file does not know" if key else "is empty, and the source file gives that no meaning")
        return values[key]

    return known


def amount(value: Any) -> str:
    """A Dutch amount ("5.000,00") as a plain number ("5000.00"). ValueError."""
    if isinstance(value, float):
        return f"{value:.2f}"
    written = text(value)
    if written and not _AMOUNT.fullmatch(written):
        raise ValueError("is not an amount: 1.234,56 expected")
    return written.replace(".", "").replace(",", ".")


def whole_date(value: Any) -> date | None:
    written = text(value)
    return dates.day(written) if written else None


def moment(value: Any) -> datetime | None:
    written = text(value)
    return dates.moment(written) if written else None


def birth(value: Any) -> str:
    written = text(value)
    return dates.birth(written) if written else ""


def geometry(value: Any) -> str:
    """GeoJSON as text. ValueError."""
    if not value:
        return ""
    if not (isinstance(value, dict) and isinstance(value.get("type"), str)):
        raise ValueError("is not GeoJSON")  # noqa: TRY004  # of the source's making, as any wrong value
    return text(orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode())


def texts(value: Any) -> list[str]:
    """A list of texts, or one; nothing is the empty list. ValueError."""
    return [written for one in (value if isinstance(value, list) else [value]) if (written := text(one))]


def listed(value: Any) -> str:
    """A text, or the texts of a list with a semicolon between them. ValueError."""
    return "; ".join(texts(value))


def each_of(parse: Callable[[Any], str]) -> Callable[[Any], str]:
    """The same for a list, member by member."""
    return lambda value: "; ".join(found for one in (value if isinstance(value, list) else [value]) if (found := parse(one)))


def iso_date(value: Any) -> str:
    found = whole_date(value)
    return found.isoformat() if found else ""


def iso_moment(value: Any) -> str:
    found = moment(value)
    return found.isoformat() if found else ""


TRANSFORMS: dict[str, Callable[[Any], str]] = {"text": text, "amount": amount, "date": iso_date, "moment": iso_moment}
"""What `as` may name, for values that are kept as text."""
