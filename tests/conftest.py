"""What every test may use: a PostgreSQL of its own, and databases in it that cost next to nothing."""

import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from tests.towns import NewDatabase

from relhub.embedded import FOR_TESTS, Server, postgres

collect_ignore = [] if os.environ.get("BROWSER") else ["browser"]  # make test-browser: needs more than Python
pytest_plugins = ["tests.hub_fixtures", "tests.demo_fixtures", "tests.real_issuer"]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """An embedded PostgreSQL, for the whole session."""
    with tempfile.TemporaryDirectory(prefix="relhub-") as directory, postgres(Path(directory) / "pg", FOR_TESTS) as running:
        yield running


@pytest.fixture(scope="session")
async def new_database(server: Server) -> AsyncIterator[NewDatabase]:
    """A new database at each call, as a copy of the one that is named."""
    numbers = itertools.count(1)
    connection = await asyncpg.connect(server.url("postgres"))

    async def make(template: str | None) -> str:
        name = f"test_{next(numbers)}"
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'} STRATEGY file_copy")
        return server.url(name)

    yield make
    await connection.close()
