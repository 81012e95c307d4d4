"""What the project system says about a planned project: camelCase, split names, stakeholders with contact persons, never a BSN."""

from datetime import timedelta
from random import Random
from typing import Any

from relhub.demo.ids import PROJECTS
from relhub.demo.people import Company, Person, relation
from relhub.demo.places import Place
from relhub.demo.plan import LAST_DAY, Part, Planned

Shown = tuple[int, str, dict[str, str]]
PHASE = {"open": ("initiatief", "voorbereiding", "uitvoering"), "suspended": ("on hold",), "closed": ("afgerond",)}
UNIT = {
    "gebiedsontwikkeling": "Ruimtelijke Ontwikkeling", "herinrichting": "Ruimtelijke Ontwikkeling", "consultatie": "Beleid en Strategie",
    "adviesronde": "Beleid en Strategie", "beleidsvoorbereiding": "Beleid en Strategie",
}  # fmt: skip
TEAMS = {
    "Ruimtelijke Ontwikkeling": (("u31", "Anouk Smit", "projectleider", "31"), ("u32", "Tarik Demir", "omgevingsmanager", "32"),
                                 ("u33", "Jan-Willem ter Horst", "projectleider", "33")),
    "Beleid en Strategie": (("u51", "Hanneke Vermaat", "beleidsadviseur", "51"), ("u52", "Óscar Lindeman", "beleidsadviseur", "52")),
}  # fmt: skip


def project(seed: int, position: int, planned: Planned) -> tuple[dict[str, Any], list[Shown]]:
    """The project, and who is shown at which place in its list of stakeholders, with which official numbers."""
    identity, shown, stakeholders = PROJECTS.make(position), [], []
    for at, part in enumerate(planned.parts):
        body, numbers = _stakeholder(seed, position, part)
        stakeholders.append(body)
        shown.append((part.relation, str(at), numbers))
    step, where, phases = planned.step, planned.where, PHASE[planned.phase]
    point = {"type": "Point", "coordinates": [where.longitude, where.latitude]} if step % 4 else None
    changed = min(LAST_DAY, planned.ended or planned.started + timedelta(days=60))
    unit = UNIT[planned.kind]
    return {
        "id": identity, "type": planned.kind, "name": f"{planned.subject} {where.city}",
        "summary": f"{planned.subject} rond {where.street} in {where.city}.",
        "phase": phases[step % len(phases)], "startDate": planned.started.isoformat(),
        "plannedEndDate": (planned.started + timedelta(days=400)).isoformat() if step % 2 else None,
        "endDate": planned.ended.isoformat() if planned.ended else None, "unit": unit, "team": _team(unit, step),
        "location": {"description": f"{where.street} en omgeving", "bagId": where.bag_id if step % 3 == 0 or position == 0 else None,
                     "geometry": point},
        "stakeholders": stakeholders, "updatedAt": f"{changed.isoformat()}T10:{step % 60:02d}:00Z",
        "webUrl": f"https://projecten.voorbeeld.example/projecten/{identity}",
    }, shown  # fmt: skip


def _team(unit: str, step: int) -> list[dict[str, str]]:
    workers = TEAMS[unit]
    chosen = [workers[step % len(workers)]]
    if step % 2:
        chosen.append(workers[(step + 1) % len(workers)])
    return [
        {"userId": user, "fullName": name, "role": role, "phone": f"+31 30 698 74 {tail}", "email": f"{user}@voorbeeld.example"}
        for user, name, role, tail in chosen
    ]


def _stakeholder(seed: int, position: int, part: Part) -> tuple[dict[str, Any], dict[str, str]]:
    party, rng = relation(seed, part.relation), Random(f"{seed}:project:{position}:{part.relation}")
    if isinstance(party, Person):
        return {"type": "person", "role": part.role, "organisation": None, "person": _person(party, rng), "contactPersons": []}, {}
    organisation, numbers = _organisation(party, rng)
    contacts = [_contact(party, rng)] if party.index == 1 or rng.random() < 0.7 else []
    return {"type": "organisation", "role": part.role, "organisation": organisation, "person": None, "contactPersons": contacts}, numbers


def _person(person: Person, rng: Random) -> dict[str, Any]:
    """As someone wrote on a sign-up list: often no birth date, sometimes only initials, the married name, the address before the move."""
    plain = person.index == 0
    prefix, family = person.prefix, person.family
    if person.partner_family and rng.random() < 0.5:
        prefix, family = person.partner_prefix, f"{person.partner_family}-{person.surname}"
    home = person.former_home if person.former_home and rng.random() < 0.4 else person.home
    initials_only = not plain and rng.random() < 0.15
    return {
        "firstNames": "" if initials_only else person.given, "initials": person.initials, "prefix": prefix, "lastName": family,
        "dateOfBirth": person.birth if plain or rng.random() < 0.45 else None,
        "emails": [person.email] if plain or rng.random() < 0.75 else [],
        "phones": [_international(person.phone)] if plain or rng.random() < 0.5 else [],
        "address": _address(home) if plain or rng.random() < 0.8 else None,
    }  # fmt: skip


def _organisation(company: Company, rng: Random) -> tuple[dict[str, Any], dict[str, str]]:
    shows = company.index == 1 or bool(company.branch) or rng.random() < 0.8
    rsin = company.rsin if company.rsin and not company.branch and rng.random() < 0.2 else None
    legal = company.name if not company.branch else company.trade_names[0]
    body = {
        "legalName": legal, "tradeNames": list(company.trade_names), "legalForm": company.legal_form,
        "kvkNumber": company.kvk if shows else None,
        "rsin": rsin, "branchNumber": company.branch or None, "visitingAddress": _address(company.home),
    }  # fmt: skip
    if company.branch:
        return body, {"vestiging": f"{company.kvk}/{company.branch}"}
    return body, {**({"kvk": company.kvk} if shows else {}), **({"rsin": rsin} if rsin else {})}


def _contact(company: Company, rng: Random) -> dict[str, str]:
    local = f"{company.contact_family.split()[0].split('-')[0]}".encode("ascii", "ignore").decode().lower()
    return {
        "firstNames": company.contact_given, "prefix": company.contact_prefix, "lastName": company.contact_family,
        "jobTitle": company.contact_function,
        "email": f"{local or 'contact'}@bedrijf{company.index}.example",
        "phone": _international(company.phone) if rng.random() < 0.8 else "",
    }  # fmt: skip


def _address(home: Place) -> dict[str, Any]:
    return {"street": home.street, "houseNumber": home.number,
            "houseNumberAddition": f"{home.letter}-{home.addition}" if home.letter and home.addition else home.letter + home.addition,
            "postalCode": f"{home.postcode[:4]} {home.postcode[4:]}", "city": home.city}  # fmt: skip


def _international(phone: str) -> str:
    """06-12345678 as +31 6 12 34 56 78; 030-1234567 as +31 30 123 45 67."""
    area, number = phone.split("-")
    groups = [number[at : at + 2] for at in range(0, 8, 2)] if len(number) == 8 else [number[:3], number[3:5], number[5:]]
    return " ".join(["+31", area[1:], *groups])
