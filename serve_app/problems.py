"""What goes wrong, as HTTP says it: problem details (RFC 9457).

A problem quotes nothing of the request: it names a rule by its code. Codes of the core
(``maskray/errors.py``) are passed on; those of the service are listed here.
"""

from collections.abc import Mapping

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from maskray import Outcome, Verdict

TYPE = "application/problem+json"

DETAILS: Mapping[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be understood."),
    "truncated": (400, "The body ends too early."),
    "bad_multipart": (400, "The multipart body is malformed."),
    "no_file": (400, "The request holds no file."),
    "unreadable_archive": (400, "The zip archive cannot be read."),
    "encrypted": (400, "The zip archive is encrypted."),
    "unauthorized": (401, "A bearer token is needed."),
    "forbidden": (403, "The token does not allow this."),
    "foreign_origin": (403, "Requests of other sites are refused."),
    "not_found": (404, "There is nothing here, or no longer."),
    "method_not_allowed": (405, "This address does not take that method."),
    "not_acceptable": (406, "The answer exists in no media type that is accepted."),
    "slow": (408, "The body did not arrive in time."),
    "not_releasable": (409, "This cannot be released as it is."),
    "too_large": (413, "The body is larger than allowed."),
    "too_many_files": (413, "The request holds more files than allowed."),
    "archive_bomb": (413, "The archive expands beyond the limits."),
    "unsupported_media_type": (415, "This media type is not taken here."),
    "media_type_mismatch": (415, "The content is not of the media type that is named."),
    "invalid": (422, "A parameter is missing or out of range."),
    "unknown_policy": (422, "No policy of that name is configured."),
    "unknown_detector": (422, "No detector of that name is configured."),
    "internal": (500, "A fault in maskray."),
    "overloaded": (503, "Too much is waiting. Try again later."),
    "not_configured": (503, "This service is not configured to do that."),
    "service_down": (503, "A model or a service that is needed is not there."),
    "deadline": (504, "It took longer than allowed."),
    "upstream": (502, "The archive did not take it."),
}
"""Codes of the service: status and words."""


class ProblemBody(BaseModel):
    """A problem (RFC 9457)."""

    type: str = Field(examples=["urn:maskray:problem:text_left_over"])
    title: str = Field(examples=["The instance is not released."])
    status: int = Field(examples=[422])
    code: str = Field(description="The rule that was broken.", examples=["text_left_over"])
    instance: str | None = Field(
        default=None, description="The request, for questions to whoever runs this."
    )
    verdict: Verdict | None = Field(
        default=None, description="REVIEW or FAILED, where an instance got so far."
    )
    stage: str | None = Field(default=None, description="Where it happened.")


class Problem(Exception):  # noqa: N818 - the RFC's word
    """An answer that is an error. Its code is one of :data:`DETAILS`."""

    def __init__(self, code: str, retry_after_s: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status, self.title = DETAILS[code]
        self.headers: dict[str, str] = {}
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(retry_after_s)
        if self.status == 401:
            self.headers["WWW-Authenticate"] = 'Bearer realm="maskray"'


def answer(
    status: int,
    code: str,
    title: str,
    *,
    headers: Mapping[str, str] | None = None,
    request: str | None = None,
    **more: str | None,
) -> JSONResponse:
    """A problem as a response; ``request`` identifies the request."""
    body = {
        "type": f"urn:maskray:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "instance": request,
        **more,
    }
    filled = {name: value for name, value in body.items() if value is not None}
    return JSONResponse(filled, status, dict(headers or {}), media_type=TYPE)


class NotReleased(Exception):  # noqa: N818 - no error: a verdict
    """An answer for an instance in REVIEW or FAILED."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


async def on_not_released(request: Request, error: Exception) -> JSONResponse:
    """422 without pixels; 504 and 413 where a limit was hit."""
    assert isinstance(error, NotReleased)  # noqa: S101 - registered for this class
    outcome = error.outcome
    code = outcome.error_code or "not_released"
    return answer(
        {"deadline": 504, "too_large": 413}.get(code, 422),
        code,
        "The instance is not released.",
        request=request_id(request),
        verdict=outcome.verdict.value,
        stage=outcome.stage,
    )


def request_id(request: Request) -> str | None:
    """The name of a request in answers; see :class:`serve_app.guard.Guard`."""
    found: str | None = request.scope.get("maskray_request")
    return found


async def on_problem(request: Request, error: Exception) -> JSONResponse:
    """Answers a :class:`Problem`."""
    assert isinstance(error, Problem)  # noqa: S101 - registered for this class
    return answer(
        error.status,
        error.code,
        error.title,
        headers=error.headers,
        request=request_id(request),
    )


async def on_invalid(request: Request, error: Exception) -> JSONResponse:
    """FastAPI's own words would quote the request."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return await on_problem(request, Problem("invalid"))


async def on_http(request: Request, error: Exception) -> JSONResponse:
    """Starlette's errors: no such address, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101
    codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    code = codes.get(error.status_code, "bad_request")
    status, title = DETAILS[code]
    return answer(
        error.status_code if code == "bad_request" else status,
        code,
        title,
        headers=error.headers,
        request=request_id(request),
    )


def described(*codes: int) -> dict[int | str, dict[str, object]]:
    """The problems of a route, for OpenAPI."""
    schema = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
    words = {
        status: " ".join(
            f"`{code}`: {text}" for code, (each, text) in DETAILS.items() if each == status
        )
        for status in codes
    }
    words[422] = "REVIEW or FAILED: no pixels. Or a wrong parameter."
    return {
        status: {"description": words[status], "content": {TYPE: schema}}
        for status in (*codes, 422)
    }
