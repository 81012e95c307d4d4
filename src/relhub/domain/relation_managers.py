"""Relation managers (relatiebeheerders): who of us is the face of the organisation to a relation, or to it in one capacity."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from relhub.domain.access import Profile
from relhub.domain.compartments import OWN, Compartment, Level, level_of
from relhub.domain.officials import Directory, who_takes_over
from relhub.domain.record import CAPACITIES, Capacity
from relhub.errors import WrongState

KIND: Final = "relation-manager"
"""As kind of case in the access rules."""
CONFIDENTIALITY: Final = "intern"
Step = Literal["handed-over", "ended"]


@dataclass(frozen=True, slots=True)
class RelationManager:
    """Who is (or was) it, from when until when. `capacity`: empty for the whole relation; `text`, `ended_text`: why."""

    id: str
    relation_id: str
    organisation: str
    capacity: Capacity | Literal[""]
    official: str
    department: str
    from_at: datetime
    by_department: str
    by_official: str
    text: str = ""
    until_at: datetime | None = None
    ended_department: str = ""
    ended_official: str = ""
    ended_text: str = ""

    @property
    def capacities(self) -> tuple[Capacity, ...]:
        """In which this one shows: of the whole relation to whoever sees any of them."""
        return (self.capacity,) if self.capacity else CAPACITIES


def may_manage(profile: Profile, capacity: Capacity | Literal[""]) -> bool:
    """Whether who asks for this purpose says who is it: who may, and sees from `existence` on who it is now."""
    asked = (capacity,) if capacity else CAPACITIES
    own = profile.organisation
    shown = (
        level_of(profile.activity.openings, Compartment(-1, OWN + own, own, each, KIND, CONFIDENTIALITY), own) >= Level.existence
        for each in asked
    )
    return profile.activity.manage and any(shown)


def says_why(profile: Profile, manager: RelationManager) -> bool:
    """Whether who asks reads why somebody is it, or no longer is: words, and those are told from `summary` on."""
    own = manager.organisation
    return any(
        level_of(profile.activity.openings, Compartment(-1, OWN + own, own, each, KIND, CONFIDENTIALITY), profile.organisation)
        >= Level.summary
        for each in manager.capacities
    )


def follows(manager: RelationManager, step: Step) -> None:
    """Raises WrongState when this can't follow."""
    if manager.until_at:
        raise WrongState(f"This one ended already, so it can't be {step}; look at who is it now.")


def who_is_reached(manager: RelationManager, directory: Directory, today: date) -> tuple[str, str]:
    """(department, official) to turn to today: the manager, or who takes over; no official when nobody is there."""
    listed = directory.get((manager.organisation, manager.official))
    if listed is None or not (listed.is_away(today) or listed.has_left(today)):
        return manager.department, manager.official
    other = who_takes_over(directory, listed, today)
    return (other.department, other.account) if other else (manager.department, "")
