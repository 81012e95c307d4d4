"""What is written of a case and its parties, as rows; and what a change of them means.

Of what there is one for every row, tuples: a page makes thousands.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from relhub.domain.places import PlaceName
from relhub.domain.record import Capacity, PartyKind

Ref = tuple[str, str, str]
"""(source, key, variant) of a party record."""


class CaseRow(NamedTuple):
    case_id: str
    set_key: str
    body: str
    capacity: Capacity
    kind: str
    confidentiality: str
    open: bool
    department: str
    departments: list[str]
    on_date: date
    modified_at: datetime | None
    zaak: str
    full: bytes
    summary: bytes
    existence: bytes
    discreet: bytes
    places: tuple[PlaceName, ...]


class IdentifierRow(NamedTuple):
    scheme: str
    token: bytes
    sealed: bytes
    shown: str


class PartyRow(NamedTuple):
    """A party record; `match_keys` and `search_terms` are computed from it."""

    key: str
    variant: str
    kind: PartyKind
    body: str
    contact_of: str
    leaf: bool
    protected: bool | None
    birth: str
    family: str
    display: str
    identifiers: tuple[IdentifierRow, ...] = ()
    match_keys: tuple[tuple[str, bytes], ...] = ()
    search_terms: tuple[tuple[str, bytes], ...] = ()


class InvolvementRow(NamedTuple):
    case_id: str
    position: int
    party: tuple[str, str]  # (key, variant)
    role: str
    acting_for: str


class SetRows(NamedTuple):
    """What one set of documents says."""

    cases: tuple[CaseRow, ...] = ()
    parties: tuple[PartyRow, ...] = ()
    involvements: tuple[InvolvementRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Gone:
    """Party records that are no longer there, each with the relation it was in; `neighbours`: the records that they could have kept apart or together."""

    refs: tuple[tuple[Ref, str | None], ...] = ()
    neighbours: frozenset[int] = frozenset()


class NewParty(NamedTuple):
    """A party record that was not there, with its number. It is kept when it is known which relation it belongs to."""

    number: int
    source: str
    row: PartyRow


class Involved(NamedTuple):
    """A part in a case that is there, by numbers; the relation of its party may still be decided."""

    case: int
    position: int
    party: int
    role: str
    acting_for: str
    capacity: Capacity
    compartment: int
    open: bool
    on_date: date
    modified_at: datetime | None
    zaak: str


@dataclass(frozen=True, slots=True)
class WrittenCase:
    case_id: str
    number: int
    compartment: int


@dataclass(frozen=True, slots=True)
class Written:
    """What a change of records means: new party records and those that are gone, cases, and what was there before.

    `new` and `involvements` are still to be kept. `retold`: known party records of which is
    now said otherwise whether they have non-disclosure, or that have other marks. `released`: (relation, compartment) of the involvements that these sets had. `ended`:
    (case id, compartment) where it is no longer there. `zaken`: those that its cases were of.
    """

    new: list[NewParty] = field(default_factory=list)
    involvements: list[Involved] = field(default_factory=list)
    retold: list[int] = field(default_factory=list)
    gone: Gone = field(default_factory=Gone)
    cases: list[WrittenCase] = field(default_factory=list)
    released: set[tuple[str, int]] = field(default_factory=set)
    ended: set[tuple[str, int]] = field(default_factory=set)
    zaken: set[str] = field(default_factory=set)
