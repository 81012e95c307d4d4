"""What an API key looks like: recognisable to who finds one, and to us before anything is looked up."""

import zlib
from typing import Final

PREFIX: Final = "relhub_"
RANDOM_BYTES: Final = 32
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY, _CHECK = 43, 6  # digits in base 62 for 256 bits, and for 32


def api_key(random: bytes) -> str:
    """The key made of these 32 random bytes: `relhub_`, 43 digits, and 6 that follow from them."""
    body = _base62(int.from_bytes(random), _BODY)
    return PREFIX + body + _check(body)


def is_api_key(text: str) -> bool:
    """Whether this can be a key at all. A mistyped or cut one is not."""
    body, check = text[len(PREFIX) : -_CHECK], text[-_CHECK:]
    return text.startswith(PREFIX) and len(body) == _BODY and check == _check(body)


def _check(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
