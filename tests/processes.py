"""relhub's commands as processes of their own, with the demo's files, and what tests wait for."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.towns import DEMO, as_service

ROOT = Path(__file__).parents[1]


@asynccontextmanager
async def running(
    command: str, database_url: str, sources_dir: Path, arguments: Sequence[str] = (), **settings: object
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`relhub {command}`; killed at the end of the block when it is still there. Its log lines are on `stderr`."""
    given = {
        "database_url": as_service(database_url),
        "database_owner_url": database_url,
        "sources_dir": sources_dir,
        "access_rules": DEMO / "access-rules.toml",
        "consumers": DEMO / "consumers.toml",
        "keys_file": DEMO / "keys.toml",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "relhub.cli",
        command,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {f"RELHUB_{name.upper()}": str(value) for name, value in given.items()},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 30) -> float:
    """Waits until it holds; how many seconds that took. AssertionError when it takes longer than it may."""
    begun = time.monotonic()
    while not await holds():
        assert time.monotonic() - begun < seconds, "this does not come true"
        await asyncio.sleep(0.05)
    return time.monotonic() - begun
