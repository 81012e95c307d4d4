"""Invented people and companies: what relation i is depends on the seed and i alone, so any one can be made without the others.

Every block of forty has the same cast: twins, father and son of one name, namesakes among companies, branches,
an administrator with clients.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from relhub.demo import numbers
from relhub.demo.places import Place, place
from relhub.demo.words import CITIES, FAMILIES, FUNCTIONS, GIVEN_MEN, GIVEN_WOMEN, LEGAL_FORMS, TRADES

BLOCK = 40
TWINS, FATHER_AND_SON, NAMESAKES = (2, 3), (4, 5), (6, 7)
HEAD_OFFICE, BRANCHES = 8, (9, 29)
ADMINISTRATOR, CLIENTS = 10, range(11, 17)
SECRET, LOST_ZERO, NAME_ONLY, ARCHITECT, MOVER, MARRIED = 17, 18, 19, 20, 21, 22
COMPANIES = (1, 6, 7, 8, 23, 24, 25, 26, 27, 28)


@dataclass(frozen=True, slots=True)
class Person:
    """A citizen. `bsn` is empty for those whom every system knows by name and address only."""

    index: int
    bsn: str
    woman: bool
    given: str
    prefix: str
    family: str
    partner_prefix: str
    partner_family: str
    birth: str
    home: Place
    former_home: Place | None
    phone: str
    email: str
    secret: bool

    @property
    def initials(self) -> str:
        return "".join(f"{part[0]}." for part in self.given.split())

    @property
    def surname(self) -> str:
        return f"{self.prefix} {self.family}".strip()

    @property
    def partner_surname(self) -> str:
        return f"{self.partner_prefix} {self.partner_family}".strip()


@dataclass(frozen=True, slots=True)
class Company:
    """An organisation, or one of its branches when `branch` is a number."""

    index: int
    kvk: str
    rsin: str
    branch: str
    name: str
    trade_names: tuple[str, ...]
    legal_form: str
    home: Place
    contact_given: str
    contact_prefix: str
    contact_family: str
    contact_function: str
    phone: str
    email: str


Party = Person | Company


def _rng(seed: int, *parts: object) -> Random:
    return Random(":".join(str(part) for part in (seed, *parts)))


def _phone(rng: Random) -> str:
    return f"06-{rng.randint(10_000_000, 99_999_999)}" if rng.random() < 0.7 else f"030-{rng.randint(2_000_000, 6_999_999)}"


def _given(rng: Random, woman: bool) -> str:
    names = GIVEN_WOMEN if woman else GIVEN_MEN
    return " ".join(rng.sample(names, rng.choices((1, 2, 3), weights=(5, 4, 1))[0]))


def _birth(rng: Random, oldest: int = 1938, youngest: int = 2004) -> str:
    first = date(oldest, 1, 1)
    return (first + timedelta(days=rng.randrange((date(youngest, 12, 31) - first).days))).isoformat()


def _ordinary_person(seed: int, index: int) -> Person:
    rng = _rng(seed, "person", index)
    woman = rng.random() < 0.5
    given = _given(rng, woman)
    prefix, family = rng.choice(FAMILIES)
    if rng.random() < 0.08:  # a double name of its own, not a partner's
        family = f"{family}-{rng.choice(FAMILIES)[1]}"
    birth, home = _birth(rng), place(rng)
    partner = rng.choice(FAMILIES) if rng.random() < 0.2 else ("", "")
    former = place(rng) if rng.random() < 0.15 else None
    bsn = "" if rng.random() < 0.04 else numbers.bsn(seed, index, leading_zero=rng.random() < 0.08)
    secret, phone = rng.random() < 0.03, _phone(rng)
    return Person(index, bsn, woman, given, prefix, family, *partner, birth, home, former, phone, f"bewoner{index}@post.example", secret)


def _person(seed: int, index: int) -> Person:
    if index == 0:
        return _johanna(seed)
    at, one = index % BLOCK, _ordinary_person(seed, index)
    first = index - at
    numbered = one.bsn or numbers.bsn(seed, index, leading_zero=False)
    if at in TWINS:
        eldest = _ordinary_person(seed, first + TWINS[0])
        other = "Anneke" if one.woman else "Anton"
        given = eldest.given if at == TWINS[0] else f"{other} {one.given}"
        return replace(
            one,
            bsn=numbered,
            given=given,
            prefix=eldest.prefix,
            family=eldest.family,
            birth=eldest.birth,
            partner_prefix="",
            partner_family="",
        )
    if at in FATHER_AND_SON:
        father = _ordinary_person(seed, first + FATHER_AND_SON[0])
        given = father.given if not father.woman else "Cornelis Johannes"
        birth = (
            _birth(_rng(seed, "generation", index), 1945, 1960)
            if at == FATHER_AND_SON[0]
            else _birth(_rng(seed, "generation", index), 1972, 1990)
        )
        return replace(
            one, bsn=numbered, woman=False, given=given, prefix=father.prefix, family=father.family, birth=birth, home=father.home,
            partner_prefix="", partner_family="",
        )  # fmt: skip
    return _cast(seed, one, at, numbered)


def _cast(seed: int, one: Person, at: int, numbered: str) -> Person:
    rng = _rng(seed, "cast", one.index)
    if at == SECRET:
        return replace(one, bsn=numbered, secret=True)
    if at == LOST_ZERO:
        return replace(one, bsn=numbers.bsn(seed, one.index, leading_zero=True))
    if at == NAME_ONLY:
        return replace(one, bsn="")
    if at == MOVER:
        return replace(one, bsn=numbered, former_home=place(rng))
    if at == MARRIED:
        partner = rng.choice([family for family in FAMILIES if family[1] != one.family])
        return replace(one, bsn=numbered, woman=True, given=_given(rng, True), partner_prefix=partner[0], partner_family=partner[1])
    if at in (ADMINISTRATOR, ARCHITECT):
        return replace(one, bsn=numbered, secret=False)
    return one


def _johanna(seed: int) -> Person:
    """Relation 0, whom the documentation shows."""
    rng = _rng(seed, "johanna")
    home = next(found for found in iter(lambda: place(rng, city=0), None) if not (found.letter or found.addition))
    bsn = numbers.bsn(seed, 0, leading_zero=False)
    return Person(
        0,
        bsn,
        True,
        "Johanna Maria",
        "van den",
        "Berg",
        "",
        "",
        "1980-02-17",
        home,
        None,
        "06-48123977",
        "johanna.vandenberg@post.example",
        False,
    )


def _company(seed: int, index: int) -> Company:
    at, first = index % BLOCK, index - index % BLOCK
    if at in BRANCHES:
        return _branch(seed, index, first + HEAD_OFFICE)
    if at == NAMESAKES[1]:
        namesake = _company(seed, first + NAMESAKES[0])
        cities = [number for number, city in enumerate(CITIES) if city[0] != namesake.home.city]
        rng = _rng(seed, "namesake", index)
        home = place(rng, city=rng.choice(cities))
        return replace(
            _ordinary_company(seed, index), name=namesake.name, trade_names=namesake.trade_names, legal_form=namesake.legal_form, home=home
        )
    if index == 1:
        home = place(_rng(seed, "bakkerij"), city=0)
        names = ("Bakkerij Van den Berg",)
        return replace(
            _ordinary_company(seed, 1),
            name="Bakkerij Van den Berg B.V.",
            trade_names=names,
            legal_form="BV",
            home=home,
            email="info@bakkerij.example",
        )
    return _ordinary_company(seed, index)


def _ordinary_company(seed: int, index: int) -> Company:
    rng = _rng(seed, "company", index)
    trade, (prefix, family) = rng.choice(TRADES), rng.choice(FAMILIES)
    form, written = rng.choice(LEGAL_FORMS)
    owner = f"{prefix} {family}".strip()
    core = f"{trade} {owner[0].upper()}{owner[1:]}"
    name = f"{written} {core}" if form in ("Stichting", "Vereniging") else f"{core} {written}".strip()
    trade_names = (core,) if rng.random() < 0.5 else (core, f"{trade} {rng.choice(CITIES)[0]}")
    contact_prefix, contact_family = rng.choice(FAMILIES)
    woman = rng.random() < 0.5
    return Company(
        index, numbers.kvk(seed, index), "" if form in ("VOF", "Eenmanszaak") else numbers.rsin(seed, index), "", name, trade_names, form,
        place(rng),
        _given(rng, woman), contact_prefix, contact_family, rng.choice(FUNCTIONS), f"030-{rng.randint(2_000_000, 6_999_999)}",
        f"info@bedrijf{index}.example",
    )  # fmt: skip


def _branch(seed: int, index: int, head: int) -> Company:
    parent, rng = _company(seed, head), _rng(seed, "branch", index)
    home = place(rng)
    name = f"{parent.trade_names[0]} {home.city}"
    return replace(
        parent,
        index=index,
        branch=numbers.branch(seed, index),
        name=name,
        trade_names=(name,),
        home=home,
        email=f"vestiging{index}@bedrijf.example",
    )


@lru_cache(maxsize=4096)
def relation(seed: int, index: int) -> Party:
    """Who relation `index` is."""
    if index % BLOCK in COMPANIES or index % BLOCK in BRANCHES:
        return _company(seed, index)
    return _person(seed, index)


def official_numbers(party: Party) -> dict[str, str]:
    """The party's true official numbers by scheme; a branch is named by its number within its kvk number."""
    if isinstance(party, Person):
        return {"bsn": party.bsn} if party.bsn else {}
    if party.branch:
        return {"vestiging": f"{party.kvk}/{party.branch}"}
    return {"kvk": party.kvk, **({"rsin": party.rsin} if party.rsin else {})}
