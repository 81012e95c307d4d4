"""Pulls, source by source, against a bare loop that parses the same pages and copies one jsonb row per document, or one per record."""

import asyncio
import os
import sys
from statistics import median
from typing import Any

import orjson

from bench.figures import ROUNDS, Figure, ratio
from bench.load import NotMeasured
from bench.stage import Stage, environment
from relhub.config.settings import Settings

SOURCES = ("enforcement", "permits", "projects")
OF_MANY_RECORDS = ("enforcement", "projects")
SLOWER, UNCHANGED, GROWTH, MEGABYTES, FLAT = 8.0, 0.4, 1.3, 400.0, 1.15


async def measure_pull(stage: Stage) -> list[Figure]:
    """A town of 3 000 relations, five rounds."""
    return await _measure(stage, 3_000, ROUNDS)


async def measure_pull_full(stage: Stage) -> list[Figure]:
    """200 000 relations' worth of pages, once."""
    return await _measure(stage, 200_000, 1)


async def _measure(stage: Stage, relations: int, rounds: int) -> list[Figure]:
    found: dict[str, list[dict[str, Any]]] = {
        f"{kind} {source}": [] for kind in ("first", "bare", "records", "again") for source in SOURCES
    }
    async with stage.town(relations) as urls:
        for _ in range(rounds):
            settings = stage.settings(await stage.database("pull"), urls)
            for source in SOURCES:
                found[f"bare {source}"].append(await pulling("bare", settings, source))
                if source in OF_MANY_RECORDS:
                    found[f"records {source}"].append(await pulling("bare-records", settings, source))
                found[f"first {source}"].append(await pulling("ours", settings, source))
            for source in SOURCES:
                found[f"again {source}"].append(await pulling("ours", settings, source))
    return [
        figure
        for source in SOURCES
        for figure in _figures(source, *(found[f"{kind} {source}"] for kind in ("first", "bare", "records", "again")))
    ]


Runs = list[dict[str, Any]]


def _figures(source: str, first: Runs, bare: Runs, records: Runs, again: Runs) -> list[Figure]:
    if any(one["changed"] for one in again):
        raise NotMeasured(f"an unchanged pull of {source} found changes")
    seconds = [[one["seconds"] for one in runs] for runs in (first, bare, records, again)]
    figures = [
        Figure(f"pull {source}: time, as a multiple of the bare loop's", ratio(seconds[0], seconds[1]), SLOWER, most=True),
        Figure(f"unchanged pull {source}: time, as a part of the first pull's", ratio(seconds[3], seconds[0]), UNCHANGED, most=True),
        Figure(f"pull {source}: documents per second", median(one["documents"] / one["seconds"] for one in first), unit="1/s"),
        Figure(f"pull {source}: most memory", max(one["peak"] for one in first), MEGABYTES, "MB", most=True),
        Figure(
            f"pull {source}: memory at the end, against half-way", max(one["peak"] / one["peak_half"] for one in first), FLAT, most=True
        ),
    ]
    if records:
        times = ratio(seconds[0], seconds[2])
        figures.insert(1, Figure(f"pull {source}: the same, of a bare loop with one row per record", times, SLOWER, most=True))
    if all(one["first"] and one["last"] for one in first):
        growth = median(one["last"] / one["first"] for one in first)
        figures.append(Figure(f"pull {source}: time of the last tenth, against the first", growth, GROWTH, most=True))
    return figures


async def pulling(kind: str, settings: Settings, source: str) -> dict[str, Any]:
    """One pull in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.pulling", kind, source),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, **environment(settings)},
    )
    try:
        said = (await process.communicate())[0]
    finally:
        if process.returncode is None:  # called off
            process.kill()
            await process.wait()
    if process.returncode:
        raise NotMeasured(f"a pull of {source} ({kind}) failed")
    found: dict[str, Any] = orjson.loads(said)
    return found
