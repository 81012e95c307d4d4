"""relation, membership: what identity reads, and what it decided."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from relhub.domain.identity import Cluster, MatchKey, Member, PartyName
from relhub.domain.relation_ids import Held
from relhub.storage.database import Store


async def component(store: Store, seeds: Collection[int], new: Collection[Member] = ()) -> list[int]:
    """All party records that could matter to where these belong: through shared keys, decisions, wordings and present relations.

    `new`: records that are not kept yet, and so are not among those that are found.
    """
    found: set[int] = set()
    frontier = set(seeds) | (await _beside(store, new) if new else set())
    while frontier:
        found |= frontier
        frontier = await neighbours(store, frontier) - found
    return sorted(found)


async def neighbours(store: Store, ids: Collection[int]) -> set[int]:
    """The party records that share a key, a decision, a wording or a relation with one of these."""
    return {row["id"] for row in await store.driver.fetch(_NEIGHBOURS, sorted(ids))}


async def _beside(store: Store, new: Collection[Member]) -> set[int]:
    """The same for records that are not kept yet."""
    keys = {key for member in new for key in member.keys}
    rows = await store.driver.fetch(
        _BESIDE, *name_columns({member.name for member in new}), [key.scheme for key in keys], [key.token for key in keys]
    )
    return {row["id"] for row in rows}


_OF_THESE_NAMES = """
SELECT p.id FROM s JOIN party_record p ON p.source = s.source AND p.key = s.key
UNION
SELECT p.id FROM s JOIN decision d ON (d.a_source, d.a_key) = (s.source, s.key) AND d.withdrawn_at IS NULL AND d.verdict = 'same'
    JOIN party_record p ON p.source = d.b_source AND p.key = d.b_key
UNION
SELECT p.id FROM s JOIN decision d ON (d.b_source, d.b_key) = (s.source, s.key) AND d.withdrawn_at IS NULL AND d.verdict = 'same'
    JOIN party_record p ON p.source = d.a_source AND p.key = d.a_key
UNION
"""
_NEIGHBOURS = f"""
WITH s AS MATERIALIZED (SELECT id, source, key, relation_id FROM party_record WHERE id = ANY($1))
{_OF_THESE_NAMES}
SELECT p.id FROM (SELECT DISTINCT relation_id FROM s WHERE relation_id IS NOT NULL) r JOIN party_record p USING (relation_id)
UNION
SELECT b.party_id FROM match_key a JOIN match_key b ON b.token = a.token AND b.scheme = a.scheme WHERE a.party_id = ANY($1)
"""
_BESIDE = f"""
WITH s AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::text[]) n (source, key))
{_OF_THESE_NAMES}
SELECT m.party_id FROM unnest($3::text[], $4::bytea[]) k (scheme, token) JOIN match_key m ON m.token = k.token AND m.scheme = k.scheme
"""


async def members(store: Store, ids: Sequence[int]) -> tuple[list[Member], dict[int, str | None]]:
    """These party records as identity needs them, and the relation that each is in now."""
    rows = await store.driver.fetch(
        """
        SELECT p.id, p.source, p.key, p.variant, p.kind, p.birth, p.family, p.leaf, p.relation_id,
            array_agg(m.scheme ORDER BY m.scheme) FILTER (WHERE m.scheme IS NOT NULL) schemes,
            array_agg(m.token ORDER BY m.scheme) FILTER (WHERE m.scheme IS NOT NULL) tokens
        FROM party_record p LEFT JOIN match_key m ON m.party_id = p.id WHERE p.id = ANY($1) GROUP BY p.id
        """,
        ids,
    )
    found = []
    for row in rows:
        keys = tuple(map(MatchKey, row["schemes"] or (), row["tokens"] or ()))
        found.append(
            Member(row["id"], row["source"], row["key"], row["variant"], row["kind"], keys, row["birth"], row["family"], row["leaf"])
        )
    return found, {row["id"]: row["relation_id"] for row in rows}


async def held_ids(store: Store, relation_ids: Collection[str]) -> list[Held]:
    """Which records have these ids now."""
    rows = await store.driver.fetch(
        "SELECT source, key, variant, relation_id FROM membership WHERE relation_id = ANY($1) AND until_at IS NULL ORDER BY id",
        sorted(relation_ids),
    )
    return [((row["source"], row["key"], row["variant"]), row["relation_id"]) for row in rows]


async def unused_ids(store: Store, names: Collection[PartyName]) -> list[Held]:
    """Retired ids that these parties had before."""
    rows = await store.driver.fetch(
        """
        SELECT DISTINCT m.source, m.key, m.variant, m.relation_id FROM unnest($1::text[], $2::text[]) n (source, key)
        JOIN membership m ON (m.source, m.key) = (n.source, n.key) JOIN relation r ON r.id = m.relation_id AND r.retired_at IS NOT NULL
        ORDER BY 1, 2, 3, 4
        """,
        *name_columns(names),
    )
    return [((row["source"], row["key"], row["variant"]), row["relation_id"]) for row in rows]


async def anchored(store: Store, names: Collection[PartyName]) -> dict[PartyName, int]:
    """How many ids were ever first given for each of these parties."""
    rows = await store.driver.fetch(
        """
        SELECT r.anchor_source, r.anchor_key, max(r.anchor_number) last FROM unnest($1::text[], $2::text[]) n (source, key)
        JOIN relation r ON (r.anchor_source, r.anchor_key) = (n.source, n.key) GROUP BY 1, 2
        """,
        *name_columns(names),
    )
    return {(row["anchor_source"], row["anchor_key"]): row["last"] for row in rows}


async def given_ids(store: Store, ids: Collection[str]) -> set[str]:
    """Of these ids, those that were ever given."""
    return {row["id"] for row in await store.driver.fetch("SELECT id FROM relation WHERE id = ANY($1)", sorted(ids))}


@dataclass(frozen=True, slots=True)
class Given:
    """An id for a cluster; `number` is there when it is new."""

    id: str
    cluster: Cluster
    number: int | None = None


async def save_relations(store: Store, given: Sequence[Given], at: datetime) -> None:
    """Relations with these ids are there and in use."""
    new, known = ([item for item in given if (item.number is None) is there] for there in (False, True))
    rows = [(item.id, item.cluster.kind, *item.cluster.anchor, item.number, at) for item in new]
    columns = ("id", "kind", "anchor_source", "anchor_key", "anchor_number", "created_at")
    await store.driver.copy_records_to_table("relation", records=rows, columns=columns)
    if not known:
        return
    await store.driver.execute(
        """
        UPDATE relation r SET merged_into = NULL, retired_at = NULL, kind = g.kind FROM unnest($1::text[], $2::text[]) g (id, kind)
        WHERE r.id = g.id AND (r.retired_at IS NOT NULL OR r.kind <> g.kind)
        """,  # a record may turn out to be of a person, who is never listed
        [item.id for item in known],
        [item.cluster.kind for item in known],
    )


async def move(store: Store, moved: Mapping[int, str]) -> None:
    """These party records belong to these relations; their numbers and involvements follow."""
    if not moved:
        return
    for table, column in (("party_record", "id"), ("party_identifier", "party_id"), ("involvement", "party_id")):
        await store.driver.execute(
            f"UPDATE {table} t SET relation_id = m.relation_id FROM unnest($1::bigint[], $2::text[]) m (id, relation_id) WHERE t.{column} = m.id",
            list(moved),
            list(moved.values()),
        )


async def retire(store: Store, ids: Collection[str], at: datetime) -> None:
    """These ids are no longer in use."""
    if ids:
        await store.driver.execute("UPDATE relation SET retired_at = $2 WHERE id = ANY($1)", sorted(ids), at)


async def last_members(store: Store, names: Collection[PartyName]) -> list[Held]:
    """Of every retired id that these parties ever had: the records that had it last."""
    rows = await store.driver.fetch(
        """
        SELECT m.source, m.key, m.variant, m.relation_id FROM (
            SELECT DISTINCT m.relation_id FROM unnest($1::text[], $2::text[]) n (source, key)
            JOIN membership m ON (m.source, m.key) = (n.source, n.key) JOIN relation r ON r.id = m.relation_id AND r.retired_at IS NOT NULL
        ) had CROSS JOIN LATERAL (SELECT max(until_at) at FROM membership e WHERE e.relation_id = had.relation_id AND e.until_at IS NOT NULL) ended
        JOIN membership m ON m.relation_id = had.relation_id AND m.until_at = ended.at
        """,
        *name_columns(names),
    )
    return [((row["source"], row["key"], row["variant"]), row["relation_id"]) for row in rows]


async def present_ids(store: Store, names: Collection[PartyName]) -> list[Held]:
    """The records of these parties, with the ids they have."""
    rows = await store.driver.fetch(
        """
        SELECT p.source, p.key, p.variant, p.relation_id FROM unnest($1::text[], $2::text[]) n (source, key)
        JOIN party_record p ON (p.source, p.key) = (n.source, n.key) WHERE p.relation_id IS NOT NULL
        """,
        *name_columns(names),
    )
    return [((row["source"], row["key"], row["variant"]), row["relation_id"]) for row in rows]


async def lead_on(store: Store, successors: Mapping[str, str | None]) -> None:
    """Who asks for one of these retired ids is sent to its successor."""
    await store.driver.execute(
        """
        UPDATE relation r SET merged_into = s.successor FROM unnest($1::text[], $2::text[]) s (id, successor)
        WHERE r.id = s.id AND r.merged_into IS DISTINCT FROM s.successor
        """,
        list(successors),
        list(successors.values()),
    )


async def save_memberships(store: Store, ended: Sequence[tuple[str, str, str]], begun: Sequence[Held], at: datetime) -> None:
    """The facts: which records lost the id they had, and which have which from now on."""
    if ended:
        await store.driver.execute(_END_MEMBERSHIPS, *_refs(ended), at)
    rows = [(*ref, relation_id, at) for ref, relation_id in begun]
    columns = ("source", "key", "variant", "relation_id", "from_at")
    await store.driver.copy_records_to_table("membership", records=rows, columns=columns)


_END_MEMBERSHIPS = """
UPDATE membership SET until_at = $4 WHERE id = ANY(ARRAY(
    SELECT m.id FROM unnest($1::text[], $2::text[], $3::text[]) e (source, key, variant) CROSS JOIN LATERAL (
        SELECT id FROM membership m WHERE (m.source, m.key, m.variant) = (e.source, e.key, e.variant) AND m.until_at IS NULL LIMIT 1) m))
"""


def name_columns(names: Collection[PartyName]) -> tuple[list[str], list[str]]:
    """Sources and keys, as statements take them."""
    ordered = sorted(names)
    return [name[0] for name in ordered], [name[1] for name in ordered]


def _refs(refs: Sequence[tuple[str, str, str]]) -> tuple[list[str], list[str], list[str]]:
    return [ref[0] for ref in refs], [ref[1] for ref in refs], [ref[2] for ref in refs]


async def names_in(store: Store, relation_id: str) -> set[PartyName]:
    """The parties of this relation, by the names that their sources give them."""
    rows = await store.driver.fetch("SELECT DISTINCT source, key FROM party_record WHERE relation_id = $1", relation_id)
    return {(row["source"], row["key"]) for row in rows}


async def numbers_of(store: Store, names: Collection[PartyName]) -> list[int]:
    """The party records of these parties."""
    rows = await store.driver.fetch(
        "SELECT p.id FROM unnest($1::text[], $2::text[]) n (source, key) JOIN party_record p ON (p.source, p.key) = (n.source, n.key) ORDER BY 1",
        *name_columns(names),
    )
    return [row["id"] for row in rows]


async def relations_of(store: Store, party_ids: Collection[int]) -> set[str]:
    """The relations that these party records are in."""
    rows = await store.driver.fetch(
        "SELECT DISTINCT relation_id FROM party_record WHERE id = ANY($1) AND relation_id IS NOT NULL", sorted(party_ids)
    )
    return {row["relation_id"] for row in rows}
