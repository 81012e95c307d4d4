"""Places (plekken): by which names the place of a case is found, and which names are those of an address."""

from dataclasses import dataclass

from relhub.domain.addresses import house_number
from relhub.domain.addresses import postcode as read_postcode
from relhub.domain.identifiers import BAG_TYPES
from relhub.domain.record import CaseRecord, Place

OF_AN_ADDRESS = tuple(sorted(BAG_TYPES[name] for name in ("verblijfsobject", "ligplaats", "standplaats", "nummeraanduiding")))
"""Digits 5 and 6 of the BAG ids that are an address: those of a building (pand) or public space (openbare ruimte) have many, or none."""


@dataclass(frozen=True, slots=True, order=True)
class PlaceName:
    """By what a place is known: a BAG id, an address (`address_name`), or both."""

    bag_id: str = ""
    address: str = ""


def address_name(postcode: str, number: str) -> str:
    """Postcode and house number, with letter and addition, as one name; empty unless both are known."""
    return f"{postcode}/{number.upper()}" if postcode and number else ""


def asked_address(postcode: str, number: str, letter: str, addition: str) -> PlaceName:
    """The name of an address as it is typed. ValueError."""
    return PlaceName(address=address_name(read_postcode(postcode), house_number(number, letter, addition)))


def place_names(case: CaseRecord) -> list[PlaceName]:
    """All names of the places of a case, each once."""
    return sorted({name for place in case.places for name in _names(place)})


def _names(place: Place) -> set[PlaceName]:
    """One for each BAG id that the source gives: of the object, and of its address."""
    where = place.address
    address = address_name(where.postcode, where.number) if where else ""
    ids = {place.bag_id, where.bag_id if where else ""} - {""}
    return {PlaceName(bag_id, address) for bag_id in ids} or ({PlaceName(address=address)} if address else set())
