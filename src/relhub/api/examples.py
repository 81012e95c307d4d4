"""Examples that are true for the demo: its cases and relations have the same numbers on every machine. Only the times differ.

Left out is what the linter of the API Design Rules 2.2.0 trips over in an example: keys that begin with `post` (postal codes),
and a second item under `properties`.
"""

from typing import Any, Final

PROCESSING_ACTIVITY: Final = "permit-handling"
OCCASION: Final = "case:permits/V-2026-00001"
OFFICIAL: Final = "j.jansen"
RELATION: Final = "rel_6BZKGQH435MB3XA66EKA6TGGC5"

_AS_CONTACT_CENTRE: Final = "Asked by the contact centre: `X-Processing-Activity: answering-questions`, without `X-Occasion`."
_AS_ENFORCEMENT: Final = (
    "Asked by enforcement: `X-Processing-Activity: enforcement-handling`, `X-Occasion: case:enforcement/HH-2026-00001`."
)

LOOKUPS: Final[dict[str, Any]] = {
    "case": {"summary": "By case number (zaaknummer)", "value": {"case": "permits/V-2026-00001"}},
    "number": {
        "summary": "By official number (here a KVK-nummer)",
        "description": _AS_CONTACT_CENTRE,
        "value": {"identifier": {"scheme": "kvk", "value": "99420756"}},
    },
    "record": {
        "summary": "By a source's own number",
        "description": _AS_ENFORCEMENT,
        "value": {"record": {"source": "enforcement", "key": "P-00001"}},
    },
}
SEARCHES: Final[dict[str, Any]] = {
    "facts": {
        "summary": "By name and date of birth",
        "description": _AS_CONTACT_CENTRE,
        "value": {"name": "Van den Berg", "birthDate": "1980-02-17"},
    },
}

_CASES: Final[list[dict[str, Any]]] = [
    {
        "level": "full",
        "capacity": "licensing",
        "department": "Vergunningen",
        "officials": [
            {
                "part": "case handler",
                "name": "R. de Haan",
                "department": "Vergunningen",
                "phone": "030-6987112",
                "email": "r.dehaan@voorbeeld.example",
            }
        ],
        "ref": "permits/V-2026-00001",
        "kind": "omgevingsvergunning",
        "title": "Dakkapel aan de voorzijde",
        "status": {"label": "In behandeling", "phase": "open"},
        "started": "2026-09-14",
        "due": "2026-11-09",
        "description": "Dakkapel aan de voorzijde aan Parklaan, Zeist",
        "places": [
            {
                "label": "Locatie",
                "bagId": "0355200000252600",
                "address": {
                    "function": "visiting",
                    "street": "Parklaan",
                    "houseNumber": "130",
                    "city": "Zeist",
                    "country": "NL",
                    "bagId": "0355200000252600",
                },
            }
        ],
        "properties": [{"name": "activiteit", "value": "bouwen"}],
        "confidentiality": "zaakvertrouwelijk",
        "href": "https://zaken.voorbeeld.example/zaak/V-2026-00001",
        "zaak": {"organisation": "002564440", "identification": "V-2026-00001"},
        "partyRoles": ["applicant"],
    },
    {
        "level": "existence",
        "capacity": "enforcement",
        "department": "Handhaving",
        "officials": [
            {
                "part": "enforcement lawyer",
                "name": "mr. A. Vrolijk",
                "department": "Handhaving",
                "phone": "030-6987307",
                "email": "hj07@voorbeeld.example",
            },
            {
                "part": "inspector",
                "name": "M. El Idrissi",
                "department": "Handhaving",
                "phone": "030-6987214",
                "email": "th14@voorbeeld.example",
            },
        ],
    },
    {
        "level": "summary",
        "capacity": "project",
        "department": "Projecten",
        "officials": [
            {
                "part": "stakeholder manager",
                "name": "Tarik Demir",
                "department": "Projecten",
                "phone": "+31 30 698 74 32",
                "email": "u32@voorbeeld.example",
            },
            {
                "part": "project leader",
                "name": "Jan-Willem ter Horst",
                "department": "Projecten",
                "phone": "+31 30 698 74 33",
                "email": "u33@voorbeeld.example",
            },
        ],
        "ref": "projects/PRJ-0001",
        "kind": "gebiedsontwikkeling",
        "title": "Herontwikkeling stationsgebied Zeist",
        "status": {"label": "voorbereiding", "phase": "open"},
        "started": "2026-03-02",
        "due": "2027-04-06",
        "partyRoles": ["local-resident"],
    },
]
VIEW: Final[dict[str, Any]] = {
    "id": "rel_6BZKGQH435MB3XA66EKA6TGGC5",
    "kind": "person",
    "complete": True,
    "sources": [
        {"source": "enforcement", "mode": "copy", "state": "found", "asOf": "2026-11-24T02:00:00Z"},
        {"source": "permits", "mode": "copy", "state": "found", "asOf": "2026-11-24T02:00:00Z"},
        {"source": "projects", "mode": "copy", "state": "found", "asOf": "2026-11-24T02:00:00Z"},
    ],
    "summary": {"openCases": 3, "byCapacity": {"enforcement": 1, "licensing": 1, "project": 1}},
    "party": {
        "name": {
            "display": "J.M. van den Berg",
            "givenNames": "Johanna Maria",
            "initials": "J.M.",
            "prefix": "van den",
            "familyName": "Berg",
        },
        "birth": {"value": "1980-02-17", "precision": "day"},
        "identifiers": [{"scheme": "bsn", "masked": "******503"}],
        "addresses": [
            {
                "function": "residence",
                "street": "Parklaan",
                "houseNumber": "130",
                "city": "Zeist",
                "country": "NL",
                "bagId": "0355200000252600",
            }
        ],
        "phones": ["+31 6 48 12 39 77"],
        "emails": ["johanna.vandenberg@post.example"],
        "nonDisclosure": False,
        "flags": [],
        "linkedBy": ["name-and-birth"],
    },
    "cases": {"next": None, "items": _CASES},
}
LOOKED_UP: Final[dict[str, Any]] = {**VIEW, "otherParties": []}
CASES: Final[dict[str, Any]] = {"results": _CASES, "next": None}
FOUND: Final[dict[str, Any]] = {
    "results": [
        {
            "id": "rel_6BZKGQH435MB3XA66EKA6TGGC5",
            "kind": "person",
            "name": {
                "display": "J.M. van den Berg",
                "givenNames": "Johanna Maria",
                "initials": "J.M.",
                "prefix": "van den",
                "familyName": "Berg",
            },
            "birth": {"value": "1980-02-17", "precision": "day"},
            "city": "Zeist",
        }
    ],
    "next": None,
}
SOURCE: Final = "permits"
PULLS: Final[dict[str, Any]] = {
    "now": {
        "summary": "As the schedule would",
        "description": "Asked by an operator: `X-Processing-Activity: source-operation`, without `X-Occasion`.",
        "value": {},
    },
}
_PULL: Final[dict[str, Any]] = {
    "id": "pull_5f0c8a52c1d94e0f8a4f4d2b7c6e1a30",
    "source": "permits",
    "state": "done",
    "askedBy": "schedule",
    "askedAt": "2026-11-24T02:00:11Z",
    "scheduledFor": "2026-11-24T02:00:00Z",
    "startedAt": "2026-11-24T02:00:11Z",
    "endedAt": "2026-11-24T02:00:13Z",
    "acceptLoss": False,
    "seen": 480,
    "expected": 480,
    "documents": 1920,
    "changed": 0,
    "quarantined": 0,
    "gone": 0,
    "error": None,
}
PULL: Final[dict[str, Any]] = _PULL
ASKED_PULL: Final[dict[str, Any]] = {
    **_PULL,
    "state": "waiting",
    "askedBy": "operator",
    "scheduledFor": None,
    "startedAt": None,
    "endedAt": None,
    "seen": 0,
    "expected": None,
    "documents": 0,
}
QUARANTINE: Final[dict[str, Any]] = {"results": [], "next": None}
# The system administrator asks: `X-Processing-Activity: source-health`, without `X-Occasion`.
SOURCES: Final[dict[str, Any]] = {
    "results": [
        {
            "source": "enforcement",
            "organisation": "Gemeente Voorbeeld",
            "adapter": "rest_json",
            "mode": "copy",
            "state": "well",
            "lastSuccessAt": "2026-11-24T02:00:00Z",
            "lastAttemptAt": "2026-11-24T02:00:00Z",
            "unavailableSince": None,
            "lastError": None,
            "expected": 210,
            "cases": 210,
            "quarantined": 0,
        },
        {
            "source": "permits",
            "organisation": "Gemeente Voorbeeld",
            "adapter": "zgw_zaken",
            "mode": "copy",
            "state": "well",
            "lastSuccessAt": "2026-11-24T02:00:00Z",
            "lastAttemptAt": "2026-11-24T02:00:00Z",
            "unavailableSince": None,
            "lastError": None,
            "expected": 480,
            "cases": 480,
            "quarantined": 0,
        },
        {
            "source": "projects",
            "organisation": "Gemeente Voorbeeld",
            "adapter": "rest_json",
            "mode": "copy",
            "state": "well",
            "lastSuccessAt": "2026-11-24T02:00:00Z",
            "lastAttemptAt": "2026-11-24T02:00:00Z",
            "unavailableSince": None,
            "lastError": None,
            "expected": 61,
            "cases": 61,
            "quarantined": 0,
        },
    ]
}
SOURCE_DETAIL: Final[dict[str, Any]] = {
    **SOURCES["results"][1],
    "schedule": "*/15 * * * *",
    "lagSeconds": 240,
    "seen": 480,
    "pull": _PULL,
}
