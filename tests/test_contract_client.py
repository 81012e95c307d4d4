"""A client that is generated from the OpenAPI document works: docs/client/first_day.py is run with it, against the demo."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / "docs" / "client" / "first_day.py"


async def _run(*command: str | Path, **environment: str) -> str:
    """What it printed. Fails when the command does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=os.environ | environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed = (await process.communicate())[0].decode()
    assert process.returncode == 0, printed
    return printed


@pytest.fixture(scope="module")
async def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the client is, as package relhub_client; made without a word of warning."""
    directory = tmp_path_factory.mktemp("client")
    await _run(
        *("-m", "openapi_python_client", "generate", "--path", ROOT / "openapi" / "relhub.json", "--config", PROGRAM.parent / "config.yml"),
        *("--meta", "none", "--output-path", directory / "relhub_client", "--fail-on-warning"),
    )
    return directory


async def test_a_look_up_a_view_all_cases_a_search_and_a_list_by_a_generated_client(generated: Path, demo: str) -> None:
    printed = (await _run(PROGRAM, demo, PYTHONPATH=str(generated))).splitlines()
    assert printed == [
        "looked up: rel_4G04NJKW8P033NPZ6FXCS4EHJT complete: True",
        "sources: enforcement found, permits found, projects found",
        "case: licensing full Dakkapel aan de voorzijde",
        "case: enforcement existence (no title at this level)",
        "case: project summary Herontwikkeling stationsgebied Zeist",
        "searched: ['rel_4G04NJKW8P033NPZ6FXCS4EHJT']",
        "listed: {'enforcement': 'well', 'permits': 'well', 'projects': 'well'}",
    ]


async def test_the_types_of_a_generated_client_fit_those_who_use_it(generated: Path) -> None:
    strictly = ("-m", "mypy", "--strict", "--config-file=", "--cache-dir", generated / ".mypy_cache")
    await _run(*strictly, PROGRAM, generated / "relhub_client", MYPYPATH=str(generated))
