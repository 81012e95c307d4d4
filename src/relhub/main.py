"""Puts the parts together: settings in, an application out."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from relhub import tracing
from relhub.api import (
    alerts,
    cases,
    consultation_log,
    docs,
    document,
    entries,
    errors,
    events,
    exports,
    health,
    internal,
    managers,
    places,
    projects,
    relation_parts,
    relations,
    sources,
    subject_requests,
    subscriptions,
)
from relhub.api.middleware import BodyLimit, Observe
from relhub.api.proxies import Proxies
from relhub.config.access_rules import check_consumers
from relhub.config.settings import Settings
from relhub.config.watch import Watched, watch
from relhub.console.serve import routes as console_routes
from relhub.services.authenticate import Authentication
from relhub.services.hub import Hub

_ROUTERS = (
    relations.router,
    relation_parts.router,
    managers.router,
    entries.router,
    alerts.router,
    subject_requests.router,
    consultation_log.router,
    cases.router,
    places.router,
    projects.router,
    events.router,
    subscriptions.router,
    exports.router,
    sources.router,
    health.router,
    docs.router,
)


def create_app(settings: Settings) -> FastAPI:
    """The application. Raises ConfigurationError for the consumers file; the rest of the configuration is read when it starts."""
    consumers = Watched(settings.consumers)
    authentication = Authentication(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        rules = Watched(settings.access_rules)  # before it is read
        alerts_file = Watched(settings.alerts) if settings.alerts else None
        hub = await Hub.open(settings, settings.statement_timeout)
        app.state.hub = hub
        try:
            check_consumers(hub.access.rules, authentication.consumers)
            files = {consumers: authentication.read, rules: lambda: hub.read_access_rules(rules.path)}
            if alerts_file:
                files[alerts_file] = lambda: hub.read_alert_rules(alerts_file.path)
            beside = (watch(files), authentication.follow())
            async with internal_server(hub, settings), traces(settings), running(*beside):
                yield
        finally:
            await hub.close()

    app = FastAPI(
        title="relhub",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry=tracing.NOT_THE_FRAMEWORKS,
    )
    app.state.authentication, app.state.proxies = authentication, Proxies(settings.trusted_proxies, settings.client_oin_header)
    for router in _ROUTERS:
        app.router.routes.extend(router.routes)  # as they are: include_router would pass Route.app by (ADR 0005)
    app.router.routes.extend(console_routes(app, settings))
    errors.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Observe)  # added last: outermost
    return app


@asynccontextmanager
async def running(*endless: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """These run until the block ends."""
    tasks = [asyncio.create_task(one) for one in endless]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def internal_server(hub: Hub, settings: Settings) -> AsyncIterator[None]:
    """The internal port is served until the block ends, when the settings name one."""
    if settings.internal_port is None:
        yield
        return
    async with internal.serving(internal.internal_app(hub), settings.internal_host, settings.internal_port):
        yield


@asynccontextmanager
async def traces(settings: Settings) -> AsyncIterator[None]:
    """Traces are sent until the block ends, when the settings say where to. Raises ConfigurationError when that can't be."""
    stop = tracing.start(settings.otlp_endpoint)
    try:
        yield
    finally:
        await asyncio.to_thread(stop)


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document, as committed in openapi/relhub.json. Needs no database and no settings."""
    return document.openapi_document()
