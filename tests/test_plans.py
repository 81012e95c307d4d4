"""Plans are made once and kept, when all tables are still empty: they must be right when those are full."""

import itertools
import re

import asyncpg
from tests.towns import NewDatabase

from relhub.services.hub import Hub
from relhub.services.pull_source import pull_all

_SESSION = {"enable_seqscan": "off", "jit": "off", "plan_cache_mode": "force_generic_plan"}
_PREPARED = "SELECT statement, parameter_types::text[] types FROM pg_prepared_statements"
_ONCE_IN_A_PULL = ("count(*)", "seen_pull <= $2")
_OF_THE_DRIVER = " LIMIT 1"  # asks for the columns of a table before it copies
_GROWING = "(document|case_record|case_place|party_record|party_identifier|match_key|search_term|involvement|relation|membership|event)"


async def test_no_statement_for_a_page_goes_through_all_that_a_source_has(
    empty_hub: Hub, new_database: NewDatabase, empty_template: str
) -> None:
    await pull_all(empty_hub)
    async with empty_hub.database.driver() as one, empty_hub.database.driver() as other:  # the connections that it used
        prepared = [row for driver in (one, other) for row in await driver.fetch(_PREPARED)]
    connection = await asyncpg.connect(await new_database(empty_template), server_settings=_SESSION, statement_cache_size=0)
    try:
        found = {row["statement"]: await _plan(connection, row["statement"], row["types"]) for row in prepared}
    finally:
        await connection.close()
    assert len(found) > 30
    for statement, plan in found.items():
        if not statement.endswith(_OF_THE_DRIVER) and not any(part in statement for part in _ONCE_IN_A_PULL):
            assert not _goes_through_everything(plan), "\n".join([statement, *plan])


async def _plan(connection: asyncpg.Connection, statement: str, types: list[str]) -> list[str]:
    try:
        await connection.execute(f"PREPARE one AS {statement}")
    except asyncpg.PostgresSyntaxError:
        return []  # COPY, SET and the like have no plan
    values = f"({', '.join(f'NULL::{type_}' for type_ in types)})" if types else ""
    plan = [row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE one{values}")]
    await connection.execute("DEALLOCATE one")
    return plan


def _goes_through_everything(plan: list[str]) -> bool:
    """Whether it scans a whole table or index of those that grow, or all rows of one source."""
    for line, following in itertools.pairwise([*plan, ""]):
        scans = re.search(rf"Index.* on {_GROWING}(_|\b)", line)
        if re.search(rf"Seq Scan on {_GROWING}\b", line) or (scans and re.search(r"Index Cond: \(source = \S+\)$", following)):
            return True
        if scans and "Index Cond" not in following:
            return True
    return False
