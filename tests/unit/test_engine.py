"""An engine that dies: what waits for it is asked again, and nobody waits for ever.

vLLM's engine is a fake here, because it has to die at the right moment; the real one is
killed in ``tests/jobs/test_models.py``.
"""

import asyncio
import os
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip("vllm")

from maskray.errors import DetectionError, ServiceDownError
from maskray.model import Question, Reply
from maskray.settings import Settings
from vllm_engine.engine import Engine, _Running

pytestmark = pytest.mark.model  # imports vLLM and torch
CANARY = "Zzyzxqua"
PNG = cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes()


def question(says="answer"):
    return Question("system", says, {"type": "object"}, 8, PNG)


class FakeLlm:
    """Does with each request what its text says; once dead it stays so."""

    def __init__(self):
        self.errored = False
        self.stopped = False

    def get_tokenizer(self):
        return SimpleNamespace(
            apply_chat_template=lambda chat, **_: chat[1]["content"][0]["text"],
            encode=lambda text, **_: [ord(each) for each in text],
        )

    async def generate(self, prompt, _sampling, _name):
        from vllm.v1.engine.exceptions import EngineDeadError

        said = "".join(map(chr, prompt["prompt_token_ids"]))
        if said == "hang":
            await asyncio.sleep(60)
        if said == "raise":
            raise KeyError(CANARY)
        await asyncio.sleep(0.01)
        if said == "kill" or self.errored:
            self.errored = True
            raise EngineDeadError
        yield SimpleNamespace(
            prompt_token_ids=[1, 2, 3],
            outputs=[SimpleNamespace(text="{}", finish_reason="stop", token_ids=[4])],
        )

    def shutdown(self):
        self.stopped = True

    async def check_health(self):
        if self.errored:
            raise KeyError(CANARY)


class Host(Engine):
    """Starts fakes; ``hang`` hangs in the first one only."""

    def _start(self):
        self.started = [*getattr(self, "started", []), FakeLlm()]
        return _Running(self.started[-1], ())


@pytest.fixture
def engine(monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ.copy())
    model = {"profile": "tiny-llama4", "timeout_s": 2.0}
    return Host(Settings.model_validate({"detectors": ["vllm"], "model": model}))


def outcome(result):
    return result.code if isinstance(result, DetectionError) else type(result)


def ask(engine, *says):
    async def together():
        asked = (engine.ask(question(each)) for each in says)
        return await asyncio.gather(*asked, return_exceptions=True)

    return [outcome(each) for each in asyncio.run(together())]


def test_a_question_gets_its_reply(engine):
    reply = asyncio.run(engine.ask(question()))
    assert reply == Reply("{}", "stop", 3, 1)


def test_what_a_dead_engine_never_answers_is_asked_of_the_next(engine, monkeypatch):
    first, hung = engine.started[0], []
    plain = FakeLlm.generate

    async def hangs_in_the_first(self, prompt, sampling, name):
        if self is first and prompt["prompt_token_ids"] == [ord("x")]:
            hung.append(name)
            await asyncio.sleep(60)
        async for each in plain(self, prompt, sampling, name):
            yield each

    monkeypatch.setattr(FakeLlm, "generate", hangs_in_the_first)
    assert ask(engine, "x", "x", "kill") == [Reply, Reply, "engine_died"]
    assert len(hung) == 2
    assert first.stopped


def test_a_picture_that_kills_engines_takes_no_other_along(engine):
    says = ["answer", "kill", "answer", "answer"]
    assert ask(engine, *says) == [Reply, "engine_died", Reply, Reply]
    assert all(each.stopped for each in engine.started[:-1])


def test_an_engine_that_dies_again_and_again_is_gone(engine, monkeypatch):
    async def dead(self, *_):
        from vllm.v1.engine.exceptions import EngineDeadError

        if not self.errored:
            raise EngineDeadError
        yield

    monkeypatch.setattr(FakeLlm, "generate", dead)
    results = ask(engine, *["answer"] * 4)
    assert ServiceDownError in results
    assert Reply not in results


def test_too_late_is_no_reply_and_leaves_the_engine_alone(engine):
    assert ask(engine, "hang", "answer") == ["model_timeout", Reply]
    assert len(engine.started) == 1


def test_a_refused_question_is_not_quoted(engine, capfd):
    with pytest.raises(DetectionError) as caught:
        asyncio.run(engine.ask(question("raise")))
    assert caught.value.code == "request_refused"
    assert caught.value.__suppress_context__
    printed = capfd.readouterr()
    assert CANARY not in printed.out + printed.err + str(caught.value)


def test_its_health_is_that_of_the_engine(engine):
    asyncio.run(engine.check())
    engine.started[-1].errored = True
    with pytest.raises(ServiceDownError):
        asyncio.run(engine.check())


def test_it_ends_what_it_has_started(engine):
    engine.stop()
    assert engine.started[-1].stopped
