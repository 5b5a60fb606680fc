"""STOW-RS with the real dicomweb-client, into a folder and into a real Orthanc."""

import io
import json
import logging
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient

from maskray import Key
from tests.serve.conftest import IMAGES, KEY, Running, free_port, running
from tests.unit.builders import CANARY, dataset, random_frames, written

pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
RELATED = {"content-type": 'multipart/related; type="application/dicom"; boundary=b'}
JSON = "application/dicom+json"
GOOD = ["ct_banner.dicom", "CT_no_extension"]
BAD = ["rtplan.dcm", "mr_truncated.dcm"]
Image = Callable[[str], bytes]


def related(*instances: bytes) -> bytes:
    head = b"--b\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + each + b"\r\n" for each in instances) + b"--b--\r\n"


def read(name: str) -> pydicom.Dataset:
    return pydicom.dcmread(IMAGES / name)


def dicomweb(service: Running) -> DICOMwebClient:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {service.tokens['all']}"
    return DICOMwebClient(f"{service.address}/dicomweb", session=session)


def uids(report: pydicom.Dataset, keyword: str) -> set[str]:
    items = report.get(keyword) or []
    return {str(each.ReferencedSOPInstanceUID) for each in items}


# --- a real Orthanc -------------------------------------------------------------------


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("Orthanc")
    if program is None:
        pytest.skip("Orthanc is not installed (make orthanc)")
    folder = tmp_path_factory.mktemp("orthanc")
    port = free_port()
    config = folder / "orthanc.json"
    config.write_text(
        json.dumps(
            {
                "Name": "upstream",
                "StorageDirectory": str(folder / "db"),
                "IndexDirectory": str(folder / "db"),
                "HttpPort": port,
                "DicomServerEnabled": False,
                "RemoteAccessAllowed": False,
                "AuthenticationEnabled": False,
                "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
                "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            }
        )
    )
    log = (folder / "log").open("wb")
    process = subprocess.Popen([program, str(config)], stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        if process.poll() is None and _answers(f"{address}/system"):
            break
        time.sleep(0.5)
    else:
        raise RuntimeError((folder / "log").read_text()[-1000:])
    yield address
    process.terminate()
    process.wait(20)
    log.close()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def forwarding(orthanc: str) -> Iterator[Running]:
    with running(archive={"upstream": f"{orthanc}/dicom-web"}) as service:
        yield service


def test_orthanc_holds_exactly_the_deidentified_instances(
    forwarding: Running, orthanc: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    mixed = [read(name) for name in (*GOOD, *BAD)]
    report = dicomweb(forwarding).store_instances(mixed)
    key = Key(KEY.encode())
    good, bad = mixed[: len(GOOD)], mixed[len(GOOD) :]
    assert uids(report, "ReferencedSOPSequence") == {
        key.uid(str(each.SOPInstanceUID)) for each in good
    }
    assert uids(report, "FailedSOPSequence") == {str(each.SOPInstanceUID) for each in bad}
    held = {
        name: pydicom.dcmread(
            io.BytesIO(httpx.get(f"{orthanc}/instances/{name}/file").content)
        )
        for name in httpx.get(f"{orthanc}/instances").json()
    }
    assert {str(each.SOPInstanceUID) for each in held.values()} == uids(
        report, "ReferencedSOPSequence"
    )
    originals = {str(each.PatientName) for each in mixed if "PatientName" in each}
    for each in held.values():
        assert str(each.PatientName) not in originals
        assert each.PatientIdentityRemoved == "YES"
    found = DICOMwebClient(f"{orthanc}/dicom-web").search_for_instances()
    assert len(found) == len(good)


def test_what_orthanc_does_not_take_is_reported(forwarding: Running, orthanc: str) -> None:
    """The same again changes nothing."""
    before = httpx.get(f"{orthanc}/instances").json()
    with forwarding.client() as client:
        body = related((IMAGES / GOOD[0]).read_bytes())
        answer = client.post("/dicomweb/studies", content=body, headers=RELATED)
    assert answer.status_code == 200
    assert sorted(httpx.get(f"{orthanc}/instances").json()) == sorted(before)


# --- a folder -------------------------------------------------------------------------


def archive_of(service: Running) -> Path:
    import yaml

    config = yaml.safe_load((service.folder / "config.yaml").read_text())
    return Path(config["archive"]["folder"])


def test_a_study_is_stored_under_new_names(
    service: Running, client: httpx.Client, image: Image
) -> None:
    source = read(GOOD[0])
    answer = client.post(
        f"/dicomweb/studies/{source.StudyInstanceUID}",
        content=related(image(GOOD[0])),
        headers=RELATED,
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == JSON
    (item,) = pydicom.Dataset.from_json(answer.text).ReferencedSOPSequence
    new = str(item.ReferencedSOPInstanceUID)
    (original,) = item.OriginalAttributesSequence
    (before,) = original.ModifiedAttributesSequence
    assert before.SOPInstanceUID == source.SOPInstanceUID
    stored = pydicom.dcmread(archive_of(service) / f"{new}.dcm")
    assert stored.SOPInstanceUID == new
    assert stored.PatientName != source.PatientName


@pytest.mark.parametrize(
    ("make", "status", "reasons"),
    [
        (lambda: [b"rubbish"], 409, [0xC000]),
        (lambda: [(IMAGES / "rtplan.dcm").read_bytes()], 409, [0x0122]),
        (lambda: [(IMAGES / "mr_truncated.dcm").read_bytes()], 409, [0xC122]),
        (lambda: [(IMAGES / GOOD[1]).read_bytes(), b"rubbish"], 202, [0xC000]),
    ],
    ids=["rubbish", "plan", "truncated", "mixed"],
)
def test_failures_have_reasons_and_a_status(
    client: httpx.Client, make: Callable[[], list[bytes]], status: int, reasons: list[int]
) -> None:
    answer = client.post("/dicomweb/studies", content=related(*make()), headers=RELATED)
    assert answer.status_code == status
    report = pydicom.Dataset.from_json(answer.text)
    failed = [*(report.get("FailedSOPSequence") or [])]
    failed += [*(report.get("OtherFailuresSequence") or [])]
    assert [each.FailureReason for each in failed] == reasons


def test_an_instance_of_another_study_is_stored_nowhere(
    service: Running, client: httpx.Client, image: Image
) -> None:
    before = sorted(archive_of(service).iterdir())
    answer = client.post(
        "/dicomweb/studies/1.2.3", content=related(image("us_banner.dcm")), headers=RELATED
    )
    assert answer.status_code == 409
    (failed,) = pydicom.Dataset.from_json(answer.text).FailedSOPSequence
    assert failed.FailureReason == 0xA901
    assert sorted(archive_of(service).iterdir()) == before


def test_one_uid_with_two_contents_is_stored_once(client: httpx.Client) -> None:
    two = [
        written(dataset(random_frames((1, 32, 32), 8, seed=seed), SOPInstanceUID="1.2.77"))
        for seed in (1, 2)
    ]
    answer = client.post("/dicomweb/studies", content=related(*two), headers=RELATED)
    report = pydicom.Dataset.from_json(answer.text)
    assert answer.status_code in (202, 409)
    assert 0x0111 in [each.FailureReason for each in report.FailedSOPSequence]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "multipart/related; boundary=b"}, related(b"x"), 415),
        (
            {"content-type": 'multipart/related; type="application/dicom+json"'},
            related(b"x"),
            415,
        ),
        ({"content-type": "image/png"}, b"x", 415),
        (RELATED, b"--b--\r\n", 400),
        (RELATED, b"", 400),
        (RELATED, related(b"x")[:-8], 400),
        ({**RELATED, "accept": "application/dicom+xml"}, related(b"x"), 406),
    ],
)
def test_wrong_requests_are_told_apart(
    client: httpx.Client, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = client.post("/dicomweb/studies", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_study_that_is_no_uid_is_400(client: httpx.Client) -> None:
    answer = client.post(
        f"/dicomweb/studies/{CANARY}", content=related(b"x"), headers=RELATED
    )
    assert answer.status_code == 400
    assert CANARY not in answer.text


def test_storing_needs_its_own_scope(service: Running) -> None:
    answer = service.client("redact").post(
        "/dicomweb/studies", content=related(b"x"), headers=RELATED
    )
    assert answer.status_code == 403
