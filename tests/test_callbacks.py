"""A subscriber's address is not trusted: only hosts that are allowed, only where they may be, and connected to is what was checked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.adapter_servers import serving
from tests.exporting import api_of
from tests.telling import FOLLOWING, receiving, subscribe, that_tells
from tests.towns import bare_hub, bare_source, rows, settings_for

from relhub.adapters.subscriber import Subscribers
from relhub.config.settings import Settings
from relhub.domain.callbacks import CallbackRules, read_callback, read_rules
from relhub.errors import ConfigurationError, SourceError, SourceUnavailable
from relhub.services.hub import Hub

PUBLIC = read_rules(["afnemer.example", "*.voorbeeld.example", "test.example:8443", "http://intern.example:8080"], [])
HERE = read_rules(["http://127.0.0.1:*", "http://afnemer.example:*"], ["127.0.0.0/8"])


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://afnemer.example/told", True),
        ("https://AFNEMER.example/told", True),
        ("https://afnemer.example:443/", True),
        ("https://afnemer.example:8443/", False),
        ("http://afnemer.example/told", False),
        ("https://a.b.voorbeeld.example", True),
        ("https://voorbeeld.example", False),
        ("https://kwaadvoorbeeld.example", False),
        ("https://afnemer.example.kwaad.example/", False),
        ("https://test.example:8443/x", True),
        ("https://test.example/x", False),
        ("http://intern.example:8080/x", True),
        ("https://intern.example:8080/x", False),
        ("https://user:password@afnemer.example/", False),
        ("https://afnemer.example/?token=1", False),
        ("https://afnemer.example/#x", False),
        ("https://afnemer.example:0/", False),
        ("https://afnemer.example:99999/", False),
        ("https://[::1]/", False),
        ("https://127.0.0.1/", False),
        ("ftp://afnemer.example/", False),
        ("https://afnemer.example\\@kwaad.example/", False),
        ("https://afnemer.example /", False),
    ],
)
def test_only_hosts_that_are_allowed_are_subscribers(address: str, allowed: bool) -> None:
    found = read_callback(address)
    assert bool(found and PUBLIC.allow(found)) == allowed


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.215.14", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:1::1",
    ],
)  # fmt: skip
def test_no_address_inside_is_reached_unless_it_is_configured(address: str) -> None:
    assert not PUBLIC.reach(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are_reached(address: str) -> None:
    assert PUBLIC.reach(address)


def test_a_network_that_is_configured_is_reached_and_no_other_way_to_it() -> None:
    rules = read_rules([], ["10.20.0.0/16", "fd12::/64"])
    assert rules.reach("10.20.1.1")
    assert rules.reach("fd12::1")
    assert not rules.reach("10.21.1.1")
    assert not rules.reach("::ffff:10.20.1.1")


@pytest.mark.parametrize("text", ["https://afnemer.example", "afnemer.example/path", "*", "a b", "http://", "*.*.example"])
def test_a_setting_that_allows_no_host_is_refused_at_the_start(text: str, tmp_path: Path) -> None:
    given = settings_for("postgresql://a@127.0.0.1/b", tmp_path).model_dump() | {"subscribers": text}
    with pytest.raises(ConfigurationError, match="RELHUB_SUBSCRIBERS"):
        Settings.load(**given)


def test_nobody_is_told_anything_unless_it_is_configured() -> None:
    found = read_callback("https://afnemer.example/")
    assert found is not None
    assert not CallbackRules().allow(found)


def resolving(*answers: list[str]) -> Callable[[str, int], "asyncio.Future[list[str]]"]:
    """A name server that says something else each time."""
    left = list(answers)

    def resolve(_: str, __: int) -> "asyncio.Future[list[str]]":
        found: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        found.set_result(left.pop(0) if len(left) > 1 else left[0])
        return found

    return resolve


async def tried(subscribers: Subscribers, address: str) -> str:
    try:
        answer = await subscribers.post(address, b"{}", {})
    except SourceError as error:
        return f"{type(error).__name__}: {error.reason}"
    finally:
        await subscribers.close()
    return f"{answer.status} {answer.body.decode()}"


async def test_the_name_is_asked_once_and_what_it_led_to_then_is_connected_to() -> None:
    """With an answer that is allowed and then one that is not, as in DNS rebinding: there is no second question."""
    async with receiving() as receiver:
        port = receiver.url.rsplit(":", 1)[1].partition("/")[0]
        address = f"http://afnemer.example:{port}/told"
        event = b'{"type":"x","subject":"y","id":"z"}'
        subscribers = Subscribers(HERE, resolving(["127.0.0.1"], ["10.0.0.1"]))
        await subscribers.post(address, event, {})
        await subscribers.close()
    assert receiver.sent[0][0]["host"] == f"afnemer.example:{port}", "the host is named as the subscriber calls it"


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["169.254.169.254"], ["93.184.215.14", "10.0.0.1"], ["::ffff:127.0.0.1"], []])
async def test_a_name_that_leads_inside_is_not_connected_to(answers: list[str]) -> None:
    rules = read_rules(["http://afnemer.example:*"], [])
    assert await tried(Subscribers(rules, resolving(answers)), "http://afnemer.example:1/") == (
        "SourceRefused: its name leads to an address that is not allowed"
    )


async def test_an_address_that_was_allowed_and_is_not_any_more_is_not_asked() -> None:
    async with receiving() as receiver:
        assert (await tried(Subscribers(PUBLIC), receiver.url)).startswith("SourceRefused: its address is not allowed")
    assert receiver.sent == []


@pytest.fixture
async def odd() -> AsyncIterator[str]:
    """A server that behaves as none should."""

    async def redirect(_: Request) -> Response:
        return RedirectResponse("/elsewhere", 307)

    async def elsewhere(_: Request) -> Response:
        raise AssertionError("nobody comes here")

    async def endless(_: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(1000):
                yield b"x" * 1000
                await asyncio.sleep(0)

        return StreamingResponse(pieces())

    async def slow(_: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b"x"
                await asyncio.sleep(0.5)

        return StreamingResponse(pieces())

    routes = [Route(f"/{handler.__name__}", handler, methods=["POST", "GET"]) for handler in (redirect, elsewhere, endless, slow)]
    async with serving(Starlette(routes=routes)) as url:
        yield url


async def test_no_redirect_is_followed(odd: str) -> None:
    assert await tried(Subscribers(HERE), f"{odd}/redirect") == "SourceRefused: answered 307"


async def test_no_more_of_an_answer_is_read_than_its_beginning(odd: str) -> None:
    assert await tried(Subscribers(HERE), f"{odd}/endless") == f"200 {'x' * 4096}"


async def test_an_answer_that_drips_is_given_up(odd: str) -> None:
    assert await tried(Subscribers(HERE), f"{odd}/slow") == "SourceUnavailable: did not answer in time"


async def test_nobody_there_is_said_without_the_address(odd: str) -> None:
    with pytest.raises(SourceUnavailable, match="could not be reached") as raised:
        await Subscribers(HERE).post("http://127.0.0.1:9/", b"{}", {})
    assert "127" not in str(raised.value)


async def test_a_server_without_a_trusted_certificate_is_not_told(tmp_path: Path, odd: str) -> None:
    rules = read_rules(["127.0.0.1:*"], ["127.0.0.0/8"])
    answer = await tried(Subscribers(rules), odd.replace("http://", "https://") + "/slow")
    assert answer.startswith("SourceUnavailable: could not be reached")


@pytest.fixture
async def hub(migrated_url: str) -> AsyncIterator[Hub]:
    opened = that_tells(bare_hub(migrated_url, bare_source("copy-a")))
    yield opened
    await opened.database.close()


async def test_an_address_that_is_not_allowed_is_refused_with_words_and_without_it(hub: Hub) -> None:
    async with api_of(hub) as api:
        for callback in ("https://kwaad.example/x", "http://afnemer.voorbeeld.example/", "https://afnemer.voorbeeld.example/999990019"):
            answer = await api.post("/v1/subscriptions", headers=FOLLOWING, json={"callback": callback})
            assert answer.status_code == 400
            assert answer.json()["errors"][0]["location"] == "body callback"
            assert callback not in answer.text
        await subscribe(api, "https://afnemer.voorbeeld.example/relhub")
        changed = await api.patch(f"/v1/subscriptions/{(await rows(hub, 'SELECT id FROM subscription'))[0]['id']}", headers=FOLLOWING | {"If-Match": "*"}, json={"callback": "https://kwaad.example/"})  # fmt: skip
    assert changed.status_code == 400


async def test_a_place_is_not_combined_with_a_relation(hub: Hub) -> None:
    async with api_of(hub) as api:
        body = {"callback": "https://afnemer.voorbeeld.example/", "place": "0355100000041240", "relation": "rel_" + "A" * 26}
        answer = await api.post("/v1/subscriptions", headers=FOLLOWING, json=body)
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (400, "body place")
