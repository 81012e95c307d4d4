"""wrk: requests per second, and how long the slowest ones took."""

import asyncio
import re
import shutil
from collections.abc import Mapping

CONNECTIONS = 8
_LATENCY = re.compile(r"\s99%\s+([0-9.]+)(us|ms|s)")
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class NotMeasured(Exception):
    """Something is missing or went wrong, in one line."""


async def wrk(url: str, headers: Mapping[str, str], seconds: float = 5) -> tuple[float, float]:
    """(requests per second, p99 in ms) of one address. Raises NotMeasured when an answer was not 2xx."""
    if not shutil.which("wrk"):
        raise NotMeasured("wrk is needed: apt-get install wrk")
    sent = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--latency", *sent, url]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said = (await process.communicate())[0].decode()
    rate, slowest = _RATE.search(said), _LATENCY.search(said)
    if rate is None or slowest is None or "Non-2xx" in said or "Socket errors" in said:
        raise NotMeasured(f"wrk on {url}: {' '.join(said.split())}")
    return float(rate[1]), float(slowest[1]) * _MILLISECONDS[slowest[2]]
