"""Finding known numbers of people in any text, however it came there: for `relhub doctor`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_BETWEEN = rb"(?:[ .\-]|\xc2\xa0)"
_CHAIN = re.compile(rb"[0-9](?:" + _BETWEEN + rb"?[0-9]){7,}")  # eight digits or more, at most one separator between two
_DIGITS = re.compile(rb"[0-9]+")
_HEX = re.compile(rb"\\x((?:[0-9a-f]{2}){8,})")
_WORD = re.compile(rb"[0-9A-Za-z_]*")
_UUID_CHARACTER = re.compile(rb"[0-9A-Fa-f\-]*")
_UUID = re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_OPAQUE = re.compile(rb"[0-9a-f]{16,}|[0-9A-F]{16,}|(?:rel_)?[0-9A-Z]{26}")  # a hash, or an id of ours
_LONGEST, _SHORTEST = 10, 8  # an A-nummer; a citizen service number that lost its leading zero


@dataclass(frozen=True, slots=True)
class Found:
    """Where a number stands (offset in bytes), and its last three digits: enough to look it up, and not the number."""

    offset: int
    end: str


class Numbers:
    """Numbers of people to look for.

    A number is found when it is a whole run of digits, also when groups of it are separated by a space, full stop or hyphen, and when it
    lost one leading zero. It is not when it is part of a longer run, of a UUID or of an opaque id: there it would be chance.
    `known_otherwise`: eight-digit numbers that mean something else (KVK numbers).
    """

    def __init__(self, numbers: Iterable[str], known_otherwise: Iterable[str] = ()) -> None:
        self._numbers = frozenset(map(int, numbers))  # a lost zero makes no difference
        self._otherwise = frozenset(map(int, known_otherwise))

    def __len__(self) -> int:
        return len(self._numbers)

    def within(self, text: bytes) -> Iterator[Found]:
        """Every place of this text, in UTF-8, that holds one."""
        for chain in _CHAIN.finditer(text):
            if len(chain[0]) <= _LONGEST or not chain[0].isdigit():  # most are longer runs, which hold none
                yield from self._in_chain(text, chain.start(), chain[0])

    def within_hexadecimal(self, text: bytes) -> Iterator[Found]:
        """The same in what PostgreSQL writes of bytes within a text (`\\x39…`)."""
        for part in _HEX.finditer(text):
            for found in self.within(bytes.fromhex(part[1].decode())):
                yield Found(part.start(), found.end)

    def _in_chain(self, text: bytes, start: int, chain: bytes) -> Iterator[Found]:
        runs = [(run.start(), run[0]) for run in _DIGITS.finditer(chain)]
        for first in range(len(runs)):
            digits = b""
            for last in range(first, len(runs)):
                digits += runs[last][1]
                if len(digits) > _LONGEST:
                    break
                if self._is_one(digits, whole=first == last) and not _by_chance(text, start + runs[first][0], len(runs[first][1])):
                    yield Found(start + runs[first][0], digits[-3:].decode())

    def _is_one(self, digits: bytes, *, whole: bool) -> bool:
        """A lost zero is looked for only where nothing separates the digits: who writes groups writes all of them."""
        if len(digits) < _SHORTEST or (len(digits) == _SHORTEST and not whole):
            return False
        number = int(digits)
        return number in self._numbers and not (len(digits) == _SHORTEST and number in self._otherwise)


def _by_chance(text: bytes, start: int, length: int) -> bool:
    """Whether these digits are part of a word that is an id or a hash, or of a UUID."""
    before, after = text[max(0, start - 64) : start], text[start + length : start + length + 64]
    word = _last(_WORD, before) + text[start : start + length] + _first(_WORD, after)
    return bool(_OPAQUE.fullmatch(word)) or bool(
        _UUID.search(_last(_UUID_CHARACTER, before) + text[start : start + length] + _first(_UUID_CHARACTER, after))
    )


def _first(of: re.Pattern[bytes], text: bytes) -> bytes:
    match = of.match(text)
    return match[0] if match else b""


def _last(of: re.Pattern[bytes], text: bytes) -> bytes:
    return _first(of, text[::-1])[::-1]
