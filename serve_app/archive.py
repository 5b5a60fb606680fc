"""Where DICOMweb stores what was released: a folder, an object store, or upstream.

Only files whose verdict allows it get here. Each is stored whole or not at all.
"""

import asyncio
import os
import secrets
from pathlib import Path
from typing import Any, Protocol

import httpx
import pyarrow.fs as pafs

from maskray.errors import ConfigError
from serve_app import media
from serve_app.config import Archive

OUT_OF_RESOURCES = 0xA700
DUPLICATE = 0x0111
PROCESSING_FAILURE = 0x0110
"""Failure reasons: PS3.18 I.2.2, PS3.7 C.5."""

_ATTEMPTS = 3
_AGAIN = frozenset({429, 500, 502, 503, 504})


class Store(Protocol):
    """Takes released instances."""

    async def store(self, name: str, data: bytes) -> int | None:
        """Stores one instance; the failure reason, or ``None`` if it is there now."""
        ...


def open_store(archive: Archive) -> Store | None:
    """The store that is configured, if any.

    Raises:
        ConfigError: If it cannot be used.
    """
    if archive.upstream:
        return Upstream(archive.upstream, archive.timeout_s)
    return Folder(archive.folder) if archive.folder else None


class Folder:
    """A folder, by path or ``s3://`` or ``gs://``; files are named by their new UIDs."""

    def __init__(self, where: str) -> None:
        try:
            if "://" in where:
                self._system, self._root = pafs.FileSystem.from_uri(where)
                self._local: Path | None = None
            else:
                self._local = Path(where).absolute()
                self._local.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError):
            raise ConfigError("archive.folder cannot be used") from None

    async def store(self, name: str, data: bytes) -> int | None:
        """Stores one instance; the same bytes may come again, others not."""
        return await asyncio.to_thread(self._store, f"{name}.dcm", data)

    def _store(self, name: str, data: bytes) -> int | None:
        try:
            if self._local is not None:
                there = _write_new(self._local / name, data)
            else:
                there = self._upload(name, data)
        except OSError:
            return OUT_OF_RESOURCES
        return None if there == data else DUPLICATE

    def _upload(self, name: str, data: bytes) -> bytes:
        path = f"{self._root}/{name}"
        if self._system.get_file_info(path).type == pafs.FileType.File:
            with self._system.open_input_stream(path) as stream:
                there: bytes = stream.read()
                return there
        with self._system.open_output_stream(path) as stream:
            stream.write(data)
        return data


def _write_new(target: Path, data: bytes) -> bytes:
    """Writes a file that is not there yet, by another name first; what is there then."""
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(temporary, target)
    except FileExistsError:
        return target.read_bytes()
    finally:
        temporary.unlink(missing_ok=True)
    return data


class Upstream:
    """Another DICOMweb server, by STOW-RS (PS3.18 10.5); one instance a request."""

    def __init__(self, address: str, timeout_s: float) -> None:
        self._address = f"{address.rstrip('/')}/studies"
        token = os.environ.get("MASKRAY_UPSTREAM_TOKEN")
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            headers={"authorization": f"Bearer {token}"} if token else {},
            follow_redirects=False,
            trust_env=False,  # no proxy from the environment sees instances
        )

    async def store(self, name: str, data: bytes) -> int | None:
        """Stores one instance; tries again where that may help.

        Instances bear UIDs that depend on the key only: a repeated one changes nothing.
        """
        del name
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(2.0**attempt / 4)
            try:
                answer = await self._post(data)
            except httpx.HTTPError:
                continue
            if answer.status_code not in _AGAIN:
                return _reason(answer)
        return OUT_OF_RESOURCES

    async def _post(self, data: bytes) -> httpx.Response:
        boundary = secrets.token_hex(16)
        head = f"--{boundary}\r\nContent-Type: {media.DICOM}\r\n\r\n".encode()
        return await self._client.post(
            self._address,
            content=head + data + f"\r\n--{boundary}--\r\n".encode(),
            headers={
                "content-type": f'{media.RELATED}; type="{media.DICOM}"; '
                f"boundary={boundary}",
                "accept": media.DICOM_JSON,
            },
        )


def _reason(answer: httpx.Response) -> int | None:
    """What an upstream's answer means; anything but a plain yes is a no."""
    try:
        report: Any = answer.json()
        failed = report.get("00081198", {}).get("Value", [])
        stored = report.get("00081199", {}).get("Value", [])
        if answer.status_code in (200, 202) and len(stored) == 1 and not failed:
            return None
        return int(failed[0]["00081197"]["Value"][0])
    except (ValueError, AttributeError, LookupError, TypeError):
        return PROCESSING_FAILURE
