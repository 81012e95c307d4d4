"""The parts of a relation that are asked for by themselves, described for the OpenAPI document."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from relhub.api.answer_cases import Capacity
from relhub.api.answer_party import RELATION_ID, Described, PartyName, PartyPart
from relhub.api.answers import Kind, Referral, Summary

_NEXT = "The cursor of the next page; null on the last."


class RelationItem(Described):
    """An organisation or branch in a list, with no more than is needed to recognise it."""

    id: str = Field(title="Relatienummer", description="The id, to ask for the view.", pattern=RELATION_ID)
    kind: Literal["organisation", "branch"] = Field(title="Soort partij", description="organisation (organisatie) or branch (vestiging).")
    name: PartyName | None = Field(default=None, title="Naam", description="The name.")
    city: str = Field(title="Woonplaats", description="The city; empty when unknown or not disclosed.")


class RelationResults(Described):
    """A page of organisations or branches."""

    results: list[RelationItem] = Field(title="Relaties", description="In an order that stays the same and means nothing.")
    next: str | None = Field(default=None, title="Volgende", description=_NEXT)


class BatchResult(Described):
    """What one of the references led to."""

    status: Literal["found", "not-found", "restricted", "refused", "ambiguous"] = Field(
        title="Uitkomst",
        description=(
            "`found` (gevonden). `not-found` (niet gevonden): nothing that you may see. `refused` (geweigerd): the occasion does not involve it, "
            "or there is no such relation: with an occasion the two are answered alike. `restricted` (gesloten): the one it is about asked that their data "
            "is not used. `ambiguous` (meerduidig): a number of several relations."
        ),
    )
    id: str | None = Field(
        default=None, title="Relatienummer", description="With `found`: the id of the relation now.", pattern=RELATION_ID
    )
    kind: Kind | None = Field(
        default=None, title="Soort partij", description="With `found`: person, organisation, branch or contact_person."
    )
    summary: Summary | None = Field(default=None, title="Samenvatting", description="With `found`: its open cases, as in the view.")
    referral: Referral | None = Field(
        default=None, title="Doorverwijzing", description="There when a colleague is involved of whom no more may be shown."
    )
    relations: list[str] | None = Field(
        default=None, title="Relaties", description="With `ambiguous`: the ids of the relations that the number answers to."
    )


class BatchResults(Described):
    """What the references led to (resultaten)."""

    results: list[BatchResult] = Field(title="Resultaten", description="One for each reference, in their order.")


class Moment(Described):
    """Something that happened with the relation (gebeurtenis), as far as the level of its case allows."""

    on: date = Field(title="Datum", description="The day.")
    what: Literal["case-started", "case-ended", "decision", "inspection", "sanction", "contact-moment", "task", "commitment"] = Field(
        title="Wat",
        description=(
            "A case began (zaak begonnen) or ended (zaak beëindigd): from level `summary` on. A decision (besluit), inspection (controle) "
            "or sanction (sanctie) within it: at level `full`. A contact moment (klantcontact), a question or task that was asked (taak), a commitment "
            "that was made (toezegging): from `summary` on."
        ),
    )
    case: str | None = Field(
        default=None,
        title="Zaakverwijzing",
        description="The case, as `ref` elsewhere; of what happened in one.",
        examples=["permits/V-2026-00001"],
    )
    entry: str | None = Field(default=None, title="Vastlegging", description="The id of what an official recorded here.")
    capacity: Capacity = Field(title="Hoedanigheid", description="In which capacity we deal with the relation there.")
    department: str | None = Field(default=None, title="Afdeling", description="The department that deals with the case.")
    kind: str | None = Field(default=None, title="Soort zaak", description="The kind of case.", examples=["omgevingsvergunning"])
    title: str | None = Field(default=None, title="Onderwerp", description="What the case is about.")
    label: str | None = Field(default=None, title="Omschrijving", description="What was decided, inspected or imposed.")
    outcome: str | None = Field(default=None, title="Uitkomst", description="Its outcome.")
    until: date | None = Field(default=None, title="Tot", description="The last day that it holds.")
    reference: str | None = Field(default=None, title="Kenmerk", description="The source's reference of it.")
    withheld: list[Literal["non-disclosure"]] | None = Field(
        default=None,
        title="Onthouden",
        description="`non-disclosure` (geheimhouding): someone in this case has it, so what could say where it is about is left out: the title, and the outcome and reference of what was done.",
    )


class Timeline(Described):
    """A page of what happened (tijdlijn)."""

    results: list[Moment] = Field(title="Gebeurtenissen", description="What happened, newest first.")
    next: str | None = Field(default=None, title="Volgende", description=_NEXT)


class RecordName(Described):
    """A party record by its name."""

    source: str = Field(title="Bron", description="The source.", examples=["permits"])
    key: str = Field(title="Bronsleutel", description="The source's own number of the party, or one that relhub made from it.")


class RecordLink(Described):
    """Why this record is of this relation (koppeling)."""

    by: str = Field(
        title="Op grond van",
        description=(
            "The scheme of an official number that both have, `own:{source}` for a source's own number, `name-and-birth` for the full name with "
            "the full date of birth, `same-record` for another wording of the same record, `decision` when a data steward decided so."
        ),
        examples=["bsn"],
    )
    with_: list[RecordName] = Field(
        alias="with", title="Met", description="The other visible records that have it too; empty with `same-record`."
    )


class SourceRecord(Described):
    """What one source says about this relation (partijgegeven)."""

    source: str = Field(title="Bron", description="Who says it.", examples=["permits"])
    key: str = Field(title="Bronsleutel", description="The source's own number of the party, or one that relhub made from it.")
    kind: Kind = Field(title="Soort partij", description="person, organisation, branch or contact_person.")
    since: datetime | None = Field(default=None, title="Gekoppeld sinds", description="Since when relhub has it in this relation (UTC).")
    said_at: datetime | None = Field(default=None, title="Gezegd op", description="When the source said so last (UTC), as far as known.")
    trust: int = Field(title="Vertrouwen", description="How much the source is trusted, 0-100.", ge=0, le=100)
    says: PartyPart = Field(title="Wat de bron zegt", description="What it says, within the field groups of the processing activity.")
    links: list[RecordLink] = Field(
        title="Koppelingen",
        description="Why it is of this relation, strongest first, from the visible records alone; empty when it is the only one.",
    )


class SourceRecords(Described):
    """A page of party records."""

    results: list[SourceRecord] = Field(title="Partijgegevens", description="The records, by source and key.")
    next: str | None = Field(default=None, title="Volgende", description=_NEXT)


class Period(Described):
    """A time in which a record had an id (periode)."""

    what: Literal["here", "merged", "split"] = Field(
        title="Wat",
        description=(
            "`here`: the record had the id of this relation. `merged` (samengevoegd): it had another id, and came here when the two were merged. "
            "`split` (gesplitst): a record was here until then, and is in another relation now; it is not named."
        ),
    )
    relation: str = Field(title="Relatienummer", description="The id in that time.", pattern=RELATION_ID)
    from_: datetime = Field(alias="from", title="Van", description="From when (UTC).")
    until: datetime | None = Field(default=None, title="Tot", description="Until when (UTC); null when still.")
    now: str = Field(title="Nu", description="The id of the relation that it is in now.", pattern=RELATION_ID)
    source: str | None = Field(default=None, title="Bron", description="The source of the record.", examples=["permits"])
    key: str | None = Field(default=None, title="Bronsleutel", description="The key of the record.")


class History(Described):
    """A page of periods."""

    results: list[Period] = Field(title="Perioden", description="The periods, the latest begun first.")
    next: str | None = Field(default=None, title="Volgende", description=_NEXT)
