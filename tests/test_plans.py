"""Plans are made once and kept, when all tables are still empty: they must be right when those are full."""

import itertools
import re

import asyncpg
from tests.test_entries import CALL, record
from tests.towns import NewDatabase, by_contact_centre, by_permits, by_projects

from relhub.services.asked import CaseQuery, EntryQuery, PageQuery, Reference, ViewOptions
from relhub.services.hub import Hub
from relhub.services.list_cases import list_cases
from relhub.services.list_entries import list_entries
from relhub.services.list_officials import list_officials
from relhub.services.list_source_records import list_source_records
from relhub.services.lookup_relation import lookup_relation
from relhub.services.pull_source import pull_all
from relhub.services.show_alerts import show_alerts
from relhub.services.show_case import show_case
from relhub.services.show_history import show_history
from relhub.services.show_managers import list_managers
from relhub.services.show_project import show_project
from relhub.services.show_timeline import show_timeline
from relhub.services.view_relation import view_relation

_SESSION = {"enable_seqscan": "off", "jit": "off", "plan_cache_mode": "force_generic_plan"}
_PREPARED = "SELECT statement, parameter_types::text[] types FROM pg_prepared_statements"
_ONCE_IN_A_PULL = ("count(*)", "seen_pull <= $2")
_OF_THE_DRIVER = " LIMIT 1"  # asks for the columns of a table before it copies
_GROWING = "(document|case_record|case_place|party_record|party_identifier|match_key|search_term|involvement|relation|membership|event|entry|entry_step|relation_manager|alert_cause|alert_dismissal|consultation_log)"


async def test_no_statement_for_a_page_goes_through_all_that_a_source_has(
    empty_hub: Hub, new_database: NewDatabase, empty_template: str
) -> None:
    await pull_all(empty_hub)
    found = await _plans_of(empty_hub, await new_database(empty_template))
    assert len(found) > 30
    for statement, plan in found.items():
        if not any(part in statement for part in _ONCE_IN_A_PULL):
            assert _goes_through_everything(plan) == "", "\n".join([_goes_through_everything(plan), statement, *plan])


async def test_no_statement_for_an_answer_about_one_relation_goes_through_all_that_there_is(
    hub: Hub, new_database: NewDatabase, empty_template: str
) -> None:
    view = await lookup_relation(hub, by_permits(), Reference(case=("permits", "V-2026-00001")), ViewOptions())
    relation = view.relation_id
    await record(hub, by_contact_centre(), relation, CALL)
    await view_relation(hub, by_permits(), relation, ViewOptions())
    for show in (list_officials, show_timeline, show_history, list_source_records, list_managers):
        await show(hub, by_permits(), relation, PageQuery())
    await show_alerts(hub, by_permits(), relation, "/v1")
    await list_entries(hub, by_permits(), relation, "contact-moment", EntryQuery())
    await list_cases(hub, by_permits(), relation, CaseQuery())
    await show_case(hub, by_permits(), "permits", "V-2026-00001")
    await show_project(hub, by_projects(), "projects", "PRJ-0001", PageQuery())
    found = await _plans_of(hub, await new_database(empty_template))
    assert len(found) > 12
    for statement, plan in found.items():
        assert _goes_through_everything(plan) == "", "\n".join([_goes_through_everything(plan), statement, *plan])


async def _plans_of(hub: Hub, database_url: str) -> dict[str, list[str]]:
    """The statements that this hub has prepared, with their plans in a database that is empty."""
    async with hub.database.driver() as one, hub.database.driver() as other:  # the connections that it used
        prepared = [row for driver in (one, other) for row in await driver.fetch(_PREPARED)]
    connection = await asyncpg.connect(database_url, server_settings=_SESSION, statement_cache_size=0)
    try:
        return {
            row["statement"]: await _plan(connection, row["statement"], row["types"])
            for row in prepared
            if not row["statement"].endswith(_OF_THE_DRIVER)
        }
    finally:
        await connection.close()


async def _plan(connection: asyncpg.Connection, statement: str, types: list[str]) -> list[str]:
    try:
        await connection.execute(f"PREPARE one AS {statement}")
    except asyncpg.PostgresSyntaxError:
        return []  # COPY, SET and the like have no plan
    values = f"({', '.join(f'NULL::{type_}' for type_ in types)})" if types else ""
    plan = [row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE one{values}")]
    await connection.execute("DEALLOCATE one")
    return plan


def _goes_through_everything(plan: list[str]) -> str:
    """The line with which it scans a whole table or index of those that grow, or all rows of one source or capacity; empty when none does."""
    for line, following in itertools.pairwise([*plan, ""]):
        scans = re.search(rf"Index.* on {_GROWING}(_|\b)", line)
        if re.search(rf"Seq Scan on {_GROWING}\b", line) or (scans and re.search(r"Index Cond: \((source|capacity) = \S+\)$", following)):
            return line
        if scans and "Index Cond" not in following:
            return line
    return ""
