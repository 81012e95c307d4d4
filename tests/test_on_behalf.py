"""The activity travels down: a source is told on whose behalf it is asked, in the headers that its file names."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.adapter_servers import serving, source
from tests.towns import by_permits

from relhub.adapters.behalf import on_behalf_of
from relhub.adapters.client import SourceClient
from relhub.domain.behalf import Behalf
from relhub.errors import ConfigurationError
from relhub.services.admit import admit
from relhub.services.hub import Hub

FILE = """
[auth]
kind = "none"
[on_behalf]
x-doelbinding = "{activity}"
x-verwerking = "{register_uri}"
x-gebruiker = "{official}"
x-doel = "relhub: {purpose}"
"""
WHO = Behalf("permits", "https://register.example/1", "Één doel", "j.jansen", "app", "org", "dep", "none", "trace")


async def told(tmp_path: Path, behalf: Behalf | None) -> dict[str, str]:
    met: dict[str, str] = {}

    async def system(request: Request) -> Response:
        met.update(request.headers)
        return JSONResponse({})

    token = on_behalf_of.set(behalf)
    try:
        async with serving(Starlette(routes=[Route("/x", system)])) as url, SourceClient(source(tmp_path, url, FILE)) as client:
            await client.get("/x", place="x")
    finally:
        on_behalf_of.reset(token)
    return {name: value for name, value in met.items() if name.startswith("x-")}


async def test_a_source_is_told_the_activity_and_the_official_in_its_own_headers(tmp_path: Path) -> None:
    assert await told(tmp_path, WHO) == {
        "x-doelbinding": "permits",
        "x-verwerking": "https://register.example/1",
        "x-gebruiker": "j.jansen",
        "x-doel": "relhub: %C3%89%C3%A9n doel",
    }


async def test_in_a_pull_there_is_nobody_to_speak_of(tmp_path: Path) -> None:
    assert await told(tmp_path, None) == {}


async def test_a_question_that_is_admitted_is_what_sources_are_asked_on_account_of(hub: Hub) -> None:
    await admit(hub, by_permits(), "view")
    behalf = on_behalf_of.get()
    assert behalf is not None
    assert (behalf.activity, behalf.official, behalf.occasion) == ("permit-handling", "official-1", "case:permits/V-2026-00001")


@pytest.mark.parametrize("template", ["{bsn}", "{official.__class__}", "{official!r}", "{"])
def test_a_header_that_can_not_be_filled_in_is_refused_at_the_start(tmp_path: Path, template: str) -> None:
    with pytest.raises(ConfigurationError, match="on_behalf"):
        source(tmp_path, "http://127.0.0.1:9", f'[auth]\nkind = "none"\n[on_behalf]\nx-doel = "{template}"\n')
