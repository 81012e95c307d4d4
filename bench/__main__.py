"""`python -m bench`: measures, prints a table, writes .relhub/bench.json."""

import argparse
import asyncio
import sys
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench.access import measure_access
from bench.alerts import measure_alerts
from bench.figures import Figure
from bench.growth import measure_many_cases, measure_many_relations, measure_many_relations_full
from bench.load import NotMeasured
from bench.place import measure_place
from bench.pull import measure_pull, measure_pull_full
from bench.stage import stage
from bench.together import measure_fan_out, measure_views_during_a_pull
from bench.told import measure_told
from bench.view import measure_view
from bench.working import measure_working
from relhub.logs import set_up_logging

MEASURES = {
    "view": measure_view,
    "access": measure_access,
    "place": measure_place,
    "many-cases": measure_many_cases,
    "many-relations": measure_many_relations,
    "working": measure_working,
    "told": measure_told,
    "alerts": measure_alerts,
    "fan-out": measure_fan_out,
    "during-a-pull": measure_views_during_a_pull,
    "pull": measure_pull,
}
FULL = {"many-relations": measure_many_relations_full, "pull": measure_pull_full}


async def _measure(names: list[str], folder: Path, *, full: bool) -> list[Figure]:
    figures: list[Figure] = []
    with stage(folder) as prepared:
        for name in names:
            sys.stderr.write(f"measuring {name} …\n")
            figures += await (MEASURES | (FULL if full else {}))[name](prepared)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"what to measure, of {', '.join(MEASURES)}; all of it when left out")
    parser.add_argument("--full", action="store_true", help="with a million relations, and 200 000 relations' worth of pages")
    given = parser.parse_args()
    if unknown := set(given.names) - set(MEASURES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    set_up_logging("WARNING")
    try:
        figures = asyncio.run(_measure(given.names or list(FULL if given.full else MEASURES), Path(".relhub/bench"), full=given.full))
    except NotMeasured as error:
        sys.exit(f"bench: {error}")
    table = Table("figure", "value", "target", "")
    for figure in figures:
        bound = "" if figure.target is None else f"{'at most' if figure.most else 'at least'} {figure.target:g}"
        table.add_row(figure.name, f"{figure.value:.3g} {figure.unit}", bound, "ok" if figure.ok else "MISSED")
    Console().print(table)
    Path(".relhub/bench.json").write_bytes(orjson.dumps([figure.as_json() for figure in figures], option=orjson.OPT_INDENT_2))
    return 0 if all(figure.ok for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
