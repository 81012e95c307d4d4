"""Marks (aantekeningen) on a party: what protects someone whatever the access rules open."""

from collections.abc import Iterable
from typing import Final

RESTRICTION: Final = "restriction"  # beperking van de verwerking (AVG art. 18)
OBJECTION: Final = "objection"  # bezwaar (AVG art. 21): to every activity, or followed by a colon and the one it is to
CONTESTED: Final = "contested"  # betwist: the one it is about says that these records are not of one party


def objections(activity_ids: Iterable[str]) -> tuple[str, ...]:
    """The marks of an objection to these processing activities; to all of them when none is named."""
    return tuple(f"{OBJECTION}:{id_}" for id_ in sorted(set(activity_ids))) or (OBJECTION,)


def bars(activity_id: str) -> list[str]:
    """The marks by which a relation is closed to this activity, unless its rule says that it may use what is restricted."""
    return [RESTRICTION, OBJECTION, f"{OBJECTION}:{activity_id}"]


def shown(marks: Iterable[str]) -> list[str]:
    """As flags of a party: whoever sees these marks is not kept from it by them."""
    return sorted({mark.partition(":")[0] for mark in marks})
