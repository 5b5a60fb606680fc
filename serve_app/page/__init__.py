"""The page ``/``: static files, served under a strict policy. No build step."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from fastapi.responses import Response

from serve_app.guard import PAGE_CSP
from serve_app.problems import Problem

routes = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).parent
_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "viewer.js": "text/javascript; charset=utf-8",
}
_FILES = {name: (_FOLDER / name).read_bytes() for name in _TYPES}


@routes.get("/")
async def index() -> Response:
    """The page itself holds nothing: what it shows comes from the routes beside it."""
    return await file("index.html")


@routes.get("/page/{name}")
async def file(name: Annotated[str, InPath(max_length=40)]) -> Response:
    """One of its files."""
    if name not in _FILES:
        raise Problem("not_found")
    headers = {"content-security-policy": PAGE_CSP, "cache-control": "no-cache"}
    return Response(_FILES[name], media_type=_TYPES[name], headers=headers)
