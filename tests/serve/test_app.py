"""The first slice of the online service, over real HTTP."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from ray import serve

from maskray.errors import ConfigError
from maskray.open import open_instance
from maskray.settings import LimitSettings
from serve_app.app import Args, build

pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
IMAGES = Path(__file__).parents[2] / "examples" / "images"
ADDRESS = "http://127.0.0.1:18437"


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MASKRAY_KEY", "0123456789abcdef")
        app = build(Args(max_body_bytes=1_000_000))
    ray.init(
        num_cpus=4,
        object_store_memory=200 * 2**20,
        include_dashboard=False,
        log_to_driver=False,
    )
    serve.start(http_options={"host": "127.0.0.1", "port": 18437})
    serve.run(app, name="maskray")
    yield ADDRESS
    serve.shutdown()
    ray.shutdown()


def post(address: str, data: bytes) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(f"{address}/v1/redact", data, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


@pytest.mark.parametrize(
    ("name", "media_type", "verdict"),
    [
        ("ct_banner.dicom", "application/dicom", "REDACTED"),
        ("CT_no_extension", "application/dicom", "CLEAN"),
        ("ct_banner.png", "image/png", "REDACTED"),
    ],
)
def test_an_image_comes_back_redacted(
    service: str, name: str, media_type: str, verdict: str
) -> None:
    status, headers, body = post(service, (IMAGES / name).read_bytes())
    assert status == 200
    assert headers["content-type"] == media_type
    assert headers["maskray-verdict"] == verdict
    source = open_instance((IMAGES / name).read_bytes(), LimitSettings())
    back = open_instance(body, LimitSettings())
    changed = back.dataset.PixelData != source.dataset.PixelData
    assert changed is (verdict == "REDACTED")
    assert str(back.dataset.get("PatientName")) != str(
        source.dataset.get("PatientName")
    ) or (media_type != "application/dicom")


@pytest.mark.parametrize("data", [b"not an image", b"", b"\x00" * 132 + b"DICM"])
def test_what_cannot_be_treated_is_a_problem_without_pixels(
    service: str, data: bytes
) -> None:
    status, headers, body = post(service, data)
    assert status == 422
    assert headers["content-type"] == "application/problem+json"
    assert b'"verdict":"FAILED"' in body


def test_a_body_beyond_the_limit_is_refused(service: str) -> None:
    status, _, body = post(service, bytes(1_000_001))
    assert status == 413
    assert b"too_large" in body


def test_without_a_key_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASKRAY_KEY", raising=False)
    with pytest.raises(ConfigError, match="MASKRAY_KEY"):
        build(Args())
