"""``/v1/redact`` and ``/v1/detect``: one instance in, one answer out."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from maskray import Category, Outcome
from maskray.plan import placed
from maskray.records import TextLine
from serve_app import bodies, media, problems
from serve_app.admission import Held
from serve_app.config import Scope
from serve_app.dependencies import TheCaller, TheService
from serve_app.problems import Problem
from serve_app.replicas import Examined
from serve_app.service import Service

routes = APIRouter(prefix="/v1", tags=["one instance"])

Policy = Annotated[
    str | None, Query(description="A policy that is configured, by name.", max_length=41)
]
Detectors = Annotated[
    list[str] | None,
    Query(description="Detectors among those configured; all of them if left out."),
]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One file: DICOM, PNG or JPEG, each also in gzip; or a form with "
        "one file.",
        "content": {
            **dict.fromkeys(sorted(media.SINGLE), _BINARY),
            media.FORM: {
                "schema": {
                    "type": "object",
                    "properties": {"file": _BINARY["schema"]},
                    "required": ["file"],
                }
            },
        },
    }
}


async def one_file(request: Request, service: Service, held: Held) -> bytes:
    """The one file of a request, checked against its media type.

    Raises:
        Problem: 400, 413, 415 or 503.
    """
    kind, parameters = media.of_request(request)
    if kind == media.FORM:
        parts = await bodies.read_parts(
            request, parameters.get("boundary", ""), held, service.limits
        )
        files = [part for part in parts if part.is_file]
        if len(files) != 1:
            raise Problem("no_file" if not files else "too_many_files")
        kind, data = files[0].media_type, bytes(files[0].data)
    elif kind in media.SINGLE:
        data = await bodies.read_body(request, held, service.limits)
    else:
        raise Problem("unsupported_media_type")
    if not data:
        raise Problem("no_file")
    if kind not in media.SINGLE:
        raise Problem("unsupported_media_type")
    if not data.startswith(_GZIP):
        media.must_match(kind, data)
    return data


_GZIP = b"\x1f\x8b"


def released(outcome: Outcome) -> Response:
    """The released file.

    Raises:
        NotReleased: If there is none.
    """
    if outcome.data is None or outcome.kind is None or not outcome.verdict.releasable:
        raise problems.NotReleased(outcome)
    frames = {index for region in outcome.regions for index in region.frames}
    return Response(
        outcome.data,
        media_type=media.TYPES[outcome.kind],
        headers={
            "Maskray-Verdict": outcome.verdict.value,
            "Maskray-Regions": str(len(outcome.regions)),
            "Maskray-Frames": str(outcome.facts.get("frames", 1)),
            "Maskray-Frames-Masked": str(len(frames)),
        },
    )


_RELEASED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The de-identified file, of the type of the request.",
        "content": dict.fromkeys(media.TYPES.values(), _BINARY),
        "headers": {
            "Maskray-Verdict": {
                "description": "CLEAN: nothing to hide. REDACTED: masked and proven.",
                "schema": {"type": "string", "enum": ["CLEAN", "REDACTED"]},
            },
            "Maskray-Regions": {"schema": {"type": "integer"}},
            "Maskray-Frames": {"schema": {"type": "integer"}},
            "Maskray-Frames-Masked": {"schema": {"type": "integer"}},
        },
    }
}


@routes.post(
    "/redact",
    summary="De-identify one instance",
    response_class=Response,
    openapi_extra=BODY,
    responses={
        **_RELEASED,
        **problems.described(400, 401, 403, 413, 415, 503, 504),
    },
)
async def redact(
    request: Request,
    service: TheService,
    caller: TheCaller,
    policy: Policy = None,
    detector: Detectors = None,
) -> Response:
    """DICOM, PNG or JPEG in; the same out, or 422 and no pixels for REVIEW and FAILED."""
    caller.require(Scope.REDACT)
    choice = service.choice(policy, detector)
    with service.admission.body(bodies.announced(request, service.limits)) as held:
        data = await one_file(request, service, held)
        return released(await service.deidentify(data, choice))


class Found(BaseModel):
    """One piece of text that the policy hides."""

    frames: list[int] = Field(description="0-based indices.", examples=[[0]])
    box: list[int] | None = Field(
        description="x0, y0, x1, y1 in native pixels, half-open; null: a model "
        "names text that was not read.",
        examples=[[12, 8, 240, 30]],
    )
    category: Category
    detector: str = Field(examples=["rules"])
    confidence: float | None = Field(description="The reader's, 0 to 1.", examples=[0.97])
    text: str | None = Field(
        default=None, description="Only for callers with the scope `text`."
    )


class Detected(BaseModel):
    """What was found in one instance. Nothing is released."""

    frames: int = Field(examples=[1])
    rows: int = Field(examples=[512])
    columns: int = Field(examples=[512])
    lines_read: int = Field(description="Lines of text, PHI or not.", examples=[7])
    findings: list[Found]


@routes.post(
    "/detect",
    summary="Say where PHI is burned in",
    response_model_exclude_none=False,
    openapi_extra=BODY,
    responses=problems.described(400, 401, 403, 413, 415, 503, 504),
)
async def detect(
    request: Request,
    service: TheService,
    caller: TheCaller,
    policy: Policy = None,
    detector: Detectors = None,
) -> Detected:
    """Boxes, categories and confidences; text only if the token allows it."""
    caller.require(Scope.DETECT)
    choice = service.choice(policy, detector)
    with service.admission.body(bodies.announced(request, service.limits)) as held:
        data = await one_file(request, service, held)
        examined = await service.examine(data, choice)
    if examined.outcome is not None:
        raise problems.NotReleased(examined.outcome)
    return detected(examined, with_text=Scope.TEXT in caller.scopes)


def detected(examined: Examined, *, with_text: bool) -> Detected:
    """An answer of ``/v1/detect``."""
    size = {name: examined.facts[name] for name in ("frames", "rows", "columns")}
    return Detected.model_validate(
        {
            **size,
            "lines_read": len(examined.seen.lines),
            "findings": [
                Found(
                    frames=list(each.frames),
                    box=each.box and [each.box.x0, each.box.y0, each.box.x1, each.box.y1],
                    category=each.category,
                    detector=each.source,
                    confidence=_confidence(each.box, each.frames, examined.seen.lines),
                    text=each.text.get_secret_value() if with_text else None,
                )
                for each in placed(examined.findings, examined.seen.lines)
            ],
        }
    )


def _confidence(
    box: Any, frames: tuple[int, ...], lines: tuple[TextLine, ...]
) -> float | None:
    """That of the line a finding is a part of."""
    here = [
        line
        for line in lines
        if box is not None and line.box.overlap(box) and set(frames) & set(line.frames)
    ]
    if not here:
        return None
    best = max(here, key=lambda line: line.box.overlap(box))
    return round(best.confidence, 3)
