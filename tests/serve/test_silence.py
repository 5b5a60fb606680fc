"""Nothing of a patient is logged, counted, quoted or left on a disk by the service."""

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.deploy.test_serve_config import dashboard_metrics
from tests.model.pictures import dicom, grey, tissue, write
from tests.serve.conftest import Running, free_port, running
from tests.unit.builders import CANARY

pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
DICOM = {"content-type": "application/dicom"}
UID = "1.2.826.0.1.7777777.31415"
BURNED = "ZEPHYRINE QUOXLEY"


@pytest.fixture(scope="module")
def talked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, list[str]]]:
    """A service after many requests that hold canaries, and what it answered."""
    archive = tmp_path_factory.mktemp("archive")
    port = free_port()
    with running(archive={"folder": str(archive)}, metrics_port=port) as service:
        yield service, _talk(service)


def _talk(service: Running) -> list[str]:
    client = service.client()
    plane = tissue()
    write(plane, BURNED, (10, 10))
    named: dict[str, Any] = {"PatientName": f"{BURNED}^{CANARY}", "SOPInstanceUID": UID}
    good = dicom(grey(plane), **named)
    other = dicom(grey(tissue()), **{**named, "StudyInstanceUID": UID})
    broken = good[:-2000]
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr(f"{CANARY}/{BURNED}.dcm", broken)
    head = f"--b\r\nContent-Type: application/dicom\r\nX: {CANARY}\r\n\r\n".encode()
    stow = {"content-type": 'multipart/related; type="application/dicom"; boundary=b'}
    body = head + broken + b"\r\n--b--\r\n"
    form = {"file": (f"{CANARY}.dcm", broken, f"text/{CANARY}")}
    answers = [
        client.post("/v1/redact", content=broken, headers=DICOM),
        client.post(f"/v1/redact?policy={CANARY}", content=good, headers=DICOM),
        client.post(f"/v1/redact?{CANARY}={BURNED}", content=broken, headers=DICOM),
        client.post("/v1/redact", files=form),
        client.post(
            "/v1/redact/stream",
            content=zipped.getvalue(),
            headers={"content-type": "application/zip"},
        ),
        client.post("/v1/redact", content=good, headers={"content-type": f"x/{CANARY}"}),
        client.get(f"/v1/results/{CANARY}"),
        client.get(f"/{CANARY}/{UID}"),
        client.post(f"/dicomweb/studies/{CANARY}", content=body, headers=stow),
        client.get("/healthz", headers={"authorization": f"Bearer {CANARY}"}),
        service.client("detect").post("/v1/detect", content=good, headers=DICOM),
    ]
    assert client.post("/v1/redact", content=good, headers=DICOM).status_code == 200
    assert client.post("/v1/redact", content=other, headers=DICOM).status_code == 200
    stored = client.post(f"/dicomweb/studies/{UID}", content=body, headers=stow)
    assert stored.status_code == 409  # its answer names the sender's UID, to the sender
    return [each.text + str(each.headers) for each in answers]


def _said(text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    low = data.lower()
    canaries = (CANARY, UID, "quoxley", "zephyrine")
    return [each for each in canaries if each.lower().encode() in low]


def test_no_answer_quotes_the_request(talked: tuple[Running, list[str]]) -> None:
    for text in talked[1]:
        assert not _said(text), text[:300]


def test_no_log_and_no_temporary_file_holds_anything(
    talked: tuple[Running, list[str]],
) -> None:
    service, _ = talked
    looked = [path for path in service.folder.rglob("*") if _is_file(path)]
    assert any("serve" in path.parts for path in looked)
    assert any(path.name.startswith("worker-") for path in looked)
    found = {path.name: said for path in looked if (said := _said(path.read_bytes()))}
    assert not found


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def test_no_metric_holds_anything_and_ours_are_there(
    talked: tuple[Running, list[str]],
) -> None:
    service, _ = talked
    text = metrics_of(service)
    assert not _said(text)
    for name in (
        "maskray_requests",
        "maskray_request_seconds",
        "maskray_instances",
        "maskray_frames",
        "maskray_stage_seconds",
        "maskray_in_flight",
    ):
        assert name in text, name
    missing = {each for each in dashboard_metrics() if each not in text}
    assert missing <= {"ray_maskray_shed_total"}, "nothing was shed here"
    assert 'route="/dicomweb/studies/{study}"' in text


def metrics_of(service: Running) -> str:
    """What Prometheus would scrape from Ray's exporter on this machine."""
    config = yaml.safe_load((service.folder / "config.yaml").read_text())
    address = f"http://127.0.0.1:{config['metrics_port']}/metrics"
    text = ""
    for _ in range(60):  # metrics are pushed every few seconds
        text = httpx.get(address, timeout=10).text
        if all(each in text for each in dashboard_metrics() - {"ray_maskray_shed_total"}):
            break
        time.sleep(0.5)
    return text
