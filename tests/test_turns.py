"""Single statements take turns: few at a time, nobody waits long behind slow ones, and nobody goes without a connection for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import asyncpg
import pytest

from relhub.storage.database import Database, Driver
from relhub.storage.turns import MOST, Turns

PATIENCE = 0.1  # seconds, as promised


@pytest.fixture
async def database(empty_url: str) -> AsyncIterator[Database]:
    database = Database(empty_url, pool_size=5, pool_timeout=1)
    yield database
    await database.close()


async def process_of(driver: Driver) -> int:
    return int(await driver.fetchval("SELECT pg_backend_pid()"))


async def processes_of_many(database: Database) -> int:
    """How many processes of the server answer when many ask at once: without turns, as many as there are connections."""
    return len(set(await asyncio.gather(*(database.in_turn(process_of) for _ in range(40)))))


async def busy(driver: Driver, seconds: float) -> float:
    """When it began."""
    began = asyncio.get_running_loop().time()
    await driver.execute("SELECT pg_sleep($1)", seconds)
    return began


async def test_however_many_ask_at_once_so_few_processes_of_the_server_are_asked(database: Database) -> None:
    assert await processes_of_many(database) <= MOST


async def test_they_have_their_turns_in_the_order_in_which_they_came(database: Database) -> None:
    await asyncio.gather(*(database.in_turn(process_of) for _ in range(MOST)))  # connected
    began: list[int] = []

    async def note(number: int, driver: Driver) -> None:
        began.append(number)
        await process_of(driver)

    await asyncio.gather(*(database.in_turn(partial(note, number)) for number in range(30)))
    assert began == sorted(began)


async def test_nobody_waits_long_behind_statements_that_take_long(database: Database) -> None:
    slow = [asyncio.create_task(database.in_turn(lambda driver: busy(driver, 1.5))) for _ in range(MOST)]
    await asyncio.sleep(0.05)
    asked = asyncio.get_running_loop().time()
    began = await database.in_turn(lambda driver: busy(driver, 0))
    assert PATIENCE * 0.9 <= began - asked < 1
    await asyncio.gather(*slow)


async def test_a_turn_that_fails_is_given_back(database: Database) -> None:
    for _ in range(MOST * 2):
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await database.in_turn(lambda driver: driver.fetchval("SELEC"))
    assert await processes_of_many(database) <= MOST
    assert database.in_use == 0


async def test_a_turn_that_is_called_off_while_it_waits_or_runs_is_given_back(database: Database) -> None:
    running = [asyncio.create_task(database.in_turn(lambda driver: busy(driver, 5))) for _ in range(MOST)]
    waiting = asyncio.create_task(database.in_turn(process_of))
    await asyncio.sleep(0.05)
    for task in (waiting, *running):
        task.cancel()
    await asyncio.gather(waiting, *running, return_exceptions=True)
    assert await processes_of_many(database) <= MOST
    assert database.in_use == 0


async def test_a_turn_that_comes_at_the_moment_at_which_it_is_called_off_goes_to_the_next() -> None:
    turns = Turns()
    for _ in range(MOST):
        assert await turns.take()
    called_off, following = asyncio.create_task(turns.take()), asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    turns.give_back(True)
    called_off.cancel()
    await asyncio.gather(called_off, return_exceptions=True)
    assert called_off.cancelled()
    assert await following


async def test_what_is_kept_for_the_next_turn_is_there_for_transactions_that_need_it(database: Database) -> None:
    await asyncio.gather(*(database.in_turn(process_of) for _ in range(10)))
    async with AsyncExitStack() as all_of_them:
        for _ in range(database.pool_size):
            await all_of_them.enter_async_context(database.begin())
        assert database.in_use == database.pool_size


async def test_a_transaction_that_waits_gets_the_connection_of_the_next_turn_that_ends(database: Database) -> None:
    async with AsyncExitStack() as others:
        for _ in range(database.pool_size - 1):
            await others.enter_async_context(database.begin())
        turn = asyncio.create_task(database.in_turn(lambda driver: busy(driver, 0.2)))
        await asyncio.sleep(0.05)
        async with database.begin():
            assert turn.done()


async def test_a_connection_that_the_server_ended_is_not_used_for_the_next_turn(database: Database, empty_url: str) -> None:
    before = await database.in_turn(process_of)
    other = await asyncpg.connect(empty_url)
    await other.execute("SELECT pg_terminate_backend($1)", before)
    await other.close()
    await asyncio.sleep(0.2)
    assert await database.in_turn(process_of) != before
