"""What the manifest says in sum: read in bounded batches, each instance counted once.

The manifest may hold millions of rows in tens of thousands of parts. Nothing of it is
kept but sums, a bounded choice of rows to show, and some twelve bytes for each row that
tell which of several rows of one instance is the newest.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_jobs.output import MANIFEST as FOLDER
from data_jobs.output import Output
from maskray.account import MANIFEST
from maskray.errors import ConfigError, OutputError
from maskray.records import Verdict

Group = tuple[str | None, ...]

_BATCH_ROWS = 65_536
_PARTS_AT_ONCE = 32
_READERS = 8
"""Threads that fetch parts: in an object store each of them waits."""
_REQUIRED = ("instance", "run", "verdict")
_SUMMED = (
    "frames",
    "frames_looked_at",
    "frames_without_text",
    "frames_masked",
    "lines_read",
    "regions",
    "tokens_in",
    "tokens_out",
)
_USED = ("detectors", "model", "prompt", "policy", "settings", "version")
_SHOWN = ("instance", "verdict", "modality", "released", "frames", "frames_masked")
_PAIRS = pa.list_(pa.struct([("key", pa.string()), ("value", pa.float64())]))

MOST_SHOWN = 24
"""Rows kept for each verdict and modality, to choose pictures from."""
MOST_SHOWN_PIXELS = 2**28
"""Larger instances are not shown: a picture is not worth decoding gigabytes."""


@dataclass
class Grouped:
    """Instances and frames by the values of some columns."""

    files: Counter[Group] = field(default_factory=Counter)
    frames: Counter[Group] = field(default_factory=Counter)

    def add(self, batch: pa.Table, columns: Sequence[str]) -> None:
        """Counts a batch."""
        found = batch.group_by(list(columns)).aggregate(
            [([], "count_all"), ("frames", "sum")]
        )
        groups = zip(*(found[name].to_pylist() for name in columns), strict=True)
        counts = zip(
            groups,
            found["count_all"].to_pylist(),
            found["frames_sum"].to_pylist(),
            strict=True,
        )
        for group, files, frames in counts:
            self.files[group] += files
            self.frames[group] += frames or 0

    def largest(self) -> list[Group]:
        """The groups, those with most instances first."""
        return sorted(self.files, key=lambda group: (-self.files[group], str(group)))


@dataclass
class Tally:
    """The sums over a manifest. Frames are known of released instances only."""

    files: int = 0
    superseded: int = 0
    """Older rows of instances that have a newer one; counted nowhere else."""
    totals: Counter[str] = field(default_factory=Counter)
    """Sums of the columns that hold numbers."""
    verdicts: Grouped = field(default_factory=Grouped)
    codes: Grouped = field(default_factory=Grouped)
    """By error code and verdict."""
    modalities: Grouped = field(default_factory=Grouped)
    """By modality and verdict."""
    formats: Grouped = field(default_factory=Grouped)
    """By kind, transfer syntax and photometric interpretation."""
    used: Grouped = field(default_factory=Grouped)
    """By detectors, model, prompt, policy, settings and version."""
    runs: Grouped = field(default_factory=Grouped)
    categories: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Regions by category."""
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """By stage."""
    frame_seconds: defaultdict[str, float] = field(
        default_factory=lambda: defaultdict(float)
    )
    """By stage, of the instances whose frames are known."""
    pixels: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """By verdict."""
    masked_pixels: defaultdict[str, float] = field(
        default_factory=lambda: defaultdict(float)
    )
    """By verdict."""
    largest_share: float = 0.0
    """Of the pixels of one instance that were masked."""
    _shown: pa.Table | None = None

    def add(self, batch: pa.Table) -> None:
        """Counts a batch of manifest rows."""
        if not len(batch):
            return
        self.files += len(batch)
        for name in _SUMMED:
            self.totals[name] += pc.sum(batch[name]).as_py() or 0
        self.verdicts.add(batch, ["verdict"])
        self.codes.add(
            batch.filter(pc.is_valid(batch["error_code"])), ["error_code", "verdict"]
        )
        self.modalities.add(batch, ["modality", "verdict"])
        self.formats.add(batch, ["kind", "transfer_syntax", "photometric"])
        self.used.add(_with_detectors_joined(batch), _USED)
        self.runs.add(batch, ["run"])
        _add(self.categories, batch["categories"])
        _add(self.seconds, batch["seconds"])
        _add(self.frame_seconds, batch.filter(pc.is_valid(batch["frames"]))["seconds"])
        self._add_pixels(batch)
        self._choose(batch)

    def shown(self) -> list[dict[str, Any]]:
        """A bounded choice of released instances: some columns of their rows."""
        rows: list[dict[str, Any]] = self._shown.to_pylist() if self._shown else []
        return rows

    def _add_pixels(self, batch: pa.Table) -> None:
        pixels = _pixels(batch)
        masked = pc.multiply(pixels, batch["masked_share"].cast(pa.float64()))
        found = (
            pa.table({"verdict": batch["verdict"], "pixels": pixels, "masked": masked})
            .group_by("verdict")
            .aggregate([("pixels", "sum"), ("masked", "sum")])
        )
        for row in found.to_pylist():
            self.pixels[row["verdict"]] += row["pixels_sum"] or 0.0
            self.masked_pixels[row["verdict"]] += row["masked_sum"] or 0.0
        largest = pc.max(batch["masked_share"]).as_py() or 0.0
        self.largest_share = max(self.largest_share, largest)

    def _choose(self, batch: pa.Table) -> None:
        """Keeps the first few of each verdict and modality, in order of instance keys.

        The keys are hashes: that is a choice by chance which is the same every time.
        """
        small = pc.less_equal(_pixels(batch), MOST_SHOWN_PIXELS)
        same = pc.equal(batch["error_code"], "duplicate_instance").fill_null(False)
        usable = pc.and_(small, pc.invert(same)).fill_null(False)
        rows = batch.filter(pc.and_(usable, pc.is_valid(batch["released"])))
        rows = rows.select(_SHOWN)
        if self._shown is not None:
            rows = pa.concat_tables([self._shown, rows])
        rows = rows.sort_by([(name, "ascending") for name in ("instance", "released")])
        groups = zip(rows["verdict"].to_pylist(), rows["modality"].to_pylist(), strict=True)
        seen: Counter[Group] = Counter()
        kept: list[bool] = []
        for group in groups:
            seen[group] += 1
            kept.append(seen[group] <= MOST_SHOWN)
        self._shown = rows.filter(pa.array(kept, pa.bool_()))


def tally_manifest(output: Output) -> Tally:
    """The sums over an output's manifest; of several rows of one instance the newest.

    Newest is the one of the run that began last. Within one run no row is older than
    another: parts have no order, so the one that is read last counts.

    Raises:
        ConfigError: If there is no manifest, it is empty, or cannot be read.
    """
    names = _part_names(output)
    latest, tally, start = _Latest(), Tally(), 0
    for batch in _batches(output, names):
        latest.add(batch)
        tally.add(batch)
    if not tally.files:
        raise ConfigError(f"no maskray output, or nothing done in it yet: {output.uri}")
    superseded = latest.superseded()
    if not superseded.size:
        return tally
    tally = Tally(superseded=superseded.size)
    for batch in _batches(output, names):
        counts = np.ones(len(batch), bool)
        low, high = np.searchsorted(superseded, (start, start + len(batch)))
        counts[superseded[low:high] - start] = False
        start += len(batch)
        tally.add(batch.filter(pa.array(counts)))
    return tally


# --- reading --------------------------------------------------------------------------


def _part_names(output: Output) -> list[str]:
    try:
        return [name for name in output.names(FOLDER) if name.endswith(".parquet")]
    except OSError:
        raise ConfigError(f"cannot read the output: {output.uri}") from None


def _batches(output: Output, names: Sequence[str]) -> Iterator[pa.Table]:
    """The manifest in batches of bounded size, in the order of the names.

    Raises:
        ConfigError: If a part cannot be read, or is no part of a manifest.
    """
    held: list[pa.Table] = []
    try:
        for table in _tables(output, names):
            held.append(table)
            if sum(map(len, held)) >= _BATCH_ROWS:
                yield pa.concat_tables(held).combine_chunks()
                held = []
    except (OutputError, OSError, pa.ArrowException):
        raise ConfigError(
            f"a part of the manifest cannot be read: {output.uri}/{FOLDER}"
        ) from None
    if held:
        yield pa.concat_tables(held).combine_chunks()


def _tables(output: Output, names: Sequence[str]) -> Iterator[pa.Table]:
    with ThreadPoolExecutor(_READERS) as pool:
        for start in range(0, len(names), _PARTS_AT_ONCE):
            for data in pool.map(output.read, names[start : start + _PARTS_AT_ONCE]):
                part = pq.ParquetFile(pa.BufferReader(data))
                for batch in part.iter_batches(_BATCH_ROWS):
                    yield _conformed(pa.Table.from_batches([batch]))


def _conformed(table: pa.Table) -> pa.Table:
    """The table in the manifest's schema; columns of other versions null or left out."""
    known = set(table.column_names)
    if not known.issuperset(_REQUIRED):
        raise pa.ArrowInvalid("not a manifest")
    columns = [
        table[each.name].cast(each.type)
        if each.name in known
        else pa.nulls(len(table), each.type)
        for each in MANIFEST
    ]
    verdicts = pa.array([verdict.value for verdict in Verdict])
    if not pc.all(pc.is_in(table["verdict"], verdicts)).as_py():
        raise pa.ArrowInvalid("not a verdict")
    return pa.Table.from_arrays(columns, schema=MANIFEST)


class _Latest:
    """Which rows are older rows of an instance that has a newer one."""

    def __init__(self) -> None:
        self._keys: list[npt.NDArray[np.int64]] = []
        self._runs: list[npt.NDArray[np.int32]] = []
        self._numbers: dict[str, int] = {}

    def add(self, batch: pa.Table) -> None:
        """Remembers who is in a batch, by hash: 64 bits tell 10 million rows apart."""
        keys = map(hash, batch["instance"].to_pylist())
        self._keys.append(np.fromiter(keys, np.int64, len(batch)))
        runs = batch["run"].fill_null("").combine_chunks().dictionary_encode()
        numbers = [
            self._numbers.setdefault(run, len(self._numbers))
            for run in runs.dictionary.to_pylist()
        ]
        indices = runs.indices.to_numpy(zero_copy_only=False)
        self._runs.append(np.array(numbers, np.int32)[indices])

    def superseded(self) -> npt.NDArray[np.int64]:
        """Positions of the older rows, counted from the first batch on, ascending."""
        in_order = sorted(self._numbers, key=lambda run: (began(run) or 0, run))
        ranks = np.empty(len(in_order), np.int32)
        ranks[[self._numbers[run] for run in in_order]] = np.arange(len(in_order))
        keys = np.concatenate(self._keys)
        order = np.lexsort((ranks[np.concatenate(self._runs)], keys))
        has_newer = keys[order[:-1]] == keys[order[1:]]
        return np.sort(order[:-1][has_newer])


def began(run: str) -> int | None:
    """When a run began, in seconds since 1970: its name says it in hexadecimal."""
    try:
        return int(run.partition("-")[0], 16)
    except ValueError:
        return None


# --- sums -----------------------------------------------------------------------------


def _with_detectors_joined(batch: pa.Table) -> pa.Table:
    index = batch.column_names.index("detectors")
    return batch.set_column(index, "detectors", pc.binary_join(batch["detectors"], ", "))


def _add(sums: defaultdict[str, float], column: pa.ChunkedArray) -> None:
    """Adds the values of a column of maps, by key."""
    pairs = pc.list_flatten(column.cast(_PAIRS))
    table = pa.table(
        {name: pc.struct_field(pairs, name) for name in ("key", "value")}
    ).group_by("key")
    found: Iterable[dict[str, Any]] = table.aggregate([("value", "sum")]).to_pylist()
    for row in found:
        sums[row["key"]] += row["value_sum"] or 0.0


def _pixels(batch: pa.Table) -> Any:
    """Rows x columns x frames of each instance."""
    rows, columns, frames = (
        batch[name].cast(pa.float64()) for name in ("rows", "columns", "frames")
    )
    return pc.multiply(pc.multiply(rows, columns), frames)
