"""Taking a whole month out of the consultation log when its retention is over: the seals stay, and one more says so."""

from datetime import UTC, date, datetime

from relhub.errors import ConfigurationError
from relhub.services.hub import Hub
from relhub.services.own_look import own_look
from relhub.services.seal_log import seal_log, sign
from relhub.storage import log_exports, log_seals
from relhub.storage.log import add_look
from relhub.storage.log_partitions import drop_partition
from relhub.storage.log_seals import FORM, Seal


async def drop_month(hub: Hub, month: date, now: datetime) -> int:
    """As the owner of the tables. Returns how many rows went, as the seals have it.

    Raises ConfigurationError for a month that is not over, or of which not all went to the Logboek Dataverwerkingen yet.
    """
    if month >= date(now.year, now.month, 1):
        raise ConfigurationError(f"{month:%Y-%m} is not over; only whole months that are over go out of the log")
    await seal_log(hub, now)
    async with hub.database.sole("relhub seal log") as alone:
        if not alone:
            raise ConfigurationError("a worker is sealing the log; try again")
        async with hub.database.begin() as store:
            driver = store.driver
            if await log_exports.owes(driver, month):
                raise ConfigurationError(f"not all of {month:%Y-%m} went to the Logboek Dataverwerkingen yet; see its lag in the metrics")
            end, rows = await log_seals.end_of_chain(driver), await log_seals.rows_of_month(driver, month)
            at = datetime(month.year, month.month, 1, tzinfo=UTC)
            seal = sign(hub, end, Seal(0, "dropped", FORM, month, [], rows, at, at, b"", b"", end.floor, now, b""))
            await log_seals.add_seal(driver, seal)
            await drop_partition(store, month)
            await add_look(driver, own_look(hub, "log-drop"), "done", [], [f"{month:%Y-%m}"])
    return rows
