"""Asking for exports as the portal does, having them made, and small worlds to export from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import httpx2
from tests.towns import CONSUMERS, DEMO, rows, settings_for

from relhub.domain.record import (
    Address,
    Capacity,
    CaseRecord,
    Finding,
    Identifier,
    Involvement,
    Official,
    PartyRecord,
    PersonName,
    Place,
    RecordSet,
)
from relhub.main import create_app
from relhub.services.hub import Hub
from relhub.services.make_export import KnownConsumers, make_waiting_export
from relhub.services.read_sets import replace as replace_records
from relhub.storage import exports
from relhub.storage.exports import Asker

PORTAL = {"Authorization": "Bearer demo-resident-portal", "X-Processing-Activity": "informing-residents"}
KNOWN = KnownConsumers(DEMO / "consumers.toml")
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


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


async def make(hub: Hub, consumers: KnownConsumers = KNOWN) -> None:
    """What a worker does with all that waits."""
    while await make_waiting_export(hub, consumers, lambda: False):
        pass


async def put_together(hub: Hub, id_: str, relation: str) -> None:
    """An export with this id, asked for by the portal and done."""
    who = CONSUMERS["resident-portal"]
    asker = Asker(
        who.name, who.organisation, who.department, sorted(who.roles), "", PORTAL["X-Processing-Activity"], "none", "0" * 32, "0" * 16
    )
    async with hub.database.begin() as store:
        await exports.ask(store, id_, relation, asker, datetime.now(UTC))
    await make(hub)


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


@asynccontextmanager
async def api_of(hub: Hub) -> AsyncIterator[httpx2.AsyncClient]:
    """The API of this hub."""
    app = create_app(settings_for("postgresql://postgres@127.0.0.1:1/never-used", DEMO / "sources"))
    app.state.hub = hub
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://relhub") as opened:
        yield opened


def person(source: str, key: str, given: str, family: str, bsn: str = "", *, secret: bool = False) -> PartyRecord:
    return PartyRecord(
        source,
        key,
        "person",
        (Identifier("bsn", bsn),) if bsn else (),
        PersonName(given=given, prefix="de", family=family),
        birth="1980-02-17",
        addresses=(Address("residence", "Dorpsstraat", key, "1234AB", "Voorbeeld"),),
        phones=("0612345678",),
        emails=(f"{key}@post.example",),
        flags=frozenset({"non_disclosure"}) if secret else frozenset(),
    )


def case_of(number: int, *parties: PartyRecord, capacity: Capacity = "licensing", title: str = "", **more: Any) -> RecordSet:
    """A case with these parties, the first of which applied for it."""
    given: dict[str, Any] = {
        "phase": "open",
        "description": f"description {number}",
        "status": "In behandeling",
        "started": date(2026, 1, 1),
        "department": "Vergunningen",
        "officials": (Official("case handler", "J. Jansen", "Vergunningen", "030"),),
        "places": (Place(Address("visiting", "Kerkstraat", str(number), "1234AB", "Voorbeeld")),),
        "findings": (Finding("decision", f"finding {number}", date(2026, 3, 1)),),
        "confidentiality": "openbaar",
        **more,
    }
    involved = tuple(Involvement(party.key, "applicant" if n == 0 else "owner") for n, party in enumerate(parties))
    case = CaseRecord(
        parties[0].source, f"C-{number}", "vergunning", capacity, title=title or f"title {number}", involvements=involved, **given
    )
    return RecordSet((case,), parties)


async def say(hub: Hub, *sets: RecordSet) -> None:
    """The hub knows these."""
    by_source: dict[str, dict[str, RecordSet]] = {}
    for one in sets:
        by_source.setdefault(one.cases[0].source, {})[f"set-{one.cases[0].id}"] = one
    async with hub.database.begin() as store:
        await store.lock_resolve()
        for source, found in by_source.items():
            await replace_records(store, hub, source, found, NOW)


async def relation_of(hub: Hub, source: str, key: str) -> str:
    [row] = await rows(hub, "SELECT DISTINCT relation_id FROM party_record WHERE source = $1 AND key = $2", source, key)
    return str(row["relation_id"])
