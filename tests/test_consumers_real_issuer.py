"""From the token endpoint of an authorisation server that nobody here wrote (oidc-provider, OpenID Certified, on Node) to the view.

The server is in tests/real_issuer.py. Without Node these tests are skipped; in CI they fail.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from joserfc.jwk import ECKey, RSAKey
from tests.issuers import settings_in
from tests.real_issuer import RealIssuer
from tests.towns import rows

from relhub.main import create_app
from relhub.services import follow_issuer
from relhub.services.hub import Hub

CONSUMERS = """
[[issuer]]
name = "real"
issuer = "{url}"
audience = ["urn:relhub"]
only_access_tokens = true
[issuer.claims]
roles = "realm_access.roles"
department = "department"

[[consumer]]
name = "permits-desk"
issuer = "real"
client_id = "desk"
application = "vergunningen"
organisation = "Gemeente Voorbeeld"
department = "Vergunningen"
roles = ["case-handler", "team-leader"]
activities = ["permit-handling"]

[[consumer]]
name = "night-job"
issuer = "real"
application = "night-job"
organisation = "Gemeente Voorbeeld"
department = "Vergunningen"
activities = ["permit-handling"]
may_name_official = true
"""
LOOKUP = {"case": "permits/V-2026-00001"}


@pytest.fixture
async def client(hub: Hub, real: RealIssuer, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(settings_in(tmp_path, CONSUMERS.replace("{url}", real.url)))
    app.state.hub = hub
    headers = {"X-Processing-Activity": "permit-handling", "X-Occasion": "case:permits/V-2026-00001"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://relhub/v1", headers=headers) as opened:
        yield opened


async def look(client: httpx2.AsyncClient, token: str, **headers: str) -> httpx2.Response:
    return await client.post("/relations/_lookup", json=LOOKUP, headers={"Authorization": f"Bearer {token}", **headers})


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSAKey.generate_key(2048, {"kid": "r", "use": "sig"}), "RS256"),
        (RSAKey.generate_key(2048, {"kid": "p", "use": "sig"}), "PS256"),
        (ECKey.generate_key("P-256", {"kid": "e", "use": "sig"}), "ES256"),
    ],
)
async def test_an_official_who_logged_in_sees_the_view_and_is_the_one_in_the_log(
    client: httpx2.AsyncClient, hub: Hub, real: RealIssuer, tmp_path: Path, key: RSAKey | ECKey, algorithm: str
) -> None:
    async with real.signing_with(key, algorithm, tmp_path / "keys.json"):
        tokens = await real.for_an_official("m.visser")
        answer = await look(client, tokens["access_token"])
        assert answer.status_code == 200, answer.text
        assert answer.json()["cases"]["items"]
        last = await rows(hub, "SELECT official, consumer FROM consultation_log ORDER BY at DESC LIMIT 1")
        assert [tuple(row) for row in last] == [("m.visser", "permits-desk")]
        assert (await look(client, tokens["access_token"], **{"X-Official": "j.jansen"})).status_code == 400
        refused = await look(client, tokens["id_token"])
        assert (refused.status_code, 'error="invalid_token"' in refused.headers["www-authenticate"]) == (401, True)


async def test_an_application_by_itself_names_its_official_and_one_that_is_not_known_sees_nothing(
    client: httpx2.AsyncClient, real: RealIssuer, tmp_path: Path
) -> None:
    async with real.signing_with(RSAKey.generate_key(2048, {"kid": "r", "use": "sig"}), "RS256", tmp_path / "keys.json"):
        token = await real.for_the_application()
        assert (await look(client, token, **{"X-Official": "j.jansen"})).status_code == 200
        assert (await look(client, token)).status_code == 400
        assert (await look(client, await real.for_the_application("stranger"))).status_code == 401


async def test_its_keys_are_replaced_without_a_restart_of_relhub_and_its_absence_is_said(
    client: httpx2.AsyncClient, real: RealIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_issuer, "BETWEEN", 0.0)
    official, file = {"X-Official": "j.jansen"}, tmp_path / "keys.json"
    old, new = (RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}) for kid in ("old", "new"))
    async with real.signing_with(old, "RS256", file):
        before = await real.for_the_application()
        assert (await look(client, before, **official)).status_code == 200
    async with real.signing_with(new, "RS256", file):
        after = await real.for_the_application()
    assert (await look(client, before, **official)).status_code == 200  # it is gone, and its key is known
    absent = await look(client, after, **official)
    assert (absent.status_code, absent.json()["type"]) == (503, "urn:problem-type:relhub:issuer-unavailable")
    async with real.signing_with(new, "RS256", file):
        assert (await look(client, after, **official)).status_code == 200
        assert (await look(client, before, **official)).status_code == 401
