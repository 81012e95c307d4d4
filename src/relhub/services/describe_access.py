"""The access rules in words: for the lawyer, the privacy officer and the official who asks why."""

from collections.abc import Iterator

from relhub.domain.access import AccessRules, Activity
from relhub.domain.compartments import CONFIDENTIALITIES, Level, Opening, Scope, Sensitivity, highest_level
from relhub.domain.record import CAPACITIES, Capacity

_EVERY = "every"


def matrix(rules: AccessRules, organisation: str) -> Iterator[tuple[str, list[str]]]:
    """Per activity the highest level in each domain, of ordinary cases of this organisation itself."""
    for activity in rules.activities.values():
        if activity.organisations and organisation not in activity.organisations:
            continue
        levels = [highest_level(activity.openings, _ordinary(organisation, capacity), organisation) for capacity in CAPACITIES]
        yield activity.id, [level.name for level in levels]


def _ordinary(organisation: str, capacity: Capacity) -> Scope:
    return Scope(organisation, frozenset({capacity}), frozenset({Sensitivity()}))


def who_and_when(activity: Activity) -> list[tuple[str, str]]:
    """Everything about an activity that is not a level: (what, in words)."""
    return [
        ("purpose", activity.purpose),
        ("legal basis", activity.legal_basis),
        ("register", activity.register_uri),
        ("organisations", _any(activity.organisations)),
        ("departments", _any(activity.departments)),
        ("roles", _any(activity.roles)),
        ("applications", _any(activity.applications)),
        ("on the occasion of", " or ".join(_occasion(activity, sort) for sort in sorted(activity.occasions))),
        ("field groups", ", ".join(sorted(activity.groups)) or "none: no numbers, addresses, phones or e-mail addresses"),
        ("may also", ", ".join(_rights(activity)) or "nothing"),
    ]


def _any(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "any"


def _occasion(activity: Activity, sort: str) -> str:
    return {
        "case": str(activity.case),
        "none": "nothing in particular",
        "break-glass": "an emergency, with the reason in words",
        "task": "what the department was asked and has not answered",
        "question": "an answer that says so",
        "contact-moment": "a contact of the department of the last week",
    }[sort]


def _rights(activity: Activity) -> Iterator[str]:
    if activity.search:
        yield f"search ({activity.searches_per_day} a day per official)" if activity.searches_per_day else "search without limit"
    if activity.places:
        yield "ask about places" if activity.search else "ask about the places of their own cases"
    if activity.follow:
        yield "follow changes"
    if activity.health:
        yield "see how sources are doing"
    if activity.pull:
        yield "have sources pulled"
    if activity.inspect_log:
        yield "search who looked at whom"
    if activity.subject_log:
        yield "show who looked to the one it is about"
    if activity.export:
        yield "have all that is held of a relation put together, for the one it is about"
    if activity.records:
        yield f"record {', '.join(sorted(activity.records))}"
    if activity.manage:
        yield "say who is the relation manager"
    if activity.make_requests:
        yield "make requests for the one it is about"
    if activity.handle_requests:
        yield "decide on requests of those it is about"
    if activity.restricted:
        yield "use what is restricted or objected to"


def in_words(opening: Opening) -> list[str]:
    """One rule as a row: domains, kinds, whose cases, category and regime, confidentiality at most, level."""
    every = opening.capacities >= set(CAPACITIES)
    return [
        _EVERY if every else ", ".join(capacity for capacity in CAPACITIES if capacity in opening.capacities),
        ", ".join(sorted(opening.kinds)) or _EVERY,
        ", ".join(sorted(opening.organisations)) or "their own organisation's",
        f"{', '.join(sorted(opening.categories))} ({', '.join(sorted(opening.regimes))})",
        _EVERY if opening.confidentiality == CONFIDENTIALITIES[-1] else f"up to {opening.confidentiality}",
        opening.level.name,
    ]


def doubts(rules: AccessRules) -> list[str]:
    """What is allowed and may not be meant: worth a second look, not wrong."""
    return [text for activity in rules.activities.values() for text in _doubts_of(activity)]


def _doubts_of(activity: Activity) -> Iterator[str]:
    for at, opening in enumerate(activity.openings):
        if any(_covers(earlier, opening) for earlier in activity.openings[:at]):
            yield f"{activity.id}: rule {at + 1} never decides: an earlier one fits all that it fits"
    if activity.search and not activity.searches_per_day:
        yield f"{activity.id}: searching has no limit per day (searches_per_day)"
    if activity.search and not activity.unusual_searches:
        yield f"{activity.id}: nobody is told of unusual searching (unusual_searches)"
    if activity.restricted and not activity.make_requests:
        yield f"{activity.id}: uses what is restricted or objected to (restricted)"
    if "none" in activity.occasions and any(opening.level == Level.full for opening in activity.openings):
        yield f"{activity.id}: sees cases in full without an occasion"
    if activity.export and not activity.roles | activity.applications | activity.departments:
        yield f"{activity.id}: any application may have all that is held of a relation put together"
    if not activity.case.involves_relation and "case" in activity.occasions:
        yield f"{activity.id}: any case of one's own opens any relation{' and place' if activity.places else ''}"


def _covers(earlier: Opening, later: Opening) -> bool:
    return (
        earlier.capacities >= later.capacities
        and (not earlier.kinds or (bool(later.kinds) and earlier.kinds >= later.kinds))
        and (earlier.organisations == later.organisations or (bool(later.organisations) and earlier.organisations >= later.organisations))
        and earlier.regimes >= later.regimes
        and earlier.categories >= later.categories
        and CONFIDENTIALITIES.index(earlier.confidentiality) >= CONFIDENTIALITIES.index(later.confidentiality)
    )
