"""Until when is told: what was made with an official's own token ends, is told so in time, and may be renewed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from tests.exporting import api_of, case_of, person, say
from tests.issuers import issuer_table, issuing, settings_in
from tests.telling import FOLLOWING, Receiver, deliver, deliveries, hanging, happen, receiving, refusing, subscribe, that_tells, time_passes
from tests.test_officials import HEAD, imported
from tests.towns import DEMO, asked, bare_hub, bare_source, rows

from relhub.domain.subscriptions import LASTS, WARN_BEFORE, end_of
from relhub.errors import WrongState
from relhub.main import create_app
from relhub.services.change_subscription import renew_subscription
from relhub.services.hub import Hub
from relhub.services.make_export import KnownConsumers
from relhub.services.make_subscription import SubscriptionForm, make_subscription
from relhub.services.purge import purge
from relhub.storage.subscriptions import oldest_failing

ANNA = person("copy-a", "1", "Anna", "Groot", "999990019")
A, B, C = ("rel_" + letter * 26 for letter in "ABC")
OWN = replace(asked("contact-centre", "following-changes", "none"), own_token=True)
ROW = "official-1;O. Een;Klantcontact;;;;;;;{};\n"
WARNING = "nl.relaties.abonnement-verloopt"


@pytest.fixture
async def hub(migrated_url: str) -> AsyncIterator[Hub]:
    opened = that_tells(bare_hub(migrated_url, bare_source("copy-a")))
    await say(opened, case_of(1, ANNA))
    yield opened
    await opened.database.close()


@pytest.fixture
async def api(hub: Hub) -> AsyncIterator[httpx2.AsyncClient]:
    async with api_of(hub) as opened:
        yield opened


async def made_by_official(hub: Hub, receiver: Receiver) -> dict[str, Any]:
    """A subscription that was made with an official's own token, and verified."""
    answer = await make_subscription(hub, replace(OWN, at=datetime.now(UTC)), SubscriptionForm(receiver.url), "", "/v1")
    await deliver(hub)
    found: dict[str, Any] = orjson.loads(answer)
    return found


async def renewed(hub: Hub, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(await renew_subscription(hub, replace(OWN, at=datetime.now(UTC)), made["id"], ""))
    return found


async def shown(api: httpx2.AsyncClient, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await api.get(f"/v1/subscriptions/{made['id']}", headers=FOLLOWING)).json()
    return found


async def days_pass(hub: Hub, days: int) -> None:
    await rows(hub, "UPDATE subscription SET expires_at = expires_at - make_interval(days => $1)", days)


def ends(said: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(said["expiresAt"])


async def test_made_with_an_officials_own_token_it_ends_and_made_by_an_application_it_does_not(
    hub: Hub, api: httpx2.AsyncClient, tmp_path: Path
) -> None:
    assert (await subscribe(api, "http://127.0.0.1:1/told"))["expiresAt"] is None
    async with issuing() as issuer:
        consumer = (
            '[[consumer]]\nname = "contact-centre"\nissuer = "ours"\nclient_id = "desk"\napplication = "klantcontact"\n'
            'organisation = "Gemeente Voorbeeld"\ndepartment = "Klantcontact"\nroles = ["contact-centre"]\nactivities = ["following-changes"]\n'
        )
        app = create_app(settings_in(tmp_path, issuer_table(issuer.url) + consumer))
        app.state.hub = hub
        headers = {"Authorization": f"Bearer {issuer.for_an_official()}", "X-Processing-Activity": "following-changes"}
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://relhub") as opened:
            answer = await opened.post("/v1/subscriptions", headers=headers, json={"callback": "http://127.0.0.1:1/told"})
    assert answer.status_code == 201, answer.text
    assert timedelta(0) <= datetime.now(UTC) + LASTS - ends(answer.json()) < timedelta(minutes=1)


async def test_after_its_end_nothing_is_told_until_it_is_renewed_and_then_what_happened_meanwhile(
    hub: Hub, api: httpx2.AsyncClient
) -> None:
    async with receiving() as receiver:
        made = await made_by_official(hub, receiver)
        await days_pass(hub, 91)
        await happen(hub, A)
        await deliver(hub)
        assert receiver.asked == []
        assert "expired" in (await deliveries(api, made))["trouble"]
        assert ends(await renewed(hub, made)) > datetime.now(UTC) + LASTS - timedelta(minutes=1)
        await deliver(hub)
    assert receiver.subjects == [A]


async def test_whoever_renews_it_answers_for_it_from_then_on(hub: Hub, api: httpx2.AsyncClient) -> None:
    async with receiving() as receiver:
        made = await made_by_official(hub, receiver)
        other = replace(OWN, official="official-2", at=datetime.now(UTC))
        await renew_subscription(hub, other, made["id"], "")
        await happen(hub, A)
        await deliver(hub)
        told = await rows(hub, "SELECT official FROM consultation_log WHERE operation = 'delivery'")
        assert {row["official"] for row in told} == {"official-2"}
        answer = await api.post(f"/v1/subscriptions/{made['id']}/_renew", headers=FOLLOWING)
        assert (answer.status_code, answer.json()["expiresAt"]) == (200, None), "by the application itself"
        again = await renewed(hub, made)
    assert (again["expiresAt"], again["version"]) == (None, answer.json()["version"]), "one that does not end stays as it is"


async def test_it_ends_when_the_directory_says_that_the_official_left(hub: Hub, api: httpx2.AsyncClient, tmp_path: Path) -> None:
    async with receiving() as receiver:
        made = await made_by_official(hub, receiver)
        before = await shown(api, made)
        last_day = (datetime.now(UTC) + timedelta(days=30)).date()
        await imported(hub, tmp_path, HEAD + ROW.format(last_day.isoformat()))
        after = await shown(api, made)
        assert ends(after) == end_of(last_day)
        assert after["version"] > before["version"]
        await imported(hub, tmp_path, HEAD + ROW.format("2026-01-01"))
        await happen(hub, A)
        await deliver(hub)
        assert receiver.asked == []
        with pytest.raises(WrongState, match="you have left"):  # nor does their own token get it any further
            await renewed(hub, made)
        assert ends(await shown(api, made)) == end_of(date(2026, 1, 1))
    assert receiver.asked == []


async def test_who_left_before_renews_nothing_of_a_colleague_and_makes_nothing(hub: Hub, api: httpx2.AsyncClient, tmp_path: Path) -> None:
    await imported(hub, tmp_path, HEAD + ROW.replace("official-1", "official-2").format("2026-01-01"))
    gone = replace(OWN, official="official-2", at=datetime.now(UTC))
    async with receiving() as receiver:
        made = await made_by_official(hub, receiver)
        before = await shown(api, made)
        with pytest.raises(WrongState, match="you have left"):
            await renew_subscription(hub, gone, made["id"], "")
        with pytest.raises(WrongState, match="you have left"):
            await make_subscription(hub, gone, SubscriptionForm(receiver.url), "", "/v1")
        assert await shown(api, made) == before


@pytest.mark.parametrize("by", ["the same file again", "the purge"])
async def test_what_goes_on_although_its_official_left_ends_at_the_latest(hub: Hub, tmp_path: Path, by: str) -> None:
    """Such as one that a process of before made, or one that was there when ends came to be."""
    async with receiving() as receiver:
        await made_by_official(hub, receiver)
        await imported(hub, tmp_path, HEAD + ROW.format("2026-01-01"))
        await rows(hub, "UPDATE subscription SET expires_at = now() + interval '90 days'")
        await (purge(hub) if by == "the purge" else imported(hub, tmp_path, HEAD + ROW.format("2026-01-01")))
        await happen(hub, A)
        await deliver(hub)
    assert receiver.asked == []


async def test_it_ends_when_the_official_goes_out_of_the_directory(hub: Hub, tmp_path: Path) -> None:
    await imported(hub, tmp_path, HEAD + ROW.format(""))
    async with receiving() as receiver:
        await made_by_official(hub, receiver)
        await imported(hub, tmp_path, HEAD + ROW.format("").replace("official-1", "official-2"), whole=True, dry_run=True)
        await happen(hub, A)
        await deliver(hub)
        assert receiver.subjects == [A]
        await imported(hub, tmp_path, HEAD + ROW.format("").replace("official-1", "official-2"), whole=True)
        await happen(hub, B)
        await deliver(hub)
    assert receiver.subjects == [A]


async def test_what_an_application_made_goes_on_when_the_official_whom_it_named_leaves(
    hub: Hub, api: httpx2.AsyncClient, tmp_path: Path
) -> None:
    async with receiving() as receiver:
        await subscribe(api, receiver.url)
        await deliver(hub)
        await imported(hub, tmp_path, HEAD + ROW.format("2026-01-01"))
        await happen(hub, A)
        await deliver(hub)
    assert receiver.subjects == [A]


async def test_two_weeks_before_its_end_the_subscriber_is_told_once(hub: Hub) -> None:
    async with receiving() as receiver:
        made = await made_by_official(hub, receiver)
        await deliver(hub)
        assert receiver.asked == []
        await days_pass(hub, (LASTS - WARN_BEFORE).days)
        await deliver(hub)
        [warning] = receiver.told
        assert (warning["type"], warning["subject"], warning["dataref"]) == (WARNING, made["id"], f"/v1/subscriptions/{made['id']}")
        assert ends(warning["data"]) - datetime.now(UTC) < WARN_BEFORE
        await happen(hub, A)
        await deliver(hub)
        assert receiver.subjects == [made["id"], A]
        await renewed(hub, made)
        await days_pass(hub, (LASTS - WARN_BEFORE).days)
        await deliver(hub)
    assert receiver.subjects == [made["id"], A, made["id"]], "and again of the next end"


async def test_who_is_not_there_is_told_of_the_end_later_and_who_does_not_want_to_know_it_is_told_the_rest(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relhub.adapters.subscriber._SECONDS", 0.3)
    async with receiving() as receiver:
        made = await made_by_official(hub, receiver)
        await days_pass(hub, (LASTS - WARN_BEFORE).days)
        receiver.behaves = hanging
        await deliver(hub, times=1)
        receiver.behaves = refusing(made["id"], status=400)
        await time_passes(hub, "2 minutes")
        await deliver(hub, times=1)
        async with hub.database.driver() as driver:
            assert await oldest_failing(driver) is None, "who was told is there"
        await happen(hub, A)
        await deliver(hub)
    assert [event["type"] for event in receiver.asked] == [WARNING, WARNING, "nl.relaties.relatie-gewijzigd"]
    assert receiver.subjects == [A]


async def test_what_ended_is_kept_to_be_renewed_for_as_long_as_events_are_and_then_goes(hub: Hub) -> None:
    async with receiving() as receiver:
        await made_by_official(hub, receiver)
        await days_pass(hub, LASTS.days + hub.keep.events.days - 1)
        await purge(hub)
        assert await rows(hub, "SELECT FROM subscription")
        await days_pass(hub, 1)
        assert (await purge(hub, dry_run=True)).counts["subscriptions that ended"] == 1
        await purge(hub)
    assert not await rows(hub, "SELECT FROM subscription")


@pytest.mark.parametrize("change", ["it is not in the file", "it is of another organisation", "it may not be of that department"])
async def test_what_is_of_nobody_any_more_goes_after_as_long_as_events_are_kept(hub: Hub, api: httpx2.AsyncClient, change: str) -> None:
    consumers = KnownConsumers(DEMO / "consumers.toml")
    agreed, now = consumers.by_name["contact-centre"], datetime.now(UTC)
    elsewhere = {
        "it is not in the file": {},
        "it is of another organisation": {"contact-centre": replace(agreed, consumer=replace(agreed.consumer, organisation="Archief"))},
        "it may not be of that department": {"contact-centre": replace(agreed, consumer=replace(agreed.consumer, department="Archief"))},
    }
    left = elsewhere[change]
    async with receiving() as receiver:
        await subscribe(api, receiver.url)
        await deliver(hub)
        consumers.by_name = left
        await purge(hub, consumers, now=now)
        await purge(hub, consumers, now=now + hub.keep.events - timedelta(days=1))
        consumers.by_name = {"contact-centre": agreed}
        await purge(hub, consumers, now=now + hub.keep.events)
        assert await rows(hub, "SELECT FROM subscription"), "it came back"
        consumers.by_name = left
        again = now + hub.keep.events + timedelta(days=1)
        await purge(hub, consumers, now=again)
        assert await rows(hub, "SELECT FROM subscription")
        last = await purge(hub, consumers, now=again + hub.keep.events)
    assert last.counts["subscriptions of nobody any more"] == 1
    assert not await rows(hub, "SELECT FROM subscription")


async def test_who_keeps_watch_is_not_woken_for_what_is_of_nobody_any_more(hub: Hub, api: httpx2.AsyncClient) -> None:
    consumers = KnownConsumers(DEMO / "consumers.toml")
    consumers.by_name = {}
    async with receiving() as receiver:
        await subscribe(api, receiver.url)
        await deliver(hub)
        await happen(hub, A)
        await deliver(hub, consumers=consumers)
    async with hub.database.driver() as driver:
        assert await oldest_failing(driver)
        await purge(hub, consumers)
        assert await oldest_failing(driver) is None


async def test_a_process_of_before_makes_none_that_goes_on_for_ever(hub: Hub) -> None:
    columns = [row["attname"] for row in await rows(
        hub, "SELECT attname FROM pg_attribute WHERE attrelid = 'subscription'::regclass AND attnum > 0 AND attname NOT IN ('id', 'expires_at', 'warned_at', 'gone_at')"
    )]  # fmt: skip
    async with receiving() as receiver:
        await made_by_official(hub, receiver)
    names = ", ".join(columns)
    await rows(hub, f"INSERT INTO subscription (id, {names}) SELECT 'sub_of_before', {names} FROM subscription")
    [row] = await rows(hub, "SELECT expires_at FROM subscription WHERE id = 'sub_of_before'")
    assert row["expires_at"] - datetime.now(UTC) <= LASTS
