"""``/v1/reviews``: a person looks before and after, corrects, approves or rejects.

Only callers with the scope ``review`` see pixels before they are released. Images under
review lie in memory, for a while, and nowhere else.
"""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from maskray import Category, Finding, Outcome, Region, Verdict
from maskray.errors import OutputError
from maskray.geometry import Box
from serve_app import bodies, media, problems
from serve_app.config import Scope
from serve_app.dependencies import TheCaller, TheService
from serve_app.problems import Problem
from serve_app.redact import BODY, one_file, released
from serve_app.replicas import Choice, Examined
from serve_app.service import Service

routes = APIRouter(prefix="/v1/reviews", tags=["review"])

SHELF = "/reviews"
"""All reviewers share one shelf; no token can have this name."""
_MOST_REGIONS = 5_000


@dataclass(frozen=True, slots=True)
class Item:
    """An image under review; ``outcome`` is the machine's, then the person's."""

    data: bytes = field(repr=False)
    examined: Examined
    outcome: Outcome
    decision: str | None = None

    @property
    def size(self) -> int:
        """Bytes it takes on the shelf."""
        return len(self.data) + len(self.outcome.data or b"") + 10_000


class Shape(BaseModel):
    """A box in some frames: to be masked, or only a suggestion."""

    model_config = ConfigDict(extra="forbid")

    box: Annotated[list[int], Field(min_length=4, max_length=4)] = Field(
        description="x0, y0, x1, y1 in native pixels, half-open.",
        examples=[[12, 8, 240, 30]],
    )
    frames: Annotated[list[int], Field(min_length=1, max_length=100_000)] = Field(
        description="0-based indices.", examples=[[0]]
    )
    reason: Category = Category.UNKNOWN
    text: str | None = Field(default=None, description="Only with the scope `text`.")


class Review(BaseModel):
    """An image under review."""

    id: str
    verdict: Verdict
    code: str | None = Field(default=None, description="Why it was not released.")
    decision: Literal["approved", "rejected"] | None = None
    frames: int
    rows: int
    columns: int
    media_type: str
    regions: list[Shape] = Field(description="What is masked, or would be.")
    suggestions: list[Shape] = Field(description="Other text that was seen.")
    releasable: bool = Field(description="Whether the file may be fetched.")


class Decision(BaseModel):
    """What a person decided."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    decision: Literal["approve", "reject"]
    regions: Annotated[list[Shape], Field(max_length=_MOST_REGIONS)] = Field(
        default=[], description="All regions to mask: those kept, moved and drawn."
    )


Id = Annotated[str, Path(max_length=64)]
_ERRORS = problems.described(401, 403, 404)


@routes.post(
    "",
    status_code=201,
    summary="Put an image under review",
    openapi_extra=BODY,
    responses=problems.described(400, 401, 403, 413, 415, 503),
)
async def add(request: Request, service: TheService, caller: TheCaller) -> Review:
    """De-identifies it, and keeps both sides for a person to look at."""
    caller.require(Scope.REVIEW)
    with service.admission.body(bodies.announced(request, service.limits)) as held:
        data = await one_file(request, service, held)
        examined, outcome = await service.both(data, Choice())
    if outcome.verdict is Verdict.FAILED or not examined.facts:
        raise problems.NotReleased(outcome)
    item = Item(data, examined, outcome)
    name = await service.shelf.put.remote(SHELF, item.size, item)
    if name is None:
        raise service.admission.overloaded("shelf")
    return _shown(name, item, with_text=Scope.TEXT in caller.scopes)


@routes.get("", summary="The review queue", responses=_ERRORS)
async def queue(service: TheService, caller: TheCaller) -> list[Review]:
    """Everything under review, oldest first."""
    caller.require(Scope.REVIEW)
    items: dict[str, Item] = await service.shelf.of.remote(SHELF)
    return [_shown(name, item, with_text=False) for name, item in items.items()]


@routes.get("/{name}", summary="An image under review", responses=_ERRORS)
async def get(service: TheService, caller: TheCaller, name: Id) -> Review:
    """What was found, and what is masked."""
    caller.require(Scope.REVIEW)
    item = await _item(service, name)
    return _shown(name, item, with_text=Scope.TEXT in caller.scopes)


@routes.get(
    "/{name}/frames/{index}",
    summary="A frame to look at",
    response_class=Response,
    responses={
        200: {
            "description": "Display values: 16-bit little-endian words if "
            "`Maskray-Samples` is 1, RGB bytes if it is 3.",
            "content": {media.OCTETS: {"schema": {"type": "string"}}},
        },
        **_ERRORS,
    },
)
async def frame(
    service: TheService,
    caller: TheCaller,
    name: Id,
    index: Annotated[int, Path(ge=0, le=1_000_000)],
    side: Annotated[Literal["before", "after"], Query()] = "before",
) -> Response:
    """``before`` is not de-identified."""
    caller.require(Scope.REVIEW)
    limits = service.args.settings.limits
    found = await service.shelf.picture.remote(SHELF, name, index, side, limits)
    if found is None:
        raise Problem("not_found")
    sizes = {"Rows": found.rows, "Columns": found.columns, "Samples": found.samples}
    window = {"Low": found.low, "High": found.high}
    headers = {f"Maskray-{key}": str(value) for key, value in (sizes | window).items()}
    return Response(found.values, media_type=media.OCTETS, headers=headers)


@routes.get(
    "/{name}/file",
    summary="Fetch the released file",
    response_class=Response,
    responses={
        200: {
            "description": "The de-identified file.",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in media.TYPES.values()
            },
        },
        **problems.described(401, 403, 404, 409),
    },
)
async def file(service: TheService, caller: TheCaller, name: Id) -> Response:
    """Only what the machine or a person released."""
    caller.require(Scope.REVIEW)
    item = await _item(service, name)
    if not _may_be_fetched(item):
        raise Problem("not_releasable")
    return released(item.outcome)


@routes.post(
    "/{name}/decision",
    summary="Approve or reject",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Decision"}}
            },
        }
    },
    responses=problems.described(400, 401, 403, 404, 409, 413, 415, 503, 504),
)
async def decide(
    request: Request, service: TheService, caller: TheCaller, name: Id
) -> Review:
    """Approved regions are masked and proven like the machine's; 422 if that fails."""
    caller.require(Scope.REVIEW)
    if service.ledger is None:
        raise Problem("not_configured")
    decision = await _decision(request, service)
    item = await _item(service, name)
    if item.decision is not None:
        raise Problem("not_releasable")
    outcome = Outcome(Verdict.REVIEW, "rejected")
    if decision.decision == "approve":
        regions = [_region(each, item) for each in decision.regions]
        outcome = await service.approve(item.data, item.examined, item.outcome, regions)
        if not outcome.verdict.releasable:
            raise problems.NotReleased(outcome)
    past = "approved" if decision.decision == "approve" else "rejected"
    _write_down(service, caller.name, item, outcome, past)
    done = replace(item, outcome=outcome, decision=past)
    if past == "rejected":
        done = replace(done, data=b"")
    if not await service.shelf.replace.remote(SHELF, name, done.size, done):
        raise Problem("not_found")
    return _shown(name, done, with_text=Scope.TEXT in caller.scopes)


async def _decision(request: Request, service: Service) -> Decision:
    """The body, read within limits like any other: FastAPI would read all of it.

    Raises:
        Problem: ``invalid``, ``too_large``, ``unsupported_media_type``.
    """
    if media.of_request(request)[0] != "application/json":
        raise Problem("unsupported_media_type")
    small = {"max_body_bytes": min(_MOST_JSON_BYTES, service.limits.max_body_bytes)}
    limits = service.limits.model_copy(update=small)
    with service.admission.body(bodies.announced(request, limits)) as held:
        body = await bodies.read_body(request, held, limits)
    try:
        return Decision.model_validate_json(body)
    except ValidationError:
        raise Problem("invalid") from None


_MOST_JSON_BYTES = 8 * 2**20


async def _item(service: Service, name: str) -> Item:
    found = await service.shelf.get.remote(SHELF, name)
    if not isinstance(found, Item):
        raise Problem("not_found")
    return found


def _may_be_fetched(item: Item) -> bool:
    return item.outcome.verdict.releasable and item.decision != "rejected"


def _region(shape: Shape, item: Item) -> Region:
    """A shape within the image.

    Raises:
        Problem: ``invalid`` if it lies outside, or in a frame that is not there.
    """
    facts = item.examined.facts
    rows, columns, frames = (int(str(facts[n])) for n in ("rows", "columns", "frames"))
    x0, y0, x1, y1 = shape.box
    if not (x0 < x1 and y0 < y1 and all(0 <= each < frames for each in shape.frames)):
        raise Problem("invalid")
    inside = Box(x0, y0, x1, y1).clip(rows, columns)
    if inside is None:
        raise Problem("invalid")
    return Region(tuple(sorted(set(shape.frames))), inside, shape.reason)


def _shown(name: str, item: Item, *, with_text: bool) -> Review:
    outcome, facts = item.outcome, item.examined.facts
    findings = outcome.findings or item.examined.findings
    regions = [_shape(each.frames, each.box, each.reason, None) for each in outcome.regions]
    if not outcome.verdict.releasable:
        regions = [
            _shape(each.frames, each.box, each.category, _text(each, with_text))
            for each in findings
            if each.box is not None
        ]
    elif with_text:
        regions = [_with_text(each, findings) for each in regions]
    known = [Box(*each.box) for each in regions]
    lines = (*item.examined.seen.lines, *item.examined.seen.doubtful)
    return Review(
        id=name,
        verdict=outcome.verdict,
        code=outcome.error_code,
        decision=item.decision,
        frames=int(str(facts["frames"])),
        rows=int(str(facts["rows"])),
        columns=int(str(facts["columns"])),
        media_type=_media_type(item),
        regions=regions,
        suggestions=[
            _shape(line.frames, line.box, Category.UNKNOWN, None)
            for line in lines
            if line.box.covered_by(known) < _KNOWN
        ][:_MOST_REGIONS],
        releasable=_may_be_fetched(item),
    )


_KNOWN = 0.5


def _media_type(item: Item) -> str:
    return {"png": media.PNG, "jpeg": media.JPEG}.get(
        str(item.examined.facts["kind"]), media.DICOM
    )


def _shape(frames: tuple[int, ...], box: Box, reason: Category, text: str | None) -> Shape:
    corners = [box.x0, box.y0, box.x1, box.y1]
    return Shape(box=corners, frames=list(frames), reason=reason, text=text)


def _text(finding: Finding, with_text: bool) -> str | None:
    return finding.text.get_secret_value() if with_text else None


def _with_text(shape: Shape, findings: tuple[Finding, ...]) -> Shape:
    box = Box(*shape.box)
    here = [
        each.text.get_secret_value()
        for each in findings
        if each.box is not None and each.box.overlap(box) > each.box.area / 2
    ]
    return shape.model_copy(update={"text": " ".join(here) or None})


def _write_down(
    service: Service, who: str, item: Item, outcome: Outcome, decision: str
) -> None:
    assert service.ledger is not None  # noqa: S101 - checked by the route
    try:
        service.ledger.add(
            who,
            {
                "decision": decision,
                "sha256": hashlib.sha256(item.data).hexdigest(),
                "machine": {
                    "verdict": item.outcome.verdict.value,
                    "code": item.outcome.error_code,
                    "regions": _plain(item.outcome),
                },
                "verdict": outcome.verdict.value,
                "released": outcome.name if decision == "approved" else None,
                "regions": _plain(outcome),
                "settings": service.args.settings.digest,
            },
        )
    except OutputError:
        raise Problem("not_configured") from None


def _plain(outcome: Outcome) -> list[dict[str, object]]:
    return [
        {
            "frames": list(each.frames),
            "box": [each.box.x0, each.box.y0, each.box.x1, each.box.y1],
            "reason": each.reason.value,
        }
        for each in outcome.regions
    ]
