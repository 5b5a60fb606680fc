"""Online redaction on Ray Serve: one request, one instance.

The first slice: an ingress and replicas that run all steps of one instance. It answers
on this machine only, because it knows no tokens yet.

::

    serve run serve_app.app:build
    curl --data-binary @image.dcm -o redacted.dcm 127.0.0.1:8000/v1/redact
"""

import os
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from ray.serve.handle import DeploymentHandle

from maskray import Engines, Key, Outcome, Settings, __version__, deidentify
from maskray.errors import ConfigError
from maskray.open import Kind

MEDIA_TYPES = {
    Kind.DICOM: "application/dicom",
    Kind.PNG: "image/png",
    Kind.JPEG: "image/jpeg",
}
http = FastAPI(title="maskray", version=__version__)


class Args(BaseModel):
    """Arguments of :func:`build`: ``serve run serve_app.app:build replicas=4``."""

    model_config = ConfigDict(extra="forbid")

    replicas: int = Field(default=1, ge=1)
    """Replicas that hold the models."""
    max_body_bytes: int = Field(default=512 * 2**20, ge=1)
    """Larger requests are refused while they are read."""
    max_queued: int = Field(default=16, ge=1)
    """Requests that may wait for a replica; further ones get 503."""


@serve.deployment(max_ongoing_requests=1, health_check_period_s=10)
class Redactor:
    """Holds the models of one replica; :func:`maskray.deidentify` behind a handle."""

    def __init__(self, key: Key, settings: Settings) -> None:
        self._key = key
        self._settings = settings
        self._engines = Engines.load(settings)

    def __call__(self, data: bytes) -> Outcome:
        """De-identifies one instance."""
        return deidentify(data, self._key, self._settings, self._engines)


# Before the ingress: Serve pickles what that class refers to when it is decorated.
def _problem(status: int, code: str, detail: str, **more: str) -> JSONResponse:
    return JSONResponse(
        {"type": "about:blank", "status": status, "code": code, "detail": detail, **more},
        status,
        media_type="application/problem+json",
    )


@serve.deployment(max_ongoing_requests=64)
@serve.ingress(http)
class Ingress:
    """HTTP. Errors are problems (RFC 9457) that quote nothing of the request."""

    def __init__(self, redactor: DeploymentHandle[Any], max_body_bytes: int) -> None:
        self._redactor = redactor
        self._most = max_body_bytes

    @http.get("/healthz")
    def health(self) -> dict[str, str]:
        """Whether the service answers."""
        return {"status": "ok"}

    @http.post("/v1/redact")
    async def redact(self, request: Request) -> Response:
        """DICOM, PNG or JPEG in; the same out, or 422 and no pixels."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._most:
                return _problem(413, "too_large", "The body is larger than allowed.")
        try:
            outcome: Outcome = await self._redactor.remote(bytes(body))
        except serve.exceptions.BackPressureError:
            refused = _problem(503, "overloaded", "Too many requests are waiting.")
            refused.headers["Retry-After"] = "5"
            return refused
        if outcome.data is None or outcome.kind is None or not outcome.verdict.releasable:
            return _problem(
                422,
                outcome.error_code or "not_released",
                "The instance cannot be released.",
                verdict=outcome.verdict.value,
            )
        return Response(
            outcome.data,
            media_type=MEDIA_TYPES[outcome.kind],
            headers={
                "Maskray-Verdict": outcome.verdict.value,
                "Maskray-Regions": str(len(outcome.regions)),
                "Cache-Control": "no-store",
            },
        )


def build(args: Args) -> serve.Application:
    """The deployment graph: ingress → redactor replicas.

    Raises:
        ConfigError: If ``MASKRAY_KEY`` is not set or too short.
    """
    try:
        key = Key(os.environ.get("MASKRAY_KEY", "").encode())
    except ValueError as error:
        raise ConfigError(f"MASKRAY_KEY: {error}") from None
    redactor = Redactor.options(  # type: ignore[attr-defined]
        num_replicas=args.replicas, max_queued_requests=args.max_queued
    ).bind(key, Settings())
    app: serve.Application = Ingress.bind(redactor, args.max_body_bytes)  # type: ignore[attr-defined]
    return app
