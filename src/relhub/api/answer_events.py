"""What changed, described for the OpenAPI document."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from relhub.api.answer_party import Described

EventType = Literal[
    "nl.relaties.relatie-gewijzigd",
    "nl.relaties.relatie-samengevoegd",
    "nl.relaties.relatie-vervallen",
    "nl.relaties.attendering-ontstaan",
    "nl.zaken.zaak-gewijzigd",
    "nl.zaken.zaak-vervallen",
]


class CloudEvent(Described):
    """That something changed (gebeurtenis), as a CloudEvent in the NL GOV profile: information-poor, so ids and never what changed."""

    specversion: Literal["1.0"] = Field(title="Versie van CloudEvents", description="Always 1.0.")
    id: str = Field(title="Kenmerk", description="Of this event; the same when it is given again.", examples=["6BZKGQH435MB3XA66EKA6TGGC5"])
    source: str = Field(
        title="Herkomst", description="The installation that says so.", examples=["urn:nld:oin:00000003002564440000:systeem:relhub"]
    )
    type: EventType = Field(
        title="Soort gebeurtenis",
        description=(
            "A relation changed (gewijzigd: its records, its cases, or which records it has), was merged into another (samengevoegd: "
            "`dataref` leads there) or is no more (vervallen); of a relation there is an alert, or one has another cause (attendering ontstaan); a case changed, or is no more or no longer in a capacity that you may see."
        ),
    )
    time: datetime = Field(title="Tijdstip", description="When relhub registered it (UTC).")
    subject: str = Field(
        title="Onderwerp", description="The id of the relation, or the `ref` of the case.", examples=["permits/V-2026-00001"]
    )
    dataref: str = Field(
        title="Verwijzing",
        description="Where to ask what it is now, with a processing activity that may.",
        json_schema_extra={"format": "uri-reference"},
    )


class Events(Described):
    """What changed since the cursor."""

    results: list[CloudEvent] = Field(title="Gebeurtenissen", description="The events, in the order in which they became visible.")
    next: str = Field(
        title="Volgende",
        description="The cursor to ask with next time; always there, and another one each time. When `results` is empty nothing is new yet.",
    )
