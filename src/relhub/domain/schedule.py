"""When a source is to be pulled: five cron fields, in the time of Amsterdam, each moment a little later than it says."""

import hashlib
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

from relhub.domain.dates import AMSTERDAM

_MOST_JITTER = timedelta(seconds=30)


def check_schedule(schedule: str) -> str:
    """The same text. ValueError when it is not five cron fields, or names a moment that never comes."""
    try:
        if len(schedule.split()) != 5:
            raise CronSimError("seconds are not ours to promise")
        next(CronSim(schedule, datetime(2026, 1, 1, tzinfo=AMSTERDAM), reverse=True))
    except (CronSimError, StopIteration):
        raise ValueError('five cron fields are needed that name a moment, as in "*/15 * * * *"') from None
    return schedule


def last_moment(schedule: str, seed: str, now: datetime) -> datetime:
    """The newest moment of the schedule that has come, jitter included; in UTC, and the same in every process for the same seed."""
    for moment in CronSim(schedule, now.astimezone(AMSTERDAM), reverse=True):
        at = moment.astimezone(UTC)
        if at + jitter(seed, at) <= now:
            return at
    raise ValueError("this schedule has no moment in the past")


def jitter(seed: str, moment: datetime) -> timedelta:
    """0 to 30 seconds, other ones at every moment: hubs that ask one supplier do not all come on the hour."""
    digest = hashlib.sha256(f"{seed} {moment.isoformat()}".encode()).digest()
    return _MOST_JITTER * (int.from_bytes(digest[:4]) / 2**32)
