"""EasyOCR as a deployment: real Serve, the same answers as in one process."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psutil
import pytest
from ray import serve

from maskray.errors import DetectionError
from maskray.geometry import Box
from maskray.locate import Boxes, EasyOCR, Locator
from maskray.render import View
from maskray.settings import LocateSettings
from serve_app.easyocr import EasyOCRHost, HostedEasyOCR
from tests.conftest import local_ray
from tests.model.pictures import grey, tissue, write

pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
SETTINGS = LocateSettings(device="cpu")
WORDS = ("THISTLEWOOD", "SUPINE", "Acc 4711", "LATERAL", "1950-01-01", "KNEE")


@pytest.fixture(scope="module")
def hosted() -> Iterator[HostedEasyOCR]:
    with local_ray(3):
        limits: Any = serve.deployment(max_ongoing_requests=16, health_check_period_s=1)
        serve.start(proxy_location="Disabled")
        application = limits(EasyOCRHost).bind(SETTINGS)
        handle = serve.run(application, name="easyocr", route_prefix=None)
        yield HostedEasyOCR(handle, 60.0)
        serve.shutdown()


def asked(locator: Locator, words: str) -> list[tuple[Box, str, float]]:
    plane = tissue()
    write(plane, words, (30, 40), 20)
    view: View = np.repeat(grey(plane)[..., np.newaxis], 3, axis=2)
    # Half of them on a smaller canvas: those cannot be looked at together.
    wide = view.shape[1] if len(words) > 7 else 160
    found = locator.read(view, [Box(0, 20, wide, 90)], [20])
    return [(e.box, e.text.get_secret_value(), round(e.confidence, 3)) for e in found]


def test_what_is_asked_at_once_is_answered_as_if_alone(hosted: HostedEasyOCR) -> None:
    alone = Locator(engine=EasyOCR(SETTINGS))
    expected = [asked(alone, words) for words in WORDS]
    assert all(expected)
    with ThreadPoolExecutor(len(WORDS)) as threads:
        found = threads.map(lambda words: asked(Locator(engine=hosted), words), WORDS)
        assert list(found) == expected


def test_what_cannot_be_looked_at_is_said(hosted: HostedEasyOCR) -> None:
    with pytest.raises(DetectionError) as refused:
        hosted.detect(np.zeros((32, 32, 5), np.uint8))
    assert refused.value.code.startswith("easyocr_")
    assert hosted.detect(np.zeros((64, 64, 3), np.uint8)) == ([], [])


def test_a_replica_that_dies_is_no_answer_and_is_replaced(hosted: HostedEasyOCR) -> None:
    canvas = np.zeros((1280, 640, 3), np.uint8)
    (replica,) = (
        each
        for each in psutil.Process().children(recursive=True)
        if "EasyOCRHost" in each.name() or "EasyOCRHost" in " ".join(each.cmdline())
    )
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(hosted.detect, canvas)
        time.sleep(0.5)
        os.kill(replica.pid, signal.SIGKILL)
        with pytest.raises(DetectionError) as lost:
            answer.result()
    assert lost.value.code == "easyocr_unavailable"
    assert _in_time(hosted, canvas) == ([], [])


def _in_time(hosted: HostedEasyOCR, canvas: View) -> Boxes:
    """The answer of a new replica."""
    for _ in range(90):
        with contextlib.suppress(DetectionError):
            return hosted.detect(canvas)
        time.sleep(1)
    raise AssertionError
