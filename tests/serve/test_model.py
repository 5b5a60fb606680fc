"""The model of the online service: real Serve, real vLLM, a tiny Llama 4."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from ray import serve

from maskray.geometry import Box
from maskray.model import Model
from maskray.picture import Picture, pictures
from maskray.render import NamedView
from maskray.settings import Settings
from serve_app.model import Hosted, host
from tests.conftest import local_ray

pytest.importorskip("vllm")
pytestmark = [
    pytest.mark.ray,
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]


@pytest.fixture(scope="module")
def settings(tiny_models: dict[str, Path]) -> Settings:
    model = {"profile": "tiny-llama4", "path": str(tiny_models["says"]), "in_flight": 2}
    return Settings.model_validate({"detectors": ["vllm"], "model": model})


@pytest.fixture(scope="module")
def backend(settings: Settings) -> Iterator[Hosted]:
    with local_ray(3):
        serve.start(proxy_location="Disabled")
        handle = serve.run(host(settings), name="model", route_prefix=None)
        yield Hosted(handle, settings.model.timeout_s)
        serve.shutdown()


@pytest.fixture
def picture(settings: Settings) -> Picture:
    black = NamedView("full", np.zeros((200, 300, 3), np.uint8))
    (shown,) = pictures([black], [0], settings.model.loaded)
    assert shown.box == Box(0, 0, 300, 200)
    return shown


def test_the_model_behind_a_handle_answers_as_in_the_batch(backend, settings, picture):
    said = Model("vllm", backend, settings).answer([picture] * 3)
    assert said.error is None
    assert [each.text.get_secret_value() for each in said.findings] == ["KRAME"] * 3
    assert said.usage.pictures == 3
    assert said.usage.tokens_out > 10


def test_more_questions_than_may_wait_are_refused_and_no_answer(backend, settings, picture):
    many = settings.model_copy(
        update={"model": settings.model.model_copy(update={"in_flight": 64})}
    )
    said = Model("vllm", backend, many).answer([picture] * 64)
    assert said.error is not None
    assert said.error.code == "model_unavailable"


def test_too_late_is_no_answer(backend, settings, picture):
    late = Hosted(backend._handle, 0.001)
    said = Model("vllm", late, settings).answer([picture])
    assert said.error is not None
    assert said.error.code == "model_timeout"


def test_a_dead_engine_is_replaced(backend, settings, picture):
    cores = [
        each
        for each in psutil.Process().children(recursive=True)
        if "EngineCore" in each.name()
    ]
    assert cores
    for each in cores:
        each.kill()
    model = Model("vllm", backend, settings)
    deadline = time.monotonic() + 200
    while (said := model.answer([picture])).error is not None:
        assert said.error.code in ("model_unavailable", "engine_died")
        assert time.monotonic() < deadline
        time.sleep(2)
    assert len(said.findings) == 1
