"""Ids that are the same on every machine and lead back to a position without an index."""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

SPREAD = 0x9E3779B97F4B  # odd, so that multiplying by it within 48 bits can be undone
BITS = 1 << 48


@dataclass(frozen=True, slots=True)
class Uuids:
    """The uuids of one ZGW collection: they look random, and the last part is the position, spread."""

    prefix: str

    @classmethod
    def of(cls, collection: str) -> "Uuids":
        digest = sha256(f"relhub demo {collection}".encode()).hexdigest()
        return cls(f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-a{digest[17:20]}-")

    def make(self, position: int) -> str:
        return f"{self.prefix}{(position + 1) * SPREAD % BITS:012x}"

    def number(self, uuid: str) -> int | None:
        """The position behind a uuid, or None when it is not of this collection."""
        if not uuid.startswith(self.prefix) or not is_uuid(uuid):
            return None
        position = int(uuid[24:], 16) * pow(SPREAD, -1, BITS) % BITS - 1
        return position if position >= 0 else None


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Numbered:
    """Case numbers: a prefix and a number counted from 1, of at least so many digits."""

    prefix: str
    digits: int

    def make(self, position: int) -> str:
        return f"{self.prefix}{position + 1:0{self.digits}d}"

    def number(self, text: str) -> int | None:
        tail = text.removeprefix(self.prefix)
        if not (text.startswith(self.prefix) and tail.isascii() and tail.isdigit()):
            return None
        position = int(tail) - 1
        return position if position >= 0 and self.make(position) == text else None


ZAKEN, DOSSIERS, PROJECTS = Numbered("V-2026-", 5), Numbered("HH-2026-", 5), Numbered("PRJ-", 4)
