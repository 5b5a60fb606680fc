"""Requests with many files: taken apart, and worked off a few at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from fastapi import Request

from serve_app import bodies, media
from serve_app.admission import Admission, Held
from serve_app.problems import Problem
from serve_app.service import Service


@dataclass(slots=True)
class File:
    """One file of a request: its bytes, or a place in a zip archive."""

    data: bytes | None = field(default=None, repr=False)
    members: bodies.Members | None = None
    index: int = 0
    media_type: str = media.OCTETS

    @contextlib.asynccontextmanager
    async def opened(self, admission: Admission) -> AsyncIterator[bytes]:
        """The bytes, while the block lasts; a member is expanded only then.

        Raises:
            Problem: ``archive_bomb``, ``unreadable_archive``.
        """
        if self.members is None:
            yield self.data or b""
            return
        async with admission.room(self.members.size(self.index)):
            yield await self.members.read(self.index)


async def files_of(request: Request, service: Service, held: Held) -> list[File]:
    """The files of a form, of a zip archive, or of a form that holds archives.

    Raises:
        Problem: 400, 413, 415 or 503.
    """
    kind, parameters = media.of_request(request)
    if kind == media.FORM:
        boundary = parameters.get("boundary", "")
        parts = await bodies.read_parts(request, boundary, held, service.limits)
        found = [(each.media_type, bytes(each.data)) for each in parts if each.is_file]
    elif kind == media.ZIP or kind in media.SINGLE:
        found = [(kind, await bodies.read_body(request, held, service.limits))]
    else:
        raise Problem("unsupported_media_type")
    files: list[File] = []
    for each, data in found:
        files += _taken_apart(each, data, service)
        if len(files) > service.limits.max_files:
            raise Problem("too_many_files")
    if not files:
        raise Problem("no_file")
    return files


def _taken_apart(kind: str, data: bytes, service: Service) -> Sequence[File]:
    if not (kind == media.ZIP or media.is_zip(data)):
        return [File(data, media_type=kind)]
    members = bodies.Members(data, service.limits, service.args.settings.limits)
    return [File(members=members, index=index) for index in range(len(members))]


async def work_off(
    files: Sequence[File], at_once: int, work: Callable[[int, File], Awaitable[None]]
) -> None:
    """Awaits ``work`` for each file and its index, so many at once."""
    gate = asyncio.Semaphore(at_once)

    async def one(index: int, file: File) -> None:
        async with gate:
            await work(index, file)

    async with asyncio.TaskGroup() as group:
        for index, file in enumerate(files):
            group.create_task(one(index, file))
