"""What the operations of the OpenAPI document share: problems, headers, and the parameters that are headers."""

from dataclasses import replace
from typing import Any, Final

from relhub.api import API_VERSION, examples
from relhub.api.answers import Problem
from relhub.api.errors import (
    ANSWERS,
    INVALID,
    NOT_ACCEPTABLE,
    PROBLEM_JSON,
    TOO_LARGE,
    TOO_MANY_REQUESTS,
    UNEXPECTED,
    UNSUPPORTED_MEDIA_TYPE,
    Answer,
)
from relhub.api.example import BY_PERMITS
from relhub.api.gate import ACTIVITY, IDEMPOTENCY_KEY, OCCASION
from relhub.domain.tokens import OFFICIAL
from relhub.errors import (
    AmbiguousIdentifier,
    ChangedMeanwhile,
    DatabaseUnusable,
    ExportExpired,
    KeyReused,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    SourceRefused,
    WrongState,
)

PROBLEMS: Final[dict[str, Answer]] = {
    "InvalidInput": INVALID,
    "NotAuthenticated": ANSWERS[NotAuthenticated],
    "NotAllowed": replace(
        ANSWERS[NotAllowed], title="This is not allowed, or (`restricted`) whoever it is about asked that their data is not used"
    ),
    "NotFound": ANSWERS[NotFound],
    "NotAcceptable": NOT_ACCEPTABLE,
    "Ambiguous": ANSWERS[AmbiguousIdentifier],
    "KeyReused": ANSWERS[KeyReused],
    "Expired": ANSWERS[ExportExpired],
    "Changed": ANSWERS[ChangedMeanwhile],
    "Conflict": replace(ANSWERS[WrongState], title="The Idempotency-Key was used for another request, or this can't follow"),
    "TooLarge": TOO_LARGE,
    "TooManyRequests": TOO_MANY_REQUESTS,
    "UnsupportedMediaType": UNSUPPORTED_MEDIA_TYPE,
    "Unexpected": UNEXPECTED,
    "SourceRefused": ANSWERS[SourceRefused],
    "Unavailable": ANSWERS[DatabaseUnusable],
}


def problem_response(answer: Answer) -> dict[str, Any]:
    """A problem as an answer of an operation."""
    names = ["API-Version", "X-Trace-Id", *(answer.headers or {})]
    content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": answer.title, "headers": header_refs(*names), "content": content}


def problem_schemas() -> tuple[dict[str, Any], dict[str, Any]]:
    """The schemas of WrongInput and Problem."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return schema.pop("$defs")["WrongInput"], schema


def header_refs(*names: str) -> dict[str, Any]:
    """References to these headers of answers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header(description: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", **schema}}


HEADERS: Final[dict[str, Any]] = {
    "API-Version": _header("The full version of this API.", examples=[API_VERSION]),
    "X-Trace-Id": _header("The trace of this request (W3C Trace Context): yours when you sent one.", pattern="^[0-9a-f]{32}$"),
    "Location": _header("Where to ask from now on.", format="uri-reference"),
    "ETag": _header(
        "What this answer has in common with one that says the same. Weak where the times in it do not count; strong where a change names it.",
        pattern='^(W/)?"[0-9A-Za-z_-]+"$',
    ),
    "WWW-Authenticate": _header("How to authenticate."),
    "Retry-After": _header("After how many seconds asking again makes sense.", pattern="^[0-9]+$"),
}


def _parameter(name: str, title: str, description: str, example: str, *, required: bool = False, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "title": title, "pattern": f"^{pattern}$"}
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema, "example": example}


PARAMETERS: Final[dict[str, Any]] = {
    "ProcessingActivity": _parameter(
        "X-Processing-Activity",
        "Verwerking",
        "The processing activity (verwerkingsactiviteit) that this question is for; one that was agreed for your application.",
        BY_PERMITS["X-Processing-Activity"],
        required=True,
        pattern=ACTIVITY,
    ),
    "Occasion": _parameter(
        "X-Occasion",
        "Aanleiding",
        (
            "What you are working on: `case:{source}/{case number}`, `none`, or `break-glass:` with the reason in words (at least 20 "
            "characters; percent-encoded, as UTF-8, where not ASCII). Verified: what a case must be (open, with your department, involving "
            "the relation) stands in the access rule of the activity, and in the refusal. Of break-glass (noodtoegang) the privacy officer is told."
        ),
        BY_PERMITS["X-Occasion"],
        pattern=OCCASION,
    ),
    "Official": _parameter(
        "X-Official",
        "Medewerker",
        (
            "The account of the official on whose behalf is asked. Required of applications that officials work with; refused"
            " from others, which ask in their own name. An official's own access token names them: then leave it out."
        ),
        BY_PERMITS["X-Official"],
        pattern=OFFICIAL,
    ),
    "TraceParent": _parameter(
        "traceparent",
        "Trace",
        "Your trace (W3C Trace Context). One that can't be read is replaced by a new one.",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        pattern=".*",
    ),
    "IdempotencyKey": _parameter(
        "Idempotency-Key",
        "Herhaalsleutel",
        (
            "A random text of your own, such as a UUID, that names this one request (draft-ietf-httpapi-idempotency-key-header). Sent again "
            "with the same key within a day, the same request gets the same answer; another request is refused with 409."
        ),
        '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
        pattern=IDEMPOTENCY_KEY,
    ),
    "IfMatch": _parameter(
        "If-Match",
        "Gezien",
        "The `ETag` of what you saw, or `*` for whatever there is now. When it was changed meanwhile 412, with what it says now.",
        "*",
        required=True,
        pattern='(\\*|(W/)?"[^"]*")',
    ),
    "IfNoneMatch": _parameter(
        "If-None-Match",
        "Al bekend antwoord",
        "The `ETag` of the answer that you have: 304 when it still says the same.",
        'W/"6BZKGQH435MB3XA66EKA6TGGC5"',
        pattern=".*",
    ),
    "LastEventId": _parameter(
        "Last-Event-ID",
        "Laatste gebeurtenis",
        "The last `id` that you were given, or `next` of `GET /events`: what came after it is told. Clients send it by themselves when they connect again.",
        examples.OLDEST,
        pattern="[A-Za-z0-9._~=-]{1,500}",
    ),
    "CacheControl": _parameter(
        "Cache-Control",
        "Hoogste leeftijd",
        (
            "`max-age=<seconds>`: copies that are older are fetched from their sources first. A source that does not answer "
            "is named in the view, which is given anyway."
        ),
        "max-age=60",
        pattern=".*",
    ),
}
