"""API keys: made, used, listed and taken back."""

import os
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.issuers import CONSUMER, Door, issuer_table, settings_in
from tests.test_cli import said
from tests.towns import rows

from relhub.domain.api_keys import api_key, is_api_key
from relhub.errors import DatabaseUnusable, NotAuthenticated, NotFound
from relhub.services import check_key
from relhub.services.hub import Hub
from relhub.services.issue_key import issue_key, issued_keys, revoke_key

CONSUMERS = issuer_table("https://login.example") + CONSUMER


@pytest.fixture
async def door(migrated_url: str, tmp_path: Path) -> AsyncIterator[Door]:
    opened = Door(settings_in(tmp_path, CONSUMERS, database_url=migrated_url, failure_limit=""))
    yield opened
    await opened.hub.database.close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the database is looked at each time."""
    monkeypatch.setattr(check_key, "FRESH", -1.0)


@given(st.binary(min_size=32, max_size=32))
def test_a_key_has_256_bits_and_is_recognised_by_its_form_alone(random: bytes) -> None:
    key = api_key(random)
    assert re.fullmatch("relhub_[0-9A-Za-z]{49}", key)
    assert is_api_key(key)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 55), st.sampled_from("aZ09_é"))
def test_a_mistyped_key_is_recognised_too(random: bytes, at: int, put: str) -> None:
    key = api_key(random)
    changed = key[:at] + put + key[at + 1 :]
    assert is_api_key(changed) == (changed == key)
    assert not is_api_key(key[:-1])


def test_no_two_keys_are_made_of_other_bits() -> None:
    assert api_key(b"\0" * 32) != api_key(b"\0" * 31 + b"\1")
    assert len({api_key(os.urandom(32)) for _ in range(200)}) == 200


async def test_a_key_opens_for_its_consumer_in_its_own_name(door: Door) -> None:
    key, _ = await issue_key(door.hub, "permits-desk", 30, "")
    who = await door.opens(key)
    assert (who.consumer.name, who.official, who.consumer.roles) == ("permits-desk", "", frozenset({"case-handler", "team-leader"}))


@pytest.mark.usefixtures("at_once")
async def test_a_revoked_key_opens_no_longer(door: Door) -> None:
    key, kept = await issue_key(door.hub, "permits-desk", 30, "")
    other, _ = await issue_key(door.hub, "permits-desk", 30, "")
    await door.opens(key)
    await revoke_key(door.hub, kept.id)
    with pytest.raises(NotAuthenticated):
        await door.opens(key)
    await door.opens(other)


async def test_it_takes_two_seconds_at_most_until_every_process_knows(
    door: Door, migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = Door(settings_in(tmp_path, CONSUMERS, database_url=migrated_url))
    key, kept = await issue_key(door.hub, "permits-desk", 30, "")
    await another.opens(key)
    await revoke_key(door.hub, kept.id)
    await another.opens(key)  # from memory: the database is not asked for each request
    clock = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: clock + check_key.FRESH + 0.1)
    with pytest.raises(NotAuthenticated):
        await another.opens(key)
    assert check_key.FRESH <= 2
    await another.hub.database.close()


@pytest.mark.usefixtures("at_once")
async def test_an_expired_key_opens_no_longer_also_when_it_was_read_before(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    key, kept = await issue_key(door.hub, "permits-desk", 30, "")
    await door.opens(key)
    monkeypatch.setattr(check_key, "FRESH", 60.0)
    monkeypatch.setattr(time, "time", lambda: kept.expires_at.timestamp() + 1)
    with pytest.raises(NotAuthenticated):
        await door.opens(key)


@pytest.mark.usefixtures("at_once")
async def test_a_key_that_ended_in_the_database_opens_no_longer(door: Door) -> None:
    key, _ = await issue_key(door.hub, "permits-desk", 30, "")
    await rows(door.hub, "UPDATE api_key SET expires_at = now() RETURNING 1")
    with pytest.raises(NotAuthenticated):
        await door.opens(key)


@pytest.mark.usefixtures("at_once")
async def test_a_key_goes_with_its_consumer(door: Door, tmp_path: Path) -> None:
    key, _ = await issue_key(door.hub, "permits-desk", 30, "")
    settings_in(tmp_path, CONSUMERS.replace("permits-desk", "another-desk"))
    door.authentication.read()
    with pytest.raises(NotAuthenticated):
        await door.opens(key)


async def test_only_a_keyed_hash_is_kept(door: Door) -> None:
    key, _ = await issue_key(door.hub, "permits-desk", 30, "")
    kept = str(await rows(door.hub, "SELECT k::text FROM api_key k"))
    assert key not in kept
    assert key.encode().hex() not in kept
    with pytest.raises(NotAuthenticated):
        await door.opens(api_key(os.urandom(32)))


@pytest.mark.usefixtures("at_once")
async def test_the_day_of_its_last_use_is_kept(door: Door) -> None:
    key, kept = await issue_key(door.hub, "permits-desk", 30, "")
    assert (await issued_keys(door.hub))[0].last_used_on is None
    await door.opens(key)
    await door.opens(key)  # when the keys are read again, what was used is noted
    assert [(each.id, each.last_used_on) for each in await issued_keys(door.hub)] == [(kept.id, datetime.now(UTC).date())]


async def test_a_key_that_is_not_there_cannot_be_revoked(empty_hub: Hub) -> None:
    with pytest.raises(NotFound, match="relhub keys list"):
        await revoke_key(empty_hub, "key_nothing")


async def test_without_a_database_a_key_is_neither_good_nor_bad(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable):
        await Door(settings_in(tmp_path, CONSUMERS)).opens(api_key(b"x" * 32))


async def test_a_mistyped_key_costs_no_look_at_the_database(tmp_path: Path) -> None:
    with pytest.raises(NotAuthenticated):
        await Door(settings_in(tmp_path, CONSUMERS)).opens(api_key(b"x" * 32)[:-1] + "!")


async def test_keys_are_made_listed_and_revoked_on_the_command_line(migrated_url: str, sources_dir: Path) -> None:
    code, key, told = await said("keys", migrated_url, sources_dir, "create", "operator", "--days", "7", "--note", "night job")
    assert (code, is_api_key(key.strip())) == (0, True)
    assert "operator, until 20" in told
    id_ = told.split()[0]
    shown = (await said("keys", migrated_url, sources_dir, "list"))[1]
    assert shown.startswith(f"{id_}  operator: until 20")
    assert shown.endswith("; never used  (night job)\n")
    assert key.strip() not in shown
    assert (await said("keys", migrated_url, sources_dir, "revoke", id_))[1] == f"{id_} is revoked.\n"
    assert "revoked 20" in (await said("keys", migrated_url, sources_dir, "list", "--consumer", "operator"))[1]
    assert (await said("keys", migrated_url, sources_dir, "list", "--consumer", "permits-desk"))[1] == ""


async def test_a_key_for_a_consumer_that_is_not_there_is_one_line_with_those_that_are(migrated_url: str, sources_dir: Path) -> None:
    code, _, told = await said("keys", migrated_url, sources_dir, "create", "nobody")
    assert (code, told.startswith("relhub: there is no consumer nobody; there are contact-centre, ")) == (1, True)
