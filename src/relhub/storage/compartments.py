"""compartment: cases that no access rule tells apart."""

from collections.abc import Iterable

from relhub.domain.record import Capacity
from relhub.storage.database import Driver, Store

Key = tuple[str, Capacity, str, str]
"""(source, capacity, kind, confidentiality)."""


async def compartments_after(driver: Driver, id_: int) -> list[tuple[int, Key]]:
    """Those with a higher id, in order."""
    rows = await driver.fetch("SELECT id, source, capacity, kind, confidentiality FROM compartment WHERE id > $1 ORDER BY id", id_)
    return [(row["id"], (row["source"], row["capacity"], row["kind"], row["confidentiality"])) for row in rows]


async def keep_compartments(store: Store, keys: Iterable[Key]) -> dict[Key, int]:
    """The ids of these compartments, new ones among them. One writer at a time: what is committed later has a higher id."""
    wanted = set(keys)
    columns = [list(column) for column in zip(*sorted(wanted), strict=True)] or [[], [], [], []]
    known = await store.driver.fetch(f"{_ASKED} {_KNOWN}", *columns)
    if len(known) < len(wanted):
        await store.driver.execute("SELECT pg_advisory_xact_lock(7264007)")
        known = await store.driver.fetch(
            f"""
        {_ASKED}, new AS (INSERT INTO compartment (source, capacity, kind, confidentiality)
                SELECT * FROM asked EXCEPT SELECT source, capacity, kind, confidentiality FROM compartment ORDER BY 1, 2, 3, 4 RETURNING *)
        SELECT * FROM new UNION ALL {_KNOWN}
        """,
            *columns,
        )
    return {(row["source"], row["capacity"], row["kind"], row["confidentiality"]): row["id"] for row in known}


_ASKED = "WITH asked AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) a (source, capacity, kind, confidentiality))"
_KNOWN = "SELECT k.* FROM asked JOIN compartment k USING (source, capacity, kind, confidentiality)"


async def present_id(driver: Driver, relation_id: str) -> str:
    """The id that this relation has now: that of the one it was merged into, or its own."""
    return str(await driver.fetchval("SELECT merged_into FROM relation WHERE id = $1", relation_id) or relation_id)


async def cases_of_relation(driver: Driver, relation_id: str) -> list[tuple[str, int]]:
    """(ref, compartment) of every case that this relation is in."""
    rows = await driver.fetch(
        """
        SELECT DISTINCT c.source || '/' || c.case_id ref, c.compartment FROM involvement i JOIN case_record c ON c.id = i.case_id
        WHERE i.relation_id = $1 ORDER BY 1
        """,
        relation_id,
    )
    return [(row["ref"], row["compartment"]) for row in rows]
