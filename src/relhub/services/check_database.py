"""Whether the database is one that this version can work with."""

from datetime import UTC, datetime

from relhub.errors import DatabaseUnusable
from relhub.services.diagnosis import Diagnosis
from relhub.storage.database import Database
from relhub.storage.keys_check import stored_token
from relhub.storage.migrate import check_revision
from relhub.storage.sealing import Sealer
from relhub.storage.server import server_state

_MOST_SECONDS_APART = 5.0


async def check_database(database: Database) -> tuple[list[Diagnosis], bool]:
    """What is wrong with the server, and whether its tables are there to be looked into."""
    before = datetime.now(UTC)
    try:
        state = await server_state(database)
    except DatabaseUnusable as error:
        return [Diagnosis("wrong", f"The database can't be used: {error}.", "See docs/operations.md, The database does not answer.")], False
    after = datetime.now(UTC)
    found = []
    if state.too_old:
        found.append(Diagnosis("wrong", f"PostgreSQL is of version {state.version // 10000}; 15 is needed.", "Upgrade it."))
    found += [_missing(name) for name in state.missing]
    apart = max((before - state.clock).total_seconds(), (state.clock - after).total_seconds())
    if apart > _MOST_SECONDS_APART:
        what = f"The clocks of the database and of this machine are {apart:.0f} seconds apart."
        found.append(Diagnosis("wrong", what, "Let both follow the same time servers (NTP): expiry, schedules and the log depend on it."))
    try:
        await check_revision(database)
    except DatabaseUnusable as error:
        return [
            *found,
            Diagnosis("wrong", f"{error}.".capitalize(), "Run relhub migrate of this version, or start the version that did."),
        ], False
    return found, True


def _missing(name: str) -> Diagnosis:
    return Diagnosis(
        "wrong", f"The extension {name} is not in this database.", f"As its owner or an administrator: CREATE EXTENSION {name};"
    )


async def check_index_key(database: Database, sealer: Sealer) -> list[Diagnosis]:
    """Whether the database was made with this index key."""
    async with database.begin() as store:
        token = await stored_token(store)
    if token in (None, sealer.token("keys", "check")):
        return []
    return [
        Diagnosis(
            "wrong",
            "The index key is not the one that this database was made with: nobody is found.",
            "Put back the keys that belong to it.",
        )
    ]
