"""What could not be read strictly: why and since when. What was sent stays sealed."""

from datetime import datetime

import orjson

from relhub.errors import ConfigurationError
from relhub.services.admit import admit_watcher, not_found
from relhub.services.ask_pull import NO_SOURCE
from relhub.services.asked import Asked
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.own_look import own_look
from relhub.storage.documents import SetAside, quarantine_page
from relhub.storage.log import add_look


async def list_quarantine(hub: Hub, asked: Asked, name: str, cursor: str, limit: int) -> bytes:
    """A page, the newest first; without the source's own numbers, which may be of someone. Raises NotAllowed, NotFound, InvalidInput."""
    admitted = await admit_watcher(hub, asked, "quarantine")
    if name not in hub.sources:
        await not_found(hub, admitted.look, NO_SOURCE)
    about = f"cursor/quarantine/{name}"
    position = open_cursor(hub.sealer, about, cursor)
    after = (datetime.fromisoformat(position[0]), str(position[1])) if position else None
    async with hub.database.begin() as store:
        rows = await quarantine_page(store, name, limit + 1, after)
        await add_look(store.driver, admitted.look, "shown", [], [name])
    shown = rows[:limit]
    following = seal_cursor(hub.sealer, about, [shown[-1].at.isoformat(), shown[-1].set_key]) if len(rows) > limit else None
    return orjson.dumps({"results": [{"at": at_utc(row.at), "reason": row.reason} for row in shown], "next": following})


async def set_aside_of(hub: Hub, name: str) -> list[SetAside]:
    """All of it with the source's own numbers, for the command line: whoever has that has the database. Raises ConfigurationError."""
    if name not in hub.sources:
        raise ConfigurationError(f"there is no source {name}; there are {', '.join(sorted(hub.sources))}")
    async with hub.database.begin() as store:
        rows = await quarantine_page(store, name, None, None)
        await add_look(store.driver, own_look(hub, "quarantine"), "shown", [], [f"{name}:{row.set_key}" for row in rows])
    return rows
