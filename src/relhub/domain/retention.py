"""How long what is known of a case may be kept, and what else is kept no longer than it is needed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from relhub.domain.dates import AMSTERDAM


@dataclass(frozen=True, slots=True)
class Keep:
    """How long events are kept, notices after they were told, requests of subjects after they were decided, entries after they were last changed, and the ids of parties that their source has no more."""

    events: timedelta = timedelta(90)
    notices: timedelta = timedelta(365)
    former: timedelta = timedelta(90)
    requests: timedelta = timedelta(1826)
    entries: timedelta = timedelta(1826)


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Cases of these kinds (none: of every kind) are kept so long after they ended."""

    kinds: frozenset[str]
    years: int
    days: int


@dataclass(frozen=True, slots=True)
class Age:
    """What of a case decides how long it is kept. `own`: until when, as its source says."""

    kind: str
    open: bool
    ended: date | None
    modified_at: datetime | None
    own: date | None


def is_over_time(rules: Sequence[RetentionRule], case: Age, at: datetime) -> bool:
    """Whether the last day on which this case may be kept is past: the earlier of what its source says and the first rule that fits.

    An open case never is, nor one of a source without any rule: removing is something that an organisation decides. One that closed without
    saying when counts from its last change.
    """
    if case.open or not rules:
        return False
    ended = case.ended or (case.modified_at.astimezone(AMSTERDAM).date() if case.modified_at else None)
    rule = next((rule for rule in rules if not rule.kinds or case.kind in rule.kinds), None)
    last = [day for day in (case.own, _after(ended, rule) if ended and rule else None) if day]
    return bool(last) and min(last) < at.astimezone(AMSTERDAM).date()


def all_over_time(rules: Sequence[RetentionRule], cases: Collection[Age], at: datetime) -> bool:
    """Whether nothing of a set with these cases need be kept: its documents hold the words of all of them."""
    return bool(cases) and all(is_over_time(rules, case, at) for case in cases)


def version(rules: Iterable[RetentionRule]) -> str:
    """The same for rules that say the same."""
    return ";".join(f"{','.join(sorted(rule.kinds))}:{rule.years}:{rule.days}" for rule in rules)


def _after(day: date, rule: RetentionRule) -> date:
    """So long after this day, and never after the last day that there is."""
    year = day.year + rule.years
    if year > date.max.year:
        return date.max
    try:
        later = day.replace(year=year)
    except ValueError:  # 29 February
        later = date(year, 3, 1)
    return later + min(timedelta(rule.days), date.max - later)
