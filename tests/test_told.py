"""Being told: in order per relation, at least once, of nothing that may not be seen, and nobody waits for who hangs."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client import REGISTRY
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError
from starlette.responses import Response
from tests.exporting import api_of, case_of, person, relation_of, say
from tests.processes import ROOT, running, until
from tests.telling import (
    FOLLOWING,
    deliver,
    deliveries,
    hanging,
    happen,
    receiving,
    refusing,
    subscribe,
    subscribed,
    that_tells,
    time_passes,
    troubles,
)
from tests.test_exports_worker import unscheduled
from tests.test_keys import NEW, OLD, needed, url_of, with_keys
from tests.towns import DEMO, bare_hub, bare_source, rows, seeing, with_activity

from relhub.domain.compartments import Level
from relhub.embedded import Server
from relhub.services.decide_match import decide_match
from relhub.services.follow import event_id
from relhub.services.hub import Hub
from relhub.services.make_export import KnownConsumers
from relhub.services.purge import purge
from relhub.services.rotate_seals import rotate_seals
from relhub.services.watch_sources import watch_sources
from relhub.storage.compartments import keep_compartments

ANNA, BRAM = person("copy-a", "1", "Anna", "Groot", "999990019"), person("copy-a", "2", "Bram", "Vries", "999990044")
ALLOWED = {"subscribers": "http://127.0.0.1:*", "subscriber_networks": "127.0.0.0/8"}
A, B, C = ("rel_" + letter * 26 for letter in "ABC")


@pytest.fixture
async def hub(migrated_url: str) -> AsyncIterator[Hub]:
    opened = that_tells(bare_hub(migrated_url, bare_source("copy-a"), bare_source("copy-b")))
    await say(opened, case_of(1, ANNA))
    yield opened
    await opened.database.close()


@pytest.fixture
async def api(hub: Hub) -> AsyncIterator[httpx2.AsyncClient]:
    async with api_of(hub) as opened:
        yield opened


async def send(api: httpx2.AsyncClient, made: dict[str, Any], what: str, body: Any = None, **headers: str) -> httpx2.Response:
    return await api.post(f"/v1/subscriptions/{made['id']}/{what}", headers=FOLLOWING | headers, json=body)


async def test_a_subscriber_is_told_the_same_as_who_asks_for_events(hub: Hub, api: httpx2.AsyncClient) -> None:
    begin = (await api.get("/v1/events?start=now", headers=FOLLOWING)).json()["next"]
    async with receiving() as receiver:
        await subscribed(hub, api, receiver)
        await say(hub, case_of(2, ANNA, BRAM))
        await deliver(hub)
        listed = (await api.get("/v1/events", params={"cursor": begin}, headers=FOLLOWING)).json()["results"]
    assert sorted(receiver.told, key=str) == sorted(listed, key=str)
    assert len(listed) == 3
    assert receiver.sent[-1][0]["content-type"] == "application/cloudevents+json"


async def test_nothing_is_told_to_who_does_not_answer_the_challenge(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving() as receiver:
        receiver.echoes = False
        made = await subscribe(api, receiver.url)
        assert made["state"] == "unverified"
        await happen(hub, A)
        await deliver(hub)
        assert receiver.asked == []
        assert "challenge" in (await deliveries(api, made))["trouble"]
        receiver.echoes = True
        await time_passes(hub, "1 minute")
        await deliver(hub)
    assert receiver.subjects == [A], "what happened since it subscribed"


async def test_a_challenge_is_sent_for_a_day_and_then_when_it_is_asked_for(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving() as receiver:
        receiver.echoes = False
        made = await subscribe(api, receiver.url)
        await time_passes(hub, "25 hours")
        await deliver(hub)
        await time_passes(hub, "30 days")
        sent = len(receiver.sent)
        await deliver(hub)
        assert len(receiver.sent) == sent
        receiver.echoes = True
        assert (await send(api, made, "_verify")).json()["state"] == "unverified"
        await deliver(hub)
        assert (await send(api, made, "_verify")).status_code == 409
    assert (await api.get(f"/v1/subscriptions/{made['id']}", headers=FOLLOWING)).json()["state"] == "active"


async def test_what_is_told_is_signed_and_nobody_without_the_secret_can_make_it(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving() as receiver:
        made = await subscribed(hub, api, receiver)
        await happen(hub, A)
        await deliver(hub)
    headers, body = receiver.sent[-1]
    assert Webhook(made["secret"]).verify(body, headers) == receiver.told[-1]
    assert headers["webhook-id"] == receiver.told[-1]["id"]
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(body.replace(b"AAAA", b"BBBB"), headers)


async def test_for_a_day_after_a_rotation_both_secrets_hold_and_then_the_new_one_only(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving() as receiver:
        made = await subscribed(hub, api, receiver)
        first = await send(api, made, "_rotate", **{"Idempotency-Key": "once"})
        again = await send(api, made, "_rotate", **{"Idempotency-Key": "once"})
        assert first.json() == again.json()
        fresh = first.json()["secret"]
        assert fresh != made["secret"]
        await happen(hub, A)
        await deliver(hub)
        for secret in (made["secret"], fresh):
            Webhook(secret).verify(receiver.sent[-1][1], receiver.sent[-1][0])
        await rows(hub, "UPDATE subscription SET former_until = now() - interval '1 second'")
        await happen(hub, B)
        await deliver(hub)
        Webhook(fresh).verify(receiver.sent[-1][1], receiver.sent[-1][0])
        with pytest.raises(WebhookVerificationError):
            Webhook(made["secret"]).verify(receiver.sent[-1][1], receiver.sent[-1][0])
        await purge(hub)
        assert [row["former_secret"] for row in await rows(hub, "SELECT former_secret FROM subscription")] == [None]


async def test_a_secret_is_shown_once_kept_sealed_and_moves_with_the_keys(hub: Hub, api: httpx2.AsyncClient, tmp_path: Path) -> None:
    async with receiving() as receiver:
        made = await subscribed(hub, api, receiver)
        await send(api, made, "_rotate")
        shown = [await api.get(f"/v1/subscriptions{path}", headers=FOLLOWING) for path in ("", f"/{made['id']}")]
        assert all("whsec_" not in answer.text for answer in shown)
        [row] = await rows(hub, "SELECT secret, former_secret FROM subscription")
        assert b"whsec_" not in row["secret"] + row["former_secret"]
        moved = with_keys(hub, tmp_path, OLD + NEW)
        await rotate_seals(moved)
        assert 1 not in await needed(hub) or not await rows(hub, "SELECT FROM subscription WHERE substr(secret, 1, 2) = '\\x0001'")
        await happen(hub, A)
        await deliver(moved)
        Webhook(made["secret"]).verify(receiver.sent[-1][1], receiver.sent[-1][0])


async def test_what_comes_after_a_failure_waits_in_its_own_relation_only(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving(refusing(A)) as receiver:
        made = await subscribed(hub, api, receiver)
        await happen(hub, A, B, A, C)
        await deliver(hub)
        assert sorted(receiver.subjects) == [B, C]
        await happen(hub, B, A)
        await deliver(hub)
        assert receiver.subjects[2:] == [B]
        waiting = await deliveries(api, made)
        assert [(one["state"], one["event"]["subject"], one["attempts"]) for one in waiting["results"]] == [
            ("waiting", A, 1),
            ("waiting", A, 0),
            ("waiting", A, 0),
        ]
        assert waiting["results"][0]["reason"] == "answered 500"
        receiver.behaves = None
        await time_passes(hub, "1 minute")
        await deliver(hub)
        assert (await deliveries(api, made))["results"] == []
    assert receiver.subjects[2:] == [B, A, A, A]
    of_a = [event["id"] for event in receiver.told if event["subject"] == A]
    assert of_a == [event["id"] for event in receiver.asked if event["subject"] == A][-3:]
    assert sorted(of_a) == sorted(set(of_a))
    assert set(receiver.times.values()) == {1, 2}


async def test_under_failures_of_any_kind_each_relation_is_told_in_order_and_nothing_is_lost(hub: Hub, api: httpx2.AsyncClient) -> None:
    turns = 0

    async def behave(_: dict[str, Any]) -> Response | None:
        nonlocal turns
        turns += 1
        return Response(status_code=(500, 503, 404, 302)[turns % 4]) if turns % 3 else None

    async with receiving(behave) as receiver:
        made = await subscribed(hub, api, receiver)
        for _ in range(4):
            await happen(hub, A, B, C, A)
            await deliver(hub, times=1)
        begin = (await api.get("/v1/events", params={"limit": 1000}, headers=FOLLOWING)).json()["results"]
        while (await deliveries(api, made))["results"]:
            await time_passes(hub, "2 hours")
            await deliver(hub, times=1)
            await rows(hub, "UPDATE delivery SET first_at = now()")
    happened = [event for event in begin if event["subject"] in (A, B, C)]
    for relation in (A, B, C):
        told = [event["id"] for event in receiver.told if event["subject"] == relation]
        assert told == [event["id"] for event in happened if event["subject"] == relation]


async def test_after_three_days_it_is_held_and_shown_and_what_comes_after_it_is_told(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving(refusing(A, status=400)) as receiver:
        made = await subscribed(hub, api, receiver)
        await happen(hub, A, B)
        await deliver(hub)
        await time_passes(hub, "71 hours")
        await deliver(hub)
        assert (await deliveries(api, made))["results"][0]["state"] == "waiting"
        await time_passes(hub, "2 hours")
        await deliver(hub)
        [held] = (await deliveries(api, made))["results"]
        assert (held["state"], held["nextAt"], held["attempts"], held["reason"]) == ("held", None, 3, "answered 400")
        asked = len(receiver.asked)
        await time_passes(hub, "30 days")
        await deliver(hub)
        assert len(receiver.asked) == asked
        await watch_sources(hub)
        assert REGISTRY.get_sample_value("relhub_deliveries_held") == 1
        receiver.behaves = None
        await happen(hub, A)
        await deliver(hub)
        assert receiver.subjects == [B, A]
        answer = await send(api, made, "_replay", {"cursor": held["cursor"]})
        assert answer.status_code == 200, answer.text
        await deliver(hub)
    assert sorted(receiver.subjects[2:]) == [A, A, B], "the one that was held, and all after it"
    assert (await deliveries(api, made))["results"] == []


async def test_it_is_told_again_from_a_cursor_of_events(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving() as receiver:
        made = await subscribed(hub, api, receiver)
        await happen(hub, A)
        between = (await api.get("/v1/events?start=now", headers=FOLLOWING)).json()["next"]
        await happen(hub, B, C)
        await deliver(hub)
        await send(api, made, "_replay", {"cursor": between})
        await deliver(hub)
        assert (sorted(receiver.subjects[:3]), sorted(receiver.subjects[3:])) == ([A, B, C], [B, C])
        assert (await send(api, made, "_replay", {"cursor": "AAAA"})).json()["errors"][0]["location"] == "body cursor"
        await subscribed(hub, api, receiver, cursor=between)
        await deliver(hub)
    assert sorted(receiver.subjects[5:]) == [B, C]


async def with_workers(hub: Hub, server: Server, sources_dir: Path) -> tuple[str, Path, Sequence[int]]:
    """What `running` takes, and a compartment of a source that workers know."""
    async with hub.database.begin() as store:
        made = await keep_compartments(store, [("permits", "licensing", "vergunning", "openbaar")])
    return await url_of(hub, server), unscheduled(sources_dir), list(made.values())


async def test_a_subscriber_that_hangs_keeps_nobody_waiting(hub: Hub, api: httpx2.AsyncClient, server: Server, sources_dir: Path) -> None:
    url, sources, known = await with_workers(hub, server, sources_dir)
    async with receiving(hanging) as stuck, receiving() as well:
        for _ in range(5):
            await subscribed(hub, api, stuck)
        await subscribed(hub, api, well)
        async with running("worker", url, sources, **ALLOWED):
            await happen(hub, A, compartments=known)

            async def all_told() -> bool:
                return len(well.told) == wanted

            wanted = 1
            await until(all_told)
            for _ in range(10):
                begun, wanted = time.monotonic(), wanted + 2
                await happen(hub, A, B, compartments=known)
                await until(all_told)
                assert time.monotonic() - begun < 4
    assert stuck.asked
    assert stuck.told == []


async def test_a_worker_that_is_killed_while_telling_is_followed_by_another(
    hub: Hub, api: httpx2.AsyncClient, server: Server, sources_dir: Path
) -> None:
    url, sources, known = await with_workers(hub, server, sources_dir)

    async def slowly(_: dict[str, Any]) -> Response | None:
        await asyncio.sleep(0.3)
        return None

    async with receiving(slowly) as receiver:
        await subscribed(hub, api, receiver)
        await happen(hub, *(A for _ in range(10)), B, compartments=known)
        async with running("worker", url, sources, **ALLOWED) as first:

            async def in_the_middle() -> bool:
                return len(receiver.told) >= 3

            await until(in_the_middle)
            first.send_signal(signal.SIGKILL)
            await first.wait()
        async with running("worker", url, sources, **ALLOWED), running("worker", url, sources, **ALLOWED):

            async def all_told() -> bool:
                return len(receiver.times) == 11 and not await rows(
                    hub, "SELECT FROM event e, subscription s WHERE (e.transaction, e.id) > (s.transaction, s.event)"
                )

            await until(all_told, 60)
    first_times = list(dict.fromkeys(event["id"] for event in receiver.told if event["subject"] == A))
    happened = await rows(hub, "SELECT id FROM event WHERE relation_id = $1 ORDER BY transaction, id", A)
    assert first_times == [event_id(hub, row["id"]) for row in happened]
    assert max(receiver.times.values()) <= 2, "again only what the first one may have told"


async def test_two_workers_tell_each_event_once(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving() as receiver:
        for _ in range(3):
            await subscribed(hub, api, receiver)
        await happen(hub, *(A for _ in range(20)))
        await asyncio.gather(deliver(hub), deliver(hub), deliver(hub))
        await deliver(hub)
    assert set(receiver.times.values()) == {3}


async def test_what_may_no_longer_be_seen_is_no_longer_told_from_that_moment_on(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving(refusing(B)) as receiver:
        made = await subscribed(hub, api, receiver)
        await happen(hub, A, B)
        await deliver(hub)
        blind = seeing(hub, Level.none, "following-changes")
        await happen(hub, A)
        await time_passes(hub, "1 hour")
        await deliver(blind)
        receiver.behaves = None
        await deliver(hub)
        assert receiver.subjects == [A], "nor what waited, nor what happened since"
        assert (await deliveries(api, made))["results"] == []
        await happen(hub, C)
        await deliver(hub)
    assert receiver.subjects == [A, C]


@pytest.mark.parametrize("change", ["the rule lets nobody follow", "the rule shows less", "the consumer is gone", "it ended"])
async def test_when_rights_end_in_the_middle_of_a_round_no_more_is_told_than_what_is_under_way(
    hub: Hub, api: httpx2.AsyncClient, change: str
) -> None:
    consumers, before = KnownConsumers(DEMO / "consumers.toml"), hub.access.rules
    less = {
        "the rule lets nobody follow": with_activity(hub, "following-changes", follow=False),
        "the rule shows less": seeing(hub, Level.none, "following-changes"),
    }

    async def end_it(_: dict[str, Any]) -> Response | None:
        if change in less:
            hub.access.replace(less[change].access.rules)
        elif change == "the consumer is gone":
            consumers.by_name = {}
        else:
            await asyncio.sleep(1.2)
        return None

    async with receiving() as receiver:
        made = await subscribed(hub, api, receiver)
        await happen(hub, A, A, A)
        receiver.behaves = end_it
        if change == "it ended":
            await rows(hub, "UPDATE subscription SET expires_at = now() + interval '1 second', warned_at = now()")
        await deliver(hub, consumers=consumers)
        assert receiver.subjects == [A]
        hub.access.replace(before)
        if change == "it ended":
            await send(api, made, "_renew")
        receiver.behaves = None
        await time_passes(hub, "2 minutes")
        await deliver(hub)
    assert receiver.subjects == ([A] if change == "the rule shows less" else [A, A, A]), (
        "told when they may again, unless it was read by rules that hid it"
    )


async def test_a_delivery_that_is_held_is_not_shown_to_who_may_not_see_it_any_more(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving(refusing(A)) as receiver:
        made = await subscribed(hub, api, receiver)
        await happen(hub, A)
        await deliver(hub)
    assert len((await deliveries(api, made))["results"]) == 1
    async with api_of(seeing(hub, Level.none, "following-changes")) as blind:
        assert (await deliveries(blind, made))["results"] == []


async def test_deliveries_come_in_full_pages_whatever_between_them_may_not_be_seen_any_more(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with hub.database.begin() as store:
        made = await keep_compartments(store, [("copy-a", "planning", "plan", ""), ("copy-a", "advice", "advies", "")])
    planning, advice = made["copy-a", "planning", "plan", ""], made["copy-a", "advice", "advies", ""]
    async with receiving(refusing(A, B)) as receiver:
        subscription = await subscribed(hub, api, receiver)
        for _ in range(3):
            await happen(hub, A, compartments=[planning])
            await happen(hub, B, compartments=[advice])
        await deliver(hub)
    path, of_planning = (
        f"/v1/subscriptions/{subscription['id']}/deliveries",
        seeing(hub, Level.none, "following-changes", planning=Level.summary),
    )
    async with api_of(of_planning) as less:
        first = (await less.get(path, params={"limit": 2}, headers=FOLLOWING)).json()
        second = (await less.get(path, params={"limit": 2, "cursor": first["next"]}, headers=FOLLOWING)).json()
        one = (await less.get(path, params={"limit": 3}, headers=FOLLOWING)).json()
    assert [[delivery["event"]["subject"] for delivery in page["results"]] for page in (first, second)] == [[A, A], [A]]
    assert (second["next"], one["next"]) == (None, None)


@pytest.mark.parametrize(
    "change", ["the rule lets nobody follow", "the consumer may not any more", "the consumer is gone", "it is of another department"]
)
async def test_who_may_not_follow_any_more_is_told_nothing_and_all_of_it_when_they_may_again(
    hub: Hub, api: httpx2.AsyncClient, change: str
) -> None:
    consumers, at = KnownConsumers(DEMO / "consumers.toml"), hub
    agreed = consumers.by_name["contact-centre"]
    if change == "the rule lets nobody follow":
        at = with_activity(hub, "following-changes", follow=False)
    elif change == "the consumer may not any more":
        consumers.by_name = {"contact-centre": replace(agreed, consumer=replace(agreed.consumer, activities=frozenset()))}
    elif change == "the consumer is gone":
        consumers.by_name = {}
    else:
        consumers.by_name = {"contact-centre": replace(agreed, consumer=replace(agreed.consumer, department="Archief"))}
    async with receiving() as receiver:
        await subscribed(hub, api, receiver)
        await happen(hub, A)
        await deliver(at, consumers=consumers)
        assert receiver.asked == []
        assert (await troubles(hub))[0]
        refused = await rows(hub, "SELECT FROM consultation_log WHERE operation = 'delivery' AND outcome = 'refused'")
        assert len(refused) == (1 if change.endswith(("follow", "may not any more")) else 0), "once, when it is known who it is"
        await time_passes(hub, "2 minutes")
        await deliver(hub)
    assert receiver.subjects == [A]
    assert await troubles(hub) == [""]


async def test_a_hidden_change_causes_no_delivery_and_no_trace_for_the_subscriber(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving() as receiver:
        made = await subscribed(hub, api, receiver)
        before = await deliveries(api, made)
        await say(hub, case_of(2, BRAM, capacity="enforcement"))
        await deliver(hub)
        assert receiver.asked == []
    assert await deliveries(api, made) == before


async def test_only_what_is_subscribed_to_is_told(hub: Hub, api: httpx2.AsyncClient) -> None:
    anna = await relation_of(hub, "copy-a", "1")
    async with receiving() as of_anna, receiving() as of_kind, receiving() as of_types, receiving() as of_project:
        await subscribed(hub, api, of_anna, relation=anna)
        await subscribed(hub, api, of_kind, caseKind="vergunning", types=["nl.zaken.zaak-gewijzigd"])
        await subscribed(hub, api, of_types, types=["nl.zaken.zaak-vervallen"])
        await subscribed(hub, api, of_project, project="copy-a/C-2")
        await say(hub, case_of(1, ANNA, title="another title"))
        await say(hub, case_of(2, BRAM, capacity="project"))
        await deliver(hub)
        bram = await relation_of(hub, "copy-a", "2")
        await say(hub, case_of(3, BRAM))
        await deliver(hub)
    assert of_anna.subjects == [anna]
    assert sorted(of_kind.subjects) == ["copy-a/C-1", "copy-a/C-2", "copy-a/C-3"]
    assert of_types.told == []
    assert sorted(of_project.subjects) == sorted(["copy-a/C-2", bram, bram]), "the project, and who is in it"


async def test_after_a_merge_the_relation_is_followed_where_it_went(hub: Hub, api: httpx2.AsyncClient) -> None:
    await say(hub, case_of(2, person("copy-a", "3", "Annie", "Groot")))
    ids = [await relation_of(hub, "copy-a", key) for key in "13"]
    async with receiving() as one, receiving() as other:
        for id_, receiver in zip(ids, (one, other), strict=True):
            await subscribed(hub, api, receiver, relation=id_)
        await decide_match(hub, ("copy-a", "1"), ("copy-a", "3"), "same", "seen at the desk", "steward")
        joined = await relation_of(hub, "copy-a", "3")
        assert await relation_of(hub, "copy-a", "1") == joined
        await deliver(hub)
        lost = other if joined == ids[0] else one
        assert "nl.relaties.relatie-samengevoegd" in {event["type"] for event in lost.told}
        seen = len(lost.told)
        await say(hub, case_of(1, ANNA, title="another title"))
        await deliver(hub)
    assert lost.subjects[seen:] == [joined]


async def test_a_place_is_subscribed_to_by_who_may_search_by_place_and_tells_as_the_place_does(hub: Hub, api: httpx2.AsyncClient) -> None:
    address = "0355200000000001"
    assert (
        await api.post("/v1/subscriptions", headers=FOLLOWING, json={"callback": "http://127.0.0.1:1/", "place": address})
    ).status_code == 403
    may = with_activity(hub, "following-changes", places=True, search=True, groups=frozenset({"contact-details"}))
    home = case_of(5, ANNA).cases[0].places[0]
    there = replace(home, bag_id=address)
    hidden = person("copy-a", "4", "Carla", "Wit", secret=True)
    async with api_of(may) as asking, receiving() as receiver:
        await subscribed(may, asking, receiver, place=address)
        await say(may, case_of(5, ANNA, places=(there,)), case_of(6, BRAM), case_of(7, hidden, places=(there,)))
        await say(may, case_of(8, BRAM, places=(replace(home),)))
        await deliver(may)
        assert sorted(receiver.subjects) == ["copy-a/C-5", "copy-a/C-8"], (
            "by its id, and by the address that C-5 gives it; not of who is hidden"
        )
        await happen(may, "copy-a/C-5")
        await deliver(hub)
    assert len(receiver.told) == 2, "by who may not any more"


async def test_each_telling_is_logged_before_it_leaves(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving(refusing(A)) as receiver:
        made = await subscribed(hub, api, receiver)
        await happen(hub, A)
        await deliver(hub, times=1)
    looks = await rows(hub, "SELECT operation, outcome, relation_ids, records, official FROM consultation_log ORDER BY id")
    assert [(row["operation"], row["outcome"]) for row in looks] == [
        ("subscribe", "made"),
        ("subscription", "shown"),
        ("delivery", "shown"),
    ]
    assert (looks[-1]["relation_ids"], looks[-1]["official"]) == ([A], "official-1")
    assert looks[0]["records"] == [f"subscription/{made['id']}"]


async def test_another_consumer_department_or_activity_has_no_such_subscription(hub: Hub, api: httpx2.AsyncClient) -> None:
    made = await subscribe(api, "http://127.0.0.1:1/told")
    other = FOLLOWING | {"Authorization": "Bearer demo-permits-desk"}
    for method, path in (("GET", ""), ("GET", "/deliveries"), ("POST", "/_verify"), ("POST", "/_rotate"), ("DELETE", "")):
        answer = await api.request(method, f"/v1/subscriptions/{made['id']}{path}", headers=other | {"If-Match": "*"})
        assert answer.status_code == 404, (method, path)
    assert (await api.get("/v1/subscriptions", headers=other)).json()["results"] == []
    assert [one["id"] for one in (await api.get("/v1/subscriptions", headers=FOLLOWING)).json()["results"]] == [made["id"]]


async def test_a_change_says_what_it_has_seen_and_another_address_is_verified_anew(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving() as receiver, receiving() as other:
        made = await subscribed(hub, api, receiver)
        path = f"/v1/subscriptions/{made['id']}"
        tag = (await api.get(path, headers=FOLLOWING)).headers["ETag"]
        assert (await api.patch(path, headers=FOLLOWING, json={"paused": True})).status_code == 400
        changed = await api.patch(path, headers=FOLLOWING | {"If-Match": tag}, json={"paused": True})
        assert changed.json()["state"] == "paused"
        late = await api.patch(path, headers=FOLLOWING | {"If-Match": tag}, json={"paused": False})
        assert (late.status_code, late.json()["present"]["state"]) == (412, "paused")
        await happen(hub, A)
        await deliver(hub)
        assert receiver.asked == []
        await api.patch(path, headers=FOLLOWING | {"If-Match": changed.headers["ETag"]}, json={"paused": False, "callback": other.url})
        await deliver(hub)
        assert (receiver.asked, other.subjects) == ([], [A])
        ended = await api.delete(path, headers=FOLLOWING | {"If-Match": "*"})
        assert ended.status_code == 200
        await happen(hub, B)
        await deliver(hub)
    assert other.subjects == [A]
    assert (await api.get(path, headers=FOLLOWING)).status_code == 404


async def test_a_change_during_a_round_is_not_undone_by_it(hub: Hub, api: httpx2.AsyncClient) -> None:
    async def rewind(_: dict[str, Any]) -> Response | None:
        if len(receiver.asked) == 1:
            await send(api, made, "_replay", {"cursor": begin})
        return None

    async with receiving() as receiver:
        begin = (await api.get("/v1/events?start=now", headers=FOLLOWING)).json()["next"]
        made = await subscribed(hub, api, receiver)
        await happen(hub, A)
        receiver.behaves = rewind
        await deliver(hub)
    assert receiver.subjects == [A, A]


async def test_events_that_are_no_longer_kept_are_said_to_be_missed(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving() as receiver:
        made = await subscribed(hub, api, receiver)
        await api.patch(f"/v1/subscriptions/{made['id']}", headers=FOLLOWING | {"If-Match": "*"}, json={"paused": True})
        await happen(hub, A, B)
        [second] = await rows(hub, "SELECT transaction, id FROM event WHERE relation_id = $1", B)
        await rows(hub, "UPDATE purge_state SET event_transaction = $1, event_id = $2 - 1", second["transaction"], second["id"])
        await rows(hub, "DELETE FROM event WHERE relation_id = $1", A)
        await api.patch(f"/v1/subscriptions/{made['id']}", headers=FOLLOWING | {"If-Match": "*"}, json={"paused": False})
        await deliver(hub)
    assert receiver.subjects == [B]
    assert (await deliveries(api, made))["missedAt"]


async def test_the_receiver_in_the_guide_verifies_and_answers(hub: Hub, api: httpx2.AsyncClient, tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "integrating.md").read_text()
    [text] = [block for block in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "Receiver" in block]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "receiver.py").write_text(text.replace("9000", str(port)))
    made = await subscribe(api, f"http://127.0.0.1:{port}/told")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", tmp_path / "receiver.py"), env=os.environ | {"SECRET": made["secret"]}, stdout=PIPE, stderr=PIPE
    )
    try:

        async def is_active() -> bool:
            await time_passes(hub, "1 minute")
            await deliver(hub, times=1)
            return bool((await api.get(f"/v1/subscriptions/{made['id']}", headers=FOLLOWING)).json()["state"] == "active")

        await until(is_active)
        await happen(hub, A)
        await deliver(hub)
        assert process.stdout
        assert await process.stdout.readline() == f"nl.relaties.relatie-gewijzigd /v1/relations/{A}\n".encode()
        async with httpx2.AsyncClient(trust_env=False) as stranger:
            with pytest.raises(httpx2.TransportError):
                await stranger.post(f"http://127.0.0.1:{port}/told", json={"type": "x"})
    finally:
        process.kill()
        await process.communicate()


async def test_a_consumer_has_a_hundred_subscriptions_at_most(hub: Hub, api: httpx2.AsyncClient) -> None:
    await subscribe(api, "http://127.0.0.1:1/told")
    names = "consumer, organisation, department, roles, official, activity, callback, base, relation_id, bag_id, case_kind, project, types, secret, created_at, challenged_at, transaction, event, next_at"
    await rows(hub, f"INSERT INTO subscription (id, {names}) SELECT 'sub_' || n, {names} FROM subscription, generate_series(1, 99) n")
    assert (await api.post("/v1/subscriptions", headers=FOLLOWING, json={"callback": "http://127.0.0.1:1/told"})).status_code == 409


async def test_metrics_say_what_was_told_and_what_waits(hub: Hub, api: httpx2.AsyncClient) -> None:
    def said(outcome: str) -> float:
        return REGISTRY.get_sample_value("relhub_deliveries_total", {"outcome": outcome}) or 0

    before = said("told"), said("failed")
    async with receiving(refusing(A)) as receiver:
        await subscribed(hub, api, receiver)
        await happen(hub, A, B)
        await deliver(hub)
    assert (said("told"), said("failed")) == (before[0] + 1, before[1] + 1)
    await rows(hub, "UPDATE delivery SET first_at = now() - interval '1 hour'")
    await watch_sources(hub)
    assert 3600 <= (REGISTRY.get_sample_value("relhub_delivery_waiting_seconds") or 0) < 3700
