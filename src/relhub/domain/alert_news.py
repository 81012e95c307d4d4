"""Of which alerts there is news, and for whom: an alert is raised for who sees enough of its causes, a new one among them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, combinations, product
from typing import Final

from relhub.domain.access import Profile
from relhub.domain.alerts import RULES, AlertRules, Cause, RuleName, RuleSettings
from relhub.domain.compartments import Level

_SIDES: Final[Mapping[RuleName, Sequence[Sequence[str]]]] = {
    "commitment-due": [["promised"]],
    "case-elsewhere": [["applicant", "elsewhere"]],
    "project-at-address": [["project", "pending"]],
    "register-says": [["register", "open-case"], ["register", "otherwise", "open-case"]],
}
"""What is enough, one cause of each side; of a rule that is not here any so many."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What it takes to see a record: all of these `compartments`, one of these `any_of`, and these `rights` (as of `rights_of`)."""

    compartments: frozenset[int] = frozenset()
    any_of: frozenset[int] = frozenset()
    rights: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class News:
    """For whom an alert is raised: who sees all of these compartments at each of these levels, has these rights, and sees all of none of `unless` at `summary`."""

    existence: frozenset[int] = frozenset()
    summary: frozenset[int] = frozenset()
    full: frozenset[int] = frozenset()
    rights: frozenset[str] = field(default_factory=frozenset)
    unless: frozenset[frozenset[int]] = frozenset()

    @property
    def is_for_nobody(self) -> bool:
        """Whoever sees enough of it sees that it is over."""
        return any(answer <= self.summary | self.full for answer in self.unless)


def news_of(came: Collection[Cause], causes: Iterable[Cause], rules: AlertRules, sights: Mapping[Cause, Sight], now: datetime) -> set[News]:
    """For whom alerts of one relation are raised now that these causes came; `causes`: all that there are of it, `sights`: how each is seen."""
    topics: dict[tuple[RuleName, str], list[Cause]] = {}
    for cause in causes:
        if cause in sights and (cause.from_at is None or cause.from_at <= now) and (cause.until_at is None or now < cause.until_at):
            topics.setdefault((cause.rule, cause.topic), []).append(cause)
    return {
        told
        for (rule, _), group in topics.items()
        for enough in _enough(rule, group, set(came), rules.rules[rule])
        for told in _for_whom(enough, sights, rules.rules[rule].organisations, _answers(group, enough, sights))
        if not told.is_for_nobody
    }


def _enough(rule: RuleName, causes: Sequence[Cause], came: set[Cause], settings: RuleSettings) -> Iterator[tuple[Cause, ...]]:
    """The smallest sets of these causes by which the rule tells, with one that came."""
    some: Iterable[tuple[Cause, ...]]
    if rule in _SIDES:
        ways = (product(*([cause for cause in causes if cause.side == side] for side in sides)) for sides in _SIDES[rule])
        some = chain.from_iterable(ways)
    else:
        some = combinations([cause for cause in causes if cause.side != "answer"], settings.count or 2)
    return (enough for enough in some if not came.isdisjoint(enough) and len(RULES[rule](enough, settings)) == len(enough))


def _answers(group: Sequence[Cause], causes: Sequence[Cause], sights: Mapping[Cause, Sight]) -> frozenset[frozenset[int]]:
    """The compartments of each answer after the first of these causes: for who sees one, these are not enough."""
    first = min((cause.from_at for cause in causes if cause.from_at), default=None)
    after = [cause for cause in group if cause.side == "answer" and first and cause.from_at and cause.from_at >= first]
    return frozenset(sights[cause].compartments for cause in after)


def _for_whom(
    causes: Sequence[Cause], sights: Mapping[Cause, Sight], organisations: Collection[str], unless: frozenset[frozenset[int]]
) -> Iterator[News]:
    """One for each way in which the records of these causes are seen, and each organisation that the rule is for."""
    levels: dict[Level, set[int]] = {level: set() for level in Level}
    rights: set[str] = set()
    for cause in causes:
        levels[cause.needs] |= sights[cause].compartments
        rights |= sights[cause].rights
    ways = [sorted(sights[cause].any_of) for cause in causes if sights[cause].any_of]
    for way in product(*ways):
        summary = levels[Level.summary] | set(way)
        for whose in [{_of(one)} for one in organisations] or [set()]:
            yield News(
                frozenset(levels[Level.existence]), frozenset(summary), frozenset(levels[Level.full]), frozenset(rights | whose), unless
            )


def rights_of(profile: Profile) -> list[str]:
    """What an activity may be told of besides the levels of records: what goes on at a place, where somebody lives, what non-disclosure hides; and whose it is."""
    given = {
        "places": profile.activity.places,
        "details": "contact-details" in profile.groups,
        "non-disclosed": profile.shows_non_disclosed,
        _of(profile.organisation): True,
    }
    return [word for word, has in given.items() if has]


def _of(organisation: str) -> str:
    return f"of {organisation}"
