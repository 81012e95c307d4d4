"""What can be asked of the consultation log, as the body of a request."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from relhub.api.answer_party import RELATION_ID
from relhub.api.gate import ACTIVITY
from relhub.api.questions import PRINTABLE, Strict
from relhub.domain.tokens import OFFICIAL
from relhub.storage.log_search import LogFilter

_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise ValueError("must be a moment that exists, with its time zone: 2026-11-24T00:00:00Z") from None


def _described(title: str, description: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": _MOMENT,
            "title": title,
            "description": description,
            "examples": ["2026-11-24T00:00:00Z"],
        }
    )


class LogBody(Strict):
    """What a consultation has to meet; without anything all of them."""

    relation: Annotated[str, Field(pattern=RELATION_ID)] = Field(
        default="", title="Relatienummer", description="The relation that it was about, or that it named."
    )
    official: Annotated[str, Field(pattern=f"^{OFFICIAL}$")] = Field(
        default="", title="Medewerker", description="The account of the official on whose behalf was asked.", examples=["j.jansen"]
    )
    application: Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)] = Field(
        default="", title="Applicatie", description="The application that asked.", examples=["vergunningen"]
    )
    activity: Annotated[str, Field(pattern=f"^{ACTIVITY}$")] = Field(
        default="", title="Verwerking", description="The processing activity that was named.", examples=["permit-handling"]
    )
    outcome: Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,39}$")] = Field(
        default="", title="Uitkomst", description="How it ended: `shown`, `refused`, `not-found`, and more.", examples=["refused"]
    )
    trace_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] = Field(
        default="", title="Trace", description="The trace, as `X-Trace-Id` gave it.", examples=["4bf92f3577b34da6a3ce929d0e0e4736"]
    )
    since: Annotated[str, Field(pattern=_MOMENT), AfterValidator(_moment), _described("Vanaf", "Asked at this moment or later.")] = Field(
        default="", alias="from"
    )
    until: Annotated[str, Field(pattern=_MOMENT), AfterValidator(_moment), _described("Tot", "Asked before this moment.")] = ""

    def wanted(self) -> LogFilter:
        since, until = (datetime.fromisoformat(text) if text else None for text in (self.since, self.until))
        return LogFilter(self.relation, self.official, self.application, self.activity, self.outcome, self.trace_id, since, until)
