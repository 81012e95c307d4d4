"""The log has a partition for each month, before anything is asked in it; and what came too early gets there."""

from datetime import UTC, datetime

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from tests.test_log_append_only import A_LOOK, value
from tests.test_storage import execute
from tests.towns import NewDatabase, as_service, bare_hub

from relhub.services.prepare_months import prepare_months
from relhub.services.seal_log import seal_log
from relhub.services.verify_log import verify_log
from relhub.storage.database import Database
from relhub.storage.log_partitions import make_partitions, rows_astray
from relhub.storage.migrate import _config, migrate

PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'consultation_log'::regclass"


def of(month: str) -> str:
    return A_LOOK.replace("now()", f"'{month}-15T12:00:00Z'")


async def test_there_are_months_for_two_years(migrated_url: str) -> None:
    assert await value(migrated_url, PARTITIONS) == 26  # this month and 24 more, and the one for what has none


async def test_the_service_has_more_made_and_nothing_else(migrated_url: str) -> None:
    database = Database(as_service(migrated_url))
    async with database.begin() as store:
        assert await make_partitions(store, 26) == 2
        assert await make_partitions(store, 26) == 0
    await database.close()
    assert (
        await value(migrated_url, "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'consultation_log_y%' AND tableowner <> 'postgres'")
        == 0
    )


async def test_what_came_in_without_a_month_is_kept_found_and_put_where_it_belongs(migrated_url: str) -> None:
    hub = bare_hub(migrated_url)
    await execute(as_service(migrated_url), of("2019-03"), of("2021-07"), of("1999-01"), A_LOOK)
    before = await value(migrated_url, "SELECT string_agg(l::text, ';' ORDER BY id) FROM consultation_log l")
    async with hub.database.begin() as store:
        assert await rows_astray(store)
    await seal_log(hub, datetime.now(UTC))
    assert await prepare_months(hub) == 2
    assert await value(migrated_url, "SELECT count(*) FROM consultation_log_y2019m03") == 1
    assert await value(migrated_url, "SELECT count(*) FROM consultation_log_other") == 1  # of a time that can't be
    assert await value(migrated_url, "SELECT string_agg(l::text, ';' ORDER BY id) FROM consultation_log l") == before
    assert (await verify_log(hub)).count == 0
    await hub.database.close()


async def test_the_log_of_before_is_in_its_months_after_migrating_and_can_be_sealed(new_database: NewDatabase) -> None:
    url = await new_database(None)
    database = Database(url, pool_size=1)
    scripts = ScriptDirectory.from_config(_config())
    [ours] = [script for script in scripts.walk_revisions() if "by_month" in script.path]
    async with database.begin() as store:
        await store.sql.run_sync(lambda connection: command.upgrade(_config(connection), str(ours.down_revision)))
        for month in ("2024-02", "2026-11", "2026-11"):
            await store.sql.execute(text(of(month)))
    await database.close()
    await migrate(url, as_service(url))
    assert await value(url, "SELECT array_agg(tableoid::regclass::text ORDER BY id) FROM consultation_log") == [
        "consultation_log_y2024m02",
        "consultation_log_y2026m11",
        "consultation_log_y2026m11",
    ]
    await execute(as_service(url), A_LOOK)
    assert await value(url, "SELECT max(id) FROM consultation_log") == 4
    hub = bare_hub(url)
    assert await seal_log(hub, datetime.now(UTC)) == 4
    assert (await verify_log(hub)).count == 0
    await hub.database.close()
