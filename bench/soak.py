"""`make soak MINUTES=30`: two API processes and two workers on one database, mixed questions, changes, faults and a restart of PostgreSQL.

Ends with exit code 1 when an answer was wrong, a 5xx came outside of the restart, or a process grew.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import psutil

from bench.stage import Stage, environment, free_port, opened, process
from relhub.demo import RunningTown, prepare_town, running_town
from relhub.embedded import postgres
from relhub.logs import set_up_logging
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_all

ASKERS, SECONDS_OF_RESTART, MOST_GROWTH = 6, 12.0, 1.2
FAULTS = ("down", "slow:3", "500", "429", "garbage", "truncated", "loop")
_DESK = {"Authorization": "Bearer demo-permits-desk", "X-Processing-Activity": "permit-handling", "X-Official": "j.jansen"}
_CENTRE = {"Authorization": "Bearer demo-contact-centre", "X-Processing-Activity": "answering-questions", "X-Official": "j.jansen"}
_FOLLOWER = {**_CENTRE, "X-Processing-Activity": "following-changes"}


@dataclass(slots=True)
class Soak:
    """What is known to be true, and what happened."""

    truth: dict[str, tuple[str, str]]  # case ref -> (relation, name)
    parties: dict[str, set[str]]  # case ref -> relations that are in it
    bases: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    restarting_until: float = 0.0

    async def ask(self, client: httpx2.AsyncClient, method: str, path: str, headers: dict[str, str], body: Any, expected: set[int]) -> Any:
        """The answer; None when there is none, which only the restart excuses."""
        begun = time.monotonic()
        try:
            answer = await client.request(method, random.choice(self.bases) + path, headers=headers, json=body)
        except httpx2.TransportError as error:
            self.note(f"{method} {path}: {type(error).__name__}")
            return None
        self.statuses[answer.status_code] += 1
        self.took.append(time.monotonic() - begun)
        if answer.status_code not in expected:
            self.note(f"{method} {path.split('?')[0]}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer.json() if answer.content else None

    def note(self, what: str) -> None:
        if time.monotonic() > self.restarting_until:
            self.wrong.append(what)

    async def once(self, client: httpx2.AsyncClient) -> None:
        """One question, chosen by chance, and whether its answer is right."""
        ref, (relation, name) = random.choice(list(self.truth.items()))
        desk = {**_DESK, "X-Occasion": f"case:{ref}"}
        fresh = {"Cache-Control": "max-age=0"} if random.random() < 0.02 else {}
        match random.randrange(10):
            case 0 | 1 | 2:
                self.right(await self.ask(client, "POST", "/v1/relations/_lookup", desk | fresh, {"case": ref}, {200}), relation, name)
            case 3 | 4:
                self.right(await self.ask(client, "GET", f"/v1/relations/{relation}?include=origins", desk, None, {200}), relation, name)
            case 5:
                part = random.choice(("cases", "timeline", "source-records", "history"))
                await self.ask(client, "GET", f"/v1/relations/{relation}/{part}", desk, None, {200})
            case 6:
                other = random.choice([found for found, _ in self.truth.values() if found != relation])
                await self.ask(client, "GET", f"/v1/relations/{other}", desk, None, {403} | ({200} if self.shared(ref, other) else set()))
            case 7:
                found = await self.ask(client, "POST", "/v1/relations/_search", _CENTRE, {"name": name, "birthDate": "1900-01-01"}, {200})
                if found and found["results"]:
                    self.note("a search by a birth date that nobody has found somebody")
            case 8:
                await self.ask(client, "GET", "/v1/events?limit=50", _FOLLOWER, None, {200})
            case _:
                await self.ask(client, "POST", "/v1/relations/_lookup", desk, {"case": 7, "colour": "red"}, {400})

    def right(self, view: Any, relation: str, name: str) -> None:
        if view and (view["id"] != relation or view["party"]["name"]["display"] != name):
            self.note(
                f"the view of {relation} is of {view['id']}, and of another name"
                if view["id"] != relation
                else f"another name for {relation}"
            )

    def shared(self, ref: str, relation: str) -> bool:
        return relation in self.parties.get(ref, set())


async def _askers(soak: Soak, until: float) -> None:
    async def asker() -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
            while time.monotonic() < until:
                await soak.once(client)
                await asyncio.sleep(random.uniform(0, 0.02))

    await asyncio.gather(*(asker() for _ in range(ASKERS)))


async def _trouble(town: RunningTown, until: float) -> None:
    """Dossiers that change, and now and then a system that misbehaves for a while."""
    numbers = [dossier["dossierNr"] for dossier in town.items("enforcement")]
    turn = 0
    while time.monotonic() < until:
        turn += 1
        dossier = town.get("enforcement", random.choice(numbers))
        town.put("enforcement", {**dossier, "omschrijving": f"Gewijzigd, {turn}"})
        if turn % 8 == 0:
            town.set_fault(random.choice(("permits", "enforcement", "projects")), random.choice(FAULTS))
        elif turn % 8 == 4:
            for system in ("permits", "enforcement", "projects"):
                town.set_fault(system, None)
        await asyncio.sleep(4)


async def _memory(processes: dict[str, int], until: float) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in processes}
    while time.monotonic() < until:
        for name, pid in processes.items():
            found[name].append(psutil.Process(pid).memory_info().rss / 1e6)
        await asyncio.sleep(5)
    return found


async def _restart(soak: Soak, database: contextlib.ExitStack, folder: Path, settings: dict[str, str], after: float) -> None:
    await asyncio.sleep(after)
    soak.restarting_until = time.monotonic() + SECONDS_OF_RESTART
    await asyncio.to_thread(database.close)
    await asyncio.sleep(2)
    database.enter_context(postgres(folder / "pg", settings))


async def soak(minutes: float, folder: Path) -> int:
    port = free_port()
    options = {"port": str(port), "shared_buffers": "256MB"}
    with contextlib.ExitStack() as database:
        server = database.enter_context(postgres(folder / "pg", options))
        stage = Stage(folder, type(server)(port, server.password))
        async with running_town(prepare_town(folder / "town-400", 400), {}) as town, contextlib.AsyncExitStack() as running:
            every_minute = {'schedule = "*/15 * * * *"': 'schedule = "* * * * *"', 'schedule = "*/30 * * * *"': 'schedule = "* * * * *"'}
            settings = stage.settings(
                await stage.database("soak"), town.urls, every_minute | {'schedule = "0 * * * *"': 'schedule = "* * * * *"'}
            )
            async with opened(settings) as hub:
                await pull_all(hub)
                test = await _truth(hub)
            processes: dict[str, int] = {}
            for number in (1, 2):
                at = free_port()
                given = environment(settings) | {"RELHUB_PORT": str(at)}
                serving = process([sys.executable, "-m", "relhub.cli", "serve"], given, f"http://127.0.0.1:{at}/health/ready")
                processes[f"api {number}"] = (await running.enter_async_context(serving)).pid
                test.bases.append(f"http://127.0.0.1:{at}")
                inside = free_port()
                given = environment(settings) | {"RELHUB_INTERNAL_PORT": str(inside)}
                working = process([sys.executable, "-m", "relhub.cli", "worker"], given, f"http://127.0.0.1:{inside}/metrics")
                processes[f"worker {number}"] = (await running.enter_async_context(working)).pid
            until = time.monotonic() + minutes * 60
            measured = asyncio.create_task(_memory(processes, until))
            await asyncio.gather(
                _askers(test, until), _trouble(town, until), measured, _restart(test, database, folder, options, minutes * 30)
            )
            return _report(test, measured.result())


async def _truth(hub: Hub) -> Soak:
    """Open permits of the desk's department: whose they are, under which name, and who else is in them."""
    async with hub.database.begin() as store:
        rows = await store.driver.fetch(
            """
            SELECT 'permits/' || c.case_id ref, p.relation_id, p.display, i.position FROM case_record c JOIN involvement i ON i.case_id = c.id
            JOIN party_record p ON p.id = i.party_id WHERE c.source = 'permits' AND c.open AND 'Vergunningen' = ANY(c.departments) AND c.capacity = 'licensing'
                AND (SELECT count(DISTINCT o.display) FROM party_record o WHERE o.relation_id = p.relation_id) = 1 ORDER BY 1, i.position
            """
        )
        everyone = await store.driver.fetch(
            "SELECT 'permits/' || c.case_id ref, i.relation_id FROM case_record c JOIN involvement i ON i.case_id = c.id WHERE c.source = 'permits'"
        )
    truth = {row["ref"]: (row["relation_id"], row["display"]) for row in rows if row["position"] == 0}
    parties: dict[str, set[str]] = {}
    for row in everyone:
        parties.setdefault(row["ref"], set()).add(row["relation_id"])
    return Soak(truth, parties)


def _report(test: Soak, memory: dict[str, list[float]]) -> int:
    slow = sorted(test.took)
    say = sys.stdout.write
    say(
        f"{len(slow)} questions: {dict(sorted(test.statuses.items()))}; p50 {median(slow) * 1000:.0f} ms, p99 {slow[int(len(slow) * 0.99)] * 1000:.0f} ms\n"
    )
    grown = False
    for name, values in memory.items():
        third = len(values) // 3
        early, late = median(values[third : 2 * third]), median(values[2 * third :])
        grown |= late > early * MOST_GROWTH
        say(f"{name}: {values[0]:.0f} MB at first, {early:.0f} in the middle, {late:.0f} at the end\n")
    for what, times in Counter(test.wrong).most_common(20):
        say(f"WRONG, {times} times: {what}\n")
    say("nothing wrong\n" if not test.wrong and not grown else "")
    return 1 if test.wrong or grown else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    given = parser.parse_args()
    set_up_logging("WARNING")
    return asyncio.run(soak(given.minutes, Path(".relhub/soak")))


if __name__ == "__main__":
    sys.exit(main())
