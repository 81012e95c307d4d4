"""Invented addresses in real-looking streets; one street of one city always has the same postcode."""

from dataclasses import dataclass
from functools import cache
from random import Random

from relhub.demo.words import CITIES, STREETS

POSTCODE_LETTERS = "ABCDEGHJKLMNPRTVWXZ"


@dataclass(frozen=True, slots=True)
class Place:
    """An address with its BAG nummeraanduiding and a point."""

    street: str
    number: int
    letter: str
    addition: str
    postcode: str
    city: str
    bag_id: str
    longitude: float
    latitude: float

    @property
    def house(self) -> str:
        """The house number as it is written in one piece: 12A-2."""
        return f"{self.number}{self.letter}{'-' + self.addition if self.addition else ''}"


@cache
def _street(city: int, street: int) -> tuple[str, str, str]:
    name, municipality, low, high, _, _ = CITIES[city]
    rng = Random(f"street:{name}:{street}")
    return STREETS[street], f"{rng.randint(low, high)}{rng.choice(POSTCODE_LETTERS)}{rng.choice(POSTCODE_LETTERS)}", municipality


def place(rng: Random, city: int | None = None) -> Place:
    """An address somewhere, or in the given city."""
    where = city if city is not None else rng.choices(range(len(CITIES)), weights=[6, 1, 1, 1, 1, 1, 1, 1, 1])[0]
    street_number = rng.randrange(len(STREETS))
    street, postcode, municipality = _street(where, street_number)
    number = rng.randint(1, 240)
    letter = rng.choice("ABC") if rng.random() < 0.15 else ""
    addition = rng.choice(("1", "2", "bis", "hs")) if rng.random() < 0.08 else ""
    unit = (ord(letter) - 64 if letter else 0) * 5 + (("1", "2", "bis", "hs").index(addition) + 1 if addition else 0)
    bag_id = f"{municipality}20{(where * 100 + street_number) * 10_000 + number * 20 + unit:010d}"
    name, _, _, _, longitude, latitude = CITIES[where]
    point = Random(bag_id)
    return Place(
        street, number, letter, addition, postcode, name, bag_id,
        round(longitude + point.uniform(-0.02, 0.02), 6), round(latitude + point.uniform(-0.015, 0.015), 6),
    )  # fmt: skip


def one_line(at: Place, *, spaced: bool) -> str:
    """The address on one line, in one of the two ways of writing that occur: "12 A, 3701 AC Zeist" or "12A, 3701AC Zeist"."""
    if spaced:
        house = " ".join(part for part in (str(at.number), at.letter, at.addition) if part)
        return f"{at.street} {house}, {at.postcode[:4]} {at.postcode[4:]} {at.city}"
    return f"{at.street} {at.house}, {at.postcode} {at.city}"
