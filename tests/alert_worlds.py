"""Small worlds for alerts: one person in cases of several systems, one of which is a copy of a base register."""

from datetime import UTC, date, datetime
from typing import Any

import orjson
from tests.towns import DEMO, asked, bare_hub, bare_source, rows, seeing

from relhub.config.alerts import load_alert_rules
from relhub.domain.compartments import Level
from relhub.domain.record import Address, CaseRecord, Flag, Identifier, Involvement, PartyRecord, PersonName, Place, RecordSet
from relhub.services.asked import Asked, ViewOptions
from relhub.services.compute_alerts import compute_alerts
from relhub.services.hub import AlertsInForce, Hub
from relhub.services.read_sets import replace as keep
from relhub.services.show_alerts import show_alerts
from relhub.services.view_relation import view_relation

SOURCES = (bare_source("permits"), bare_source("enforcement"), bare_source("brp").model_copy(update={"base_register": "brp"}))
DESK: Asked = asked("contact-centre", "answering-questions")
HOME = Address("residence", "Dorpsstraat", "1", "1234AB", "Voorbeeld")
ANNA = (Identifier("bsn", "999990019"),)


def alert_hub(url: str) -> Hub:
    """A hub that tells the demo's alerts, where the contact centre sees everything."""
    hub = seeing(bare_hub(url, *SOURCES), Level.full)
    object.__setattr__(hub, "alerts", AlertsInForce(load_alert_rules(DEMO / "alerts.toml")))
    return hub


def person(source: str, *, home: Address | None = None, flags: frozenset[Flag] = frozenset(), bsn: bool = True) -> PartyRecord:
    name = PersonName(given="Anna", family="Berg")
    return PartyRecord(
        source, "anna", "person", ANNA if bsn else (), name, birth="1980-02-17", addresses=(home,) if home else (), flags=flags
    )


def case(source: str, id_: str, capacity: Any, department: str, **more: Any) -> CaseRecord:
    role = more.pop("role", "applicant" if source == "permits" else "owner")
    return CaseRecord(
        source,
        id_,
        f"kind of {source}",
        capacity,
        more.pop("phase", "open"),
        title=f"title {id_}",
        started=date(2026, 1, 1),
        department=department,
        involvements=(Involvement("anna", role),),
        modified_at=datetime(2026, 7, 1, tzinfo=UTC),
        **more,
    )


PERMIT = case("permits", "V-1", "licensing", "Vergunningen", places=(Place(HOME),))
DOSSIER = case("enforcement", "HH-1", "enforcement", "Handhaving")


async def say(hub: Hub, record: CaseRecord | None, party: PartyRecord | None = None, *, source: str = "", set_key: str = "") -> None:
    """A source says this of one case; None: it has it no more."""
    name, key = (record.source, record.id) if record else (source, set_key)
    records = RecordSet((record,), (party or person(name),)) if record else RecordSet()
    async with hub.database.begin() as store:
        await store.lock_resolve()
        await keep(store, hub, name, {key: records}, datetime.now(UTC))


async def anna(hub: Hub) -> str:
    [row] = await rows(
        hub,
        "SELECT relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'V-1' AND i.role <> 'contact_person' GROUP BY 1",
    )
    return str(row["relation_id"])


async def alerts(hub: Hub, who: Asked = DESK, relation: str = "") -> list[dict[str, Any]]:
    """The alerts of Anna, as the list and (but for why and where) the view have them."""
    await compute_alerts(hub, datetime.now(UTC))
    id_ = relation or await anna(hub)
    listed: list[dict[str, Any]] = orjson.loads((await show_alerts(hub, who, id_, "/v1")).body)["results"]
    seen = orjson.loads((await view_relation(hub, who, id_, ViewOptions())).body)["alerts"]["items"]
    assert [_plain(one) for one in listed] == seen
    return listed


def _plain(alert: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in alert.items() if name != "why"}
    if "causes" in plain:
        plain["causes"] = [{name: value for name, value in cause.items() if name != "href"} for cause in plain["causes"]]
    return plain
