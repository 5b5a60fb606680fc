"""``maskray evaluate``: detectors and other tools side by side on a labelled set.

::

    OUT/                    mode 0700: names of files and pictures are PHI
      results/*.jsonl       one row per image and policy; what is there is not done again
      pictures/*.jpg        source and release of each image that went wrong
      evaluation.json       the table, with intervals, and every outcome
      evaluation.html       the same to look at

Each solution makes a released file of each image, and that file is judged from its
pixels (``maskray/compare.py``) and by an engine that had no part in it.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from data_jobs.evaluation.datasets import Dataset, Labelled, load_dataset
from data_jobs.evaluation.judge import Judge, make_judge, read_place
from data_jobs.evaluation.page import page
from data_jobs.evaluation.pictures import picture
from data_jobs.evaluation.rows import ANY_POLICY, Row, outcome
from data_jobs.evaluation.solutions import Solution, Treatment
from data_jobs.evaluation.table import Line, line, show
from data_jobs.report import Prices
from data_jobs.sources import read_source
from maskray import __version__
from maskray.compare import Comparison, compare
from maskray.errors import ConfigError, MaskrayError
from maskray.open import Instance, open_instance
from maskray.policy import Policy
from maskray.records import Category, Verdict
from maskray.score import readable
from maskray.settings import Settings

BANNER = Policy(
    name="banner",
    phi=frozenset(
        {
            Category.NAME,
            Category.BIRTH_DATE,
            Category.AGE,
            Category.PATIENT_ID,
            Category.ACCESSION,
            Category.OTHER_ID,
        }
    ),
)
"""Only what names the patient: the banner that consoles print."""
EVERYTHING = Policy(name="everything")
"""The default: also dates, operators' initials, institutions, addresses, serials."""
POLICIES = (BANNER, EVERYTHING)
_RESULTS, _PICTURES = "results", "pictures"


def evaluate(
    dataset: Path,
    solutions: Sequence[Solution],
    out: Path,
    settings: Settings,
    console: Console,
    *,
    images: Path | None = None,
    policies: Sequence[Policy] = POLICIES,
    prices: Prices | None = None,
) -> list[Line]:
    """Runs what is not done yet, prints the table, and writes JSON and page.

    Args:
        dataset: See :mod:`data_jobs.evaluation.datasets`.
        solutions: What to compare; see :mod:`data_jobs.evaluation.solutions`. Each is
            closed when it is through.
        out: A new folder, or one of an evaluation.
        settings: For maskray's detectors; the policy in it is not used.
        console: For the table; never for anything read from an image.
        images: Folder of the images, if not that of the CSV.
        policies: What counts as PHI; the set is scored under each.
        prices: For the cost.

    Raises:
        ConfigError: If dataset, policies or folder are wrong.
        ServiceDownError: If a model is missing.
    """
    if len({each.name for each in policies}) != len(policies):
        raise ConfigError("two policies have the same name")
    labelled = load_dataset(dataset, images)
    _prepare(out)
    table: list[Line] = []
    rows_of: dict[str, list[Row]] = {}
    judges: dict[str, str | None] = {}
    for solution in solutions:
        judge = make_judge(solution.readers, settings) if labelled.with_boxes else None
        try:
            rows = _run(solution, labelled, policies, judge, out, settings, console)
        finally:
            solution.close()
        rows_of[solution.name] = rows
        judges[solution.name] = judge.name if judge else None
        table += [line(solution.name, p, labelled, rows, prices) for p in policies]
    show(table, labelled, judges, console)
    _write_json(out, labelled, table, rows_of, judges)
    shown = page(out, labelled, table, rows_of, judges, policies)
    _write(out / "evaluation.html", shown.encode())
    console.print(f"{out}/evaluation.html shows what went wrong: patients' data")
    return table


# --- one solution over the set --------------------------------------------------------


def _run(
    solution: Solution,
    dataset: Dataset,
    policies: Sequence[Policy],
    judge: Judge | None,
    out: Path,
    settings: Settings,
    console: Console,
) -> list[Row]:
    """The rows of a solution, those that were there already and new ones."""
    path = out / _RESULTS / f"{solution.name}.jsonl"
    known = {(row.file, row.policy, row.key): row for row in _kept(path)}
    rows: list[Row] = []
    todo = [
        (image, policy)
        for policy in (policies if solution.by_policy else policies[:1])
        for image in dataset.images
    ]
    for image, policy in track(
        todo, solution.name, console=console, disable=not console.is_terminal
    ):
        name = policy.name if solution.by_policy else ANY_POLICY
        key = _key(solution, image, policy, judge)
        row = known.get((image.name, name, key))
        if row is None:
            row, made = _one(solution, image, policy, judge, settings)
            row = replace(row, policy=name, key=key)
            wrong = [each for each in policies if _is_wrong(image, row, each)]
            if wrong and made is not None:
                row = replace(row, picture=_picture(out, row, image, wrong, solution, made))
            _append(path, row)
        rows.append(row)
    return rows


def _key(solution: Solution, image: Labelled, policy: Policy, judge: Judge | None) -> str:
    """Changes with all that can change the row."""
    chosen = ""
    if solution.by_policy:  # a set has no order: its JSON may differ between runs
        plain = {**policy.model_dump(mode="json"), "phi": sorted(policy.phi)}
        chosen = json.dumps(plain, sort_keys=True)
    parts = (solution.digest, chosen, judge.name if judge else "", image.digest)
    return hashlib.sha256("|".join((*parts, __version__)).encode()).hexdigest()[:16]


def _one(
    solution: Solution,
    image: Labelled,
    policy: Policy,
    judge: Judge | None,
    settings: Settings,
) -> tuple[Row, tuple[Instance, Instance] | None]:
    """The row of one image; source and release, if there is one."""
    data = read_source(image.source, settings.limits)
    done = solution.treat(data, policy)
    try:
        source = open_instance(data, settings.limits)
    except MaskrayError:
        return _row(image, done, 1), None
    row = _row(image, done, source.pixels.frames)
    if done.data is None or not done.verdict.releasable:
        return row, None
    try:
        released = open_instance(done.data, settings.limits)
        spots = [each.spot for each in image.boxes or ()]
        seen = compare(source, released, spots)
    except MaskrayError as error:
        # What cannot be opened again, or has other frames, is of no use to anybody.
        failed = replace(done, verdict=Verdict.FAILED, code=error.code)
        return _row(image, failed, source.pixels.frames), None
    row = replace(
        row,
        shown=seen.shown if image.boxes is not None else None,
        worst=seen.frames if image.boxes is not None else (),
        read=_read(judge, image, released, seen) if judge else (),
        changed=seen.changed,
        changed_outside=seen.changed_outside,
        outside=seen.outside,
    )
    return row, (source, released)


def _row(image: Labelled, done: Treatment, frames: int) -> Row:
    return Row(
        image.name,
        "",
        "",
        done.verdict.value,
        done.code,
        round(done.seconds, 4),
        frames,
        done.tokens_in,
        done.tokens_out,
    )


def _read(
    judge: Judge, image: Labelled, released: Instance, seen: Comparison
) -> tuple[bool, ...]:
    """Whether the judge can read each piece of PHI where most of it is left."""
    found: list[bool] = []
    for label, frame in zip(image.boxes or (), seen.frames, strict=True):
        look = label.phi and label.text and label.where == "pixels"
        found.append(
            bool(look)
            and readable(label.text, read_place(judge, released, frame, label.spot.box))
        )
    return tuple(found)


# --- what went wrong ------------------------------------------------------------------


def _is_wrong(image: Labelled, row: Row, policy: Policy) -> bool:
    found = outcome(image, row, policy)
    lost = found.clinical_kept < found.clinical_boxes
    wrong = found.leaks or found.false_negatives or found.false_positives or lost
    return row.policy in (policy.name, ANY_POLICY) and bool(wrong)


def _picture(
    out: Path,
    row: Row,
    image: Labelled,
    wrong: Sequence[Policy],
    solution: Solution,
    made: tuple[Instance, Instance],
) -> str | None:
    number = hashlib.sha256(f"{image.name}|{row.policy}".encode()).hexdigest()[:12]
    name = f"{_PICTURES}/{solution.name}-{number}.jpg"
    data = picture(*made, image, row, wrong[-1])
    if data is None:
        return None
    _write(out / name, data)
    return name


# --- files, for their owner only ------------------------------------------------------


def _prepare(out: Path) -> None:
    ours = (out / _RESULTS).is_dir()
    try:
        if out.exists() and not ours and any(out.iterdir()):
            raise ConfigError(f"{out} holds something else: name a new folder")
        for folder in (out, out / _RESULTS, out / _PICTURES):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
    except OSError:
        raise ConfigError(f"cannot use the folder: {out}") from None


def _write(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(data)


def _append(path: Path, row: Row) -> None:
    if not path.exists():
        path.touch(mode=0o600)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(row)) + "\n")


def _kept(path: Path) -> Iterator[Row]:
    if not path.exists():
        return
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            values: dict[str, Any] = json.loads(text)
            values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
            yield Row(**values)
        except (ValueError, TypeError, KeyError):
            continue  # cut off by a crash, or of another version: done again


def _write_json(
    out: Path,
    dataset: Dataset,
    table: Sequence[Line],
    rows_of: dict[str, list[Row]],
    judges: dict[str, str | None],
) -> None:
    content = {
        "version": __version__,
        "dataset": {
            "form": dataset.form,
            "images": len(dataset.images),
            "left_out": dataset.left_out,
        },
        "judges": judges,
        "table": [each.as_json() for each in table],
        "outcomes": {
            name: [{k: v for k, v in asdict(row).items() if k != "key"} for row in rows]
            for name, rows in rows_of.items()
        },
    }
    _write(out / "evaluation.json", json.dumps(content, indent=1).encode())
