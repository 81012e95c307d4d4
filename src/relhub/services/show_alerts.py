"""The alerts of one relation: what to know before picking up the phone, with why it is told and by which records."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson

from relhub import metrics
from relhub.domain.alerts import SAYS, WHY, Alert, Seen
from relhub.domain.compartments import Level
from relhub.domain.dates import AMSTERDAM
from relhub.services.admit import Admitted, admit
from relhub.services.asked import Asked, View
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.look import look
from relhub.storage.alerts import Dismissal
from relhub.storage.alerts_seen import SeenAlerts, listed_alerts

_PLACES = {"con": "contact-moments", "tsk": "tasks", "com": "commitments"}


async def show_alerts(hub: Hub, asked: Asked, relation_id: str, base: str) -> View:
    """All that hold now. `base`: the address of the API. Raises NotAllowed, NotFound, Restricted."""
    admitted = await admit(hub, asked, "alerts", verified_with_the_look=True)
    found = await look(
        hub, admitted, lambda driver: listed_alerts(driver, relation_id, admitted.profile, admitted.occasion_case, admitted.look)
    )
    alerts = alert_items(hub, admitted, found.alerts, base=base)
    body = orjson.dumps({"results": alerts, "next": None})
    return View(found.relation_id, body, hub.sealer.tag(body))


def told_to(hub: Hub, admitted: Admitted, seen: SeenAlerts) -> tuple[list[Alert], bool]:
    """The alerts that hold now for who asks, and whether there are more behind a referral."""
    at = admitted.look.at
    return seen.told(hub.alerts.rules, admitted.look.organisation, at, at.astimezone(AMSTERDAM).date())


def alert_items(hub: Hub, admitted: Admitted, seen: SeenAlerts, *, base: str = "") -> list[dict[str, Any]]:
    """As answers show them; with `base` why each is told, and where its causes are."""
    if not seen.causes:
        return []
    alerts, referral = told_to(hub, admitted, seen)
    for rule, number in Counter(alert.rule for alert in alerts).items():
        metrics.alerts_shown.labels(rule).inc(number)
    items = [_item(alert, base) for alert in alerts]
    if referral:
        items.append({"level": "referral", "via": "coordinator", "ask": admitted.profile.coordinator})
    return items


def exported_alerts(hub: Hub, admitted: Admitted, seen: SeenAlerts, dismissals: Sequence[Dismissal]) -> list[dict[str, Any]]:
    """For the one it is about: also those that a department has done with, with what it said of that; without officials."""
    alerts, _ = told_to(hub, admitted, SeenAlerts(seen.causes))
    found = []
    for alert in alerts:
        done = [one for one in dismissals if (one.rule, one.topic) == (alert.rule, alert.topic) and alert.marks.issuperset(one.marks)]
        found.append(_item(alert, "") | {"dismissals": [_dismissed(one) for one in done]})
    return found


def _dismissed(one: Dismissal) -> dict[str, Any]:
    said = {"department": one.department, "at": at_utc(one.at), "reason": one.reason, "text": one.text}
    return said | ({"until": one.until.isoformat()} if one.until else {})


def _item(alert: Alert, base: str) -> dict[str, Any]:
    """At `existence` of any cause without its days: they would tell what is not shown of that."""
    item: dict[str, Any] = {"level": alert.level.name, "id": alert.id, "rule": alert.rule, "says": SAYS[alert.rule]}
    if alert.rule == "register-says":
        item["about"] = alert.topic
    if alert.level >= Level.summary:
        if alert.begins:
            item["from"] = _moment(alert.begins)
        if alert.ends:
            item["until"] = _moment(alert.ends)
    if base:
        item["why"] = WHY[alert.rule]
    item["causes"] = _causes(alert.causes, base)
    return item


def _moment(at: datetime) -> str:
    return f"{at.isoformat()[:19]}Z"  # the database speaks UTC


def _causes(seen: Sequence[Seen], base: str) -> list[dict[str, str]]:
    """Each record once, though it may take part in more than one way; of those at `existence` each department once."""
    shown = {(one.level, one.ref if one.level >= Level.summary else one.cause.department, one.capacity): one for one in seen}
    return [_cause(one, base) for one in shown.values()]


def _cause(seen: Seen, base: str) -> dict[str, str]:
    cause = seen.cause
    part = {"level": seen.level.name, "capacity": seen.capacity, "department": cause.department}
    if seen.level >= Level.summary:
        if cause.sort in ("party", "address"):
            part["source"] = seen.ref
        elif cause.sort == "entry":
            part["entry"] = seen.ref
            part["href"] = f"{base}/{_PLACES[seen.ref[:3]]}/{seen.ref}" if base else ""
        else:
            part["case"] = seen.ref
            source, _, case_id = seen.ref.partition("/")
            part["href"] = f"{base}/cases/{source}/{quote(case_id, safe='')}" if base else ""
    return {key: value for key, value in part.items() if value}
