"""Whether the service's own user could change what is only ever to be added to."""

from relhub.services.diagnosis import Diagnosis
from relhub.storage.database import Database
from relhub.storage.log_rights import wrong_rights


async def check_rights(database: Database) -> list[Diagnosis]:
    """What the user of RELHUB_DATABASE_URL may do with the consultation log that it should not, and the SQL that takes it away."""
    async with database.begin() as store:
        found = await wrong_rights(store.driver)
    return [Diagnosis("wrong", f"{one.what[:1].upper()}{one.what[1:]}.", f"As the owner: {one.sql}") for one in found]
