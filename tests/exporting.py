"""Asking for exports as the portal does, and having them made."""

from typing import Any

import httpx2
from tests.towns import DEMO, rows

from relhub.services.hub import Hub
from relhub.services.make_export import KnownConsumers, make_waiting_export

PORTAL = {"Authorization": "Bearer demo-resident-portal", "X-Processing-Activity": "informing-residents"}
CONSUMERS_FILE = DEMO / "consumers.toml"


async def applicant(hub: Hub, case_id: str = "V-2026-00001") -> str:
    """The relation that asked for this permit."""
    [row] = await rows(
        hub,
        "SELECT relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = $1 AND i.role = 'applicant'",
        case_id,
    )
    return str(row["relation_id"])


async def ask(api: httpx2.AsyncClient, relation: str, **headers: str) -> dict[str, Any]:
    answer = await api.post(f"/v1/relations/{relation}/exports", headers=PORTAL | headers)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def make(hub: Hub) -> None:
    """What a worker does with all that waits."""
    while await make_waiting_export(hub, KnownConsumers(CONSUMERS_FILE), lambda: False):
        pass


async def state(api: httpx2.AsyncClient, export: dict[str, Any]) -> dict[str, Any]:
    answer = await api.get(f"/v1/exports/{export['id']}", headers=PORTAL)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def exported(hub: Hub, api: httpx2.AsyncClient, relation: str) -> dict[str, Any]:
    """The export of this relation, done."""
    export = await ask(api, relation)
    await make(hub)
    done = await state(api, export)
    assert done["state"] == "done", done
    return done


async def content(api: httpx2.AsyncClient, export: dict[str, Any]) -> dict[str, Any]:
    answer = await api.get(export["links"]["content"], headers=PORTAL)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def page(api: httpx2.AsyncClient, export: dict[str, Any]) -> str:
    answer = await api.get(export["links"]["page"], headers=PORTAL | {"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text
