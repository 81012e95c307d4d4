"""A consultation as a record of the standard Logboek Dataverwerkingen 1.0: one for each data subject, children of one parent where there are several.

The record does not say which official asked: that is in the hub's own log, which has the same trace id.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal
from urllib.parse import quote

Status = Literal["unset", "ok", "error"]
_STATUS: dict[str, Status] = {"shown": "ok", "asked": "ok", "done": "ok", "right": "ok", "same": "ok", "different": "ok", "withdrawn": "ok"}
_FAILED = frozenset({"unverified"})  # a source that is needed did not answer


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record, as a span: ids in hexadecimal, `subject` empty where it is about nobody."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    status: Status
    start: datetime
    end: datetime
    activity: str
    subject: str = ""
    processor: str = ""


def records_of(
    *,
    id_: int,
    trace_id: str,
    span_id: str,
    parent_span_id: str,
    operation: str,
    outcome: str,
    at: datetime,
    written_at: datetime,
    activity: str,
    processor: str,
    relations: Sequence[str],
    pseudonym: Callable[[str], str],
) -> list[LogRecord]:
    """The records of one row of the log; the same each time. None when its activity is not in the register: then nothing was processed for it.

    `relations`: whom it was about; `pseudonym`: how these are named outside of the hub.
    """
    if not activity:
        return []
    trace = _hex(trace_id, 32) or _derived(f"trace {trace_id or id_}", 32)
    span = _hex(span_id, 16) or _derived(f"span {id_}", 16)
    status = _STATUS.get(outcome, "error" if outcome in _FAILED else "unset")

    def record(own: str, parent: str, subject: str) -> LogRecord:
        return LogRecord(trace, own, parent, operation, status, at, max(at, written_at), activity, subject, processor)

    caller = _hex(parent_span_id, 16)
    if len(relations) < 2:
        return [record(span, caller, pseudonym(relations[0]) if relations else "")]
    children = (record(_derived(f"{span} {relation}", 16), span, pseudonym(relation)) for relation in dict.fromkeys(relations))
    return [record(span, caller, ""), *children]


def processor_of(about: str, application: str) -> str:
    """The URI of an application that asks; `about`: what the hub is called."""
    return f"{about}:application:{quote(application, safe='')}" if application else ""


def _hex(text: str, length: int) -> str:
    """The text when it is an id of this length; zeros are none."""
    return text if len(text) == length and set(text) <= set("0123456789abcdef") and text.strip("0") else ""


def _derived(text: str, length: int) -> str:
    return sha256(text.encode()).hexdigest()[:length]
