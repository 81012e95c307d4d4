"""Being done with an alert: the department is not told again, until a day or for good, unless its causes change."""

from dataclasses import astuple, dataclass
from datetime import date

import orjson

from relhub import metrics
from relhub.domain.access import Refusal
from relhub.domain.alerts import DismissReason
from relhub.domain.dates import AMSTERDAM
from relhub.domain.occasions import names_by_number
from relhub.errors import InvalidInput, NotFound, Problem
from relhub.services.admit import Admitted, admit, not_found, refuse
from relhub.services.answer_once import write_once
from relhub.services.asked import Asked
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.look import look_to_write
from relhub.services.show_alerts import told_to
from relhub.storage.alerts import Dismissal, keep_dismissal
from relhub.storage.alerts_seen import alerts_of_writer
from relhub.storage.database import Store

_NO_ALERT = "There is no such alert now, or none that your application may see."
_PAST = Problem("body until", "is past")
_NO_NUMBER = Problem("body text", "must not hold a citizen service number (BSN): whom it is about is known already")
_MAY_NOT = Refusal(
    "This processing activity may record nothing, so it may not say that an alert is done with; name one of which the access rule has records."
)


@dataclass(frozen=True, slots=True)
class DismissForm:
    """Why, and until which day (None: for good)."""

    reason: DismissReason
    text: str
    until: date | None = None


async def dismiss_alert(hub: Hub, asked: Asked, relation_id: str, alert: str, form: DismissForm, key: str) -> bytes:
    """What was noted. Raises NotAllowed, NotFound, Restricted, InvalidInput, KeyReused."""
    admitted = await admit(hub, asked, "dismiss-alert", (form.reason,))
    if not admitted.profile.activity.records:
        await refuse(hub, admitted.look, _MAY_NOT)
    problems = [_NO_NUMBER] if names_by_number(form.text) else []
    if form.until and form.until < admitted.look.at.astimezone(AMSTERDAM).date():
        problems.append(_PAST)
    if problems:
        raise InvalidInput(*problems)
    present = await look_to_write(hub, admitted, relation_id)
    try:
        return await write_once(
            hub,
            admitted,
            key,
            ("dismiss", relation_id, alert, orjson.dumps(astuple(form), default=str).decode()),
            lambda store: _dismiss(store, hub, admitted, present, alert, form),
            outcome="dismissed",
            relation_ids=[present],
            records=lambda _: [f"alert/{alert}"],
        )
    except NotFound:
        await not_found(hub, admitted.look, _NO_ALERT)


async def _dismiss(store: Store, hub: Hub, admitted: Admitted, relation_id: str, wanted: str, form: DismissForm) -> bytes:
    look = admitted.look
    seen = await alerts_of_writer(store.driver, relation_id, admitted.profile, admitted.occasion_case, look)
    alerts, _ = told_to(hub, admitted, seen)
    alert = next((one for one in alerts if one.id == wanted), None)
    if alert is None:
        raise NotFound(_NO_ALERT)
    who = (look.organisation, look.department, look.official)
    marks = sorted(alert.marks)
    await keep_dismissal(store, Dismissal(relation_id, alert.rule, alert.topic, marks, *who, form.reason, form.text, form.until, look.at))
    metrics.alerts_dismissed.labels(alert.rule, form.reason).inc()
    said: dict[str, str | None] = {
        "alert": wanted,
        "rule": alert.rule,
        "department": look.department,
        "official": look.official,
        "at": at_utc(look.at),
    }
    said |= {"reason": form.reason, "text": form.text, "until": form.until.isoformat() if form.until else None}
    return orjson.dumps({name: value for name, value in said.items() if value})
