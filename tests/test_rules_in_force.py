"""A change of the access rules is in force within two seconds, in every process, and on every row of the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from tests.processes import running, until
from tests.test_break_glass import Officer, listening
from tests.towns import DEMO, by_permits, headers_of, rows, settings_for

from relhub.main import create_app
from relhub.services.hub import Hub
from relhub.storage.notices import add_notice

SECONDS = 2.5  # a look each second, and one for a busy machine


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "access-rules.toml"
    file.write_text((DEMO / "access-rules.toml").read_text())
    return file


def write(file: Path, text: str) -> None:
    half = file.with_suffix(".half")
    half.write_text(text)
    half.replace(file)


@asynccontextmanager
async def serving(url: str, sources_dir: Path, rules: Path) -> AsyncIterator[httpx2.AsyncClient]:
    settings = settings_for(url, sources_dir).model_copy(update={"access_rules": rules})
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://relhub") as client,
    ):
        yield client


async def test_the_next_question_is_decided_by_the_new_rules_and_a_broken_file_changes_nothing(
    empty_hub: Hub, empty_url: str, sources_dir: Path, rules: Path
) -> None:
    good = rules.read_text()

    async with serving(empty_url, sources_dir, rules) as client:

        async def status() -> int:
            return (await client.get("/v1/cases", headers=headers_of(by_permits()))).status_code

        async def refused() -> bool:
            return await status() == 403

        async def shown() -> bool:
            return await status() == 200

        assert await shown()
        write(rules, good.replace('id = "permit-handling"', 'id = "permit-handling"\nroles = ["nobody-has-this"]', 1))
        await until(refused, SECONDS)
        write(rules, "coordinator = ")
        await asyncio.sleep(SECONDS)
        assert await refused()
        write(rules, good)
        await until(shown, SECONDS)
    versions = [
        row["rules_version"]
        for row in await rows(empty_hub, "SELECT rules_version FROM consultation_log WHERE consumer = 'permits-desk' ORDER BY id")
    ]
    assert versions[0] == versions[-1]
    assert len(set(versions)) == 2


async def test_a_worker_tells_the_privacy_officer_where_the_rules_say_so_now(
    empty_hub: Hub, empty_url: str, sources_dir: Path, rules: Path
) -> None:
    async with listening() as (officer, address), running("worker", empty_url, sources_dir, access_rules=rules):
        async with empty_hub.database.driver() as driver:
            await add_notice(driver, "key", "break-glass", {"kind": "break-glass"}, datetime.now(UTC))
        write(rules, rules.read_text().replace("[[organisation]]", f'[privacy_officer]\ntell = "{address}"\n\n[[organisation]]', 1))
        await until(lambda: _told(officer), 20)
    assert officer.told == [{"kind": "break-glass"}]


async def _told(officer: Officer) -> bool:
    return bool(officer.told)
