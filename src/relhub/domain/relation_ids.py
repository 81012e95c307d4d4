"""Which id a relation has: stable, never given twice, and a function of what is stored."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from relhub.domain.identity import Cluster, PartyName

Held = tuple[tuple[str, str, str], str]
"""(source, key, variant) of a record, and an id it had."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The id of each cluster, in order, and the ids that no cluster has any more."""

    ids: tuple[str, ...]
    retired: frozenset[str]


def give_ids(clusters: Sequence[Cluster], held: Sequence[Held], unused: Sequence[Held], mint: Callable[[PartyName], str]) -> Naming:
    """Ids by maximum overlap with what the members had; then an id they once had and nobody uses; then a new one.

    `held`: the ids that records had until now, records that are gone included. `unused`: retired ids they had before.
    """
    overlaps = _overlaps(clusters, held)
    given = _best(clusters, overlaps)
    revived = {pair: count for pair, count in _overlaps(clusters, unused).items() if pair[0] not in given}
    given |= _best(clusters, revived)
    ids = tuple(given.get(index) or mint(cluster.anchor) for index, cluster in enumerate(clusters))
    return Naming(ids, frozenset(id_ for _, id_ in held) - set(ids))


def successors(retired: Iterable[str], last: Iterable[Held], now: Sequence[Held]) -> dict[str, str | None]:
    """Where each retired id leads: to the id that most of its last records have now; nowhere when none of them is there any more.

    `last`: the records that had these ids last. `now`: the records of the same parties, with the ids they have.
    """
    by_name: dict[PartyName, list[Held]] = defaultdict(list)
    for ref, id_ in now:
        by_name[ref[0], ref[1]].append((ref, id_))
    votes: dict[str, Counter[str]] = {id_: Counter() for id_ in retired}
    for ref, id_ in last:
        for other, present in by_name[ref[0], ref[1]]:
            votes[id_][present] += 2 if other == ref else 1
    return {id_: min(found, key=lambda present: (-found[present], present), default=None) for id_, found in votes.items()}


def _overlaps(clusters: Sequence[Cluster], held: Iterable[Held]) -> Counter[tuple[int, str]]:
    """How much of each cluster had each id: the record itself counts for two, another wording of the same party for one."""
    by_ref = {member.ref: index for index, cluster in enumerate(clusters) for member in cluster.members}
    by_name: dict[PartyName, set[int]] = defaultdict(set)
    for (source, key, _), index in by_ref.items():
        by_name[source, key].add(index)
    counts: Counter[tuple[int, str]] = Counter()
    for ref, id_ in held:
        if ref in by_ref:
            counts[by_ref[ref], id_] += 2
        for index in by_name[ref[0], ref[1]] - {by_ref.get(ref, -1)}:
            counts[index, id_] += 1
    return counts


def _best(clusters: Sequence[Cluster], overlaps: Mapping[tuple[int, str], int]) -> dict[int, str]:
    given: dict[int, str] = {}
    taken: set[str] = set()
    for (index, id_), _ in sorted(overlaps.items(), key=lambda item: (-item[1], clusters[item[0][0]].members[0].ref, item[0][1])):
        if index not in given and id_ not in taken:
            given[index] = id_
            taken.add(id_)
    return given
