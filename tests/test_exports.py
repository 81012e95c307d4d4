"""Exports: who may ask for one, how it goes on, who gets it and until when."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from tests.exporting import PORTAL, api_of, applicant, ask, content, exported, make, page, person, relation_of, say, state
from tests.exporting import case_of as case
from tests.towns import bare_hub, bare_source, by_contact_centre, by_permits, headers_of, rows, with_activity

from relhub.config.access_rules import load_access_rules
from relhub.domain.compartments import Level, Opening
from relhub.errors import ConfigurationError
from relhub.services.decide_match import decide_match
from relhub.services.describe_access import doubts, who_and_when
from relhub.services.hub import Hub
from relhub.services.schedule_pulls import forget_old
from relhub.storage import exports

BSN = "999990019"
PARTS = ("party", "source-records", "history", "cases", "contact-moments", "tasks", "commitments", "managers", "alerts", "consultations")
ANNA = person("copy-a", "1", "Anna", "Groot", BSN)


@pytest.fixture
async def relation(hub: Hub) -> str:
    return await applicant(hub)


@pytest.fixture
async def bare(migrated_url: str) -> AsyncIterator[Hub]:
    opened = bare_hub(migrated_url, bare_source("copy-a"), bare_source("copy-b"))
    yield opened
    await opened.database.close()


@pytest.fixture
async def bare_api(bare: Hub) -> AsyncIterator[httpx2.AsyncClient]:
    async with api_of(bare) as opened:
        yield opened


def serve(api: httpx2.AsyncClient, hub: Hub) -> None:
    """From now on this client asks that hub."""
    api._transport.app.state.hub = hub  # type: ignore[attr-defined]  # the app that this client asks


async def operations(hub: Hub, relation: str) -> list[tuple[str, str, list[str]]]:
    found = await rows(hub, "SELECT operation, outcome, sections FROM consultation_log WHERE $1 = ANY(relation_ids) ORDER BY id", relation)
    return [(row["operation"], row["outcome"], row["sections"]) for row in found]


async def test_an_export_is_asked_for_made_by_a_worker_and_then_named_by_its_links(
    hub: Hub, api: httpx2.AsyncClient, relation: str
) -> None:
    answer = await api.post(f"/v1/relations/{relation}/exports", headers=PORTAL)
    asked = answer.json()
    assert answer.headers["location"] == f"/v1/exports/{asked['id']}"
    assert (asked["state"], asked["stepsDone"], asked["links"], asked["expiresAt"]) == ("waiting", 0, None, None)
    assert await state(api, asked) == asked
    await make(hub)
    done = await state(api, asked)
    assert (done["state"], done["relation"], done["stepsDone"], done["error"]) == ("done", relation, done["steps"], None)
    assert done["links"] == {name: f"/v1/exports/{asked['id']}/{name}" for name in ("content", "page")}
    expires, made = (datetime.fromisoformat(done[name]) for name in ("expiresAt", "doneAt"))
    assert expires - made == timedelta(hours=72)
    assert (await content(api, done))["relation"] == relation


async def test_only_an_activity_with_that_right_has_an_export_made(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    refused = await api.post(f"/v1/relations/{relation}/exports", headers=headers_of(by_contact_centre()))
    assert (refused.status_code, "export = true" in refused.json()["detail"]) == (403, True)
    serve(api, with_activity(hub, "informing-residents", export=False))
    assert (await api.post(f"/v1/relations/{relation}/exports", headers=PORTAL)).status_code == 403
    logged = await rows(hub, "SELECT operation FROM consultation_log WHERE outcome = 'refused'")
    assert [row["operation"] for row in logged] == ["ask-export"] * 2
    assert await rows(hub, "SELECT id FROM export") == []


async def test_a_relation_of_which_nothing_may_be_seen_is_as_one_that_is_not_there(
    hub: Hub, api: httpx2.AsyncClient, relation: str
) -> None:
    serve(api, with_activity(hub, "informing-residents", openings=()))
    answers = [await api.post(f"/v1/relations/{id_}/exports", headers=PORTAL) for id_ in (relation, f"rel_{'0' * 26}", "nonsense")]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_an_occasion_that_does_not_hold_opens_no_export_and_one_that_ends_opens_it_no_longer(
    hub: Hub, api: httpx2.AsyncClient, relation: str
) -> None:
    desk = with_activity(hub, "permit-handling", export=True)
    serve(api, desk)
    wrong = await api.post(f"/v1/relations/{relation}/exports", headers=headers_of(by_permits("case:permits/V-2026-00002")))
    assert wrong.status_code == 403
    headers = headers_of(by_permits())
    asked = (await api.post(f"/v1/relations/{relation}/exports", headers=headers)).json()
    await make(desk)
    links = (await api.get(f"/v1/exports/{asked['id']}", headers=headers)).json()["links"]
    assert (await api.get(links["content"], headers=headers)).status_code == 200
    await rows(hub, "UPDATE case_record SET open = false WHERE case_id = 'V-2026-00001'")
    assert (await api.get(links["content"], headers=headers)).status_code == 403


async def test_a_link_opens_nothing_without_a_token_nor_for_another_consumer_or_activity(
    hub: Hub, api: httpx2.AsyncClient, relation: str
) -> None:
    done = await exported(hub, api, relation)
    paths = [f"/v1/exports/{done['id']}", *done["links"].values()]
    everyone = with_activity(with_activity(hub, "answering-questions", export=True), "permit-handling", export=True)
    serve(api, everyone)
    for path in paths:
        accept = {"Accept": "*/*"}
        assert (await api.get(path, headers=accept)).status_code == 401
        for question in (by_contact_centre(), by_permits()):
            other = await api.get(path, headers=headers_of(question) | accept)
            assert other.status_code == 404
            never = await api.get(path.replace(done["id"], "exp_" + "0" * 32), headers=headers_of(question) | accept)
            assert never.json()["detail"] == other.json()["detail"]


async def test_the_same_request_with_the_same_key_is_the_same_export_also_when_that_is_done(
    hub: Hub, api: httpx2.AsyncClient, relation: str
) -> None:
    key = {"Idempotency-Key": '"8e03978e"'}
    first = await ask(api, relation, **key)
    await make(hub)
    assert await ask(api, relation, **key) == first
    assert (await ask(api, relation))["id"] != first["id"]
    other = await applicant(hub, "V-2026-00002")
    assert (await api.post(f"/v1/relations/{other}/exports", headers=PORTAL | key)).status_code == 409


async def test_who_asks_again_while_it_waits_gets_the_one_that_waits(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    first, second = await ask(api, relation), await ask(api, relation)
    assert first == second
    await make(hub)
    assert (await ask(api, relation))["id"] != first["id"]


async def test_after_it_expired_the_links_say_so_before_and_after_a_worker_deleted_what_it_held(
    hub: Hub, api: httpx2.AsyncClient, relation: str
) -> None:
    done = await exported(hub, api, relation)
    await rows(hub, "UPDATE export SET expires_at = now() - interval '1 second'")
    assert await _left(hub) > 0
    for _ in range(2):
        for link in done["links"].values():
            answer = await api.get(link, headers=PORTAL | {"Accept": "*/*"})
            assert (answer.status_code, answer.json()["type"]) == (410, "urn:problem-type:relhub:export-expired")
            assert "Ask for a new one" in answer.json()["detail"]
        async with hub.database.begin() as store:
            await exports.empty_expired(store, datetime.now(UTC))
        assert await _left(hub) == 0
    assert (await state(api, done))["state"] == "done"
    assert ("export-content", "expired", []) in await operations(hub, relation)


async def _left(hub: Hub) -> int:
    [row] = await rows(hub, "SELECT (SELECT count(*) FROM export_part) + (SELECT coalesce(sum(cardinality(record_keys)), 0) FROM export) n")
    return int(row["n"])


async def test_what_was_asked_is_forgotten_after_ninety_days(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    done = await exported(hub, api, relation)
    await forget_old(hub, datetime.now(UTC) + timedelta(days=89))
    assert (await state(api, done))["state"] == "done"
    assert await _left(hub) == 0
    await forget_old(hub, datetime.now(UTC) + timedelta(days=91))
    assert (await api.get(f"/v1/exports/{done['id']}", headers=PORTAL)).status_code == 404


async def test_what_is_not_done_has_no_content(api: httpx2.AsyncClient, relation: str) -> None:
    asked = await ask(api, relation)
    answer = await api.get(f"/v1/exports/{asked['id']}/content", headers=PORTAL)
    assert (answer.status_code, "not done" in answer.json()["detail"]) == (404, True)


async def test_the_log_has_a_row_for_each_part_and_each_reading_and_none_for_asking_how_far_it_is(
    hub: Hub, api: httpx2.AsyncClient, relation: str
) -> None:
    done = await exported(hub, api, relation)
    await content(api, done)
    await page(api, done)
    assert await operations(hub, relation) == [
        ("ask-export", "shown", []),
        *(("export", "shown", [part]) for part in PARTS),
        ("export-content", "shown", []),
        ("export-page", "shown", []),
    ]
    asked, first, *_ = await rows(hub, "SELECT * FROM consultation_log WHERE $1 = ANY(relation_ids) ORDER BY id", relation)
    assert (first["trace_id"], first["parent_span_id"], first["consumer"]) == (asked["trace_id"], asked["span_id"], "resident-portal")
    read = (await rows(hub, "SELECT * FROM consultation_log WHERE operation = 'export-content'"))[0]
    assert read["records"] == [done["id"]]
    assert [row["levels"]["identifiers"] for row in (first, read)] == ["full", "full"]
    spans = await rows(hub, "SELECT span_id FROM consultation_log WHERE operation = 'export'")
    assert len({row["span_id"] for row in spans}) == len(spans)
    looks = (await api.get(f"/v1/relations/{relation}/consultation-log", headers=PORTAL)).json()["results"]
    assert {"export", "export-content", "export-page"} <= {look["operation"] for look in looks}


async def test_an_export_that_is_asked_for_by_an_old_id_is_asked_for_at_the_new_one(hub: Hub, api: httpx2.AsyncClient) -> None:
    survivor, gone = await _merged(hub)
    answer = await api.post(f"/v1/relations/{gone}/exports", headers=PORTAL)
    assert (answer.status_code, answer.headers["location"]) == (308, f"/v1/relations/{survivor}/exports")
    assert await rows(hub, "SELECT id FROM export") == []


async def _merged(hub: Hub, before: Any = None) -> tuple[str, str]:
    """(survivor, the id that is gone) of two people that a steward says are the same; `before`: done with both ids first."""
    (a, one), (b, other) = await two_people(hub)
    if before:
        await before(one)
        await before(other)
    await decide_match(hub, a, b, "same", "seen at the desk", "a.smit")
    [gone] = await rows(hub, "SELECT id, merged_into FROM relation WHERE id = ANY($1) AND merged_into IS NOT NULL", [one, other])
    return gone["merged_into"], gone["id"]


async def two_people(hub: Hub) -> list[tuple[tuple[str, str], str]]:
    found = await rows(
        hub,
        """
        SELECT min(p.source) source, min(p.key) AS key, p.relation_id FROM party_record p
        WHERE p.kind = 'person' AND NOT EXISTS (SELECT FROM party_identifier i WHERE i.party_id = p.id AND i.scheme NOT LIKE 'own:%')
        GROUP BY p.relation_id HAVING count(*) = 1 ORDER BY 3 LIMIT 2
        """,
    )
    return [((row["source"], row["key"]), row["relation_id"]) for row in found]


async def test_a_relation_that_is_merged_before_the_export_is_made_is_exported_as_it_is_then(hub: Hub, api: httpx2.AsyncClient) -> None:
    survivor, _ = await _merged(hub, lambda id_: ask(api, id_))
    await make(hub)
    found = await rows(hub, "SELECT state, relation_id FROM export")
    assert [tuple(row) for row in found] == [("done", survivor)] * 2


async def test_a_relation_that_is_gone_before_the_export_is_made_is_not_exported_and_it_says_why(
    bare: Hub, bare_api: httpx2.AsyncClient
) -> None:
    await say(bare, case(1, ANNA))
    asked = await ask(bare_api, await relation_of(bare, "copy-a", "1"))
    async with bare.database.begin() as store:
        for table in ("involvement", "case_record", "party_identifier", "membership", "party_record"):
            await store.driver.execute(f"DELETE FROM {table}")
    await make(bare)
    failed = await state(bare_api, asked)
    assert (failed["state"], failed["links"]) == ("failed", None)
    assert failed["error"].startswith("There is no such relation, or nothing of it")


async def test_when_what_it_was_made_of_comes_apart_it_is_not_given_any_more(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA), case(2, person("copy-b", "2", "Anna", "Groot", BSN)))
    done = await exported(bare, bare_api, await relation_of(bare, "copy-a", "1"))
    assert len((await content(bare_api, done))["cases"]) == 2
    await say(bare, case(2, person("copy-b", "2", "Anna", "Klein", "999990044")))
    answer = await bare_api.get(done["links"]["content"], headers=PORTAL)
    assert (answer.status_code, "no longer one relation" in answer.json()["detail"]) == (410, True)


async def test_when_a_source_only_says_it_otherwise_the_export_stays(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA))
    done = await exported(bare, bare_api, await relation_of(bare, "copy-a", "1"))
    await say(bare, case(1, person("copy-a", "1", "Anna Maria", "Groot", BSN)))
    assert (await content(bare_api, done))["party"]["name"]["givenNames"] == "Anna"


async def test_an_export_that_is_read_while_it_expires_is_whole_or_not_there(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    done = await exported(hub, api, relation)
    await rows(hub, "UPDATE export SET expires_at = now() + interval '200 milliseconds'")

    async def read() -> int:
        answer = await api.get(done["links"]["content"], headers=PORTAL)
        if answer.status_code == 200:
            assert answer.json()["consultations"]
        return answer.status_code

    async def delete() -> None:
        for _ in range(40):
            async with hub.database.begin() as store:
                await exports.empty_expired(store, datetime.now(UTC))

    reading = [asyncio.create_task(read()) for _ in range(10)]
    await asyncio.sleep(0.2)
    reading += [asyncio.create_task(read()) for _ in range(10)]
    await delete()
    assert set(await asyncio.gather(*reading)) <= {200, 410}


def test_access_check_says_who_may_have_an_export_made_and_doubts_when_anyone_may(bare: Hub) -> None:
    rules = bare.access.rules
    words = dict(who_and_when(rules.activities["informing-residents"]))
    assert "have all that is held of a relation put together" in words["may also"]
    assert not [text for text in doubts(rules) if "put together" in text]
    anyone = with_activity(bare, "informing-residents", roles=frozenset()).access.rules
    assert [text for text in doubts(anyone) if "put together" in text]


def test_nobody_has_an_export_made_in_an_emergency(tmp_path: Any) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        'coordinator = "c"\n[privacy_officer]\ntell = "https://fg.example/"\n'
        '[[organisation]]\nname = "G"\noin = "00000001002564440000"\ncontrollers = ["B"]\n'
        '[[activity]]\nid = "a"\nregister_uri = "r"\npurpose = "p"\nlegal_basis = "l"\noccasions = ["break-glass"]\nexport = true\n'
    )
    with pytest.raises(ConfigurationError, match="export"):
        load_access_rules(file)


async def test_what_an_activity_sees_no_case_of_shapes_nothing_of_an_export(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    only = frozenset({"licensing"})
    seeing = with_activity(bare, "informing-residents", openings=(Opening(Level.full, only),))  # type: ignore[arg-type]
    serve(bare_api, seeing)
    await say(bare, case(1, ANNA))
    relation = await relation_of(bare, "copy-a", "1")
    before = await content(bare_api, await exported(seeing, bare_api, relation))
    await say(
        bare,
        case(2, person("copy-b", "2", "Anna", "Groot", BSN), capacity="enforcement", title="Onderzoek", started=None),
        case(3, ANNA, capacity="policy", phase="closed", title="Beleid"),
    )
    assert await relation_of(bare, "copy-b", "2") == relation
    after = await content(bare_api, await exported(seeing, bare_api, relation))
    for found in (before, after):
        for varying in ("id", "madeAt", "consultations"):
            del found[varying]
    assert before == after
