"""Source files, settings and keys: read strictly, and errors say which file, which key and what to do."""

from pathlib import Path

import pytest
from tests.adapter_servers import source

from relhub.adapters.registry import open_adapter
from relhub.config.keys import load_keys
from relhub.config.settings import Settings
from relhub.config.sources import load_sources
from relhub.errors import ConfigurationError

CASE = """
[pages]
path = "/cases"
paging = "none"
[case]
id = "id"
kind = "kind"
capacity = { value = "project" }
phase = { value = "open" }
"""


def test_what_is_not_given_has_a_careful_default(tmp_path: Path) -> None:
    config = source(tmp_path, "https://projecten.voorbeeld.example/api/")
    assert (config.name, config.mode, config.regime, config.identity, config.category) == ("testing", "copy", "avg", "full", "ordinary")
    assert config.base_url == "https://projecten.voorbeeld.example/api"
    assert config.expect.max_loss == 0.1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("[limits]\nretrys = 3\n", r"testing\.toml: limits\.retrys: unknown key"),
        ("trust = 101\n", r"testing\.toml: trust:"),
        ('mode = "mirror"\n', r"mode:"),
        ('schedule = "every day"\n', r"schedule: five cron fields"),
        ('regime = "wpg"\n', r'identity: data under the wpg regime .* set identity = "leaf"'),
        ('[auth]\nkind = "api_key"\n', r"auth\.api_key\.secret: is missing"),
        ('[auth]\nkind = "api_key"\nsecret = "literally"\n', r"auth\.api_key\.secret"),
        ('[auth]\nkind = "api_key"\nsecret = { env = "A", file = "b" }\n', r"either"),
        ('options = "x"\n', r"options: not a key"),
        ("trust = \n", r"not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_key(tmp_path: Path, wrong: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as error:
        source(tmp_path, "https://a.example", wrong)
    assert "literally" not in str(error.value)


@pytest.mark.parametrize("url", ["ftp://a.example", "https://user:pass@a.example", "https://a.example/?q=1", "{base_url}"])
def test_a_base_url_is_an_address_without_secrets(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        source(tmp_path, url)


def test_police_data_is_taken_only_as_leaves(tmp_path: Path) -> None:
    assert source(tmp_path, "https://a.example", 'regime = "wpg"\nidentity = "leaf"\n').regime == "wpg"


def test_every_file_in_the_directory_is_a_source(tmp_path: Path) -> None:
    source(tmp_path, "https://a.example", CASE, name="one")
    source(tmp_path, "https://b.example", CASE, name="another")
    assert list(load_sources(tmp_path)) == ["another", "one"]
    with pytest.raises(ConfigurationError, match="RELHUB_SOURCES_DIR"):
        load_sources(tmp_path / "nowhere")


def test_a_file_name_that_is_no_source_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the file's name is the source's name"):
        source(tmp_path, "https://a.example", name="Een bron")


def test_an_unknown_table_of_the_adapter_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"testing\.toml: departements: unknown key"):
        open_adapter(source(tmp_path, "https://a.example", CASE + "[departements]\n"))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (CASE.replace('"project"', '"hobby"'), "case.capacity: hobby is not one of"),
        (CASE.replace('kind = "kind"', 'kind = "kind["'), "not a JMESPath expression"),
        (CASE.replace('paging = "none"', 'paging = "cursor"'), "pages: next"),
        (CASE.replace('phase = { value = "open" }', "phase = {}"), "case.phase: either"),
        (CASE + "started = { from = 's', values = { a = 'b' } }\n", "case.started: only the place"),
        ("", "pages: is missing"),
    ],
)
def test_a_mapping_that_can_not_work_is_refused_when_it_is_opened(tmp_path: Path, wrong: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        open_adapter(source(tmp_path, "https://a.example", wrong))


def test_an_unknown_adapter_is_answered_with_those_there_are(tmp_path: Path) -> None:
    config = source(tmp_path, "https://a.example").model_copy(update={"adapter": "fax"})
    with pytest.raises(ConfigurationError, match="rest_json, zgw_zaken"):
        open_adapter(config)


def test_a_change_of_the_mapping_changes_its_version(tmp_path: Path) -> None:
    first = open_adapter(source(tmp_path, "https://a.example", CASE))
    same = open_adapter(source(tmp_path, "https://elsewhere.example", CASE))
    other = open_adapter(source(tmp_path, "https://a.example", CASE.replace('"kind"', '"type"')))
    assert first.mapping_version == same.mapping_version != other.mapping_version


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql://a",
        "SOURCES_DIR": "s",
        "ACCESS_RULES": "a",
        "CONSUMERS": "c",
        "KEYS_FILE": "k",
    }.items():
        monkeypatch.setenv(f"RELHUB_{name}", value)
    monkeypatch.delenv("RELHUB_DATABASE_OWNER_URL", raising=False)
    settings = Settings.load(port=0)
    assert (settings.database_owner_url, settings.host, settings.port) == ("postgresql://a", "127.0.0.1", 0)
    assert Settings.load(database_owner_url="postgresql://owner").database_owner_url == "postgresql://owner"


def test_a_missing_setting_is_named_as_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELHUB_KEYS_FILE", raising=False)
    with pytest.raises(ConfigurationError, match="RELHUB_KEYS_FILE"):
        Settings.load(database_url="postgresql://a", sources_dir="s", access_rules="a", consumers="c")


GOOD_KEYS = f'index = "{"ab" * 32}"\n[[seal]]\nid = 1\nkey = "{"cd" * 32}"\n'


def test_keys_are_read_from_their_file(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text(GOOD_KEYS)
    keys = load_keys(tmp_path / "keys.toml")
    assert (keys.index, dict(keys.seals)) == (b"\xab" * 32, {1: b"\xcd" * 32})
    assert "cd" * 4 not in repr(keys)


@pytest.mark.parametrize(
    ("file", "named"),
    [
        (GOOD_KEYS.replace("ab" * 32, "ab"), "index: at least 32 bytes"),
        (GOOD_KEYS.replace("cd" * 32, "cd"), "seal.key: exactly 32 bytes"),
        (GOOD_KEYS.replace("cd" * 32, "xy"), r"seal\.0\.key"),
        (GOOD_KEYS + GOOD_KEYS.split("\n", 1)[1], "two seals have one id"),
        ('index = "ab"', "seal: Field required"),
        ("index", "not TOML"),
    ],
)
def test_a_wrong_keys_file_is_refused_without_showing_a_key(tmp_path: Path, file: str, named: str) -> None:
    (tmp_path / "keys.toml").write_text(file)
    with pytest.raises(ConfigurationError, match=named) as error:
        load_keys(tmp_path / "keys.toml")
    assert "cdcd" not in str(error.value)
