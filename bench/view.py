"""`GET /v1/relations/{id}` against a bare handler that reads one stored document and inserts one log row."""

from statistics import median

import asyncpg
import httpx2

from bench import bare
from bench.figures import Figure, alternating, ratio
from bench.load import NotMeasured, wrk
from bench.stage import Stage, opened
from relhub.config.settings import Settings
from relhub.services.pull_source import pull_all

_MEDIAN = """
WITH counted AS (SELECT relation_id, count(DISTINCT case_id) n FROM involvement WHERE relation_id NOT LIKE 'rel_F0%' GROUP BY 1),
    middle AS (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY n) n FROM counted)
SELECT i.relation_id, c.source || '/' || c.case_id FROM counted JOIN middle USING (n) JOIN involvement i USING (relation_id)
JOIN case_record c ON c.id = i.case_id WHERE c.open AND 'Vergunningen' = ANY(c.departments) ORDER BY 1 LIMIT 1
"""


async def measure_view(stage: Stage) -> list[Figure]:
    """The median relation of the demo, with a key, an activity, a verified occasion and a log row."""
    url = await stage.database("view")
    async with stage.town(400) as urls:
        settings = stage.settings(url, urls)
        async with opened(settings) as hub:
            await pull_all(hub)
    connection = await asyncpg.connect(url)
    try:
        relation_id, case = await a_median_relation(connection)
        await connection.execute("VACUUM ANALYZE")
        headers = headers_for(case)
        return await _against_bare(stage, settings, connection, relation_id, headers)
    finally:
        await connection.close()


async def a_median_relation(connection: asyncpg.Connection) -> tuple[str, str]:
    """(id, occasion) of a relation with as many cases as half of the demo's relations have."""
    relation_id, case = await connection.fetchrow(_MEDIAN)
    return relation_id, case


def headers_for(case: str) -> dict[str, str]:
    """The permits desk, working on this case."""
    return {
        "Authorization": "Bearer demo-permits-desk",
        "X-Processing-Activity": "permit-handling",
        "X-Official": "j.jansen",
        "X-Occasion": f"case:{case}",
    }


async def _against_bare(
    stage: Stage, settings: Settings, connection: asyncpg.Connection, relation_id: str, headers: dict[str, str]
) -> list[Figure]:
    async with stage.serving(settings) as ours, stage.bare(settings.database_url) as theirs:
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{ours}/v1/relations/{relation_id}", headers=headers)
        if answer.status_code != 200:
            raise NotMeasured(f"the view answers {answer.status_code}")
        await connection.execute(bare.TABLES)
        await connection.execute("INSERT INTO bench_document VALUES ($1, $2)", relation_id, answer.content)
        for base in (ours, theirs):
            await wrk(f"{base}/v1/relations/{relation_id}", headers, 2)
        view, plain = await alternating(
            lambda: wrk(f"{ours}/v1/relations/{relation_id}", headers), lambda: wrk(f"{theirs}/v1/relations/{relation_id}", headers)
        )
    return [
        Figure("view: requests per second, as a part of the bare handler's", ratio(view[0], plain[0]), 0.45),
        Figure("view: p99, as a multiple of the bare handler's", ratio(view[1], plain[1]), 3.0, most=True),
        Figure("view: requests per second", median(view[0]), unit="1/s"),
        Figure("bare handler: requests per second", median(plain[0]), unit="1/s"),
    ]
