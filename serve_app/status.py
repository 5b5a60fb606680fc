"""``/healthz`` and ``/readyz``: for load balancers, without a token."""

from fastapi import APIRouter
from pydantic import BaseModel

from serve_app import problems
from serve_app.dependencies import TheService

routes = APIRouter(tags=["status"])


class Status(BaseModel):
    """That the service is there."""

    status: str = "ok"


@routes.get("/healthz", summary="Whether this ingress answers")
async def healthz() -> Status:
    """Says nothing about the models; see ``/readyz``."""
    return Status()


@routes.get(
    "/readyz", summary="Whether models are loaded", responses=problems.described(503)
)
async def readyz(service: TheService) -> Status:
    """503 until a replica of every deployment answers."""
    await service.ready()
    return Status()
