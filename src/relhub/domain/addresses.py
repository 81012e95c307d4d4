"""Addresses in parts, whether a source gives them so or on one line. Error texts never hold the value."""

import re
from functools import lru_cache

from relhub.domain.identifiers import Placeholder, bag_id
from relhub.domain.record import Address, AddressFunction

_POSTCODE = re.compile(r"[1-9]\d{3} ?(?!SA|SD|SS)[A-Z]{2}", re.ASCII)
_NUMBER = re.compile(r"(\d{1,5})(?:[ -]?([A-Za-z])(?![A-Za-z0-9]))?(?:[ /-]*([A-Za-z0-9]{1,6}))?", re.ASCII)
_LETTER = re.compile(r"([A-Za-z])(?:-(.+))?")
_LINE = re.compile(
    r"(?P<street>\S.*?) (?P<number>\d{1,5}(?:[ /-]?[A-Za-z0-9]{1,6}){0,2}) ?, ?(?:(?P<postcode>\d{4} ?[A-Za-z]{2}) )?(?P<city>[^\d,][^,]*)"
)


@lru_cache(maxsize=4096)  # a municipality has some thousands
def postcode(text: str) -> str:
    """A Dutch postcode as "3701AC"; empty stays empty. ValueError."""
    text = " ".join(text.upper().split())
    if text and not _POSTCODE.fullmatch(text):
        raise ValueError("is not a postcode: 1234 AB expected")
    return text.replace(" ", "")


@lru_cache(maxsize=4096)  # the same few hundred in every street
def house_number(number: str | int, letter: str = "", addition: str = "") -> str:
    """Number, letter and addition in one piece: "12", "12A", "12A-3", "12-bis". ValueError."""
    text = " ".join(str(number).split())
    if not text and not letter and not addition:
        return ""
    found = _NUMBER.fullmatch(text)
    if not found:
        raise ValueError("is not a house number")
    if (letter and found[2]) or (addition and found[3]):
        raise ValueError("is not a house number: letter or addition are given twice")
    letter, addition = (letter or found[2] or "").strip().upper(), (addition or found[3] or "").strip().lstrip("-")
    if not letter and (one := _LETTER.fullmatch(addition)):  # many systems have one field for both
        letter, addition = one[1].upper(), one[2] or ""
    return f"{int(found[1])}{letter}{'-' + addition if addition else ''}"


def address(
    function: AddressFunction,
    street: str,
    number: str | int,
    letter: str = "",
    addition: str = "",
    postal_code: str = "",
    city: str = "",
    bag: str = "",
) -> Address | None:
    """An address from its parts; None when they are all empty. ValueError."""
    if not (street or number or postal_code or city or bag):
        return None
    return Address(
        function,
        " ".join(street.split()),
        house_number(number, letter, addition),
        postcode(postal_code),
        " ".join(city.split()),
        bag_id=addressable(bag),
    )


def addressable(bag: str) -> str:
    """The BAG id when it is of a nummeraanduiding; that of the object itself says less and is left out. ValueError."""
    if not bag:
        return ""
    try:
        found = bag_id(bag, "nummeraanduiding", "verblijfsobject", "ligplaats", "standplaats")
    except Placeholder:
        return ""
    return found if found[4:6] == "20" else ""


def one_line(text: str, function: AddressFunction) -> Address | None:
    """Reads "Dorpsstraat 12 A, 3701 AC Zeist", with or without the spaces and the postcode; None when empty. ValueError."""
    text = " ".join(text.split())
    if not text:
        return None
    found = _LINE.fullmatch(text)
    if not found:
        raise ValueError("is not an address on one line: street number, postcode city expected")
    street = found["street"].rstrip(",")
    return Address(
        "postal" if street.casefold() == "postbus" else function,
        street,
        house_number(found["number"]),
        postcode(found["postcode"] or ""),
        found["city"].strip(),
    )
