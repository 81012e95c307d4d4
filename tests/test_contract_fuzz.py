"""schemathesis asks whatever the OpenAPI document allows, and what it does not, as every consumer of the demo.

Here a few requests per operation; `make fuzz` asks as many as FUZZ says.
"""

import asyncio
import os
import sys
import tomllib
from pathlib import Path

import pytest

from relhub.main import openapi_document

ROOT = Path(__file__).parents[1]
_CONSUMERS = tomllib.loads((ROOT / "src/relhub/demo/consumers.toml").read_text())["consumer"]
ASKING = [(c["token"], c["example"]["activity"], c["example"]["occasion"]) for c in _CONSUMERS]
_IN_ITS_OWN_NAME = {c["token"] for c in _CONSUMERS if not c.get("may_name_official")}
ASKING += [(_CONSUMERS[0]["token"], activity, "none") for activity in ("source-health", "following-changes")]
OPERATIONS = sum(len(item) for item in openapi_document()["paths"].values())
_MANY = os.environ.get("FUZZ", "")


@pytest.mark.parametrize(("token", "activity", "occasion"), ASKING)
async def test_nothing_that_is_asked_is_answered_otherwise_than_the_document_says(
    demo: str, tmp_path: Path, token: str, activity: str, occasion: str
) -> None:
    coverage = _MANY or (token, activity, occasion) == ASKING[0]  # every bound of every field: the same for all, and long
    sent = {
        "Authorization": f"Bearer {token}",
        "X-Processing-Activity": activity,
        "X-Occasion": occasion,
        **({} if token in _IN_ITS_OWN_NAME else {"X-Official": "j.jansen"}),
    }
    process = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).with_name("st"), "run", f"{demo}/openapi.json", "--no-color", "--warnings", "off"),
        *(part for name, value in sent.items() for part in ("--header", f"{name}: {value}")),
        *("--exclude-operation-id", "streamEvents"),  # an answer that goes on: tests/test_event_stream.py
        *("--phases", "examples,fuzzing,stateful" + (",coverage" if coverage else ""), "--max-examples", _MANY or "5"),
        *(() if _MANY else ("--seed", "1")),
        *("--exclude-checks", "positive_data_acceptance", "--output-sanitize", "false"),
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.fuzz_checks", "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed = (await process.communicate())[0].decode()
    assert process.returncode == 0, printed
    assert f"Tested: {OPERATIONS - 1}" in printed, printed
