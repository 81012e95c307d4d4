"""Small systems of the tests' own, served over HTTP on loopback, and source files that point at them."""

import asyncio
import contextlib
import hashlib
import hmac
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from relhub.config.sources import SourceConfig, load_source

HEAD = """
adapter = "rest_json"
base_url = "{url}"
organisation = "Gemeente Voorbeeld"
organisation_rsin = "002564440"
controller = "College van B en W"
"""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, listening: socket.socket | None = None, **tls: Any) -> AsyncIterator[str]:
    """The base URL of the app while it is served; `listening`: for who must know the address before there is an app."""
    if listening is None:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", access_log=False, log_config=None, timeout_graceful_shutdown=1, ws="none", **tls)
    server = _Server(config)
    task = asyncio.create_task(server.serve([listening]))
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listening.close()


def source(directory: Path, url: str, rest: str = "", name: str = "testing") -> SourceConfig:
    """A source file with these tables, read as it would be at start."""
    path = directory / f"{name}.toml"
    path.write_text(HEAD.replace("{url}", url) + rest)
    return load_source(path)


def keyed(text: str) -> str:
    """As the hub does it, with a key of the tests."""
    return hmac.digest(b"k" * 32, text.encode(), hashlib.sha256).hex()[:26]
