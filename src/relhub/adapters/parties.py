"""From what was read to party records with a key: shared by all kinds of systems, knows none of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import TypeVar

from relhub.adapters import Keyed
from relhub.domain.identifiers import Placeholder, identifier, vestiging
from relhub.domain.identity import family_of, full_birth, name_and_birth
from relhub.domain.record import Identifier, PartyRecord, PersonName
from relhub.errors import RecordRejected

T = TypeVar("T")


@dataclass(slots=True)
class Numbers:
    """The numbers of one party, as far as they are identifiers; placeholders and empty values leave no trace."""

    kind: str
    found: list[Identifier] = field(default_factory=list)

    def add(self, scheme: str, value: str) -> None:
        """ValueError when it is not a number of this scheme, or not one that this kind of party has."""
        if not value or (self.kind == "branch" and scheme in _OF_ITS_ORGANISATION):
            return
        if scheme not in _SCHEMES_OF[self.kind] and not scheme.startswith("own:"):
            raise ValueError(f"a party of kind {self.kind} has no {scheme} number")
        try:
            self.found.append(identifier(scheme, value))
        except Placeholder:
            return

    def add_branch(self, kvk: str, number: str) -> None:
        """A branch is known by both numbers together; one alone identifies nothing. ValueError."""
        if not (kvk and number):
            return
        try:
            self.found.append(Identifier("vestiging", vestiging(kvk, number)))
        except Placeholder:
            return


_SCHEMES_OF = {
    "person": ("bsn", "a_number"),
    "organisation": ("rsin", "kvk", "oin"),
    "branch": (),
    "contact_person": (),
}
_STRONGEST = ("bsn", "a_number", "kvk", "rsin", "oin", "vestiging")  # kvk first: sources that know an organisation rarely lack it
_OF_ITS_ORGANISATION = ("rsin", "kvk", "oin")  # what stands beside a branch says who owns it, not who it is


def with_key(record: PartyRecord, keyed: Keyed, own_number: str, place: str) -> PartyRecord:
    """The record with its key: of its own number, else of what identifies it, so that it stays the same when the party moves house.

    A record that identifies nobody is only known where it stands: all that is said, and `place` (the case, and where in it), are its key,
    so that two of them are never one.
    """
    text = f"own\x1f{own_number}" if own_number else identifying(record) or f"{content(record)}\x1fat\x1f{place}"
    return PartyRecord(record.source, keyed(text), *_besides_key(record))  # `replace` takes twice as long, and a page has thousands


_besides_key = attrgetter(*(one.name for one in fields(PartyRecord)[2:]))


def identifying(record: PartyRecord) -> str:
    """What can be said of one party only: its strongest official number, or full birth date with full name; "" when there is nothing.

    A contact person is known within the organisation it speaks for, and by more than a name.
    """
    numbers = {number.scheme: number.value for number in record.identifiers}
    if scheme := next((scheme for scheme in _STRONGEST if scheme in numbers), ""):
        return f"kind={record.kind}\x1f{scheme}={numbers[scheme]}"
    if record.kind == "contact_person" and record.contact_of and (record.phones or record.emails):
        return content(record)
    named = name_and_birth(record)
    return f"kind={record.kind}\x1fnamed={named}" if named else ""


def as_one(parties: Iterable[PartyRecord]) -> tuple[PartyRecord, ...]:
    """Each party once, with all that is said of it, when one set of documents speaks of it in several places.

    RecordRejected when one number is given to two who have another birth date and another family name.
    """
    found: dict[str, PartyRecord] = {}
    for party in parties:
        found[party.key] = _together(found[party.key], party) if party.key in found else party
    return tuple(found.values())


def _together(one: PartyRecord, other: PartyRecord) -> PartyRecord:
    if full_birth(one) and full_birth(other) and full_birth(one) != full_birth(other) and family_of(one) != family_of(other):
        raise RecordRejected("one number is given to two parties with another birth date and another family name")
    return replace(
        one,
        identifiers=_union(one.identifiers, other.identifiers),
        name=max(one.name, other.name, key=_fullness),
        organisation_names=_union(one.organisation_names, other.organisation_names),
        legal_form=one.legal_form or other.legal_form,
        birth=max(one.birth, other.birth, key=len),
        addresses=_union(one.addresses, other.addresses),
        phones=_union(one.phones, other.phones),
        emails=_union(one.emails, other.emails),
        flags=one.flags | other.flags,
        function=one.function or other.function,
    )


def _union(one: tuple[T, ...], other: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _fullness(name: PersonName | None) -> int:
    return (
        0 if name is None else len(f"{name.given}{name.initials}{name.prefix}{name.family}{name.partner_prefix}{name.partner_family}") + 1
    )


def content(record: PartyRecord) -> str:
    """What is said of the party as one text. Empty values are not in it: a new attribute leaves the keys of those without it."""
    said = [f"kind={record.kind}"]
    said += [f"{number.scheme}={number.value}" for number in record.identifiers]
    if record.name is not None:
        said += [f"{part}={value}" for part, get in _NAME_PARTS if (value := get(record))]
    said += [f"called={name}" for name in record.organisation_names]
    for address in record.addresses:
        parts = (address.function, address.street, address.number, address.postcode, address.city, address.country, address.bag_id)
        said.append(f"address={'|'.join(parts)}")
    said += [f"phone={phone}" for phone in record.phones]
    said += [f"email={email}" for email in record.emails]
    said += [f"flag={flag}" for flag in sorted(record.flags)]
    said += [
        f"{part}={value}"
        for part, value in (("form", record.legal_form), ("birth", record.birth), ("of", record.contact_of), ("as", record.function))
        if value
    ]
    return "\x1f".join(said)


def _part(name: str) -> Callable[[PartyRecord], str]:
    return lambda record: str(getattr(record.name, name))


_NAME_PARTS = tuple((name, _part(name)) for name in ("given", "initials", "prefix", "family", "partner_prefix", "partner_family", "usage"))
