"""Whether this process can answer: the database is there and migrated to this version. No source is asked."""

from functools import cache

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from relhub.errors import DatabaseUnusable
from relhub.services.hub import Hub
from relhub.storage.migrate import newest_revision

_expected = cache(newest_revision)


async def check_ready(hub: Hub) -> None:
    """Raises DatabaseUnusable when it can't."""
    await hub.database.check()
    async with hub.database.begin() as store:
        revision = await store.sql.run_sync(_revision)
    if revision != _expected():
        raise DatabaseUnusable(f"the database has revision {revision or 'none'}, this version needs {_expected()}; run `relhub migrate`")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
