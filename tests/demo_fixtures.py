"""The demo as `make run` has it, served over HTTP: the town of 400 relations, pulled, with everything that its source files say."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.adapter_servers import serving
from tests.exporting import applicant, put_together
from tests.towns import NewDatabase, settings_for, write_sources

from relhub.api.examples import EXAMPLES
from relhub.demo import prepare_town, running_town
from relhub.main import create_app
from relhub.services.compute_alerts import compute_alerts
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_all

AN_EXPORT = str(EXAMPLES["getExport"]["portal"].values["id"])


@pytest.fixture(scope="session")
async def demo_sources(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The source files of the demo, whose systems are running."""
    directory = tmp_path_factory.mktemp("demo")
    async with running_town(prepare_town(directory / "town"), {}) as town:
        yield write_sources(directory / "sources", town.urls)


@pytest.fixture(scope="session")
async def demo_template(new_database: NewDatabase, empty_template: str, demo_sources: Path) -> str:
    """The name of a database in which the demo was pulled, and the export that examples are about was made."""
    url = await new_database(empty_template)
    hub = await Hub.open(settings_for(url, demo_sources))
    _, failures = await pull_all(hub)
    await compute_alerts(hub, datetime.now(UTC))  # as the worker does
    await put_together(hub, AN_EXPORT, await applicant(hub))
    await hub.close()
    assert failures == []
    return url.rpartition("/")[2]


@pytest.fixture(scope="module")
async def demo(new_database: NewDatabase, demo_template: str, demo_sources: Path) -> AsyncIterator[str]:
    """The address of the API, on a database of this module's own."""
    settings = settings_for(await new_database(demo_template), demo_sources)
    app = create_app(
        settings.model_copy(update={"failure_limit": "", "rate_limit": ""})
    )  # schemathesis asks 200 times a second, with wrong tokens too
    async with app.router.lifespan_context(app), serving(app) as url:
        yield f"{url}/v1"
