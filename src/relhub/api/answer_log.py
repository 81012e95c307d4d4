"""Consultations, described for the OpenAPI document."""

from datetime import datetime

from pydantic import Field

from relhub.api.answer_party import Described

_NEXT = "The cursor of the next page; null on the last."
_OPERATION = (
    "What was done: `view` (beeld), `lookup` (opzoeken), `search` (zoeken), `batch`, `cases`, `timeline`, `source-records`, `history`, `case`, "
    "`department-cases`, `relations`, `events`, `subject-log` and `log-search` (the log itself), `subject-request`, `subject-requests` and `subject-request-decision` (what the one it is about asks), `decide-match` (a data steward), and more."
)
_OUTCOME = (
    "How it ended: `shown` (getoond), `refused` (geweigerd), `not-found` (niet gevonden), `ambiguous`, `too-broad`, `restricted` (gesloten door een aantekening), `made`, `unknown-occasion` (the source "
    "was asked for the occasion first), `unverified` (it did not answer), and more."
)


class Consultation(Described):
    """One look (raadpleging), allowed or refused."""

    at: datetime = Field(title="Tijdstip", description="When it was asked (UTC).")
    trace_id: str = Field(
        title="Trace",
        description="Of the request, as in `X-Trace-Id`, and in the Logboek Dataverwerkingen.",
        examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
    )
    consumer: str = Field(title="Afnemer", description="The consumer that asked; `command line` for the administrator.")
    application: str = Field(title="Applicatie", description="Its application.", examples=["vergunningen"])
    organisation: str = Field(title="Organisatie", description="Its organisation.", examples=["Gemeente Voorbeeld"])
    department: str = Field(title="Afdeling", description="Its department.", examples=["Vergunningen"])
    official: str = Field(title="Medewerker", description="The official on whose behalf it asked; empty when in its own name.")
    activity: str = Field(title="Verwerking", description="The processing activity that was named.", examples=["permit-handling"])
    purpose: str | None = Field(title="Doel", description="Its purpose as it is now; null when the access rules no longer have it.")
    register_uri: str | None = Field(
        title="Registervermelding", description="Its entry in the register of processing activities, as it was then."
    )
    rules_version: str = Field(title="Versie van de toegangsregels", description="The version of the access rules then.")
    occasion: str = Field(title="Aanleiding", description="The occasion that was named.", examples=["case:permits/V-2026-00001"])
    operation: str = Field(title="Handeling", description=_OPERATION, examples=["view"])
    outcome: str = Field(title="Uitkomst", description=_OUTCOME, examples=["shown"])
    sections: list[str] = Field(
        title="Onderdelen", description="The sections that were asked for, where there are any; of a search in this log: by what."
    )
    levels: dict[str, str] = Field(title="Niveaus", description="Per capacity (hoedanigheid) the level that the access rules gave.")
    relations: list[str] = Field(title="Relaties", description="The ids of the relations that it was about or named, as they were then.")
    records: list[str] = Field(
        title="Brongegevens", description="The source records that were shown: `source:key` of a party, `source/number` of a case."
    )
    disclosable: bool = Field(title="Mededeelbaar", description="Whether the one it is about may learn of it.")


class ConsultationResults(Described):
    """A page of consultations."""

    results: list[Consultation] = Field(title="Raadplegingen", description="The consultations, the last first.")
    next: str | None = Field(default=None, title="Volgende", description=_NEXT)


class SubjectConsultation(Described):
    """One look at you (raadpleging), as you may know it: not by which official, and for which purpose."""

    at: datetime = Field(title="Tijdstip", description="When (UTC).")
    organisation: str | None = Field(title="Organisatie", description="The organisation that looked; null for what the hub did itself.")
    department: str | None = Field(title="Afdeling", description="The department that looked; null for what the hub did itself.")
    purpose: str | None = Field(title="Doel", description="For what; null when the access rules no longer say so: the register does.")
    legal_basis: str | None = Field(title="Grondslag", description="On which ground; null likewise.")
    register_uri: str | None = Field(title="Registervermelding", description="The entry in the register of processing activities.")
    operation: str = Field(title="Handeling", description=_OPERATION, examples=["view"])
    outcome: str = Field(title="Uitkomst", description=_OUTCOME, examples=["shown"])


class SubjectConsultations(Described):
    """A page of looks."""

    results: list[SubjectConsultation] = Field(title="Raadplegingen", description="The looks, the last first.")
    next: str | None = Field(default=None, title="Volgende", description=_NEXT)
