"""The OpenAPI document: made from the routes, then completed with what is the same for all of them."""

from typing import Any, Final

from fastapi.openapi.utils import get_openapi

from relhub.api import (
    API_VERSION,
    alerts,
    cases,
    consultation_log,
    entries,
    events,
    examples,
    exports,
    managers,
    places,
    projects,
    relation_parts,
    relations,
    sources,
    subject_requests,
    subscriptions,
)
from relhub.api.document_parts import HEADERS, PARAMETERS, PROBLEMS, header_refs, problem_response, problem_schemas

_DESCRIPTION: Final = """\
One consolidated, explainable, purpose-bound record per relation: everything that the municipality's systems know about a citizen \
or a company (relatie), from one question.

**Asking.** Every request names its application (an access token or an API key, as bearer), its processing activity (verwerking, `X-Processing-Activity`), \
the official on whose behalf it asks (`X-Official`) and, where the activity's access rule wants one, the occasion (aanleiding, \
`X-Occasion`: the case that is being worked on). What may be seen follows from these, per capacity at a level: none, referral, \
existence, summary or full. Every consultation (raadpleging) is logged before its answer leaves.

**Finding.** `POST /relations/_lookup` goes from a case number to the view in one call. Nothing about anyone is ever in a URL.

**Asking again.** The views of a relation, its parts, a case, a place and a project carry an `ETag`; send it back in `If-None-Match` and you get 304 as long as \
the answer says the same. The tag is weak: the times at which sources were last read (`asOf`) do not count, as they move at every pull, \
also when nothing was said. What you kept was then still so at the moment of the 304. A 304 is a consultation like any other, \
and is logged. No cache on the way may keep an answer (`no-store`); your application may, for as long as its purpose lasts.

**Wrong.** Every error is a problem (RFC 9457, `application/problem+json`). With 400 `errors` lists everything that is wrong, \
never what was sent. What may not be seen and what is not there are answered alike.

**Examples.** Each was answered by the demo (`make run`), which answers the same on every machine, but for the times and the ids of exports. Left out are \
postal codes, and all but the first of the `properties` of a case.

**Language.** Names are English, by the glossary of relhub; each field has its Dutch title. All times are in UTC.
"""
_CONTACT: Final = {"name": "relhub", "email": "relhub@voorbeeld.example", "url": "https://voorbeeld.example/relhub"}
_LICENSE: Final = {"name": "EUPL-1.2", "identifier": "EUPL-1.2"}
_SERVERS: Final = [{"url": "https://relhub.voorbeeld.example/v1", "description": "An example: every organisation has its own"}]
_TAGS: Final = [
    {"name": "relations", "description": "Citizens and companies (relaties) as one record each."},
    {"name": "cases", "description": "Cases (zaken) and other matters, by themselves."},
    {"name": "places", "description": "Addresses and objects (plekken), and what goes on there."},
    {"name": "projects", "description": "Projects (projecten) with those who have a part in them."},
    {"name": "entries", "description": "What officials record here: contact moments, questions and tasks, commitments (vastleggingen)."},
    {"name": "subject-requests", "description": "What the one it is about asks about their own data (verzoeken van betrokkenen)."},
    {"name": "consultation-log", "description": "Who looked at whom, and why (raadplegingenlogboek)."},
    {"name": "exports", "description": "All that is held of a relation, for the one it is about (inzage-export)."},
    {"name": "events", "description": "What changed (gebeurtenissen)."},
    {"name": "subscriptions", "description": "Being told of changes at an address of one's own (abonnementen)."},
    {"name": "sources", "description": "The systems (bronnen) from which it comes."},
]


_SECURITY: Final = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": (
            "An access token (NL GOV profile for OAuth 2.0) of an issuer that the organisation configured: of the application, or of the "
            "official who works with it."
        ),
    },
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (`relhub_…`) of an application that has no OAuth 2.0. Never of a person.",
    },
}


def openapi_document() -> dict[str, Any]:
    """The whole document. Needs no database and no settings."""
    document = get_openapi(
        title="relhub",
        version=API_VERSION,
        summary="What the municipality knows of a relation, as one record",
        description=_DESCRIPTION,
        routes=[
            *relations.router.routes,
            *relation_parts.router.routes,
            *managers.router.routes,
            *entries.router.routes,
            *alerts.router.routes,
            *subject_requests.router.routes,
            *consultation_log.router.routes,
            *cases.router.routes,
            *places.router.routes,
            *projects.router.routes,
            *events.router.routes,
            *subscriptions.router.routes,
            *exports.router.routes,
            *sources.router.routes,
        ],
        tags=_TAGS,
        servers=_SERVERS,
        license_info=_LICENSE,
        separate_input_output_schemas=False,
    )
    document["paths"] = {path.removeprefix("/v1"): item for path, item in document["paths"].items()}  # it is in the server's address
    document["info"]["contact"] = _CONTACT  # here: FastAPI complains of a missing e-mail validator when it is given one
    components = document["components"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["schemas"]["WrongInput"], components["schemas"]["Problem"] = problem_schemas()
    components |= {
        "headers": HEADERS,
        "parameters": PARAMETERS,
        "responses": {name: problem_response(a) for name, a in PROBLEMS.items()},
    }
    components["securitySchemes"] = _SECURITY
    document["security"] = [{name: []} for name in _SECURITY]
    answers = examples.answers()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
            examples.add_examples(operation, PARAMETERS, answers.get(operation["operationId"], {}))
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Parameters and answers that are the same everywhere."""
    operation["parameters"] = [{"$ref": f"#/components/parameters/{name}"} for name in _parameters_of(path, method)] + operation.get(
        "parameters", []
    )
    for parameter in operation["parameters"]:
        _without_null(parameter.get("schema", {}))
    answers = operation["responses"]
    answers.pop("422", None)
    well = min(answers)
    tag = ["ETag"] if _is_tagged(path, method) else []
    answers[well] |= {"description": "The answer", "headers": header_refs("API-Version", "X-Trace-Id", *tag)}
    if well in ("201", "202"):
        answers[well] |= {
            "description": "Asked for" if well == "202" else "Made",
            "headers": header_refs("API-Version", "X-Trace-Id", "Location"),
        }
    if method != "get" and (well == "201" or path.endswith("/steps") or path.startswith(_SUBSCRIPTIONS)):
        answers[well]["headers"] |= header_refs("ETag") if "subject-requests" not in path else {}
    if tag:
        answers["304"] = {"description": "What you have still says the same.", "headers": header_refs("API-Version", "X-Trace-Id", *tag)}
    if path.startswith("/relations/{id}") and method == "get":
        answers["308"] = {
            "description": "The relation was merged with another; ask there, once and from now on.",
            "headers": header_refs("API-Version", "X-Trace-Id", "Location"),
        }
    for name in _problems_of(path, method):
        answers[str(PROBLEMS[name].status)] = {"$ref": f"#/components/responses/{name}"}
    operation["responses"] = dict(sorted(answers.items()))


# A portal asks in its own name.
_FOR_THE_SUBJECT: Final = ("/relations/{id}/consultation-log", "/relations/{id}/subject-requests", "/relations/{id}/exports", "/exports/")
_WRITES: Final = (
    "/pulls",
    "/subject-requests",
    "/decisions",
    "/exports",
    "/contact-moments",
    "/tasks",
    "/commitments",
    "/steps",
    "/_dismiss",
    "/managers",
)
_SUBSCRIPTIONS: Final = "/subscriptions"
_ENTRIES_BY_ID: Final = ("/contact-moments/{", "/tasks/{", "/commitments/{")
_OF_ENTRIES: Final = ("/contact-moments", "/tasks", "/commitments")


def _without_null(schema: dict[str, Any]) -> None:
    """A parameter is given or not; null can't be sent."""
    if "anyOf" in schema:
        schema |= schema.pop("anyOf")[0]


def _parameters_of(path: str, method: str) -> list[str]:
    own = ["CacheControl"] if path in ("/relations/_lookup", "/relations/{id}") else []
    own += ["LastEventId"] if path == "/events/stream" else []
    own += ["IfNoneMatch"] if _is_tagged(path, method) else []
    own += ["IfMatch"] if path.endswith("/steps") or method in ("patch", "delete") else []
    own += ["IdempotencyKey"] if method == "post" and (path.endswith(_WRITES) or path.startswith(_SUBSCRIPTIONS)) else []
    own += [] if path.startswith(_FOR_THE_SUBJECT) else ["Official"]
    return ["ProcessingActivity", "Occasion", "TraceParent", *own]


def _is_tagged(path: str, method: str) -> bool:
    """Not the log: every look at it adds to it. Nor an export, which stays as it was made."""
    if method != "get" or path.startswith(_FOR_THE_SUBJECT):
        return False
    return path.startswith(("/relations/{", "/cases/{", "/places/{", "/projects/{", *_ENTRIES_BY_ID)) or path == f"{_SUBSCRIPTIONS}/{{id}}"


def _problems_of(path: str, method: str) -> list[str]:
    names = ["InvalidInput", "NotAuthenticated", "NotAllowed", "NotAcceptable", "TooManyRequests", "Unexpected", "Unavailable"]
    if path == "/relations/_lookup":
        names.append("Ambiguous")
    if path.startswith("/sources"):
        names += ["NotFound"] if "{name}" in path else []
        names += ["KeyReused"] if method == "post" else []
    elif path.startswith(_SUBSCRIPTIONS):
        names += ["NotFound"] if "{id}" in path else []
        names += ["Conflict"] if method in ("post", "patch") else []
        names += ["Changed"] if method in ("patch", "delete") else []
    elif path.startswith(_OF_ENTRIES):
        names += ["NotFound"] if "{id}" in path else []
        names += ["Conflict"] if method == "post" else []
        names += ["Changed"] if path.endswith("/steps") else []
    elif path.endswith((*_OF_ENTRIES, "/managers", "/managers/{managerId}/steps")):
        names += ["NotFound", "SourceRefused"]
        names += ["Conflict"] if method == "post" else []
        names += ["Changed"] if path.endswith("/steps") else []
    elif "subject-requests" in path:
        names += ["NotFound"] if "{id}" in path else []
        names += ["Conflict"] if method == "post" else []
    elif not path.startswith("/events"):
        names.append("SourceRefused")
        names += ["NotFound"] if ("{" in path or path == "/relations/_lookup") and not path.startswith("/places") else []
        names += ["KeyReused"] if path.endswith(("/exports", "/_dismiss")) else []
        names += ["Expired"] if path.startswith("/exports/{id}/") else []
    return [*names, "TooLarge", "UnsupportedMediaType"] if method in ("post", "patch") else names
