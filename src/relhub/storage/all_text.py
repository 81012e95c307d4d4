"""Whatever text or bytes the database holds, for a search through all of it: tables, indexes on expressions, statistics, queries."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from relhub.storage.database import Store

_BATCH = 200


@dataclass(slots=True)
class Searched:
    """A table with what of it is read: (what it is called, SQL). `readable`: whether this user may; `parted`: whether it is read with its partitions."""

    name: str
    readable: bool
    parted: bool = False
    parts: list[tuple[str, str]] = field(default_factory=list)


_COLUMNS = """
SELECT c.oid, c.oid::regclass::text name, has_table_privilege(c.oid, 'SELECT') readable, c.relkind = 'p' parted, a.attname called, quote_ident(a.attname) said, a.atttypid = 'bytea'::regtype bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'm', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'
    AND a.atttypid NOT IN ('bool'::regtype, 'date'::regtype, 'timestamptz'::regtype, 'timestamp'::regtype, 'uuid'::regtype, 'int2'::regtype)
ORDER BY name, a.attnum
"""
_EXPRESSIONS = """
SELECT i.indrelid oid, 'index ' || i.indexrelid::regclass::text called, pg_get_indexdef(i.indexrelid, k, false) said
FROM pg_index i CROSS JOIN generate_series(1, i.indnkeyatts) k WHERE i.indkey[k - 1] = 0 AND i.indrelid >= 16384 ORDER BY i.indexrelid, k
"""


async def searched_tables(store: Store) -> list[Searched]:
    """Every table that is not PostgreSQL's own, with each column that can hold a number, and each expression that an index keeps."""
    found: dict[int, Searched] = {}
    for row in await store.driver.fetch(_COLUMNS):
        table = found.setdefault(row["oid"], Searched(row["name"], row["readable"], row["parted"]))
        table.parts.append((row["called"], row["said"] if row["bytes"] else f"{row['said']}::text"))
    for row in await store.driver.fetch(_EXPRESSIONS):
        if row["oid"] in found:
            found[row["oid"]].parts.append((row["called"], f"({row['said']})::text"))
    return list(found.values())


async def rows_of(store: Store, table: Searched) -> AsyncIterator[list[Any]]:
    """All its rows in batches: where each is (its ctid), then its parts."""
    parts = ", ".join(sql for _, sql in table.parts)
    place, only = ("ctid || ' of ' || tableoid::regclass", "") if table.parted else ("ctid::text", "ONLY ")
    async for batch in store.batches(f"SELECT {place}, {parts} FROM {only}{table.name}", size=_BATCH):
        yield batch


_KEPT_BESIDE = (
    """
    SELECT format('statistics of %I.%I.%I', schemaname, tablename, attname) place, concat_ws(' ', most_common_vals, histogram_bounds, most_common_elems) said
    FROM pg_stats WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
    """,
    "SELECT format('statistics %I.%I', statistics_schemaname, statistics_name) place, array_to_string(most_common_vals, ' ') said FROM pg_stats_ext",
    """
    SELECT format('statistics %I.%I', statistics_schemaname, statistics_name) place, concat_ws(' ', most_common_vals, histogram_bounds, most_common_elems) said
    FROM pg_stats_ext_exprs
    """,
    """
    SELECT format('the last query of %s (pg_stat_activity, process %s)', coalesce(nullif(application_name, ''), 'a connection'), pid) place, query said
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    """,
)


async def kept_beside(store: Store) -> list[tuple[str, str]]:
    """(where, text) of what PostgreSQL keeps beside the tables: samples of values, and the text of queries."""
    found = [(row["place"], row["said"] or "") for query in _KEPT_BESIDE for row in await store.driver.fetch(query)]
    return found + [("the text of queries (pg_stat_statements)", text) for text in await _statements(store)]


async def _statements(store: Store) -> list[str]:
    schema = await store.driver.fetchval(
        "SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'pg_stat_statements'"
    )
    if schema is None:
        return []
    try:
        async with store.sql.begin_nested():
            rows = await store.driver.fetch(
                f"SELECT query FROM {schema}.pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
    except asyncpg.ObjectNotInPrerequisiteStateError:
        return []  # made, and not loaded by the server: it keeps nothing
    return [row["query"] or "" for row in rows]


async def personal_numbers(store: Store) -> AsyncIterator[list[tuple[str, bytes]]]:
    """(scheme, sealed) of all numbers of people, in batches."""
    query = """
        SELECT n.scheme, n.sealed FROM party_identifier n JOIN party_record p ON p.id = n.party_id
        WHERE n.scheme IN ('bsn', 'a_number') OR (n.scheme = 'rsin' AND p.kind = 'person')
        """
    async for batch in store.batches(query, size=1000):
        yield [(row["scheme"], row["sealed"]) for row in batch]


async def trade_register_numbers(store: Store) -> list[str]:
    """The KVK numbers that are known."""
    rows = await store.driver.fetch(
        "SELECT DISTINCT left(shown, 8) number FROM party_identifier WHERE scheme IN ('kvk', 'vestiging') AND shown ~ '^[0-9]{8}'"
    )
    return [row["number"] for row in rows]
