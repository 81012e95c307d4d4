"""One pull of one source, in a process of its own: `python -m bench.pulling ours|bare|bare-records SOURCE`, settings in the environment. Prints JSON."""

import asyncio
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Any

import asyncpg
import httpx2
import orjson

from relhub.adapters.client import SourceClient
from relhub.config.settings import Settings
from relhub.config.sources import SourceConfig, load_sources
from relhub.logs import set_up_logging
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_source

_ZGW = ("rollen", "statussen", "zaakobjecten", "resultaten")
_CRS = {"Accept-Crs": "EPSG:4326"}


async def ours(settings: Settings, source: str) -> dict[str, Any]:
    """The pull as it is; also how long its first and its last tenth took, and the most memory at half of it and at its end."""
    hub = await Hub.open(settings)
    seen: list[tuple[int, float, int]] = []
    begun = monotonic()
    try:
        report = await pull_source(hub, source, lambda done, _: seen.append((done, monotonic(), _peak())))
    finally:
        await hub.close()
    closing = [one for one in seen if one[0]]
    return {
        "seconds": monotonic() - begun,
        "documents": report.documents,
        "changed": report.changed,
        "first": _tenth(closing, 0.0),
        "last": _tenth(closing, 0.9),
        "peak_half": next((peak for done, _, peak in closing if done >= closing[-1][0] / 2), _peak()),
        "peak": _peak(),
    }


def _tenth(seen: list[tuple[int, float, int]], start: float) -> float:
    """Seconds per closing document, from this part of them to a tenth further."""
    most = seen[-1][0]
    within = [(done, at) for done, at, _ in seen if start * most <= done <= (start + 0.1) * most]
    return (within[-1][1] - within[0][1]) / (within[-1][0] - within[0][0]) if len(within) > 1 else 0.0


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def bare(settings: Settings, source: str) -> dict[str, Any]:
    """The same requests: each page parsed, each of its documents copied as one jsonb row."""
    return await _copy(settings, source, lambda document: [document])


async def bare_records(settings: Settings, source: str) -> dict[str, Any]:
    """The same, with one jsonb row for each record of the glossary: what a document says of its case, and of each party in it."""
    return await _copy(settings, source, _RECORDS[source])


async def _copy(settings: Settings, source: str, records: Callable[[Any], list[Any]]) -> dict[str, Any]:
    config = load_sources(settings.sources_dir)[source]
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute("DROP TABLE IF EXISTS bench_record; CREATE TABLE bench_record (body jsonb NOT NULL)")
    documents, begun = 0, monotonic()
    async with SourceClient(config) as client:  # for the headers that sign a request; what asks is httpx2 itself
        assert client._signer is not None
        async with httpx2.AsyncClient(base_url=config.base_url, trust_env=False) as http:
            async for found in _PAGES[source](http, config, client._signer.headers):
                rows = [(orjson.dumps(record).decode(),) for document in found for record in records(document)]
                await connection.copy_records_to_table("bench_record", records=rows)
                documents += len(found)
    await connection.close()
    return {"seconds": monotonic() - begun, "documents": documents}


Headers = Callable[[], Awaitable[dict[str, str]]]


async def _permits(http: httpx2.AsyncClient, config: SourceConfig, headers: Headers) -> AsyncIterator[list[Any]]:
    paths = [f"/zaken/api/v1/{name}" for name in _ZGW] + ["/besluiten/api/v1/besluiten", "/zaken/api/v1/zaken"]
    places = asyncio.Semaphore(config.limits.concurrency)

    async def properties(url: str) -> Any:
        async with places:
            return orjson.loads((await http.get(f"{url}/zaakeigenschappen", headers=_CRS | await headers())).content)

    for path in paths:
        url: str | None = f"{path}?pageSize=500"
        while url:
            page = orjson.loads((await http.get(url, headers=_CRS | await headers())).content)
            yield page["results"]
            if path.endswith("/zaken"):
                with_properties = [zaak["url"] for zaak in page["results"] if zaak["eigenschappen"]]
                yield [one for found in await asyncio.gather(*map(properties, with_properties)) for one in found]
            url = page["next"]


async def _enforcement(http: httpx2.AsyncClient, _: SourceConfig, headers: Headers) -> AsyncIterator[list[Any]]:
    cursor: str | None = ""
    while cursor is not None:
        asked = {"limit": "500", **({"cursor": cursor} if cursor else {})}
        page = orjson.loads((await http.get("/api/dossiers", params=asked, headers=await headers())).content)
        yield page["items"]
        cursor = page["nextCursor"]


async def _projects(http: httpx2.AsyncClient, _: SourceConfig, headers: Headers) -> AsyncIterator[list[Any]]:
    url: str | None = "/v2/projects?perPage=200"
    while url:
        answer = await http.get(url, headers=await headers())
        yield orjson.loads(answer.content)
        url = answer.links.get("next", {}).get("url")


def _dossier(document: Any) -> list[Any]:
    return [{**document, "partijen": []}, *document["partijen"]]


def _project(document: Any) -> list[Any]:
    stakeholders = document["stakeholders"]
    contacts = [contact for one in stakeholders for contact in one.get("contactPersons") or []]
    return [{**document, "stakeholders": []}, *({**one, "contactPersons": []} for one in stakeholders), *contacts]


_RECORDS = {"enforcement": _dossier, "projects": _project}  # a document of permits is of one case or one party already
_PAGES = {"permits": _permits, "enforcement": _enforcement, "projects": _projects}

if __name__ == "__main__":
    set_up_logging("WARNING")
    measure = {"ours": ours, "bare": bare, "bare-records": bare_records}[sys.argv[1]]
    sys.stdout.write(orjson.dumps(asyncio.run(measure(Settings.load(), sys.argv[2]))).decode())
