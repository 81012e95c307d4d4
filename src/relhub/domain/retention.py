"""How long what is known of a case may be kept, and what else is kept no longer than it is needed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from relhub.domain.dates import AMSTERDAM


@dataclass(frozen=True, slots=True)
class Keep:
    """How long is kept: events; notices after they were told; the ids of parties that their source has no more; requests of subjects after they were
    decided; entries after they were last changed; what exports hold; who was the relation manager."""

    events: timedelta = timedelta(90)
    notices: timedelta = timedelta(365)
    former: timedelta = timedelta(90)
    requests: timedelta = timedelta(1826)
    entries: timedelta = timedelta(1826)
    exports: timedelta = timedelta(hours=72)
    managers: timedelta = timedelta(1826)


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


@dataclass(frozen=True, slots=True)
class Kept:
    """Until which day a case is kept, that day included, and because of what; None: no day is known, and `because` says why."""

    until: date | None
    because: Literal["source", "rule", "open", "no-rule", "no-end"]
    rule: RetentionRule | None = None


def kept(rules: Sequence[RetentionRule], case: Age) -> Kept:
    """The earlier of the day that its source says and that of the first rule that fits.

    Without a day are an open case, and one of a source without any rule: removing is something that an organisation decides. One that closed
    without saying when counts from its last change.
    """
    rule = next((rule for rule in rules if not rule.kinds or case.kind in rule.kinds), None)
    if not rules or case.open:
        return Kept(None, "open" if rules else "no-rule", rule)
    ended = case.ended or (case.modified_at.astimezone(AMSTERDAM).date() if case.modified_at else None)
    by_rule = _after(ended, rule) if ended and rule else None
    if case.own and (by_rule is None or case.own <= by_rule):
        return Kept(case.own, "source", rule)
    if by_rule:
        return Kept(by_rule, "rule", rule)
    return Kept(None, "no-end" if rule else "no-rule", rule)


def is_over_time(rules: Sequence[RetentionRule], case: Age, at: datetime) -> bool:
    """Whether the last day on which this case may be kept is past."""
    until = kept(rules, case).until
    return until is not None and until < at.astimezone(AMSTERDAM).date()


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
