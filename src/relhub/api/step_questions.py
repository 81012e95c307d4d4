"""How what officials recorded goes on, as bodies of requests."""

from collections.abc import Callable
from datetime import date
from typing import Any, Literal, Self, cast

from pydantic import ConfigDict, Field, model_validator

from relhub.api.answer_party import RELATION_ID
from relhub.api.entry_questions import ContactBody, Day, Recipient, Text
from relhub.api.questions import Strict, bounded
from relhub.domain.entries import Step
from relhub.services.record_entry import To
from relhub.services.step_entry import StepForm


def _goes_with(**steps: tuple[str, ...]) -> Callable[[dict[str, Any]], None]:
    """Which member must be there with these steps and, but for the text, with no others."""

    def extend(schema: dict[str, Any]) -> None:
        bounded(schema)
        schema["allOf"] = [
            {
                "if": {"properties": {"step": {"enum": list(of)}}, "required": ["step"]},
                "then": {"required": [member]},
                **({} if member == "text" else {"else": {"properties": {member: False}}}),
            }
            for member, of in steps.items()
        ]

    return extend


class _StepBody(Strict):
    text: Text = Field(
        default="",
        title="Tekst",
        description="The answer or remark, or why; needed where there is one to give.",
        examples=["Er is een controle op 12 december."],
    )


class ContactStepBody(_StepBody):
    """What is done with a contact moment."""

    model_config = ConfigDict(json_schema_extra=_goes_with(contact=("corrected",), relation=("identified",), text=("deleted",)))

    step: Literal["corrected", "identified", "deleted"] = Field(
        title="Stap",
        description="`corrected` (gecorrigeerd): it says `contact` now. `identified` (geïdentificeerd): it was with `relation`. `deleted` (verwijderd), with the reason.",
    )
    contact: ContactBody = Field(default=None, title="Klantcontact", description="With `corrected`: all of it, as it should be.")  # type: ignore[assignment]  # absent, never null
    relation: Annotated[str, Field(pattern=RELATION_ID)] = Field(
        default="",
        title="Relatienummer",
        description="With `identified`: whom it was with, as you established yourself: never by a name or number alone.",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.step == "corrected") != bool(self.contact):
            raise ValueError("must have contact when step is corrected, and not otherwise")
        if (self.step == "identified") != bool(self.relation):
            raise ValueError("must have relation when step is identified, and not otherwise")
        return self

    def form(self) -> StepForm:
        if not self.contact:
            return StepForm(self.step, self.text, relation=self.relation)
        form = self.contact.form()
        return StepForm(self.step, self.text, form.said, form.cases)


class TaskStepBody(_StepBody):
    """What is done with a task or question."""

    model_config = ConfigDict(json_schema_extra=_goes_with(to=("handed-over",), text=("answered", "remarked", "withdrawn", "deleted")))

    step: Literal["accepted", "answered", "remarked", "handed-over", "closed", "withdrawn", "deleted"] = Field(
        title="Stap",
        description=(
            "For who deals with it: `accepted` (aangenomen), `answered` (beantwoord), `handed-over` (overgedragen, to `to`). For who asked: `closed` "
            "(afgesloten), `withdrawn` (ingetrokken), `deleted` (verwijderd). For both: `remarked` (opgemerkt)."
        ),
    )
    to: Recipient = Field(default=None, title="Aan", description="With `handed-over`: whom it is for now.")  # type: ignore[assignment]  # absent, never null
    opens: bool = Field(
        default=False,
        strict=True,
        title="Geeft aanleiding",
        description="With `answered`: who asked may look at the relation on the occasion of the answer, for thirty days, within the access rules.",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.step == "handed-over") != bool(self.to):
            raise ValueError("must have to when step is handed-over, and not otherwise")
        if self.opens and self.step != "answered":
            raise ValueError("must not have opens unless step is answered")
        return self

    def form(self) -> StepForm:
        return StepForm(self.step, self.text, to=self.to.to() if self.to else To(), opens=self.opens)


class CommitmentStepBody(_StepBody):
    """What is done with a commitment."""

    model_config = ConfigDict(
        json_schema_extra=_goes_with(to=("handed-over",), due=("moved",), text=("broken", "remarked", "withdrawn", "deleted"))
    )

    step: Literal["kept", "broken", "moved", "handed-over", "remarked", "withdrawn", "deleted"] = Field(
        title="Stap",
        description=(
            "`kept` (nagekomen), `broken` (niet nagekomen, with the reason), `moved` (verzet, to `due`), `handed-over` (overgedragen, to `to`), "
            "`remarked` (opgemerkt), `withdrawn` (ingetrokken), `deleted` (verwijderd), with the reason."
        ),
    )
    due: Day = ""
    to: Recipient = Field(default=None, title="Door", description="With `handed-over`: who is to see to it now.")  # type: ignore[assignment]  # absent, never null

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.step == "handed-over") != bool(self.to):
            raise ValueError("must have to when step is handed-over, and not otherwise")
        if (self.step == "moved") != bool(self.due):
            raise ValueError("must have due when step is moved, and not otherwise")
        return self

    def form(self) -> StepForm:
        due = date.fromisoformat(self.due) if self.due else None
        return StepForm(cast(Step, self.step), self.text, due=due, to=self.to.to() if self.to else To())
