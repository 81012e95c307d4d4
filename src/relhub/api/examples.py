"""Questions that the demo answers, for the OpenAPI document. The answers are in examples.json, as the demo gave them (`make examples`).

The demo's cases and relations have the same numbers on every machine, so that a test can send every question again. Left out of the
answers is what the linter of the API Design Rules 2.2.0 trips over in an example: keys that begin with `post` (postal codes), and a
second item under `properties`, and all but the beginning of a page. Every time is the same one, and so is the id of an export.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson

from relhub.api.example import BY_PERMITS, Example, asked_for
from relhub.api.examples_entries import OF_ENTRIES
from relhub.api.examples_officials import OF_OFFICIALS

_BY_ENFORCEMENT: Final = asked_for("enforcement-handling", "case:enforcement/HH-2026-00001")
_BY_PROJECTS: Final = asked_for("project-stakeholders", "case:projects/PRJ-0001")
_BY_CONTACT_CENTRE: Final = asked_for("answering-questions")
_BY_ADMINISTRATOR: Final = asked_for("source-health")
_BY_PRIVACY_OFFICER: Final = asked_for("log-inspection")
_BY_PORTAL: Final = {"X-Processing-Activity": "informing-residents", "X-Occasion": "none"}
_BY_STEWARD: Final = asked_for("subject-requests")
_HEX: Final = "0b9d6a1c52e84f7a93c04d5be8f21a67"
_REQUEST: Final = {"id": f"req_{_HEX}"}
_OF_A_REQUEST: Final = frozenset({"id", "receivedAt", "dueOn", "decidedAt"})
_MADE: Final = frozenset({"id"})
_FOLLOWING: Final = asked_for("following-changes")
_SUBSCRIPTION: Final = {"callback": "https://afnemer.voorbeeld.example/relhub", "project": "projects/PRJ-0001"}
OLDEST: Final = "aDMyI0dRvy3cMeSrrswJiEsWABTdVgbs8ocFsP7suFnJRNOMA1SKEfmTdU13u9rSFk4QmclXioxVzQx2I0nc1wNel6B06jOnFPIO-Uw937BcIg"
_SUBSCRIBED: Final = {"id": f"sub_{_HEX}"}
_OF_A_SUBSCRIPTION: Final = frozenset({"id", "createdAt"})
_SOURCE: Final = {"name": "permits"}
_PAGED: Final = frozenset({"next"})
_RELATION: Final = {"id": "rel_4G04NJKW8P033NPZ6FXCS4EHJT"}
_A_KEY: Final = '"0b0e8b8e-7f6f-4d0d-9a4e-8f6c2f4f1d11"'
_EXPORT: Final = {"id": "exp_00000000000000000000000000000001"}  # of the demo another each time
_RELATION_LOOKED_AT: Final = {"relation": "rel_4G04NJKW8P033NPZ6FXCS4EHJT", "from": "2026-11-01T00:00:00Z"}

EXAMPLES: Final[Mapping[str, Mapping[str, Example]]] = {
    "lookupRelation": {
        "case": Example("The permits desk, by case number (zaaknummer)", BY_PERMITS, {"case": "permits/V-2026-00001"}),
        "number": Example(
            "The contact centre, by official number (here a KVK-nummer)",
            _BY_CONTACT_CENTRE,
            {"identifier": {"scheme": "kvk", "value": "99420756"}},
        ),
        "record": Example(
            "Enforcement, by its own number of the party", _BY_ENFORCEMENT, {"record": {"source": "enforcement", "key": "P-00001"}}
        ),
    },
    "searchRelations": {
        "facts": Example(
            "The contact centre, by name and date of birth", _BY_CONTACT_CENTRE, {"name": "Van den Berg", "birthDate": "1980-02-17"}
        )
    },
    "lookupRelations": {
        "list": Example(
            "The contact centre, for a list screen: one that it finds and one that is not there",
            _BY_CONTACT_CENTRE,
            {"references": [{"case": "permits/V-2026-00001"}, {"relation": "rel_00000000000000000000000000"}]},
        )
    },
    "listRelations": {
        "organisations": Example(
            "The contact centre, organisations with a project",
            _BY_CONTACT_CENTRE | {"kind": "organisation", "capacity": "project", "limit": 2},
        )
    },
    "getRelation": {"permits": Example("The permits desk", BY_PERMITS | _RELATION)},
    "listRelationCases": {"permits": Example("The permits desk", BY_PERMITS | _RELATION)},
    "getRelationTimeline": {"permits": Example("The permits desk", BY_PERMITS | _RELATION)},
    "listRelationSourceRecords": {"permits": Example("The permits desk", BY_PERMITS | _RELATION)},
    "getRelationHistory": {"permits": Example("The permits desk", BY_PERMITS | _RELATION)},
    "searchConsultationLog": {
        "relation": Example(
            "The privacy officer, who looked at a relation lately",
            _BY_PRIVACY_OFFICER | {"limit": 2},
            _RELATION_LOOKED_AT,
            varies=frozenset({"results", "next"}),
        )
    },
    "listRelationConsultations": {
        "portal": Example("The portal for residents", _BY_PORTAL | _RELATION | {"limit": 2}, varies=frozenset({"results", "next"}))
    },
    "listRelationAlerts": {"permits": Example("The permits desk: enforcement has an open case with the applicant", BY_PERMITS | _RELATION)},
    "dismissAlert": {
        "called": Example(
            "The permits desk called its colleague",
            BY_PERMITS | _RELATION | {"alertId": "alr_5CY227NGWX21BW0NDVA5MXZHBP"},
            {"reason": "handled", "text": "Collega van Handhaving gebeld; we gaan samen langs."},
        )
    },
    **OF_OFFICIALS,
    **OF_ENTRIES,
    "makeSubjectRequest": {
        "correction": Example(
            "The portal for residents: an address is wrong",
            _BY_PORTAL | _RELATION,
            {
                "sort": "correction",
                "record": {"source": "permits", "key": "06CK0BCF68N66V8XBNR18WRHGT"},
                "field": "addresses",
                "words": "Ik ben verhuisd; het oude adres staat er nog.",
            },
            varies=_OF_A_REQUEST,
        )
    },
    "listSubjectRequests": {
        "open": Example(
            "The privacy officer", _BY_STEWARD | {"limit": 2}, varies=frozenset({"results", "next"}), after="makeSubjectRequest"
        )
    },
    "getSubjectRequest": {
        "correction": Example("The privacy officer", _BY_STEWARD | _REQUEST, varies=_OF_A_REQUEST, after="makeSubjectRequest")
    },
    "decideSubjectRequest": {
        "granted": Example(
            "The privacy officer, when the source was mended",
            _BY_STEWARD | _REQUEST,
            {"outcome": "granted", "answer": "Het adres is in het bronsysteem verbeterd."},
            varies=_OF_A_REQUEST,
            after="makeSubjectRequest",
        )
    },
    "listCases": {"permits": Example("The permits desk, its newest open case", BY_PERMITS | {"phase": "open", "limit": 1}, varies=_PAGED)},
    "getCase": {"permits": Example("The permits desk", BY_PERMITS | {"source": "permits", "caseId": "V-2026-00001"})},
    "askExport": {"portal": Example("The portal, for the resident who is signed in", _BY_PORTAL | _RELATION | {"Idempotency-Key": _A_KEY})},
    "getExport": {"portal": Example("The portal", _BY_PORTAL | _EXPORT)},
    "getExportContent": {"portal": Example("The portal", _BY_PORTAL | _EXPORT, varies=frozenset({"madeFor", "purposes", "consultations"}))},
    "getExportPage": {"portal": Example("The portal; here the beginning of the page", _BY_PORTAL | _EXPORT)},
    "lookupPlace": {
        "address": Example(
            "The permits desk, by the BAG id of the address of its case", BY_PERMITS | {"limit": 3}, {"bagId": "0355200000252600"}, _PAGED
        )
    },
    "getPlace": {
        "building": Example("The contact centre, a building (pand)", _BY_CONTACT_CENTRE | {"bagId": "0355100000041240", "limit": 1})
    },
    "getProject": {
        "stakeholders": Example(
            "The project office", _BY_PROJECTS | {"source": "projects", "caseId": "PRJ-0001", "limit": 3}, varies=_PAGED
        )
    },
    "listEvents": {"first": Example("The permits desk, from the beginning", asked_for("following-changes") | {"limit": 1}, varies=_PAGED)},
    "streamEvents": {
        "first": Example("The permits desk, for a second; here the first of them", _FOLLOWING | {"Last-Event-ID": OLDEST, "seconds": 1})
    },
    "subscribe": {
        "project": Example("The permits desk, changes of a project", _FOLLOWING, _SUBSCRIPTION, _OF_A_SUBSCRIPTION | {"secret"}),
    },
    "listSubscriptions": {
        "first": Example("The permits desk", _FOLLOWING | {"limit": 1}, None, frozenset({"results", "next"}), "subscribe")
    },
    "getSubscription": {"project": Example("The permits desk", _FOLLOWING | _SUBSCRIBED, None, _OF_A_SUBSCRIPTION, "subscribe")},
    "changeSubscription": {
        "types": Example(
            "The permits desk, of cases only",
            _FOLLOWING | _SUBSCRIBED,
            {"types": ["nl.zaken.zaak-gewijzigd", "nl.zaken.zaak-vervallen"]},
            _OF_A_SUBSCRIPTION,
            "subscribe",
        )
    },
    "endSubscription": {"project": Example("The permits desk", _FOLLOWING | _SUBSCRIBED, None, _OF_A_SUBSCRIPTION, "subscribe")},
    "listDeliveries": {"none": Example("The permits desk, when all goes well", _FOLLOWING | _SUBSCRIBED, after="subscribe")},
    "verifySubscription": {"again": Example("The permits desk", _FOLLOWING | _SUBSCRIBED, None, _OF_A_SUBSCRIPTION, "subscribe")},
    "renewSubscription": {
        "none": Example("The permits desk, of one that does not end", _FOLLOWING | _SUBSCRIBED, None, _OF_A_SUBSCRIPTION, "subscribe")
    },
    "rotateSecret": {"new": Example("The permits desk", _FOLLOWING | _SUBSCRIBED, None, _OF_A_SUBSCRIPTION | {"secret"}, "subscribe")},
    "replaySubscription": {
        "all": Example("The permits desk, all that is kept", _FOLLOWING | _SUBSCRIBED, {"cursor": OLDEST}, _OF_A_SUBSCRIPTION, "subscribe")
    },
    "listSources": {"health": Example("An administrator", _BY_ADMINISTRATOR)},
    "getSource": {"health": Example("An administrator", _BY_ADMINISTRATOR | _SOURCE, varies=frozenset({"lagSeconds", "pull"}))},
    "listQuarantine": {"health": Example("An administrator", _BY_ADMINISTRATOR | _SOURCE)},
    "pullSource": {
        "now": Example(
            "An operator",
            asked_for("source-operation") | _SOURCE,
            {},
            frozenset({"state", "startedAt", "endedAt", "documents", "expected"}),
        )
    },
    "getPull": {"first": Example("An administrator", _BY_ADMINISTRATOR | _SOURCE | {"id": "permits-1"})},
}
ANSWERS_FILE: Final = Path(__file__).with_suffix(".json")


def answers() -> dict[str, dict[str, Any]]:
    """What the demo answers to each, by operation and example."""
    read: dict[str, dict[str, Any]] = orjson.loads(ANSWERS_FILE.read_bytes())
    return read


def add_examples(operation: dict[str, Any], shared: Mapping[str, dict[str, Any]], answered: Mapping[str, Any]) -> None:
    """Puts the examples of an operation at its parameters, its body and its answer, each under the same name there.

    `shared` has the parameters that the operation refers to, `answered` the answers to its examples.
    """
    named = {name: _with_key(operation["operationId"], name, one) for name, one in EXAMPLES.get(operation["operationId"], {}).items()}
    operation["parameters"] = [_with_values(parameter, shared, named) for parameter in operation["parameters"]]
    if "requestBody" in operation:
        bodies = {name: {"summary": example.summary, "value": example.body} for name, example in named.items()}
        operation["requestBody"]["content"]["application/json"]["examples"] = bodies
    success = operation["responses"][min(operation["responses"])]
    [content] = success["content"].values()
    content["examples"] = {name: {"summary": example.summary, "value": answered.get(name)} for name, example in named.items()}


def _with_key(operation: str, name: str, example: Example) -> Example:
    """With an Idempotency-Key of its own: the same one for two requests is refused."""
    key = f'"{uuid.uuid5(uuid.NAMESPACE_URL, f"{operation}/{name}")}"'
    return replace(example, values={"Idempotency-Key": key, **example.values})


def _with_values(parameter: dict[str, Any], shared: Mapping[str, dict[str, Any]], named: Mapping[str, Example]) -> dict[str, Any]:
    """The reference stays one where the shared parameter has the right example already."""
    whole = shared[parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
    values = {name: example.values[whole["name"]] for name, example in named.items() if whole["name"] in example.values}
    if set(values.values()) <= {whole.get("example")}:
        return parameter
    return {key: value for key, value in whole.items() if key != "example"} | {
        "examples": {name: {"value": value} for name, value in values.items()}
    }
