"""``/v1/redact/stream``: many files in, events out while they are worked at.

Files are named by their place in the request, counted from 0; members of a zip archive
by their place in its directory, folders left out. Names are not repeated: they identify.
"""

import asyncio
import base64
import contextlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.types import Receive, Scope, Send

from maskray import Outcome, Verdict
from serve_app import batch, bodies, media, problems
from serve_app import config as configured
from serve_app.batch import File
from serve_app.dependencies import TheCaller, TheService
from serve_app.problems import Problem
from serve_app.redact import Detectors, Policy
from serve_app.replicas import Choice
from serve_app.service import Service
from serve_app.shelf import Result

routes = APIRouter(prefix="/v1", tags=["many files"])

_BINARY = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A form with files, or a zip archive.",
        "content": {
            media.ZIP: {"schema": _BINARY},
            media.FORM: {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "array", "items": _BINARY}},
                }
            },
        },
    }
}
_EXAMPLE = "\n".join(
    json.dumps(each)
    for each in (
        {"event": "accepted", "files": 1},
        {"event": "frame", "file": 0, "frame": 0},
        {"event": "file", "file": 0, "verdict": "REDACTED", "regions": 3, "frames": 1}
        | {"frames_masked": 1, "media_type": media.DICOM, "result": "/v1/results/x1"},
        {"event": "done", "released": 1, "review": 0, "failed": 0},
    )
)


@routes.post(
    "/redact/stream",
    summary="De-identify many files",
    response_class=Response,
    openapi_extra=_BODY,
    responses={
        200: {
            "description": "Newline-delimited JSON: `accepted`, a `frame` for each frame "
            "that is looked at, a `file` for each file, `done`. Without `done` the answer "
            "is not complete.",
            "content": {media.NDJSON: {"schema": {"type": "string"}, "example": _EXAMPLE}},
        },
        **problems.described(400, 401, 403, 413, 415, 503),
    },
)
async def stream(
    request: Request,
    service: TheService,
    caller: TheCaller,
    policy: Policy = None,
    detector: Detectors = None,
    inline: Annotated[
        bool, Query(description="Put results into the events, in base64.")
    ] = False,
) -> Response:
    """Whoever closes the connection ends the work."""
    caller.require(configured.Scope.REDACT)
    choice = service.choice(policy, detector)
    with contextlib.ExitStack() as stack:
        held = stack.enter_context(
            service.admission.body(bodies.announced(request, service.limits))
        )
        files = await batch.files_of(request, service, held)
        events = Events(service, files, choice, caller.name, inline)
        events.stack = stack.pop_all()
        return events


class Events(Response):
    """The answer: works the files off while it is sent."""

    media_type = media.NDJSON

    def __init__(
        self,
        service: Service,
        files: list[File],
        choice: Choice,
        owner: str,
        inline: bool,
    ) -> None:
        super().__init__()
        del self.headers["content-length"]
        self.stack = contextlib.ExitStack()
        self._service, self._files, self._choice = service, files, choice
        self._owner, self._inline = owner, inline
        self._queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_MOST_WAITING)
        self._counts = dict.fromkeys(("released", "review", "failed"), 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the events; ends the work when the client goes away."""
        with self.stack:
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": self.raw_headers,
                }
            )
            working = asyncio.create_task(self._work())
            gone = asyncio.create_task(_gone(receive, working))
            try:
                while (event := await self._queue.get()) is not None:
                    line = json.dumps(event).encode() + b"\n"
                    await send(
                        {"type": "http.response.body", "body": line, "more_body": True}
                    )
                await working  # raises what broke it off: then the answer has no end
                await send({"type": "http.response.body", "body": b""})
            finally:
                gone.cancel()
                working.cancel()

    async def _work(self) -> None:
        try:
            await self._queue.put({"event": "accepted", "files": len(self._files)})
            await batch.work_off(
                self._files, self._service.limits.max_files_at_once, self._one
            )
            await self._queue.put({"event": "done", **self._counts})
            await self._queue.put(None)
        except BaseException:
            while self._queue.full():
                self._queue.get_nowait()
            self._queue.put_nowait(None)
            raise

    async def _one(self, index: int, file: File) -> None:
        async def on_frame(frame: int) -> None:
            await self._queue.put({"event": "frame", "file": index, "frame": frame})

        try:
            async with file.opened(self._service.admission) as data:
                if file.media_type in media.SINGLE - {media.OCTETS}:
                    media.must_match(file.media_type, data)
                outcome = await self._service.deidentify(
                    data, self._choice, waits=True, on_frame=on_frame
                )
        except Problem as problem:
            outcome = Outcome(Verdict.FAILED, problem.code)
        event = await self._event(outcome)
        await self._queue.put({"event": "file", "file": index, **event})

    async def _event(self, outcome: Outcome) -> dict[str, Any]:
        verdict = outcome.verdict
        if not verdict.releasable or outcome.data is None or outcome.kind is None:
            kind = "review" if verdict is Verdict.REVIEW else "failed"
            self._counts[kind] += 1
            code = outcome.error_code or "not_released"
            return {"verdict": verdict.value, "code": code, "stage": outcome.stage}
        media_type = media.TYPES[outcome.kind]
        event = {
            "verdict": verdict.value,
            "regions": len(outcome.regions),
            "frames": outcome.facts.get("frames", 1),
            "frames_masked": len({i for each in outcome.regions for i in each.frames}),
            "media_type": media_type,
        }
        self._counts["released"] += 1
        if self._inline:
            return event | {"data": base64.b64encode(outcome.data).decode()}
        name = await self._service.shelf.put.remote(
            self._owner, len(outcome.data), Result(media_type, outcome.data)
        )
        if name is None:
            return event | {"result": None, "code": "overloaded"}
        return event | {"result": f"/v1/results/{name}"}


_MOST_WAITING = 64
"""Events that wait for a slow client; then the work waits too."""


async def _gone(receive: Receive, working: "asyncio.Task[None]") -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    working.cancel()


Id = Annotated[str, Path(max_length=64, description="As the event gave it.")]


@routes.get(
    "/results/{name}",
    summary="Fetch a result",
    response_class=Response,
    responses={
        200: {
            "description": "The de-identified file.",
            "content": {kind: {"schema": _BINARY} for kind in media.TYPES.values()},
        },
        **problems.described(401, 403, 404),
    },
)
async def result(service: TheService, caller: TheCaller, name: Id) -> Response:
    """Results are kept in memory for a while, for the caller that sent the files."""
    caller.require(configured.Scope.REDACT)
    found = await service.shelf.get.remote(caller.name, name)
    if not isinstance(found, Result):
        raise Problem("not_found")
    return Response(found.data, media_type=found.media_type)


@routes.delete(
    "/results/{name}",
    summary="Forget a result",
    status_code=204,
    response_class=Response,
    responses=problems.described(401, 403, 404),
)
async def forget(service: TheService, caller: TheCaller, name: Id) -> Response:
    """Makes room before it goes by itself."""
    caller.require(configured.Scope.REDACT)
    if not isinstance(await service.shelf.take.remote(caller.name, name), Result):
        raise Problem("not_found")
    return Response(status_code=204)
