"""`relhub run`: everything at once, with a simulated municipality, and nothing left behind."""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import asyncpg
import httpx2
import orjson
import uvicorn

from relhub import ready
from relhub.api.internal import ApiServer, QuietServer
from relhub.config.officials_file import read_officials
from relhub.config.settings import Settings
from relhub.demo import DEMO_SECRETS, SYSTEMS, prepare_town
from relhub.demo.story import play
from relhub.doctor import as_text
from relhub.embedded import Server, end_with_parent, postgres
from relhub.errors import ConfigurationError
from relhub.main import create_app
from relhub.progress import pull_shown
from relhub.services.examine import examine
from relhub.services.hub import Hub
from relhub.services.import_officials import import_officials, organisation_named
from relhub.storage.database import Database
from relhub.storage.migrate import migrate, new_migration

DEMO = Path(__file__).parent / "demo"
_SECONDS_TO_FINISH = 15


class _QuietApiServer(QuietServer, ApiServer):
    pass


async def run_all(directory: Path, port: int, relations: int, faults: Mapping[str, str]) -> None:
    """Serves until SIGINT or SIGTERM. Raises ConfigurationError or DatabaseUnusable with one line that says what to do."""
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory), _ends_on_signal() as ending, contextlib.ExitStack() as opened:
        _refuse_taken(port)
        database_url, owner_url = await _database(directory, opened)
        await migrate(owner_url, database_url)
        async with _town(directory, port, relations, faults) as urls:
            settings = _settings(directory, port, database_url, owner_url, urls)
            hub = await Hub.open(settings)
            try:
                await pull_shown(hub, sorted(hub.sources))
                organisation = organisation_named(hub, "")
                await import_officials(hub, organisation, read_officials(DEMO / "officials.csv", organisation))
            finally:
                await hub.close()
            print(as_text(await examine(settings, {})), flush=True)  # noqa: T201  # for whoever typed make run
            async with _worker(settings):
                await _serve(settings, directory, ending)


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One run per directory; the lock goes with the process, however it ends."""
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"{directory} is in use by another relhub run; end that one, or name another with --directory"
            ) from None
        yield


@contextlib.contextmanager
def _ends_on_signal() -> Iterator[list[Callable[[], None]]]:
    """SIGINT and SIGTERM call what is last in the list: at first this task is cancelled, later the server ends in its own way."""
    task = asyncio.current_task()
    assert task is not None
    ending: list[Callable[[], None]] = [lambda: _cancel(task)]

    def end(_: int, __: FrameType | None) -> None:
        loop.call_soon_threadsafe(ending[-1])

    loop = asyncio.get_running_loop()
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ending
    except asyncio.CancelledError:
        pass  # asked for
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _cancel(task: "asyncio.Task[Any]") -> None:
    task.cancel()


def _refuse_taken(port: int) -> None:
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        raise ConfigurationError(
            f"port {port} of 127.0.0.1 can't be used ({getattr(error, 'strerror', None) or error}); choose another: make run PORT=8001"
        ) from None


async def _database(directory: Path, opened: contextlib.ExitStack) -> tuple[str, str]:
    """(for use, for migrations): of the environment, or the embedded one."""
    given = os.environ.get("RELHUB_DATABASE_URL")
    if given:
        return given, os.environ.get("RELHUB_DATABASE_OWNER_URL") or given
    server = opened.enter_context(postgres(directory / "pg"))
    await make_database(server, "relhub")
    return server.service_url("relhub"), server.url("relhub")


async def make_database(server: Server, name: str) -> None:
    """The database is there."""
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def _town(directory: Path, port: int, relations: int, faults: Mapping[str, str]) -> AsyncIterator[dict[str, str]]:
    """The simulated municipality as a process of its own, which ends with this one. Gives the address of each system."""
    town = directory / "town"
    await asyncio.to_thread(prepare_town, town, relations)
    options = [part for number, name in enumerate(SYSTEMS) for part in (f"--{name}-port", str(_free_or_any(port + 101 + number)))]
    options += [part for system, fault in faults.items() for part in ("--fault", f"{system}={fault}")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "relhub.cli", "demo", "--directory", town, "--relations", str(relations), *options,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, start_new_session=True, preexec_fn=end_with_parent,  # one call of the C library
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise ConfigurationError("the simulated municipality does not start; see the lines above")
        yield orjson.loads(line)
    finally:
        await _end(process)


@contextlib.asynccontextmanager
async def _worker(settings: Settings) -> AsyncIterator[None]:
    """`relhub worker` as a process of its own: what changes in the simulated municipality, or goes down, is noticed."""
    own = settings.model_dump(exclude={"internal_port"}, exclude_none=True)
    others = {"RELHUB_INTERNAL_PORT", "RELHUB_INDEX_KEY", "RELHUB_SEALS", "RELHUB_SEAL_WITH"}
    environment = {name: value for name, value in os.environ.items() if name not in others}
    environment |= {f"RELHUB_{name.upper()}": str(value) for name, value in own.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "relhub.cli", "worker", env=environment,
        stdin=asyncio.subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with_parent,
    )  # fmt: skip
    try:
        yield
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


def _free_or_any(port: int) -> int:
    """The same port as last time where possible: what was pulled before is then known to be unchanged."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except (OSError, OverflowError):
        return 0
    return port


def _settings(directory: Path, port: int, database_url: str, owner_url: str, urls: Mapping[str, str]) -> Settings:
    os.environ.update(DEMO_SECRETS)
    sources = directory / "sources"
    sources.mkdir(exist_ok=True)
    for name, url in urls.items():
        (sources / f"{name}.toml").write_text((DEMO / "sources" / f"{name}.toml").read_text().replace("{base_url}", url))
    keys = directory / "keys.toml"
    keys.touch(mode=0o600)
    keys.write_text((DEMO / "keys.toml").read_text())
    files = {
        "access_rules": DEMO / "access-rules.toml",
        "consumers": DEMO / "consumers.toml",
        "keys_file": keys,
        "alerts": DEMO / "alerts.toml",
    }
    return Settings.load(
        database_url=database_url,
        database_owner_url=owner_url,
        sources_dir=sources,
        host="127.0.0.1",
        port=port,
        console_url=f"http://127.0.0.1:{port}",
        console_demo=True,
        event_source="urn:nld:oin:00000003002564440000:systeem:relhub",
        subscribers="http://127.0.0.1:*, afnemer.voorbeeld.example",  # for who tries a receiver on this machine
        subscriber_networks="127.0.0.0/8",
        **files,
    )


async def _serve(settings: Settings, directory: Path, ending: list[Callable[[], None]]) -> None:
    config = uvicorn.Config(
        create_app(settings), host=settings.host, port=settings.port, access_log=False, log_config=None, server_header=False,
        proxy_headers=False, timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )  # fmt: skip
    server = _QuietApiServer(config)
    ending.append(lambda: setattr(server, "should_exit", True))
    serving = asyncio.create_task(server.serve())
    file = directory / "ready.json"
    try:
        await _until_ready(settings.port, serving)
        if not serving.done():
            block = ready.ready_block(settings, directory / "town", await _played(f"http://{settings.host}:{settings.port}"))
            ready.write(file, block)
            print(ready.as_text(block), flush=True)  # noqa: T201  # for whoever typed make run
        await serving
    finally:
        file.unlink(missing_ok=True)


async def _played(url: str) -> str:
    """The bakery that the story is about; empty where it could not be played, without which all else works."""
    try:
        return await play(url)
    except httpx2.HTTPError as error:
        print(f"The story could not be played ({type(error).__name__}); all else works.", flush=True)  # noqa: T201  # for whoever typed make run
        return ""


async def _until_ready(port: int, serving: "asyncio.Task[None]") -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        while not serving.done():
            with contextlib.suppress(httpx2.TransportError):
                if (await client.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def write_migration(title: str) -> str:
    """Writes a migration for what changed in storage/tables, from a database of its own that is migrated this far. Returns its number."""
    folder = Path("migrations/versions")
    number = f"{len(list(folder.glob('[0-9]*.py'))) + 1:04}"
    with postgres(Path(".relhub/migration")) as server:
        await make_database(server, "migration")
        await migrate(server.url("migration"))
        database = Database(server.url("migration"), pool_size=1)
        try:
            async with database.begin() as store:
                await store.sql.run_sync(new_migration, title, number)
        finally:
            await database.close()
    return number
