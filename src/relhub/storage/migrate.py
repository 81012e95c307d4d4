"""Bringing a database to this version of relhub, and refusing one that is newer."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, insert, select, text
from sqlalchemy.engine import make_url

from relhub.errors import DatabaseUnusable
from relhub.storage.database import Database
from relhub.storage.log_partitions import make_partitions
from relhub.storage.log_rights import give_rights
from relhub.storage.tables import metadata, not_a_partition
from relhub.storage.tables.service import compatibility

_AHEAD = 24  # months of the consultation log


def _folder() -> Path:
    """In an installed package the migrations are inside it; in a checkout they are at the top."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "_migrations"
    return inside if inside.is_dir() else package.parents[1] / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_folder()))
    config.attributes["connection"] = connection
    return config


@cache
def newest_revision() -> str:
    """The revision that this version of relhub works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # the folder has migrations
    return head


async def migrate(owner_url: str, database_url: str = "") -> str:
    """Migrates as the owner, and gives the user of `database_url` what relhub needs. Returns the revision.

    A database that a newer relhub migrated stays as it is when this version can work with it.
    Raises DatabaseUnusable when it can't, and when the database is too old or not there.
    """
    database = Database(owner_url, pool_size=1)
    try:
        await database.check()
        async with database.begin() as store:
            revision = await store.sql.run_sync(_upgrade)
            await make_partitions(store, _AHEAD)
            user = make_url(database_url or owner_url)
            if user.username and user.username != make_url(owner_url).username:
                await give_rights(store, user.username, user.password or "")
    finally:
        await database.close()
    return revision


def _upgrade(connection: Connection) -> str:
    connection.execute(text("SELECT pg_advisory_xact_lock(7264000)"))  # two installations starting at once
    revision = _revision(connection)
    if _newer(connection, revision):
        return str(revision)
    command.upgrade(_config(connection), "head")
    head = ScriptDirectory.from_config(_config()).get_revision("head")
    connection.execute(delete(compatibility))
    connection.execute(insert(compatibility).values(oldest=getattr(head.module, "works_with", head.revision)))
    return newest_revision()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _newer(connection: Connection, revision: str | None) -> bool:
    """Whether a newer relhub migrated this. Raises DatabaseUnusable when it did so in a way that this version can't work with."""
    if revision is None or revision in _known_revisions():
        return False
    if connection.scalar(select(compatibility.c.oldest)) not in _known_revisions():
        raise DatabaseUnusable(f"the database was migrated by a newer relhub (revision {revision}); use that version, or restore a backup")
    return True


async def check_migrated(database_url: str) -> None:
    """The same as check_revision, for a database that is not open yet."""
    database = Database(database_url, pool_size=1)
    try:
        await database.check()
        await check_revision(database)
    finally:
        await database.close()


async def check_revision(database: Database) -> None:
    """Raises DatabaseUnusable unless the database answers and is at this version's revision, or at a newer one that this version can work with."""
    async with database.begin() as store:
        await store.sql.run_sync(_check)


def _check(connection: Connection) -> None:
    revision = _revision(connection)
    if not _newer(connection, revision) and revision != newest_revision():
        raise DatabaseUnusable(f"the database is not migrated to revision {newest_revision()} yet; run relhub migrate")


@cache
def _known_revisions() -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


async def unmigrated_differences(owner_url: str) -> list[object]:
    """What the tables in the code have and the database has not, or the other way round: empty when all is migrated."""
    database = Database(owner_url, pool_size=1)
    try:
        async with database.begin() as store:
            return await store.sql.run_sync(_differences)
    finally:
        await database.close()


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"include_name": not_a_partition}), metadata))


def new_migration(connection: Connection, message: str, number: str) -> None:
    """Writes a migration from the difference between the tables in the code and this database."""
    command.revision(_config(connection), message=message, autogenerate=True, rev_id=number)
