"""Who may see what: one function decides, and everything that shows anything goes through it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from relhub.domain.compartments import OWN, Compartment, Level, Opening, Scope, highest_level, level_of, levels_of
from relhub.domain.entries import Sort
from relhub.domain.marks import bars
from relhub.domain.occasions import WHOLE_CONDITION, CaseCondition, Occasion
from relhub.domain.record import Capacity

FieldGroup = Literal["identifiers", "contact-details", "non-disclosed"]
FIELD_GROUPS: tuple[FieldGroup, ...] = ("identifiers", "contact-details", "non-disclosed")


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
    """A processing activity (verwerking): for what, on which ground, by whom, on which occasions, and what it opens."""

    id: str
    register_uri: str
    purpose: str
    legal_basis: str
    occasions: frozenset[str]  # of domain/occasions.py
    openings: tuple[Opening, ...] = ()
    case: CaseCondition = WHOLE_CONDITION
    groups: frozenset[FieldGroup] = frozenset()
    organisations: frozenset[str] = frozenset()  # empty: any; likewise the next three
    departments: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    applications: frozenset[str] = frozenset()
    search: bool = False
    searches_per_day: int = 0  # of one official; 0: no limit
    unusual_searches: int = 30  # of one official within an hour: more is told to the privacy officer; 0: never
    places: bool = False  # ask what goes on at a place
    health: bool = False  # see how sources are doing, and what of theirs could not be read
    pull: bool = False  # whether sources may be pulled for it
    follow: bool = False  # hear of changes, of many relations and without an occasion
    inspect_log: bool = False  # search the consultation log: for privacy officers
    subject_log: bool = False  # see who looked at one relation: for the one it is about, through the organisation's portal
    export: bool = False  # have all that is held of one relation put together: for the one it is about
    records: frozenset[Sort] = frozenset()  # which entries may be made for it
    manage: bool = False  # say who is the relation manager
    make_requests: bool = False  # make requests for the one it is about: for the organisation's portal
    handle_requests: bool = False  # see and decide those: for privacy officers and data stewards
    restricted: bool = False  # use what is restricted or objected to: to handle that, for a legal claim, for others' rights
    disclosable: bool = True  # whether the one it is about may learn that was looked: not of fraud investigation or police, say


@dataclass(frozen=True, slots=True)
class Organisation:
    """A government organisation in this installation, and who in it are controllers (verwerkingsverantwoordelijken)."""

    name: str
    oin: str
    controllers: frozenset[str]


@dataclass(frozen=True, slots=True)
class AccessRules:
    version: str
    coordinator: str  # through whom a referral is asked
    activities: Mapping[str, Activity] = field(default_factory=dict)
    organisations: Mapping[str, Organisation] = field(default_factory=dict)
    coordinator_department: str = ""  # that hands on what is asked through the coordinator
    tell: str = ""  # where the privacy officer is told of break-glass and unusual searching


@dataclass(frozen=True, slots=True)
class Profile:
    """A visibility profile: what a decision lets be seen. Nothing else may shape an answer."""

    activity: Activity
    organisation: str
    rules_version: str
    coordinator: str
    levels: Mapping[int, Level]  # by compartment
    compartments: Mapping[int, Compartment]
    newest: int  # the last compartment that was known when this was decided: a case of a later one is not decided on yet
    sources: Mapping[str, Level]  # the highest level at which a case of each source could be seen, whether or not there is one
    bars: list[str]  # marks on a relation by which it is closed to this activity
    by_capacity: Mapping[str, str]  # the highest level per domain, by name: for the log
    referred: list[int]  # the compartments of which no more is said than that a colleague is involved
    _at_least: Mapping[Level, list[int]]

    @property
    def groups(self) -> frozenset[FieldGroup]:
        return self.activity.groups

    @property
    def shows_non_disclosed(self) -> bool:
        return "non-disclosed" in self.activity.groups

    def at_least(self, level: Level) -> list[int]:
        """The compartments seen at this level or above, in a fixed order."""
        return self._at_least[level]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, in words that help the one who may ask and tell nothing of what is there."""

    reason: str


_NOT_AGREED = Refusal("This application may not use this processing activity; name one that was agreed for it in X-Processing-Activity.")
_NOT_FOR = "This processing activity is not for this {}."
_NO_ROLE = Refusal("This processing activity asks for a role that this application does not have.")
_HOW = {
    "case": "the case you work on (X-Occasion: case:permits/V-2026-00001)",
    "none": "none (leave X-Occasion out)",
    "task": "what you were asked (X-Occasion: task:tsk_…)",
    "question": "the answer to what you asked, when it says so (X-Occasion: question:tsk_…)",
    "contact-moment": "a contact that your department just had (X-Occasion: contact-moment:con_…)",
    "break-glass": "break-glass with the reason in words (X-Occasion: break-glass:…)",
}


def admits(rules: AccessRules, consumer: Consumer, activity_id: str, occasion: Occasion, *, own_work: bool = False) -> Activity | Refusal:
    """The activity, when this consumer may use it on such an occasion: before that is verified against the facts.

    `own_work`: what is asked for is the department's own work, for which no occasion is needed.
    """
    activity = rules.activities.get(activity_id)
    if activity is None or activity_id not in consumer.activities:
        return _NOT_AGREED
    for word, wanted, given in (
        ("organisation", activity.organisations, consumer.organisation),
        ("department", activity.departments, consumer.department),
        ("application", activity.applications, consumer.application),
    ):
        if wanted and given not in wanted:
            return Refusal(_NOT_FOR.format(word))
    if activity.roles and not activity.roles & consumer.roles:
        return _NO_ROLE
    if occasion.sort not in activity.occasions and not (own_work and occasion.sort == "none"):
        return Refusal(f"This processing activity accepts as occasion: {' or '.join(_HOW[sort] for sort in sorted(activity.occasions))}.")
    return activity


def profile_of(
    rules: AccessRules, activity: Activity, organisation: str, compartments: Iterable[Compartment], newest: int, scopes: Mapping[str, Scope]
) -> Profile:
    """What an activity lets a consumer of this organisation see of these compartments, of which `newest` is the last there is.

    `scopes`: of each source.
    """
    known = {compartment.id: compartment for compartment in compartments}
    given = levels_of(activity.openings, known.values(), organisation)
    levels = {id_: level for id_, level in sorted(given.items()) if level > Level.none}
    at_least = {level: [id_ for id_, given in levels.items() if given >= level] for level in Level}
    by_capacity = {known[id_].capacity: level.name for id_, level in sorted(levels.items(), key=lambda item: item[1])}  # the highest last
    return Profile(
        activity=activity,
        organisation=organisation,
        rules_version=rules.version,
        coordinator=rules.coordinator,
        levels=levels,
        compartments=known,
        newest=newest,
        sources={name: highest_level(activity.openings, scope, organisation) for name, scope in scopes.items()},
        bars=[] if activity.restricted else bars(activity.id),
        by_capacity=dict(sorted(by_capacity.items())),
        referred=[id_ for id_, level in levels.items() if level == Level.referral],
        _at_least=at_least,
    )


def names_parties(profile: Profile, occasion: Occasion, source: str, case_id: str, compartment: int) -> bool:
    """Whether the parties of a case are named, or only counted up with their roles.

    Somebody's own case is no reason to learn who is in every other case of theirs: names are for the case that is worked on, for who sees
    the case in full, and for who needs no case.
    """
    own = occasion == Occasion("case", source, case_id)
    return own or occasion.sort in ("none", "break-glass") or profile.levels.get(compartment) == Level.full


def may_record(profile: Profile, capacity: Capacity, sort: Sort, confidentiality: str) -> bool:
    """Whether entries of this sort may be made in this capacity: where the activity knows at least that a colleague may be involved."""
    own = Compartment(-1, OWN + profile.organisation, profile.organisation, capacity, sort, confidentiality)
    return sort in profile.activity.records and level_of(profile.activity.openings, own, profile.organisation) > Level.none


ENTRY_DOES_NOT_HOLD = Refusal(
    "The occasion does not hold: it must be what your department was asked and has not answered, an answer to you that says so, "
    "or a contact of your department of the last week, about this relation."
)


def occasion_does_not_hold(activity: Activity, *, with_relation: bool = True, about: str = "involves this relation") -> Refusal:
    """In the words of the condition; the same for every way in which it can fail. `about`: what it must have to do with what is asked."""
    condition = activity.case if with_relation else CaseCondition(activity.case.open, activity.case.own_department, False)
    return Refusal(f"The occasion does not hold: it must be {condition.said(about)}.")


_NO_PLACES = Refusal("This processing activity may not ask about places; name one of which the access rule says places = true.")
_NO_ADDRESSES = Refusal("This processing activity does not see addresses, so it may not ask what goes on at one.")
_NO_CASE_THERE = Refusal(
    "This processing activity may not search, so it may ask about a place only on a case that lies there (X-Occasion: case:permits/V-2026-00001)."
)


def place_occasion_does_not_hold(activity: Activity) -> Refusal:
    """The same, of a question about a place: for who may search the case need not lie there."""
    return occasion_does_not_hold(activity, with_relation=not activity.search, about="lies at this place")


def admits_place(activity: Activity, occasion: Occasion) -> Refusal | None:
    """Why this activity may not ask about a place on such an occasion; None when it may, a case being still to be verified.

    A place leads to many relations without a question about one: that is a search, unless the own case lies there.
    """
    if not activity.places:
        return _NO_PLACES
    if "contact-details" not in activity.groups:
        return _NO_ADDRESSES
    return None if activity.search or occasion.sort == "case" else _NO_CASE_THERE
