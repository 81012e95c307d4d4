"""entry: what of it is computed: its parts as they are shown, and how open it is."""

from collections.abc import Collection

from relhub.domain.compartments import OWN
from relhub.storage.database import Store
from relhub.storage.entries import COLUMNS, entry_of, shown_parts


async def render_again(store: Store) -> None:
    """The parts as they are shown, and the compartments, from what is kept: for a rebuild."""
    last = 0
    while found := await store.driver.fetch(
        f"SELECT {COLUMNS.replace('said', 'said::text')}, number FROM entry WHERE number > $1 ORDER BY number LIMIT 1000", last
    ):
        last = found[-1]["number"]
        entries = [entry_of(row) for row in found]
        await store.driver.execute(
            """
            UPDATE entry e SET "full" = r.f, summary = r.s, existence = r.e, outside = r.o, open = r.open
            FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bool[]) r (number, f, s, e, o, open) WHERE e.number = r.number
            """,
            [row["number"] for row in found],
            *map(list, zip(*map(shown_parts, entries), strict=True)),
            [entry.is_open for entry in entries],
        )
    await store.driver.execute(_OPENNESS % "true")


async def follow_cases(store: Store, refs: Collection[str]) -> None:
    """Entries about these cases are no more open than the cases are now."""
    await store.driver.execute(_OPENNESS % "e.cases && $1::text[]", sorted(refs))


# Of a case that is gone nobody knows how open it would be: what was about it stays as it was.
_OPENNESS = f"""
UPDATE entry e SET compartments = now.compartments FROM entry o CROSS JOIN LATERAL (
    SELECT ARRAY(SELECT k.id FROM compartment k WHERE (k.source, k.capacity, k.kind, k.confidentiality) = ('{OWN}' || o.organisation, o.capacity, o.sort, o.confidentiality)
        UNION SELECT c.compartment FROM unnest(o.cases) r (ref) JOIN case_record c ON c.source = split_part(r.ref, '/', 1) AND c.case_id = substr(r.ref, strpos(r.ref, '/') + 1)
        ORDER BY 1) compartments,
    (SELECT count(*) FROM unnest(o.cases) r (ref) JOIN case_record c ON c.source = split_part(r.ref, '/', 1) AND c.case_id = substr(r.ref, strpos(r.ref, '/') + 1)) known
) now WHERE e.number = o.number AND now.known = cardinality(o.cases) AND e.compartments <> now.compartments AND %s
"""
