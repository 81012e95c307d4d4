"""What officials record here and how it goes on, as bodies of requests."""

from datetime import UTC, date, datetime
from itertools import combinations
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema, model_validator

from relhub.api.answer_cases import Capacity
from relhub.api.answer_entries import CHANNELS, CONTACT_ID
from relhub.api.questions import PRINTABLE, Strict, bounded
from relhub.config.access_rules import Confidentiality
from relhub.domain.entries import Sort
from relhub.services.record_entry import EntryForm, To

TEXT: Final = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"  # lines and tabs, no other control characters
_MOMENT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
_REF: Final = r"^[a-z][a-z0-9-]{0,39}/[!-.0-~][^\x00-\x1f\x7f-\x9f]{0,199}$"


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise ValueError("must be a moment that exists, with its time zone: 2026-11-25T09:30:00+01:00") from None


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("must be a date that exists, as yyyy-mm-dd") from None


def _line(title: str, description: str, example: str, most: int = 200) -> Any:
    return Field(min_length=1, max_length=most, pattern=PRINTABLE, title=title, description=description, examples=[example])


Moment = Annotated[
    str,
    Field(pattern=_MOMENT),
    AfterValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "title": "Tijdstip",
            "description": "When it was; without it now.",
            "examples": ["2026-11-24T10:00:00Z"],
        }
    ),
]
Day = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_day),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date",
            "title": "Uiterlijk",
            "description": "By which day it has to be done.",
            "examples": ["2030-01-15"],
        }
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=10_000, pattern=TEXT)]
Ref = Annotated[str, Field(pattern=_REF, max_length=250)]


def _at_most_one(schema: dict[str, Any]) -> None:
    bounded(schema)
    pairs = [
        *combinations(("department", "case", "coordinator", "relationManager"), 2),
        ("official", "coordinator"),
        ("official", "relationManager"),
    ]
    schema["not"] = {"anyOf": [{"required": list(pair)} for pair in pairs]}


class Recipient(Strict):
    """Whom it is for (geadresseerde); at most one of `department`, `case`, `coordinator` and `relationManager`."""

    model_config = ConfigDict(json_schema_extra=_at_most_one)

    department: Annotated[str, _line("Afdeling", "A department of your organisation.", "Handhaving", 100)] = ""
    official: Annotated[str, _line("Medewerker", "The account of one official in it.", "p.smit", 100)] = ""
    case: Ref = Field(
        default="",
        title="Zaak",
        description="The department that deals with this case, by its `ref`.",
        examples=["enforcement/HH-2026-00001"],
    )
    coordinator: Literal[True] = Field(
        default=False,  # type: ignore[arg-type]  # absent, or true
        title="Coördinator",
        description="Whoever is behind a referral (doorverwijzing), through the coordinator: you do not learn of whom.",
    )

    relation_manager: Literal[True] = Field(
        default=False,  # type: ignore[arg-type]  # absent, or true
        title="Relatiebeheerder",
        description="Who is the relation manager (relatiebeheerder) in this capacity, or of the whole relation; who takes over when they are away.",
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(map(bool, (self.department, self.case, self.coordinator, self.relation_manager))) > 1:
            raise ValueError("must have at most one of: department, case, coordinator, relationManager")
        if (self.coordinator or self.relation_manager) and self.official:
            raise ValueError("must not have official beside coordinator or relationManager")
        return self

    def to(self) -> To:
        return To(self.department, self.official, self.case, self.coordinator, self.relation_manager)


class _Body(Strict):
    capacity: Capacity = Field(
        default=None,  # type: ignore[arg-type]  # absent, never null
        title="Hoedanigheid",
        description="In which capacity government meets the party in it; without it that of the first case.",
    )
    confidentiality: Confidentiality = Field(
        default="zaakvertrouwelijk",
        title="Vertrouwelijkheid",
        description="Who may see it follows from this as well (vertrouwelijkheidaanduiding).",
    )
    cases: Annotated[list[Ref], Field(max_length=10)] = Field(
        default=[],
        title="Zaken",
        description="The cases of this relation that it is about, by their `ref`.",
        examples=[["permits/V-2026-00001"]],
    )
    subject: Annotated[
        str,
        _line("Onderwerp", "What it is about, in a line. No citizen service number: whom it is about is known.", "Geluid bij de bakkerij"),
    ]

    def _form(self, sort: Sort, names: tuple[str, ...], **more: Any) -> EntryForm:
        said = self.model_dump(by_alias=True, include=set(names), exclude_unset=True)
        return EntryForm(sort, said, self.capacity, self.confidentiality, cases=tuple(self.cases), **more)


class SpokenWith(Strict):
    """Who spoke for the relation (gemachtigde)."""

    name: Annotated[str, _line("Naam", "Who it was.", "M. de Vries")]
    authority: Annotated[str, _line("Grond", "On which ground (machtiging, bewind, voogdij).", "schriftelijke machtiging")]


class ContactBody(_Body):
    """A contact (klantcontact) with a relation. One with who speaks for it belongs to who is represented."""

    channel: Literal["telephone", "desk", "email", "letter", "chat", "visit", "portal", "other"] = Field(
        title="Kanaal", description=CHANNELS
    )
    direction: Literal["inbound", "outbound"] = Field(title="Richting", description="inbound (inkomend) or outbound (uitgaand).")
    at: Moment = ""
    text: Text = Field(
        default="", title="Tekst", description="What was said.", examples=["Vraagt wanneer de zaak van de oven wordt opgelost."]
    )
    outcome: Annotated[str, _line("Uitkomst", "What came of it.", "Teruggebeld", 1000)] = ""
    spoken_with: SpokenWith = Field(
        default=None, title="Gesproken met", description="Who spoke for the relation, when it was not they themselves."
    )  # type: ignore[assignment]  # absent, never null

    def form(self) -> EntryForm:
        names = ("channel", "direction", "subject", "text", "outcome", "spoken_with")
        return self._form("contact-moment", names, at=datetime.fromisoformat(self.at) if self.at else None)


class TaskBody(_Body):
    """A question (vraag) or task (interne taak) for a colleague, about a relation."""

    kind: Literal["question", "task"] = Field(title="Soort", description="question (vraag: an answer is wanted) or task (taak).")
    text: Text = Field(title="Tekst", description="What is asked.", examples=["Komt er nog een controle voor de vergunning is verleend?"])
    due: Day = ""
    to: Recipient = Field(title="Aan", description="Whom it is for.", examples=[{"department": "Handhaving"}])

    def form(self) -> EntryForm:
        due = date.fromisoformat(self.due) if self.due else None
        return self._form("task", ("kind", "subject", "text"), due=due, to=self.to.to())


class CommitmentBody(_Body):
    """What was promised (toezegging) to a relation, by when, and who is to see to it."""

    text: Text = Field(default="", title="Tekst", description="The promise in more words.")
    due: Day
    to: Recipient = Field(default=None, title="Door", description="Who is to see to it; without it you.")  # type: ignore[assignment]  # absent, never null
    contact_moment: Annotated[str, Field(pattern=CONTACT_ID)] = Field(
        default="", title="Klantcontact", description="The contact moment in which it was made."
    )

    def form(self) -> EntryForm:
        to = self.to.to() if self.to else To()
        return self._form("commitment", ("subject", "text", "contact_moment"), due=date.fromisoformat(self.due), to=to)
