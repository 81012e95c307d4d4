"""Fixtures of a running town and a hub that has, or has not, pulled it."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from tests.towns import NewDatabase, as_service, settings_for, write_sources

from relhub.demo import DEMO_SECRETS, RunningTown, prepare_town, running_town
from relhub.main import create_app
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_all
from relhub.storage.migrate import migrate

RELATIONS = 60


@pytest.fixture(scope="session", autouse=True)
def _secrets() -> None:
    os.environ.update(DEMO_SECRETS)


@pytest.fixture(scope="session")
def town_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_town(tmp_path_factory.mktemp("town"), relations=RELATIONS)


@pytest.fixture(scope="session")
def ports() -> dict[str, int]:
    """The same for every test, once they are known."""
    return {}


@pytest.fixture
async def town(town_directory: Path, ports: dict[str, int]) -> AsyncIterator[RunningTown]:
    """The town as it was prepared, whatever an earlier test did to it."""
    async with running_town(town_directory, ports) as running:
        ports.update({name: int(url.rpartition(":")[2]) for name, url in running.urls.items()})
        yield running


@pytest.fixture
def sources_dir(town: RunningTown, tmp_path: Path) -> Path:
    """Source files with small pages and little patience, so that there are pages to break off between and faults show soon."""
    directory = write_sources(tmp_path / "sources", town.urls)
    for file in directory.iterdir():
        file.write_text(re.sub(r"\[limits\][^\[]*", LIMITS, file.read_text()).replace("size = 500", "size = 10"))
    return directory


LIMITS = """[limits]
read = 0.6
total = 1.5
concurrency = 4
retries = 1
longest_wait = 0.2
breaker_seconds = 0.2

"""


@pytest.fixture(scope="session")
async def empty_template(new_database: NewDatabase) -> str:
    """The name of a migrated database, to make others from."""
    url = await new_database(None)
    await migrate(url, as_service(url))
    return url.rpartition("/")[2]


@pytest.fixture
async def migrated_url(new_database: NewDatabase, empty_template: str) -> str:
    return await new_database(empty_template)


@pytest.fixture
def empty_url(migrated_url: str) -> str:
    return migrated_url


@pytest.fixture
async def empty_hub(empty_url: str, sources_dir: Path) -> AsyncIterator[Hub]:
    """A hub that knows nothing yet."""
    hub = await Hub.open(settings_for(empty_url, sources_dir))
    yield hub
    await hub.close()


@pytest.fixture(scope="session")
def pulled_name() -> list[str]:
    """The name of the database that `hub` is copied from, once there is one."""
    return []


@pytest.fixture
async def hub(new_database: NewDatabase, empty_template: str, pulled_name: list[str], sources_dir: Path) -> AsyncIterator[Hub]:
    """A hub that has pulled the whole town."""
    if not pulled_name:
        url = await new_database(empty_template)
        first = await Hub.open(settings_for(url, sources_dir))
        _, failures = await pull_all(first)
        await first.close()
        assert failures == []
        pulled_name.append(url.rpartition("/")[2])
    opened = await Hub.open(settings_for(await new_database(pulled_name[0]), sources_dir))
    yield opened
    await opened.close()


@pytest.fixture
async def api(hub: Hub, sources_dir: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """The API of `hub`, asked without any headers of its own."""
    app = create_app(settings_for("postgresql://postgres@127.0.0.1:1/never-used", sources_dir))
    app.state.hub = hub
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://relhub") as opened:
        yield opened


@pytest.fixture
def a_short_bsn(town: RunningTown) -> str:
    """A citizen service number of the town that begins with a zero, of an applicant for a permit."""
    for rol in town.items("permits", "rollen"):
        number = str(rol["betrokkeneIdentificatie"].get("inpBsn", ""))
        if number.startswith("0") and rol["omschrijvingGeneriek"] == "initiator":
            return number
    raise AssertionError("the town has nobody whose number begins with a zero")
