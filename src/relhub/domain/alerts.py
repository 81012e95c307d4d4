"""Alerts (attenderingen): what an official should know before picking up the phone. About work to be done, never about what somebody is like.

An alert is told from the causes that its reader may see, by the rules below: what they may not see neither makes one nor ends one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeVar

from relhub.domain.compartments import Level
from relhub.domain.record import CAPACITIES, Capacity

RuleName = Literal["case-elsewhere", "visits-meet", "register-says", "unanswered-contacts", "commitment-due", "project-at-address"]
CauseSort = Literal["case", "finding", "place", "party", "address", "entry"]
DismissReason = Literal["handled", "known", "not-useful", "wrong"]


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """What an organisation chooses: how many `days` ahead or back, how often (`count`), which `capacities` count, whom it is told (`organisations`, empty: all)."""

    days: int = 0
    count: int = 0
    capacities: frozenset[Capacity] = frozenset(CAPACITIES)
    organisations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AlertRules:
    """The rules that are on, by name; `version`: another when anything of them is."""

    version: str = ""
    rules: Mapping[RuleName, RuleSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """A record by which an alert holds, as far as it does: on which `side`, from and until when, and from which level on (`needs`) it is known.

    `number`, `via`: of the record in the store, and of another by which it is one; `topic`: what the alert is about, where a rule can tell
    several of one relation; `mark`: another when it says otherwise; `alert`: the id of the alert that it can take part in.
    """

    rule: RuleName
    topic: str
    side: str
    sort: CauseSort
    number: int
    needs: Level
    mark: str
    department: str = ""
    from_at: datetime | None = None
    until_at: datetime | None = None
    via: int = 0
    alert: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A cause as a reader sees it: at this level, in this capacity, by this reference (of a case, an entry, or a source)."""

    cause: Cause
    level: Level
    capacity: str
    ref: str


@dataclass(frozen=True, slots=True)
class Alert:
    """What is told, with the causes that take part; `begins`, `ends`: as far as it is known when."""

    rule: RuleName
    topic: str
    level: Level
    causes: tuple[Seen, ...]
    begins: datetime | None
    ends: datetime | None

    @property
    def id(self) -> str:
        return self.causes[0].cause.alert

    @property
    def marks(self) -> frozenset[str]:
        """By which it is the same alert as before: one more cause, or another, makes it another."""
        return frozenset(seen.cause.mark for seen in self.causes)


Part = Callable[[Sequence[Cause], RuleSettings], list[Cause]]
"""Which of these causes, all of one topic and all holding, take part in an alert; none when there is none."""


def case_elsewhere(causes: Sequence[Cause], _: RuleSettings) -> list[Cause]:
    """An applicant has an open case with another department: whoever decides, and whoever calls on them, should know of each other."""
    own, others = _side(causes, "applicant"), _side(causes, "elsewhere")
    there = [cause for cause in others if any(_apart(one, cause) for one in own)]
    return [one for one in own if any(_apart(one, cause) for cause in there)] + there if there else []


def visits_meet(causes: Sequence[Cause], _: RuleSettings) -> list[Cause]:
    """Two departments are about to visit or write within the same days: one visit, or two that know of each other, is better for everybody."""
    return list(causes) if len({cause.department for cause in causes}) > 1 else []


def register_says(causes: Sequence[Cause], _: RuleSettings) -> list[Cause]:
    """A base register says that a party died, moved, was dissolved or is bankrupt while a case runs: a letter would go to the wrong one, or hurt."""
    said, otherwise, cases = _side(causes, "register"), _side(causes, "otherwise"), _side(causes, "open-case")
    if any(cause.sort == "address" for cause in said):
        said, otherwise = _paired(said, otherwise)
    return [*said, *otherwise, *cases] if said and cases else []


def unanswered_contacts(causes: Sequence[Cause], settings: RuleSettings) -> list[Cause]:
    """Somebody calls for the third time about one thing and was not answered: the next who picks up the phone should have the answer."""
    answered = max((cause.from_at for cause in _side(causes, "answer") if cause.from_at), default=None)
    open_ones = [cause for cause in _side(causes, "contact") if answered is None or (cause.from_at and cause.from_at > answered)]
    return open_ones if len(open_ones) >= settings.count else []


def commitment_due(causes: Sequence[Cause], _: RuleSettings) -> list[Cause]:
    """What was promised is due and not done: there is still time to keep it, or to say in time that it can't be."""
    return list(causes)


def project_at_address(causes: Sequence[Cause], _: RuleSettings) -> list[Cause]:
    """A project touches the address of a case that is not decided: what is decided there, and what is told there, should fit together."""
    projects, pending = _paired(_side(causes, "project"), _side(causes, "pending"))
    return projects + pending


RULES: Final[Mapping[RuleName, Part]] = {
    "register-says": register_says,
    "commitment-due": commitment_due,
    "unanswered-contacts": unanswered_contacts,
    "visits-meet": visits_meet,
    "case-elsewhere": case_elsewhere,
    "project-at-address": project_at_address,
}
"""In the order in which they are told."""

SAYS: Final[Mapping[RuleName, str]] = {
    "case-elsewhere": "Another department has an open case with this applicant.",
    "visits-meet": "Two departments are about to visit or write within the same days.",
    "register-says": "A base register says that something happened to this party while a case runs.",
    "unanswered-contacts": "There were several contacts about one subject, and no answer yet.",
    "commitment-due": "What was promised is due.",
    "project-at-address": "A project touches the address of a case that is not decided.",
}
WHY: Final[Mapping[RuleName, str]] = {name: (rule.__doc__ or "").strip() for name, rule in RULES.items()}


def _side(causes: Sequence[Cause], side: str) -> list[Cause]:
    return [cause for cause in causes if cause.side == side]


def _paired(ones: Sequence[Cause], others: Sequence[Cause]) -> tuple[list[Cause], list[Cause]]:
    """Those that are a cause by one of the other side which is there as well: of two that are seen neither may be one by a third that is not."""
    pairs = {(one.number, one.via) for one in ones} & {(other.via, other.number) for other in others}
    return [one for one in ones if (one.number, one.via) in pairs], [other for other in others if (other.via, other.number) in pairs]


def _apart(one: Cause, other: Cause) -> bool:
    return one.number != other.number and one.department != other.department


def worth_keeping(causes: Iterable[Cause], settings: Mapping[RuleName, RuleSettings]) -> list[Cause]:
    """Those of which an alert can come for somebody, at some time: of who sees all there is but no answer."""
    return [
        cause
        for (rule, _), group in _by_topic(causes, lambda cause: cause).items()
        if RULES[rule]([cause for cause in group if cause.side != "answer"], settings[rule])
        for cause in group
    ]


def told(seen: Iterable[Seen], settings: Mapping[RuleName, RuleSettings], now: datetime) -> tuple[list[Alert], bool]:
    """The alerts that hold now for who sees these causes, and whether there are more behind a referral."""
    alerts, referral = [], False
    holding = [one for one in seen if one.cause.rule in settings and _holds(one.cause, now)]
    for (rule, topic), group in sorted(
        _by_topic(holding, lambda one: one.cause).items(), key=lambda item: (_ORDER[item[0][0]], item[0][1])
    ):
        known = [one for one in group if one.level >= one.cause.needs]
        part = _taking_part(rule, known, settings[rule])
        if part:
            alerts.append(_alert(rule, topic, part, settings[rule]))
        else:
            referral = referral or bool(_taking_part(rule, group, settings[rule]))
    return alerts, referral


_Item = TypeVar("_Item")
_ORDER: Final = {name: number for number, name in enumerate(RULES)}


def _holds(cause: Cause, at: datetime) -> bool:
    return (cause.from_at is None or cause.from_at <= at) and (cause.until_at is None or at < cause.until_at)


def _by_topic(items: Iterable[_Item], cause_of: Callable[[_Item], Cause]) -> dict[tuple[RuleName, str], list[_Item]]:
    groups: dict[tuple[RuleName, str], list[_Item]] = {}
    for item in items:
        cause = cause_of(item)
        groups.setdefault((cause.rule, cause.topic), []).append(item)
    return groups


def _taking_part(rule: RuleName, seen: Sequence[Seen], settings: RuleSettings) -> list[Seen]:
    part = {id(cause) for cause in RULES[rule]([one.cause for one in seen], settings)}
    return [one for one in seen if id(one.cause) in part]


def _alert(rule: RuleName, topic: str, part: Sequence[Seen], settings: RuleSettings) -> Alert:
    """From the first moment at which enough of these causes held, until the first at which too few do."""
    if len(part) == 1:
        return Alert(rule, topic, part[0].level, tuple(part), part[0].cause.from_at, part[0].cause.until_at)
    causes = [one.cause for one in part]
    begins = [None, *sorted({cause.from_at for cause in causes if cause.from_at})]
    ends = sorted({cause.until_at for cause in causes if cause.until_at})
    first = next(at for at in begins if RULES[rule]([c for c in causes if c.from_at is None or (at and c.from_at <= at)], settings))
    last = next((at for at in ends if not RULES[rule]([c for c in causes if c.until_at is None or c.until_at > at], settings)), None)
    return Alert(rule, topic, min(one.level for one in part), tuple(sorted(part, key=_place)), first, last)


def _place(seen: Seen) -> tuple[str, str, str]:
    return seen.cause.sort, seen.ref, seen.cause.side
