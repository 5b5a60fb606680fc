"""Uploads that mean harm, and requests made up from the OpenAPI description."""

import io
import os
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
from pydicom import Dataset

from tests.serve.conftest import IMAGES, Running
from tests.unit.builders import CANARY, dataset, random_frames, written

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
DICOM, PNG = "application/dicom", "image/png"


def png_bomb() -> bytes:
    """A PNG of 3.6 gigapixels in a few kilobytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(60_001) * 100)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def lying(**elements: object) -> bytes:
    ds = dataset(random_frames((1, 16, 16), 8))
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return written(ds)


def nested(depth: int) -> bytes:
    ds = dataset(random_frames((1, 16, 16), 8))
    inner = Dataset()
    for _ in range(depth):
        outer = Dataset()
        outer.ContentSequence = [inner]
        inner = outer
    ds.ContentSequence = [inner]
    return written(ds)


def lengths() -> bytes:
    """A value that says it is four gigabytes long."""
    data = bytearray(written(dataset(np.zeros((1, 16, 16), np.uint8))))
    at = data.index(b"\xe0\x7f\x10\x00")
    data[at + 8 : at + 12] = b"\xf0\xff\xff\xff"
    return bytes(data)


HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    ("png bomb", png_bomb, PNG),
    ("frames that are not there", lambda: lying(NumberOfFrames=2_000_000_000), DICOM),
    ("rows that are not there", lambda: lying(Rows=65_535, Columns=65_535), DICOM),
    ("no rows", lambda: lying(Rows=0), DICOM),
    ("only a preamble", lambda: bytes(128) + b"DICM", DICOM),
    ("cut in the header", lambda: (IMAGES / "ct_banner.dicom").read_bytes()[:300], DICOM),
    ("cut in the pixels", lambda: (IMAGES / "ct_banner.png").read_bytes()[:9000], PNG),
    ("a page", lambda: b"<html><script>alert(1)</script></html>", DICOM),
    ("two kinds", lambda: png_bomb()[:8] + b"\xff\xd8\xff" * 100, PNG),
]


ODD: list[tuple[str, Callable[[], bytes], str]] = [
    ("frames as words", lambda: lying(NumberOfFrames="0"), DICOM),
    ("nested deep", lambda: nested(150), DICOM),
    ("a length of four gigabytes", lengths, DICOM),
]
"""Strange, but readable: no harm if they are answered."""


@pytest.mark.parametrize(
    ("make", "kind"), [each[1:] for each in ODD], ids=[each[0] for each in ODD]
)
def test_odd_uploads_do_no_harm(
    client: httpx.Client, make: Callable[[], bytes], kind: str
) -> None:
    answer = client.post("/v1/redact", content=make(), headers={"content-type": kind})
    assert answer.status_code in (200, 422)
    assert CANARY.encode() not in answer.content


@pytest.mark.parametrize(
    ("make", "kind"), [each[1:] for each in HOSTILE], ids=[each[0] for each in HOSTILE]
)
@pytest.mark.parametrize("path", ["/v1/redact", "/v1/detect", "/v1/reviews"])
def test_hostile_uploads_are_refused_quickly(
    client: httpx.Client, path: str, make: Callable[[], bytes], kind: str
) -> None:
    start = time.monotonic()
    answer = client.post(path, content=make(), headers={"content-type": kind})
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert time.monotonic() - start < 30
    assert client.get("/healthz").status_code == 200


def test_what_a_header_says_is_never_markup(client: httpx.Client) -> None:
    """Scripts in DICOM text come back in no answer, and in no released header."""
    script = "<script>alert(1)</script>"
    ds = dataset(np.zeros((1, 64, 64), np.uint8))
    ds.PatientName = ds.StudyDescription = ds.InstitutionName = script
    answer = client.post("/v1/redact", content=written(ds), headers={"content-type": DICOM})
    assert answer.status_code == 200
    assert b"script" not in answer.content
    assert answer.headers["x-content-type-options"] == "nosniff"
    back = pydicom.dcmread(io.BytesIO(answer.content))
    assert back.SOPInstanceUID != "1.2.3.4"


def test_made_up_requests_find_no_server_error(service: Running, tmp_path: Path) -> None:
    """schemathesis, from the service's own description; hooks.py frames bodies for it."""
    words = ["run", f"{service.address}/openapi.json"]
    words += ["--checks", "not_a_server_error,status_code_conformance"]
    words += ["-H", f"Authorization: Bearer {service.tokens['all']}"]
    words += ["--phases", "examples,coverage,fuzzing", "--max-examples", "12"]
    words += ["--no-color", "--suppress-health-check", "all", "--seed", "1"]
    code = "import sys; from schemathesis.cli import schemathesis; schemathesis()"
    hooks = {"SCHEMATHESIS_HOOKS": "tests.serve.hooks", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=tmp_path,
        env={**os.environ, **hooks, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-500:]
