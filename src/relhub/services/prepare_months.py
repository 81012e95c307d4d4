"""The months to come have their place in the consultation log before anything is asked in them."""

import structlog

from relhub.services.hub import Hub
from relhub.storage.log_partitions import make_partitions

_AHEAD = 24
log = structlog.get_logger(__name__)


async def prepare_months(hub: Hub) -> int:
    """Makes the partitions that are missing, and puts rows that came in without one where they belong. Returns how many were made."""
    async with hub.database.begin() as store:
        made = await make_partitions(store, _AHEAD)
    if made:
        log.info("the consultation log has room for more months", partitions=made)
    return made
