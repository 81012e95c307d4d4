"""What the page of an export calls things, in plain Dutch (B1). The names in the API are English; a resident reads these."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from relhub.domain.dates import AMSTERDAM

_MONTHS: Final = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": {"person": "persoon", "organisation": "organisatie", "branch": "vestiging", "contact_person": "contactpersoon"},
    "capacity": {
        "advice": "advies",
        "planning": "plannen voor de ruimte",
        "licensing": "vergunningen",
        "supervision": "toezicht",
        "enforcement": "handhaving",
        "project": "projecten",
        "policy": "beleid",
    },
    "level": {
        "referral": "alleen dat er een collega is",
        "existence": "alleen dat er een zaak is",
        "summary": "een samenvatting",
        "full": "alles",
    },
    "fields": {
        "identifiers": "nummers, zoals uw burgerservicenummer",
        "contact-details": "adres, telefoon en e-mail",
        "non-disclosed": "ook een geheim adres",
    },
    "phase": {"open": "loopt", "suspended": "stilgezet", "closed": "afgesloten"},
    "role": {
        "applicant": "aanvrager",
        "co-applicant": "mede-aanvrager",
        "authorised-representative": "gemachtigde",
        "contact-person": "contactpersoon",
        "contact": "contactpersoon",
        "interested-party": "belanghebbende",
        "subject-of-enforcement": "degene over wie de handhaving gaat",
        "owner": "eigenaar",
        "complainant": "melder",
        "adviser": "adviseur",
        "contractor": "aannemer",
        "stakeholder": "belanghebbende",
        "local-resident": "omwonende",
        "local-business": "ondernemer in de buurt",
        "land-owner": "grondeigenaar",
        "interest-group": "belangenvereniging",
        "consulted": "iemand die om advies is gevraagd",
        "handler": "behandelaar",
        "coordinator": "coördinator",
        "decision-maker": "degene die besluit",
    },
    "sort": {"decision": "besluit", "inspection": "controle", "sanction": "maatregel"},
    "entry": {
        "recorded": "opgeschreven",
        "asked": "gevraagd",
        "accepted": "iemand is ermee bezig",
        "answered": "beantwoord",
        "closed": "afgesloten",
        "promised": "beloofd",
        "kept": "gedaan",
        "broken": "niet gedaan",
        "withdrawn": "ingetrokken",
    },
    "state": {
        "found": "heeft gegevens over u",
        "none": "heeft geen gegevens over u die wij kunnen laten zien",
        "stale": "gaf geen antwoord: dit zijn gegevens van eerder",
        "unavailable": "gaf geen antwoord: wij weten niet of dit systeem gegevens over u heeft",
    },
    "what": {
        "here": "hoorde bij dit nummer",
        "merged": "had een ander nummer, en is met dit nummer samengevoegd",
        "split": "hoorde een tijd bij dit nummer, en nu niet meer",
    },
    "function": {"residence": "woonadres", "visiting": "bezoekadres", "postal": "postadres"},
    "scheme": {
        "bsn": "burgerservicenummer (BSN)",
        "a_number": "A-nummer",
        "rsin": "RSIN",
        "kvk": "KVK-nummer",
        "vestiging": "vestigingsnummer",
        "oin": "OIN",
    },
    "link": {
        "bsn": "hetzelfde burgerservicenummer",
        "a_number": "hetzelfde A-nummer",
        "rsin": "hetzelfde RSIN",
        "kvk": "hetzelfde KVK-nummer",
        "vestiging": "hetzelfde vestigingsnummer",
        "oin": "hetzelfde OIN",
        "name-and-birth": "dezelfde naam en geboortedatum",
        "same-record": "hetzelfde gegeven, anders geschreven",
        "decision": "een medewerker heeft vastgesteld dat het bij elkaar hoort",
    },
    "flag": {
        "deceased": "overleden",
        "shielded": "afgeschermd",
        "dissolved": "opgeheven",
        "bankrupt": "failliet",
        "contested": "u zegt dat niet alles hiervan bij u hoort",
        "restriction": "u vroeg om uw gegevens niet te gebruiken",
        "objection": "u heeft bezwaar gemaakt",
    },
    "operation": {
        "view": "uw gegevens bekeken",
        "lookup": "u opgezocht",
        "batch": "u opgezocht in een lijst",
        "search": "gezocht",
        "relations": "een lijst van organisaties bekeken",
        "cases": "uw zaken bekeken",
        "case": "een zaak van u bekeken",
        "department-cases": "de zaken van een afdeling bekeken",
        "timeline": "bekeken wat er met u is gebeurd",
        "managers": "bekeken wie uw vaste aanspreekpunt is",
        "set-manager": "opgeschreven wie uw vaste aanspreekpunt is",
        "manager-step": "opgeschreven wie uw vaste aanspreekpunt is",
        "officials": "bekeken wie van ons met u te maken heeft",
        "source-records": "bekeken wat elk systeem over u zegt",
        "history": "bekeken welke nummers uw gegevens hadden",
        "events": "gehoord dat er iets is veranderd",
        "contact-moments": "bekeken wat er met u is besproken",
        "contact-moment": "een gesprek met u bekeken of opgeschreven",
        "tasks": "de vragen over u bekeken",
        "task": "een vraag over u bekeken of gesteld",
        "commitments": "bekeken wat u is beloofd",
        "alerts": "bekeken waar wij bij u op letten",
        "dismiss-alert": "gezegd dat iets waar wij op letten is afgehandeld",
        "commitment": "een toezegging aan u bekeken of opgeschreven",
        "subject-log": "bekeken wie er keek: dat deed u zelf",
        "ask-export": "dit soort overzicht aangevraagd",
        "export": "dit soort overzicht gemaakt",
        "export-content": "dit soort overzicht opgehaald",
        "export-page": "dit soort overzicht opgehaald",
        "subject-request": "een verzoek van u bekeken of gemaakt",
        "subject-requests": "de verzoeken van u bekeken",
        "subject-request-decision": "over een verzoek van u besloten",
        "log-search": "nagekeken wie er keek",
        "decide-match": "vastgesteld welke gegevens bij elkaar horen",
        "explain-access": "nagekeken wie wat mag zien",
    },
    "alert": {
        "register-says": "Een basisregistratie zegt dat er iets met u is gebeurd, terwijl er een zaak loopt.",
        "commitment-due": "Wij hebben u iets beloofd dat nu klaar moet zijn.",
        "unanswered-contacts": "U nam vaker contact op over hetzelfde en kreeg nog geen antwoord.",
        "visits-meet": "Twee afdelingen komen binnenkort bij u langs of schrijven u.",
        "case-elsewhere": "Ook een andere afdeling heeft een lopende zaak met u.",
        "project-at-address": "Een project raakt het adres van een zaak van u.",
    },
    "reason": {"handled": "opgepakt", "known": "was al bekend", "not-useful": "hadden wij niets aan", "wrong": "klopte niet"},
    "outcome": {
        "shown": "",
        "dismissed": "",
        "refused": "dit mocht niet, en er is niets getoond",
        "not-found": "er is niets getoond",
        "unknown-occasion": "er is eerst nagekeken of dit mocht",
        "unverified": "er is niets getoond",
        "ambiguous": "er is niets getoond",
        "too-broad": "er is niets getoond",
        "expired": "er is niets getoond",
        "restricted": "er is niets getoond, omdat u vroeg om uw gegevens niet te gebruiken",
        "made": "",
        "granted": "toegewezen",
        "ended": "beëindigd",
        "extended": "wij hebben meer tijd nodig",
        "asked": "",
        "done": "",
    },
}


def word(sort: str, code: str) -> str:
    """What the page calls this; what it has no word for (a word of a source, an operation of a newer relhub) as it is."""
    return WORDS[sort].get(code, code.replace("-", " ").replace("_", " "))


def day(text: str | None) -> str:
    """`2026-11-25` as 25 november 2026; a date that is known in part as far as it is."""
    if not text:
        return ""
    year, *rest = text.split("-")
    names = [str(int(rest[1]))] if len(rest) > 1 else []
    return " ".join([*names, *([_MONTHS[int(rest[0]) - 1]] if rest else []), year])


def moment(text: str | None) -> str:
    """A moment as the day and the time in the Netherlands."""
    if not text:
        return ""
    local = datetime.fromisoformat(text).astimezone(AMSTERDAM)
    return f"{day(local.date().isoformat())}, {local:%H:%M} uur"


def retention(kept: Mapping[str, Any]) -> str:
    """Until when something is kept, as a sentence."""
    length = _length(kept.get("years") or 0, kept.get("days") or 0)
    until = kept.get("until")
    return {
        "rule": f"Wij bewaren dit tot en met {day(until)}. Dat is {length} na het einde.",
        "source": f"Wij bewaren dit tot en met {day(until)}. Die dag staat in het systeem waar het vandaan komt.",
        "open": f"Deze zaak loopt nog. Na het einde bewaren wij dit nog {length}."
        if length
        else "Deze zaak loopt nog. Wij bewaren dit zolang als het systeem waar het vandaan komt.",
        "no-rule": "Wij bewaren dit zolang als het systeem waar het vandaan komt.",
        "no-end": "Wij weten niet wanneer deze zaak is geëindigd. Wij bewaren dit zolang als het systeem waar het vandaan komt.",
        "last-case": "Dit gaat weg met de laatste zaak waarin het staat.",
    }[kept["because"]]


def _length(years: int, days: int) -> str:
    parts = [f"{years} jaar"] if years else []
    return " en ".join([*parts, *([f"{days} {'dag' if days == 1 else 'dagen'}"] if days else [])])
