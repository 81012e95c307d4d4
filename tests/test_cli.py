"""The commands that an operator types, as processes of their own."""

from pathlib import Path

import pytest
from tests.processes import running
from tests.towns import NewDatabase

from relhub.demo import RunningTown
from relhub.storage.migrate import newest_revision


async def said(command: str, url: str, sources_dir: Path, *arguments: str) -> tuple[int | None, str, str]:
    """(exit code, what it says, the lines that are no log lines on stderr)."""
    async with running(command, url, sources_dir, arguments) as process:
        output, errors = await process.communicate()
    return process.returncode, output.decode(), "\n".join(line for line in errors.decode().splitlines() if not line.startswith("{"))


async def test_a_database_is_migrated_pulled_shown_and_computed_again(new_database: NewDatabase, sources_dir: Path) -> None:
    url = await new_database(None)
    assert (await said("pull", url, sources_dir))[0] == 1
    assert (await said("migrate", url, sources_dir))[:2] == (0, f"The database is at revision {newest_revision()}.\n")
    assert (await said("pull", url, sources_dir))[0] == 0
    code, shown, _ = await said("sources", url, sources_dir)
    assert (code, shown.count(": well\n")) == (0, 3)
    assert "enforcement (rest_json): well\n  last success 20" in shown
    assert (await said("rebuild", url, sources_dir))[1].startswith("Computed again from ")


async def test_one_source_that_fails_is_one_line_and_stops_no_other(migrated_url: str, sources_dir: Path, town: RunningTown) -> None:
    town.set_fault("enforcement", "garbage")
    code, _, errors = await said("pull", migrated_url, sources_dir)
    assert code == 1
    assert errors.startswith("relhub: enforcement: ")
    assert len(errors.splitlines()) == 1
    shown = (await said("sources", migrated_url, sources_dir))[1]
    assert shown.count(": well\n") == 2
    assert "enforcement (rest_json): failing\n" in shown
    assert "  last error: enforcement: " in shown


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("mysql://x", "relhub: RELHUB_DATABASE_URL must be of PostgreSQL: postgresql://user:password@host:5432/relhub"),
        ("nonsense", "relhub: RELHUB_DATABASE_URL is not a database URL; it looks like postgresql://user:password@host:5432/relhub"),
    ],
)
async def test_a_wrong_setting_is_one_line_that_says_what_it_should_be(url: str, line: str, sources_dir: Path) -> None:
    assert (await said("sources", url, sources_dir))[::2] == (1, line)


async def test_a_source_that_is_not_there_is_one_line_with_those_that_are(migrated_url: str, sources_dir: Path) -> None:
    code, _, errors = await said("pull", migrated_url, sources_dir, "permit")
    assert (code, errors) == (1, "relhub: there is no source permit; there are enforcement, permits, projects")


async def test_officials_are_imported_from_a_file_and_a_row_that_is_not_understood_is_said_aloud(
    migrated_url: str, sources_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "officials.csv"
    file.write_text("account;name;department\na.bos;A. Bos;Handhaving\n;B. Vos;Handhaving\n")
    code, output, errors = await said("officials", migrated_url, sources_dir, "import", str(file))
    assert (code, output) == (1, "new: 1, changed: 0, same: 0, gone: 0, set aside: 1\n")
    assert errors.startswith("SET ASIDE line 3: account: ")
    assert "Vos" not in errors
