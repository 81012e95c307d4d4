"""Which processing activities a consumer may use to look at relations, and on which occasions: nothing about anyone."""

from relhub.domain.access import Activity, Consumer, Refusal, admits
from relhub.domain.compartments import Level
from relhub.domain.occasions import SORTS, Occasion
from relhub.services.hub import Hub


def own_activities(hub: Hub, consumer: Consumer) -> list[Activity]:
    """Those for looking at relations that this consumer may use; not those for following changes only, or for residents themselves."""
    return [activity for activity in hub.access.rules.activities.values() if _shows(activity) and _may_use(hub, consumer, activity)]


def _shows(activity: Activity) -> bool:
    only_follows = activity.follow and not (activity.records or activity.search or activity.places)
    return bool(activity.openings) and not only_follows and not activity.subject_log


def _may_use(hub: Hub, consumer: Consumer, activity: Activity) -> bool:
    occasions = [Occasion(sort) for sort in SORTS if sort in activity.occasions]
    return any(not isinstance(admits(hub.access.rules, consumer, activity.id, occasion), Refusal) for occasion in occasions)


def own_sources(hub: Hub, consumer: Consumer, activity: Activity) -> list[str]:
    """The sources of the consumer's organisation that this activity could show something of: where a case that is an occasion can be."""
    seen = hub.access.profile(activity, consumer.organisation).sources
    return [
        name for name, source in sorted(hub.sources.items()) if source.organisation == consumer.organisation and seen[name] > Level.referral
    ]
