"""alert_cause: by which records alerts of one relation hold for who looks, as steps of the statements that show it (storage/seen.py)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

import orjson

from relhub.domain.access import Profile
from relhub.domain.alert_news import rights_of
from relhub.domain.alerts import Alert, AlertRules, Cause, Seen, told
from relhub.domain.compartments import Level
from relhub.storage.database import Driver
from relhub.storage.entries import own_departments
from relhub.storage.log import Look
from relhub.storage.seen import ID, see, see_unlogged, statement, unlogged


def alerts_step(full: str, own: str, rights: str) -> str:
    """The step `alert_seen`: the causes that may be seen, as they are now; of what is withheld at most that it is behind a referral.

    `full`: a parameter with compartments, `own`: with departments, `rights`: what `rights_of` (domain/alert_news.py) gives. Every cause is held against the record that it is
    of: what is gone, closed or of another relation since is no cause, also before it is computed again.
    """
    there = "(c.marks && $14) IS NOT TRUE AND NOT (c.protected AND NOT $10)"
    return f"""
, alert_seen AS (
    SELECT a.*, f.level, f.capacity, f.ref FROM target t JOIN alert_cause a ON a.relation_id = t.id CROSS JOIN LATERAL (
        SELECT c.capacity, c.source || '/' || c.case_id ref, CASE WHEN c.compartment = ANY($4) THEN 1 WHEN c.compartment <> ALL($3) THEN 0
            WHEN c.compartment <> ALL($2) OR c.marks && $14 THEN 2 WHEN c.compartment <> ALL({full}) OR c.protected AND NOT $10 THEN 3 ELSE 4 END level
        FROM case_record c WHERE a.sort IN ('case', 'finding', 'place') AND c.id = a.number AND c.open
            AND EXISTS (SELECT FROM involvement i WHERE i.relation_id = t.id AND i.case_id IN (a.number, a.via))
            AND (a.sort <> 'place' OR 'places' = ANY({rights}::text[]) AND {there} AND EXISTS (
                SELECT FROM case_record v WHERE v.id = a.via AND v.open AND v.compartment = ANY($3::int[] || $4::int[]) AND {there.replace("c.", "v.")}))
        UNION ALL
        SELECT e.capacity, e.id, CASE WHEN e.departments && {own} THEN 4 WHEN NOT e.compartments <@ ($3::int[] || $4::int[]) THEN 0
            WHEN NOT e.compartments <@ $3 THEN 1 WHEN t.hidden OR NOT e.compartments <@ $2 THEN 2 WHEN NOT e.compartments <@ {full} THEN 3 ELSE 4 END
        FROM entry e WHERE a.sort = 'entry' AND e.number = a.number AND e.state <> 'deleted' AND (e.open OR e.sort = 'contact-moment')
            AND (e.relation_id = t.id OR EXISTS (SELECT FROM relation r WHERE r.id = e.relation_id AND r.merged_into = t.id))
        UNION ALL
        SELECT '', h.source, 3 FROM heard h WHERE a.sort IN ('party', 'address') AND h.id = a.number AND h.seen
            AND (a.sort = 'party' OR 'details' = ANY({rights}::text[]) AND NOT t.hidden)
    ) f WHERE f.level >= a.needs OR f.level = 1 AND a.needs <= 2
)"""


ANY_ALERT = f"""EXISTS (SELECT FROM alert_cause a WHERE a.relation_id = {ID} AND CASE WHEN a.sort IN ('party', 'address') THEN EXISTS (SELECT FROM heard h WHERE h.id = a.number AND h.seen)
        WHEN a.sort <> 'entry' THEN (SELECT c.compartment = ANY($3::int[] || $4::int[]) FROM case_record c WHERE c.id = a.number) END)"""
"""The condition that `alert_seen` may have any, of a relation without entries that may be seen."""

ALERT_RECORDS = "SELECT DISTINCT CASE sort WHEN 'entry' THEN 'entry/' || ref ELSE ref END FROM alert_seen WHERE level > 2 AND sort NOT IN ('party', 'address')"
"""The records that alerts name, for the log."""


def alert_columns(organisation: str, department: str) -> str:
    """What `seen_alerts` reads; `organisation`, `department`: parameters, of who has done with what."""
    return f"""(SELECT json_agg(json_build_array(rule, topic, side, sort, number, needs, mark, department, from_at, until_at, via, alert, level, capacity, ref)) FROM alert_seen)::text alerts,
    CASE WHEN EXISTS (SELECT FROM alert_seen) THEN (SELECT json_agg(json_build_array(d.rule, d.topic, d.marks, d.until)) FROM alert_dismissal d
        WHERE d.organisation = {organisation} AND d.department = {department}
            AND d.relation_id = ANY(ARRAY(SELECT id FROM target UNION ALL SELECT r.id FROM target t JOIN relation r ON r.merged_into = t.id))) END::text dismissed"""


@dataclass(frozen=True, slots=True)
class SeenAlerts:
    """The causes that may be seen, and what the department has done with: (rule, topic, marks, until)."""

    causes: list[Seen] = field(default_factory=list)
    dismissed: list[tuple[str, str, frozenset[str], date | None]] = field(default_factory=list)

    def told(self, rules: AlertRules, organisation: str, at: datetime, today: date) -> tuple[list[Alert], bool]:
        """The alerts for who looks, and whether there are more behind a referral."""
        settings = {name: one for name, one in rules.rules.items() if not one.organisations or organisation in one.organisations}
        alerts, referral = told(self.causes, settings, at)
        return [alert for alert in alerts if not self._done_with(alert, today)], referral

    def _done_with(self, alert: Alert, today: date) -> bool:
        return any(
            (rule, topic) == (alert.rule, alert.topic) and alert.marks <= marks and (until is None or today <= until)
            for rule, topic, marks, until in self.dismissed
        )


def seen_alerts(row: Any) -> SeenAlerts:
    """What `alert_columns` gave."""
    if not row["alerts"]:
        return SeenAlerts()
    dismissed = orjson.loads(row["dismissed"] or "[]")
    return SeenAlerts(
        [_seen(*values) for values in orjson.loads(row["alerts"])],
        [(rule, topic, frozenset(marks), date.fromisoformat(until) if until else None) for rule, topic, marks, until in dismissed],
    )


_LEVELS = tuple(Level)  # by number


def _seen(*values: Any) -> Seen:
    rule, topic, side, sort, number, needs, mark, department, from_at, until_at, via, alert, level, capacity, ref = values
    cause = Cause(rule, topic, side, sort, number, _LEVELS[needs], mark, department, _moment(from_at), _moment(until_at), via, alert)
    return Seen(cause, _LEVELS[level], capacity, ref)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@dataclass(frozen=True, slots=True)
class ListedAlerts:
    outcome: str
    relation_id: str
    alerts: SeenAlerts


_STEP, _READ = alerts_step("$15", "$16", "$17"), alert_columns("$18", "$19")
_LIST = statement(_STEP, ALERT_RECORDS, _READ, 20)
_UNLOGGED = unlogged(_STEP, _READ)


async def listed_alerts(driver: Driver, relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look) -> ListedAlerts:
    """The causes of alerts that may be seen; logged."""
    row = await see(driver, _LIST, relation_id, profile, occasion, look, *_further(profile, look))
    return ListedAlerts(cast(str, row["outcome"]), row["id"] or "", seen_alerts(row) if row["outcome"] == "shown" else SeenAlerts())


async def alerts_of_writer(driver: Driver, relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look) -> SeenAlerts:
    """The same for who writes something about the relation: not logged here, but with what is written."""
    row = await see_unlogged(driver, _UNLOGGED, relation_id, profile, occasion, look, *_further(profile, look))
    return seen_alerts(row) if row["outcome"] == "shown" else SeenAlerts()


def _further(profile: Profile, look: Look) -> tuple[Any, ...]:
    """$15 to $19."""
    return profile.at_least(Level.full), own_departments(profile, look), rights_of(profile), look.organisation, look.department
