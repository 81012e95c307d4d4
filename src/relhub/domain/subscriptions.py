"""Subscriptions (abonnementen): what a consumer wants to be told, and how often it is tried."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from relhub.domain.dates import AMSTERDAM

KEEP_TRYING = timedelta(days=3)
"""After this a delivery is held."""
VERIFY_WITHIN = timedelta(days=1)
FORMER_SECRET = timedelta(hours=24)
"""For how long deliveries are signed with the secret of before as well."""
LASTS = timedelta(days=90)
"""For how long a subscription that was made with an official's own token is told anything, unless it is renewed."""
WARN_BEFORE = timedelta(days=14)
"""So long before it ends the subscriber is told that it will."""
_FIRST_WAIT, _LONGEST_WAIT, _LONGEST_SILENCE = timedelta(seconds=5), timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: those that fit all that is filled in. `project`: `source/case id`; `types`: as events have them, empty for any."""

    relation_id: str = ""
    bag_id: str = ""
    case_kind: str = ""
    project: str = ""
    types: tuple[str, ...] = ()


ANYTHING = Wanted()


def wait(attempts: int, jitter: float) -> timedelta:
    """Before a delivery that failed so often is tried again. `jitter`: from 0 to 1, so that those that failed together do not come back together."""
    return min(_FIRST_WAIT * (1 << min(max(attempts - 1, 0), 20)), _LONGEST_WAIT) * (0.75 + jitter / 2)


def silence(failures: int, jitter: float) -> timedelta:
    """Before anything is tried again with a subscriber that did not answer in so many rounds."""
    return min(wait(failures, jitter), _LONGEST_SILENCE)


def expiry(now: datetime, left_on: date | None) -> datetime:
    """Until when what was made with an official's own token is told. `left_on`: their last day, as the directory says."""
    lasts = now + LASTS
    return min(lasts, end_of(left_on)) if left_on else lasts


def end_of(day: date) -> datetime:
    """The midnight after it."""
    return datetime.combine(day + timedelta(days=1), time(), AMSTERDAM)
