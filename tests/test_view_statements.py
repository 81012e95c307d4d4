"""What a view costs in statements of the database: one, and what is withheld costs none."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest
from tests.alert_worlds import DESK, DOSSIER, PERMIT, alert_hub, anna, case, person, say
from tests.test_entries import CALL, record
from tests.test_lists import statements
from tests.towns import by_permits, rows, seeing

from relhub.domain.compartments import Level
from relhub.domain.record import CaseRecord, Involvement, PartyRecord, PersonName, RecordSet
from relhub.errors import NotFound
from relhub.services.asked import Reference, ViewOptions
from relhub.services.compute_alerts import compute_alerts
from relhub.services.hub import Hub
from relhub.services.lookup_relation import lookup_relation
from relhub.services.read_sets import replace as keep
from relhub.services.set_manager import ManagerForm, set_manager
from relhub.services.view_relation import view_relation
from relhub.storage import views

NOBODY = "rel_00000000000000000000000000"
MERGED = "rel_11111111111111111111111111"
_MERGED = """
INSERT INTO relation (id, kind, anchor_source, anchor_key, anchor_number, created_at, merged_into, retired_at)
VALUES ($1, 'person', 'permits', 'other', 0, now(), $2, now())
"""
PROJECT = case("enforcement", "PRJ-1", "project", "Projecten")
OTHER_PROJECT = case("permits", "PRJ-2", "project", "Projecten")
SPEAKER = PartyRecord(
    "permits", "bos", "contact_person", (), PersonName(given="Bo", family="Bos"), phones=("+31201234567",), contact_of="anna"
)


@pytest.fixture
async def hub(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    """Anna asked for a permit, and nothing is remembered of views that there were before."""
    monkeypatch.setattr(views, "_enough", {})
    opened = alert_hub(migrated_url)
    await say(opened, PERMIT)
    yield opened
    await opened.database.close()


async def say_who_speaks(hub: Hub, record: CaseRecord) -> None:
    """For Anna, in this case of permits."""
    spoken = replace(record, involvements=(*record.involvements, Involvement("bos", "contact_person")))
    async with hub.database.begin() as store:
        await store.lock_resolve()
        await keep(store, hub, "permits", {record.id: RecordSet((spoken,), (person("permits"), SPEAKER))}, datetime.now(UTC))


async def view(hub: Hub) -> bytes:
    return (await view_relation(hub, DESK, await anna(hub), ViewOptions())).body


async def number_of_statements(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> int:
    relation = await anna(hub)
    with pytest.raises(NotFound):  # so that this hub has a connection, and knows all compartments
        await view_relation(hub, DESK, NOBODY, ViewOptions())
    with statements(monkeypatch) as sent:
        await view_relation(hub, DESK, relation, ViewOptions())
    return len(sent)


async def test_of_a_relation_with_cases_only_it_is_one(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await number_of_statements(hub, monkeypatch) == 1


@pytest.mark.parametrize("more", ["contact person", "contact moment", "relation manager", "alert"])
async def test_where_there_is_more_it_is_more_the_first_time_and_one_from_then_on(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    relation = await anna(hub)
    if more == "contact person":
        await say_who_speaks(hub, PERMIT)
        assert b"+31201234567" in await view(hub)
    elif more == "contact moment":
        await record(hub, DESK, relation, CALL)
    elif more == "relation manager":
        await set_manager(hub, by_permits("case:permits/V-1"), relation, ManagerForm("m.bos", "Relatiebeheer"), "")
    else:
        await say(hub, DOSSIER)
        await compute_alerts(hub, datetime.now(UTC))
    first = await view(hub)
    assert await number_of_statements(hub, monkeypatch) == 1
    assert await view(hub) == first


async def test_what_is_withheld_costs_none(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    await say(hub, DOSSIER)
    await say(hub, PROJECT)
    await record(hub, DESK, await anna(hub), CALL)
    await rows(hub, "UPDATE entry SET departments = '{}'")  # another department's
    await compute_alerts(hub, datetime.now(UTC))
    assert await rows(hub, "SELECT FROM alert_cause")
    assert await number_of_statements(seeing(hub, Level.none, project=Level.full), monkeypatch) == 1


async def test_who_speaks_and_is_a_party_of_the_case_as_well_is_logged_once(hub: Hub) -> None:
    await say_who_speaks(hub, PERMIT)
    view = await lookup_relation(hub, DESK, Reference(case=("permits", "V-1")), ViewOptions())
    [speaker] = {party["relation"] for party in orjson.loads(view.body)["otherParties"]}
    [logged] = await rows(hub, "SELECT relation_ids FROM consultation_log")
    assert sorted(logged["relation_ids"]) == sorted([await anna(hub), speaker])


async def test_nor_does_who_speaks_in_a_case_that_is_withheld(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    await say_who_speaks(hub, OTHER_PROJECT)
    assert await number_of_statements(seeing(hub, Level.full, project=Level.none), monkeypatch) == 1


async def test_a_relation_to_which_another_was_merged_is_shown_under_both_ids_and_is_one_from_the_second_time_on(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    relation = await anna(hub)
    before = await view(hub)
    await rows(hub, _MERGED, MERGED, relation)
    moved = await view_relation(hub, DESK, MERGED, ViewOptions())
    assert (moved.relation_id, moved.body) == (relation, before)
    assert await view(hub) == before
    assert await number_of_statements(hub, monkeypatch) == 1
