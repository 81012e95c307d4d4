"""What is answered, described for the OpenAPI document. The services prepare the bytes; these models are never filled.

The English name is the contract (docs/glossary.md); `title` gives the Dutch one.
"""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Capacity = Literal["advice", "planning", "licensing", "supervision", "enforcement", "project", "policy"]
Kind = Literal["person", "organisation", "branch", "contact_person"]
Phase = Literal["open", "suspended", "closed"]
RELATION_ID = r"^rel_[0-9A-HJKMNP-TV-Z]{26}$"


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class ViewSource(_Answer):
    """What one source contributed to this view (bron). A source that does not answer is named here, never shown as an empty list."""

    source: str = Field(title="Bron", description="The name of the source.", examples=["permits"])
    state: Literal["found", "none", "stale", "unavailable", "withheld"] = Field(
        title="Toestand",
        description=(
            "`found` (gevonden): it knows this relation. `none` (geen): it answers and knows nothing of it. "
            "`stale` (verouderd): what it said before is shown; it does not answer now, or was never read completely. "
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


class Summary(_Answer):
    """The relation at a glance (samenvatting), counted over what your application may see and over nothing else."""

    open_cases: int | None = Field(
        default=None, title="Lopende zaken", description="How many cases are not closed: open (lopend) or suspended (opgeschort)."
    )
    by_capacity: dict[str, int] | None = Field(
        default=None, title="Per hoedanigheid", description="How many of them per capacity (hoedanigheid).", examples=[{"licensing": 1}]
    )


class PartyName(_Answer):
    """A name, split as the registers split it as far as a source does so."""

    display: str = Field(title="Weergavenaam", description="The name as one writes it.", examples=["J. van den Berg"])
    given_names: str | None = Field(default=None, title="Voornamen", description="Given names.")
    initials: str | None = Field(default=None, title="Voorletters", description="Initials.", examples=["J."])
    prefix: str | None = Field(default=None, title="Voorvoegsel", description="Prefix of the family name.", examples=["van den"])
    family_name: str | None = Field(default=None, title="Geslachtsnaam", description="Family name.", examples=["Berg"])
    partner_prefix: str | None = Field(default=None, title="Voorvoegsel partner", description="Prefix of the partner's name.")
    partner_family_name: str | None = Field(default=None, title="Geslachtsnaam partner", description="The partner's family name.")
    other_names: list[str] | None = Field(
        default=None, title="Andere namen", description="Of an organisation: other names, trade names (handelsnamen) among them."
    )


class Birth(_Answer):
    """A date of birth, no more precise than the source says it."""

    value: str = Field(title="Geboortedatum", description="yyyy, yyyy-mm or yyyy-mm-dd.", examples=["1980-02"])
    precision: Literal["year", "month", "day"] = Field(title="Nauwkeurigheid", description="How precise the value is.")


class ShownNumber(_Answer):
    """An official number (identificatienummer) as your application may see it."""

    scheme: str = Field(title="Soort nummer", description="bsn, rsin, kvk, vestiging, oin or a_number.", examples=["bsn"])
    masked: str | None = Field(
        default=None,
        title="Gemaskeerd nummer",
        description="Of a number of a person only the end, enough to compare with.",
        examples=["******653"],
    )
    value: str | None = Field(default=None, title="Nummer", description="A number that is public, in full.")


class PostalAddress(_Answer):
    """An address (adres) with its function."""

    function: Literal["residence", "visiting", "postal"] | None = Field(
        default=None, title="Functie", description="residence (woonadres), visiting (bezoekadres) or postal (postadres)."
    )
    street: str | None = Field(default=None, title="Straat", description="Street (openbare ruimte).")
    house_number: str | None = Field(
        default=None, title="Huisnummer", description="House number with its letter and addition.", examples=["12A"]
    )
    postal_code: str | None = Field(default=None, title="Postcode", description="Postal code.", examples=["3701AC"])
    city: str | None = Field(default=None, title="Woonplaats", description="City.")
    country: str | None = Field(default=None, title="Land", description="ISO 3166-1, two letters.", examples=["NL"])
    bag_id: str | None = Field(default=None, title="BAG-nummeraanduiding", description="Identification in the BAG, 16 digits.")


class ContactPerson(_Answer):
    """Someone who acts for an organisation in a function (contactpersoon)."""

    name: PartyName | None = Field(default=None, title="Naam", description="The name.")
    function: str | None = Field(default=None, title="Functie", description="In which function; empty when unknown.")
    phones: list[str] | None = Field(default=None, title="Telefoonnummers", description="Phone numbers.")
    emails: list[str] | None = Field(default=None, title="E-mailadressen", description="E-mail addresses.")


class PartyPart(_Answer):
    """Who the relation is (partij): one value per attribute, chosen from the records that your application may see."""

    name: PartyName | None = Field(default=None, title="Naam", description="The name that the most trusted source gives.")
    birth: Birth | None = Field(default=None, title="Geboorte", description="Of a person: the date of birth.")
    legal_form: str | None = Field(default=None, title="Rechtsvorm", description="Of an organisation: the legal form.", examples=["BV"])
    identifiers: list[ShownNumber] | None = Field(
        default=None, title="Nummers", description="Official numbers; absent without the field group `identifiers`."
    )
    addresses: list[PostalAddress] | None = Field(
        default=None,
        title="Adressen",
        description="The best address of each function; absent without the field group `contact-details`, and with non-disclosure.",
    )
    phones: list[str] | None = Field(
        default=None, title="Telefoonnummers", description="Phone numbers, the most trusted first; absent as the addresses are."
    )
    emails: list[str] | None = Field(
        default=None, title="E-mailadressen", description="E-mail addresses, the most trusted first; absent as the addresses are."
    )
    flags: list[str] | None = Field(
        default=None, title="Aanduidingen", description="deceased (overleden), shielded (afgeschermd), dissolved (opgeheven)."
    )
    non_disclosure: bool | None = Field(
        default=None,
        title="Geheimhouding",
        description="True when any source says that address and contact details may not be given to others.",
    )
    linked_by: list[str] | None = Field(
        default=None,
        title="Gekoppeld op",
        description="What the visible records behind this have in common, strongest first: schemes of official numbers, or name and birth date. Empty when it is one record.",
        examples=[["bsn"]],
    )
    contact_persons: list[ContactPerson] | None = Field(
        default=None, title="Contactpersonen", description="Who acts for the organisation; absent as the addresses are."
    )


class CaseOfficial(_Answer):
    """A colleague who deals with the case (behandelaar), and how to reach them."""

    part: str | None = Field(default=None, title="Rol", description="The part in the case.", examples=["case handler"])
    name: str | None = Field(default=None, title="Naam", description="The name.")
    department: str | None = Field(default=None, title="Afdeling", description="The department.", examples=["Vergunningen"])
    phone: str | None = Field(default=None, title="Telefoonnummer", description="The phone at work.")
    email: str | None = Field(default=None, title="E-mailadres", description="The e-mail address at work.")


class CaseStatus(_Answer):
    """How far a case is."""

    label: str = Field(title="Status", description="The status as the source says it.", examples=["In behandeling"])
    phase: Phase = Field(title="Fase", description="open (lopend), suspended (opgeschort) or closed (afgehandeld).")


class CasePlace(_Answer):
    """A place that a case is about (locatie)."""

    label: str | None = Field(default=None, title="Omschrijving", description="The place in words.")
    bag_id: str | None = Field(default=None, title="BAG-identificatie", description="Identification in the BAG.")
    address: PostalAddress | None = Field(default=None, title="Adres", description="Its address.")


class CaseFinding(_Answer):
    """What was done within a case."""

    sort: Literal["decision", "inspection", "sanction"] = Field(
        title="Soort", description="decision (besluit), inspection (controle) or sanction (sanctie)."
    )
    label: str | None = Field(default=None, title="Omschrijving", description="What it is.")
    on: date | None = Field(default=None, title="Op", description="The day.")
    until: date | None = Field(default=None, title="Tot", description="The last day that it holds.")
    outcome: str | None = Field(default=None, title="Uitkomst", description="The outcome.")
    reference: str | None = Field(default=None, title="Kenmerk", description="The source's reference.")


class CaseProperty(_Answer):
    """A property (eigenschap) that only this source has."""

    name: str = Field(title="Naam", description="Its name in the source.")
    value: str = Field(title="Waarde", description="Its value.")


class Zaak(_Answer):
    """The zaak that this is, in whichever system it is known."""

    organisation: str = Field(title="Bronorganisatie", description="RSIN of the organisation that made the zaak.")
    identification: str = Field(title="Identificatie", description="Its number there.", examples=["V-2026-00001"])


class CaseItem(_Answer):
    """A case (zaak) or another matter with this relation, as far as `level` allows."""

    level: Literal["existence", "summary", "full"] = Field(
        title="Niveau", description="How much your application may see: existence (bestaan), summary (samenvatting) or full (volledig)."
    )
    capacity: Capacity = Field(
        title="Hoedanigheid",
        description="In which capacity we deal with the relation: advice (advisering), planning (ruimtelijke planvorming), licensing (vergunningverlening), supervision (toezicht), enforcement (handhaving), project, policy (beleidsvoorbereiding).",
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
    zaak: Zaak | None = Field(default=None, title="Zaak", description="By which one zaak in two systems is known to be one.")
    href: str | None = Field(default=None, title="Link", description="The case in the source's own screens.")


class CasePage(_Answer):
    """Cases, the newest open ones first; at most 20."""

    items: list[CaseItem] = Field(title="Zaken", description="The cases.")
    next: str | None = Field(
        default=None, title="Volgende", description="Where there are more: the cursor for `GET /relations/{id}/cases`; else null."
    )


class Referral(_Answer):
    """A colleague is involved too (doorverwijzing), and of that no more may be shown. Counted in nothing, and its sources are not named."""

    via: Literal["coordinator"] = Field(title="Via", description="Through whom to ask.")
    ask: str = Field(title="Vragen aan", description="Where to ask.", examples=["relatiecoordinator@voorbeeld.example"])


class Origin(_Answer):
    """Who says so (herkomst)."""

    source: str = Field(title="Bron", description="The source.", examples=["permits"])
    said_at: datetime | None = Field(default=None, title="Gezegd op", description="When it said so last (UTC), as far as known.")
    trust: int = Field(title="Vertrouwen", description="How much the source is trusted, 0-100; the highest is shown.")
    value: Any = Field(default=None, title="Waarde", description="What it says.")


class OtherParty(_Answer):
    """Another party of the case by which was looked up (andere betrokkene)."""

    role: str = Field(title="Rol", description="Its part in the case.", examples=["authorised-representative"])
    relation: str = Field(title="Relatienummer", description="The id of the relation that it is, to ask for.", pattern=RELATION_ID)
    kind: Kind = Field(title="Soort partij", description="person, organisation, branch or contact_person.")
    name: str = Field(title="Naam", description="Its name as the case has it.")


class RelationView(_Answer):
    """Everything that your application may know of one relation (relatie) at this moment, for this processing activity and on this occasion.

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
    referral: Referral | None = Field(
        default=None, title="Doorverwijzing", description="There when a colleague is involved of whom no more may be shown."
    )


class SearchHit(_Answer):
    """A relation that meets all facts, with no more than is needed to recognise it."""

    id: str = Field(title="Relatienummer", description="The id, to ask for the view.", pattern=RELATION_ID)
    kind: Kind = Field(title="Soort partij", description="person, organisation, branch or contact_person.")
    name: PartyName | None = Field(title="Naam", description="The name.")
    birth: Birth | None = Field(default=None, title="Geboorte", description="Of a person, as far as known.")
    city: str | None = Field(default=None, title="Woonplaats", description="The city; empty when unknown or not disclosed.")


class SearchResults(_Answer):
    """What was found (zoekresultaten)."""

    results: list[SearchHit] = Field(title="Resultaten", description="The relations that meet all facts.")
    next: str | None = Field(default=None, title="Volgende", description="Always null: who gets too many must say more.")


class CaseResults(_Answer):
    """A page of cases."""

    results: list[CaseItem] = Field(title="Zaken", description="The cases, the newest open ones first.")
    next: str | None = Field(default=None, title="Volgende", description="The cursor of the next page; null on the last.")


class SourceStatus(_Answer):
    """A source (bron) and how it is doing. Nothing about anyone."""

    source: str = Field(title="Bron", description="Its name.", examples=["permits"])
    organisation: str = Field(title="Organisatie", description="Whose system it is.", examples=["Gemeente Voorbeeld"])
    adapter: str = Field(title="Koppeling", description="How it is spoken to.", examples=["zgw_zaken"])
    mode: Literal["copy", "live"] = Field(
        title="Werkwijze", description="`copy`: pulled at set times and shown from the hub's own store. `live`: asked when a view is."
    )
    state: Literal["well", "failing", "unavailable", "never-pulled"] = Field(
        title="Toestand",
        description="`well` (goed), `failing` (it answers and something is wrong: see lastError), `unavailable` (does not answer), `never-pulled` (nothing was read yet).",
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


class SourceResults(_Answer):
    """All sources."""

    results: list[SourceStatus] = Field(title="Bronnen", description="The sources by name.")


class WrongInput(_Answer):
    """One thing wrong with a request."""

    location: str = Field(
        title="Plaats", description="Where: `header …`, `query …`, `path …` or `body …`.", examples=["header X-Processing-Activity"]
    )
    detail: str = Field(title="Uitleg", description="What is wrong, and what to do. Never what was sent.")


class Problem(_Answer):
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
    relations: list[str] | None = Field(
        default=None, title="Relaties", description="With 409: the ids of the relations that the number answers to."
    )
