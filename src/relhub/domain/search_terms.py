"""What a party record can be found by, and what a question asks for: the same normal form on both sides."""

from collections.abc import Iterator

from relhub.domain.names import joined_key, name_key
from relhub.domain.record import PartyRecord

ADDRESS_FIELDS = frozenset({"postcode", "address", "phone", "email"})
"""Not searched for those with non-disclosure, unless the activity may."""


def search_terms(record: PartyRecord) -> frozenset[tuple[str, str]]:
    """(field, term) pairs. Whole names only: no part of a name finds anyone."""
    return frozenset((field, term) for field, term in _terms(record) if term)


def _terms(record: PartyRecord) -> Iterator[tuple[str, str]]:
    if record.name:
        name = record.name
        family = name_key(name.family)
        whole = joined_key(name_key(name.prefix), family)
        yield "name", whole
        yield "name", family
        for first in (name.given, name.given.split(" ")[0], name.initials):
            yield "name", joined_key(name_key(first), whole) if first else ""
    for organisation_name in record.organisation_names:
        yield "name", name_key(organisation_name)
    yield "birth", record.birth
    for address in record.addresses:
        yield "postcode", address.postcode
        yield "address", address_term(address.postcode, address.number)
    for phone in record.phones:
        yield "phone", phone_term(phone)
    for email in record.emails:
        yield "email", email.casefold()


def address_term(postcode: str, number: str) -> str:
    """Postcode and house number as one term: both or none."""
    return f"{postcode}/{number.replace(' ', '').replace('-', '').upper()}" if postcode and number else ""


def phone_term(phone: str) -> str:
    """The last nine digits: with or without +31 or 0."""
    digits = "".join(character for character in phone if character.isdigit())
    return digits[-9:] if len(digits) >= 9 else ""
