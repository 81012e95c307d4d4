"""Prepared documents on disk: lines ready to be sent, with their offsets; nothing is parsed or built again when they are served."""

import mmap
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

SEPARATOR = b",\n"  # lines are kept with the comma behind them, so that a stretch of the file is a list's inside


class Writer:
    """Writes one collection, line by line; keeps nothing but two buffers."""

    def __init__(self, directory: Path, name: str) -> None:
        self.count = 0
        self._at = 0
        self._lines = (directory / f"{name}.lines").open("wb", buffering=1 << 20)
        self._offsets = (directory / f"{name}.offsets").open("wb", buffering=1 << 16)
        self._marks = (directory / f"{name}.marks").open("wb", buffering=1 << 16)
        self._offsets.write(array("Q", [0]).tobytes())

    def add(self, document: dict[str, Any]) -> None:
        line = orjson.dumps(document) + SEPARATOR
        self._lines.write(line)
        self._at += len(line)
        self.count += 1
        self._offsets.write(array("Q", [self._at]).tobytes())

    def mark(self) -> None:
        """The documents of the next owner (of the next zaak) begin here."""
        self._marks.write(array("Q", [self.count]).tobytes())

    def close(self) -> None:
        self.mark()
        for file in (self._lines, self._offsets, self._marks):
            file.close()


def _mapped(path: Path) -> memoryview:
    if not path.stat().st_size:
        return memoryview(b"")
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


class Prepared:
    """One collection as it was written."""

    def __init__(self, directory: Path, name: str) -> None:
        self._lines = _mapped(directory / f"{name}.lines")
        self._offsets = _mapped(directory / f"{name}.offsets").cast("Q")
        self._marks = _mapped(directory / f"{name}.marks").cast("Q")
        self.count = len(self._offsets) - 1

    def stretch(self, start: int, stop: int) -> bytes:
        """The lines from start up to stop, with commas between them."""
        if start >= stop:
            return b""
        return bytes(self._lines[self._offsets[start] : self._offsets[stop] - len(SEPARATOR)])

    def owned_by(self, owner: int) -> range:
        """The positions of the documents of one owner."""
        if not 0 <= owner < len(self._marks) - 1:
            return range(0)
        return range(self._marks[owner], self._marks[owner + 1])


class Collection:
    """A prepared collection with changes on top: what was put replaces or follows, what was removed is gone."""

    def __init__(self, prepared: Prepared, number: Callable[[str], int | None]) -> None:
        self._prepared, self._number = prepared, number
        self._changed: dict[int, bytes] = {}
        self._removed: set[int] = set()
        self._added: dict[str, int] = {}

    def _position(self, identity: str) -> int | None:
        position = self._number(identity)
        return position if position is not None and position < self._prepared.count else self._added.get(identity)

    def put(self, identity: str, document: dict[str, Any]) -> None:
        position = self._position(identity)
        if position is None:
            position = self._added[identity] = self._prepared.count + len(self._added)
        self._changed[position] = orjson.dumps(document)
        self._removed.discard(position)

    def remove(self, identity: str) -> None:
        position = self._position(identity)
        if position is None:
            raise KeyError(identity)
        self._removed.add(position)

    def get(self, identity: str) -> bytes | None:
        position = self._position(identity)
        return None if position is None or position in self._removed else self._line(position)

    def _line(self, position: int) -> bytes:
        return self._changed.get(position) or self._prepared.stretch(position, position + 1)

    def positions(self) -> Sequence[int]:
        """The positions of all that is there, in order."""
        everything = range(self._prepared.count + len(self._added))
        return everything if not self._removed else array("L", (at for at in everything if at not in self._removed))

    def owned(self, owner: int, added: Callable[[dict[str, Any]], bool]) -> Sequence[int]:
        """The positions of one owner's documents; `added` recognises them among those that were put later."""
        found = [at for at in self._prepared.owned_by(owner) if at not in self._removed]
        later = [at for at in self._added.values() if at not in self._removed]
        return found + [at for at in later if added(orjson.loads(self._changed[at]))]

    def inside(self, positions: Sequence[int]) -> bytes:
        """The documents at these positions as the inside of a JSON list."""
        if isinstance(positions, range) and not self._changed:
            return self._prepared.stretch(positions.start, positions.stop)
        return SEPARATOR.join(self._line(at) for at in positions)

    def documents(self) -> Iterator[dict[str, Any]]:
        """All documents, one by one (for tests and checks)."""
        for position in self.positions():
            yield orjson.loads(self._line(position))
