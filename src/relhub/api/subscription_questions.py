"""What is subscribed to, as bodies of requests."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from relhub.api.answer_events import EventType
from relhub.api.answer_party import RELATION_ID
from relhub.api.place_questions import BAG_ID
from relhub.api.questions import PRINTABLE, Strict, bounded
from relhub.domain.callbacks import FORM
from relhub.domain.subscriptions import Wanted
from relhub.services.make_subscription import SubscriptionForm, type_of

_CASE = r"^[a-z][a-z0-9-]{0,39}/[!-.0-~][^\x00-\x1f\x7f-\x9f]{0,199}$"
Callback = Annotated[str, Field(pattern=FORM, max_length=600)]
Types = Annotated[list[EventType], Field(min_length=1, max_length=6)]
Cursor = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~=-]{1,500}$")]
_CALLBACK = "Where it is told: https, a host that the administrator has allowed, without user, query or anything secret."


class SubscriptionBody(Strict):
    """What is to be told, and where. Of what is filled in, all must fit."""

    callback: Callback = Field(title="Afleveradres", description=_CALLBACK, examples=["https://afnemer.voorbeeld.example/relhub"])
    relation: Annotated[str, Field(pattern=RELATION_ID)] = Field(
        default="", title="Relatienummer", description="Changes of this relation, by whatever id it goes later."
    )
    place: Annotated[str, Field(pattern=BAG_ID)] = Field(
        default="",
        title="BAG-identificatie",
        description="Cases at this place (plek), for a processing activity that may search by place. Not beside `relation`.",
        examples=["0355100000041240"],
    )
    case_kind: Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)] = Field(
        default="", title="Zaaksoort", description="Changes by cases of this kind.", examples=["omgevingsvergunning"]
    )
    project: Annotated[str, Field(pattern=_CASE, max_length=250)] = Field(
        default="", title="Project", description="This project by its `ref`, and those who are in it.", examples=["projects/PRJ-0001"]
    )
    types: Types = Field(default=[], title="Soorten gebeurtenis", description="Events of these types; without it all.")
    cursor: Cursor = Field(
        default="", title="Cursor", description="`next` of `GET /events`: what came after it is told. Without it what happens from now on."
    )

    def form(self) -> SubscriptionForm:
        types = tuple(dict.fromkeys(map(type_of, self.types)))
        return SubscriptionForm(self.callback, Wanted(self.relation, self.place, self.case_kind, self.project, types), self.cursor)


class SubscriptionChange(Strict):
    """What is to be otherwise."""

    model_config = ConfigDict(json_schema_extra=lambda schema: bounded(schema, minProperties=1))

    callback: Callback = Field(
        default="", title="Afleveradres", description=f"{_CALLBACK} Another one has to be verified before it is told anything."
    )
    paused: bool = Field(
        default=False, title="Gepauzeerd", description="Whether telling stops for now; what happens meanwhile is told after."
    )
    types: Types = Field(default=[], title="Soorten gebeurtenis", description="Events of these types from now on.")

    def changes(self) -> dict[str, Any]:
        """Those that are given, by the names of what they change."""
        given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        return given | ({"types": list(dict.fromkeys(map(type_of, self.types)))} if self.types else {})


class ReplayBody(Strict):
    """From where on it is told again."""

    cursor: Cursor = Field(
        title="Cursor", description="Of a delivery that is held, or `next` of `GET /events`: all that came after it is told again."
    )
