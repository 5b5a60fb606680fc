"""A stopwatch that ends work: past its deadline, or when nobody waits any more.

The core's steps enter a stage for every frame; there this one looks at the clock.
"""

import contextlib
import time
from collections.abc import Callable, Iterator

from maskray.errors import DetectionError
from maskray.records import Stopwatch

PER_FRAME = "keyframes"
"""The stage that the core enters once for every frame, in order."""


class Timer(Stopwatch):
    """Counts seconds per stage, reports frames, and stops.

    Args:
        seconds: That are left.
        on_frame: Called with the 0-based index of each frame that is looked at.
    """

    def __init__(
        self, seconds: float, on_frame: Callable[[int], None] | None = None
    ) -> None:
        super().__init__()
        self._end = time.monotonic() + seconds
        self._on_frame = on_frame
        self._frames = 0
        self._cancelled = False

    def cancel(self) -> None:
        """Ends the work at the next stage. Any thread may call it."""
        self._cancelled = True

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time inside the ``with`` block to that stage.

        Raises:
            DetectionError: ``deadline`` or ``cancelled``: unknown is never clean.
        """
        if self._cancelled:
            raise DetectionError("nobody waits for it", "cancelled", name)
        if time.monotonic() > self._end:
            raise DetectionError("the deadline has passed", "deadline", name)
        if name == PER_FRAME:
            if self._on_frame is not None:
                self._on_frame(self._frames)
            self._frames += 1
        with super().stage(name):
            yield
