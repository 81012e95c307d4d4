"""case_record, party_record, involvement and what is kept with them: the facts, as rows."""

from collections.abc import Collection, Mapping, Sequence

from relhub.domain.places import PlaceName
from relhub.storage.compartments import Key, keep_compartments
from relhub.storage.database import Store
from relhub.storage.record_rows import CaseRow, Gone, Involved, InvolvementRow, NewParty, PartyRow, Written, WrittenCase
from relhub.storage.relations import neighbours


async def replace_sets(
    store: Store,
    source: str,
    set_keys: Sequence[str],
    cases: Sequence[CaseRow],
    parties: Sequence[PartyRow],
    involvements: Sequence[InvolvementRow],
) -> Written:
    """These sets now say this, and nothing else. What of it needs a relation first is in the answer."""
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
    await save_places(store, [(numbers[case.case_id], case.places) for case in cases])
    known = await _known_parties(store, source, parties)
    retold = await _tell_again(store, [(number, party.protected) for party in parties if (number := known.get((party.key, party.variant)))])
    new = await _number(store, source, [party for party in parties if (party.key, party.variant) not in known])
    named = known | {(party.row.key, party.row.variant): party.number for party in new}
    case_of = {case.case_id: case for case in cases}
    involved = [
        _involved(row, case_of[row.case_id], numbers[row.case_id], compartments[row.case_id], named[row.party]) for row in involvements
    ]
    written = [WrittenCase(case_id, number, compartments[case_id]) for case_id, number in sorted(numbers.items())]
    zaken = {row["zaak"] for row in before if row["zaak"]}
    gone = await _drop_orphans(store, released - set(known.values()))
    return Written(new, involved, retold, gone, written, was_in, ended, zaken)


def _involved(row: InvolvementRow, case: CaseRow, number: int, compartment: int, party: int) -> Involved:
    part = (number, row.position, party, row.role, row.acting_for)
    return Involved(*part, case.capacity, compartment, case.open, case.on_date, case.modified_at, case.zaak)


async def _compartments(store: Store, source: str, cases: Sequence[CaseRow]) -> dict[str, int]:
    """The compartment of each case."""
    keys: dict[str, Key] = {case.case_id: (source, case.capacity, case.kind, case.confidentiality) for case in cases}
    ids = await keep_compartments(store, keys.values()) if keys else {}
    return {case_id: ids[key] for case_id, key in keys.items()}


async def _release_parties(store: Store, source: str, numbers: list[int], case_ids: list[str]) -> tuple[set[int], set[tuple[str, int]]]:
    """The party records that these cases spoke of, and the (relation, compartment) of each involvement. Of their places nothing is left."""
    rows = await store.driver.fetch(
        """
        WITH known AS MATERIALIZED (SELECT $1::bigint[] || ARRAY(SELECT id FROM case_record WHERE source = $2 AND case_id = ANY($3)) ids),
            places AS (DELETE FROM case_place WHERE case_id = ANY(ARRAY(SELECT unnest(ids) FROM known)))
        DELETE FROM involvement WHERE case_id = ANY(ARRAY(SELECT unnest(ids) FROM known)) RETURNING party_id, relation_id, compartment
        """,  # one array: with OR all involvements that there are would be gone through
        numbers,
        source,
        case_ids,
    )
    return {row["party_id"] for row in rows}, {(row["relation_id"], row["compartment"]) for row in rows}


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


async def save_places(store: Store, cases: Sequence[tuple[int, Sequence[PlaceName]]]) -> None:
    """By which names the places of these cases, of which none are kept, are known."""
    rows = [(number, name.bag_id, name.address) for number, names in cases for name in names]
    await store.driver.copy_records_to_table("case_place", records=rows, columns=("case_id", "bag_id", "address"))


async def _known_parties(store: Store, source: str, parties: Sequence[PartyRow]) -> dict[tuple[str, str], int]:
    """The numbers of those that are there, by (key, variant). A known variant says the same, so it is left as it is."""
    rows = await store.driver.fetch(
        """
        SELECT p.id, p.key, p.variant FROM unnest($2::text[], $3::text[]) q (key, variant)
        CROSS JOIN LATERAL (SELECT * FROM party_record p WHERE p.source = $1 AND p.key = q.key AND p.variant = q.variant LIMIT 1) p
        """,  # one by one through the index, whatever the planner thinks of a table that was empty a moment ago
        source,
        [party.key for party in parties],
        [party.variant for party in parties],
    )
    known = {(row["key"], row["variant"]): row["id"] for row in rows}
    await _reseal_identifiers(store, [(known[ref], party) for party in parties if (ref := (party.key, party.variant)) in known])
    return known


async def _number(store: Store, source: str, parties: Sequence[PartyRow]) -> list[NewParty]:
    rows = await store.driver.fetch("SELECT nextval('party_record_id_seq') FROM generate_series(1, $1)", len(parties))
    return [NewParty(row[0], source, party) for row, party in zip(rows, parties, strict=True)]


async def save_parties(store: Store, parties: Sequence[NewParty], relation_of: Mapping[int, str]) -> None:
    """Keeps new party records, each in its relation, with what is computed from them."""
    rows = [
        (
            *(new.number, relation_of[new.number], new.source, row.key, row.variant, row.kind, row.body),
            *(row.contact_of, row.leaf, row.protected, row.birth, row.family, row.display),
        )
        for new in parties
        for row in [new.row]
    ]
    columns = (
        "id",
        "relation_id",
        "source",
        "key",
        "variant",
        "kind",
        "body",
        "contact_of",
        "leaf",
        "protected",
        "birth",
        "family",
        "display",
    )
    await store.driver.copy_records_to_table("party_record", records=rows, columns=columns)
    await _save_identifiers(store, parties, relation_of)
    await save_computed(store, [(new.number, new.row.match_keys, new.row.search_terms) for new in parties])


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


async def _save_identifiers(store: Store, parties: Sequence[NewParty], relation_of: Mapping[int, str]) -> None:
    rows = [
        (new.number, relation_of[new.number], number.scheme, number.token, number.sealed, number.shown)
        for new in parties
        for number in new.row.identifiers
    ]
    columns = ("party_id", "relation_id", "scheme", "token", "sealed", "shown")
    await store.driver.copy_records_to_table("party_identifier", records=rows, columns=columns)


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


async def save_involvements(store: Store, involvements: Sequence[Involved]) -> None:
    """Who has which part in which case: both are there, and the parties are in their relations."""
    parties = sorted({row.party for row in involvements})
    found = await store.driver.fetch("SELECT id, relation_id FROM party_record WHERE id = ANY($1)", parties)
    relation_of = {row["id"]: row["relation_id"] for row in found}
    rows = [(*row, relation_of[row.party]) for row in involvements]
    columns = (
        *("case_id", "position", "party_id", "role", "acting_for", "capacity", "compartment", "open", "on_date", "modified_at", "zaak"),
        "relation_id",
    )
    await store.driver.copy_records_to_table("involvement", records=rows, columns=columns)


async def _drop_orphans(store: Store, party_ids: Collection[int]) -> Gone:
    """Of these party records, those that no case speaks of any more."""
    rows = await store.driver.fetch(
        "SELECT id FROM party_record p WHERE id = ANY($1) AND NOT EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id)",
        sorted(party_ids),
    )
    if not rows:
        return Gone()
    orphans = {row["id"] for row in rows}
    beside = await neighbours(store, orphans)
    dropped = await store.driver.fetch(
        """
        WITH keys AS (DELETE FROM match_key WHERE party_id = ANY($1)), terms AS (DELETE FROM search_term WHERE party_id = ANY($1))
        DELETE FROM party_record WHERE id = ANY($1) RETURNING source, key, variant, relation_id
        """,
        sorted(orphans),
    )
    return Gone(tuple(((row["source"], row["key"], row["variant"]), row["relation_id"]) for row in dropped), frozenset(beside - orphans))


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[index] for row in rows] for index in range(width)]
