"""Views when a source is slow, and while a pull runs."""

import asyncio
import contextlib
from statistics import median
from time import monotonic

import asyncpg
import httpx2

from bench.figures import ROUNDS, Figure
from bench.load import NotMeasured, wrk
from bench.pull import pulling
from bench.stage import Stage, opened
from bench.view import a_median_relation, headers_for
from relhub.services.pull_source import pull_all

LIMIT, WITHIN = 2, 2.2


async def measure_fan_out(stage: Stage) -> list[Figure]:
    """One slow source of three: a view that asks for fresh data names it in time."""
    async with stage.town(400) as urls:
        database_url = await stage.database("fanout")
        async with opened(stage.settings(database_url, urls)) as hub:
            await pull_all(hub)
    async with stage.town(400, "projects=slow:20") as urls:
        settings = stage.settings(database_url, urls, {"total = 8": f"total = {LIMIT}"})
        async with stage.serving(settings) as base, httpx2.AsyncClient(base_url=base, trust_env=False, timeout=30) as client:
            took = [await _fresh(client) for _ in range(ROUNDS)]
    return [Figure("fan-out: a fresh view with one source that hangs", median(took), WITHIN, "s", most=True)]


async def _fresh(client: httpx2.AsyncClient) -> float:
    begun = monotonic()
    headers = {**headers_for("permits/V-2026-00001"), "Cache-Control": "max-age=0"}
    answer = await client.post("/v1/relations/_lookup", headers=headers, json={"case": "permits/V-2026-00001"})
    took = monotonic() - begun
    states = {source["source"]: source["state"] for source in answer.json()["sources"]}
    if states != {"enforcement": "found", "permits": "found", "projects": "stale"}:
        raise NotMeasured(f"the slow source is not named: {states}")
    return took


async def measure_views_during_a_pull(stage: Stage) -> list[Figure]:
    """The same views without and with a pull that reads everything anew, in turn."""
    url = await stage.database("during")
    async with stage.town(4_000) as urls:
        async with opened(stage.settings(url, urls)) as hub:
            await pull_all(hub)
        connection = await asyncpg.connect(url)
        relation_id, case = await a_median_relation(connection)
        await connection.execute("VACUUM ANALYZE")
        await connection.close()
        quiet, busy = [], []
        async with stage.serving(stage.settings(url, urls)) as base:
            for number in range(ROUNDS):
                quiet.append((await wrk(f"{base}/v1/relations/{relation_id}", headers_for(case), 4))[1])
                anew = stage.settings(url, urls, {"page_size = 500": f"page_size = {499 - number}"})  # another mapping: all is read again
                pull = asyncio.create_task(pulling("ours", anew, "permits"))
                await asyncio.sleep(1.5)
                busy.append((await wrk(f"{base}/v1/relations/{relation_id}", headers_for(case), 4))[1])
                if pull.done():
                    raise NotMeasured("the pull was over before the views were measured")
                pull.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await pull
    times = median(one / other for one, other in zip(busy, quiet, strict=True))
    return [Figure("views during a pull: p99, as a multiple of that without", times, 3.0, most=True)]
