"""Which relation new and changed party records belong to. Always within the transaction that changed them."""

from collections.abc import Collection, Mapping
from datetime import datetime

from relhub.domain.identity import Cluster, Held, Naming, PartyName, give_ids, partition
from relhub.storage import relations
from relhub.storage.database import Store
from relhub.storage.records import Gone
from relhub.storage.sealing import Sealer


async def resolve(store: Store, sealer: Sealer, source: str, seeds: Collection[int], gone: Gone, at: datetime) -> set[int]:
    """Puts these party records, and all that they could touch, in the relations they belong to. Returns the numbers that were looked at."""
    left = {id_ for _, id_ in gone.refs if id_}
    ids = await relations.component(store, {*seeds, *await relations.party_ids(store, left)})
    members, present = await relations.members(store, ids)
    names = {member.name for member in members}
    clusters = partition(members, await relations.decisions_between(store, names))
    held = await relations.held_ids(store, left | {id_ for id_ in present.values() if id_})
    naming, given = await _name(store, sealer, clusters, held)
    await _save(store, source, given, present, gone, naming.retired, at)
    return set(ids)


async def _name(store: Store, sealer: Sealer, clusters: list[Cluster], held: list[Held]) -> tuple[Naming, list[relations.Given]]:
    nameless = {member.name for cluster in clusters for member in cluster.members}
    unused = await relations.unused_ids(store, nameless)
    mint = _Mint(sealer, await relations.anchored(store, nameless))
    naming = give_ids(clusters, held, unused, mint)
    return naming, [relations.Given(id_, cluster, mint.minted.get(id_)) for id_, cluster in zip(naming.ids, clusters, strict=True)]


class _Mint:
    """New ids, each from the party it was first given for and a number: never the same twice."""

    def __init__(self, sealer: Sealer, used: Mapping[PartyName, int]) -> None:
        self._sealer = sealer
        self._used = dict(used)
        self.minted: dict[str, int] = {}

    def __call__(self, anchor: PartyName) -> str:
        number = self._used[anchor] = self._used.get(anchor, 0) + 1
        id_ = self._sealer.relation_id(*anchor, number)
        self.minted[id_] = number
        return id_


async def _save(
    store: Store,
    source: str,
    given: list[relations.Given],
    present: Mapping[int, str | None],
    gone: Gone,
    retired: Mapping[str, str | None],
    at: datetime,
) -> None:
    moved = {member.id: item.id for item in given for member in item.cluster.members if present[member.id] != item.id}
    refs = {member.id: member.ref for item in given for member in item.cluster.members}
    ended = [ref for ref, _ in gone.refs] + [refs[id_] for id_ in moved if present[id_]]
    touched = set(moved.values()) | {id_ for _, id_ in gone.refs if id_} | {old for id_ in moved if (old := present[id_])}
    if not touched:
        return
    await relations.save_relations(store, given, moved, at)
    await relations.save_memberships(store, ended, [(refs[id_], relation_id) for id_, relation_id in moved.items()], at)
    await relations.retire(store, retired, at)
    await relations.protect(store, touched - set(retired))
    events = [
        ("relation.merged" if retired.get(id_) else "relation.ended" if id_ in retired else "relation.changed", id_, None)
        for id_ in sorted(touched)
    ]
    await relations.add_events(store, source, events, at)
