"""What is measured on: a PostgreSQL as it would run, towns, hubs on them, and servers as processes of their own."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx2

from relhub.config.settings import Settings
from relhub.demo import DEMO_SECRETS, prepare_town
from relhub.embedded import Server, end_with_parent, postgres
from relhub.services.hub import Hub
from relhub.storage.migrate import migrate

DEMO = Path(__file__).resolve().parents[1] / "src" / "relhub" / "demo"


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder with everything, and a running PostgreSQL."""

    folder: Path
    server: Server

    async def database(self, name: str) -> str:
        """An empty, migrated database."""
        connection = await asyncpg.connect(self.server.url("postgres"))
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()
        await migrate(self.server.url(name))
        return self.server.url(name)

    @contextlib.asynccontextmanager
    async def town(self, relations: int, *faults: str) -> AsyncIterator[dict[str, str]]:
        """The demo's systems as a process. Gives their addresses."""
        directory = await asyncio.to_thread(prepare_town, self.folder / f"town-{relations}", relations)
        ports = [free_port() for _ in range(3)]
        names = ("permits", "enforcement", "projects")
        options = [part for name, port in zip(names, ports, strict=True) for part in (f"--{name}-port", str(port))]
        options += [part for fault in faults for part in ("--fault", fault)]
        command = [sys.executable, "-m", "relhub.cli", "demo", "--directory", str(directory), "--relations", str(relations), *options]
        async with process(command, {}, f"http://127.0.0.1:{ports[1]}/"):
            yield {name: f"http://127.0.0.1:{port}" for name, port in zip(names, ports, strict=True)}

    def settings(self, database_url: str, urls: Mapping[str, str], replaced: Mapping[str, str] | None = None) -> Settings:
        """The demo's settings on this database, its source files with these addresses and replacements."""
        os.environ.update(DEMO_SECRETS)
        sources = self.folder / f"sources-{database_url.rpartition('/')[2]}"
        sources.mkdir(exist_ok=True)
        for name, url in urls.items():
            text = (DEMO / "sources" / f"{name}.toml").read_text().replace("{base_url}", url)
            for old, new in (replaced or {}).items():
                text = text.replace(old, new)
            (sources / f"{name}.toml").write_text(text)
        return Settings.load(
            database_url=database_url,
            sources_dir=sources,
            access_rules=DEMO / "access-rules.toml",
            alerts=DEMO / "alerts.toml",
            consumers=DEMO / "consumers.toml",
            keys_file=DEMO / "keys.toml",
        )

    @contextlib.asynccontextmanager
    async def serving(self, settings: Settings) -> AsyncIterator[str]:
        """`relhub serve` as it is operated: one process. Gives its address."""
        port = free_port()
        named = environment(settings) | {"RELHUB_PORT": str(port)}
        async with process([sys.executable, "-m", "relhub.cli", "serve"], named, f"http://127.0.0.1:{port}/health/ready"):
            yield f"http://127.0.0.1:{port}"

    @contextlib.asynccontextmanager
    async def bare(self, database_url: str) -> AsyncIterator[str]:
        """The bare handler, with the same server and the same settings of it."""
        port = free_port()
        options = ["--port", str(port), "--no-access-log", "--log-level", "warning", "--no-server-header"]
        command = [sys.executable, "-m", "uvicorn", "bench.bare:app", *options]
        async with process(command, {"BENCH_DATABASE_URL": database_url}, f"http://127.0.0.1:{port}/"):
            yield f"http://127.0.0.1:{port}"


def environment(settings: Settings) -> dict[str, str]:
    """The settings as the commands take them."""
    return {
        "RELHUB_DATABASE_URL": settings.database_url,
        "RELHUB_SOURCES_DIR": str(settings.sources_dir),
        "RELHUB_ACCESS_RULES": str(settings.access_rules),
        "RELHUB_ALERTS": str(settings.alerts),
        "RELHUB_CONSUMERS": str(settings.consumers),
        "RELHUB_KEYS_FILE": str(settings.keys_file),
    }


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    folder.mkdir(parents=True, exist_ok=True)
    with postgres(folder / "pg", {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}) as server:
        yield Stage(folder, server)


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Hub]:
    hub = await Hub.open(settings)
    try:
        yield hub
    finally:
        await hub.close()


@contextlib.asynccontextmanager
async def process(command: list[str], environment: Mapping[str, str], until: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs until the block ends; the block begins when this address answers anything."""
    nowhere = asyncio.subprocess.DEVNULL
    started = await asyncio.create_subprocess_exec(
        *command, stdout=nowhere, stderr=nowhere, env={**os.environ, **environment}, preexec_fn=end_with_parent
    )
    try:
        async with httpx2.AsyncClient(trust_env=False) as client, asyncio.timeout(60):
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    await client.get(until)
                    break
                await asyncio.sleep(0.05)
        yield started
    finally:
        started.terminate()
        await started.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
