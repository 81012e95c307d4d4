"""consultation_log by month: partitions that are there in time, and whole months that go when their retention is over."""

from datetime import date

from relhub.storage.database import Store


async def make_partitions(store: Store, ahead: int) -> int:
    """The log has a partition for each month up to so many ahead, and what came in before its month had one is in it. Returns how many were made.

    Whoever may add to the log may have this done: the function of the database runs as its owner.
    """
    return int(await store.driver.fetchval("SELECT make_log_partitions($1)", ahead))


async def rows_astray(store: Store) -> bool:
    """Whether rows are in the partition for months that have none."""
    return bool(await store.driver.fetchval("SELECT log_rows_astray()"))


async def drop_partition(store: Store, month: date) -> None:
    """As the owner: takes a whole month out of the log. Its seals stay."""
    await store.driver.execute(f'DROP TABLE IF EXISTS "{partition_name(month)}"')


def partition_name(month: date) -> str:
    return f"consultation_log_y{month:%Ym%m}"
