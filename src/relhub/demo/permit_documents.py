"""What the permit system (ZGW) says about a planned permit: a zaak and everything that hangs on it by URL."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from relhub.demo import permit_catalogue as catalogue
from relhub.demo.ids import ZAKEN
from relhub.demo.numbers import MUNICIPALITY_RSIN
from relhub.demo.people import Company, Party, Person, relation
from relhub.demo.permit_catalogue import BESLUITEN, UUIDS, ZAKEN_API
from relhub.demo.places import Place
from relhub.demo.plan import LAST_DAY, Part, Planned

NO_CONTACT = {"emailadres": "", "functie": "", "telefoonnummer": "", "naam": ""}
Shown = tuple[int, str, dict[str, str]]  # relation, where in the case, official numbers that are shown there


@dataclass(slots=True)
class PermitDocuments:
    """The documents of one zaak by collection, and who is shown in them with which official numbers."""

    by_collection: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)


class _Zaak:
    """One zaak while it is being written; knows the URLs of what is added to it."""

    def __init__(self, seed: int, position: int, planned: Planned, counts: dict[str, int]) -> None:
        self.seed, self.planned, self.counts = seed, planned, counts
        self.uuid, self.identification = UUIDS["zaken"].make(position), ZAKEN.make(position)
        self.url = f"{ZAKEN_API}/zaken/{self.uuid}"
        self.rng = Random(f"{seed}:zaak:{position}")
        self.documents = PermitDocuments(
            {name: [] for name in ("zaken", "rollen", "statussen", "zaakobjecten", "resultaten", "zaakeigenschappen", "besluiten")}
        )

    def add(self, collection: str, body: dict[str, Any]) -> str:
        listed = self.documents.by_collection[collection]
        uuid = UUIDS[collection].make(self.counts[collection] + len(listed))
        base = {"zaakeigenschappen": f"{self.url}/zaakeigenschappen", "besluiten": f"{BESLUITEN}/besluiten"}.get(
            collection, f"{ZAKEN_API}/{collection}"
        )
        url = f"{base}/{uuid}"
        listed.append({"url": url, **({} if collection == "besluiten" else {"uuid": uuid}), "zaak": self.url, **body})
        return url

    def urls(self, collection: str) -> list[str]:
        return [document["url"] for document in self.documents.by_collection[collection]]


def permit_documents(seed: int, position: int, planned: Planned, counts: dict[str, int]) -> PermitDocuments:
    """Everything about one permit; `counts` says how many documents each collection already has."""
    zaak = _Zaak(seed, position, planned, counts)
    for at, part in enumerate(planned.parts):
        _add_party(zaak, at, part)
    _add_handlers(zaak)
    _add_progress(zaak)
    _add_place(zaak)
    _add_properties(zaak)
    zaak.documents.by_collection["zaken"].append(_zaak_body(zaak))
    return zaak.documents


def _moment(day: date) -> str:
    return f"{day.isoformat()}T09:00:00Z"


def _add_role(
    zaak: _Zaak, role: str, kind: str, identification: dict[str, Any], mandate: str = "", contact: dict[str, str] | None = None
) -> str:
    name, generic = catalogue.ROLES[role]
    body: dict[str, Any] = {
        "betrokkene": "", "betrokkeneType": kind, "afwijkendeNaamBetrokkene": "", "roltype": catalogue.role_type_url(zaak.planned.kind,
                                                                                                                     role),
        "omschrijving": name, "omschrijvingGeneriek": generic, "roltoelichting": name.lower(),
        "registratiedatum": _moment(zaak.planned.started),
        "indicatieMachtiging": mandate, "contactpersoonRol": contact or NO_CONTACT, "statussen": [], "beginGeldigheid": None,
        "eindeGeldigheid": None,
        "betrokkeneIdentificatie": identification,
    }  # fmt: skip
    if kind in ("natuurlijk_persoon", "niet_natuurlijk_persoon", "vestiging"):
        body["authenticatieContext"] = None
    return zaak.add("rollen", body)


def _add_party(zaak: _Zaak, at: int, part: Part) -> None:
    party = relation(zaak.seed, part.relation)
    kind, identification, numbers = _identification(party, zaak.rng, plain=part.relation < 2)
    represented = any(other.acting_for == at for other in zaak.planned.parts)
    mandate = "gemachtigde" if part.acting_for is not None else "machtiginggever" if represented else ""
    contact = None
    if isinstance(party, Company) and zaak.rng.random() < 0.6:
        name = f"{party.contact_given.split()[0]} {party.contact_prefix} {party.contact_family}".replace("  ", " ")
        contact = {"emailadres": party.email, "functie": party.contact_function, "telefoonnummer": party.phone, "naam": name}
    url = _add_role(zaak, part.role, kind, identification, mandate, contact)
    zaak.documents.shown.append((part.relation, url.rsplit("/", 1)[1], numbers))


def _identification(party: Party, rng: Random, *, plain: bool) -> tuple[str, dict[str, Any], dict[str, str]]:
    if isinstance(party, Person):
        return "natuurlijk_persoon", *_natural(party, rng, plain=plain)
    if party.branch and rng.random() < 0.5:
        body: dict[str, Any] = {"vestigingsNummer": party.branch, "handelsnaam": list(party.trade_names),
                                "verblijfsadres": _residence(party.home),
                                "subVerblijfBuitenland": None, "kvkNummer": party.kvk}  # fmt: skip
        return "vestiging", body, {"vestiging": f"{party.kvk}/{party.branch}"}
    return "niet_natuurlijk_persoon", *_legal(party, rng, plain=plain)


def _natural(person: Person, rng: Random, *, plain: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """As entered by whoever was at the desk: two notations of dates, capitals, an old address, sometimes no number."""
    capitals = not plain and rng.random() < 0.12
    number = person.bsn if plain or rng.random() < 0.9 else ""
    home = person.former_home if person.former_home and not plain and rng.random() < 0.5 else person.home
    prefix, family = person.prefix, person.family
    if person.partner_family and not plain and rng.random() < 0.2:
        family = f"{person.partner_family}-{person.surname}"
        prefix = person.partner_prefix
    birth = person.birth if plain or rng.random() < 0.5 else person.birth.replace("-", "")
    body = {
        "inpBsn": number, "anpIdentificatie": "", "inpA_nummer": "", "geslachtsnaam": family.upper() if capitals else family,
        "voorvoegselGeslachtsnaam": prefix.upper() if capitals else prefix, "voorletters": person.initials,
        "voornamen": person.given.upper() if capitals else person.given, "geslachtsaanduiding": "v" if person.woman else "m",
        "geboortedatum": birth if plain or person.bsn or rng.random() < 0.3 else "",
        "verblijfsadres": _residence(home) if not number or rng.random() < 0.7 else None, "subVerblijfBuitenland": None,
    }  # fmt: skip
    return body, {"bsn": number} if number else {}


def _legal(company: Company, rng: Random, *, plain: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """By its RSIN, its KVK number, both, or only its name."""
    draw = 0.5 if plain else rng.random()
    use_kvk = bool(company.branch) or (draw < 0.92 and (draw < 0.7 or not company.rsin))
    use_rsin = bool(company.rsin) and not company.branch and 0.4 < draw < 0.92
    name = company.name.upper() if not plain and rng.random() < 0.1 else company.name
    body = {
        "innNnpId": company.rsin if use_rsin else "", "annIdentificatie": "", "kvkNummer": company.kvk if use_kvk else "",
        "vestigingsNummer": company.branch,
        "statutaireNaam": name, "innRechtsvorm": "", "bezoekadres": "", "verblijfsadres": _residence(company.home),
        "subVerblijfBuitenland": None,
    }  # fmt: skip
    if company.branch:
        return body, {"vestiging": f"{company.kvk}/{company.branch}"}
    return body, {**({"kvk": company.kvk} if use_kvk else {}), **({"rsin": company.rsin} if use_rsin else {})}


def _residence(home: Place) -> dict[str, Any]:
    return {"aoaIdentificatie": home.bag_id, "wplWoonplaatsNaam": home.city, "gorOpenbareRuimteNaam": home.street,
            "aoaPostcode": home.postcode,
            "aoaHuisnummer": home.number, "aoaHuisletter": home.letter, "aoaHuisnummertoevoeging": home.addition,
            "inpLocatiebeschrijving": ""}  # fmt: skip


def _add_handlers(zaak: _Zaak) -> None:
    unit, team = catalogue.TEAMS[zaak.planned.kind]
    account, initials, prefix, surname, phone, email = catalogue.WORKERS[unit][zaak.planned.step % len(catalogue.WORKERS[unit])]
    worker = {"identificatie": account, "achternaam": surname, "voorletters": initials, "voorvoegselAchternaam": prefix}
    contact = {
        "emailadres": email,
        "functie": "casemanager",
        "telefoonnummer": phone,
        "naam": f"{initials} {prefix} {surname}".replace("  ", " "),
    }
    _add_role(zaak, "behandelaar", "medewerker", worker, contact=contact)
    office = {"identificatie": unit, "naam": team, "isGehuisvestIn": "stadhuis"}
    _add_role(zaak, "team", "organisatorische_eenheid", office)


def _add_progress(zaak: _Zaak) -> None:
    planned = zaak.planned
    reached = 4 if planned.phase == "closed" else 2 if planned.phase == "suspended" else 1 + planned.step % 3
    for at in range(reached):
        day = planned.ended if at == 3 and planned.ended else min(LAST_DAY, planned.started + timedelta(days=4 * at))
        zaak.add("statussen", {
            "statustype": catalogue.part_url("statustypen", planned.kind, at, len(catalogue.STATUSES)), "datumStatusGezet": _moment(day),
            "statustoelichting": "", "indicatieLaatstGezetteStatus": at == reached - 1, "gezetdoor": None, "zaakinformatieobjecten": [],
        })  # fmt: skip
    if planned.phase != "closed" or planned.ended is None:
        return
    outcome = (0, 0, 0, 1, 2)[planned.step % 5]
    zaak.add("resultaten", {"resultaattype": catalogue.part_url("resultaattypen", planned.kind, outcome, 3), "toelichting": ""})
    if outcome < 2:
        _add_decision(zaak, planned.ended, outcome)


def _add_decision(zaak: _Zaak, day: date, outcome: int) -> None:
    kind = zaak.planned.kind
    effect = day + timedelta(days=42)
    ends = effect + timedelta(days=1) if kind == "ZT-EVE" and outcome == 0 else None
    zaak.add("besluiten", {
        "identificatie": f"B-{zaak.identification[2:]}", "verantwoordelijkeOrganisatie": MUNICIPALITY_RSIN,
        "besluittype": catalogue.part_url("besluittypen", kind, 0, 1), "datum": day.isoformat(),
        "toelichting": catalogue.RESULTS[kind][outcome],
        "bestuursorgaan": "College van burgemeester en wethouders", "ingangsdatum": effect.isoformat(),
        "vervaldatum": ends.isoformat() if ends else None,
        "vervalreden": "", "vervalredenWeergave": "", "publicatiedatum": None, "verzenddatum": day.isoformat(),
        "uiterlijkeReactiedatum": effect.isoformat(),
    })  # fmt: skip


def _add_place(zaak: _Zaak) -> None:
    where = zaak.planned.where
    common = {
        "object": "",
        "zaakobjecttype": None,
        "objectTypeOverige": "",
        "objectTypeOverigeDefinitie": None,
        "relatieomschrijving": "Locatie",
    }
    address = {"identificatie": where.bag_id, "wplWoonplaatsNaam": where.city, "gorOpenbareRuimteNaam": where.street,
               "huisnummer": where.number,
               "huisletter": where.letter, "huisnummertoevoeging": where.addition, "postcode": where.postcode}  # fmt: skip
    zaak.add("zaakobjecten", {**common, "objectType": "adres", "objectIdentificatie": address})
    if zaak.planned.step % 7 == 0:
        building = {"identificatie": f"{where.bag_id[:4]}10{where.bag_id[6:]}"}
        zaak.add("zaakobjecten", {**common, "objectType": "pand", "relatieomschrijving": "Pand", "objectIdentificatie": building})


def _add_properties(zaak: _Zaak) -> None:
    planned, step = zaak.planned, zaak.planned.step
    values = {
        "ZT-OMG": (("bouwen", "slopen", "kappen", "uitrit")[step % 4], f"{1500 + step * 85}"),
        "ZT-EVE": ((planned.started + timedelta(days=70)).isoformat(), f"{50 + step}"),
        "ZT-ADV": ("Is dit vergunningvrij?", ("e-mail", "balie", "telefoon")[step % 3]),
        "ZT-WOP": (f"NL.IMRO.0355.OP{step:04d}-VS01", ("regulier", "uitgebreid")[step % 2]),
    }[planned.kind]
    for at, (name, value) in enumerate(zip(catalogue.PROPERTIES[planned.kind], values, strict=True)):
        zaak.add(
            "zaakeigenschappen", {"eigenschap": catalogue.part_url("eigenschappen", planned.kind, at, 2), "naam": name, "waarde": value}
        )


def _zaak_body(zaak: _Zaak) -> dict[str, Any]:
    planned, suspended = zaak.planned, zaak.planned.phase == "suspended"
    geometry = {"type": "Point", "coordinates": [planned.where.longitude, planned.where.latitude]} if planned.step % 5 < 3 else None
    results, changed = zaak.urls("resultaten"), min(LAST_DAY, planned.ended or planned.started + timedelta(days=9))
    start, due = planned.started.isoformat(), planned.started + timedelta(days=56)
    return {
        "url": zaak.url, "uuid": zaak.uuid, "identificatie": zaak.identification, "bronorganisatie": MUNICIPALITY_RSIN,
        "omschrijving": planned.subject,
        "toelichting": f"{planned.subject} aan {planned.where.street}, {planned.where.city}", "zaaktype": catalogue.type_url(planned.kind),
        "registratiedatum": start, "verantwoordelijkeOrganisatie": MUNICIPALITY_RSIN, "startdatum": start,
        "einddatum": planned.ended.isoformat() if planned.ended else None, "einddatumGepland": (due - timedelta(days=7)).isoformat(),
        "uiterlijkeEinddatumAfdoening": due.isoformat(), "publicatiedatum": None,
        "laatstGemuteerd": f"{changed.isoformat()}T15:{planned.step % 60:02d}:52.783737Z",
        "laatstGeopend": None, "communicatiekanaal": "", "communicatiekanaalNaam": "", "productenOfDiensten": [],
        "vertrouwelijkheidaanduiding": "vertrouwelijk" if planned.step % 50 == 3 else "zaakvertrouwelijk" if planned.step % 3 else "intern",
        "betalingsindicatie": "nvt", "betalingsindicatieWeergave": "Er is geen sprake van te betalen, met de zaak gemoeide, kosten.",
        "laatsteBetaaldatum": None, "zaakgeometrie": geometry, "verlenging": None,
        "opschorting": {"indicatie": suspended, "eerdereOpschorting": False, "reden": "Aanvullende gegevens gevraagd" if suspended else ""},
        "selectielijstklasse": "", "hoofdzaak": None, "deelzaken": [], "relevanteAndereZaken": [], "gerelateerdeZaken": [],
        "eigenschappen": zaak.urls("zaakeigenschappen"), "rollen": zaak.urls("rollen"), "status": zaak.urls("statussen")[-1],
        "zaakinformatieobjecten": [],
        "zaakobjecten": zaak.urls("zaakobjecten"), "kenmerken": [], "archiefnominatie": "vernietigen" if planned.ended else None,
        "archiefstatus": "nog_te_archiveren", "archiefactiedatum": planned.ended.replace(year=2036).isoformat() if planned.ended else None,
        "resultaat": results[0] if results else None, "opdrachtgevendeOrganisatie": "", "processobjectaard": "",
        "startdatumBewaartermijn": None,
        "processobject": {"datumkenmerk": "", "identificatie": "", "objecttype": "", "registratie": ""}, "_expand": {},
    }  # fmt: skip
