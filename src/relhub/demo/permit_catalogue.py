"""The catalogue of the permit system: zaaktypen and what belongs to them, and the people who work there."""

from collections.abc import Iterator
from typing import Any

from relhub.demo.ids import Uuids
from relhub.demo.numbers import MUNICIPALITY_RSIN

HOST = "http://permits.invalid"  # replaced by the Host header when served
CATALOGI, ZAKEN_API, BESLUITEN = f"{HOST}/catalogi/api/v1", f"{HOST}/zaken/api/v1", f"{HOST}/besluiten/api/v1"
CATALOGUE_COLLECTIONS = ("zaaktypen", "statustypen", "roltypen", "eigenschappen", "resultaattypen", "besluittypen")
UUIDS = {
    name: Uuids.of(name)
    for name in (*CATALOGUE_COLLECTIONS, "zaken", "rollen", "statussen", "zaakobjecten", "resultaten", "zaakeigenschappen", "besluiten")
}
CATALOGUE = f"{CATALOGI}/catalogussen/{Uuids.of('catalogussen').make(0)}"

ZAAKTYPEN = {
    "ZT-OMG": "Omgevingsvergunning",
    "ZT-EVE": "Evenementenvergunning",
    "ZT-ADV": "Vooroverleg",
    "ZT-WOP": "Wijziging omgevingsplan",
}
KINDS = tuple(ZAAKTYPEN)
STATUSES = ("Ontvangen", "In behandeling", "Ter besluitvorming", "Afgehandeld")
# role here -> omschrijving, omschrijvingGeneriek
ROLES = {
    "initiator": ("Aanvrager", "initiator"),
    "mede_initiator": ("Mede-aanvrager", "mede_initiator"),
    "gemachtigde": ("Gemachtigde", "belanghebbende"),
    "belanghebbende": ("Belanghebbende", "belanghebbende"),
    "behandelaar": ("Behandelaar", "behandelaar"),
    "team": ("Behandelend team", "behandelaar"),
}
PROPERTIES = {
    "ZT-OMG": ("activiteit", "bouwkosten"), "ZT-EVE": ("evenementdatum", "aantal bezoekers"), "ZT-ADV": ("vraag", "kanaal"),
    "ZT-WOP": ("planidentificatie", "procedure"),
}  # fmt: skip
RESULTS = {
    "ZT-OMG": ("Verleend", "Geweigerd", "Ingetrokken"), "ZT-EVE": ("Verleend", "Geweigerd", "Ingetrokken"),
    "ZT-ADV": ("Positief advies", "Negatief advies", "Ingetrokken"), "ZT-WOP": ("Vastgesteld", "Niet vastgesteld", "Ingetrokken"),
}  # fmt: skip
DECISIONS = {"ZT-OMG": "Besluit op aanvraag omgevingsvergunning", "ZT-EVE": "Besluit op aanvraag evenementenvergunning",
             "ZT-ADV": "Advies vooroverleg", "ZT-WOP": "Vaststellingsbesluit omgevingsplan"}  # fmt: skip
TEAMS = {
    "ZT-OMG": ("OE1", "Team Vergunningen"),
    "ZT-EVE": ("OE1", "Team Vergunningen"),
    "ZT-ADV": ("OE2", "Team RO"),
    "ZT-WOP": ("OE2", "Team RO"),
}
# team -> account, initials, prefix, surname, telephone, e-mail
WORKERS = {
    "OE1": (("m011", "S.", "", "Bouwmeester", "030-6987111", "s.bouwmeester@voorbeeld.example"),
            ("m012", "R.", "de", "Haan", "030-6987112", "r.dehaan@voorbeeld.example"),
            ("m013", "F.", "", "Öztürk", "030-6987113", "f.ozturk@voorbeeld.example")),
    "OE2": (("m021", "L.", "van", "Essen", "030-6987121", "l.vanessen@voorbeeld.example"),
            ("m022", "C.", "", "Müller", "030-6987122", "c.muller@voorbeeld.example")),
}  # fmt: skip


def catalogue_url(collection: str, position: int) -> str:
    return f"{CATALOGI}/{collection}/{UUIDS[collection].make(position)}"


def type_url(kind: str) -> str:
    return catalogue_url("zaaktypen", KINDS.index(kind))


def part_url(collection: str, kind: str, position: int, size: int) -> str:
    """The URL of the nth status type, role type … of a zaaktype that has `size` of them."""
    return catalogue_url(collection, KINDS.index(kind) * size + position)


def role_type_url(kind: str, role: str) -> str:
    return part_url("roltypen", kind, tuple(ROLES).index(role), len(ROLES))


def _common(kind: str, url: str) -> dict[str, Any]:
    validity = {"beginGeldigheid": None, "eindeGeldigheid": None, "beginObject": None, "eindeObject": None}
    return {"url": url, "zaaktype": type_url(kind), "zaaktypeIdentificatie": kind, "catalogus": CATALOGUE, **validity}


def _zaaktype(kind: str) -> dict[str, Any]:
    name = ZAAKTYPEN[kind]
    parts = {"statustypen": len(STATUSES), "resultaattypen": 3, "eigenschappen": 2, "roltypen": len(ROLES), "besluittypen": 1}
    return {
        "url": type_url(kind), "identificatie": kind, "omschrijving": name, "omschrijvingGeneriek": "",
        "vertrouwelijkheidaanduiding": "zaakvertrouwelijk",
        "doel": f"Doel van {name.lower()}", "aanleiding": "Aanvraag", "toelichting": "", "indicatieInternOfExtern": "extern",
        "handelingInitiator": "aanvragen",
        "onderwerp": name.lower(), "handelingBehandelaar": "behandelen", "doorlooptijd": "P56D", "servicenorm": None,
        "opschortingEnAanhoudingMogelijk": True,
        "verlengingMogelijk": False, "verlengingstermijn": None, "trefwoorden": [], "publicatieIndicatie": False, "publicatietekst": "",
        "verantwoordingsrelatie": [], "productenOfDiensten": [], "selectielijstProcestype": "", "referentieproces": {"naam": name,
                                                                                                                     "link": ""},
        "concept": False, "verantwoordelijke": MUNICIPALITY_RSIN, "broncatalogus": {"url": "", "domein": "", "rsin": ""},
        "bronzaaktype": {"url": "", "identificatie": "", "omschrijving": ""}, "beginGeldigheid": "2024-01-01", "eindeGeldigheid": None,
        "versiedatum": "2024-01-01", "beginObject": "2024-01-01", "eindeObject": None, "catalogus": CATALOGUE,
        **{collection: [part_url(collection, kind, at, size) for at in range(size)] for collection, size in parts.items()},
        "informatieobjecttypen": [], "deelzaaktypen": [], "gerelateerdeZaaktypen": [], "zaakobjecttypen": [],
    }  # fmt: skip


def _statustype(kind: str, at: int) -> dict[str, Any]:
    common = _common(kind, part_url("statustypen", kind, at, len(STATUSES)))
    return {**common, "omschrijving": STATUSES[at], "omschrijvingGeneriek": "", "statustekst": "", "volgnummer": at + 1,
            "isEindstatus": at == len(STATUSES) - 1, "informeren": False, "doorlooptijd": None, "toelichting": None,
            "checklistitemStatustype": [],
            "eigenschappen": [], "zaakobjecttypen": []}  # fmt: skip


def _resultaattype(kind: str, at: int) -> dict[str, Any]:
    common, name = _common(kind, part_url("resultaattypen", kind, at, 3)), RESULTS[kind][at]
    return {**common, "omschrijving": name, "resultaattypeomschrijving": "https://selectielijst.example/1", "omschrijvingGeneriek": name,
            "selectielijstklasse": "https://selectielijst.example/2", "toelichting": "", "archiefnominatie": "vernietigen",
            "archiefactietermijn": "P10Y",
            "procesobjectaard": "", "indicatieSpecifiek": None, "procestermijn": None, "besluittypen": [], "besluittypeOmschrijving": [],
            "informatieobjecttypen": [], "informatieobjecttypeOmschrijving": []}  # fmt: skip


def _eigenschap(kind: str, at: int) -> dict[str, Any]:
    form = {"groep": "", "formaat": "tekst", "lengte": "50", "kardinaliteit": "1", "waardenverzameling": []}
    name = PROPERTIES[kind][at]
    return {
        **_common(kind, part_url("eigenschappen", kind, at, 2)),
        "naam": name,
        "definitie": name,
        "specificatie": form,
        "toelichting": "",
        "statustype": None,
    }


def _besluittype(kind: str) -> dict[str, Any]:
    common = _common(kind, part_url("besluittypen", kind, 0, 1))
    del common["zaaktype"], common["zaaktypeIdentificatie"]
    return {**common, "zaaktypen": [type_url(kind)], "omschrijving": DECISIONS[kind], "omschrijvingGeneriek": "", "besluitcategorie": "",
            "reactietermijn": "P42D",
            "publicatieIndicatie": True, "publicatietekst": "", "publicatietermijn": None, "toelichting": "", "informatieobjecttypen": [],
            "resultaattypen": [], "resultaattypenOmschrijving": [], "vastgelegdIn": [], "concept": False}  # fmt: skip


def catalogue() -> Iterator[tuple[str, dict[str, Any]]]:
    """All of the catalogue as (collection, document), each collection in the order of its positions."""
    for kind in KINDS:
        yield "zaaktypen", _zaaktype(kind)
        yield "besluittypen", _besluittype(kind)
        for at in range(len(STATUSES)):
            yield "statustypen", _statustype(kind, at)
        for role, (name, generic) in ROLES.items():
            yield "roltypen", {**_common(kind, role_type_url(kind, role)), "omschrijving": name, "omschrijvingGeneriek": generic}
        for at in range(3):
            yield "resultaattypen", _resultaattype(kind, at)
        for at in range(2):
            yield "eigenschappen", _eigenschap(kind, at)
