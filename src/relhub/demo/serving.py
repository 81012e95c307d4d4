"""The three systems, served over HTTP on loopback from a prepared town."""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import uvicorn

from relhub.demo.enforcement import Enforcement
from relhub.demo.faults import Fault, Faults, parse_fault
from relhub.demo.ids import DOSSIERS, PROJECTS
from relhub.demo.permit_catalogue import HOST, UUIDS
from relhub.demo.permits import Permits, uuid_of
from relhub.demo.projects import Projects
from relhub.demo.store import Collection, Prepared

SYSTEMS = ("permits", "enforcement", "projects")
SECONDS_TO_END = 1  # a request that hangs in a fault does not keep the town alive


class RunningTown:
    """The systems, with their base URLs, and what tests may do to them while they run."""

    def __init__(self, directory: Path) -> None:
        made = directory / "collections"
        self.urls: dict[str, str] = {}
        zgw = {name: Collection(Prepared(made, name), uuids.number) for name, uuids in UUIDS.items()}
        dossiers = Collection(Prepared(made, "dossiers"), DOSSIERS.number)
        projects = Collection(Prepared(made, "projects"), PROJECTS.number)
        self._collections = {**zgw, "dossiers": dossiers, "projects": projects}
        self._projects = Projects(projects)
        systems = {
            "permits": Permits(zgw, (made / "zaken.types").read_bytes()).app,
            "enforcement": Enforcement(dossiers).app,
            "projects": self._projects.app,
        }
        self.apps = {name: Faults(app) for name, app in systems.items()}

    def set_fault(self, system: str, fault: str | None, *, times: int | None = None, only: str = "") -> None:
        """From now on the system misbehaves so (None: no longer); for so many requests, and only on paths that contain `only`."""
        chosen: Fault | None = parse_fault(fault) if fault else None
        if chosen:
            chosen.times, chosen.only = times, only
        self.apps[system].fault = chosen

    def requests(self, system: str) -> Counter[str]:
        """How often each "METHOD /path" was asked."""
        return self.apps[system].requests

    def forget_tokens(self) -> None:
        """The project system no longer accepts the tokens that it gave out."""
        self._projects.forget_tokens()

    def get(self, system: str, identity: str, collection: str = "zaken") -> dict[str, Any]:
        """One item as it is served now. KeyError when it is not there."""
        line = self._collection(system, collection).get(identity)
        if line is None:
            raise KeyError(identity)
        found: dict[str, Any] = orjson.loads(line.replace(HOST.encode(), self.urls[system].encode()))
        return found

    def items(self, system: str, collection: str = "zaken") -> Iterator[dict[str, Any]]:
        """All items as they are served now."""
        for document in self._collection(system, collection).documents():
            yield orjson.loads(orjson.dumps(document).replace(HOST.encode(), self.urls[system].encode()))

    def put(self, system: str, item: dict[str, Any], collection: str = "zaken") -> None:
        """Replaces an item by its id, or adds it at the end."""
        identity = {"enforcement": "dossierNr", "projects": "id"}.get(system)
        self._collection(system, collection).put(item[identity] if identity else uuid_of(item), item)

    def remove(self, system: str, identity: str, collection: str = "zaken") -> None:
        """The item answers 404 and is no longer in lists. KeyError when it never was there."""
        self._collection(system, collection).remove(identity)

    def _collection(self, system: str, collection: str) -> Collection:
        return self._collections[{"enforcement": "dossiers", "projects": "projects"}.get(system, collection)]


class _Server(uvicorn.Server):
    """A server that leaves the signals to whoever started it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listening(port: int) -> socket.socket:
    # The protocol is named because asyncio switches delayed sending (Nagle) off only then: 40 ms per small answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError:
        listening.close()
        raise
    return listening


def _server(app: Faults) -> _Server:
    return _Server(uvicorn.Config(
        app, lifespan="off", access_log=False, log_config=None, proxy_headers=False, server_header=False, timeout_keep_alive=65,
        timeout_graceful_shutdown=SECONDS_TO_END, ws="none",
    ))  # fmt: skip


@contextlib.asynccontextmanager
async def running_town(directory: Path, ports: Mapping[str, int] | None = None) -> AsyncIterator[RunningTown]:
    """The town, served in this event loop until the block ends. OSError when a port is taken; port 0 is any free one."""
    town, sockets = RunningTown(directory), {}
    with contextlib.ExitStack() as opened:
        for name in SYSTEMS:
            sockets[name] = opened.enter_context(_listening((ports or {}).get(name, 0)))
            town.urls[name] = f"http://127.0.0.1:{sockets[name].getsockname()[1]}"
        servers = {name: _server(town.apps[name]) for name in SYSTEMS}
        tasks = [asyncio.create_task(servers[name].serve([sockets[name]])) for name in SYSTEMS]
        try:
            while not all(server.started for server in servers.values()):
                if failed := next((task for task in tasks if task.done()), None):
                    failed.result()
                    raise RuntimeError("a demo system ended before it was ready")
                await asyncio.sleep(0.005)
            yield town
        finally:
            for server in servers.values():
                server.should_exit = True
            await asyncio.gather(*tasks, return_exceptions=True)


async def serve_town(
    directory: Path, ports: Mapping[str, int], faults: Mapping[str, str], ready: Callable[[Mapping[str, str]], None] | None = None
) -> None:
    """Serves the town until cancelled, with these faults from the start; `ready` gets the base URL of each system."""
    unknown = (set(ports) | set(faults)) - set(SYSTEMS)
    if unknown:
        raise ValueError(f"unknown system: {', '.join(sorted(unknown))} (there are {', '.join(SYSTEMS)})")
    async with running_town(directory, ports) as town:
        for system, fault in faults.items():
            town.set_fault(system, fault)
        if ready:
            ready(town.urls)
        await asyncio.Event().wait()
