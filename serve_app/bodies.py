"""Reads bodies within limits, in memory only: a patient's bytes touch no disk."""

import asyncio
import contextlib
import io
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from maskray.settings import LimitSettings
from serve_app import media
from serve_app.admission import Held
from serve_app.config import HttpLimits
from serve_app.problems import Problem

_MOST_HEADER_BYTES = 8192
_MOST_BOUNDARY = 200


@dataclass(slots=True)
class Part:
    """One part of a multipart body."""

    headers: dict[str, str] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray, repr=False)

    @property
    def media_type(self) -> str:
        """As its own header says; nothing said is nothing known."""
        return media.parsed(self.headers.get("content-type", ""))[0] or media.OCTETS

    @property
    def is_file(self) -> bool:
        """Whether a form's part is a file, and no plain field."""
        return "filename" in self.headers.get("content-disposition", "").lower()


def announced(request: Request, limits: HttpLimits) -> int | None:
    """The length that a request says its body has.

    Raises:
        Problem: ``too_large`` at once.
    """
    text = request.headers.get("content-length", "")
    if not (text.isascii() and text.isdigit()):
        return None
    if len(text) > 18 or int(text) > limits.max_body_bytes:
        raise Problem("too_large")
    return int(text)


async def _chunks(request: Request, held: Held, limits: HttpLimits) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limits.max_body_bytes:
            raise Problem("too_large")
        held.upto(size)
        yield chunk


async def read_body(request: Request, held: Held, limits: HttpLimits) -> bytes:
    """The whole body.

    Raises:
        Problem: ``too_large``, ``overloaded``, ``slow``.
    """
    body = bytearray()
    async with _in_time(limits):
        async for chunk in _chunks(request, held, limits):
            body += chunk
    return bytes(body)


@contextlib.asynccontextmanager
async def _in_time(limits: HttpLimits) -> AsyncIterator[None]:
    """Whoever sends slowly holds room that others want.

    Raises:
        Problem: ``slow``.
    """
    try:
        async with asyncio.timeout(limits.deadline_s):
            yield
    except TimeoutError:
        raise Problem("slow") from None


async def read_parts(
    request: Request, boundary: str, held: Held, limits: HttpLimits
) -> list[Part]:
    """The parts of a multipart body, all of them in memory.

    Raises:
        Problem: ``too_large``, ``overloaded``, ``too_many_files``, ``bad_multipart``, or
            ``truncated`` if the closing boundary is missing.
    """
    if not 0 < len(boundary) <= _MOST_BOUNDARY:
        raise Problem("bad_multipart")
    try:
        reader = _PartReader(boundary, limits.max_files)
        async with _in_time(limits):
            async for chunk in _chunks(request, held, limits):
                reader.write(chunk)
    except (FormParserError, UnicodeError):
        raise Problem("bad_multipart") from None
    if not reader.ended:
        raise Problem("truncated")
    return reader.parts


class _PartReader:
    """Collects what python-multipart's parser calls out."""

    def __init__(self, boundary: str, most_parts: int) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._most = most_parts
        self._name, self._value = bytearray(), bytearray()
        self._header_bytes = 0
        calls: dict[str, Callable[..., None]] = {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_header_field": self._field,
            "on_header_value": self._worth,
            "on_header_end": self._header,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary.encode("latin-1"), calls)  # type: ignore[arg-type]

    def write(self, chunk: bytes) -> None:
        self._parser.write(chunk)

    def _begin(self) -> None:
        if len(self.parts) >= self._most:
            raise Problem("too_many_files")
        self.parts.append(Part())
        self._header_bytes = 0

    def _data(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].data += data[start:end]

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._name += data[start:end]

    def _worth(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > _MOST_HEADER_BYTES:
            raise Problem("bad_multipart")

    def _header(self) -> None:
        name = self._name.decode("latin-1").strip().lower()
        self.parts[-1].headers[name] = self._value.decode("latin-1").strip()
        self._name, self._value = bytearray(), bytearray()

    def _end(self) -> None:
        self.ended = True


class Members:
    """The members of a zip archive in memory, expanded one at a time.

    Raises:
        Problem: ``unreadable_archive``, ``encrypted``, ``too_many_files``.
    """

    def __init__(self, data: bytes, http: HttpLimits, limits: LimitSettings) -> None:
        self._http, self._limits = http, limits
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            self._infos = [each for each in self._archive.infolist() if not each.is_dir()]
        except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError, OSError):
            raise Problem("unreadable_archive") from None
        if len(self._infos) > http.max_files:
            raise Problem("too_many_files")
        if any(each.flag_bits & 0x1 for each in self._infos):
            raise Problem("encrypted")
        if sum(each.file_size for each in self._infos) > http.max_expanded_bytes:
            raise Problem("archive_bomb")

    def __len__(self) -> int:
        return len(self._infos)

    def size(self, index: int) -> int:
        """The most bytes that a member becomes."""
        info = self._infos[index]
        return min(info.file_size, self._most(info))

    def _most(self, info: zipfile.ZipInfo) -> int:
        return self._limits.most_expanded(info.compress_size)

    async def read(self, index: int) -> bytes:
        """A member's bytes, never more than the limits allow.

        Raises:
            Problem: ``archive_bomb``, ``unreadable_archive``.
        """
        return await asyncio.to_thread(self._read, self._infos[index])

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        most = self._most(info)
        if info.file_size > most:
            raise Problem("archive_bomb")
        try:
            with self._archive.open(info) as stream:
                data = stream.read(most + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            ValueError,
            EOFError,
            RuntimeError,
            NotImplementedError,
            OSError,
        ):
            raise Problem("unreadable_archive") from None
        if len(data) > most:
            raise Problem("archive_bomb")
        return data
