"""Whether alerts are of use: what a department recorded about a relation after it was told something. Counted by rule, without ids."""

from datetime import timedelta

from relhub import metrics
from relhub.domain.entries import Sort
from relhub.services.admit import Admitted
from relhub.services.hub import Hub
from relhub.services.show_alerts import told_to
from relhub.storage.alerts import looked_lately
from relhub.storage.alerts_seen import alerts_of_writer
from relhub.storage.database import Store

_FOLLOWS = timedelta(days=7)


async def count_followed(store: Store, hub: Hub, admitted: Admitted, relation_id: str, sort: Sort) -> None:
    """Of the alerts that this department sees now: that something was recorded, when it looked at them within the last week."""
    if not hub.alerts.rules.rules:
        return
    look = admitted.look
    seen = await alerts_of_writer(store.driver, relation_id, admitted.profile, admitted.occasion_case, look)
    alerts, _ = told_to(hub, admitted, seen)
    if alerts and await looked_lately(store.driver, relation_id, (look.organisation, look.department), look.at - _FOLLOWS):
        for rule in {alert.rule for alert in alerts}:
            metrics.alerts_followed.labels(rule, sort).inc()
