"""``/v1/redact/stream`` over real HTTP: many files in, events out."""

import base64
import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import psutil
import pytest

from tests.serve.conftest import Running
from tests.unit.builders import CANARY, dataset, random_frames, written

pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
Image = Callable[[str], bytes]
ZIP = {"content-type": "application/zip"}


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def files_of(found: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {each["file"]: each for each in found if each["event"] == "file"}


def test_every_file_of_a_form_is_accounted_for(client: httpx.Client, image: Image) -> None:
    sent = [
        ("file", ("a", image("ct_banner.png"), "image/png")),
        ("file", ("b", b"rubbish", "application/dicom")),
        ("file", ("c", image("CT_no_extension"), "application/dicom")),
        ("file", ("d", image("ct_banner.png"), "image/jpeg")),
    ]
    found = events(client.post("/v1/redact/stream?inline=true", files=sent))
    assert found[0] == {"event": "accepted", "files": 4}
    assert found[-1] == {"event": "done", "released": 2, "review": 0, "failed": 2}
    done = files_of(found)
    assert [done[i]["verdict"] for i in range(4)] == [
        "REDACTED",
        "FAILED",
        "CLEAN",
        "FAILED",
    ]
    assert (done[1]["code"], done[3]["code"]) == ("not_an_image", "media_type_mismatch")
    alone = client.post(
        "/v1/redact", content=image("ct_banner.png"), headers={"content-type": "image/png"}
    )
    assert base64.b64decode(done[0]["data"]) == alone.content


def test_frames_are_told_while_they_are_looked_at(
    client: httpx.Client, image: Image
) -> None:
    data = image("us_palette_2frames.dcm")
    found = events(client.post("/v1/redact/stream", files={"file": ("a", data)}))
    kinds = [each["event"] for each in found]
    assert kinds == ["accepted", "frame", "frame", "file", "done"]
    assert [each["frame"] for each in found[1:3]] == [0, 1]


def test_results_of_a_zip_are_fetched_by_their_sender_only(
    service: Running, image: Image
) -> None:
    body = zipped(
        {
            f"{CANARY}/": b"",
            f"../../{CANARY}.png": image("ct_banner.png"),
            "/etc/passwd": image("CT_no_extension"),
        }
    )
    mine, other = service.client("all"), service.client("other")
    answer = mine.post("/v1/redact/stream", content=body, headers=ZIP)
    assert CANARY not in answer.text
    done = files_of(events(answer))
    assert len(done) == 2
    where = done[0]["result"]
    fetched = mine.get(where)
    assert fetched.headers["content-type"] == "image/png"
    assert other.get(where).status_code == 404
    assert service.client("detect").get(where).status_code == 403
    assert service.client(None).get(where).status_code == 401
    assert mine.delete(where).status_code == 204
    assert mine.get(where).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"PK\x03\x04 and no archive", 400, "unreadable_archive"),
        (zipped({}), 400, "no_file"),
        (zipped({f"{n}": b"x" for n in range(41)}), 413, "too_many_files"),
        (zipped({f"{n}": bytes(10_000_000) for n in range(5)}), 413, "archive_bomb"),
    ],
    ids=["broken", "empty", "many", "bomb"],
)
def test_archives_that_hurt_are_refused(
    client: httpx.Client, body: bytes, status: int, code: str
) -> None:
    answer = client.post("/v1/redact/stream", content=body, headers=ZIP)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_archive_whose_directory_lies_is_not_believed(
    client: httpx.Client,
) -> None:
    """The directory says 10 bytes, the stream holds 30 million."""
    body = bytearray(zipped({"a": bytes(30_000_000)}))
    size = (30_000_000).to_bytes(4, "little")
    assert body.count(size) == 2
    body = body.replace(size, (10).to_bytes(4, "little"))
    (done,) = files_of(
        events(client.post("/v1/redact/stream", content=bytes(body), headers=ZIP))
    ).values()
    assert done["verdict"] == "FAILED"


def test_whoever_goes_away_ends_the_work(service: Running, client: httpx.Client) -> None:
    """A cine of noise, read frame by frame, takes far longer than this test waits."""
    slow = written(dataset(random_frames((60, 300, 400), 8), NumberOfFrames=60))
    start = time.monotonic()
    with service.client().stream(
        "POST", "/v1/redact/stream", files={"file": ("a", slow)}
    ) as answer:
        lines = answer.iter_lines()
        while json.loads(next(lines))["event"] != "frame":
            pass
        json.loads(next(lines))
    per_frame = time.monotonic() - start
    small = written(dataset(random_frames((1, 16, 16), 8)))
    start = time.monotonic()
    client.post("/v1/redact", content=small, headers={"content-type": "application/dicom"})
    assert time.monotonic() - start < 20 * per_frame + 5


def test_a_replica_that_dies_costs_no_answer(
    service: Running, client: httpx.Client, image: Image
) -> None:
    """The instance is tried once more; nothing half done is answered."""
    mine = psutil.Process(service.process.pid).children(recursive=True)
    readers = [each for each in mine if "ServeReplica:maskray:Reader" in _name(each)]
    assert readers
    data = image("us_palette_2frames.dcm")
    form = {"file": ("a", data)}
    found = []
    with client.stream("POST", "/v1/redact/stream", files=form) as answer:
        for line in answer.iter_lines():
            found.append(json.loads(line))
            if found[-1]["event"] == "frame" and readers:
                readers.pop().kill()
    assert found[-1] == {"event": "done", "released": 1, "review": 0, "failed": 0}
    assert len(files_of(found)) == 1


def _name(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
