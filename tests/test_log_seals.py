"""The log is sealed as it comes in; whatever is changed, missing or inserted afterwards is found."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.processes import running
from tests.test_log_append_only import A_LOOK, value
from tests.test_operations import dump_and_restore
from tests.test_storage import execute
from tests.towns import KEYS, NewDatabase, as_service, bare_hub

from relhub.domain.merkle import Tree, leaf_hash
from relhub.embedded import Server
from relhub.errors import ConfigurationError
from relhub.services import seal_log as sealing
from relhub.services.drop_log import drop_month
from relhub.services.hub import Hub
from relhub.services.seal_log import seal_log, sealed_lately
from relhub.services.verify_log import Checked, verify_log
from relhub.storage import log_seals
from relhub.storage.sealing import Sealer

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
UNGUARDED = ("ALTER TABLE consultation_log DISABLE TRIGGER ALL", "ALTER TABLE log_seal DISABLE TRIGGER ALL")


@pytest.fixture
async def log_hub(migrated_url: str) -> AsyncIterator[Hub]:
    hub = bare_hub(migrated_url)
    yield hub
    await hub.database.close()


async def looks(url: str, count: int) -> None:
    await execute(as_service(url), *[A_LOOK] * count)


async def wrong(hub: Hub) -> list[str]:
    return [str(found) for found in (await verify_log(hub)).wrong]


def test_a_tree_has_the_roots_of_the_reference_implementation() -> None:
    """The test vectors of certificate-transparency (RFC 6962)."""
    tree = Tree()
    assert tree.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"):
        tree.add(leaf_hash(bytes.fromhex(leaf)))
    assert tree.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 §2.1, word by word."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + root(leaves[:half]) + root(leaves[half:])).digest()


@given(st.integers(1, 70))
def test_a_tree_that_grows_is_the_tree_of_all_its_leaves(count: int) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(count)]
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    assert (tree.size, tree.root()) == (count, root(leaves))


async def test_what_is_sealed_is_right_and_each_row_is_sealed_once(log_hub: Hub, migrated_url: str) -> None:
    await looks(migrated_url, 3)
    assert await seal_log(log_hub, NOW) == 3
    assert await seal_log(log_hub, NOW) == 0
    await looks(migrated_url, 2)
    before = await verify_log(log_hub)
    assert (before.seals, before.rows, before.unsealed, before.count) == (1, 3, 2, 0)
    assert await seal_log(log_hub, NOW) == 3  # two, and the row that says that the log was verified
    after = await verify_log(log_hub)
    assert (after.seals, after.rows, after.count) == (2, 6, 0)
    assert await sealed_lately(log_hub, NOW + timedelta(seconds=30), 60)
    assert not await sealed_lately(log_hub, NOW + timedelta(seconds=61), 60)


async def test_a_row_that_is_changed_is_named(log_hub: Hub, migrated_url: str) -> None:
    await looks(migrated_url, 5)
    await seal_log(log_hub, NOW)
    for column, changed in (
        ("official", "'somebody else'"),
        ("levels", '\'{"licensing": "full"}\''),
        ("at", "at + interval '1 microsecond'"),
    ):
        await execute(migrated_url, *UNGUARDED, f"UPDATE consultation_log SET {column} = {changed} WHERE id = 4")
        assert await wrong(log_hub) == ["row 4: changed (seal 1)"]
        back = {"official": "'j.jansen'", "levels": "'{}'", "at": "at - interval '1 microsecond'"}[column]
        await execute(migrated_url, f"UPDATE consultation_log SET {column} = {back} WHERE id = 4")
    assert await wrong(log_hub) == []


async def test_every_column_of_the_log_is_sealed(migrated_url: str) -> None:
    columns = await value(
        migrated_url, "SELECT array_agg(column_name::text) FROM information_schema.columns WHERE table_name = 'consultation_log'"
    )
    assert set(log_seals.ROW.split(", ")) == set(columns)


async def test_rows_that_are_missing_are_named(log_hub: Hub, migrated_url: str) -> None:
    await looks(migrated_url, 6)
    await seal_log(log_hub, NOW)
    await execute(migrated_url, *UNGUARDED, "DELETE FROM consultation_log WHERE id IN (1, 3, 4, 6)")
    assert await wrong(log_hub) == ["row 1: missing (seal 1)", "rows 3 to 4: missing (seal 1)", "row 6: missing (seal 1)"]


async def test_rows_that_are_inserted_are_named(log_hub: Hub, migrated_url: str) -> None:
    await execute(as_service(migrated_url), A_LOOK, "SELECT nextval('consultation_log_id_seq')", A_LOOK)
    await seal_log(log_hub, NOW)
    for id_ in (2, -7):
        await execute(migrated_url, A_LOOK.replace("(at,", "(id, at,").replace("(now(),", f"({id_}, now(),"))
    assert [text.partition(":")[0] for text in await wrong(log_hub)] == ["row -7", "row 2"]


async def test_a_row_that_commits_late_is_sealed_then_and_looks_like_nothing_else(
    log_hub: Hub, migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_PATIENCE", 0.1)
    late = await asyncpg.connect(as_service(migrated_url))
    transaction = late.transaction()
    await looks(migrated_url, 1)
    await transaction.start()
    await late.execute(A_LOOK)
    await looks(migrated_url, 2)
    assert await seal_log(log_hub, NOW) == 3  # without waiting for ever
    assert await seal_log(log_hub, NOW) == 0
    assert (await verify_log(log_hub)).count == 0
    await transaction.commit()
    assert await seal_log(log_hub, NOW) == 2
    checked = await verify_log(log_hub)
    assert (checked.seals, checked.rows, checked.count) == (2, 5, 0)
    await late.close()


async def test_a_row_that_commits_while_the_log_is_being_sealed_is_waited_for(log_hub: Hub, migrated_url: str) -> None:
    late = await asyncpg.connect(as_service(migrated_url))
    transaction = late.transaction()
    await transaction.start()
    await late.execute(A_LOOK)
    await looks(migrated_url, 1)
    task = asyncio.create_task(seal_log(log_hub, NOW))
    await asyncio.sleep(0.3)
    await transaction.commit()
    assert await task == 2
    await late.close()


async def test_rows_that_never_came_are_not_missed(log_hub: Hub, migrated_url: str) -> None:
    connection = await asyncpg.connect(as_service(migrated_url))
    for keep in (True, False, True):
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(A_LOOK)
        await (transaction.commit() if keep else transaction.rollback())
    await connection.close()
    assert await seal_log(log_hub, NOW) == 2
    assert (await verify_log(log_hub)).count == 0


async def test_looks_and_seals_at_the_same_time_leave_no_row_out(log_hub: Hub, migrated_url: str) -> None:
    other = bare_hub(migrated_url)
    done = asyncio.Event()

    async def keep_sealing(hub: Hub) -> int:
        sealed = 0
        while not done.is_set():
            sealed += await seal_log(hub, NOW)
            await asyncio.sleep(0)
        return sealed

    sealers = [asyncio.create_task(keep_sealing(hub)) for hub in (log_hub, other)]
    await asyncio.gather(*(looks(migrated_url, 60) for _ in range(4)))
    done.set()
    sealed = sum(await asyncio.gather(*sealers)) + await seal_log(log_hub, NOW)
    checked = await verify_log(log_hub)
    assert (sealed, checked.rows, checked.unsealed, checked.count) == (240, 240, 0, 0)
    await other.database.close()


async def test_more_rows_than_one_seal_takes_are_more_seals(log_hub: Hub, migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_MOST", 4)
    monkeypatch.setattr(sealing, "_AT_ONCE", 3)
    await looks(migrated_url, 10)
    assert await seal_log(log_hub, NOW) == 10
    checked = await verify_log(log_hub)
    assert (checked.seals, checked.rows, checked.count) == (3, 10, 0)


async def test_rows_of_two_months_are_two_seals(log_hub: Hub, migrated_url: str) -> None:
    await execute(
        as_service(migrated_url),
        *(A_LOOK.replace("now()", f"'{at}'") for at in ("2026-12-01T00:00:01Z", "2026-11-30T23:59:59Z", "2026-12-02T00:00:00Z")),
    )
    await seal_log(log_hub, NOW)
    async with log_hub.database.driver() as driver:
        seals = await log_seals.seals_after(driver, 0, 10)
    assert [(seal.month, seal.ids) for seal in seals] == [(date(2026, 11, 1), [(2, 3)]), (date(2026, 12, 1), [(1, 2), (3, 4)])]
    assert (await verify_log(log_hub)).count == 0


async def test_who_has_the_database_alone_can_not_make_a_new_chain(log_hub: Hub, migrated_url: str) -> None:
    await looks(migrated_url, 3)
    await seal_log(log_hub, NOW)
    await execute(migrated_url, *UNGUARDED, "DELETE FROM consultation_log WHERE id = 2", "DELETE FROM log_seal")
    stranger = replace(log_hub, sealer=Sealer(replace(KEYS, index=b"x" * 32)))
    await seal_log(stranger, NOW)
    assert await wrong(log_hub) == ["seal 1: is not one that relhub made in this place"]


async def test_a_seal_that_is_taken_out_of_the_middle_is_found(log_hub: Hub, migrated_url: str) -> None:
    for _ in range(3):
        await looks(migrated_url, 1)
        await seal_log(log_hub, NOW)
    await execute(migrated_url, *UNGUARDED, "DELETE FROM log_seal WHERE number = 2", "DELETE FROM consultation_log WHERE id = 2")
    assert await wrong(log_hub) == ["seal 3: the seals before it are missing", "seal 3: is not one that relhub made in this place"]


async def test_seals_that_are_taken_from_the_end_are_found_by_what_left_the_machine(log_hub: Hub, migrated_url: str) -> None:
    for _ in range(2):
        await looks(migrated_url, 1)
        await seal_log(log_hub, NOW)
    last = (await verify_log(log_hub)).last
    assert last
    known = (last.number, last.mac.hex())
    assert (await verify_log(log_hub, known=known)).count == 0
    await execute(migrated_url, *UNGUARDED, "DELETE FROM log_seal WHERE number = 2", "DELETE FROM consultation_log WHERE id >= 2")
    assert (await verify_log(log_hub)).count == 0
    assert [found.what for found in (await verify_log(log_hub, known=known)).wrong] == [
        "is not in this chain as it was made known: seals were taken away or made anew"
    ]


async def test_a_month_that_goes_out_of_the_log_leaves_its_roots(log_hub: Hub, migrated_url: str) -> None:
    async with log_hub.database.begin() as store:
        await store.driver.execute("SELECT make_log_partitions(24, '2024-01-01')")
    await execute(as_service(migrated_url), *(A_LOOK.replace("now()", f"'{at}'") for at in ("2024-02-03", "2024-02-04", "2024-03-01")))
    await seal_log(log_hub, NOW)
    owner = Hub(**{**vars(log_hub), "database": type(log_hub.database)(migrated_url)})
    assert await drop_month(owner, date(2024, 2, 1), NOW) == 2
    assert await value(migrated_url, "SELECT count(*) FROM consultation_log WHERE at < '2024-03-01'") == 0
    checked = await verify_log(log_hub)
    assert (checked.seals, checked.rows, checked.count, checked.dropped) == (3, 1, 0, {date(2024, 2, 1): 3})
    with pytest.raises(ConfigurationError, match="not over"):
        await drop_month(owner, date(2026, 11, 1), NOW)
    await owner.database.close()


async def test_a_month_that_somebody_takes_out_is_missing(log_hub: Hub, migrated_url: str) -> None:
    await looks(migrated_url, 3)
    await seal_log(log_hub, NOW)
    await execute(migrated_url, f"DROP TABLE {await value(migrated_url, 'SELECT tableoid::regclass::text FROM consultation_log LIMIT 1')}")
    assert await wrong(log_hub) == ["rows 1 to 3: missing (seal 1)"]


async def test_a_restored_log_is_right_and_goes_on(
    log_hub: Hub, migrated_url: str, new_database: NewDatabase, server: Server, tmp_path: Path
) -> None:
    """Elsewhere its transactions have other numbers: nothing of a seal depends on them."""
    await looks(migrated_url, 3)
    await seal_log(log_hub, NOW)
    await looks(migrated_url, 2)
    target = await new_database(None)
    names = [url.rpartition("/")[2] for url in (migrated_url, target)]
    await asyncio.to_thread(dump_and_restore, server, names[0], names[1], tmp_path / "relhub.dump")
    restored = bare_hub(target)
    before = await verify_log(restored)
    assert (before.rows, before.unsealed, before.count) == (3, 2, 0)
    await looks(target, 1)
    assert await seal_log(restored, NOW) == 4
    assert (await verify_log(restored)).count == 0
    await restored.database.close()


async def test_a_part_of_the_log_is_verified_by_itself(log_hub: Hub, migrated_url: str) -> None:
    for day in (1, 2, 3):
        await execute(as_service(migrated_url), *[A_LOOK.replace("now()", f"'2026-11-{day:02}T12:00:00Z'")] * 2)
        await seal_log(log_hub, NOW)
    await execute(migrated_url, *UNGUARDED, "UPDATE consultation_log SET official = 'x' WHERE id IN (1, 3)")
    part: Checked = await verify_log(log_hub, datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
    assert (part.rows, [str(found) for found in part.wrong]) == (2, ["row 3: changed (seal 2)"])
    assert (await verify_log(log_hub, datetime(2026, 11, 3, tzinfo=UTC))).count == 0
    assert (await verify_log(log_hub, datetime(2027, 11, 3, tzinfo=UTC))).rows == 0


async def test_the_command_says_what_is_wrong_and_ends_with_1(log_hub: Hub, migrated_url: str, sources_dir: Path) -> None:
    await looks(migrated_url, 2)
    await seal_log(log_hub, datetime.now(UTC))
    code, said = await verified(migrated_url, sources_dir)
    assert code == 0
    assert "1 seals, 2 rows, " in said
    assert said.endswith("Nothing is wrong.\n")
    await execute(migrated_url, *UNGUARDED, "UPDATE consultation_log SET official = 'x' WHERE id = 2")
    code, said = await verified(migrated_url, sources_dir, "--from", "2026-11-01")
    assert code == 1
    assert "WRONG  row 2: changed (seal 1)\n" in said
    code, said = await verified(migrated_url, sources_dir, "--known", "nonsense")
    assert code == 2


async def verified(url: str, sources_dir: Path, *arguments: str) -> tuple[int | None, str]:
    async with running("log", url, sources_dir, ["verify", *arguments]) as process:
        output, _ = await process.communicate()
    return process.returncode, output.decode()
