"""Is a release of a labelled set free of its PHI, and is the rest of it unharmed?

After ``maskray redact SOURCES OUT`` it takes the labels of SOURCES (a CSV with the columns
``path``, ``has_text``, ``has_phi`` and ``phi_strings``, separated by ``|``) and checks

(a) that each file with PHI ended REDACTED or REVIEW, and that none of its strings can be
    read any more: in every frame and every rendering, by RapidOCR and by EasyOCR at two
    scales. The first frame of the source is read as well: a check that does not find the
    strings there proves nothing;
(b) that the pixels of each file without text are the source's, byte for byte;
(c) which share of what can be decoded is in REVIEW.

It prints counts and the instances' keys, never what was read. Exit code 1 if (a) or (b)
fails for a file.

    python bench/check_release.py SOURCES OUT [--labels FILE] [--only GLOB] [--frames N]
        [--notes FILE]

EasyOCR takes a minute of CPU for a frame. ``--frames`` reads fewer of a long cine. With
``--notes`` what was found in a picture is kept in a file (digests and the strings' places
in the list, no text), and a run that was stopped, or one of a newer release, reads only
pictures that no run has read. A new file is due when the readers themselves change.
"""

import argparse
import csv
import fnmatch
import functools
import hashlib
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from data_jobs.output import LEDGER, Output
from data_jobs.sources import MEMBER, read_source
from maskray.open import Instance, open_instance
from maskray.pixels import PIXEL_KEYWORDS, decode
from maskray.quiet import keep_quiet
from maskray.records import Verdict
from maskray.render import View, views
from maskray.score import readable
from maskray.settings import LimitSettings, Settings
from maskray.text import letters

Row = dict[str, Any]
LIMITS = LimitSettings()
CHUNK = 6
"""Frames that one task reads: long cines are shared between the workers."""
NOTES = "MASKRAY_CHECK_NOTES"
"""The variable that tells the workers where ``--notes`` are."""
TILE, OVERLAP = 1280, 256
"""EasyOCR's network needs memory for every pixel it is shown, so it is shown tiles."""
SCALES = (1.0, 2.0)
LARGE = 1600
"""Frames with a longer side are looked at smaller instead of larger."""


# --- reading, in a worker -------------------------------------------------------------


@functools.cache
def _rapidocr() -> Any:
    from maskray.read import Reader

    keep_quiet()
    return Reader(Settings().read)


@functools.cache
def _easyocr() -> Any:
    """EasyOCR as it is, without maskray's own ways of showing it places."""
    from maskray.locate import _fast, weights_folder
    from maskray.torch_cpu import prepare_torchvision

    prepare_torchvision()
    import easyocr
    import torch

    torch.set_num_threads(1)
    weights = str(weights_folder(Settings().locate))
    reader = easyocr.Reader(
        ["en"],
        gpu=torch.cuda.is_available(),
        model_storage_directory=weights,
        user_network_directory=weights,
        download_enabled=False,
        verbose=False,
        quantize=False,
    )
    reader.detector = _fast(reader.detector, reader.device)
    return reader


def by_rapidocr(view: View) -> list[str]:
    """All that RapidOCR reads in a view, whatever it is sure of."""
    reader = _rapidocr()
    return [each.text.get_secret_value() for each in reader.read(view, reader.spot(view))]


def by_easyocr(view: View) -> list[str]:
    """All that EasyOCR reads in a view at two scales."""
    large = max(view.shape[:2]) > LARGE
    found: list[str] = []
    for scale in SCALES:
        scale = scale / 2 if large else scale
        for tile in tiles(view, round(TILE / scale), round(OVERLAP / scale)):
            lines = _easyocr().readtext(
                tile, mag_ratio=scale, canvas_size=TILE + 64, detail=0
            )
            found += [str(line) for line in lines]
    return found


def tiles(view: View, side: int, overlap: int) -> Iterator[View]:
    """The view in squares that overlap; flat ones are left out."""
    rows, columns = view.shape[:2]
    for y in range(0, max(rows - overlap, 1), side - overlap):
        for x in range(0, max(columns - overlap, 1), side - overlap):
            tile = view[y : y + side, x : x + side]
            if int(tile.max()) - int(tile.min()) >= 8:
                yield np.ascontiguousarray(tile)


@dataclass(frozen=True)
class Task:
    """Frames of one file to read. ``strings`` are sought."""

    path: str
    instance: str
    strings: tuple[str, ...]
    frames: tuple[int, ...]
    released: bool


@dataclass(frozen=True)
class Found:
    """Indices of the strings that each engine read; ``fault`` if it could not."""

    task: Task
    rapidocr: frozenset[int] = frozenset()
    easyocr: frozenset[int] = frozenset()
    fault: str = ""


def read_frames(task: Task) -> Found:
    """Reads the frames of a task; of errors only the class's name comes back."""
    try:
        instance = opened(task.path)
        rapid: set[int] = set()
        easy: set[int] = set()
        for frame in decode(instance.dataset, instance.pixels, task.frames):
            for view in views(frame, instance.dataset, instance.pixels):
                by_one, by_other = read_view(view.pixels, task.strings)
                rapid.update(by_one)
                easy.update(by_other)
        return Found(task, frozenset(rapid), frozenset(easy))
    except Exception as error:  # noqa: BLE001 - messages may quote what was read
        return Found(task, fault=type(error).__name__)


def read_view(view: View, strings: Sequence[str]) -> tuple[list[int], list[int]]:
    """Indices of the strings that RapidOCR and EasyOCR read; from the notes, if known."""
    digest = hashlib.sha256(json.dumps([view.shape, strings]).encode())
    digest.update(view.tobytes())
    key = digest.hexdigest()
    notes = _notes()
    if key not in notes:
        notes[key] = (
            _which(strings, by_rapidocr(view)),
            _which(strings, by_easyocr(view)),
        )
        if path := os.environ.get(NOTES):
            with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
                stream.write(json.dumps([key, *notes[key]]) + "\n")
    return notes[key]


@functools.cache
def _notes() -> dict[str, tuple[list[int], list[int]]]:
    """What this worker and earlier runs found, by the digest of view and strings."""
    path = Path(os.environ.get(NOTES, ""))
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return {key: (one, other) for key, one, other in map(json.loads, lines)}


def _which(strings: Sequence[str], read: Sequence[str]) -> list[int]:
    return [i for i, each in enumerate(strings) if readable(each, read)]


def opened(path: str) -> Instance:
    """The instance at a path or archive member."""
    return open_instance(read_source(path, LIMITS), LIMITS)


# --- what there is to check -----------------------------------------------------------


def account(output: Output, sources: Path) -> dict[str, Row]:
    """The newest ledger row of each source, by its path below SOURCES."""
    rows: dict[str, Row] = {}
    columns = ["source", "instance", "run", "verdict", "error_code", "released"]
    for part in output.tables(LEDGER, columns):
        for row in part.to_pylist():
            name = os.path.relpath(row["source"], sources)
            if name not in rows or rows[name]["run"] <= row["run"]:
                rows[name] = row
    return rows


def of_file(rows: dict[str, Row], path: str) -> list[Row]:
    """The rows of a labelled file: several, if it is an archive."""
    return [
        row for name, row in rows.items() if name == path or name.startswith(path + MEMBER)
    ]


def tasks_of(label: Row, row: Row, out: Path, most: int | None) -> list[Task]:
    """Reads the first frame of the source, and the frames of what was released.

    All of them, or so many, spread evenly.
    """
    strings = tuple(each for each in label["phi_strings"].split("|") if letters(each))
    source = Task(row["source"], row["instance"], strings, (0,), released=False)
    if not row["released"]:
        return [source]
    path = str(out / row["released"])
    count = opened(path).pixels.frames
    spread = np.linspace(0, count - 1, min(most or count, count))
    frames = [int(each) for each in spread]
    return [source] + [
        Task(path, row["instance"], strings, tuple(frames[start : start + CHUNK]), True)
        for start in range(0, len(frames), CHUNK)
    ]


# --- (a) no PHI can be read -----------------------------------------------------------


@dataclass
class Read:
    """What could be read of one instance with PHI."""

    verdict: str
    code: str
    strings: int = 0
    frames: int = 0
    before: frozenset[int] = frozenset()
    by_rapidocr: frozenset[int] = frozenset()
    by_easyocr: frozenset[int] = frozenset()
    fault: str = ""

    @property
    def says(self) -> str:
        """The judgement in a word."""
        if self.verdict not in (Verdict.REDACTED, Verdict.REVIEW):
            return "WRONG VERDICT"
        if self.fault:
            return f"NOT READ ({self.fault})"
        if self.by_rapidocr or self.by_easyocr:
            return "LEAK"
        return "ok" if self.before or self.verdict == Verdict.REVIEW else "ok?"


def check_phi(
    pairs: Sequence[tuple[Row, Row]], out: Path, workers: int, most: int | None
) -> Iterator[tuple[str, Read]]:
    """The instances with PHI, each when it is done."""
    reads = {
        row["instance"]: Read(row["verdict"], row["error_code"] or "") for _, row in pairs
    }
    tasks = [task for label, row in pairs for task in tasks_of(label, row, out, most)]
    left = Counter(task.instance for task in tasks)
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=fresh) as pool:
        for found in pool.map(read_frames, tasks):
            key = found.task.instance
            read = reads[key]
            read.strings = len(found.task.strings)
            read.fault = read.fault or found.fault
            if found.task.released:
                read.frames += len(found.task.frames)
                read.by_rapidocr |= found.rapidocr
                read.by_easyocr |= found.easyocr
            else:
                read.before |= found.rapidocr | found.easyocr
            left[key] -= 1
            if not left[key]:
                yield key, read


# --- (b) what shows no text is the source's -------------------------------------------


def same_pixels(row: Row, out: Path) -> str:
    """``bytes``, ``values`` (another encoding of them) or ``DIFFERENT``."""
    try:
        one, other = opened(row["source"]), opened(str(out / row["released"]))
        if all(one.dataset.get(k) == other.dataset.get(k) for k in PIXEL_KEYWORDS):
            return "bytes"
        frames = zip(
            decode(one.dataset, one.pixels),
            decode(other.dataset, other.pixels),
            strict=True,
        )
        equal = all(np.array_equal(a.samples, b.samples) for a, b in frames)
    except Exception as error:  # noqa: BLE001 - see read_frames
        return f"NOT COMPARED ({type(error).__name__})"
    return "values" if equal else "DIFFERENT"


# --- all of it ------------------------------------------------------------------------


def labelled(
    labels: Path, rows: dict[str, Row], only: str
) -> tuple[list[tuple[Row, Row]], int]:
    """Pairs of label and account, and how many labelled files have no account."""
    pairs: list[tuple[Row, Row]] = []
    missing = 0
    with labels.open(encoding="utf-8", newline="") as stream:
        for label in csv.DictReader(stream):
            if fnmatch.fnmatch(label["path"], only):
                mine = of_file(rows, label["path"])
                missing += not mine
                pairs += [(label, row) for row in mine]
    return pairs, missing


def main() -> int:
    """Checks and prints; the exit code."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("sources", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--labels", type=Path, help="default: labels.csv beside SOURCES")
    asked.add_argument("--only", default="*", metavar="GLOB", help="of paths in labels")
    asked.add_argument("--frames", type=int, metavar="N", help="read so many at most")
    asked.add_argument("--notes", metavar="FILE", help="go on where a run was stopped")
    asked.add_argument("--workers", type=int, default=2)
    options = asked.parse_args()
    os.environ[NOTES] = options.notes or ""
    keep_quiet()
    sources = Path(os.path.abspath(options.sources))  # noqa: PTH100 - as the ledger's
    labels = options.labels or sources.parent / "labels.csv"
    rows = account(Output(str(options.out)), sources)
    pairs, missing = labelled(labels, rows, options.only)
    if not pairs:
        raise SystemExit("none of the labelled files is in the ledger of OUT")
    start = time.monotonic()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    wrong = missing
    wrong += _show_same(pairs, options.out, console)
    _show_review(pairs, missing, console)
    wrong += _show_phi(pairs, options, console)
    console.print(f"{wrong} wrong; {time.monotonic() - start:.0f} s")
    return 1 if wrong else 0


def _show_phi(
    pairs: Sequence[tuple[Row, Row]], options: argparse.Namespace, console: Console
) -> int:
    chosen = [(label, row) for label, row in pairs if label["has_phi"] == "yes"]
    table = Table(title="(a) strings of PHI that can be read", title_justify="left")
    table.add_column("instance", no_wrap=True)
    for name in ("frames", "strings", "in source", "Rapid", "Easy"):
        table.add_column(name, justify="right")
    table.add_column("")
    wrong = 0
    found = check_phi(chosen, options.out, options.workers, options.frames)
    for number, (key, read) in enumerate(found, 1):
        says = f"{read.verdict} {read.code}: {read.says}".replace(" :", ":")
        console.print(f"{number:4} of {len(chosen)}  {key}  {says}", markup=False)
        wrong += not read.says.startswith("ok")
        counts = (read.frames, read.strings, len(read.before))
        after = (len(read.by_rapidocr), len(read.by_easyocr))
        table.add_row(key, *(str(each) for each in (*counts, *after)), says)
    console.print(table)
    console.print("ok?: no string was read in the first frame of the source either")
    return wrong


def _show_same(pairs: Sequence[tuple[Row, Row]], out: Path, console: Console) -> int:
    chosen = [row for label, row in pairs if label["has_text"] == "no"]
    released = [row for row in chosen if row["released"]]
    found = {row["instance"]: same_pixels(row, out) for row in released}
    counts = Counter(found.values())
    console.print(
        f"(b) files without text: {len(chosen)}, released {len(released)}; pixel data "
        f"equal byte for byte {counts['bytes']} ({_share(counts['bytes'], chosen)}), "
        f"in their values only {counts['values']}"
    )
    for row in chosen:
        if not row["released"]:
            console.print(f"      {row['instance']}  {row['verdict']} {row['error_code']}")
    for key, says in found.items():
        if says != "bytes":
            console.print(f"      {key}  {says}", markup=False)
    return len(found) - counts["bytes"] - counts["values"]


def _show_review(pairs: Sequence[tuple[Row, Row]], missing: int, console: Console) -> None:
    decodable = [row for label, row in pairs if label["has_text"] not in ("unknown", "n/a")]
    review = sum(row["verdict"] == Verdict.REVIEW for row in decodable)
    console.print(
        f"(c) decodable {len(decodable)}, in REVIEW {review} "
        f"({_share(review, decodable)}); labelled but not in the ledger {missing}"
    )


def _share(part: int, whole: Sequence[object]) -> str:
    return f"{part / max(len(whole), 1):.1%}"


if __name__ == "__main__":
    sys.exit(main())
