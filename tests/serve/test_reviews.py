"""``/v1/reviews``: what a person sees, corrects and decides."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import yaml

from maskray.open import open_instance
from maskray.pixels import decode
from maskray.settings import LimitSettings
from tests.serve.conftest import Running

pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
Image = Callable[[str], bytes]
DICOM = {"content-type": "application/dicom"}
PNG = {"content-type": "image/png"}


def samples(data: bytes) -> list[np.ndarray[Any, Any]]:
    instance = open_instance(data, LimitSettings())
    return [each.samples for each in decode(instance.dataset, instance.pixels)]


def put(client: httpx.Client, data: bytes, headers: dict[str, str]) -> dict[str, Any]:
    answer = client.post("/v1/reviews", content=data, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ledger_of(service: Running) -> list[dict[str, Any]]:
    config = yaml.safe_load((service.folder / "config.yaml").read_text())
    folder = Path(config["ledger"])
    assert folder.stat().st_mode & 0o777 == 0o700
    paths = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime_ns)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in paths)
    return [json.loads(path.read_text()) for path in paths]


def test_what_a_person_draws_is_masked_and_what_she_clears_stays(
    service: Running, client: httpx.Client, image: Image
) -> None:
    data = image("ct_banner.png")
    review = put(client, data, PNG)
    assert review["verdict"] == "REDACTED"
    assert {each["reason"] for each in review["regions"]} >= {"name", "date"}
    drawn = {"box": [200, 300, 260, 340], "frames": [0]}
    answer = client.post(
        f"/v1/reviews/{review['id']}/decision",
        json={"decision": "approve", "regions": [drawn]},
    )
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["decision"], done["releasable"]) == ("approved", True)
    (source,) = samples(data)
    (after,) = samples(client.get(f"/v1/reviews/{review['id']}/file").content)
    assert not after[300:340, 200:260].any()
    changed = (source != after).reshape(*source.shape[:2], -1).any(axis=2)
    assert not changed[:290].any(), "what was cleared stays"
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) >= (298, 339, 198, 259)
    entry = ledger_of(service)[-1]
    assert (entry["who"], entry["decision"]) == ("all", "approved")
    assert entry["machine"]["verdict"] == "REDACTED"
    assert len(entry["regions"]) == 1


def test_an_identifier_of_the_header_beside_a_region_is_masked_again(
    client: httpx.Client, image: Image
) -> None:
    """The name stands beside the date: who keeps only the date does not bare the name."""
    review = put(client, image("ct_banner.dicom"), DICOM)
    kept = [each for each in review["regions"] if each["reason"] != "name"]
    assert len(kept) < len(review["regions"])
    for each in kept:
        each.pop("text")
    answer = client.post(
        f"/v1/reviews/{review['id']}/decision",
        json={"decision": "approve", "regions": kept},
    )
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["regions"]) >= len(kept)


def test_what_is_rejected_is_gone(
    service: Running, client: httpx.Client, image: Image
) -> None:
    review = put(client, image("ct_banner.png"), PNG)
    where = f"/v1/reviews/{review['id']}"
    assert client.get(f"{where}/file").status_code == 200
    done = client.post(f"{where}/decision", json={"decision": "reject"}).json()
    assert (done["decision"], done["releasable"]) == ("rejected", False)
    assert client.get(f"{where}/file").status_code == 409
    assert client.get(f"{where}/frames/0").status_code == 404
    again = client.post(f"{where}/decision", json={"decision": "approve"})
    assert again.status_code == 409
    assert ledger_of(service)[-1]["released"] is None


def test_frames_are_shown_before_and_after(client: httpx.Client, image: Image) -> None:
    review = put(client, image("us_palette_2frames.dcm"), DICOM)
    assert review["frames"] == 2
    for index in (0, 1):
        shown = client.get(f"/v1/reviews/{review['id']}/frames/{index}?side=after")
        sizes = [int(shown.headers[f"maskray-{n}"]) for n in ("rows", "columns", "samples")]
        assert sizes == [review["rows"], review["columns"], 3]
        assert len(shown.content) == np.prod(sizes)
    assert client.get(f"/v1/reviews/{review['id']}/frames/2").status_code == 404


def test_grey_frames_keep_sixteen_bits(client: httpx.Client, image: Image) -> None:
    review = put(client, image("CT_no_extension"), DICOM)
    shown = client.get(f"/v1/reviews/{review['id']}/frames/0?side=before")
    assert shown.headers["maskray-samples"] == "1"
    words = np.frombuffer(shown.content, "<u2")
    assert words.size == review["rows"] * review["columns"]
    assert len(np.unique(words)) > 256


@pytest.mark.parametrize(
    "regions",
    [
        [{"box": [5, 5, 5, 9], "frames": [0]}],
        [{"box": [0, 0, 9, 9], "frames": [1]}],
        [{"box": [9000, 0, 9009, 9], "frames": [0]}],
        [{"box": [0, 0, 9], "frames": [0]}],
        [{"box": [0, 0, 9, 9], "frames": []}],
        [{"box": [0, 0, 9, 9], "frames": [0], "reason": "<script>"}],
        [{"box": [0, 0, 10**30, 9], "frames": [-1]}],
    ],
)
def test_regions_that_cannot_be_are_refused(
    client: httpx.Client, image: Image, regions: list[dict[str, Any]]
) -> None:
    review = put(client, image("ct_banner.png"), PNG)
    answer = client.post(
        f"/v1/reviews/{review['id']}/decision",
        json={"decision": "approve", "regions": regions},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "script" not in answer.text


def test_only_reviewers_see_anything(
    service: Running, client: httpx.Client, image: Image
) -> None:
    review = put(client, image("ct_banner.png"), PNG)
    where = f"/v1/reviews/{review['id']}"
    outsider = service.client("redact")
    for path in (where, f"{where}/frames/0", f"{where}/file", "/v1/reviews"):
        assert outsider.get(path).status_code == 403
        assert service.client(None).get(path).status_code == 401
    assert (
        outsider.post(f"{where}/decision", json={"decision": "approve"}).status_code == 403
    )
    colleague = service.client("other")
    assert review["id"] in [each["id"] for each in colleague.get("/v1/reviews").json()]


def test_what_cannot_be_shown_cannot_be_reviewed(
    client: httpx.Client, image: Image
) -> None:
    answer = client.post("/v1/reviews", content=image("rtplan.dcm"), headers=DICOM)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_pixels")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"[" * 100_000, "application/json", 422),
        (b" " * (8 * 2**20 + 1), "application/json", 413),
    ],
    ids=["cut", "no text", "no json", "deep", "large"],
)
def test_decisions_are_read_within_limits(
    client: httpx.Client, body: bytes, kind: str, status: int
) -> None:
    answer = client.post(
        "/v1/reviews/x/decision", content=body, headers={"content-type": kind}
    )
    assert answer.status_code == status
