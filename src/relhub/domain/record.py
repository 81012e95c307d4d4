"""What one source says about one party or one case: the facts that everything else is computed from."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

PartyKind = Literal["person", "organisation", "branch", "contact_person"]
Phase = Literal["open", "suspended", "closed"]
Capacity = Literal["advice", "planning", "licensing", "supervision", "enforcement", "project", "policy"]
Flag = Literal["non_disclosure", "deceased", "shielded", "dissolved", "bankrupt"]
AddressFunction = Literal["residence", "visiting", "postal"]

CAPACITIES: tuple[Capacity, ...] = ("advice", "planning", "licensing", "supervision", "enforcement", "project", "policy")


@dataclass(frozen=True, slots=True)
class Identifier:
    """An official number with its scheme: bsn, rsin, kvk, vestiging ("kvk/vestiging"), oin, a_number, or `own:<source>`.

    Always normalised and checked; see domain/identifiers.py.
    """

    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name split as the registers split it; what the source does not say is empty."""

    given: str = ""
    initials: str = ""
    prefix: str = ""
    family: str = ""
    partner_prefix: str = ""
    partner_family: str = ""
    usage: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    function: AddressFunction
    street: str = ""
    number: str = ""  # with letter and addition, as the source writes them: "12A-3"
    postcode: str = ""  # "1234AB"
    city: str = ""
    country: str = "NL"
    bag_id: str = ""  # nummeraanduiding, 16 digits


@dataclass(frozen=True, slots=True)
class PartyRecord:
    """What one source says about one party. `key` is unique within the source and never an official number."""

    source: str
    key: str
    kind: PartyKind
    identifiers: tuple[Identifier, ...] = ()
    name: PersonName | None = None  # person, contact_person
    organisation_names: tuple[str, ...] = ()  # statutory name first, then trade names
    legal_form: str = ""
    birth: str = ""  # "1980", "1980-02" or "1980-02-17"
    addresses: tuple[Address, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    flags: frozenset[Flag] = frozenset()
    contact_of: str = ""  # contact_person, branch: the key of the organisation in the same source
    function: str = ""  # contact_person: in which function
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Involvement:
    """A party's part in a case (betrokkenheid, rol)."""

    party_key: str
    role: str  # applicant, co-applicant, authorised-representative, interested-party, subject-of-enforcement, owner, …
    acting_for: str = ""  # the key of the party on whose behalf


@dataclass(frozen=True, slots=True)
class Official:
    """One of us who deals with the case, and how to reach them."""

    part: str  # "case handler", "coordinator", "inspector", …
    name: str = ""
    department: str = ""
    phone: str = ""
    email: str = ""
    account: str = ""  # the id in the source


@dataclass(frozen=True, slots=True)
class Place:
    address: Address | None = None
    bag_id: str = ""
    geometry: str = ""  # GeoJSON
    label: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A decision (besluit), an inspection or a sanction: what was done within a case."""

    sort: Literal["decision", "inspection", "sanction"]
    label: str
    on: date | None = None
    until: date | None = None
    outcome: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """What one source says about one matter, with or without a formal case."""

    source: str
    id: str
    kind: str
    capacity: Capacity
    phase: Phase
    title: str = ""
    description: str = ""
    status: str = ""
    started: date | None = None
    due: date | None = None
    ended: date | None = None
    department: str = ""
    officials: tuple[Official, ...] = ()
    involvements: tuple[Involvement, ...] = ()
    places: tuple[Place, ...] = ()
    findings: tuple[Finding, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    documents: tuple[tuple[str, str], ...] = ()  # (title, link)
    confidentiality: str = ""
    retention: date | None = None
    link: str = ""
    zaak: tuple[str, str] | None = None  # (bronorganisatie, identificatie): one zaak in two systems
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All that one complete set of documents says."""

    cases: tuple[CaseRecord, ...] = ()
    parties: tuple[PartyRecord, ...] = ()
    used: frozenset[str] = field(default_factory=frozenset)  # ids of the documents that were read
