"""The ingress: the FastAPI application of one replica, put together from its rooms."""

import logging
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from ray.serve.handle import DeploymentHandle
from starlette.exceptions import HTTPException

from maskray import __version__
from maskray.quiet import keep_quiet
from serve_app import page, problems, redact, reviews, status, stow, stream
from serve_app.config import Args
from serve_app.guard import Guard
from serve_app.service import Service


def make_http(behind: Service) -> FastAPI:
    """The ASGI application."""
    http = FastAPI(
        title="maskray",
        version=__version__,
        summary="De-identifies medical images: header and burned-in text.",
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    http.state.service = behind
    http.add_exception_handler(problems.Problem, problems.on_problem)
    http.add_exception_handler(problems.NotReleased, problems.on_not_released)
    http.add_exception_handler(RequestValidationError, problems.on_invalid)
    http.add_exception_handler(HTTPException, problems.on_http)
    http.add_middleware(Guard)
    for room in (status, redact, stream, stow, reviews, page):
        http.include_router(room.routes)
    _complete_openapi(http)
    return http


def _complete_openapi(http: FastAPI) -> None:
    """Adds the schemas of what FastAPI does not read or write itself."""
    made = http.openapi()
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for model in (problems.ProblemBody, reviews.Decision):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    http.openapi_schema = made


class Ingress:
    """HTTP. The application is made within the replica: nothing of it is pickled."""

    def __init__(
        self,
        args: Args,
        reader: DeploymentHandle[Any],
        redactor: DeploymentHandle[Any],
        shelf: DeploymentHandle[Any],
    ) -> None:
        keep_quiet()
        logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
        self._service = Service(args, reader, redactor, shelf)

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Called by Serve after the constructor."""
        return make_http(self._service)

    def check_health(self) -> None:
        """Called by Serve; an answer means that the event loop is alive."""
