"""The internal port: health and metrics, for operators and what watches for them. Has no keys, so it never faces outward."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import orjson
import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from relhub.api import errors, health
from relhub.errors import ConfigurationError
from relhub.services.hub import Hub
from relhub.services.list_sources import describe_sources
from relhub.services.watch_sources import watch_sources
from relhub.tracing import NOT_THE_FRAMEWORKS

router = APIRouter(include_in_schema=False)


@router.get("/health/sources")
async def source_health(request: Request) -> Response:
    """How each source is doing, as GET /v1/sources says it."""
    return Response(orjson.dumps({"results": await describe_sources(request.app.state.hub)}), media_type="application/json")


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """For Prometheus. Answers without a database too, and says so."""
    await watch_sources(request.app.state.hub)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def internal_app(hub: Hub) -> FastAPI:
    """The application of the internal port."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, telemetry=NOT_THE_FRAMEWORKS)
    app.state.hub = hub
    app.include_router(health.router)
    app.include_router(router)
    errors.install(app)
    return app


class ApiServer(uvicorn.Server):
    """Serves the API. When it is to end it first tells those who follow events: their answers have no end of their own."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        hub: Hub | None = getattr(self.config.app.state, "hub", None)  # type: ignore[union-attr]  # an application, not its name
        if hub:
            hub.events.end()
        await super().shutdown(sockets)


class QuietServer(uvicorn.Server):
    """A server that leaves the signals to whoever started it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: FastAPI, host: str, port: int) -> AsyncIterator[None]:
    """Serves the application beside whatever else runs, until the block ends. Raises ConfigurationError when the port can't be had."""
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigurationError(f"port {port} of {host} can't be used ({error.strerror}): see RELHUB_INTERNAL_PORT") from None
    server = QuietServer(
        uvicorn.Config(app, access_log=False, log_config=None, server_header=False, lifespan="off", timeout_graceful_shutdown=1)
    )
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
