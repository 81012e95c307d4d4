"""Whether this process can answer: the database is there and migrated to this version. No source is asked."""

from relhub.services.hub import Hub
from relhub.storage.migrate import check_revision


async def check_ready(hub: Hub) -> None:
    """Raises DatabaseUnusable when it can't."""
    await check_revision(hub.database)
