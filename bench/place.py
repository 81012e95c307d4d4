"""A place against the view: the same desk, the same occasion, each with its log row."""

from collections.abc import Mapping
from functools import partial
from statistics import median

import asyncpg
import httpx2

from bench.figures import Figure, alternating, ratio
from bench.load import NotMeasured, wrk
from bench.stage import Stage, opened
from bench.view import headers_for
from relhub.services.pull_source import pull_all

# The building stands in for the address, of which wrk can't send the body: it is given to every case there is at it.
_BUILDING = """
WITH home AS (SELECT w.* FROM case_place w JOIN case_record c ON c.id = w.case_id WHERE c.source || '/' || c.case_id = $1 AND w.address <> '' AND w.bag_id <> '' LIMIT 1),
    building AS (SELECT overlay(bag_id placing '10' from 5 for 2) id FROM home),
    there AS (SELECT DISTINCT w.case_id FROM case_place w, home WHERE w.address = home.address OR w.bag_id = home.bag_id),
    given AS (INSERT INTO case_place SELECT case_id, (SELECT id FROM building), '' FROM there ON CONFLICT DO NOTHING)
SELECT (SELECT id FROM building) id, (SELECT count(*) FROM there) cases
"""


_CASE = "permits/V-2026-00001"
_APPLICANT = "SELECT i.relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.source || '/' || c.case_id = $1"


async def measure_place(stage: Stage) -> list[Figure]:
    """The demo's first relation, which has a permit, an enforcement case and a project, and the address where all three are."""
    url = await stage.database("place")
    async with stage.town(400) as urls:
        settings = stage.settings(url, urls)
        async with opened(settings) as hub:
            await pull_all(hub)
    connection = await asyncpg.connect(url)
    try:
        relation_id = await connection.fetchval(_APPLICANT, _CASE)
        building, cases = await connection.fetchrow(_BUILDING, _CASE)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    async with stage.serving(settings) as base:
        view, place = f"{base}/v1/relations/{relation_id}", f"{base}/v1/places/{building}"
        headers = headers_for(_CASE)
        for address in (view, place):
            await _answers(address, headers)
            await wrk(address, headers, 2)
        views, places = await alternating(partial(wrk, view, headers), partial(wrk, place, headers))
    return [
        Figure("place: requests per second, as a part of the view's", ratio(places[0], views[0]), 0.7),
        Figure("place: p99, as a multiple of the view's", ratio(places[1], views[1])),
        Figure("place: requests per second", median(places[0]), unit="1/s"),
        Figure("view of who has a case there: requests per second", median(views[0]), unit="1/s"),
        Figure("place: cases there", float(cases), unit="cases"),
    ]


async def _answers(address: str, headers: Mapping[str, str]) -> None:
    """Raises NotMeasured unless it is answered with cases."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(address, headers=headers)
    if answer.status_code != 200 or '"level"' not in answer.text:
        raise NotMeasured(f"{address} answers {answer.status_code}")
