"""The keys: where they are read from, how everything is sealed anew with another one, and what is done when one is lost."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx2
import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import LargeBinary
from tests.processes import running, until
from tests.test_pull import everything
from tests.towns import DEMO, NewDatabase, as_service, by_permits, rows, settings_for

from relhub.config.keys import keys_of, load_keys, open_to_others
from relhub.config.settings import Settings
from relhub.demo import RunningTown
from relhub.embedded import Server
from relhub.errors import ConfigurationError, SealLost, SourceRefused
from relhub.services.asked import Reference, ViewOptions
from relhub.services.check_ready import check_ready
from relhub.services.hub import Hub
from relhub.services.lookup_relation import lookup_relation
from relhub.services.pull_source import pull_all, pull_source
from relhub.services.rotate_seals import rotate_seals, seals_in_use
from relhub.storage.migrate import migrate
from relhub.storage.sealed_columns import NOT_SEALED, SEALED_COLUMNS
from relhub.storage.sealing import Sealer
from relhub.storage.tables import metadata

OLD, NEW = (DEMO / "keys.toml").read_text(), f'[[seal]]\nid = 2\nkey = "{"5e" * 32}"\n'
ONLY_NEW = OLD.split("[[seal]]", 1)[0] + NEW
GIVEN = {"database_url": "postgresql://a", "sources_dir": "s", "access_rules": "a", "consumers": "c"}


def keys_file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "keys.toml"
    file.write_text(text)
    file.chmod(0o600)
    return file


def with_keys(hub: Hub, tmp_path: Path, text: str) -> Hub:
    """The same hub as a process has it that was started with these keys."""
    return replace(hub, sealer=Sealer(load_keys(keys_file(tmp_path, text))))


async def url_of(hub: Hub, server: Server) -> str:
    return server.url((await rows(hub, "SELECT current_database() name"))[0]["name"])


async def needed(hub: Hub) -> set[int]:
    """The seals that stored values need."""
    return {seal for counts in (await seals_in_use(hub.database)).values() for seal in counts}


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("KEYS_FILE", "INDEX_KEY", "SEALS", "SEAL_WITH"):
        monkeypatch.delenv(f"RELHUB_{name}", raising=False)
    return monkeypatch


def test_keys_may_be_in_the_environment_instead_of_a_file(no_keys: pytest.MonkeyPatch) -> None:
    no_keys.setenv("RELHUB_INDEX_KEY", "ab" * 32)
    no_keys.setenv("RELHUB_SEALS", f"1:{'cd' * 32}, 2:{'ef' * 32}")
    keys = keys_of(Settings.load(**GIVEN))
    assert (keys.index, keys.seals, keys.seal_with) == (b"\xab" * 32, {1: b"\xcd" * 32, 2: b"\xef" * 32}, 2)
    assert keys_of(Settings.load(**GIVEN, seal_with=1)).seal_with == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"RELHUB_KEYS_FILE": "k", "RELHUB_SEALS": "1:cd"}, "choose one place"),
        ({"RELHUB_SEALS": f"1:{'cd' * 32}"}, "RELHUB_INDEX_KEY and RELHUB_SEALS go together"),
        ({}, "RELHUB_KEYS_FILE"),
        ({"RELHUB_INDEX_KEY": "cd" * 32, "RELHUB_SEALS": "cd" * 32}, "RELHUB_SEALS: each seal is its id"),
        ({"RELHUB_INDEX_KEY": "cd" * 32, "RELHUB_SEALS": f"70000:{'cd' * 32}"}, "RELHUB_SEALS: each seal is its id"),
        ({"RELHUB_INDEX_KEY": "cdcdcdcdx", "RELHUB_SEALS": f"1:{'cd' * 32}"}, "RELHUB_INDEX_KEY: hexadecimal"),
        ({"RELHUB_INDEX_KEY": "cdcd", "RELHUB_SEALS": f"1:{'cd' * 32}"}, "RELHUB_INDEX_KEY: at least 32 bytes"),
        ({"RELHUB_INDEX_KEY": "cd" * 32, "RELHUB_SEALS": f"1:{'cd' * 32}"}, "RELHUB_SEALS: every key needs bytes of its own"),
        ({"RELHUB_INDEX_KEY": "ab" * 32, "RELHUB_SEALS": f"1:{'cd' * 32}", "RELHUB_SEAL_WITH": "2"}, "RELHUB_SEAL_WITH: there is no seal"),
    ],
)
def test_what_is_wrong_with_keys_in_the_environment_is_said_without_showing_one(
    no_keys: pytest.MonkeyPatch, given: dict[str, str], said: str
) -> None:
    for name, value in given.items():
        no_keys.setenv(name, value)
    with pytest.raises(ConfigurationError, match=said) as error:
        keys_of(Settings.load(**GIVEN))
    assert "cdcd" not in str(error.value)


def test_a_new_seal_may_be_known_before_it_seals(tmp_path: Path) -> None:
    keys = load_keys(keys_file(tmp_path, OLD.replace("[[seal]]", "seal_with = 1\n[[seal]]") + NEW))
    assert (sorted(keys.seals), keys.seal_with) == ([1, 2], 1)
    for wrong in (0, 3):
        with pytest.raises(ConfigurationError, match="seal_with: there is no seal with this id"):
            load_keys(keys_file(tmp_path, OLD.replace("[[seal]]", f"seal_with = {wrong}\n[[seal]]")))


@pytest.mark.parametrize(("mode", "is_open"), [(0o600, False), (0o400, False), (0o640, False), (0o660, True), (0o644, True), (0o602, True)])
def test_a_keys_file_is_for_its_owner_and_perhaps_a_group_that_reads(tmp_path: Path, mode: int, is_open: bool) -> None:
    file = keys_file(tmp_path, OLD)
    file.chmod(mode)
    assert open_to_others(file) is is_open


async def test_a_process_warns_of_a_keys_file_that_others_can_read(migrated_url: str, sources_dir: Path, tmp_path: Path) -> None:
    file = keys_file(tmp_path, OLD)
    for mode, warned in ((0o644, True), (0o600, False)):
        file.chmod(mode)
        async with running("worker", migrated_url, sources_dir, keys_file=file) as process:
            assert process.stderr is not None
            lines = [await process.stderr.readline() for _ in range(2 if warned else 1)]
        assert (b"others can read the keys file" in lines[0], b"worker started" in lines[-1]) == (warned, True)


def test_of_every_column_of_bytes_is_known_whether_it_is_sealed() -> None:
    of_bytes = {
        f"{table}.{column.name}" for table in metadata.tables.values() for column in table.c if isinstance(column.type, LargeBinary)
    }
    sealed = {str(column) for column in SEALED_COLUMNS}
    assert sealed | set(NOT_SEALED) == of_bytes
    assert not sealed & set(NOT_SEALED)


async def test_everything_is_sealed_anew_and_then_nothing_needs_the_old_seal(hub: Hub, town: RunningTown, tmp_path: Path) -> None:
    before, counts = await everything(hub), await seals_in_use(hub.database)
    both = with_keys(hub, tmp_path, OLD + NEW)
    shown: list[tuple[str, int, int]] = []
    rotated = await rotate_seals(both, lambda *progress: shown.append(progress))
    assert rotated.moved == sum(of[1] for of in counts.values() if of) > 100
    assert rotated.in_use == {column: {2: of[1]} if of else {} for column, of in counts.items()}
    assert ("document.sealed", counts["document.sealed"][1], counts["document.sealed"][1]) in shown
    only = with_keys(hub, tmp_path, ONLY_NEW)
    assert await everything(only) == before
    town.put("permits", {**next(iter(town.items("permits"))), "omschrijving": "Gewijzigd."})
    assert (await pull_source(only, "permits")).changed == 1
    assert (await rotate_seals(only)).moved == 0


async def test_a_rotation_that_is_killed_goes_on_where_it_was(hub: Hub, server: Server, sources_dir: Path, tmp_path: Path) -> None:
    file, url = keys_file(tmp_path, OLD + NEW), await url_of(hub, server)
    total = sum(of.get(1, 0) for of in (await seals_in_use(hub.database)).values())
    blocker = await asyncpg.connect(url)
    async with running("keys", url, sources_dir, ["rotate"], keys_file=file) as process, blocker.transaction():
        await blocker.execute("LOCK TABLE document IN ROW EXCLUSIVE MODE; UPDATE document SET hash = hash WHERE sealed IS NOT NULL")

        async def at_documents() -> bool:
            counts = await seals_in_use(hub.database)
            return 1 not in counts["party_identifier.sealed"]

        await until(at_documents)
        process.kill()
        await process.communicate()
    assert await needed(hub) == {1, 2}
    async with running("keys", url, sources_dir, ["rotate"], keys_file=file) as process:
        output, _ = await process.communicate()
    done = int(re.match(rb"(\d+) values were sealed anew with seal 2", output)[1])  # type: ignore[index]  # it says so
    assert 0 < done < total
    assert b"No longer in use: seal 1" in output
    assert (process.returncode, await needed(hub)) == (0, {2})
    await blocker.close()


async def test_two_at_once_and_a_pull_are_in_nobodys_way(hub: Hub, town: RunningTown, tmp_path: Path) -> None:
    total = sum(of.get(1, 0) for of in (await seals_in_use(hub.database)).values())
    both = with_keys(hub, tmp_path, OLD + NEW)
    for dossier in list(town.items("enforcement")):
        town.put("enforcement", {**dossier, "omschrijving": "Gewijzigd."})
    one, other, (_, failures) = await asyncio.gather(rotate_seals(both), rotate_seals(both), pull_all(both))
    assert failures == []
    assert await needed(hub) == {2}
    assert 0 < one.moved + other.moved <= total


async def test_a_seal_is_brought_in_and_the_old_one_out_while_processes_of_both_steps_run(
    hub: Hub, server: Server, sources_dir: Path, tmp_path: Path
) -> None:
    """As docs/operations.md says it, section "Changing a seal"."""
    waiting = OLD.replace("[[seal]]", "seal_with = 1\n[[seal]]") + NEW
    first = with_keys(hub, tmp_path, waiting)
    async with running("keys", await url_of(hub, server), sources_dir, ["rotate"], keys_file=keys_file(tmp_path, waiting)) as process:
        assert (await process.communicate())[0].splitlines()[0] == b"0 values were sealed anew with seal 1."
    second = with_keys(hub, tmp_path, OLD + NEW)
    await rotate_seals(second)
    assert await needed(hub) == {2}
    assert (await pull_all(first))[1] == []
    asking = by_permits(), Reference(case=("permits", "V-2026-00001")), ViewOptions()
    assert b"masked" not in (await lookup_relation(first, *asking)).body


async def test_what_waits_to_seal_is_not_called_idle(hub: Hub, server: Server, sources_dir: Path, tmp_path: Path) -> None:
    file = keys_file(tmp_path, OLD.replace("[[seal]]", "seal_with = 1\n[[seal]]") + NEW)
    async with running("keys", await url_of(hub, server), sources_dir, ["rotate", "--dry-run"], keys_file=file) as process:
        assert b"No longer in use" not in (await process.communicate())[0]


async def test_a_dry_run_says_what_it_would_do_and_does_nothing(hub: Hub, server: Server, sources_dir: Path, tmp_path: Path) -> None:
    file = keys_file(tmp_path, OLD + NEW)
    async with running("keys", await url_of(hub, server), sources_dir, ["rotate", "--dry-run"], keys_file=file) as process:
        output, _ = await process.communicate()
    assert process.returncode == 0
    assert re.search(rb"party_identifier.sealed: (\d+) of \1 values would be sealed anew with seal 2\n", output)
    assert await needed(hub) == {1}


async def test_a_value_that_was_moved_to_another_row_is_left_and_said(hub: Hub, tmp_path: Path) -> None:
    first, last = (f"(SELECT id FROM document WHERE sealed IS NOT NULL ORDER BY id {way} LIMIT 1)" for way in ("ASC", "DESC"))
    await rows(hub, f"UPDATE document SET sealed = (SELECT sealed FROM document WHERE id = {last}) WHERE id = {first}")
    rotated = await rotate_seals(with_keys(hub, tmp_path, OLD + NEW))
    assert rotated.damaged == {"document.sealed": 1}
    assert rotated.in_use["document.sealed"][1] == 1


async def test_a_kept_answer_is_sealed(hub: Hub, api: httpx2.AsyncClient) -> None:
    headers = {
        "Authorization": "Bearer demo-operator",
        "X-Processing-Activity": "source-operation",
        "X-Official": "o",
        "Idempotency-Key": "k",
    }
    answers = [await api.post("/v1/sources/projects/pulls", headers=headers, json={}) for _ in range(2)]
    assert answers[0].status_code == 202
    assert answers[0].content == answers[1].content
    [row] = await rows(hub, "SELECT consumer, key, answer FROM kept_answer")
    assert b"projects" not in row["answer"]
    assert hub.sealer.open(row["answer"], f"answer/operator/{row['key'].hex()}") == answers[0].content
    with pytest.raises(InvalidTag):
        hub.sealer.open(row["answer"], "answer/another/")


async def test_a_lost_seal_is_pulled_back(hub: Hub, town: RunningTown, sources_dir: Path, server: Server, tmp_path: Path) -> None:
    """As docs/operations.md says it, section "A lost key"."""
    before, url, file = await everything(hub), await url_of(hub, server), keys_file(tmp_path, ONLY_NEW)
    only = with_keys(hub, tmp_path, ONLY_NEW)
    with pytest.raises(SealLost, match="no seal with id 1"):
        only.sealer.open((await rows(hub, "SELECT sealed FROM party_identifier LIMIT 1"))[0]["sealed"], "bsn")
    async with running("keys", url, sources_dir, ["pull-back"], keys_file=file) as process:
        assert (await process.communicate())[0] == b"The next pull of each source reads everything again (seals that are lost: 1).\n"
    async with running("pull", url, sources_dir, keys_file=file) as process:
        await process.communicate()
    assert process.returncode == 0
    assert (await needed(hub), await everything(only)) == ({2}, before)
    async with running("keys", url, sources_dir, ["pull-back"], keys_file=file) as process:
        assert (await process.communicate())[0] == b"No seal is lost: nothing was changed.\n"


async def test_a_pull_that_meets_a_lost_seal_says_so(hub: Hub, town: RunningTown, tmp_path: Path) -> None:
    town.put("permits", {**next(iter(town.items("permits"))), "omschrijving": "Gewijzigd."})
    with pytest.raises(SourceRefused, match="no seal with id 1"):
        await pull_source(with_keys(hub, tmp_path, ONLY_NEW), "permits")


async def test_without_its_index_key_all_that_sources_know_is_pulled_into_a_new_database(
    hub: Hub, new_database: NewDatabase, sources_dir: Path, tmp_path: Path
) -> None:
    """As docs/operations.md says it, section "A lost key": other ids, and the same answers."""
    file = keys_file(tmp_path, OLD.replace('index = "7e', 'index = "7f'))
    await check_ready(hub)
    with pytest.raises(ConfigurationError, match="not the one that this database was made with"):
        await check_ready(replace(hub, sealer=Sealer(load_keys(file))))
    url = await new_database(None)
    await migrate(url, as_service(url))
    again = await Hub.open(settings_for(url, sources_dir).model_copy(update={"keys_file": file}))
    await check_ready(again)
    assert (await pull_all(again))[1] == []
    asking = by_permits(), Reference(case=("permits", "V-2026-00001")), ViewOptions()
    one, other = [await lookup_relation(opened, *asking) for opened in (hub, again)]
    assert one.relation_id != other.relation_id
    ids = re.compile(rb"rel_[0-9A-Z]{26}")
    times = re.compile(rb'"asOf":"[^"]*"')
    assert times.sub(b"", ids.sub(b"", one.body)) == times.sub(b"", ids.sub(b"", other.body))
    await again.close()
