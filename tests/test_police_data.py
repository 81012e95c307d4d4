"""Police data (Wpg): refused when it is read, and not kept even in quarantine, unless its source may decide of nobody who they are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.towns import by_enforcement, rows, settings_for, with_activity

from relhub.domain.compartments import Level, Opening
from relhub.errors import NotAllowed
from relhub.services.asked import ViewOptions
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_source
from relhub.services.view_relation import view_relation

POLICE = '\n[[kinds]]\nnames = ["handhaving"]\nregime = "wpg"\n'


@pytest.fixture
def enforcement(sources_dir: Path) -> Path:
    """The file of a source of which one kind of case is police data."""
    file = sources_dir / "enforcement.toml"
    file.write_text(file.read_text() + POLICE)
    return file


async def opened(url: str, sources_dir: Path) -> AsyncIterator[Hub]:
    hub = await Hub.open(settings_for(url, sources_dir))
    yield hub
    await hub.close()


async def test_police_data_beside_records_that_decide_who_others_are_is_not_kept(enforcement: Path, empty_url: str) -> None:
    async for hub in opened(empty_url, enforcement.parent):
        await pull_source(hub, "enforcement")
        kinds = {row["kind"] for row in await rows(hub, "SELECT DISTINCT body->>'kind' kind FROM case_record")}
        assert kinds == {"toezicht"}
        aside = await rows(hub, "SELECT source, set_key, reason, sealed FROM quarantine")
        assert aside
        assert all("police data (Wpg)" in row["reason"] for row in aside)
        assert {hub.sealer.open(row["sealed"], f"{row['source']}/{row['set_key']}") for row in aside} == {b"[]"}
        assert await rows(hub, "SELECT FROM document WHERE set_key IN (SELECT set_key FROM quarantine)") == []


async def test_in_a_source_of_its_own_it_is_kept_and_seen_through_a_rule_that_names_it_only(enforcement: Path, empty_url: str) -> None:
    enforcement.write_text(enforcement.read_text().replace("trust = 60", 'trust = 60\nidentity = "leaf"'))
    async for hub in opened(empty_url, enforcement.parent):
        await pull_source(hub, "enforcement")
        [case] = await rows(
            hub, "SELECT i.relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'HH-2026-00001' LIMIT 1"
        )
        with pytest.raises(NotAllowed, match="occasion does not hold"):
            await view_relation(hub, by_enforcement(), case["relation_id"], ViewOptions())
        named = (Opening(Level.full, frozenset({"enforcement"}), regimes=frozenset({"wpg"})),)
        view = await view_relation(
            with_activity(hub, "enforcement-handling", openings=named), by_enforcement(), case["relation_id"], ViewOptions()
        )
        assert b"enforcement/HH-2026-00001" in view.body
