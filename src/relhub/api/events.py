"""/events: what changed, for who asks again and again, and over a connection that stays open."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from relhub.api.answer_events import Events
from relhub.api.gate import Gated, Route, let_in_again
from relhub.api.parameters import event_query
from relhub.errors import InvalidInput, Problem
from relhub.services.asked import EventQuery
from relhub.services.list_events import list_events
from relhub.services.stream_events import EventStream

router = APIRouter(prefix="/v1/events", route_class=Route, tags=["events"])


@router.get(
    "",
    operation_id="listEvents",
    response_model=Events,
    summary="What changed",
    description=(
        "For an application that keeps something of its own up to date: that relations and cases changed (gebeurtenissen), as CloudEvents in the "
        "NL GOV profile, and where to ask what they are now. Keep `next`, and ask with it again; nothing is skipped, also when a slower "
        "transaction commits later, and an event may come twice. After the store was restored from a backup an old cursor may be refused with "
        "400: start again without it. Only changes of records that your processing activity may see are told: of a relation from level "
        "`existence` on, of a case from `summary` on. Following changes is a right of its own, as it shows ids of many relations without an occasion: the access rule says `follow = true`, and `X-Occasion` is left out. Every question is logged with the "
        "relations that it named."
    ),
)
async def get_events(request: Request, gated: Gated, query: Annotated[EventQuery, Depends(event_query)]) -> Response:
    base = f"{request.scope.get('root_path', '')}/v1"
    return Response(await list_events(gated.hub, gated.asked(), query, base), media_type="application/json")


class EventStreamResponse(StreamingResponse):
    """Server-Sent Events (WHATWG HTML, section 9.2)."""

    media_type = "text/event-stream"


class _Following(EventStreamResponse):
    """What a connection is told; however it ends, also before anything was sent, it makes room for another."""

    def __init__(self, stream: EventStream) -> None:
        super().__init__(stream.messages(), headers={"X-Accel-Buffering": "no"})
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._stream.close()


_LAST = re.compile(r"[A-Za-z0-9._~=-]{1,500}")
_WRONG_LAST = Problem("header Last-Event-ID", "is not one that this stream gave; start again without it")


async def _stream_query(
    request: Request,
    start: Annotated[
        Literal["oldest", "now"],
        Query(title="Begin", description="Where to begin without `Last-Event-ID`: with the oldest event that is kept, or now."),
    ] = "now",
) -> EventQuery:
    """From where on: `Last-Event-ID`, which clients send by themselves when they connect again."""
    sent = request.headers.getlist("last-event-id")
    if len(sent) > 1 or (sent and sent[0] and not _LAST.fullmatch(sent[0])):
        raise InvalidInput(_WRONG_LAST)
    return EventQuery(sent[0] if sent else "", 100, start)


@router.get(
    "/stream",
    operation_id="streamEvents",
    response_class=EventStreamResponse,
    summary="What changes, as it does",
    description=(
        "The same events over a connection that stays open, as Server-Sent Events: `event` is the type, `data` the CloudEvent, `id` the place to go on "
        "from, which also `GET /events` takes as `cursor`. Connect again with the last `id` as `Last-Event-ID`; an event may come twice. Every fifteen seconds "
        "there is a sign of life. What may be told is decided each time: what you may no longer see you are no longer told, and when you may not "
        "follow any more, or your token or key ends, so does the answer. It also ends after `seconds`, and when relhub is restarted. Five at once per application and process. "
        "Each telling is logged."
    ),
)
async def get_stream(
    request: Request,
    gated: Gated,
    query: Annotated[EventQuery, Depends(_stream_query)],
    seconds: Annotated[
        int, Query(ge=1, le=3600, title="Seconden", description="After so many the answer ends; connect again then.")
    ] = 3600,
) -> Response:
    base = f"{request.scope.get('root_path', '')}/v1"
    stream = EventStream(gated.hub, gated.asked(), base, let_in_again(request), seconds)
    await stream.open(query)
    return _Following(stream)
