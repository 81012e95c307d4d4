"""Which relation new and changed party records belong to. Always within the transaction that changed them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from relhub.domain.identity import Cluster, MatchKey, Member, PartyName, partition
from relhub.domain.relation_ids import Held, Naming, give_ids, successors
from relhub.storage import decisions, relations
from relhub.storage.database import Store
from relhub.storage.record_rows import Gone, NewParty
from relhub.storage.records import save_parties
from relhub.storage.sealing import Sealer

_IdOf = Callable[[str, str, int], str]
"""The id given to the `number`-th relation that was first known by this party: (source, key, number)."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The party records that were looked at, those that moved (from which relation to which), and the ids that are no longer in use.

    `touched`: relations that have other records than before.
    """

    looked_at: set[int] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    moved: dict[int, tuple[str, str]] = field(default_factory=dict)
    retired: Mapping[str, str | None] = field(default_factory=dict)


async def resolve(store: Store, sealer: Sealer, new: Sequence[NewParty], seeds: Collection[int], gone: Gone, at: datetime) -> Resolved:
    """Keeps new party records, and puts them and these that are there, and all that they could touch, in the relations they belong to."""
    left = {id_ for _, id_ in gone.refs if id_}
    added = list(map(_member, new))
    ids = await relations.component(store, {*seeds, *gone.neighbours}, added)
    members, present = await relations.members(store, ids)
    members += added
    names = {member.name for member in members}
    clusters = partition(members, await decisions.decisions_between(store, names))
    held = await relations.held_ids(store, left | {id_ for id_ in present.values() if id_})
    unused = await relations.unused_ids(store, names)
    naming, given = await _name(store, sealer, clusters, held, unused)
    moved, touched = await _save(store, new, given, present, gone, naming.retired, at)
    told_on = unused or naming.retired or gone.refs  # else none of these parties ever had an id that is retired
    leading = await _lead_on(store, names | {(source, key) for (source, key, _), _ in gone.refs}) if told_on else {}
    ended = {id_: leading.get(id_) for id_ in naming.retired}
    return Resolved(set(ids), touched - set(ended), {id_: (old, to) for id_, to in moved.items() if (old := present.get(id_))}, ended)


def _member(new: NewParty) -> Member:
    """A new party record as identity needs it: as it would be read when it is kept."""
    row = new.row
    keys = tuple(MatchKey(scheme, token) for scheme, token in sorted(row.match_keys))
    return Member(new.number, new.source, row.key, row.variant, row.kind, keys, row.birth, row.family, row.leaf)


async def _lead_on(store: Store, names: Collection[PartyName]) -> dict[str, str | None]:
    """Where every retired id of these parties leads now, also one that was retired long ago: its records may have moved since."""
    last = await relations.last_members(store, names)
    if not last:
        return {}
    now = await relations.present_ids(store, {(source, key) for (source, key, _), _ in last})
    leading = successors({id_ for _, id_ in last}, last, now)
    await relations.lead_on(store, leading)
    return leading


async def _name(
    store: Store, sealer: Sealer, clusters: list[Cluster], held: list[Held], unused: list[Held]
) -> tuple[Naming, list[relations.Given]]:
    id_of = cache(sealer.relation_id)  # asked twice: whether it was given before, and when it is given
    mint = _Mint(id_of, await _used(store, id_of, {cluster.anchor for cluster in clusters}))
    naming = give_ids(clusters, held, unused, mint)
    return naming, [relations.Given(id_, cluster, mint.minted.get(id_)) for id_, cluster in zip(naming.ids, clusters, strict=True)]


async def _used(store: Store, id_of: _IdOf, anchors: Collection[PartyName]) -> dict[PartyName, int]:
    """How many ids were ever first given for each of these; also ids of which nothing else is known any more, which are the first of them."""
    used = await relations.anchored(store, anchors)
    unsure = set(anchors)
    while unsure:
        following = {name: id_of(*name, used.get(name, 0) + 1) for name in unsure}
        taken = await relations.given_ids(store, following.values())
        unsure = {name for name in unsure if following[name] in taken}
        used |= {name: used.get(name, 0) + 1 for name in unsure}
    return used


class _Mint:
    """New ids, each from the party it was first given for and a number: never the same twice."""

    def __init__(self, id_of: _IdOf, used: Mapping[PartyName, int]) -> None:
        self._id_of = id_of
        self._used = dict(used)
        self.minted: dict[str, int] = {}

    def __call__(self, anchor: PartyName) -> str:
        number = self._used[anchor] = self._used.get(anchor, 0) + 1
        id_ = self._id_of(*anchor, number)
        self.minted[id_] = number
        return id_


async def _save(
    store: Store,
    new: Sequence[NewParty],
    given: list[relations.Given],
    present: Mapping[int, str | None],
    gone: Gone,
    retired: Collection[str],
    at: datetime,
) -> tuple[dict[int, str], set[str]]:
    """What was decided is kept. Returns the relation of each party record that has another than before, and the relations that this touches."""
    relation_of = {member.id: item.id for item in given for member in item.cluster.members}
    moved = {id_: relation_id for id_, relation_id in relation_of.items() if present.get(id_) != relation_id}
    refs = {member.id: member.ref for item in given for member in item.cluster.members}
    ended = [ref for ref, _ in gone.refs] + [refs[id_] for id_ in moved if present.get(id_)]
    touched = set(moved.values()) | {id_ for _, id_ in gone.refs if id_} | {old for id_ in moved if (old := present.get(id_))}
    if not touched:
        return moved, touched
    await relations.save_relations(store, given, at)
    await save_parties(store, new, relation_of)
    await relations.move(store, {id_: relation_id for id_, relation_id in moved.items() if id_ in present})
    await relations.save_memberships(store, ended, [(refs[id_], relation_id) for id_, relation_id in moved.items()], at)
    await relations.retire(store, retired, at)
    return moved, touched
