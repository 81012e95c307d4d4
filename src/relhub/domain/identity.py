"""Which party records are one relation, and which id that relation has. Both are functions of what is stored, never of the order of arrival."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from relhub.domain.names import is_family_name, is_given_name, joined_key, name_key
from relhub.domain.record import PartyKind, PartyRecord

OFFICIAL_SCHEMES = ("bsn", "a_number", "rsin", "kvk", "oin", "vestiging")
"""Two values of one of these never share a relation. Strongest evidence first."""

NAME_AND_BIRTH = "name-and-birth"
SAME_RECORD = "same-record"
DECISION = "decision"

PartyName = tuple[str, str]
"""(source, key): what decisions and ids are recorded for. One party name may have several variants, as its source words it differently."""


class MatchKey(NamedTuple):
    """Something that two records of one party have in common; `token` is a keyed hash, never the value."""

    scheme: str
    token: bytes


class Member(NamedTuple):
    """What identity needs to know of one party record."""

    id: int
    source: str
    key: str
    variant: str
    kind: PartyKind
    keys: tuple[MatchKey, ...] = ()
    birth: str = ""  # full dates only
    family: str = ""
    leaf: bool = False

    @property
    def name(self) -> PartyName:
        return (self.source, self.key)

    @property
    def ref(self) -> tuple[str, str, str]:
        return (self.source, self.key, self.variant)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a steward decided of two party records, and has not withdrawn."""

    a: PartyName
    b: PartyName
    verdict: Literal["same", "different"]


@dataclass(frozen=True, slots=True)
class Link:
    """Why two records are in one relation."""

    a: tuple[str, str, str]
    b: tuple[str, str, str]
    reason: str


@dataclass(slots=True)
class Cluster:
    """Party records that are one relation."""

    kind: PartyKind
    members: list[Member] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    numbers: dict[str, bytes] = field(default_factory=dict)
    names: set[PartyName] = field(default_factory=set)
    apart_from: set[PartyName] = field(default_factory=set)
    births: set[tuple[str, str]] = field(default_factory=set)  # (full birth date, family name)

    @property
    def anchor(self) -> PartyName:
        return min(self.names)

    def add(self, other: "Cluster") -> None:
        """What is known of the other is known of this one."""
        self.numbers.update(other.numbers)
        self.names |= other.names
        self.apart_from |= other.apart_from
        self.births |= other.births


def family_of(record: PartyRecord) -> str:
    """The family name with its prefix, for comparing: sources disagree on where the prefix belongs."""
    return joined_key(name_key(record.name.prefix), name_key(record.name.family)) if record.name else ""


def full_birth(record: PartyRecord) -> str:
    """The birth date when it is a whole date."""
    return record.birth if len(record.birth) == 10 else ""


def name_and_birth(record: PartyRecord) -> str | None:
    """Full birth date, family name and given names in one text; None unless all are there and whole. Measured precision 0.9996."""
    if record.kind != "person" or record.name is None or not is_given_name(record.name.given) or not is_family_name(record.name.family):
        return None
    birth = full_birth(record)
    return f"{birth}|{family_of(record)}|{name_key(record.name.given)}" if birth else None


def shared_evidence(records: Sequence[PartyRecord], numbers: Sequence[Iterable[tuple[str, str]]]) -> list[str]:
    """What these records have in common, strongest first: schemes of shared numbers, or full name with birth date. `numbers`: (scheme, token) per record."""
    counts = Counter(number for each in numbers for number in set(each))
    counts.update((NAME_AND_BIRTH, text) for record in records if (text := name_and_birth(record)))
    return sorted({scheme for (scheme, _), count in counts.items() if count > 1}, key=lambda scheme: (strength(scheme), scheme))


def partition(members: Iterable[Member], decisions: Iterable[Decision] = ()) -> list[Cluster]:
    """The relations among these records, as a function of the records and the decisions alone.

    Strongest evidence first; every union is checked between whole clusters. Leaf records join last and connect nothing.
    """
    return _Partition(sorted(members, key=lambda m: m.ref), decisions).clusters()


class _Partition:
    def __init__(self, members: Sequence[Member], decisions: Iterable[Decision]) -> None:
        self._apart: dict[PartyName, set[PartyName]] = defaultdict(set)
        self._together: list[tuple[PartyName, PartyName]] = []
        for decision in decisions:
            if decision.verdict == "same":
                self._together.append((min(decision.a, decision.b), max(decision.a, decision.b)))
            else:
                self._apart[decision.a].add(decision.b)
                self._apart[decision.b].add(decision.a)
        self._members = members
        self._of: dict[int, Cluster] = {}

    def clusters(self) -> list[Cluster]:
        anchors = [member for member in self._members if not member.leaf]
        leaves = [member for member in self._members if member.leaf]
        for member in anchors:
            self._of[member.id] = self._single(member)
        for reason, group in self._groups(anchors):
            self._unite(group, reason)
        self._attach(leaves)
        unique = {id(cluster): cluster for cluster in self._of.values()}
        return sorted(unique.values(), key=lambda cluster: cluster.members[0].ref)

    def _single(self, member: Member) -> Cluster:
        numbers = {key.scheme: key.token for key in member.keys if key.scheme in OFFICIAL_SCHEMES}
        births = {(member.birth, member.family)} if member.birth and member.family else set()
        return Cluster(member.kind, [member], [], numbers, {member.name}, set(self._apart.get(member.name, ())), births)

    def _groups(self, members: Sequence[Member]) -> list[tuple[str, list[Member]]]:
        """Groups of members that share evidence, strongest first, each in order."""
        index = _Index(members)
        decided = [
            (DECISION, index.by_name[a] + index.by_name[b]) for a, b in sorted(self._together) if a in index.by_name and b in index.by_name
        ]
        worded = [(SAME_RECORD, group) for group in index.by_name.values() if len(group) > 1]
        shared = [(key.scheme, group) for key, group in index.by_key.items() if len(group) > 1]
        return decided + sorted(worded + shared, key=lambda item: (strength(item[0]), item[0], [m.ref for m in item[1]]))

    def _unite(self, group: Sequence[Member], reason: str) -> None:
        """All of a group, or, where it demonstrably holds more than one party, only those that agree with nobody else in it."""
        first = {id(self._of[member.id]): member for member in reversed(group)}
        clusters = [(self._of[member.id], member) for member in sorted(first.values(), key=lambda m: m.ref)]
        for agreeing in [clusters] if _all_may_join(clusters, reason) else _sides(clusters):
            into, one = agreeing[0]
            for cluster, member in agreeing[1:] if _all_may_join(agreeing, reason) else ():
                self._merge(into, cluster, Link(one.ref, member.ref, reason))

    def _merge(self, into: Cluster, other: Cluster, link: Link) -> None:
        into.members = sorted(into.members + other.members, key=lambda m: m.ref)
        into.links += [*other.links, link]
        into.add(other)
        for member in other.members:
            self._of[member.id] = into

    def _attach(self, leaves: Sequence[Member]) -> None:
        """Each leaf to the cluster it has the strongest evidence for. What it knows is not used to find others."""
        connecting = _Index(member for member in self._members if not member.leaf)
        for leaf in leaves:
            self._of[leaf.id] = self._single(leaf)
            if not any(self._join_only(leaf, group, reason) for reason, group in self._evidence(leaf, connecting)):
                connecting.add(leaf)  # the first of a relation of leaves only

    def _evidence(self, leaf: Member, connecting: "_Index") -> list[tuple[str, list[Member]]]:
        decided = sorted({b if a == leaf.name else a for a, b in self._together if leaf.name in (a, b)})
        keys = sorted(leaf.keys, key=lambda key: (strength(key.scheme), key.scheme))
        groups = [(DECISION, connecting.by_name[name]) for name in decided]
        return [*groups, (SAME_RECORD, connecting.by_name[leaf.name]), *((key.scheme, connecting.by_key[key]) for key in keys)]

    def _join_only(self, leaf: Member, group: Sequence[Member], reason: str) -> bool:
        """Joins the one cluster that it may join; evidence that fits more than one decides nothing."""
        fitting = {id(self._of[other.id]): other for other in reversed(group) if _may_join(self._of[other.id], self._of[leaf.id], reason)}
        if len(fitting) != 1:
            return False
        [other] = fitting.values()
        self._merge(self._of[other.id], self._of[leaf.id], Link(other.ref, leaf.ref, reason))
        return True


class _Index:
    """Members by their name and by each of their keys, in the order in which they were added."""

    def __init__(self, members: Iterable[Member]) -> None:
        self.by_name: dict[PartyName, list[Member]] = defaultdict(list)
        self.by_key: dict[MatchKey, list[Member]] = defaultdict(list)
        for member in members:
            self.add(member)

    def add(self, member: Member) -> None:
        self.by_name[member.name].append(member)
        for key in member.keys:
            self.by_key[key].append(member)


def strength(reason: str) -> int:
    """Lower is stronger: the order in which evidence is used and shown."""
    if reason == SAME_RECORD:
        return -1
    return OFFICIAL_SCHEMES.index(reason) if reason in OFFICIAL_SCHEMES else 20 if reason == NAME_AND_BIRTH else 10


def _may_join(a: Cluster, b: Cluster, reason: str) -> bool:
    if a.kind != b.kind or a.apart_from & b.names:
        return False
    if any(b.numbers.get(scheme, token) != token for scheme, token in a.numbers.items()):
        return False
    return reason == DECISION or not _contradicted(a, b)


_Side = Sequence[tuple[Cluster, Member]]


def _all_may_join(clusters: _Side, reason: str) -> bool:
    """Whether no two of them contradict each other."""
    together = Cluster(clusters[0][0].kind)
    for cluster, _ in clusters:
        if not _may_join(together, cluster, reason):
            return False
        together.add(cluster)
    return True


def _sides(clusters: _Side) -> list[_Side]:
    """Who has a birth date or a family name in common with whom, and was not said to be another, in a group that shares evidence of more than one party."""
    sides: list[list[tuple[Cluster, Member]]] = []
    for item in clusters:
        agreeing = [side for side in sides if any(_agree(item[0], other) for other, _ in side)]
        sides = [side for side in sides if side not in agreeing] + [[*(one for side in agreeing for one in side), item]]
    return [sorted(side, key=lambda one: one[1].ref) for side in sides]


def _agree(a: Cluster, b: Cluster) -> bool:
    return not a.apart_from & b.names and any(birth == other or family == name for birth, family in a.births for other, name in b.births)


def _contradicted(a: Cluster, b: Cluster) -> bool:
    """Another birth date and another family name: the shared number is wrong in one of them."""
    return any(birth != other and family != name for birth, family in a.births for other, name in b.births)
