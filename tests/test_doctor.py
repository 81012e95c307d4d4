"""`relhub doctor` finds what is planted, says where without repeating it, and finds nothing where nothing is wrong."""

import io
import json
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import httpx2
import pytest
from tests.processes import running
from tests.test_keys import NEW, OLD, keys_file
from tests.test_secrecy import log_lines as log_lines
from tests.towns import by_contact_centre, by_permits, rows, settings_for

from relhub.api.internal import internal_app, serving
from relhub.config.settings import Settings
from relhub.domain.number_search import Numbers
from relhub.embedded import Server
from relhub.services.asked import Reference, ViewOptions
from relhub.services.check_configuration import check_environment
from relhub.services.examine import Examined, examine
from relhub.services.hub import Hub
from relhub.services.lookup_relation import lookup_relation
from relhub.services.pull_source import pull_all
from relhub.storage.migrate import migrate

ONE = "999990019"


@dataclass(frozen=True, slots=True)
class Installation:
    """A pulled hub with a database user of its own, as an installation should be; `number`: of somebody in it."""

    hub: Hub
    owner: asyncpg.Connection
    settings: Settings
    number: str

    async def examine(self, **more: object) -> Examined:
        return await examine(self.settings, {}, **more)  # type: ignore[arg-type]  # texts and logs

    async def found(self, **more: object) -> list[str]:
        """What is wrong."""
        examined = await self.examine(**more)
        said = [f"{diagnosis.what} {diagnosis.do}" for diagnosis in examined.diagnoses if diagnosis.level == "wrong"]
        assert self.number not in "".join(said)
        return said


@pytest.fixture
async def installation(hub: Hub, server: Server, sources_dir: Path, tmp_path: Path) -> AsyncIterator[Installation]:
    [row] = await rows(hub, "SELECT current_database() name")
    owner_url = server.url(row["name"])
    owner = await asyncpg.connect(owner_url)
    await owner.execute("DO $$ BEGIN CREATE ROLE service LOGIN PASSWORD 'service'; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    url = owner_url.replace(f"postgres:{server.password}", "service:service")
    await migrate(owner_url, url)
    settings = settings_for(url, sources_dir).model_copy(update={"keys_file": keys_file(tmp_path, OLD)})
    sealed = (await rows(hub, "SELECT sealed FROM party_identifier WHERE scheme = 'bsn' LIMIT 1"))[0]["sealed"]
    yield Installation(hub, owner, settings, hub.sealer.open(sealed, "bsn").decode())
    await owner.close()


async def test_nothing_is_wrong_with_the_pulled_town_nor_with_what_was_logged_while_it_was_pulled_and_asked(
    installation: Installation, log_lines: io.StringIO, tmp_path: Path
) -> None:
    for question in (by_permits(), by_contact_centre()):
        await lookup_relation(installation.hub, question, Reference(case=("permits", "V-2026-00001")), ViewOptions(origins=True))
    await pull_all(installation.hub)
    await installation.owner.execute("ANALYZE")
    log = tmp_path / "relhub.log"
    log.write_text(log_lines.getvalue())
    assert "pulled" in log.read_text()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=internal_app(installation.hub)), base_url="http://relhub") as client:
        metrics = (await client.get("/metrics")).content
    examined = await installation.examine(texts={"metrics": metrics}, logs=[log])
    assert examined.diagnoses == []
    assert examined.is_well
    assert (examined.rows > 500, examined.numbers > 20) == (True, True)


PLANTED = {
    "a text": "UPDATE case_record SET department = 'Betrokkene $1 belde' WHERE id = (SELECT min(id) FROM case_record)",
    "JSON": """UPDATE case_record SET body = jsonb_set(body, '{title}', '"BSN$1"') WHERE id = (SELECT min(id) FROM case_record)""",
    "bytes": """UPDATE case_record SET "full" = convert_to('{"title":"$1"', 'UTF8') WHERE id = (SELECT min(id) FROM case_record)""",
    "a number": "CREATE TABLE forgotten (n bigint); INSERT INTO forgotten VALUES ($1)",
    "a list": "UPDATE case_record SET departments = ARRAY['x', '$1'] WHERE id = (SELECT min(id) FROM case_record)",
    "another schema": "CREATE SCHEMA IF NOT EXISTS another; CREATE TABLE another.forgotten (t text); INSERT INTO another.forgotten VALUES ('$1')",
    "a materialised view": "CREATE MATERIALIZED VIEW seen AS SELECT 'BSN $1' t",
    "a partition": "CREATE TABLE parts (k int, t text) PARTITION BY LIST (k); CREATE TABLE part PARTITION OF parts DEFAULT; INSERT INTO parts VALUES (1, '$1')",
    "odd names": """CREATE TABLE "Odd ""name" ("a b" varchar); INSERT INTO "Odd ""name" VALUES ('$1')""",
    "with dots": "UPDATE case_record SET department = '$3' WHERE id = (SELECT min(id) FROM case_record)",
    "what should be sealed": "UPDATE quarantine SET reason = reason; INSERT INTO quarantine VALUES ('s', 'k', 'r', 'v', '\\x0001'::bytea || '$1', now())",
    "the consultation log": "INSERT INTO consultation_log (at, trace_id, consumer, application, "
    "organisation, department, official, activity, occasion, rules_version, operation, outcome, relation_ids, levels, records) "
    "VALUES (now(), '', '', '', '', '', '$1', '', '', '', '', '', '{}', '{}', '{}')",
}


@pytest.mark.parametrize("planted", PLANTED)
async def test_a_number_in_clear_is_found_in(installation: Installation, planted: str) -> None:
    number = installation.number
    grouped = f"{number[:4]}.{number[4:6]}.{number[6:]}"
    await installation.owner.execute(PLANTED[planted].replace("$1", number).replace("$3", grouped))
    await installation.owner.execute("GRANT USAGE ON SCHEMA public TO service")
    await installation.owner.execute(
        "DO $$ BEGIN IF to_regnamespace('another') IS NOT NULL THEN GRANT USAGE ON SCHEMA another TO service; "
        "GRANT SELECT ON ALL TABLES IN SCHEMA another TO service; END IF; GRANT SELECT ON ALL TABLES IN SCHEMA public TO service; END $$"
    )
    said = await installation.found()
    assert any("stands in clear, once, in " in line and f"(ends in {number[-3:]})" in line for line in said), said
    assert any(re.search(r"ctid \(\d+,\d+\)", line) for line in said)


async def test_a_table_that_may_not_be_read_is_named(installation: Installation) -> None:
    await installation.owner.execute("CREATE TABLE forgotten (t text)")
    examined = await installation.examine()
    assert [diagnosis.what for diagnosis in examined.diagnoses] == ["Not searched, because this user may not read it: forgotten."]


async def test_a_number_in_the_statistics_of_a_column_is_found(installation: Installation) -> None:
    await installation.owner.execute(
        f"CREATE TABLE forgotten (t text, b bytea); GRANT SELECT ON forgotten TO service; INSERT INTO forgotten "
        f"SELECT '{installation.number}', '{installation.number}' FROM generate_series(1, 50); ANALYZE forgotten; TRUNCATE forgotten"
    )
    said = await installation.found()
    assert [re.search("statistics of [a-z.]*", line)[0] for line in said] == [  # type: ignore[index]  # each is found there
        "statistics of public.forgotten.t",
        "statistics of public.forgotten.b",
    ]


async def test_a_number_in_an_index_on_an_expression_is_found(installation: Installation) -> None:
    """As somebody might make one who wants to find by what a column holds in pieces."""
    await installation.owner.execute(
        "CREATE TABLE pieces (a text, b text); GRANT SELECT ON pieces TO service; CREATE INDEX whole ON pieces ((a || b));"
        f"INSERT INTO pieces VALUES ('{installation.number[:4]}', '{installation.number[4:]}')"
    )
    assert ["in index whole: ctid (0,1)" in line for line in await installation.found()] == [True]


async def test_a_number_in_the_text_of_a_query_is_found(installation: Installation) -> None:
    await installation.owner.execute("GRANT pg_read_all_stats TO service")
    await installation.owner.execute(f"SELECT '{installation.number}'")
    said = await installation.found()
    await installation.owner.execute("REVOKE pg_read_all_stats FROM service; SELECT 1")
    assert ["pg_stat_activity" in line for line in said] == [True]


async def test_a_number_in_a_log_file_is_found_by_its_line_and_in_metrics(installation: Installation, tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_text("one\n" * 41 + json.dumps({"event": f"looked for {installation.number}"}) + "\n")
    said = await installation.found(
        logs=[log, tmp_path / "none.log"], texts={"the metrics": f'x{{label="{installation.number}"}} 1'.encode()}
    )
    assert [re.search(r"in (the \w+)|The log file .* can't be read", line) is not None for line in said] == [True] * 3
    assert f"in the log file {log}: line 42" in "".join(said)


async def test_what_the_database_user_may_do_with_the_log_is_found_with_the_statement_that_ends_it(installation: Installation) -> None:
    await installation.owner.execute("GRANT UPDATE, TRUNCATE ON consultation_log TO service; GRANT DELETE ON consultation_log TO PUBLIC")
    [said] = await installation.found()
    assert "may DELETE, TRUNCATE, UPDATE consultation_log" in said
    await installation.owner.execute(said.partition("As the owner: ")[2])
    assert await installation.found() == []


async def test_a_right_that_comes_with_a_role_of_postgresql_is_found(installation: Installation) -> None:
    await installation.owner.execute("GRANT pg_write_all_data TO service")
    [said] = await installation.found()
    await installation.owner.execute(said.partition("As the owner: ")[2])
    assert await installation.found() == []


async def test_a_user_that_owns_the_log_or_is_a_superuser_is_found(installation: Installation, server: Server) -> None:
    await installation.owner.execute("ALTER TABLE consultation_log OWNER TO service")
    assert ["connects as service, who owns consultation_log" in line for line in await installation.found()] == [True]
    url = installation.settings.database_url.replace("service:service", f"postgres:{server.password}")
    as_owner = replace(installation, settings=installation.settings.model_copy(update={"database_url": url}))
    assert ["a superuser, whom nothing is refused" in line for line in await as_owner.found()] == [True]


async def test_keys_that_others_can_read_and_seals_that_are_lost_old_or_idle_are_found(installation: Installation, tmp_path: Path) -> None:
    file = keys_file(tmp_path, OLD.split("[[seal]]")[0] + NEW)
    file.chmod(0o644)
    said = await installation.found()
    assert f"chmod 600 {file}" in said[0]
    assert "values are sealed with seal 1, which is not among the keys." in said[1]
    keys_file(tmp_path, OLD + NEW)
    [note] = (await installation.examine()).diagnoses
    assert "are still sealed with seal 1" in note.what
    keys_file(tmp_path, OLD.replace("id = 1", "id = 2") + NEW.replace("id = 2", "id = 1"))
    await installation.owner.execute(
        "DELETE FROM quarantine; UPDATE document SET sealed = '\\x0002' || substr(sealed, 3) WHERE sealed IS NOT NULL"
    )
    await installation.owner.execute("UPDATE party_identifier SET sealed = '\\x0002' || substr(sealed, 3)")
    assert next(diagnosis.what for diagnosis in (await installation.examine()).diagnoses) == "Nothing is sealed with seal 1 any more."


async def test_a_number_that_was_changed_outside_of_relhub_is_found(installation: Installation) -> None:
    await installation.owner.execute(
        "UPDATE party_identifier SET sealed = sealed || '\\x00' WHERE party_id = (SELECT min(party_id) FROM party_identifier WHERE scheme = 'bsn') AND scheme = 'bsn'"
    )
    assert ["1 official numbers are not what was sealed" in line for line in await installation.found()] == [True]


async def test_another_index_key_is_found(installation: Installation, tmp_path: Path) -> None:
    await installation.owner.execute("INSERT INTO keys_check (token) VALUES ('another')")
    assert ["The index key is not the one" in line for line in await installation.found()] == [True]


async def test_a_database_that_does_not_answer_is_not_migrated_or_lacks_something_is_found(
    installation: Installation, new_database: object, server: Server
) -> None:
    nowhere = installation.settings.model_copy(update={"database_url": "postgresql://x@127.0.0.1:1/x"})
    assert ["does not answer" in line for line in await replace(installation, settings=nowhere).found()] == [True]
    await installation.owner.execute("UPDATE alembic_version SET version_num = '0001'")
    assert ["is not migrated" in line for line in await installation.found()] == [True]
    await installation.owner.execute("DROP EXTENSION btree_gist CASCADE")
    assert "CREATE EXTENSION btree_gist;" in (await installation.found())[0]


async def test_clocks_that_are_apart_and_an_old_server_are_found(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relhub.services.check_database._MOST_SECONDS_APART", -60.0)
    monkeypatch.setattr("relhub.storage.server.MINIMUM_VERSION", 990000)
    said = await installation.found()
    assert ["PostgreSQL is of version" in said[0], "clocks of the database" in said[1]] == [True, True]


async def test_every_file_that_does_not_load_is_named_and_not_only_the_first(
    installation: Installation, sources_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sources_dir / "permits.toml").write_text("nonsense = ")
    (sources_dir / "another.toml").write_text(
        (sources_dir / "projects.toml").read_text().replace('adapter = "rest_json"', 'adapter = "none"')
    )
    monkeypatch.delenv("RELHUB_DEMO_ENFORCEMENT_KEY")
    (tmp_path / "rules.toml").write_text("x = 1")
    (tmp_path / "consumers.toml").write_text("x = 1")
    settings = installation.settings.model_copy(update={"access_rules": tmp_path / "rules.toml", "consumers": tmp_path / "consumers.toml"})
    said = await replace(installation, settings=settings).found()
    for wrong in (
        "rules.toml: ",
        "consumers.toml: ",
        "permits.toml: not TOML",
        "there is no 'none'",
        "RELHUB_DEMO_ENFORCEMENT_KEY is not set",
    ):
        assert sum(wrong in line for line in said) == 1, wrong


def test_a_setting_that_means_nothing_is_found_with_what_was_meant() -> None:
    given = {
        "RELHUB_KEYFILE": "x",
        "RELHUB_PORT": "1",
        "RELHUB_SERVICE_HOST": "x",
        "RELHUB_MINE": "x",
        "PATH": "x",
        "RELHUB_OTHER_THING_QX": "x",
    }
    found = {diagnosis.what.split()[3]: diagnosis.do for diagnosis in check_environment(given, ["RELHUB_MINE"])}
    assert set(found) == {"RELHUB_KEYFILE", "RELHUB_SERVICE_HOST", "RELHUB_OTHER_THING_QX"}
    assert found["RELHUB_KEYFILE"] == "Is RELHUB_KEYS_FILE meant? Otherwise remove it."
    assert "enableServiceLinks" in found["RELHUB_SERVICE_HOST"]


async def test_the_command_says_what_is_wrong_and_ends_with_1(installation: Installation, sources_dir: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    url, file = installation.settings.database_url, tmp_path / "keys.toml"
    async with serving(internal_app(installation.hub), "127.0.0.1", port):
        async with running("doctor", url, sources_dir, keys_file=file, internal_port=port) as process:
            output, errors = await process.communicate()
        assert process.returncode == 0, (output, errors)
        assert re.fullmatch(rb"relhub doctor: nothing is wrong \(\d+ rows were searched for \d+ numbers of people\)\.\n", output)
    (tmp_path / "log").write_text(installation.number)
    async with running("doctor", url, sources_dir, ["--log", str(tmp_path / "log")], keys_file=file, keyfile="x") as process:
        output, _ = await process.communicate()
    assert process.returncode == 1
    assert output.startswith(b"wrong: The environment variable RELHUB_KEYFILE is set")
    assert b"relhub doctor: 2 things to mend (" in output
    assert b"note: No process serves metrics here" in output


HELD = [
    ONE,
    f"BSN{ONE}",
    f"({ONE})",
    "9999.90.019",
    "999 990 019",
    "999-990-019",
    "999.99.00.19",
    "999\u00a0990\u00a0019",
    f"zaak 12 {ONE}",
    f"12-{ONE}-4",
    f'{{"bsn":{ONE}}}',
    "12345672",
    "A-nummer 1234567890",
]
NOT_HELD = [
    f"1{ONE}",
    f"{ONE}1",
    "999990018",
    "1234 5672",
    f"deadbeef{ONE}deadbeef",
    "12345672-1234-4123-8123-123456789012",
    f"rel_4G04NJKW8P{ONE}FXCS4EH",
    "2026-11-25 00:00:02",
    "KVK 87654321",
]


@pytest.mark.parametrize("text", HELD)
def test_a_number_is_seen_however_it_is_written(text: str) -> None:
    assert len(list(Numbers([ONE, "012345672", "1234567890"]).within(text.encode()))) == 1


@pytest.mark.parametrize("text", NOT_HELD)
def test_what_only_holds_its_digits_by_chance_is_not_taken_for_it(text: str) -> None:
    assert list(Numbers([ONE, "012345672", "123412345", "087654321"], ["87654321"]).within(text.encode())) == []
