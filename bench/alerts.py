"""A change that touches 500 alerts: how long until all are told, and what views have to do with it meanwhile."""

import asyncio
import contextlib
from datetime import UTC, datetime
from statistics import median
from time import monotonic

import asyncpg

from bench.figures import ROUNDS, Figure
from bench.load import NotMeasured, wrk
from bench.stage import Stage, opened
from bench.view import a_median_relation, headers_for
from relhub.domain.record import Address, CaseRecord, Identifier, Involvement, PartyRecord, PersonName, Place, RecordSet
from relhub.services.compute_alerts import compute_alerts
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_all
from relhub.services.read_sets import replace

TOUCHED = 500
_HERE = (Place(Address("visiting", "Dorpsstraat", "1", "1234AB", "Voorbeeld")),)


async def measure_alerts(stage: Stage) -> list[Figure]:
    """A project comes to an address where 500 permits are pending, and goes: each time all 500 relations have another alert."""
    url = await stage.database("alerts")
    async with stage.town(400) as urls:
        settings = stage.settings(url, urls)
        async with opened(settings) as hub:
            await pull_all(hub)
            await _permits(hub)
            await compute_alerts(hub, datetime.now(UTC))
            connection = await asyncpg.connect(url)
            relation_id, case = await a_median_relation(connection)
            await connection.execute("VACUUM ANALYZE")
            took: list[float] = []
            quiet, busy = [], []
            async with stage.serving(settings) as base:
                for _ in range(ROUNDS):
                    quiet.append((await wrk(f"{base}/v1/relations/{relation_id}", headers_for(case), 3))[1])
                    changing = asyncio.create_task(_again_and_again(hub, took))
                    busy.append((await wrk(f"{base}/v1/relations/{relation_id}", headers_for(case), 3))[1])
                    changing.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await changing
                    await _quiet(hub, connection)
            await connection.close()
    if not took:
        raise NotMeasured("no change was computed while the views were measured")
    times = median(one / other for one, other in zip(busy, quiet, strict=True))
    return [
        Figure(f"a change that touches {TOUCHED} alerts: until all are told", max(took), 2.0, "s", most=True),
        Figure("views meanwhile: p99, as a multiple of that without", times, 2.0, most=True),
    ]


async def _permits(hub: Hub) -> None:
    """Of 500 people, all at one address."""
    sets = {}
    for number in range(TOUCHED):
        name = PersonName(given="Anna", family=f"Bewoner {number}")
        party = PartyRecord("permits", f"bewoner-{number}", "person", (Identifier("own:permits", f"b-{number}"),), name, birth="1980-02-17")
        involved = (Involvement(party.key, "applicant"),)
        case = CaseRecord(
            "permits", f"bench-{number:05}", "bench", "licensing", "open", department="Vergunningen", involvements=involved, places=_HERE
        )
        sets[case.id] = RecordSet((case,), (party,))
    await _say(hub, "permits", sets)


async def _again_and_again(hub: Hub, took: list[float]) -> None:
    while True:
        for there in (True, False):
            begun = monotonic()
            await _project(hub, there=there)
            await compute_alerts(hub, datetime.now(UTC))
            took.append(monotonic() - begun)
            await asyncio.sleep(0.5)


async def _project(hub: Hub, *, there: bool) -> None:
    party = PartyRecord("projects", "aannemer", "person", (), PersonName(given="Bram", family="Aannemer"), birth="1951-06-30")
    involved = (Involvement(party.key, "contractor"),)
    places = _HERE if there else ()
    case = CaseRecord(
        "projects", "bench-project", "herinrichting", "project", "open", department="Projecten", involvements=involved, places=places
    )
    await _say(hub, "projects", {case.id: RecordSet((case,), (party,))})


async def _quiet(hub: Hub, connection: asyncpg.Connection) -> None:
    """The project is gone, and there is no alert by it."""
    await _project(hub, there=False)
    await compute_alerts(hub, datetime.now(UTC))
    if await connection.fetchval(
        "SELECT count(*) FROM alert_cause a JOIN case_record c ON c.id = a.number WHERE c.case_id = 'bench-project'"
    ):
        raise NotMeasured("the alerts of a project that is gone are still there")


async def _say(hub: Hub, source: str, sets: dict[str, RecordSet]) -> None:
    async with hub.database.begin() as store:
        await store.lock_resolve()
        await replace(store, hub, source, sets, datetime.now(UTC))
