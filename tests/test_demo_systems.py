"""The three systems over real HTTP: how they are asked, how they refuse, and how they misbehave."""

import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from hmac import new
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from relhub.demo import DEMO_SECRETS, RunningTown, parse_fault, prepare_town, running_town

ZAKEN = "/zaken/api/v1"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_town(tmp_path_factory.mktemp("town"))


@pytest.fixture
async def town(prepared: Path) -> AsyncIterator[RunningTown]:
    async with running_town(prepared) as running:
        yield running


def _jwt(**changes: Any) -> str:
    def part(body: dict[str, Any]) -> str:
        return urlsafe_b64encode(orjson.dumps(body)).decode().rstrip("=")

    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'client_id': 'relhub', 'iat': int(time.time()), **changes})}"
    secret = DEMO_SECRETS["RELHUB_DEMO_PERMITS_SECRET"].encode()
    return f"Bearer {signed}.{urlsafe_b64encode(new(secret, signed.encode(), sha256).digest()).decode().rstrip('=')}"


def _permits(town: RunningTown, **headers: str) -> httpx2.AsyncClient:
    always = {"Authorization": _jwt(), "Accept-Crs": "EPSG:4326"}
    return httpx2.AsyncClient(base_url=town.urls["permits"], headers={**always, **headers}, timeout=5)


def _enforcement(town: RunningTown) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        base_url=town.urls["enforcement"], headers={"X-Api-Key": DEMO_SECRETS["RELHUB_DEMO_ENFORCEMENT_KEY"]}, timeout=5
    )


async def _all_pages(client: httpx2.AsyncClient, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    following: str | None = path
    while following:
        answer = (await client.get(following)).json()
        found += answer["results"]
        following = answer["next"]
    assert len(found) == answer["count"]
    return found


async def test_all_pages_of_zaken_and_their_roles_belong_together(town: RunningTown) -> None:
    async with _permits(town) as client:
        zaken = await _all_pages(client, f"{ZAKEN}/zaken?pageSize=77")
        rollen = await _all_pages(client, f"{ZAKEN}/rollen?pageSize=500")
        assert {url for zaak in zaken for url in zaak["rollen"]} == {rol["url"] for rol in rollen}
        one = zaken[321]
        of_one = (await client.get(f"{ZAKEN}/rollen", params={"zaak": one["url"]})).json()
        assert [rol["url"] for rol in of_one["results"]] == one["rollen"]
        properties = (await client.get(f"{one['url']}/zaakeigenschappen")).json()
        assert [one_property["url"] for one_property in properties] == one["eigenschappen"]
        assert (await client.get(one["status"])).json()["zaak"] == one["url"]
        by_number = (await client.get(f"{ZAKEN}/zaken", params={"identificatie": "V-2026-00001"})).json()
        assert by_number["count"] == 1
        assert by_number["results"][0]["omschrijving"] == "Dakkapel aan de voorzijde"
        of_type = (await client.get(f"{ZAKEN}/zaken", params={"zaaktype": one["zaaktype"]})).json()
        assert of_type["count"] == sum(zaak["zaaktype"] == one["zaaktype"] for zaak in zaken)


async def test_urls_follow_the_host_by_which_the_system_is_asked(town: RunningTown) -> None:
    async with _permits(town, Host="gateway.example") as client:
        answer = (await client.get(f"{ZAKEN}/zaken?pageSize=1")).json()
    assert answer["next"].startswith("http://gateway.example/")
    assert answer["results"][0]["zaaktype"].startswith("http://gateway.example/catalogi/")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": ""}, 403, "permission_denied"),
        ({"Authorization": "Bearer rubbish"}, 403, "jwt-decode-error"),
        ({"Authorization": _jwt(client_id="another")}, 403, "invalid-client-identifier"),
        ({"Authorization": _jwt()[:-4] + "AAAA"}, 403, "invalid-jwt-signature"),
        ({"Authorization": _jwt(iat=int(time.time()) - 3700)}, 403, "jwt-expired"),
        ({"Accept-Crs": "EPSG:28992"}, 406, "not_acceptable"),
    ],
)
async def test_permits_refuse_by_code(town: RunningTown, headers: dict[str, str], status: int, code: str) -> None:
    async with _permits(town, **headers) as client:
        answer = await client.get(f"{ZAKEN}/zaken")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_permits_want_a_crs_known_parameters_and_pages_that_exist(town: RunningTown) -> None:
    async with _permits(town) as client:
        assert (await client.get(f"{ZAKEN}/zaken?bsn=1")).json()["invalidParams"][0]["code"] == "unknown-parameters"
        assert (await client.get(f"{ZAKEN}/zaken?page=99")).json()["detail"] == "Ongeldige pagina."
        assert (await client.get(f"{ZAKEN}/rollen?zaak=abc")).status_code == 400
        assert (await client.get(f"{ZAKEN}/zaken/")).status_code == 404
        assert (await client.get(f"{ZAKEN}/zaken/00000000-0000-4000-8000-000000000000")).status_code == 404
        del client.headers["Accept-Crs"]
        assert (await client.get(f"{ZAKEN}/zaken")).status_code == 412
        assert (await client.get(f"{ZAKEN}/rollen")).status_code == 200


async def test_enforcement_pages_by_cursor_and_survives_a_removal_in_between(town: RunningTown) -> None:
    async with _enforcement(town) as client:
        first = (await client.get("/api/dossiers?limit=50")).json()
        town.remove("enforcement", "HH-2026-00003")
        rest = (await client.get("/api/dossiers", params={"limit": 500, "cursor": first["nextCursor"]})).json()
        assert rest["items"][0]["dossierNr"] == "HH-2026-00051"
        assert rest["nextCursor"] is None
        assert rest["total"] == first["total"] - 1
        assert (await client.get("/api/dossiers/HH-2026-00003")).status_code == 404
        client.headers["X-Api-Key"] = "another"
        assert (await client.get("/api/dossiers")).json() == {"fout": "sleutel ontbreekt of is ongeldig"}


async def test_projects_want_a_token_and_link_to_the_next_page(town: RunningTown) -> None:
    async with httpx2.AsyncClient(base_url=town.urls["projects"]) as client:
        refused = await client.get("/v2/projects")
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        basic = b64encode(f"relhub:{DEMO_SECRETS['RELHUB_DEMO_PROJECTS_SECRET']}".encode()).decode()
        given = await client.post("/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"})
        client.headers["Authorization"] = f"Bearer {given.json()['access_token']}"
        first = await client.get("/v2/projects")
        assert first.headers["X-Total-Count"] == "61"
        assert len(first.json()) == 50
        second = await client.get(first.links["next"]["url"])
        assert len(second.json()) == 11
        assert "next" not in second.links
        assert (await client.get("/v2/projects/PRJ-0001")).json()["stakeholders"][0]["person"]["dateOfBirth"] == "1980-02-17"
        town.forget_tokens()
        assert (await client.get("/v2/projects/PRJ-0001")).status_code == 401


async def test_items_can_be_replaced_added_and_removed(town: RunningTown) -> None:
    dossier = town.get("enforcement", "HH-2026-00001")
    town.put("enforcement", {**dossier, "onderwerp": "Anders"})
    town.put("enforcement", {**dossier, "dossierNr": "HH-2026-90001"})
    rol = next(town.items("permits", "rollen"))
    town.put(
        "permits",
        {**rol, "uuid": "00000000-0000-4000-8000-00000000000a", "url": rol["url"][:-36] + "00000000-0000-4000-8000-00000000000a"},
        "rollen",
    )
    async with _enforcement(town) as client, _permits(town) as permits:
        assert (await client.get("/api/dossiers/HH-2026-00001")).json()["onderwerp"] == "Anders"
        listed = (await client.get("/api/dossiers?limit=500")).json()["items"]
        assert (listed[0]["onderwerp"], listed[-1]["dossierNr"]) == ("Anders", "HH-2026-90001")
        of_zaak = (await permits.get(f"{ZAKEN}/rollen", params={"zaak": rol["zaak"]})).json()
        assert of_zaak["results"][-1]["uuid"].endswith("a")
        assert of_zaak["count"] == 4


async def test_every_fault_shows_and_passes(town: RunningTown) -> None:
    async with _enforcement(town) as client:
        town.set_fault("enforcement", "down")
        with pytest.raises(httpx2.TransportError):
            await client.get("/api/dossiers")
        town.set_fault("enforcement", "truncated")
        with pytest.raises(httpx2.TransportError):
            await client.get("/api/dossiers")
        town.set_fault("enforcement", "slow")
        with pytest.raises(httpx2.TimeoutException):
            await client.get("/api/dossiers", timeout=0.2)
        town.set_fault("enforcement", "garbage")
        with pytest.raises(ValueError, match=r"JSON|char"):
            (await client.get("/api/dossiers")).json()
        town.set_fault("enforcement", "429:7")
        assert (await client.get("/api/dossiers")).headers["Retry-After"] == "7"
        town.set_fault("enforcement", "loop")
        first = (await client.get("/api/dossiers?limit=10")).json()["nextCursor"]
        again = (await client.get("/api/dossiers", params={"limit": 10, "cursor": first})).json()["nextCursor"]
        assert first == again
        town.set_fault("enforcement", "500", times=2, only="/api/")
        assert [(await client.get("/api/dossiers?limit=1")).status_code for _ in range(3)] == [500, 500, 200]
        assert town.requests("enforcement")["GET /api/dossiers"] == 10


async def test_two_towns_can_run_side_by_side_and_a_taken_port_is_refused(town: RunningTown, prepared: Path) -> None:
    async with running_town(prepared) as other:
        assert set(other.urls.values()).isdisjoint(town.urls.values())
    with pytest.raises(OSError, match="in use"):
        async with running_town(prepared, {"permits": int(town.urls["permits"].rpartition(":")[2])}):
            pass


@pytest.mark.parametrize("text", ["late", "500:3", "slow:soon"])
def test_an_unknown_fault_is_refused_with_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=text.split(":")[0]):
        parse_fault(text)
