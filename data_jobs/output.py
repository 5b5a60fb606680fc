"""The output folder: what is released, the account of it, and what stays private.

::

    release/            de-identified files, named by their new UIDs
    manifest/*.parquet  one row per instance, free of PHI
    private/            mode 0700: the ledger, the key, the settings; never released
    report.html

Folders on this machine and in object stores are used alike. A file appears under its
name only when it is complete: by rename here, by the end of the upload there.
"""

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from maskray.errors import ConfigError, OutputError
from maskray.keys import Key

RELEASE, MANIFEST, PRIVATE = "release", "manifest", "private"
LEDGER = "private/ledger"
CLAIMS, ATTEMPTS = "private/claims", "private/attempts"
_KEY, _SETTINGS = "private/key", "private/settings.json"


class Output:
    """An output folder, by path or URI. Cheap to make anew in every worker.

    Raises:
        ConfigError: If the place cannot be written to.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        try:
            if "://" in uri:
                self._system, self._root = pafs.FileSystem.from_uri(uri)
                self.local: Path | None = None
            else:
                self.local = Path(uri).absolute()
                self._system, self._root = pafs.LocalFileSystem(), str(self.local)
        except (OSError, ValueError):
            raise ConfigError(f"cannot use the output: {uri}") from None

    def prepare(self) -> None:
        """Makes the folders; the private one for its owner only.

        Raises:
            ConfigError: If that fails, or if the folder holds something else.
        """
        try:
            if self.local is not None:
                self._refuse_foreign(self.local)
                self.local.mkdir(parents=True, exist_ok=True)
                (self.local / PRIVATE).mkdir(mode=0o700, exist_ok=True)
                (self.local / PRIVATE).chmod(0o700)
            for folder in (RELEASE, MANIFEST, LEDGER, CLAIMS, ATTEMPTS):
                self._system.create_dir(self._path(folder), recursive=True)
        except OSError:
            raise ConfigError(f"cannot write to the output: {self.uri}") from None

    @staticmethod
    def _refuse_foreign(folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"the output is no folder: {folder}")
        if folder.is_dir() and any(folder.iterdir()) and not (folder / PRIVATE).is_dir():
            raise ConfigError(f"the output holds something else: {folder}")

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    # --- files ------------------------------------------------------------------------

    def exists(self, name: str) -> bool:
        """Whether a file of that name is complete."""
        info = self._system.get_file_info(self._path(name))
        return bool(info.type == pafs.FileType.File)

    def read(self, name: str) -> bytes:
        """A file's bytes.

        Raises:
            OutputError: If it cannot be read.
        """
        try:
            with self._system.open_input_stream(self._path(name)) as stream:
                data: bytes = stream.read()
                return data
        except OSError:
            raise OutputError("a file of the output cannot be read") from None

    def write(self, name: str, data: bytes, *, new: bool = False) -> bool:
        """Puts a file in its place, complete or not at all.

        Args:
            name: Relative to the output folder.
            data: Its bytes.
            new: Write only if no file of that name is there.

        Returns:
            Whether it was written; ``False`` only with ``new``. In an object store two
            writers at the same moment may both be told ``True``.

        Raises:
            OutputError: If it cannot be written.
        """
        try:
            if self.local is not None:
                return _write_local(self.local / name, data, new)
            if new and self.exists(name):
                return False
            with self._system.open_output_stream(self._path(name)) as stream:
                stream.write(data)
        except OSError:
            raise OutputError("the file cannot be written", stage="write") from None
        return True

    def remove(self, name: str) -> None:
        """Removes a file if it is there."""
        try:
            self._system.delete_file(self._path(name))
        except OSError:
            return

    def names(self, folder: str) -> list[str]:
        """The complete files right in a folder, relative to the output, sorted."""
        selector = pafs.FileSelector(self._path(folder), allow_not_found=True)
        return sorted(
            f"{folder}/{info.base_name}"
            for info in self._system.get_file_info(selector)
            if info.type == pafs.FileType.File and not info.base_name.startswith(".")
        )

    # --- tables -----------------------------------------------------------------------

    def add_table(self, folder: str, table: pa.Table, name: str = "") -> str:
        """Adds rows to a folder of Parquet files, as one more file; its address."""
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        path = f"{folder}/{name or 'part-' + secrets.token_hex(8)}.parquet"
        self.write(path, sink.getvalue().to_pybytes())
        return f"{self.uri}/{path}" if self.local is None else str(self.local / path)

    def tables(self, folder: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """All tables of a folder, one after the other."""
        for name in self.names(folder):
            if name.endswith(".parquet"):
                yield pq.read_table(pa.BufferReader(self.read(name)), columns=columns)

    # --- what a run must agree on -----------------------------------------------------

    def key(self) -> Key:
        """The key: ``MASKRAY_KEY``, or the one kept here, or a new one kept here.

        Raises:
            ConfigError: If the key is too short, or not the one this output began with.
        """
        given = os.environ.get("MASKRAY_KEY", "").encode()
        kept = self.read(_KEY).strip() if self.exists(_KEY) else b""
        secret = given or kept
        if not secret:
            secret = secrets.token_hex(32).encode()
        try:
            key = Key(secret)
        except ValueError as error:
            raise ConfigError(f"MASKRAY_KEY: {error}") from None
        if not given and not kept:
            self.write(_KEY, secret)
            if self.local is not None:
                (self.local / _KEY).chmod(0o600)
        self._same("key", key.digest("check").hex())
        return key

    def agree(self, digest: str) -> None:
        """Refuses to go on with other settings than the output began with.

        Raises:
            ConfigError: If they differ.
        """
        self._same("settings", digest)

    def _same(self, what: str, digest: str) -> None:
        known: dict[str, Any] = {}
        if self.exists(_SETTINGS):
            known = json.loads(self.read(_SETTINGS))
        if known.get(what, digest) != digest:
            raise ConfigError(
                f"this output was begun with another {what}: use the same, or a new folder"
            )
        if what not in known:
            self.write(_SETTINGS, json.dumps({**known, what: digest}).encode())


def _write_local(target: Path, data: bytes, new: bool) -> bool:
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if new:
            os.link(temporary, target)
        else:
            temporary.replace(target)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True
