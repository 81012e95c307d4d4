"""What is answered, described for the OpenAPI document. The services prepare the bytes; these models are never filled."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from relhub.api.answer_alerts import AlertSection
from relhub.api.answer_cases import CaseItem, CasePage
from relhub.api.answer_entries import EntrySection
from relhub.api.answer_managers import Reach
from relhub.api.answer_party import RELATION_ID, Birth, Described, PartyName, PartyPart

Kind = Literal["person", "organisation", "branch", "contact_person"]


class ViewSource(Described):
    """What one source contributed to this view (bron). A source that does not answer is named here, never shown as an empty list."""

    source: str = Field(title="Bron", description="The name of the source.", examples=["permits"])
    state: Literal["found", "none", "stale", "unavailable", "withheld"] = Field(
        title="Toestand",
        description=(
            "`found` (gevonden): it knows this relation. `none` (geen): it answers, and there is nothing of it that you may be told; that "
            "there are no cases is sure only without a `referral`. "
            "`stale` (verouderd): what it said before is shown; it does not answer now, can't be used, or was never read completely. "
            "`unavailable` (niet bereikbaar): it does not answer and there is nothing from before. "
            "`withheld` (onthouden): not for this processing activity, whatever it knows."
        ),
        examples=["found"],
    )
    mode: Literal["copy", "live"] | None = Field(
        default=None,
        title="Werkwijze",
        description="`copy`: answered from the hub's own store. `live`: asked at the moment of this view. Absent with `withheld`.",
    )
    as_of: datetime | None = Field(default=None, title="Peilmoment", description="What is shown of this source was so at this time (UTC).")
    unavailable_since: datetime | None = Field(
        default=None,
        title="Niet bereikbaar sinds",
        description="The source has not answered since this time (UTC); absent when it answers.",
    )


class Summary(Described):
    """The relation at a glance (samenvatting), counted over what your application may see and over nothing else."""

    open_cases: int | None = Field(
        default=None,
        title="Lopende zaken",
        description="How many cases are not closed: open (lopend) or suspended (opgeschort). One zaak in two systems is one.",
    )
    by_capacity: dict[str, int] | None = Field(
        default=None,
        title="Per hoedanigheid",
        description="How many of them per capacity (hoedanigheid); a zaak that is known in two counts in both.",
        examples=[{"licensing": 1}],
    )
    last_contact_at: datetime | None = Field(
        default=None,
        title="Laatste contact",
        description="In a view: when the last contact was that your application may see from `summary` on (UTC).",
    )
    open_tasks: int | None = Field(
        default=None, title="Lopende vragen en taken", description="In a view: how many questions and tasks are not done with."
    )
    commitments_due: int | None = Field(
        default=None,
        title="Toezeggingen die aflopen",
        description="In a view: how many commitments are past their day, or within a week of it.",
    )
    relation_manager: Reach | None = Field(
        default=None,
        title="Relatiebeheerder",
        description="In a view: who is the face of the organisation to the relation; absent when nobody is that you may know of.",
    )


class Referral(Described):
    """A colleague is involved too (doorverwijzing), and of that no more may be shown. Counted in nothing, and its sources are not named."""

    via: Literal["coordinator"] = Field(title="Via", description="Through whom to ask.")
    ask: str = Field(title="Vragen aan", description="Where to ask.", examples=["relatiecoordinator@voorbeeld.example"])


class Origin(Described):
    """Who says so (herkomst)."""

    source: str = Field(title="Bron", description="The source.", examples=["permits"])
    said_at: datetime | None = Field(default=None, title="Gezegd op", description="When it said so last (UTC), as far as known.")
    trust: int = Field(title="Vertrouwen", description="How much the source is trusted, 0-100; the highest is shown.")
    value: Any = Field(default=None, title="Waarde", description="What it says.")


class OtherParty(Described):
    """Another party of the case by which was looked up (andere betrokkene)."""

    role: str = Field(title="Rol", description="Its part in the case.", examples=["authorised-representative"])
    relation: str = Field(title="Relatienummer", description="The id of the relation that it is, to ask for.", pattern=RELATION_ID)
    kind: Kind = Field(title="Soort partij", description="person, organisation, branch or contact_person.")
    name: str | None = Field(
        default=None,
        title="Naam",
        description=(
            "Its name as the case has it. Given of the case that is the occasion, of cases that your application sees in full, and where no "
            "occasion is needed."
        ),
    )


class RelationView(Described):
    """Everything that your application may know of one relation (relatie) now, for this processing activity and on this occasion.

    Absence has one word each: none, not asked, withheld, unavailable. What is not there because it may not be shown leaves no trace.
    """

    id: str = Field(
        title="Relatienummer",
        description="The stable id of the relation; says nothing about anyone. When relations are merged the old id leads to the new.",
        pattern=RELATION_ID,
    )
    kind: Kind = Field(
        title="Soort partij",
        description="person (persoon), organisation (organisatie), branch (vestiging) or contact_person (contactpersoon).",
    )
    complete: bool = Field(
        title="Volledig", description="False when a source that counts here could not be asked or is behind; `sources` says which."
    )
    sources: list[ViewSource] = Field(title="Bronnen", description="What each visible source contributed.")
    summary: Summary | None = Field(default=None, title="Samenvatting", description="Section `summary`.")
    party: PartyPart | None = Field(
        default=None, title="Partij", description="Section `party`; null when all that may be seen is that there are cases."
    )
    cases: CasePage | None = Field(default=None, title="Zaken", description="Section `cases`.")
    origins: dict[str, list[Origin]] | None = Field(
        default=None,
        title="Herkomst",
        description="With `include=origins`: per attribute of `party` every source that says something about it, the chosen one first.",
    )
    other_parties: list[OtherParty] | None = Field(
        default=None, title="Andere betrokkenen", description="After a look-up by case: the other parties of that case."
    )
    contact_moments: EntrySection | None = Field(
        default=None, title="Klantcontacten", description="The last contacts with the relation, the last first."
    )
    tasks: EntrySection | None = Field(
        default=None, title="Taken", description="Questions and tasks about the relation that are not done with."
    )
    commitments: EntrySection | None = Field(
        default=None, title="Toezeggingen", description="What was promised to the relation and still holds."
    )
    alerts: AlertSection | None = Field(
        default=None, title="Attenderingen", description="What to know before picking up the phone: alerts that hold now."
    )
    referral: Referral | None = Field(
        default=None, title="Doorverwijzing", description="There when a colleague is involved of whom no more may be shown."
    )


class SearchHit(Described):
    """A relation that meets all facts, with no more than is needed to recognise it."""

    id: str = Field(title="Relatienummer", description="The id, to ask for the view.", pattern=RELATION_ID)
    kind: Kind = Field(title="Soort partij", description="person, organisation, branch or contact_person.")
    name: PartyName | None = Field(title="Naam", description="The name.")
    birth: Birth | None = Field(default=None, title="Geboorte", description="Of a person, as far as known.")
    city: str | None = Field(default=None, title="Woonplaats", description="The city; empty when unknown or not disclosed.")


class SearchResults(Described):
    """What was found (zoekresultaten)."""

    results: list[SearchHit] = Field(title="Resultaten", description="The relations that meet all facts.")
    next: str | None = Field(default=None, title="Volgende", description="Always null: who gets too many must say more.")


class CaseResults(Described):
    """A page of cases."""

    results: list[CaseItem] = Field(title="Zaken", description="The cases, the newest open ones first.")
    next: str | None = Field(default=None, title="Volgende", description="The cursor of the next page; null on the last.")


class SourceStatus(Described):
    """A source (bron) and how it is doing. Nothing about anyone."""

    source: str = Field(title="Bron", description="Its name.", examples=["permits"])
    organisation: str = Field(title="Organisatie", description="Whose system it is.", examples=["Gemeente Voorbeeld"])
    adapter: str = Field(title="Koppeling", description="How it is spoken to.", examples=["zgw_zaken"])
    mode: Literal["copy", "live"] = Field(
        title="Werkwijze", description="`copy`: pulled at set times and shown from the hub's own store. `live`: asked when a view is."
    )
    state: Literal["well", "failing", "unavailable", "never-pulled"] = Field(
        title="Toestand",
        description=(
            "`well` (goed), `failing` (it answers and something is wrong: see lastError), `unavailable` (does not answer), "
            "`never-pulled` (nothing was read yet)."
        ),
    )
    last_success_at: datetime | None = Field(
        default=None, title="Laatst gelukt", description="When all of it was last pulled (UTC); null when never."
    )
    last_attempt_at: datetime | None = Field(
        default=None, title="Laatst geprobeerd", description="When that was last tried (UTC); null when never."
    )
    last_error: str | None = Field(
        default=None, title="Laatste fout", description="What went wrong then; null when nothing did. Holds no personal data."
    )
    unavailable_since: datetime | None = Field(
        default=None, title="Niet bereikbaar sinds", description="Since when it does not answer (UTC); null when it does."
    )
    expected: int | None = Field(
        default=None,
        title="Verwacht",
        description="How many cases the source said it has, when it was last pulled; null when it does not say.",
    )
    cases: int = Field(title="Zaken", description="How many cases are known from it.")
    quarantined: int = Field(title="In quarantaine", description="How many of its records can't be read strictly and wait for a person.")


class SourceResults(Described):
    """All sources."""

    results: list[SourceStatus] = Field(title="Bronnen", description="The sources by name.")


class WrongInput(Described):
    """One thing wrong with a request."""

    location: str = Field(
        title="Plaats", description="Where: `header …`, `query …`, `path …` or `body …`.", examples=["header X-Processing-Activity"]
    )
    detail: str = Field(title="Uitleg", description="What is wrong, and what to do. Never what was sent.")


class Problem(Described):
    """What went wrong (RFC 9457)."""

    type: str = Field(
        title="Soort probleem",
        description="The kind of problem, as a URN that stays the same.",
        examples=["urn:problem-type:relhub:invalid-input"],
    )
    title: str = Field(title="Titel", description="The kind of problem in words.")
    status: int = Field(title="Statuscode", description="The status code of this answer.", ge=400, le=599)
    detail: str = Field(title="Uitleg", description="What is the matter this time, and what helps.")
    instance: str = Field(
        title="Voorval",
        description="This one problem: name it to the administrator.",
        examples=["urn:uuid:4bf92f35-77b3-4da6-a3ce-929d0e0e4736"],
    )
    errors: list[WrongInput] | None = Field(default=None, title="Fouten", description="With 400: everything that is wrong.")
    present: dict[str, Any] | None = Field(default=None, title="Nu", description="With 412: what it says now.")
    relations: list[str] | None = Field(
        default=None, title="Relaties", description="With 409: the ids of the relations that the number answers to."
    )
