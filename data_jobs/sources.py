"""Where instances come from: files, folders, zip archives, globs and object stores.

Every file becomes a source, whatever its name; what cannot be listed or opened becomes
a source too, with the error that says so. Nothing is skipped.
"""

import glob
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.fs as pafs

from maskray.errors import ConfigError, InputError
from maskray.settings import LimitSettings

MEMBER = "!"
"""Stands between an archive and a file in it: ``/a/b.zip!c/d.dcm``."""
_REMOTE = ("s3://", "gs://", "gcs://")


@dataclass(frozen=True, slots=True)
class Source:
    """One file to treat.

    ``name`` is its absolute path or URI; ``fingerprint`` changes when the file does.
    ``error_code`` is set where it is known already that it cannot be read.
    """

    name: str
    fingerprint: str = ""
    error_code: str | None = None


def list_sources(
    inputs: Iterable[str], limits: LimitSettings, without: Path | None = None
) -> Iterator[Source]:
    """The sources of all inputs, in the order of their names, each once.

    Args:
        inputs: Files, folders, archives, globs, ``s3://`` or ``gs://`` URIs.
        limits: Bounds on archives.
        without: A folder that is left out (the output may lie inside an input).

    Raises:
        ConfigError: If an input does not exist.
    """
    seen: set[str] = set()
    for each in inputs:
        for source in _one_input(each, limits, without):
            if source.name not in seen:
                seen.add(source.name)
                yield source


def _one_input(each: str, limits: LimitSettings, without: Path | None) -> Iterator[Source]:
    if each.startswith(_REMOTE):
        yield from _remote(each)
        return
    path = Path(os.path.abspath(each))  # noqa: PTH100 - resolve() would follow links
    if path.is_dir():
        yield from _folder(path, limits, without)
    elif path.exists() or path.is_symlink():
        yield from _file(path, limits)
    else:
        matches = sorted(glob.glob(each, recursive=True))  # noqa: PTH207 - absolute too
        if not matches:
            raise ConfigError(f"no such input: {each}")
        for match in matches:
            yield from _one_input(match, limits, without)


def _folder(
    folder: Path,
    limits: LimitSettings,
    without: Path | None,
    above: tuple[str, ...] = (),
) -> Iterator[Source]:
    real = os.path.realpath(folder)
    if without is not None and real == os.path.realpath(without):
        return
    if real in above:
        yield Source(str(folder), "", "folder_loop")
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield Source(str(folder), "", "unreadable_folder")
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_dir():
            yield from _folder(path, limits, without, (*above, real))
        else:
            yield from _file(path, limits)


def _file(path: Path, limits: LimitSettings) -> Iterator[Source]:
    name = os.fsencode(path).decode("utf-8", "replace")
    if name != str(path):
        yield Source(name, "", "name_not_unicode")
        return
    try:
        status = path.stat()
    except OSError:
        yield Source(name, "", "unreadable")
        return
    fingerprint = f"{status.st_size}:{status.st_mtime_ns}"
    if not path.is_file():
        yield Source(name, fingerprint, "not_a_file")
    elif _is_zip(path):
        yield from _archive(path, fingerprint, limits)
    else:
        yield Source(name, fingerprint)


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False  # reading it will fail again, and be accounted for


def _archive(path: Path, fingerprint: str, limits: LimitSettings) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
    except (OSError, zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError):
        # What zipfile raises for broken, encrypted and unknown archives: accounted for.
        yield Source(str(path), fingerprint, "unreadable_archive")
        return
    if len(members) > limits.max_archive_members:
        yield Source(str(path), fingerprint, "archive_too_large")
        return
    if not members:
        yield Source(str(path), fingerprint, "empty_archive")
    for member in sorted(members, key=lambda each: each.filename):
        name = f"{path}{MEMBER}{member.filename}"
        yield Source(name, f"{fingerprint}:{member.CRC}", _refused(member, limits))


def _refused(member: zipfile.ZipInfo, limits: LimitSettings) -> str | None:
    if member.flag_bits & 0x1:
        return "encrypted"
    if member.file_size > limits.max_file_bytes:
        return "too_large"
    if member.file_size > limits.most_expanded(member.compress_size):
        return "archive_bomb"
    return None


def _remote(uri: str) -> Iterator[Source]:
    try:
        system, path = pafs.FileSystem.from_uri(uri.replace("gcs://", "gs://"))
        scheme = uri.split("://", 1)[0]
        infos = [system.get_file_info(path)]
        if infos[0].type == pafs.FileType.Directory:
            infos = system.get_file_info(pafs.FileSelector(path, recursive=True))
    except (OSError, ValueError):
        raise ConfigError(f"cannot list the input: {uri}") from None
    for info in sorted(infos, key=lambda each: each.path):
        if info.type == pafs.FileType.File:
            yield Source(f"{scheme}://{info.path}", f"{info.size}:{info.mtime_ns}")


def read_source(name: str, limits: LimitSettings) -> bytes:
    """The bytes of a source, never more than the limits allow.

    Raises:
        InputError: ``unreadable``, ``too_large`` or ``unreadable_archive``.
    """
    try:
        if name.startswith(_REMOTE):
            return _read_remote(name, limits)
        archive, _, member = name.partition(f".zip{MEMBER}")
        if not member:
            archive, _, member = _split(name)
        else:
            archive += ".zip"
        if member:
            return _read_member(Path(archive), member, limits)
        path = Path(name)
        if path.stat().st_size > limits.max_file_bytes:
            raise InputError("larger than the limit", "too_large", "open")
        return path.read_bytes()
    except OSError:
        raise InputError("the source cannot be read", "unreadable", "open") from None


def _split(name: str) -> tuple[str, str, str]:
    """An archive without the usual ending and its member, if the name holds both."""
    if Path(name).exists():
        return name, "", ""
    archive, mark, member = name.partition(MEMBER)
    return (archive, mark, member) if Path(archive).is_file() else (name, "", "")


def _read_member(path: Path, member: str, limits: LimitSettings) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
            data = stream.read(limits.max_file_bytes + 1)
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, KeyError):
        raise InputError("broken archive", "unreadable_archive", "open") from None
    except (RuntimeError, NotImplementedError):
        # zipfile's words for "needs a password" and "an unknown compression".
        raise InputError("encrypted or unknown archive", "encrypted", "open") from None
    if len(data) > limits.max_file_bytes:
        raise InputError("larger than the limit", "too_large", "open")
    return data


def _read_remote(name: str, limits: LimitSettings) -> bytes:
    try:
        system, path = pafs.FileSystem.from_uri(name.replace("gcs://", "gs://"))
        with system.open_input_stream(path) as stream:
            data: bytes = stream.read(limits.max_file_bytes + 1)
    except ValueError:
        raise InputError("the source cannot be read", "unreadable", "open") from None
    if len(data) > limits.max_file_bytes:
        raise InputError("larger than the limit", "too_large", "open")
    return data
