"""The connection to PostgreSQL, and the only place where a transaction begins and commits."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from relhub.errors import ConfigurationError, DatabaseUnusable
from relhub.storage.turns import MOST, Turns

T = TypeVar("T")


class Driver(Protocol):
    """What is used of the driver's connection (asyncpg), which has no types of its own."""

    async def execute(self, query: str, *args: Any) -> str: ...
    async def fetch(self, query: str, *args: Any) -> list[Any]: ...
    async def fetchrow(self, query: str, *args: Any) -> Any: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    def cursor(self, query: str, *args: Any, prefetch: int | None = None) -> Any: ...
    async def copy_records_to_table(self, table_name: str, *, records: Sequence[Sequence[Any]], columns: Sequence[str]) -> str: ...
    def is_closed(self) -> bool: ...
    def terminate(self) -> None: ...


MINIMUM_VERSION = 150000
# The server notices within 8 seconds that a client is gone, and with it what the client held: `sole` is then free for another.
_SESSION = {
    "application_name": "relhub",
    "jit": "off",
    "enable_seqscan": "off",  # a plan that was made when a table was empty is still right when it is full: tests/test_plans.py
    "plan_cache_mode": "force_generic_plan",  # planning the view anew for each question would cost as much as answering it
    "timezone": "UTC",
    "tcp_keepalives_idle": "4",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "2",
    "idle_in_transaction_session_timeout": "60000",
}
_RESOLVE_LOCK = 7_264_001  # one transaction at a time decides which records are one relation


@dataclass(frozen=True, slots=True)
class Store:
    """One transaction: `sql` for ordinary statements, `driver` (the same transaction) for bulk and for the view."""

    sql: AsyncConnection
    driver: Driver

    async def batches(self, query: str, *args: Any, size: int) -> AsyncIterator[list[Any]]:
        """The rows of a query of any length, so many at a time, by a cursor of the server."""
        cursor = await self.driver.cursor(query, *args)
        while rows := await cursor.fetch(size):
            yield rows

    async def freeze(self) -> None:
        """All that this transaction reads is as it is now, but for what it writes itself. Before anything else is read."""
        await self.driver.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    async def lock_resolve(self) -> None:
        """Waits until no other transaction resolves. Taken before anything is written, so that two never wait for each other."""
        await self.driver.execute("SELECT pg_advisory_xact_lock($1)", _RESOLVE_LOCK)


class Database:
    """A pool of connections."""

    def __init__(self, url: str, pool_size: int = 10, pool_timeout: float = 10, statement_timeout: float = 0) -> None:
        """`pool_timeout`: seconds to wait for a free connection; `statement_timeout`: for the answer to a statement, 0 for no limit."""
        self.pool_size = pool_size
        self._engine = _engine(url, pool_size, pool_timeout, statement_timeout)
        event.listen(self._engine.sync_engine, "checkout", _refuse_closed)
        self._turns = Turns()
        self._kept: list[PoolProxiedConnection] = []  # taken from the pool for the next turns

    async def close(self) -> None:
        while self._kept:
            await greenlet_spawn(self._kept.pop().close)
        await self._engine.dispose()

    @property
    def in_use(self) -> int:
        """How many connections are in use now."""
        return self._taken - len(self._kept)

    @property
    def _taken(self) -> int:
        pool = self._engine.pool
        assert isinstance(pool, AsyncAdaptedQueuePool)
        return pool.checkedout()

    @asynccontextmanager
    async def begin(self, *, patience: float = 60) -> AsyncIterator[Store]:
        """A transaction, committed at the end of the block; `patience`: seconds to wait for another to let go.

        Raises DatabaseUnusable when there is no database, or it takes too long.
        """
        with _said_plainly():
            await self._leave_one()
            async with self._engine.begin() as connection:
                await connection.execute(
                    text(f"SET LOCAL lock_timeout = {patience * 1000:.0f}")
                )  # also makes SQLAlchemy send BEGIN, before the driver is used
                raw = await connection.get_raw_connection()
                yield Store(connection, cast(Driver, raw.driver_connection))

    @asynccontextmanager
    async def driver(self) -> AsyncIterator[Driver]:
        """The driver's connection, each statement a transaction of its own."""
        with _said_plainly():
            await self._leave_one()
            raw = (
                await self._engine.raw_connection()
            )  # not connect(): its transaction is of no use here, and costs as much as the statement
            try:
                yield cast(Driver, raw.driver_connection)
            finally:
                await greenlet_spawn(raw.close)

    async def in_turn(self, read: Callable[[Driver], Awaitable[T]]) -> T:
        """What `read` makes of such a connection, with few others at the same time: for the view, which is one statement that takes no time."""
        turn = await self._turns.take()
        try:
            return await self._on_a_kept_one(read)
        except Exception as error:
            _say_plainly(error)
            raise
        finally:
            self._turns.give_back(turn)

    async def _on_a_kept_one(self, read: Callable[[Driver], Awaitable[T]]) -> T:
        connection = await self._kept_one()
        try:
            answer = await read(cast(Driver, connection.driver_connection))
        except BaseException:
            await greenlet_spawn(connection.close)
            raise
        await self._keep(connection)
        return answer

    async def _kept_one(self) -> PoolProxiedConnection:
        while self._kept:
            connection = self._kept.pop()
            if not cast(Driver, connection.driver_connection).is_closed():
                return connection
            await greenlet_spawn(connection.invalidate)
        return await self._engine.raw_connection()

    async def _keep(self, connection: PoolProxiedConnection) -> None:
        """For the next turn, unless somebody else may be waiting for it: to take it from the pool each time costs a tenth of a view."""
        if len(self._kept) < MOST and self._taken < self.pool_size:
            self._kept.append(connection)
        else:
            await greenlet_spawn(connection.close)

    async def _leave_one(self) -> None:
        """Whatever is kept goes back before anybody would have to wait for it."""
        if self._kept and self._taken >= self.pool_size:
            await greenlet_spawn(self._kept.pop(0).close)

    @asynccontextmanager
    async def sole(self, name: str) -> AsyncIterator[bool]:
        """True for one holder of `name` at a time, in all processes; False at once for the others.

        The database gives it up for a holder that is gone: at once when its process died, within 8 seconds when its machine did.
        """
        async with self.driver() as driver:
            got = await _lock(driver, "pg_try_advisory_lock", name)
            try:
                yield got
            finally:
                if got and not driver.is_closed():
                    await _lock(driver, "pg_advisory_unlock", name)

    async def check(self) -> None:
        """Raises DatabaseUnusable unless PostgreSQL answers and is not too old."""
        async with self.driver() as driver:
            version = int(await driver.fetchval("SHOW server_version_num"))
        if version < MINIMUM_VERSION:
            raise DatabaseUnusable(f"PostgreSQL 15 or newer is needed; this is {version // 10000}")


async def _lock(driver: Driver, function: str, name: str) -> bool:
    try:
        return bool(await driver.fetchval(f"SELECT {function}(hashtextextended($1, 0))", name))
    except BaseException:  # broken off: back in the pool, the connection might keep what nobody holds
        driver.terminate()
        raise


def _engine(url: str, pool_size: int, pool_timeout: float, statement_timeout: float) -> AsyncEngine:
    try:
        parsed = make_url(url).set(drivername="postgresql+asyncpg")
    except ArgumentError as error:
        raise ConfigurationError(
            "RELHUB_DATABASE_URL is not a database URL; it looks like postgresql://user:password@host:5432/relhub"
        ) from error
    if make_url(url).get_backend_name() != "postgresql":
        raise ConfigurationError("RELHUB_DATABASE_URL must be of PostgreSQL: postgresql://user:password@host:5432/relhub")
    query = dict(parsed.query)
    arguments: dict[str, Any] = {"timeout": 10, "server_settings": dict(_SESSION)}
    if statement_timeout:
        arguments["server_settings"]["statement_timeout"] = f"{statement_timeout * 1000:.0f}"
        arguments["command_timeout"] = statement_timeout + 5  # for a server that is gone without a word
    mode = query.pop("sslmode", None)
    if mode == "verify-full":
        arguments["ssl"] = ssl.create_default_context()
    elif mode:
        arguments["ssl"] = mode
    return create_async_engine(
        parsed.set(query=query), pool_size=pool_size, max_overflow=0, pool_timeout=pool_timeout, pool_use_lifo=True, connect_args=arguments
    )


def _refuse_closed(connection: Any, *_: object) -> None:
    """After a restart of the server its connections are closed, and known to be: all are replaced before one is used."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


@contextmanager
def _said_plainly() -> Iterator[None]:
    """A lost or missing database as one error of ours; a wrong statement stays what it is."""
    try:
        yield
    except Exception as error:
        _say_plainly(error)
        raise


def _say_plainly(error: Exception) -> None:
    """Raises DatabaseUnusable when that is what it comes down to."""
    reason = next((text for kinds, text in _UNUSABLE if any(isinstance(cause, kinds) for cause in _causes(error))), None)
    if reason is not None:
        raise DatabaseUnusable(reason) from error


_UNUSABLE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (asyncpg.InvalidCatalogNameError, "the database server has no database of this name"),
    (asyncpg.InvalidAuthorizationSpecificationError, "the database server refuses this user or password"),
    (asyncpg.TooManyConnectionsError, "the database server takes no more connections"),
    (asyncpg.DiskFullError, "the disk of the database is full"),
    ((asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError), "the database takes too long"),
    (PoolTimeout, "all connections to the database are in use"),
    (
        (
            OSError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            asyncpg.PostgresConnectionError,
            asyncpg.CannotConnectNowError,
            asyncpg.AdminShutdownError,
        ),
        "the database does not answer",
    ),
)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__
