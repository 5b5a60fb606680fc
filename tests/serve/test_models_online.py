"""The service with a model as its detector: real HTTP, real vLLM, tiny Llama 4.

The models know nothing: ``noise`` cannot be understood, ``says`` names one word as PHI
whatever it is shown. What is tested is that neither lets anything through.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.conftest import WORD
from tests.serve.conftest import IMAGES, Running, running

pytest.importorskip("vllm")
pytestmark = [
    pytest.mark.ray,
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
WITH_TEXT = "ct_banner.dicom"
WITHOUT_TEXT = "CT_no_extension"


def settings(model: Path, *detectors: str) -> dict[str, object]:
    return {
        "detectors": list(detectors),
        "model": {"profile": "tiny-llama4", "path": str(model), "in_flight": 4},
    }


@pytest.fixture(scope="module")
def speaking(tiny_models: dict[str, Path]) -> Iterator[Running]:
    with running(settings=settings(tiny_models["says"], "vllm", "rules")) as service:
        yield service


def redact(service: Running, name: str, **query: str):
    body = (IMAGES / name).read_bytes()
    headers = {"content-type": "application/dicom"}
    client = service.client()
    return client.post("/v1/redact", content=body, headers=headers, params=query)


# First, while no other engine is loaded.
def test_what_cannot_be_understood_is_not_released(tiny_models):
    with running(settings=settings(tiny_models["noise"], "vllm")) as service:
        done = redact(service, WITH_TEXT)
        assert done.status_code == 422
        assert done.json()["verdict"] == "REVIEW"
        assert redact(service, WITHOUT_TEXT).status_code == 200


def test_what_a_model_names_and_nobody_finds_hides_all_text(speaking):
    done = redact(speaking, WITH_TEXT, detector="vllm")
    assert (done.status_code, done.headers["maskray-verdict"]) == (200, "REDACTED")
    source = pydicom.dcmread(IMAGES / WITH_TEXT).pixel_array
    released = pydicom.dcmread(io.BytesIO(done.content)).pixel_array
    alone = redact(speaking, WITH_TEXT, detector="rules")
    by_rules = pydicom.dcmread(io.BytesIO(alone.content)).pixel_array
    changed, by_rules_changed = source != released, source != by_rules
    assert changed.sum() >= by_rules_changed.sum() > 0
    assert not np.any(by_rules_changed & ~changed)


def test_a_frame_without_text_never_reaches_the_model(speaking):
    done = redact(speaking, WITHOUT_TEXT, detector="vllm")
    assert (done.status_code, done.headers["maskray-verdict"]) == (200, "CLEAN")


def test_a_model_says_what_and_the_lines_say_where(speaking):
    image = Image.new("L", (300, 110))
    font = ImageFont.load_default(26)
    ImageDraw.Draw(image).text((14, 30), f"{WORD} LEFT", fill=255, font=font)
    stream = io.BytesIO()
    image.save(stream, "png")
    done = speaking.client().post(
        "/v1/detect",
        content=stream.getvalue(),
        headers={"content-type": "image/png"},
        params={"detector": "vllm"},
    )
    (found,) = done.json()["findings"]
    x0, y0, x1, y1 = found["box"]
    assert x0 < 30 < 90 < x1 < 140
    assert y0 < 45 < y1 < 75
