"""The cases of a relation, described for the OpenAPI document."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from relhub.api.answer_party import Described, PostalAddress

Capacity = Literal["advice", "planning", "licensing", "supervision", "enforcement", "project", "policy"]
Phase = Literal["open", "suspended", "closed"]


class CaseOfficial(Described):
    """A colleague who deals with the case (behandelaar), and how to reach them."""

    part: str | None = Field(default=None, title="Rol", description="The part in the case.", examples=["case handler"])
    name: str | None = Field(default=None, title="Naam", description="The name.")
    department: str | None = Field(default=None, title="Afdeling", description="The department.", examples=["Vergunningen"])
    phone: str | None = Field(default=None, title="Telefoonnummer", description="The phone at work.")
    email: str | None = Field(default=None, title="E-mailadres", description="The e-mail address at work.")


class CaseStatus(Described):
    """How far a case is."""

    label: str = Field(title="Status", description="The status as the source says it.", examples=["In behandeling"])
    phase: Phase = Field(title="Fase", description="open (lopend), suspended (opgeschort) or closed (afgehandeld).")


class CasePlace(Described):
    """A place that a case is about (locatie)."""

    label: str | None = Field(default=None, title="Omschrijving", description="The place in words.")
    bag_id: str | None = Field(default=None, title="BAG-identificatie", description="Identification in the BAG.")
    address: PostalAddress | None = Field(default=None, title="Adres", description="Its address.")
    geometry: dict[str, Any] | None = Field(
        default=None,
        title="Geometrie",
        description="The place as GeoJSON (RFC 7946), in the coordinates of the source.",
        examples=[{"type": "Point", "coordinates": [5.23, 52.09]}],
    )


class CaseFinding(Described):
    """What was done within a case."""

    sort: Literal["decision", "inspection", "sanction"] = Field(
        title="Soort", description="decision (besluit), inspection (controle) or sanction (sanctie)."
    )
    label: str | None = Field(default=None, title="Omschrijving", description="What it is.")
    on: date | None = Field(default=None, title="Op", description="The day.")
    until: date | None = Field(default=None, title="Tot", description="The last day that it holds.")
    outcome: str | None = Field(default=None, title="Uitkomst", description="The outcome.")
    reference: str | None = Field(default=None, title="Kenmerk", description="The source's reference.")


class CaseProperty(Described):
    """A property (eigenschap) that only this source has."""

    name: str = Field(title="Naam", description="Its name in the source.")
    value: str = Field(title="Waarde", description="Its value.")


class CaseDocument(Described):
    """A document of the case (document), where the source keeps it."""

    title: str = Field(title="Titel", description="What the source calls it.")
    href: str = Field(title="Link", description="The document in the source's own screens.")


class Zaak(Described):
    """The zaak that this is, in whichever system it is known."""

    organisation: str = Field(title="Bronorganisatie", description="RSIN of the organisation that made the zaak.")
    identification: str = Field(title="Identificatie", description="Its number there.", examples=["V-2026-00001"])


class CaseItem(Described):
    """A case (zaak) or another matter with this relation, as far as `level` allows."""

    level: Literal["existence", "summary", "full"] = Field(
        title="Niveau", description="How much your application may see: existence (bestaan), summary (samenvatting) or full (volledig)."
    )
    capacity: Capacity = Field(
        title="Hoedanigheid",
        description=(
            "In which capacity we deal with the relation: advice (advisering), planning (ruimtelijke planvorming), licensing "
            "(vergunningverlening), supervision (toezicht), enforcement (handhaving), project, policy (beleidsvoorbereiding)."
        ),
    )
    department: str | None = Field(
        default=None, title="Afdeling", description="The department that deals with it.", examples=["Vergunningen"]
    )
    officials: list[CaseOfficial] | None = Field(
        default=None, title="Behandelaars", description="Who deals with it, and how to reach them."
    )
    ref: str | None = Field(
        default=None,
        title="Zaakverwijzing",
        description="`{source}/{case number}`. From `summary` on, as is what follows.",
        examples=["permits/V-2026-00001"],
    )
    kind: str | None = Field(
        default=None, title="Soort zaak", description="The kind of case, as the source calls it.", examples=["omgevingsvergunning"]
    )
    title: str | None = Field(default=None, title="Onderwerp", description="What it is about.")
    status: CaseStatus | None = Field(default=None, title="Status", description="How far it is.")
    started: date | None = Field(default=None, title="Begonnen", description="The day on which it began.")
    due: date | None = Field(default=None, title="Uiterlijk", description="The day on which it must be done.")
    ended: date | None = Field(default=None, title="Beëindigd", description="The day on which it ended.")
    zaak: Zaak | None = Field(default=None, title="Zaak", description="By which one zaak in two systems is known to be one.")
    party_roles: list[str] | None = Field(
        default=None,
        title="Rollen van de relatie",
        description="The parts of this relation in the case (betrokkenheid).",
        examples=[["applicant"]],
    )
    description: str | None = Field(
        default=None, title="Omschrijving", description="What it is about, at length. At `full` only, as is what follows."
    )
    places: list[CasePlace] | None = Field(default=None, title="Locaties", description="Where it is about.")
    findings: list[CaseFinding] | None = Field(
        default=None, title="Besluiten, controles en sancties", description="What was decided, inspected and imposed."
    )
    properties: list[CaseProperty] | None = Field(default=None, title="Eigenschappen", description="What only this source says.")
    confidentiality: str | None = Field(
        default=None, title="Vertrouwelijkheid", description="The confidentiality (vertrouwelijkheidaanduiding) in the source."
    )
    documents: list[CaseDocument] | None = Field(default=None, title="Documenten", description="Links to its documents.")
    href: str | None = Field(default=None, title="Link", description="The case in the source's own screens.")
    withheld: list[Literal["non-disclosure"]] | None = Field(
        default=None,
        title="Onthouden",
        description="`non-disclosure` (geheimhouding): someone in this case has it, so what could say where it is about is left out: title, description, places, findings, properties, documents and link.",
    )
    also_known_as: list["CaseItem"] | None = Field(
        default=None,
        title="Ook bekend als",
        description=(
            "The same zaak as other systems know it, where two of them have the same `zaak` (ook bekend als): it is listed and counted "
            "once. Only records that your application may see from `summary` on are taken together."
        ),
    )


class CasePage(Described):
    """Cases, the newest open ones first; at most 20."""

    items: list[CaseItem] = Field(title="Zaken", description="The cases.")
    next: str | None = Field(
        default=None, title="Volgende", description="Where there are more: the cursor for `GET /relations/{id}/cases`; else null."
    )
