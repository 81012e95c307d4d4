"""A citizen service number is nowhere but sealed: not in the database, a log line, a URL, an error or an event."""

import io
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import httpx2
import pytest
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from tests.towns import DEMO, by_contact_centre, settings_for

from relhub.config.consumers import ConsumerConfig
from relhub.config.keys import _KeysFile
from relhub.config.settings import Settings
from relhub.console.visit import Console, Visit
from relhub.demo import RunningTown, truth
from relhub.domain.subscriptions import Wanted
from relhub.embedded import Server
from relhub.logs import redacted, set_up_logging
from relhub.main import create_app
from relhub.services.asked import Reference, ViewOptions
from relhub.services.follow_issuer import FollowedIssuer
from relhub.services.hub import Hub
from relhub.services.keep_session import Session
from relhub.services.lookup_relation import lookup_relation
from relhub.services.pull_source import pull_all
from relhub.services.sign_official_in import Client
from relhub.storage.subscriptions import Owner, Subscription

SECRET, NOW = "s3cr3t" * 8, datetime.now(UTC)
_BYTES = re.compile(r"\\x((?:[0-9a-f]{2})+)")


@pytest.fixture(scope="session")
def numbers(town_directory: Path) -> list[str]:
    """Every citizen service number of the town, also as written where a leading zero was lost."""
    found = [party["numbers"]["bsn"] for party in truth(town_directory) if "bsn" in party["numbers"]]
    assert len(found) > 20
    return found + [number[1:] for number in found if number.startswith("0")]


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """All that is logged while the test runs, from DEBUG on, as an installation would write it."""
    written = io.StringIO()
    set_up_logging("DEBUG")
    root = logging.getLogger()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(written)
    yield written
    handler.setStream(before)
    root.handlers[:] = []
    structlog.reset_defaults()


def held_in(text: str, numbers: list[str]) -> list[str]:
    return [number for number in numbers if number in text]


def of_subscription() -> Subscription:
    owner = Owner("a", "b", "c", [], "d", "e")
    return Subscription("sub_1", owner, "", "", Wanted(), NOW, SECRET.encode(), (0, 0), NOW, NOW, former_secret=SECRET.encode())


@pytest.mark.parametrize(
    "made",
    [
        of_subscription,
        lambda: ConsumerConfig(name="a", token=SECRET, application="a", organisation="b", department="c", activities=frozenset()),
        lambda: settings_for(f"postgresql://a:{SECRET}@127.0.0.1/b", DEMO / "sources"),
        lambda: Server(1, SECRET),
        lambda: Session(SECRET, "", "a", "b", 1.0, SECRET),
        lambda: Visit(Console(FastAPI(), cast(Settings, None)), Request({"type": "http"}), key=SECRET, anonymous=SECRET, form={"csrf": SECRET}, cookies={"a": (SECRET, 1)}),
        lambda: Client(cast(FollowedIssuer, None), "a", SECRET, "b", "c", "d"),
    ],
)  # fmt: skip
def test_what_holds_a_secret_does_not_show_it_when_it_is_printed(made: Callable[[], object]) -> None:
    printed = f"{made()!r} {made()}"
    assert SECRET not in printed


def test_what_is_read_from_a_keys_file_does_not_show_it_when_it_is_printed(tmp_path: Path) -> None:
    file = {"index": "ab" * 64, "seal": [{"id": 1, "key": "cd" * 32}]}
    assert not {"ab" * 64, "cd" * 32} & set(re.findall("[0-9a-f]+", repr(_KeysFile.model_validate(file))))


async def test_no_column_of_the_database_holds_one_in_clear(hub: Hub, numbers: list[str]) -> None:
    async with hub.database.begin() as store:
        tables = [
            row["table_name"]
            for row in await store.driver.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        ]
        for table in tables:
            rows = await store.driver.fetch(f"SELECT t::text line FROM {table} t")
            text = "\n".join(row["line"] for row in rows)
            unpacked = "\n".join(bytes.fromhex(part).decode(errors="replace") for part in _BYTES.findall(text))
            assert held_in(_BYTES.sub("", text) + unpacked, numbers) == [], table


async def test_a_number_typed_into_a_text_is_masked_there_too(hub: Hub, town: RunningTown) -> None:
    dossier = town.get("enforcement", "HH-2026-00001")
    number = next(party["bsn"] for party in dossier["partijen"] if party["bsn"])
    town.put("enforcement", {**dossier, "omschrijving": f"Betrokkene (BSN {number}) belde."})
    await pull_all(hub)
    async with hub.database.begin() as store:
        kept = await store.driver.fetchval("SELECT body->>'description' FROM case_record WHERE case_id = 'HH-2026-00001'")
    assert kept == f"Betrokkene (BSN ******{number[-3:]}) belde."


async def test_no_log_line_holds_one_while_pulling_well_and_badly(
    empty_hub: Hub, town: RunningTown, numbers: list[str], log_lines: io.StringIO
) -> None:
    await pull_all(empty_hub)
    dossier = town.get("enforcement", "HH-2026-00001")
    town.put("enforcement", {**dossier, "partijen": [{**party, "rol": "onbekend"} for party in dossier["partijen"]]})
    town.set_fault("permits", "garbage")
    await pull_all(empty_hub)
    assert "pulled" in log_lines.getvalue()
    assert held_in(log_lines.getvalue(), numbers) == []


async def test_no_url_holds_one_while_pulling_and_fetching(hub: Hub, town: RunningTown, numbers: list[str]) -> None:
    await lookup_relation(hub, by_contact_centre(), Reference(identifier=("bsn", numbers[0])), ViewOptions(max_age=0))
    asked = "\n".join(path for system in town.urls for path in town.requests(system))
    assert asked
    assert held_in(asked, numbers) == []


async def test_no_reason_in_quarantine_and_no_error_of_a_source_holds_one(hub: Hub, town: RunningTown, numbers: list[str]) -> None:
    for dossier in list(town.items("enforcement")):
        town.put("enforcement", {**dossier, "partijen": [{**party, "bsn": f"{party['bsn']}1"} for party in dossier["partijen"]]})
    await pull_all(hub)
    async with hub.database.begin() as store:
        reasons = [
            row["reason"] for row in await store.driver.fetch("SELECT reason FROM quarantine UNION ALL SELECT last_error FROM source_state")
        ]
    assert len(reasons) > 3
    assert held_in("\n".join(reasons), numbers) == []


@pytest.fixture
async def client(hub: Hub, sources_dir: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """The API of the hub, with the contact centre's headers."""
    settings = settings_for("postgresql://postgres@127.0.0.1:1/never-used", sources_dir)
    app = create_app(settings)
    app.state.hub = hub
    headers = {"Authorization": "Bearer demo-contact-centre", "X-Processing-Activity": "answering-questions", "X-Official": "j.jansen"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://relhub", headers=headers) as opened:
        yield opened


async def test_no_answer_and_no_log_line_of_the_api_holds_one(
    client: httpx2.AsyncClient, numbers: list[str], log_lines: io.StringIO
) -> None:
    answers = []
    for number in numbers[:15]:
        answers.append(await client.post("/v1/relations/_lookup?include=origins", json={"identifier": {"scheme": "bsn", "value": number}}))
        answers.append(await client.post("/v1/relations/_lookup", json={"identifier": {"scheme": "bsn", "value": number[::-1]}}))
        answers.append(await client.post("/v1/relations/_lookup", json={"identifier": {"scheme": number, "value": number}, number: number}))
        answers.append(await client.get(f"/v1/relations/{number}?q={number}"))
        answers.append(await client.get(f"/{number}"))
    assert {answer.status_code for answer in answers} >= {200, 400, 404}
    assert held_in("\n".join(answer.text + repr(answer.headers) for answer in answers), numbers) == []
    assert "answered" in log_lines.getvalue()
    assert held_in(log_lines.getvalue(), numbers) == []


def test_whatever_is_logged_loses_numbers_tokens_and_passwords() -> None:
    said = redacted(
        {"a": "bsn 999990019, order 123456789", "b": ["Bearer abcdefghijkl"], "c": 999990019, "d": "postgresql://me:hidden@db/x"}
    )
    assert said == {"a": "bsn [number], order 123456789", "b": ["[secret]"], "c": "[number]", "d": "postgresql://[secret]@db/x"}
