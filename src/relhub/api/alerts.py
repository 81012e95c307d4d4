"""/relations/{id}/alerts: what to know before picking up the phone, and being done with it."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from relhub.api.answer_alerts import ALERT_ID, REASONS, AlertDismissed, AlertResults, Reason
from relhub.api.entry_questions import Day, Text
from relhub.api.gate import Gated, Route
from relhub.api.parameters import idempotency_key
from relhub.api.questions import Strict
from relhub.api.relations import RelationId, relation_answer
from relhub.services.dismiss_alert import DismissForm, dismiss_alert
from relhub.services.show_alerts import show_alerts

router = APIRouter(prefix="/v1/relations/{id}/alerts", route_class=Route, tags=["relations"])
AlertId = Annotated[
    str, Path(alias="alertId", title="Attendering", description="The id of an alert.", json_schema_extra={"pattern": ALERT_ID})
]


class DismissBody(Strict):
    """That your department has done with an alert (afhandelen), why, and until when."""

    reason: Reason = Field(title="Reden", description=REASONS)
    text: Text = Field(title="Toelichting", description="The reason in words.", examples=["Collega van Handhaving gebeld; gaan samen."])
    until: Day = Field(default="", title="Tot en met", description="The last day on which it is not told; without it for good.")

    def form(self) -> DismissForm:
        return DismissForm(self.reason, self.text, date.fromisoformat(self.until) if self.until else None)


@router.get(
    "",
    operation_id="listRelationAlerts",
    response_model=AlertResults,
    summary="What to know before picking up the phone",
    description=(
        "The alerts (attenderingen) that hold now: by which rule, why that rule is there, and by which records. About work that is to be done, never a "
        "score or a judgement of anybody. Told from the records that your application may see and from no others; what is behind a "
        "referral is only said to be there. What your department dismissed is left out until its causes change."
    ),
)
async def get_alerts(request: Request, gated: Gated, relation_id: RelationId) -> Response:
    base = f"{request.scope.get('root_path', '')}/v1"
    return relation_answer(request, await show_alerts(gated.hub, gated.asked(), relation_id, base), relation_id, "/alerts")


@router.post(
    "/{alertId}/_dismiss",
    operation_id="dismissAlert",
    response_model=AlertDismissed,
    summary="Your department has done with an alert",
    description=(
        "From then on your department is not told (afhandelen), until a day or for good; others are. It comes back when it has another cause than it had. "
        "Under a processing activity that may record; why is counted per rule, to learn which rules are of use."
    ),
)
async def post_dismissal(request: Request, gated: Gated, relation_id: RelationId, alert_id: AlertId, body: DismissBody) -> Response:
    answer = await dismiss_alert(gated.hub, gated.asked(), relation_id, alert_id, body.form(), idempotency_key(request))
    return Response(answer, media_type="application/json")
