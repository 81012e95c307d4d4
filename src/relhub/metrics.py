"""What is counted and measured, for Prometheus. Labels are names of routes, sources and outcomes: never an id, a number or a consumer."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram, Info

from relhub import __version__

_requests = Histogram("relhub_request_seconds", "Requests, and how long their answers took.", ["method", "route", "status"])
_consultations = Counter("relhub_consultations", "Consultations by how they ended, refusals included.", ["operation", "outcome"])

notices = Counter("relhub_notices", "Questions that the privacy officer is told of: break-glass, searching beyond the budget.", ["kind"])
authentications_refused = Counter("relhub_authentications_refused", "Requests whose token was not accepted, by why.", ["reason"])
rate_limited = Counter(
    "relhub_rate_limited", "Requests answered with 429: a consumer asked too often, or an address failed too often.", ["limit"]
)
issuer_refreshes = Counter(
    "relhub_issuer_refreshes", "Questions for the keys of an issuer of tokens, by how they ended.", ["issuer", "outcome"]
)
issuer_failing = Gauge("relhub_issuer_failing", "1 when an issuer of tokens did not give its keys when it was last asked.", ["issuer"])
file_refused = Gauge("relhub_configuration_refused", "1 when a configuration file changed into one that can't be used.", ["file"])

_pulls = Counter(
    "relhub_pulls", "Pulls that this process ended: done, failed, or stopped for another process to go on with.", ["source", "outcome"]
)
_pull_seconds = Histogram(
    "relhub_pull_seconds", "How long this process was at a pull.", ["source"], buckets=(1, 5, 15, 60, 300, 900, 3600, 14400)
)
_documents = Counter("relhub_pull_documents", "Documents that sources sent, by whether they had changed.", ["source", "changed"])

exports = Counter("relhub_exports", "Exports for the one it is about that this process ended: done, failed.", ["outcome"])

alerts_shown = Counter("relhub_alerts_shown", "Alerts that were shown, by rule.", ["rule"])
alerts_followed = Counter(
    "relhub_alerts_followed",
    "What a department recorded about a relation within a week of seeing an alert about it that still holds, by rule and sort.",
    ["rule", "sort"],
)
alerts_dismissed = Counter("relhub_alerts_dismissed", "Alerts that a department has done with, by rule and why.", ["rule", "reason"])
alerts_past = Counter("relhub_alert_causes_past", "Causes of alerts of which the time passed, by rule.", ["rule"])
deliveries = Counter(
    "relhub_deliveries", "Events that subscribers were told: told, failed (to be tried again), held (not any more).", ["outcome"]
)
delivery_lag = Histogram(
    "relhub_delivery_lag_seconds",
    "How long after it happened a subscriber had been told.",
    buckets=(0.25, 0.5, 1, 2, 5, 15, 60, 300, 3600, 86400),
)

# Of the database, so the same in every process: read when somebody asks.
database_up = Gauge("relhub_database_up", "1 when the database answers.")
connections_in_use = Gauge("relhub_database_connections_in_use", "Connections of this process to the database that are in use.")
connections_most = Gauge("relhub_database_connections_most", "How many there may be (RELHUB_DATABASE_POOL_SIZE).")
source_age = Gauge("relhub_source_age_seconds", "How long ago all of a source was last pulled; +Inf when never.", ["source"])
source_unavailable = Gauge("relhub_source_unavailable_seconds", "For how long a source has not answered; 0 when it does.", ["source"])
source_failing = Gauge("relhub_source_failing", "1 when the last pull of a source failed, whatever the reason.", ["source"])
quarantined = Gauge("relhub_source_quarantined", "Records of a source that can't be read strictly.", ["source"])
notice_waiting = Gauge("relhub_notice_waiting_seconds", "For how long the privacy officer has not been told something; 0 when all is told.")
requests_overdue = Gauge("relhub_subject_requests_overdue", "Requests of subjects that had to be answered before today, and were not.")
pull_waiting = Gauge("relhub_pull_waiting_seconds", "For how long a pull has been waiting for a worker; 0 when none is.")
alerts_behind = Gauge(
    "relhub_alerts_behind_seconds",
    "For how long the oldest change waits to be taken into alerts; 0 when none does, or there are no alerts.",
)
exports_waiting = Gauge("relhub_exports_waiting", "Exports that wait or are being made.")
export_waiting = Gauge("relhub_export_waiting_seconds", "How long ago the oldest of these was asked for; 0 when there is none.")

deliveries_held = Gauge("relhub_deliveries_held", "Events that subscribers could not be told within three days.")
delivery_waiting = Gauge(
    "relhub_delivery_waiting_seconds",
    "How long ago the longest waiting event was first told in vain, or came behind one; 0 when none waits.",
)
subscriber_failing = Gauge("relhub_subscriber_failing_seconds", "For how long a subscriber could not be told anything; 0 when all can.")

log_unsealed = Gauge(
    "relhub_log_unsealed_seconds", "For how long the oldest row of the consultation log waits for its seal; 0 when none does."
)
log_unsent = Gauge(
    "relhub_ldv_lag_seconds", "How long ago the oldest consultation was that the Logboek Dataverwerkingen does not have; 0 when it has all."
)
log_astray = Gauge("relhub_log_rows_without_month", "1 when rows came in for a month of which the log has no partition.")
ldv_records = Counter("relhub_ldv_records", "Records for the Logboek Dataverwerkingen: taken, or rejected by it.", ["outcome"])
ldv_failures = Counter("relhub_ldv_failures", "Batches that the Logboek Dataverwerkingen did not take; each is sent again.")

Info("relhub_build", "Which relhub this is.").info({"version": __version__})


def pulled(source: str, outcome: str, seconds: float) -> None:
    """A pull ended, here."""
    _pulls.labels(source, outcome).inc()
    _pull_seconds.labels(source).observe(seconds)


def page_pulled(source: str, documents: int, changed: int) -> None:
    """A page was kept."""
    _documents.labels(source, "yes").inc(changed)
    _documents.labels(source, "no").inc(documents - changed)


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """A request."""
    _answers(method, route, status).observe(seconds)


def consulted(operation: str, outcome: str) -> None:
    """A look at someone."""
    _looks(operation, outcome).inc()


@cache  # as many as there are anyway: to find one by its labels costs as much as ten
def _answers(method: str, route: str, status: int) -> Histogram:
    return _requests.labels(method, route, status)


@cache
def _looks(operation: str, outcome: str) -> Counter:
    return _consultations.labels(operation, outcome)
