"""Media types: which are taken, which are given, and what content really is."""

from collections.abc import Mapping
from email.message import Message

from fastapi import Request

from maskray.open import Kind
from serve_app.problems import Problem

DICOM, PNG, JPEG = "application/dicom", "image/png", "image/jpeg"
DICOM_JSON = "application/dicom+json"
OCTETS, ZIP, NDJSON = "application/octet-stream", "application/zip", "application/x-ndjson"
FORM, RELATED = "multipart/form-data", "multipart/related"
TYPES: Mapping[Kind, str] = {Kind.DICOM: DICOM, Kind.PNG: PNG, Kind.JPEG: JPEG}
SINGLE = frozenset({*TYPES.values(), OCTETS})
"""What one instance may be sent as; octets are recognised by content."""

_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")


def parsed(header: str) -> tuple[str, dict[str, str]]:
    """A Content-Type header as its type in lower case, and its parameters."""
    message = Message()
    message["content-type"] = header
    parameters = dict(message.get_params(failobj=[], unquote=True)[1:])
    kind = message.get_content_type() if header.strip() else ""
    return kind, {name.lower(): value for name, value in parameters.items()}


def of_request(request: Request) -> tuple[str, dict[str, str]]:
    """The media type of a request's body.

    Raises:
        Problem: ``unsupported_media_type`` if the body is encoded on top of that.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem("unsupported_media_type")
    return parsed(request.headers.get("content-type", ""))


def must_match(kind: str, data: bytes) -> None:
    """Refuses content that is plainly of another type than it is said to be.

    Raises:
        Problem: ``media_type_mismatch``.
    """
    found = DICOM
    if data.startswith(b"\x89PNG"):
        found = PNG
    elif data.startswith(b"\xff\xd8\xff"):
        found = JPEG
    elif is_zip(data):
        found = ZIP
    if kind not in (OCTETS, found) or (kind == OCTETS and found == ZIP):
        raise Problem("media_type_mismatch")


def is_zip(data: bytes) -> bool:
    """Whether content looks like a zip archive."""
    return data.startswith(_ZIPS)


def accepts(request: Request, kind: str) -> bool:
    """Whether the client takes answers of that type."""
    wanted = request.headers.get("accept", "*/*")
    for each in wanted.split(","):
        name, parameters = parsed(each)
        weight = parameters.get("q", "1").strip()
        if weight in ("0", "0.0", "0.00", "0.000"):
            continue
        if name in ("*/*", kind, f"{kind.partition('/')[0]}/*"):
            return True
    return False
