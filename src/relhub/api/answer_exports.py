"""Exports and what they hold, described for the OpenAPI document."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from relhub.api.answer_alerts import ExportedAlert
from relhub.api.answer_cases import Capacity, CaseItem
from relhub.api.answer_entries import EntryItem
from relhub.api.answer_log import SubjectConsultation
from relhub.api.answer_party import RELATION_ID, Described, PartyPart
from relhub.api.answer_relations import Period, SourceRecord
from relhub.api.answers import Kind, Origin, Referral, ViewSource

EXPORT_ID = r"^exp_[0-9a-f]{32}$"
_AN_ID = "exp_8e03978e40d543ddbc936894a57f9324"
Level = Literal["referral", "existence", "summary", "full"]


class ExportLinks(Described):
    """Where what an export holds is. A link by itself opens nothing: whoever follows it authenticates as always."""

    content: str = Field(title="Inhoud", description="As JSON.", json_schema_extra={"format": "uri-reference"})
    page: str = Field(title="Pagina", description="As a page to read, in Dutch.", json_schema_extra={"format": "uri-reference"})


class Export(Described):
    """All that is held of one relation, being put together (inzage-export): from asking until it is forgotten."""

    id: str = Field(title="Inzage-export", description="The id of this export.", pattern=EXPORT_ID, examples=[_AN_ID])
    relation: str = Field(
        title="Relatienummer",
        description="The relation: when it is done as it was then, which is another than asked for when relations were merged in between.",
        pattern=RELATION_ID,
    )
    state: Literal["waiting", "running", "done", "failed"] = Field(
        title="Toestand",
        description=(
            "`waiting` (wacht): no worker is at it yet. `running` (bezig). `done` (klaar): see `links`. `failed` (mislukt): see `error`; ask anew when "
            "that is mended."
        ),
    )
    asked_at: datetime = Field(title="Gevraagd op", description="When it was asked for (UTC).")
    done_at: datetime | None = Field(title="Klaar op", description="When it was done, or failed (UTC).")
    expires_at: datetime | None = Field(
        title="Vervalt op", description="Until when what it holds can be had (UTC); then that is deleted, and the links answer 410."
    )
    steps: int = Field(title="Stappen", description="In how many steps it is made.", ge=1)
    steps_done: int = Field(title="Stappen gedaan", description="How many of them are done.", ge=0)
    links: ExportLinks | None = Field(title="Verwijzingen", description="Where what it holds is; null until it is done.")
    error: str | None = Field(title="Fout", description="Why it failed, in words. Holds no personal data.")


class ExportPurpose(Described):
    """For what this export was made, and by which rules (doel)."""

    organisation: str = Field(title="Organisatie", description="The organisation that gives it.", examples=["Gemeente Voorbeeld"])
    purpose: str = Field(title="Doel", description="The purpose of the processing activity.")
    legal_basis: str = Field(title="Grondslag", description="Its legal basis.")
    register_uri: str = Field(title="Registervermelding", description="Its entry in the register of processing activities.")
    rules_version: str = Field(
        title="Versie van de toegangsregels", description="The version of the access rules by which was decided what is in it."
    )


class ExportSource(ViewSource):
    """A source (bron), how it was then, and who answers for it. One that did not answer is named."""

    organisation: str = Field(title="Organisatie", description="Whose system it is.", examples=["Gemeente Voorbeeld"])
    controller: str = Field(title="Verwerkingsverantwoordelijke", description="Who answers for its data.")


class Retention(Described):
    """Until when it is kept (bewaartermijn)."""

    until: date | None = Field(
        title="Tot en met", description="The last day on which it is kept; null when that is not known, and `because` says why."
    )
    because: Literal["rule", "source", "open", "no-rule", "no-end", "last-case"] = Field(
        title="Reden",
        description=(
            "`rule` (regel): so long after it ended. `source` (bron): its source says until when. `open` (loopt nog): the time begins when it ends. "
            "`no-rule` (geen regel): as long as its source has it. `no-end` (geen einddatum): it is not known when it ended. "
            "`last-case` (laatste zaak): it goes with the last case that speaks of it."
        ),
    )
    years: int | None = Field(default=None, title="Jaren", description="How long after the end the rule keeps it, with `days`.", ge=0)
    days: int | None = Field(default=None, title="Dagen", description="See `years`.", ge=0)


class ExportedRecord(SourceRecord):
    """What one source says about this relation (partijgegeven), and who answers for it."""

    organisation: str = Field(title="Organisatie", description="Whose system the source is.", examples=["Gemeente Voorbeeld"])
    controller: str = Field(title="Verwerkingsverantwoordelijke", description="Who answers for its data.")
    retention: Retention = Field(title="Bewaartermijn", description="Until when it is kept.")


class ExportedPeriod(Period):
    """A time in which a record had an id (periode)."""

    now: str | None = Field(  # type: ignore[assignment]  # not of a record that is somebody else's now
        title="Nu", description="The id of the relation that it is in now; null with `split`.", pattern=RELATION_ID
    )


class ProcessingPurpose(Described):
    """For what an organisation may look, and at which of the domains (verwerkingsactiviteit)."""

    organisation: str = Field(title="Organisatie", description="The organisation.", examples=["Gemeente Voorbeeld"])
    departments: list[str] = Field(title="Afdelingen", description="Its departments that may; empty for any.")
    purpose: str = Field(title="Doel", description="For what.")
    legal_basis: str = Field(title="Grondslag", description="On which ground.")
    register_uri: str = Field(title="Registervermelding", description="The entry in the register of processing activities.")
    capacities: dict[str, Level] = Field(
        title="Hoedanigheden", description="Per capacity (hoedanigheid) how much it may see at most.", examples=[{"licensing": "full"}]
    )
    fields: list[Literal["identifiers", "contact-details", "non-disclosed"]] = Field(
        title="Gegevensgroepen", description="Whether it sees numbers in full, contact details, and those of people with non-disclosure."
    )


class OtherPartyRole(Described):
    """Others in a case, by their role only (andere betrokkenen)."""

    role: str = Field(title="Rol", description="Their part in the case.", examples=["authorised-representative"])
    number: int = Field(title="Aantal", description="How many there are in this role.", ge=1)


class ExportedCase(CaseItem):
    """A case (zaak) or another matter with this relation, as far as `level` allows; names of others in its texts are `[naam]`."""

    source: str | None = Field(
        default=None, title="Bron", description="Its source. From `summary` on, as is what follows.", examples=["permits"]
    )
    organisation: str | None = Field(default=None, title="Organisatie", description="Whose system that is.")
    controller: str | None = Field(default=None, title="Verwerkingsverantwoordelijke", description="Who answers for the data.")
    retention: Retention | None = Field(default=None, title="Bewaartermijn", description="Until when it is kept.")
    other_parties: list[OtherPartyRole] | None = Field(
        default=None, title="Andere betrokkenen", description="Who else is in it, by their role."
    )


class ExportedManager(Described):
    """Which department is or was the face of the organisation to the relation (relatiebeheerder)."""

    capacity: Capacity | None = Field(default=None, title="Hoedanigheid", description="In which capacity; absent for the whole relation.")
    department: str = Field(title="Afdeling", description="The department.", examples=["Relatiebeheer"])
    from_: datetime = Field(alias="from", title="Van", description="Since when (UTC).")
    until: datetime | None = Field(default=None, title="Tot", description="Until when (UTC); absent when still.")


class ExportContent(Described):
    """All that the processing activity opens of one relation (inzage-export), as it was at one moment.

    What the law keeps from the one it is about is never in it, and it never says whether there is any.
    """

    id: str = Field(title="Inzage-export", description="The export.", pattern=EXPORT_ID)
    made_at: datetime = Field(title="Gemaakt op", description="When it was made (UTC): so it was then.")
    relation: str = Field(title="Relatienummer", description="The relation.", pattern=RELATION_ID)
    kind: Kind = Field(title="Soort partij", description="person, organisation, branch or contact_person.")
    notice: str = Field(title="Toelichting", description="What is never in an export; always the same words.")
    made_for: ExportPurpose = Field(title="Gemaakt voor", description="For what, and by which rules.")
    complete: bool = Field(title="Volledig", description="False when a source could not be asked or is behind; `sources` says which.")
    sources: list[ExportSource] = Field(title="Bronnen", description="The sources of which the activity may say something.")
    referral: Referral | None = Field(
        default=None, title="Doorverwijzing", description="There when a colleague is involved of whom no more may be shown."
    )
    party: PartyPart | None = Field(
        title="Partij", description="Who the relation is, as one record; null when nothing of that may be seen."
    )
    origins: dict[str, list[Origin]] = Field(
        title="Herkomst", description="Per attribute of `party` every source that says something about it, the chosen one first."
    )
    source_records: list[ExportedRecord] = Field(title="Partijgegevens", description="What each source says, and why it is linked.")
    history: list[ExportedPeriod] = Field(title="Geschiedenis", description="Which ids the records had, from when until when.")
    purposes: list[ProcessingPurpose] = Field(
        title="Doelen",
        description="Which processing activities may see what, by the access rules of then; those that may not be told are left out.",
    )
    cases: list[ExportedCase] = Field(
        title="Zaken",
        description="All cases, the newest open ones first; each by itself, also where two systems know one zaak.",
    )
    contact_moments: list[EntryItem] = Field(
        title="Contactmomenten", description="What was said, as officials recorded it here, the last first."
    )
    tasks: list[EntryItem] = Field(title="Vragen en taken", description="What was asked of a colleague about the relation, the last first.")
    commitments: list[EntryItem] = Field(title="Toezeggingen", description="What was promised, the last first.")
    relation_managers: list[ExportedManager] = Field(
        title="Relatiebeheerders", description="Which department had the relation manager, from when until when."
    )
    alerts: list[ExportedAlert] = Field(
        title="Attenderingen",
        description="What officials are told to know before they call, as long as it holds; also what a department has done with.",
    )
    consultations: list[SubjectConsultation] = Field(
        title="Raadplegingen", description="Who looked, the last first: no officials, and without what may not be told."
    )
