"""Who may see what: one function decides, and everything that shows anything goes through it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from relhub.domain.record import Capacity

FieldGroup = Literal["identifiers", "contact-details", "non-disclosed"]
FIELD_GROUPS: tuple[FieldGroup, ...] = ("identifiers", "contact-details", "non-disclosed")


class Level(IntEnum):
    """How much of a domain is shown. Domains are the seven capacities."""

    none = 0
    referral = 1  # a colleague is involved: ask through the coordinator; no domain named
    existence = 2  # the domain is named, and who to reach; nothing of the case itself
    summary = 3
    full = 4


@dataclass(frozen=True, slots=True)
class Consumer:
    """An application that asks (afnemer), for one department."""

    name: str
    application: str
    organisation: str
    department: str
    roles: frozenset[str]
    activities: frozenset[str]
    may_name_official: bool = False


@dataclass(frozen=True, slots=True)
class Activity:
    """A processing activity (verwerking): for what, on which ground, by whom, and what it opens."""

    id: str
    register_uri: str
    purpose: str
    legal_basis: str
    occasions: frozenset[str]  # "case", "none"
    levels: Mapping[Capacity, Level]
    groups: frozenset[FieldGroup] = frozenset()
    departments: frozenset[str] = frozenset()  # empty: any
    roles: frozenset[str] = frozenset()  # empty: any
    search: bool = False
    pull: bool = False  # whether sources may be pulled for it
    follow: bool = False  # hear of changes, of many relations and without an occasion
    inspect_log: bool = False  # search the consultation log: for privacy officers
    subject_log: bool = False  # see who looked at one relation: for the one it is about, through the organisation's portal
    disclosable: bool = True  # whether the one it is about may learn that was looked: not of fraud investigation or police, say


@dataclass(frozen=True, slots=True)
class AccessRules:
    version: str
    coordinator: str  # through whom a referral is asked
    activities: Mapping[str, Activity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """A visibility profile: what a decision lets be seen. Nothing else may shape an answer."""

    activity: Activity
    levels: Mapping[Capacity, Level]
    groups: frozenset[FieldGroup]
    rules_version: str
    coordinator: str

    def at_least(self, level: Level) -> list[Capacity]:
        """The domains seen at this level or above, in a fixed order."""
        return sorted(capacity for capacity, given in self.levels.items() if given >= level)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, in words that help the one who may ask and tell nothing of what is there."""

    reason: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a consumer says it is working on: `case:permits/V-2026-00123`."""

    sort: Literal["none", "case"]
    source: str = ""
    case_id: str = ""

    def __str__(self) -> str:
        return "none" if self.sort == "none" else f"case:{self.source}/{self.case_id}"


def parse_occasion(text: str) -> Occasion | None:
    """The occasion that a header names; None when it can't be read."""
    if text in ("", "none"):
        return Occasion("none")
    sort, _, ref = text.partition(":")
    source, _, case_id = ref.partition("/")
    return Occasion("case", source, case_id) if sort == "case" and source and case_id else None


def decide(rules: AccessRules, consumer: Consumer, activity_id: str, occasion: Occasion) -> Profile | Refusal:
    """What this consumer may see for this activity, before the occasion is verified against the facts."""
    activity = rules.activities.get(activity_id)
    if activity is None or activity_id not in consumer.activities:
        return Refusal("This application may not use this processing activity; name one that was agreed for it in X-Processing-Activity.")
    if activity.departments and consumer.department not in activity.departments:
        return Refusal("This processing activity is not for this department.")
    if activity.roles and not activity.roles & consumer.roles:
        return Refusal("This processing activity asks for a role that this application does not have.")
    if occasion.sort not in activity.occasions:
        wanted = " or ".join(sorted(activity.occasions))
        return Refusal(
            f"This processing activity accepts the occasion: {wanted}. Name it in X-Occasion, for example case:permits/V-2026-00001."
        )
    return Profile(activity, activity.levels, activity.groups, rules.version, rules.coordinator)


def names_parties(profile: Profile, occasion: Occasion, source: str, case_id: str, capacity: Capacity) -> bool:
    """Whether the parties of a case are named, or only counted up with their roles.

    Somebody's own case is no reason to learn who is in every other case of theirs: names are for the case that is worked on, for who sees
    the case in full, and for who needs no occasion.
    """
    own = occasion == Occasion("case", source, case_id)
    return own or occasion.sort == "none" or profile.levels.get(capacity) == Level.full


OCCASION_DOES_NOT_HOLD = Refusal(
    "The occasion does not hold: it must be a case that is open, is dealt with by your department and involves this relation."
)

OCCASION_OF_NO_CASE = Refusal("The occasion does not hold: it must be a case that is open and is dealt with by your department.")
