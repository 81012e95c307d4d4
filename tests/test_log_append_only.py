"""Nobody changes the consultation log: not the service, and not its owner by accident."""

from typing import Any

import asyncpg
import pytest
from tests.test_storage import execute
from tests.towns import NewDatabase, as_service

from relhub.embedded import Server
from relhub.errors import DatabaseUnusable
from relhub.storage.database import Database
from relhub.storage.log_rights import WrongRight, wrong_rights
from relhub.storage.migrate import check_migrated, migrate

A_LOOK = (
    "INSERT INTO consultation_log (at, trace_id, consumer, application, organisation, department, official, activity, occasion, rules_version, "
    "operation, outcome, relation_ids, levels, records) VALUES (now(), 't', 'c', 'a', 'o', 'd', 'j.jansen', 'p', 'none', '1', 'view', 'shown', '{}', '{}', '{}')"
)
A_SEAL = "INSERT INTO log_seal VALUES (1, 'rows', 1, '2026-11-01', '{[1,2)}', 1, 1, 1, now(), now(), '', '', 1, now(), '', '')"


@pytest.fixture
async def partition(migrated_url: str) -> str:
    """The one that a look of now is in."""
    await execute(migrated_url, A_LOOK, A_SEAL)
    return str(await value(migrated_url, "SELECT tableoid::regclass::text FROM consultation_log"))


async def value(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


CHANGES = ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"]
AS_THE_SERVICE = [
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "DROP TABLE {}",
    "DROP TRIGGER consultation_log_stays ON {}",
    "CREATE OR REPLACE FUNCTION refuse_log_change() RETURNS trigger LANGUAGE sql AS ''",
    "SET session_replication_role = 'replica'",
    "ALTER TABLE consultation_log DETACH PARTITION consultation_log_other",
    "SELECT count(*) FROM consultation_log_other",
    A_LOOK.replace("consultation_log", "consultation_log_other").replace("{}", "{{}}"),
]


@pytest.mark.parametrize("change", CHANGES + AS_THE_SERVICE)
@pytest.mark.parametrize("table", ["consultation_log", "a partition", "log_seal"])
async def test_the_service_can_not(migrated_url: str, partition: str, table: str, change: str) -> None:
    name, column = (partition if table == "a partition" else table), ("number" if table == "log_seal" else "id")
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidFunctionDefinitionError)):
        await execute(as_service(migrated_url), change.format(name, column, column))
    assert await value(migrated_url, "SELECT count(*) FROM consultation_log") == 1


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", ["consultation_log", "a partition", "consultation_log_other", "log_seal"])
@pytest.mark.parametrize("before", ["SELECT 1", "SET session_replication_role = 'replica'"])
async def test_the_owner_does_not_by_accident(migrated_url: str, partition: str, table: str, change: str, before: str) -> None:
    name, column = (partition if table == "a partition" else table), ("number" if table == "log_seal" else "id")
    if table == "consultation_log_other" and "TRUNCATE" not in change:
        await execute(migrated_url, A_LOOK.replace("now()", "'1999-01-01'"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only ever added to"):
        await execute(migrated_url, before, change.format(name, column, column))


async def test_the_service_adds_and_reads(migrated_url: str) -> None:
    service = as_service(migrated_url)
    await execute(service, A_LOOK, A_SEAL)
    assert await value(service, "SELECT count(*) FROM consultation_log") == 1
    assert await value(service, "SELECT count(*) FROM log_seal") == 1


async def problems(url: str) -> list[WrongRight]:
    database = Database(url, pool_size=1)
    try:
        async with database.driver() as driver:
            return await wrong_rights(driver)
    finally:
        await database.close()


async def test_with_a_user_of_its_own_nothing_is_wrong(migrated_url: str) -> None:
    assert await problems(as_service(migrated_url)) == []


async def test_a_service_that_is_a_superuser_is_told_to_have_its_own_user(migrated_url: str) -> None:
    [found] = await problems(migrated_url)
    assert "superuser" in found.what
    assert "CREATE ROLE" in found.sql


async def test_a_service_that_owns_the_tables_is_told_the_same(server: Server, new_database: NewDatabase) -> None:
    url = await new_database(None)
    name = url.rpartition("/")[2]
    await execute(
        url, "DROP ROLE IF EXISTS an_owner", "CREATE ROLE an_owner LOGIN PASSWORD 'x'", f"ALTER DATABASE {name} OWNER TO an_owner"
    )
    await execute(url, "CREATE EXTENSION btree_gist", "GRANT ALL ON SCHEMA public TO an_owner")
    owner = url.replace(f"postgres:{server.password}", "an_owner:x")
    await migrate(owner)
    [found] = await problems(owner)
    assert "owns consultation_log, log_seal" in found.what


@pytest.mark.parametrize(
    "grant",
    [
        "GRANT UPDATE ON consultation_log TO relhub_service",
        "GRANT DELETE, TRUNCATE ON log_seal TO PUBLIC",
        "GRANT UPDATE (official) ON consultation_log TO relhub_service",
        "GRANT INSERT ON consultation_log_other TO relhub_service",
        "ALTER TABLE consultation_log_other DISABLE TRIGGER ALL",
        "DROP TRIGGER log_seal_unchanged ON log_seal",
        "ALTER TABLE consultation_log ENABLE TRIGGER consultation_log_unchanged",
    ],
)
async def test_what_is_wrong_is_named_with_the_sql_that_mends_it(migrated_url: str, grant: str) -> None:
    await execute(migrated_url, grant)
    found = await problems(as_service(migrated_url))
    assert found
    await execute(migrated_url, *(problem.sql for problem in found))
    assert await problems(as_service(migrated_url)) == []
    await execute(migrated_url, "REVOKE ALL ON log_seal FROM PUBLIC")


async def test_migrating_makes_the_user_of_the_service_with_its_password(server: Server, new_database: NewDatabase) -> None:
    url = await new_database(None)
    await execute(url, "DROP ROLE IF EXISTS made_here")
    service = url.replace(f"postgres:{server.password}", "made_here:p%40ss")
    await migrate(url, service)
    await check_migrated(service)
    assert await problems(service) == []
    assert str(await value(url, "SELECT rolpassword FROM pg_authid WHERE rolname = 'made_here'")).startswith("SCRAM-SHA-256$")
    await execute(url, "DROP OWNED BY made_here", "DROP ROLE made_here")


async def test_an_owner_that_may_not_make_users_says_what_to_run(server: Server, new_database: NewDatabase) -> None:
    url = await new_database(None)
    name = url.rpartition("/")[2]
    await execute(
        url,
        "DROP ROLE IF EXISTS a_limited_one",
        "CREATE ROLE a_limited_one LOGIN PASSWORD 'x'",
        f"ALTER DATABASE {name} OWNER TO a_limited_one",
    )
    await execute(url, "CREATE EXTENSION btree_gist", "GRANT ALL ON SCHEMA public TO a_limited_one")
    owner = url.replace(f"postgres:{server.password}", "a_limited_one:x")
    with pytest.raises(DatabaseUnusable, match='CREATE ROLE "nobody_yet" LOGIN'):
        await migrate(owner, url.replace(f"postgres:{server.password}", "nobody_yet:x"))
