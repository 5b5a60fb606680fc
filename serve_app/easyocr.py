"""EasyOCR behind a handle: one replica, with a GPU or a share of it, for many redactors.

What redactors ask at the same moment is looked at together, as far as it has one shape:
padded to another shape, an answer would depend on what else was asked.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from maskray.errors import DetectionError
from maskray.locate import Boxes, EasyOCR, Reading
from maskray.quiet import keep_quiet
from maskray.render import View
from maskray.settings import LocateSettings

T = TypeVar("T")
_MOST_TOGETHER = 16
_WAIT_S = 0.005
"""How long a canvas waits for others; a look takes at least ten times as long."""


class EasyOCRHost:
    """One replica: it loads EasyOCR, and looks at canvases.

    Raises:
        ServiceDownError: If EasyOCR or its weights are missing.
    """

    def __init__(self, settings: LocateSettings) -> None:
        keep_quiet()
        self._engine = EasyOCR(settings)
        self._thread = ThreadPoolExecutor(1)

    def check_health(self) -> None:
        """Called by Serve; an answer means that the event loop is alive."""

    @serve.batch(max_batch_size=_MOST_TOGETHER, batch_wait_timeout_s=_WAIT_S)
    async def detect(self, canvases: list[View]) -> list[Boxes | DetectionError]:
        """Where text is on each canvas."""
        found = await self._do(partial(self._look, canvases))
        if isinstance(found, DetectionError):
            return [found] * len(canvases)
        return [*found]

    def _look(self, canvases: Sequence[View]) -> list[Boxes]:
        found: dict[int, Boxes] = {}
        for same in _by_shape(canvases):
            looked = self._engine.detect_all([canvases[index] for index in same])
            found |= dict(zip(same, looked, strict=True))
        return [found[index] for index in range(len(canvases))]

    async def recognize(
        self, canvas: View, upright: list[Any], rotated: list[Any]
    ) -> list[Reading] | DetectionError:
        """What is written in these boxes."""
        return await self._do(partial(self._engine.recognize, canvas, upright, rotated))

    async def _do(self, work: Callable[[], T]) -> T | DetectionError:
        """The result, or why there is none: raised, Ray would write the error down."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, work)
        except Exception as error:  # noqa: BLE001 - EasyOCR raises anything
            code = f"easyocr_{type(error).__name__}"
            return DetectionError("EasyOCR failed", code, "locate")


def _by_shape(canvases: Sequence[View]) -> list[list[int]]:
    shapes: dict[tuple[int, ...], list[int]] = {}
    for index, canvas in enumerate(canvases):
        shapes.setdefault(canvas.shape, []).append(index)
    return list(shapes.values())


class HostedEasyOCR:
    """Brings canvases to the replicas behind a handle; an engine of the core's locator.

    For threads in which no event loop runs.
    """

    def __init__(self, handle: DeploymentHandle[Any], timeout_s: float) -> None:
        self._handle = handle
        self._timeout_s = timeout_s

    def detect(self, canvas: View) -> Boxes:
        """Where text is.

        Raises:
            DetectionError: If there is no answer.
        """
        found: Boxes = self._answer(self._handle.detect.remote(canvas))
        return found

    def recognize(
        self, canvas: View, upright: list[Any], rotated: list[Any]
    ) -> list[Reading]:
        """What is written in these boxes.

        Raises:
            DetectionError: If there is no answer.
        """
        read: list[Reading] = self._answer(
            self._handle.recognize.remote(canvas, upright, rotated)
        )
        return read

    def _answer(self, response: Any) -> Any:
        try:
            said = response.result(timeout_s=self._timeout_s)
        except TimeoutError:
            raise DetectionError("no answer in time", "easyocr_timeout", "locate") from None
        except (RayServeException, RayError):  # their messages may quote what was asked
            raise DetectionError(
                "EasyOCR is gone", "easyocr_unavailable", "locate"
            ) from None
        if isinstance(said, DetectionError):
            raise said
        return said
