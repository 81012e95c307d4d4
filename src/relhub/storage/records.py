"""case_record, party_record, involvement and what is kept with them: the facts, as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from relhub.domain.record import Capacity
from relhub.storage.compartments import Key, keep_compartments
from relhub.storage.database import Store
from relhub.storage.relations import neighbours

Ref = tuple[str, str, str]
"""(source, key, variant) of a party record."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    case_id: str
    set_key: str
    body: str
    capacity: Capacity
    kind: str
    confidentiality: str
    open: bool
    department: str
    departments: list[str]
    on_date: date
    modified_at: datetime | None
    zaak: str
    full: bytes
    summary: bytes
    existence: bytes
    discreet: bytes


@dataclass(frozen=True, slots=True)
class IdentifierRow:
    scheme: str
    token: bytes
    sealed: bytes
    shown: str


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A party record; `match_keys` and `search_terms` are computed from it."""

    key: str
    variant: str
    kind: str
    body: str
    contact_of: str
    leaf: bool
    protected: bool | None
    birth: str
    family: str
    display: str
    identifiers: tuple[IdentifierRow, ...] = ()
    match_keys: tuple[tuple[str, bytes], ...] = ()
    search_terms: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class InvolvementRow:
    case_id: str
    position: int
    party: tuple[str, str]  # (key, variant)
    role: str
    acting_for: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Party records that are no longer there, each with the relation it was in; `neighbours`: the records that they could have kept apart or together."""

    refs: tuple[tuple[Ref, str | None], ...] = ()
    neighbours: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class WrittenCase:
    case_id: str
    number: int
    compartment: int


@dataclass(frozen=True, slots=True)
class Written:
    """What a change of records means: new party records and those that are gone, cases, and what was there before.

    `retold`: known party records of which is now said otherwise whether they have non-disclosure. `released`: (relation, compartment) of the
    involvements that these sets had. `ended`: (case id, compartment) where it is no longer there. `zaken`: those that its cases were of.
    """

    new: list[int] = field(default_factory=list)
    retold: list[int] = field(default_factory=list)
    gone: Gone = field(default_factory=Gone)
    cases: list[WrittenCase] = field(default_factory=list)
    released: set[tuple[str, int]] = field(default_factory=set)
    ended: set[tuple[str, int]] = field(default_factory=set)
    zaken: set[str] = field(default_factory=set)


async def replace_sets(
    store: Store,
    source: str,
    set_keys: Sequence[str],
    cases: Sequence[CaseRow],
    parties: Sequence[PartyRow],
    involvements: Sequence[InvolvementRow],
) -> Written:
    """These sets now say this, and nothing else."""
    before = await store.driver.fetch(
        "SELECT id, case_id, compartment, zaak FROM case_record WHERE source = $1 AND set_key = ANY($2)", source, set_keys
    )
    compartments = await _compartments(store, source, cases)
    ended = {(row["case_id"], row["compartment"]) for row in before if compartments.get(row["case_id"]) != row["compartment"]}
    released, was_in = await _release_parties(store, source, [row["id"] for row in before], sorted(compartments))
    await store.driver.execute(
        "DELETE FROM case_record WHERE id = ANY($1)", [row["id"] for row in before if row["case_id"] not in compartments]
    )
    numbers = await _save_cases(store, source, cases, compartments)
    new, known = await _save_parties(store, source, parties)
    retold = await _tell_again(store, [(known[party.key, party.variant], party.protected) for party in parties])
    await _save_involvements(store, numbers, known, involvements)
    written = [WrittenCase(case_id, number, compartments[case_id]) for case_id, number in sorted(numbers.items())]
    zaken = {row["zaak"] for row in before if row["zaak"]}
    return Written(new, retold, await _drop_orphans(store, released), written, was_in, ended, zaken)


async def _compartments(store: Store, source: str, cases: Sequence[CaseRow]) -> dict[str, int]:
    """The compartment of each case."""
    keys: dict[str, Key] = {case.case_id: (source, case.capacity, case.kind, case.confidentiality) for case in cases}
    ids = await keep_compartments(store, keys.values()) if keys else {}
    return {case_id: ids[key] for case_id, key in keys.items()}


async def _release_parties(store: Store, source: str, numbers: list[int], case_ids: list[str]) -> tuple[list[int], set[tuple[str, int]]]:
    """The party records that these cases spoke of, and the (relation, compartment) of each involvement."""
    rows = await store.driver.fetch(
        """
        DELETE FROM involvement WHERE case_id = ANY($1)
            OR case_id IN (SELECT id FROM case_record WHERE source = $2 AND case_id = ANY($3)) RETURNING party_id, relation_id, compartment
        """,
        numbers,
        source,
        case_ids,
    )
    return list({row["party_id"] for row in rows}), {(row["relation_id"], row["compartment"]) for row in rows}


async def _save_cases(store: Store, source: str, cases: Sequence[CaseRow], compartments: Mapping[str, int]) -> dict[str, int]:
    rows = await store.driver.fetch(
        """
        INSERT INTO case_record (source, case_id, set_key, body, capacity, open, department, departments, on_date, modified_at, zaak, "full", summary, existence, compartment, discreet)
        SELECT $1, c.case_id, c.set_key, c.body, c.capacity, c.open, c.department, string_to_array(c.departments, chr(31)), c.on_date, c.modified_at, c.zaak, c.f, c.s, c.e, c.compartment, c.discreet
        FROM unnest($2::text[], $3::text[], $4::jsonb[], $5::text[], $6::bool[], $7::text[], $8::text[], $9::date[], $10::timestamptz[], $11::text[],
                    $12::bytea[], $13::bytea[], $14::bytea[], $15::int[], $16::bytea[])
             c (case_id, set_key, body, capacity, open, department, departments, on_date, modified_at, zaak, f, s, e, compartment, discreet)
        ON CONFLICT (source, case_id) DO UPDATE SET set_key = excluded.set_key, body = excluded.body, capacity = excluded.capacity, open = excluded.open,
            department = excluded.department, departments = excluded.departments, on_date = excluded.on_date, modified_at = excluded.modified_at,
            zaak = excluded.zaak, "full" = excluded."full", summary = excluded.summary, existence = excluded.existence,
            compartment = excluded.compartment, discreet = excluded.discreet
        RETURNING id, case_id
        """,
        source,
        [case.case_id for case in cases],
        [case.set_key for case in cases],
        [case.body for case in cases],
        [case.capacity for case in cases],
        [case.open for case in cases],
        [case.department for case in cases],
        ["\x1f".join(case.departments) for case in cases],
        [case.on_date for case in cases],
        [case.modified_at for case in cases],
        [case.zaak for case in cases],
        [case.full for case in cases],
        [case.summary for case in cases],
        [case.existence for case in cases],
        [compartments[case.case_id] for case in cases],
        [case.discreet for case in cases],
    )
    return {row["case_id"]: row["id"] for row in rows}


async def _save_parties(store: Store, source: str, parties: Sequence[PartyRow]) -> tuple[list[int], dict[tuple[str, str], int]]:
    """(numbers of the new ones, numbers of all by (key, variant)). A known variant says the same, so it is left as it is."""
    keys, variants = [party.key for party in parties], [party.variant for party in parties]
    rows = await store.driver.fetch(
        """
        SELECT p.id, p.key, p.variant FROM unnest($2::text[], $3::text[]) q (key, variant)
        CROSS JOIN LATERAL (SELECT * FROM party_record p WHERE p.source = $1 AND p.key = q.key AND p.variant = q.variant LIMIT 1) p
        """,  # one by one through the index, whatever the planner thinks of a table that was empty a moment ago
        source,
        keys,
        variants,
    )
    known = {(row["key"], row["variant"]): row["id"] for row in rows}
    await _reseal_identifiers(store, [(known[ref], party) for party in parties if (ref := (party.key, party.variant)) in known])
    new = [party for party in parties if (party.key, party.variant) not in known]
    if not new:
        return [], known
    inserted = await store.driver.fetch(
        """
        INSERT INTO party_record (source, key, variant, kind, body, contact_of, leaf, protected, birth, family, display)
        SELECT $1, p.* FROM unnest($2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::bool[], $8::bool[], $9::text[], $10::text[], $11::text[]) p
        RETURNING id, key, variant
        """,
        source,
        [party.key for party in new],
        [party.variant for party in new],
        [party.kind for party in new],
        [party.body for party in new],
        [party.contact_of for party in new],
        [party.leaf for party in new],
        [party.protected for party in new],
        [party.birth for party in new],
        [party.family for party in new],
        [party.display for party in new],
    )
    numbers = {(row["key"], row["variant"]): row["id"] for row in inserted}
    numbered = [(numbers[party.key, party.variant], party) for party in new]
    await _save_identifiers(store, numbered)
    await save_computed(store, [(id_, party.match_keys, party.search_terms) for id_, party in numbered])
    return [id_ for id_, _ in numbered], known | numbers


async def _tell_again(store: Store, said: Sequence[tuple[int, bool | None]]) -> list[int]:
    """Those of which it was said otherwise: the same words of a source that has begun or ceased to tell who has non-disclosure."""
    rows = await store.driver.fetch(
        """
        UPDATE party_record p SET protected = q.protected FROM unnest($1::bigint[], $2::bool[]) q (id, protected)
        WHERE p.id = q.id AND p.protected IS DISTINCT FROM q.protected RETURNING p.id
        """,
        *_columns(said, 2),
    )
    return [row["id"] for row in rows]


async def _save_identifiers(store: Store, parties: Sequence[tuple[int, PartyRow]]) -> None:
    rows = [(id_, number.scheme, number.token, number.sealed, number.shown) for id_, party in parties for number in party.identifiers]
    await store.driver.copy_records_to_table("party_identifier", records=rows, columns=("party_id", "scheme", "token", "sealed", "shown"))


async def _reseal_identifiers(store: Store, parties: Sequence[tuple[int, PartyRow]]) -> None:
    """Numbers that are known, and sealed with another seal than the one that seals now: so what is lost with a seal comes back."""
    rows = [(id_, number.scheme, number.sealed) for id_, party in parties for number in party.identifiers]
    if rows:
        await store.driver.execute(
            """
            UPDATE party_identifier n SET sealed = q.sealed FROM unnest($1::bigint[], $2::text[], $3::bytea[]) q (party_id, scheme, sealed)
            WHERE n.party_id = q.party_id AND n.scheme = q.scheme AND substr(n.sealed, 1, 2) <> substr(q.sealed, 1, 2)
            """,
            *_columns(rows, 3),
        )


async def save_computed(store: Store, parties: Sequence[tuple[int, Sequence[tuple[str, bytes]], Sequence[tuple[str, bytes]]]]) -> None:
    """(number, match keys, search terms) of each party record."""
    keys = [(id_, scheme, token) for id_, match_keys, _ in parties for scheme, token in match_keys]
    terms = [(id_, field_, term) for id_, _, search_terms in parties for field_, term in search_terms]
    await store.driver.copy_records_to_table("match_key", records=keys, columns=("party_id", "scheme", "token"))
    await store.driver.copy_records_to_table("search_term", records=terms, columns=("party_id", "field", "term"))


async def _save_involvements(
    store: Store, cases: dict[str, int], parties: dict[tuple[str, str], int], rows: Sequence[InvolvementRow]
) -> None:
    values = [(cases[row.case_id], row.position, parties[row.party], row.role, row.acting_for) for row in rows]
    await store.driver.execute(
        """
        INSERT INTO involvement (case_id, position, party_id, role, acting_for, relation_id, capacity, compartment, open, on_date, modified_at, zaak)
        SELECT i.case_id, i.position, i.party_id, i.role, i.acting_for, p.relation_id, c.capacity, c.compartment, c.open, c.on_date, c.modified_at, c.zaak
        FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::text[], $5::text[]) i (case_id, position, party_id, role, acting_for)
        JOIN case_record c ON c.id = i.case_id JOIN party_record p ON p.id = i.party_id
        """,
        *_columns(values, 5),
    )


async def _drop_orphans(store: Store, party_ids: Sequence[int]) -> Gone:
    """Of these party records, those that no case speaks of any more."""
    rows = await store.driver.fetch(
        "SELECT id FROM party_record p WHERE id = ANY($1) AND NOT EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id)", party_ids
    )
    if not rows:
        return Gone()
    orphans = {row["id"] for row in rows}
    beside = await neighbours(store, orphans)
    dropped = await store.driver.fetch(
        "DELETE FROM party_record WHERE id = ANY($1) RETURNING source, key, variant, relation_id", sorted(orphans)
    )
    return Gone(tuple(((row["source"], row["key"], row["variant"]), row["relation_id"]) for row in dropped), frozenset(beside - orphans))


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[index] for row in rows] for index in range(width)]
