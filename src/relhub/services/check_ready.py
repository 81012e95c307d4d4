"""Whether this process can answer: the database is there, migrated to this version, and made with these keys. No source is asked."""

from relhub.errors import ConfigurationError
from relhub.services.hub import Hub
from relhub.storage.keys_check import first_token
from relhub.storage.migrate import check_revision


async def check_ready(hub: Hub) -> None:
    """Raises DatabaseUnusable when it can't, and ConfigurationError when the database was made with other keys: nobody would be found."""
    await hub.database.check()
    await check_revision(hub.database)
    token = hub.sealer.token("keys", "check")
    async with hub.database.begin() as store:
        if await first_token(store, token) != token:
            raise ConfigurationError("the keys file is not the one that this database was made with; RELHUB_KEYS_FILE must name that one")
