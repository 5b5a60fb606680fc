"""Backpressure: what one ingress lets in, counted in instances and in bytes.

Whoever does not fit is told to come again, before the body is read where its length is
known. Files of a request that was let in wait for their turn instead.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from serve_app import metrics
from serve_app.config import HttpLimits
from serve_app.problems import Problem

_PATIENCE_S = 0.2


class Admission:
    """The counters of one ingress; used on its event loop only."""

    def __init__(self, limits: HttpLimits, store_bytes: float | None = None) -> None:
        """``store_bytes`` is the size of the object store, where it is known."""
        self._limits = limits
        self._most_bytes = limits.max_in_flight_bytes
        if store_bytes:
            self._most_bytes = min(self._most_bytes, int(store_bytes / 3))
        self._instances = self._bytes = 0
        self._places = asyncio.Semaphore(limits.max_in_flight)

    def overloaded(self, why: str) -> Problem:
        """503, and how long to stay away."""
        metrics.count_shed(why)
        return Problem("overloaded", self._limits.retry_after_s)

    @contextlib.contextmanager
    def body(self, announced: int | None) -> Iterator["Held"]:
        """Room for a body; more of it is taken while it is read.

        Raises:
            Problem: ``overloaded``.
        """
        if self._places.locked():
            raise self.overloaded("instances")
        held = Held(self)
        try:
            held.add(announced or 0)
            yield held
        finally:
            self._take(-held.size)

    @contextlib.asynccontextmanager
    async def instance(self, *, waits: bool) -> AsyncIterator[None]:
        """The right to have one instance worked at.

        Raises:
            Problem: ``overloaded``, unless the caller ``waits``.
        """
        if not waits and self._places.locked():
            raise self.overloaded("instances")
        async with self._places:
            self._instances += 1
            self._show()
            try:
                yield
            finally:
                self._instances -= 1
                self._show()

    @contextlib.asynccontextmanager
    async def room(self, size: int) -> AsyncIterator[None]:
        """Room for a file of a request that was let in; waits until there is some.

        Raises:
            Problem: ``overloaded`` if there can never be.
        """
        if size > self._most_bytes:
            raise self.overloaded("bytes")
        while self._bytes + size > self._most_bytes:  # noqa: ASYNC110 - many can wake it
            await asyncio.sleep(_PATIENCE_S)
        self._take(size)
        try:
            yield
        finally:
            self._take(-size)

    def _take(self, size: int) -> None:
        if size > 0 and self._bytes + size > self._most_bytes:
            raise self.overloaded("bytes")
        self._bytes += size
        self._show()

    def _show(self) -> None:
        metrics.show_load(self._instances, self._bytes)


class Held:
    """The bytes that one request holds."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self.size = 0

    def add(self, size: int) -> None:
        """Takes room for more bytes.

        Raises:
            Problem: ``overloaded``.
        """
        self._admission._take(size)
        self.size += size

    def upto(self, size: int) -> None:
        """Takes room so that at least so many bytes are held."""
        if size > self.size:
            self.add(size - self.size)
