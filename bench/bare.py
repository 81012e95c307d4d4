"""What the view is measured against: one stored document by its key, and one log row, in one transaction. Nothing else."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@asynccontextmanager
async def _pool(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=10, max_size=10) as pool:
        app.state.pool = pool
        yield


async def _document(request: Request) -> Response:
    key = request.path_params["key"]
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        body = await connection.fetchval("SELECT body FROM bench_document WHERE key = $1", key)
        await connection.execute("INSERT INTO bench_log (who, why, key) VALUES ($1, $2, $3)", "bench", request.headers["x-occasion"], key)
    return Response(body, media_type="application/json")


app = Starlette(routes=[Route("/v1/relations/{key}", _document)], lifespan=_pool)

TABLES = """
DROP TABLE IF EXISTS bench_document, bench_log;
CREATE TABLE bench_document (key text PRIMARY KEY, body bytea NOT NULL);
CREATE TABLE bench_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), who text, why text, key text);
"""
