"""The database server itself: its version, its clock, its extensions."""

from dataclasses import dataclass
from datetime import datetime

from relhub.storage.database import MINIMUM_VERSION, Database

EXTENSIONS = ("btree_gist",)


@dataclass(frozen=True, slots=True)
class ServerState:
    version: int  # 180001
    clock: datetime
    missing: tuple[str, ...]  # extensions

    @property
    def too_old(self) -> bool:
        return self.version < MINIMUM_VERSION


async def server_state(database: Database) -> ServerState:
    """How the server is. Raises DatabaseUnusable when it does not answer."""
    async with database.driver() as driver:
        there = {row["extname"] for row in await driver.fetch("SELECT extname FROM pg_extension")}
        version = int(await driver.fetchval("SHOW server_version_num"))
        clock = await driver.fetchval("SELECT clock_timestamp()")
    return ServerState(version, clock, tuple(name for name in EXTENSIONS if name not in there))
