"""What can be asked by whom it is about, and decided on it, as bodies of requests."""

from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Field, model_validator

from relhub.api.answer_requests import SORT
from relhub.api.gate import ACTIVITY
from relhub.api.questions import SourceRecordKey, Strict, bounded
from relhub.domain.subject_requests import Outcome, Sort
from relhub.services.make_request import RequestForm

_TEXT: Final = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"  # lines and tabs, no other control characters
_OUTCOME: Final = (
    "`granted` (toegewezen), `refused` (afgewezen), `withdrawn` (ingetrokken, also by the application that made it), `extended` (verlengd with two "
    "months, once), `ended` (beëindigd: a restriction or objection that was granted no longer holds)."
)
# What goes with each sort: what must be there, and what may.
_WITH: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "contest": (frozenset({"record"}), frozenset({"record"})),
    "correction": (frozenset(), frozenset({"record", "case", "field"})),
    "restriction": (frozenset(), frozenset()),
    "objection": (frozenset(), frozenset({"activities"})),
}


def _in_words(schema: dict[str, Any]) -> None:
    """Which members go with which sort, as JSON Schema says it."""
    bounded(schema)
    others = {"record", "case", "field", "activities"}
    schema["allOf"] = [
        {
            "if": {"properties": {"sort": {"const": sort}}, "required": ["sort"]},
            "then": {"required": sorted(must), "properties": dict.fromkeys(sorted(others - may), False)},
        }
        for sort, (must, may) in _WITH.items()
    ]
    schema["allOf"][1]["then"] |= {"oneOf": [{"required": ["record"]}, {"required": ["case"]}]}


class RequestBody(Strict):
    """What the one it is about asks (verzoek van betrokkene)."""

    model_config = ConfigDict(json_schema_extra=_in_words)

    sort: Sort = Field(title="Soort", description=SORT)
    words: Annotated[str, Field(min_length=1, max_length=4000, pattern=_TEXT)] = Field(
        title="Toelichting", description="In the words of the one it is about. Kept sealed.", examples=["Ik heb nooit in dit pand gewoond."]
    )
    record: SourceRecordKey = Field(
        default=None,  # type: ignore[assignment]  # absent, never null
        title="Partijgegeven",
        description="The party record that is not of this relation (`contest`), or that is wrong (`correction`), as `source-records` names it.",
    )
    case: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}/[!-.0-~][^\x00-\x1f\x7f-\x9f]{0,199}$", max_length=250)] = Field(
        default="",
        title="Zaak",
        description="Of a `correction`: the case in which something is wrong, by its `ref`.",
        examples=["permits/V-2026-00001"],
    )
    field: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z.]{0,59}$")] = Field(
        default="", title="Gegeven", description="Of a `correction`: which member of the answer is wrong.", examples=["addresses"]
    )
    activities: Annotated[list[Annotated[str, Field(pattern=f"^{ACTIVITY}$")]], Field(min_length=1, max_length=50)] = Field(
        default=[],
        title="Verwerkingen",
        description="Of an `objection`: the processing activities that it is to. Without it: all.",
        examples=[["project-stakeholders"]],
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        must, may = _WITH[self.sort]
        given = self.model_fields_set - {"sort", "words"}
        if missing := must - given:
            raise ValueError(f"must have {', '.join(sorted(missing))} when sort is {self.sort}")
        if given - may:
            raise ValueError(f"must not have {', '.join(sorted(given - may))} when sort is {self.sort}")
        if self.sort == "correction" and len(given & {"record", "case"}) != 1:
            raise ValueError("must have either record or case when sort is correction")
        return self

    def form(self) -> RequestForm:
        record = (self.record.source, self.record.key) if self.record else None
        source, _, case_id = self.case.partition("/")
        return RequestForm(self.sort, self.words, record, (source, case_id) if self.case else None, self.field, tuple(self.activities))


class DecisionBody(Strict):
    """What is decided on a request."""

    outcome: Outcome = Field(title="Uitkomst", description=_OUTCOME)
    answer: Annotated[str, Field(min_length=1, max_length=4000, pattern=_TEXT)] = Field(
        title="Antwoord",
        description="The answer to the one who asked, with the reason. Kept sealed.",
        examples=["Het adres is in het bronsysteem verbeterd."],
    )
