"""STOW-RS: ``/dicomweb/studies`` (PS3.18 10.5), in front of an archive.

What is stored is de-identified and bears new UIDs; the answer says which, and in its
Original Attributes Sequence which one of the sender's each stands for, so that the
sender can tick it off. An instance that is not released is stored nowhere and is named
by the sender's own UID. Both go to the sender only, who knows them; no log has them.
"""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydicom import Dataset
from pydicom.uid import UID

from maskray import Outcome
from maskray.errors import InputError
from maskray.open import read_dicom
from serve_app import bodies, media, problems
from serve_app.admission import Held
from serve_app.archive import DUPLICATE, OUT_OF_RESOURCES, PROCESSING_FAILURE, Store
from serve_app.batch import File, work_off
from serve_app.config import Scope
from serve_app.dependencies import TheCaller, TheService
from serve_app.problems import Problem
from serve_app.replicas import Choice
from serve_app.service import Service

routes = APIRouter(prefix="/dicomweb", tags=["DICOMweb"])

CANNOT_UNDERSTAND = 0xC000
WRONG_STUDY = 0xA901
"""Data Set does not match: another Study Instance UID than the address says."""
CLASS_NOT_SUPPORTED = 0x0122
SYNTAX_NOT_SUPPORTED = 0xC122
REASONS: Mapping[str, int] = {
    "no_pixels": CLASS_NOT_SUPPORTED,
    "media_directory": CLASS_NOT_SUPPORTED,
    "unknown_transfer_syntax": SYNTAX_NOT_SUPPORTED,
    "no_transfer_syntax": SYNTAX_NOT_SUPPORTED,
    "not_decodable": SYNTAX_NOT_SUPPORTED,
    "unsupported_pixels": SYNTAX_NOT_SUPPORTED,
    "unreadable": CANNOT_UNDERSTAND,
    "not_an_image": CANNOT_UNDERSTAND,
    "too_large": OUT_OF_RESOURCES,
    "out_of_memory": OUT_OF_RESOURCES,
    "deadline": OUT_OF_RESOURCES,
    "overloaded": OUT_OF_RESOURCES,
    "service_down": OUT_OF_RESOURCES,
}
"""Codes as failure reasons (PS3.18 I.2.2); all others are processing failures."""

_UID = re.compile(r"^[0-9]+(\.[0-9]+)*$")


@dataclass(frozen=True, slots=True)
class Sent:
    """The sender's own names for an instance."""

    sop_class: str
    sop_instance: str
    study: str


@dataclass(slots=True)
class Report:
    """What became of one instance; ``sent`` is ``None`` if it could not be read."""

    sent: Sent | None = None
    stored_as: str | None = None
    reason: int | None = None


_RESPONSES = {
    200: {
        "description": "All instances are stored.",
        "content": {media.DICOM_JSON: {"schema": {"type": "object"}}},
    },
    202: {"description": "Some are stored; the answer names those that are not."},
    **problems.described(400, 401, 403, 406, 413, 415, 503),
    409: {"description": "None is stored; the answer says why."},
}
_BODY = {
    "requestBody": {
        "required": True,
        "description": 'multipart/related; type="application/dicom"; or one instance.',
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in (media.RELATED, media.DICOM)
        },
    }
}


@routes.post(
    "/studies",
    summary="Store instances (STOW-RS)",
    response_class=Response,
    responses=_RESPONSES,  # type: ignore[arg-type]
    openapi_extra=_BODY,
)
async def store(request: Request, service: TheService, caller: TheCaller) -> Response:
    """De-identifies the instances and stores those that may be released."""
    return await _stow(request, service, caller, None)


@routes.post(
    "/studies/{study}",
    summary="Store instances of one study (STOW-RS)",
    response_class=Response,
    responses=_RESPONSES,  # type: ignore[arg-type]
    openapi_extra=_BODY,
)
async def store_study(
    request: Request,
    service: TheService,
    caller: TheCaller,
    study: Annotated[str, Path(description="The sender's Study Instance UID.")],
) -> Response:
    """Instances of another study are not stored."""
    if not _is_uid(study):
        raise Problem("bad_request")
    return await _stow(request, service, caller, study)


async def _stow(
    request: Request, service: Service, caller: TheCaller, study: str | None
) -> Response:
    caller.require(Scope.STOW)
    if not media.accepts(request, media.DICOM_JSON):
        raise Problem("not_acceptable")
    if service.store is None:
        raise Problem("not_configured")
    with service.admission.body(bodies.announced(request, service.limits)) as held:
        files = await _files(request, service, held)
        stow = _Stow(service, service.store, study, len(files))
        await work_off(files, service.limits.max_files_at_once, stow.one)
    return _answer(stow.reports, service)


async def _files(request: Request, service: Service, held: Held) -> list[File]:
    kind, parameters = media.of_request(request)
    if kind == media.DICOM:
        found = [await bodies.read_body(request, held, service.limits)]
    elif kind == media.RELATED and parameters.get("type", "").lower() == media.DICOM:
        boundary = parameters.get("boundary", "")
        parts = await bodies.read_parts(request, boundary, held, service.limits)
        if any(part.media_type not in (media.DICOM, media.OCTETS) for part in parts):
            raise Problem("unsupported_media_type")
        found = [bytes(part.data) for part in parts]
    else:
        raise Problem("unsupported_media_type")
    if not any(found):
        raise Problem("no_file")
    return [File(each) for each in found]


class _Stow:
    """One request: its instances are de-identified and stored."""

    def __init__(
        self, service: Service, store: Store, study: str | None, count: int
    ) -> None:
        self.reports = [Report() for _ in range(count)]
        self._service, self._store, self._study = service, store, study
        self._content: dict[str, str] = {}

    async def one(self, index: int, file: File) -> None:
        """Treats one instance; what goes wrong is in its report."""
        report, data = self.reports[index], file.data or b""
        sent = report.sent = await asyncio.to_thread(_sent, data)
        if sent is None:
            report.reason = CANNOT_UNDERSTAND
        elif self._study is not None and sent.study != self._study:
            report.reason = WRONG_STUDY
        elif self._is_another(sent, data):
            report.reason = DUPLICATE
        else:
            report.reason = await self._deidentify_and_store(report, data)

    def _is_another(self, sent: Sent, data: bytes) -> bool:
        """Whether this request held the same UID with other content before."""
        digest = hashlib.sha256(data).hexdigest()
        return self._content.setdefault(sent.sop_instance, digest) != digest

    async def _deidentify_and_store(self, report: Report, data: bytes) -> int | None:
        try:
            outcome = await self._service.deidentify(data, Choice(), waits=True)
        except Problem as problem:
            return REASONS.get(problem.code, PROCESSING_FAILURE)
        if outcome.data is None or outcome.name is None or not outcome.verdict.releasable:
            return _reason(outcome)
        reason = await self._store.store(outcome.name, outcome.data)
        if reason is None:
            report.stored_as = outcome.name
        return reason


def _reason(outcome: Outcome) -> int:
    return REASONS.get(outcome.error_code or "", PROCESSING_FAILURE)


def _sent(data: bytes) -> Sent | None:
    with contextlib.suppress(InputError):
        dataset = read_dicom(data)
        names = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID")
        found = [str(dataset.get(name) or "") for name in names]
        if _is_uid(found[0]) and _is_uid(found[1]):
            return Sent(*found)
    return None


def _is_uid(text: str) -> bool:
    return len(text) <= 64 and _UID.match(text) is not None


def _answer(reports: list[Report], service: Service) -> Response:
    """The Store Instances Response (PS3.18 10.5.3, I.1).

    Raises:
        Problem: ``overloaded`` if nothing was stored only because of too little room.
    """
    stored = [each for each in reports if each.stored_as is not None]
    failed = [each for each in reports if each.stored_as is None]
    if not stored and {each.reason for each in failed} == {OUT_OF_RESOURCES}:
        raise Problem("overloaded", service.limits.retry_after_s)
    body = Dataset()
    body.RetrieveURL = None
    if stored:
        body.ReferencedSOPSequence = [_referenced(each) for each in stored]
    known = [_failed(each) for each in failed if each.sent is not None]
    other = [_failed(each) for each in failed if each.sent is None]
    if known:
        body.FailedSOPSequence = known
    if other:
        body.OtherFailuresSequence = other
    status = 200 if not failed else 202 if stored else 409
    return Response(body.to_json(), status, media_type=media.DICOM_JSON)


def _referenced(report: Report) -> Dataset:
    """A stored instance, by its new name; the old one as an original attribute."""
    assert report.sent is not None  # noqa: S101 - what is stored was read
    item = _reference(report.sent.sop_class, str(report.stored_as))
    item.RetrieveURL = None
    before = Dataset()
    before.SOPInstanceUID = UID(report.sent.sop_instance)
    original = Dataset()
    original.ModifiedAttributesSequence = [before]
    original.AttributeModificationDateTime = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    original.ModifyingSystem = "maskray"
    original.SourceOfPreviousValues = None
    original.ReasonForTheAttributeModification = "COERCE"
    item.OriginalAttributesSequence = [original]
    return item


def _failed(report: Report) -> Dataset:
    item = Dataset()
    if report.sent is not None:
        item = _reference(report.sent.sop_class, report.sent.sop_instance)
    item.FailureReason = report.reason or PROCESSING_FAILURE
    return item


def _reference(sop_class: str, sop_instance: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = UID(sop_class)
    item.ReferencedSOPInstanceUID = UID(sop_instance)
    return item
