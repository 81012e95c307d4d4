"""Logging: one line per thing that happened, JSON where no one watches, and never a number of a person."""

import contextlib
import logging
import re
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
import structlog

from relhub.domain.identifiers import bsn

_NUMBERS = re.compile(r"(?<![0-9A-Za-z.])[0-9]{8,9}(?![0-9A-Za-z])")
_SECRETS = re.compile(
    r"(?i)\b(bearer|basic|token)\s+[A-Za-z0-9._~+/=-]{8,}|(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"
    r"|\brelhub_[0-9A-Za-z]{20,}|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?"
)


def set_up_logging(level: str = "INFO") -> None:
    """structlog and the standard library's logging (uvicorn, SQLAlchemy, Alembic) through one formatter, to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    watched = sys.stderr.isatty()
    render = structlog.dev.ConsoleRenderer() if watched else structlog.processors.JSONRenderer(_json)
    last: list[Any] = [structlog.processors.format_exc_info, redact, structlog.stdlib.ProcessorFormatter.remove_processors_meta, render]
    handler = logging.StreamHandler(sys.stderr) if watched else Lines(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx2", "httpcore2", "alembic", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


class Lines(logging.StreamHandler[TextIO]):
    """Lines where no one watches."""

    def write(self, event: dict[str, Any]) -> None:
        """One line past all that costs most of it: for what is logged at every request, and has nothing that must be taken out."""
        with self.lock or contextlib.nullcontext():
            self.stream.write(_json(event, None) + self.terminator)
            self.flush()


def answered(**said: Any) -> None:
    """That a request was answered. Every value is from a closed set, or made by us."""
    root = logging.getLogger()
    if root.handlers and isinstance(root.handlers[0], Lines):
        if root.level <= logging.INFO:
            moment = f"{datetime.now(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
            root.handlers[0].write({**said, "event": "answered", "level": "info", "logger": "relhub.access", "timestamp": moment})
    else:
        structlog.get_logger("relhub.access").info("answered", **said)


def _json(event: Any, default: Any) -> str:
    return orjson.dumps(event, default).decode()


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Whatever a line holds: what passes for a citizen service number, a token or a password is taken out."""
    for key, value in event.items():
        if key not in ("_record", "_from_structlog"):
            event[key] = redacted(value)
    return event


def redacted(value: Any) -> Any:
    """The value without numbers of people and without secrets, also within lists and mappings."""
    if isinstance(value, str):
        return _NUMBERS.sub(_without_number, _SECRETS.sub("[secret]", value))
    if isinstance(value, dict):
        return {key: redacted(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and 10_000_000 <= value <= 999_999_999:
        return redacted(str(value)) if _is_bsn(str(value)) else value
    return value if isinstance(value, int | float | bool | None) else redacted(str(value))


def _without_number(match: re.Match[str]) -> str:
    return "[number]" if _is_bsn(match[0]) else match[0]


def _is_bsn(text: str) -> bool:
    try:
        bsn(text)
    except ValueError:
        return False
    return True


def places(error: BaseException) -> list[str]:
    """Where an error happened, innermost last: file, line and function; no values."""
    found: list[Any] = []
    traceback = error.__traceback__
    while traceback:
        code = traceback.tb_frame.f_code
        found.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return found[-6:]
