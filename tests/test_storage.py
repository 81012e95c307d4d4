"""The database: migrated, never newer than the code, and guarding by itself what may never break."""

import asyncio
import contextlib
import hmac
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag
from tests.towns import KEYS, NewDatabase

from relhub.embedded import Server
from relhub.errors import ConfigurationError, DatabaseUnusable
from relhub.services.hub import Hub
from relhub.storage.database import Database
from relhub.storage.migrate import check_migrated, migrate, newest_revision, unmigrated_differences
from relhub.storage.sealing import Sealer


async def test_the_migrations_make_exactly_the_tables_of_the_code(migrated_url: str) -> None:
    assert await unmigrated_differences(migrated_url) == []


async def test_migrating_twice_changes_nothing(migrated_url: str) -> None:
    assert await migrate(migrated_url) == newest_revision()
    await check_migrated(migrated_url)


async def test_a_database_of_a_newer_relhub_that_left_room_for_this_one_is_used_as_it_is(migrated_url: str) -> None:
    """Expand first, contract later: the version before goes on answering while the new one is brought in."""
    await execute(migrated_url, "UPDATE alembic_version SET version_num = '9999'")
    await check_migrated(migrated_url)
    assert await migrate(migrated_url) == "9999"


async def test_a_database_of_a_newer_relhub_is_refused_in_one_line(migrated_url: str) -> None:
    await execute(migrated_url, "UPDATE alembic_version SET version_num = '9999'", "UPDATE compatibility SET oldest = '9998'")
    for refused in (migrate, check_migrated):
        with pytest.raises(DatabaseUnusable, match="migrated by a newer relhub"):
            await refused(migrated_url)


async def test_a_database_that_is_not_migrated_says_what_to_do(new_database: NewDatabase) -> None:
    with pytest.raises(DatabaseUnusable, match="relhub migrate"):
        await check_migrated(await new_database(None))


async def test_a_database_that_is_not_there_is_one_line(server: Server) -> None:
    for url in (server.url("nowhere"), "postgresql://x@127.0.0.1:1/x", server.url("postgres").replace(server.password, "wrong")):
        with pytest.raises(DatabaseUnusable):
            await check_migrated(url)
    with pytest.raises(ConfigurationError, match="not a database URL"):
        Database("nonsense")


async def test_two_numbers_of_one_scheme_in_one_relation_are_refused_by_the_database_itself(hub: Hub) -> None:
    async with hub.database.begin() as store:
        rows = await store.driver.fetch("SELECT party_id, relation_id FROM party_identifier WHERE scheme = 'bsn' ORDER BY relation_id")
        one, other = rows[0], next(row for row in rows if row["relation_id"] != rows[0]["relation_id"])
    async with hub.database.driver() as driver:
        with pytest.raises(asyncpg.ExclusionViolationError):
            await driver.execute("UPDATE party_identifier SET relation_id = $1 WHERE party_id = $2", one["relation_id"], other["party_id"])


async def test_the_user_of_the_api_can_add_to_the_log_and_change_nothing_in_it(new_database: NewDatabase, server: Server) -> None:
    owner_url = await new_database(None)
    await execute(owner_url, "DROP ROLE IF EXISTS api_user", "CREATE ROLE api_user LOGIN PASSWORD 'secret'")
    user_url = owner_url.replace(f"postgres:{server.password}", "api_user:secret")
    await migrate(owner_url, user_url)
    await check_migrated(user_url)
    await execute(user_url, "SELECT * FROM consultation_log", "DELETE FROM event")
    for change in ("DELETE FROM consultation_log", "UPDATE consultation_log SET official = ''", "DROP TABLE event"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(user_url, change)


async def test_a_transaction_that_fails_leaves_nothing(migrated_url: str) -> None:
    database = Database(migrated_url)
    with contextlib.suppress(RuntimeError):
        async with database.begin() as store:
            await store.driver.execute("INSERT INTO unread_set VALUES ('permits', 'x')")
            raise RuntimeError
    async with database.begin() as store:
        assert await store.driver.fetchval("SELECT count(*) FROM unread_set") == 0
    await database.close()


async def test_connections_that_the_server_ended_are_replaced_before_anyone_uses_them(migrated_url: str) -> None:
    database = Database(migrated_url, pool_size=5)
    await asyncio.gather(*(one_look(database) for _ in range(5)))
    await execute(
        migrated_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'relhub' AND datname = current_database()",
    )
    await asyncio.sleep(0.1)
    assert await asyncio.gather(*(one_look(database) for _ in range(20))) == [1] * 20
    async with database.begin() as store:
        assert await store.driver.fetchval("SELECT 1") == 1
    await database.close()


async def one_look(database: Database) -> int:
    async with database.driver() as driver:
        await driver.execute("SELECT pg_sleep(0.02)")
        return int(await driver.fetchval("SELECT 1"))


def test_what_is_sealed_opens_only_as_what_it_is() -> None:
    sealer = Sealer(KEYS)
    sealed = sealer.seal(b"999990019", "bsn")
    assert sealer.open(sealed, "bsn") == b"999990019"
    assert b"999990019" not in sealed
    with pytest.raises(InvalidTag):
        sealer.open(sealed, "rsin")


def test_the_same_value_has_the_same_token_in_one_scheme_only() -> None:
    sealer = Sealer(KEYS)
    assert sealer.token("bsn", "999990019") == sealer.token("bsn", "999990019") != sealer.token("rsin", "999990019")


@pytest.mark.parametrize("length", [32, 64, 65, 200])
def test_a_token_is_an_hmac_of_scheme_and_value_however_long_the_key(length: int) -> None:
    key = bytes(range(length))
    token = Sealer(replace(KEYS, index=key)).token("bsn", "999990019")
    assert token == hmac.digest(key, b"bsn\x00999990019", "sha256")[:16]


async def execute(url: str, *statements: str) -> None:
    connection: Any = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
