"""Official numbers: checked and brought to one form. Error texts never hold the number."""

import re
from collections.abc import Callable

from relhub.domain.record import Identifier

BAG_TYPES = {
    "verblijfsobject": "01",
    "ligplaats": "02",
    "standplaats": "03",
    "pand": "10",
    "nummeraanduiding": "20",
    "openbare_ruimte": "30",
}

# They pass the 11-test and are typed where no number is known.
_PLACEHOLDERS = frozenset({"000000000", "123456782", "012345672", "111222333", *(digit * 8 + "0" for digit in "123456789")})
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_SEPARATORS = str.maketrans("", "", " .-\u00a0")
_OWN_VALUE = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


class Placeholder(ValueError):
    """The value is a known stand-in for "no number": not an identifier, and nothing to complain about."""


def _digits(value: str | int, what: str) -> str:
    text = str(value).translate(_SEPARATORS)
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"is not {what}: digits expected")
    if not text.strip("0") or (len(text) > 7 and not text.strip("9")):
        raise Placeholder(f"is a placeholder, not {what}")
    return text


def _eleven_test(value: str | int, what: str) -> str:
    text = _digits(value, what)
    if len(text) == 8:
        text = f"0{text}"  # lost where someone kept it as a number
    if len(text) != 9:
        raise ValueError(f"is not {what}: 9 digits expected")
    if text in _PLACEHOLDERS:
        raise Placeholder(f"is a placeholder, not {what}")
    if sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=True)) % 11:
        raise ValueError(f"is not {what}: it fails the 11-test")
    return text


def bsn(value: str | int) -> str:
    """A citizen service number, nine digits; one lost leading zero is restored. ValueError, or Placeholder."""
    return _eleven_test(value, "a BSN")


def rsin(value: str | int) -> str:
    """An RSIN, nine digits, by the same test as a BSN: only the scheme tells them apart. ValueError, or Placeholder."""
    return _eleven_test(value, "an RSIN")


def kvk(value: str | int) -> str:
    """A number of the trade register, eight digits; one lost leading zero is restored. ValueError, or Placeholder."""
    text = _digits(value, "a KVK number")
    if len(text) not in (7, 8):
        raise ValueError("is not a KVK number: 8 digits expected")
    if text == "12345678":
        raise Placeholder("is a placeholder, not a KVK number")
    return text.zfill(8)


def vestiging(kvk_number: str | int, number: str | int) -> str:
    """A branch as "kvk/vestiging": its number alone moves along when the branch is taken over. ValueError, or Placeholder."""
    text = _digits(number, "a branch number")
    if not 8 <= len(text) <= 12:
        raise ValueError("is not a branch number: 12 digits expected")
    return f"{kvk(kvk_number)}/{text.zfill(12)}"


def a_number(value: str | int) -> str:
    """An A-nummer, ten digits. ValueError, or Placeholder."""
    text = _digits(value, "an A-nummer")
    if len(text) != 10 or text[0] == "0":
        raise ValueError("is not an A-nummer: 10 digits expected, the first not 0")
    return text


def oin(value: str | int) -> str:
    """An organisation identification number, twenty digits. ValueError, or Placeholder."""
    text = _digits(value, "an OIN")
    if len(text) != 20:
        raise ValueError("is not an OIN: 20 digits expected")
    return text


def bag_id(value: str | int, *object_types: str) -> str:
    """A BAG id of one of these object types (default: any), 16 digits; one lost leading zero is restored. ValueError, or Placeholder."""
    text = _digits(value, "a BAG id")
    wanted = object_types or tuple(BAG_TYPES)
    if len(text) not in (15, 16):
        raise ValueError("is not a BAG id: 16 digits expected")
    text = text.zfill(16)
    if text[4:6] not in {BAG_TYPES[name] for name in wanted}:
        raise ValueError(f"is not a BAG id of {' or '.join(wanted)}: digits 5 and 6 say otherwise")
    return text


def _branch(value: str | int) -> str:
    kvk_number, slash, number = str(value).partition("/")
    if not slash:
        raise ValueError("is not a branch: kvk/vestiging expected")
    return vestiging(kvk_number, number)


_SCHEMES: dict[str, Callable[[str | int], str]] = {
    "bsn": bsn,
    "rsin": rsin,
    "kvk": kvk,
    "vestiging": _branch,
    "a_number": a_number,
    "oin": oin,
}
SCHEMES = tuple(_SCHEMES)


def identifier(scheme: str, value: str | int) -> Identifier:
    """The value as an identifier of this scheme (also `own:<source>`), normalised and checked. ValueError, or Placeholder."""
    if scheme.startswith("own:"):
        text = str(value).strip()
        if not _OWN_VALUE.fullmatch(text):
            raise ValueError("is not a number of the source's own: 1 to 200 printable characters expected")
        return Identifier(scheme, text)
    if scheme not in _SCHEMES:
        raise ValueError(f"unknown scheme: {', '.join(SCHEMES)} or own:<source> expected")
    return Identifier(scheme, _SCHEMES[scheme](value))


def mask(scheme: str, value: str) -> str:
    """The value as it may be shown: numbers of people keep their last three digits, numbers of organisations are public."""
    if scheme in ("kvk", "rsin", "vestiging", "oin") or scheme.startswith("own:"):
        return value
    return "*" * (len(value) - 3) + value[-3:] if len(value) > 6 else "*" * len(value)
