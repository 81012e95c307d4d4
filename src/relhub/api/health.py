"""/health: for whatever keeps this process running. Open to all, and says nothing about anything else."""

from fastapi import APIRouter, Request, Response

from relhub.services.check_ready import check_ready

router = APIRouter(prefix="/health", include_in_schema=False)


@router.get("/live")
async def live(request: Request) -> Response:
    """200 as long as the process answers at all."""
    request.state.route = "/health/live"
    return Response(b'{"status":"live"}', media_type="application/json")


@router.get("/ready")
async def ready(request: Request) -> Response:
    """200 when the database can be used and is migrated, else 503. Never depends on a source."""
    request.state.route = "/health/ready"
    await check_ready(request.app.state.hub)
    return Response(b'{"status":"ready"}', media_type="application/json")
