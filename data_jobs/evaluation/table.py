"""The table of an evaluation, in the form in which such comparisons are published."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from data_jobs.evaluation.datasets import Dataset
from data_jobs.evaluation.rows import ANY_POLICY, Row, outcome
from data_jobs.report import Prices
from maskray.policy import Policy
from maskray.score import Score, wilson

_PER_FRAMES = 100_000
NONE = "\N{EN DASH}"

RULES = (
    "An image is found if it was not called CLEAN. What ended in REVIEW or FAILED is not "
    "released: it counts as found if it shows PHI, and as a false alarm if not.",
    "leaks: images released with PHI that is not hidden. A piece of PHI is hidden if at "
    "most a tenth of its edges is left in the released pixels in every frame, and the "
    "judge cannot read it. Clinical text is kept if 70 % of its edges are.",
    "The judge is an engine that had no part in choosing the regions, so it is not the "
    "same one for all, and they differ in strength; the pixels are measured alike.",
    "outside: changed pixels beside all text, of those of the released images.",
    "In brackets: 95 % intervals (Wilson). Seconds are those of one process; loading the "
    "models is not counted.",
)
"""How it was counted, in plain words, for table and page."""


@dataclass(frozen=True)
class Line:
    """One solution under one policy. Shares are taken of ``score``."""

    solution: str
    policy: str
    images: int
    score: Score
    frames: int
    seconds: float
    tokens_in: int
    tokens_out: int
    dollars: float | None
    """For 100,000 frames; ``None`` without prices."""
    outside: float | None
    """Share of the pixels beside all text that changed in released images."""
    read: int
    """Pieces of the policy's PHI that the judge could read in what was released."""

    def shares(self) -> dict[str, tuple[int, int]]:
        """Name, part and whole of each share."""
        s = self.score
        return {
            "recall": (s.true_positives, s.true_positives + s.false_negatives),
            "precision": (s.true_positives, s.true_positives + s.false_positives),
            "specificity": (s.true_negatives, s.true_negatives + s.false_positives),
            "npv": (s.true_negatives, s.true_negatives + s.false_negatives),
            "phi_hidden": (s.phi_hidden, s.phi_boxes),
            "clinical_kept": (s.clinical_kept, s.clinical_boxes),
        }

    @property
    def seconds_per_frame(self) -> float:
        """Of one process."""
        return self.seconds / self.frames if self.frames else math.nan

    def as_json(self) -> dict[str, Any]:
        """All numbers; a share of nothing is ``null``."""
        shares = {
            name: {
                "part": part,
                "whole": whole,
                "share": part / whole if whole else None,
                "interval_95": list(wilson(part, whole)) if whole else None,
            }
            for name, (part, whole) in self.shares().items()
        }
        plain = {k: v for k, v in asdict(self).items() if k != "score"}
        return {**plain, **asdict(self.score), **shares}


def line(
    solution: str,
    policy: Policy,
    dataset: Dataset,
    rows: Sequence[Row],
    prices: Prices | None,
) -> Line:
    """The line of a solution under a policy.

    Args:
        solution: Its name.
        policy: Says which labels are PHI.
        dataset: The labels.
        rows: All rows of the solution; those of other policies are left out.
        prices: For the cost.
    """
    mine = {row.file: row for row in rows if row.policy in (policy.name, ANY_POLICY)}
    total = Score()
    read = 0
    for image in dataset.images:
        row = mine[image.name]
        total += outcome(image, row, policy)
        hides = [policy.hides(label.category) for label in image.boxes or ()]
        read += sum(r and h for r, h in zip(row.read, hides, strict=False))
    frames = sum(row.frames for row in mine.values())
    seconds = sum(row.seconds for row in mine.values())
    tokens_in = sum(row.tokens_in for row in mine.values())
    tokens_out = sum(row.tokens_out for row in mine.values())
    outside = sum(row.outside for row in mine.values())
    changed = sum(row.changed_outside for row in mine.values())
    return Line(
        solution,
        policy.name,
        len(mine),
        total,
        frames,
        seconds,
        tokens_in,
        tokens_out,
        _dollars(prices, frames, seconds, tokens_in, tokens_out),
        changed / outside if outside else None,
        read,
    )


def _dollars(
    prices: Prices | None, frames: int, seconds: float, tokens_in: int, tokens_out: int
) -> float | None:
    if prices is None or not frames:
        return None
    spent = (
        tokens_in / 1e6 * prices.dollars_per_million_tokens_in
        + tokens_out / 1e6 * prices.dollars_per_million_tokens_out
        + seconds / 3600 * prices.dollars_per_hour
    )
    return spent * _PER_FRAMES / frames


# --- how it is shown ------------------------------------------------------------------


def share(part: int, whole: int) -> str:
    """``0.95 [0.76-0.99]``; a dash where nothing was counted."""
    if not whole:
        return NONE
    low, high = wilson(part, whole)
    return f"{part / whole:.2f} [{low:.2f}-{high:.2f}]"


def show(
    table: Sequence[Line],
    dataset: Dataset,
    judges: dict[str, str | None],
    console: Console,
) -> None:
    """Prints a table of images and one of pieces of text, for each policy."""
    for policy in dict.fromkeys(each.policy for each in table):
        mine = [each for each in table if each.policy == policy]
        console.print(_of_images(mine, policy))
        if dataset.with_boxes:
            console.print(_of_pieces(mine, policy, judges))
    if dataset.left_out:
        console.print(f"{dataset.left_out} files have no usable label and are left out")
    for rule in RULES:
        console.print(rule, markup=False, style="dim")


def _of_images(table: Sequence[Line], policy: str) -> Table:
    counts = table[0].score
    positive = counts.true_positives + counts.false_negatives
    shown = Table(
        title=f"policy {policy}: {table[0].images} images, {positive} with PHI",
        title_justify="left",
    )
    shown.add_column("solution", no_wrap=True)
    for name in ("$/100,000", "s/frame"):
        shown.add_column(name, justify="right")
    for name in ("recall", "precision", "specificity", "NPV"):
        shown.add_column(name)
    for name in ("leaks", "REVIEW", "FAILED"):
        shown.add_column(name, justify="right")
    for each in table:
        shares = list(each.shares().values())[:4]
        shown.add_row(
            each.solution,
            dollars(each.dollars),
            f"{each.seconds_per_frame:.2f}",
            *(share(*pair) for pair in shares),
            str(each.score.leaks),
            str(each.score.review),
            str(each.score.failed),
        )
    return shown


def _of_pieces(table: Sequence[Line], policy: str, judges: dict[str, str | None]) -> Table:
    shown = Table(title=f"policy {policy}: pieces of text", title_justify="left")
    shown.add_column("solution", no_wrap=True)
    for name in ("PHI", "hidden", "clinical", "kept", "outside", "still read"):
        shown.add_column(name, justify="right")
    shown.add_column("judge")
    for each in table:
        hidden, kept = list(each.shares().values())[4:]
        shown.add_row(
            each.solution,
            str(hidden[1]),
            share(*hidden),
            str(kept[1]),
            share(*kept),
            NONE if each.outside is None else f"{each.outside:.2%}",
            str(each.read),
            judges[each.solution] or "none here",
        )
    return shown


def dollars(value: float | None) -> str:
    """Dollars for 100,000 frames, or a dash."""
    return NONE if value is None else f"{value:,.2f}"
