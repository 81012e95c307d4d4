"""Files that are read again when they change, while the process runs."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import structlog

from relhub import metrics
from relhub.errors import ConfigurationError
from relhub.logs import places

SECONDS: Final = 1.0
_logger = structlog.get_logger(__name__)


class Watched:
    """One file, and whether it is another than when it was last looked at. Follows links: another file behind the same name counts.

    Made before the file is first read, so that no change in between is missed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = _state(path)

    def changed(self) -> bool:
        """True once per change, also when the file is gone or back."""
        before, self._seen = self._seen, _state(self.path)
        return self._seen != before


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


async def watch(readers: Mapping[Watched, Callable[[], None]], every: float = SECONDS) -> None:
    """Until cancelled: calls the reader of a file that changed.

    A reader raises ConfigurationError when the file can't be used, and leaves all as it was: that is logged, and counted until it can.
    """
    while True:
        await asyncio.sleep(every)
        for file, reader in readers.items():
            if file.changed():
                _read(file.path, reader)


def _read(path: Path, reader: Callable[[], None]) -> None:
    refused = metrics.file_refused.labels(path.name)
    try:
        reader()
    except ConfigurationError as error:
        refused.set(1)
        _logger.error("configuration refused, the one before stays in force", file=str(path), reason=str(error))
    except Exception as error:  # a bug in a reader must not end the watch over the other files
        refused.set(1)
        _logger.error(
            "configuration refused, the one before stays in force", file=str(path), error=type(error).__name__, places=places(error)
        )
    else:
        refused.set(0)
        _logger.info("configuration read again", file=str(path))
