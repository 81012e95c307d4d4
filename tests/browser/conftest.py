"""The console in a real browser: Chromium without a screen, driven by Playwright. `make test-browser` runs what is in this folder."""

import asyncio
import os
import shutil
import socket
import tarfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from tests.adapter_servers import serving
from tests.processes import ROOT
from tests.towns import settings_for

from relhub.main import create_app
from relhub.services.hub import Hub

AXE = "4.14.1"  # of axe-core (MPL-2.0), for these tests only
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "these tests need Chromium: apt-get install -y chromium, or name one in CHROMIUM"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def axe() -> str:
    """The source of axe-core, which npm has fetched once, into .relhub."""
    folder = ROOT / ".relhub" / "axe"
    file = folder / f"axe-core-{AXE}.tgz"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            "npm", "pack", "--silent", f"axe-core@{AXE}", cwd=folder, stdout=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0, "npm could not fetch axe-core"
    with tarfile.open(file) as archive:
        found = archive.extractfile("package/axe.min.js")
        assert found is not None
        return found.read().decode()


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.fixture
async def console(hub: Hub, sources_dir: Path, listening: socket.socket) -> AsyncIterator[str]:
    """The address of the console, on a hub that has pulled the town."""
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings = settings_for("postgresql://postgres@127.0.0.1:1/never-used", sources_dir)
    app = create_app(settings.model_copy(update={"console_url": url, "console_demo": True}))
    app.state.hub = hub
    async with serving(app, listening=listening):
        yield f"{url}/console"


@pytest.fixture
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that knows nothing yet."""
    opened = await chromium.new_context(viewport={"width": 1280, "height": 900})
    yield opened
    await opened.close()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()
