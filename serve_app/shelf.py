"""Results that wait to be fetched, and images under review: in memory, for a while.

Nothing here is written anywhere. Whoever put something in is the only one to get it;
what is full refuses, so that nothing is lost silently.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from maskray.errors import InputError
from maskray.quiet import keep_quiet
from maskray.settings import LimitSettings
from serve_app.frames import Picture, picture


@dataclass(slots=True)
class _Entry:
    owner: str
    size: int
    expires: float
    value: Any = field(repr=False)


class Shelf:
    """Values by a name nobody can guess, bounded in bytes and in time."""

    def __init__(
        self,
        most_bytes: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._seconds, self._clock = most_bytes, seconds, clock
        self._entries: dict[str, _Entry] = {}

    @property
    def size(self) -> int:
        """Bytes that lie here."""
        return sum(each.size for each in self._entries.values())

    def put(self, owner: str, size: int, value: Any) -> str | None:
        """Puts a value in; its name, or ``None`` if there is no room."""
        self.tidy()
        if self.size + size > self._most:
            return None
        name = secrets.token_urlsafe(18)
        self._entries[name] = _Entry(owner, size, self._clock() + self._seconds, value)
        return name

    def get(self, owner: str, name: str) -> Any:
        """The owner's value of that name, or ``None``."""
        self.tidy()
        entry = self._entries.get(name)
        return entry.value if entry is not None and entry.owner == owner else None

    def take(self, owner: str, name: str) -> Any:
        """The same, and it is gone from here."""
        value = self.get(owner, name)
        if value is not None:
            del self._entries[name]
        return value

    def replace(self, owner: str, name: str, size: int, value: Any) -> bool:
        """Puts another value under a name that is there; it keeps its age."""
        if self.get(owner, name) is None:
            return False
        entry = self._entries[name]
        entry.size, entry.value = size, value
        return True

    def of(self, owner: str) -> dict[str, Any]:
        """All values of an owner, oldest first."""
        self.tidy()
        return {
            name: entry.value
            for name, entry in self._entries.items()
            if entry.owner == owner
        }

    def tidy(self) -> None:
        """Forgets what is too old."""
        now = self._clock()
        for name in [n for n, each in self._entries.items() if each.expires <= now]:
            del self._entries[name]


@dataclass(frozen=True, slots=True)
class Result:
    """A released file that waits to be fetched."""

    media_type: str
    data: bytes = field(repr=False)


class Shelves:
    """The deployment: one replica, so that every ingress finds the same things."""

    def __init__(self, most_bytes: int, seconds: float) -> None:
        keep_quiet()
        self._shelf = Shelf(most_bytes, seconds)

    def check_health(self) -> None:
        """Called by Serve, every few seconds: old things go even if nobody asks."""
        self._shelf.tidy()

    async def put(self, owner: str, size: int, value: Any) -> str | None:
        """See :meth:`Shelf.put`."""
        return self._shelf.put(owner, size, value)

    async def get(self, owner: str, name: str) -> Any:
        """See :meth:`Shelf.get`."""
        return self._shelf.get(owner, name)

    async def replace(self, owner: str, name: str, size: int, value: Any) -> bool:
        """See :meth:`Shelf.replace`."""
        return self._shelf.replace(owner, name, size, value)

    async def of(self, owner: str) -> dict[str, Any]:
        """All reviews of an owner, without their pixels."""
        return {
            name: replace(value, data=b"", outcome=replace(value.outcome, data=None))
            for name, value in self._shelf.of(owner).items()
        }

    async def picture(
        self, owner: str, name: str, index: int, side: str, limits: LimitSettings
    ) -> Picture | None:
        """A frame of a review; ``None`` if there is no such thing to show."""
        item = self._shelf.get(owner, name)
        if item is None:
            return None
        data = item.data if side == "before" else item.outcome.data
        if not data:
            return None
        try:
            return await asyncio.to_thread(picture, data, index, limits)
        except InputError:
            return None

    async def take(self, owner: str, name: str) -> Any:
        """See :meth:`Shelf.take`."""
        return self._shelf.take(owner, name)
