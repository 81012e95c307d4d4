"""What the enforcement system says about a planned dossier: one flat object, Dutch dates, names and addresses on one line."""

from datetime import date, timedelta
from random import Random
from typing import Any

from relhub.demo.ids import DOSSIERS
from relhub.demo.people import BLOCK, LOST_ZERO, Company, Person, relation
from relhub.demo.places import one_line
from relhub.demo.plan import LAST_DAY, Part, Planned
from relhub.demo.words import RIGHT, WRONG

Shown = tuple[int, str, dict[str, str]]
STATUS = {
    "open": ("Ontvangen", "In onderzoek", "Begunstigingstermijn"),
    "suspended": ("Aangehouden",),
    "closed": ("Afgesloten", "Afgesloten", "Ingetrokken"),
}
TEAM = {"toezicht": "Team Toezicht Bouw", "handhaving": "Team Juridische Handhaving"}
WORKERS = {
    "toezicht": (("th12", "J. de Boer", "030-6987212"), ("th14", "M. El Idrissi", "030-6987214"), ("th15", "P.H. van Rooijen",
                                                                                                   "030-6987215")),
    "handhaving": (("hj03", "mr. E. Terpstra", "030-6987303"), ("hj07", "mr. A. Vrolijk", "030-6987307")),
}  # fmt: skip
TASK = {"toezicht": "toezichthouder", "handhaving": "handhavingsjurist"}


def dossier(seed: int, position: int, planned: Planned, kenmerk: dict[str, str] | None) -> tuple[dict[str, Any], list[Shown]]:
    """The dossier, and who is shown at which place in its list of parties, with which official numbers."""
    number, shown, parties = DOSSIERS.make(position), [], []
    for at, part in enumerate(planned.parts):
        body, numbers = _party(seed, position, planned, part)
        parties.append(body)
        shown.append((part.relation, str(at), numbers))
    where, step = planned.where, planned.step
    statuses = STATUS[planned.phase]
    changed = min(LAST_DAY, planned.ended or planned.started + timedelta(days=60))
    return {
        "dossierNr": number, "soort": planned.kind, "onderwerp": planned.subject,
        "omschrijving": f"{planned.subject}, {where.street} te {where.city}.",
        "status": statuses[1 if position == 0 else step % len(statuses)], "ontvangen": _day(planned.started),
        "termijn": _day(planned.started + timedelta(days=84)) if step % 3 else "", "afgerond": _day(planned.ended),
        "team": TEAM[planned.kind], "medewerkers": _workers(planned), "partijen": parties, "locatie": one_line(where, spaced=step % 2 == 0),
        "bagId": where.bag_id if step % 4 else "", "inspecties": _inspections(planned), "sancties": _sanctions(planned), "kenmerk": kenmerk,
        "gewijzigd": f"{_day(changed)} 14:{step % 60:02d}:22", "vertrouwelijkheid": "vertrouwelijk" if step % 6 == 3 else "intern",
        "link": f"https://handhaving.voorbeeld.example/dossier/{number}",
    }, shown  # fmt: skip


def _day(day: date | None) -> str:
    return day.strftime("%d-%m-%Y") if day else ""


def _workers(planned: Planned) -> list[dict[str, str]]:
    chosen = [(planned.kind, WORKERS[planned.kind][planned.step % len(WORKERS[planned.kind])])]
    if planned.kind == "handhaving" and planned.step % 2:
        chosen.append(("toezicht", WORKERS["toezicht"][planned.step % 3]))
    return [
        {"code": code, "naam": name, "taak": TASK[kind], "telefoon": phone, "email": f"{code}@voorbeeld.example"}
        for kind, (code, name, phone) in chosen
    ]


def party_number(index: int) -> str:
    """The number under which this system knows a relation, the same in all its dossiers."""
    return f"P-{index + 1:05d}"


def _party(seed: int, position: int, planned: Planned, part: Part) -> tuple[dict[str, Any], dict[str, str]]:
    party = relation(seed, part.relation)
    registered = part.role not in ("melder", "belanghebbende")  # others are written down loose, without a number of any kind
    acting_for = party_number(planned.parts[part.acting_for].relation) if part.acting_for is not None else None
    rng = Random(f"{seed}:enforcement:{part.relation}" if registered else f"{seed}:enforcement:{part.relation}:{position}")
    body, numbers = _person(party, rng, registered) if isinstance(party, Person) else _company(party, rng, registered)
    head = {"partijNr": party_number(part.relation) if registered else None, "rol": part.role, "namens": acting_for}
    return {**head, **body}, numbers


def _one_line_name(person: Person, rng: Random) -> str:
    family = person.surname
    if person.partner_family and rng.random() < 0.6:
        family = f"{person.partner_surname}-{person.surname}"
    style = rng.random()
    if person.index == 0 or style < 0.35:
        return f"{person.given} {family}"
    return f"{'Mevr.' if person.woman else 'Dhr.'} {person.initials} {family}" if style < 0.9 else f"{person.initials} {family}"


def _person(person: Person, rng: Random, registered: bool) -> tuple[dict[str, Any], dict[str, str]]:
    plain, name = person.index == 0, _one_line_name(person, rng)
    full = name.startswith(person.given)
    loses_zero = person.bsn.startswith("0") and (person.index % BLOCK == LOST_ZERO or rng.random() < 0.5)
    has_number = bool(person.bsn) and registered and (plain or loses_zero or rng.random() < 0.7)
    home = person.former_home if person.former_home and rng.random() < 0.3 else person.home
    secrecy = "J" if person.secret else "N" if rng.random() < 0.8 else ""
    body = {
        "soort": "persoon", "naam": name, "bsn": (person.bsn[1:] if loses_zero else person.bsn) if has_number else "", "kvk": "",
        "vestiging": "",
        "adres": one_line(home, spaced=rng.random() < 0.5),
        "geboortedatum": _day(date.fromisoformat(person.birth)) if plain or (registered and (full or rng.random() < 0.3)) else "",
        "telefoon": person.phone if rng.random() < 0.6 else "", "geheim": secrecy,
    }  # fmt: skip
    return body, {"bsn": person.bsn} if has_number else {}


def _company(company: Company, rng: Random, registered: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """A branch always has its number, a company usually."""
    shows = registered and (bool(company.branch) or company.index == 1 or rng.random() < 0.85)
    name = company.trade_names[0] if not company.branch and company.index != 1 and rng.random() < 0.3 else company.name
    body = {
        "soort": "vestiging" if company.branch else "bedrijf", "naam": name, "bsn": "", "kvk": company.kvk if shows else "",
        "vestiging": company.branch if shows else "", "adres": one_line(company.home, spaced=rng.random() < 0.5), "geboortedatum": "",
        "telefoon": company.phone if rng.random() < 0.7 else "", "geheim": "",
    }  # fmt: skip
    if not shows:
        return body, {}
    return body, {"vestiging": f"{company.kvk}/{company.branch}"} if company.branch else {"kvk": company.kvk}


def _inspections(planned: Planned) -> list[dict[str, str]]:
    wanted = 2 if planned.step == 638 else planned.step % 3 if planned.kind == "toezicht" else planned.step % 2
    found = []
    for at in range(wanted):
        day = min(planned.ended or LAST_DAY, planned.started + timedelta(days=10 + 28 * at))
        wrong = planned.kind == "handhaving" or (planned.step // 3 + at) % 2 == 0
        sorts = WRONG[planned.kind] if wrong else RIGHT
        finding = sorts[min(at, 1) if planned.kind == "handhaving" else planned.step % len(sorts)]
        sort = "Hercontrole" if at else "Eerste controle"
        found.append({"datum": _day(day), "soort": sort, "bevinding": finding, "uitslag": "overtreding" if wrong else "in orde"})
    return found


def _sanctions(planned: Planned) -> list[dict[str, str]]:
    if planned.kind != "handhaving" or planned.step % 3 == 0:
        return []
    imposed = min(planned.ended or LAST_DAY, planned.started + timedelta(days=30))
    sort = ("Last onder dwangsom", "Bestuurlijke boete", "Waarschuwing")[planned.step % 5 % 3]
    amount = "" if sort == "Waarschuwing" else f"{1 + planned.step % 9}.{(planned.step % 4) * 250:03d},00"
    until = _day(imposed + timedelta(days=42)) if sort == "Last onder dwangsom" else ""
    status = ("opgelegd", "opgelegd", "verbeurd", "ingetrokken")[planned.step % 4]
    return [{"soort": sort, "opgelegd": _day(imposed), "tot": until, "bedrag": amount, "status": status}]
