"""``evaluation.html``: the table, every outcome, and what went wrong. It shows PHI."""

import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2

from data_jobs.evaluation.datasets import Dataset, Labelled
from data_jobs.evaluation.rows import ANY_POLICY, Row, outcome
from data_jobs.evaluation.table import RULES, Line, dollars, share
from maskray import __version__
from maskray.policy import Policy
from maskray.score import Score

TEMPLATE = "page.html"


@dataclass(frozen=True)
class Cell:
    """What one solution did with one image under one policy."""

    solution: str
    row: Row
    score: Score

    @property
    def says(self) -> str:
        """What went wrong, in words; empty if nothing did."""
        s = self.score
        wrong = []
        if s.leaks:
            wrong.append(f"PHI visible: {s.phi_boxes - s.phi_hidden} of {s.phi_boxes}")
        elif s.false_negatives:
            wrong.append("called CLEAN")
        if s.false_positives:
            wrong.append("false alarm")
        if s.clinical_kept < s.clinical_boxes:
            lost = s.clinical_boxes - s.clinical_kept
            wrong.append(f"clinical lost: {lost} of {s.clinical_boxes}")
        return ", ".join(wrong)


@dataclass(frozen=True)
class Outcome:
    """One image under one policy."""

    name: str
    positive: bool
    cells: tuple[Cell, ...]


def page(
    out: Path,
    dataset: Dataset,
    table: Sequence[Line],
    rows_of: Mapping[str, Sequence[Row]],
    judges: Mapping[str, str | None],
    policies: Sequence[Policy],
) -> str:
    """The page; its pictures are files of the folder ``out``."""
    sections = [
        (
            policy,
            [each for each in table if each.policy == policy.name],
            _outcomes(dataset, rows_of, policy),
        )
        for policy in policies
    ]
    there = {f"pictures/{each.name}" for each in (out / "pictures").iterdir()}
    return _template().render(
        dataset=dataset,
        sections=sections,
        judges=judges,
        pictures=there,
        rules=RULES,
        version=__version__,
    )


def _outcomes(
    dataset: Dataset, rows_of: Mapping[str, Sequence[Row]], policy: Policy
) -> list[Outcome]:
    by_file = {
        name: {row.file: row for row in rows if row.policy in (policy.name, ANY_POLICY)}
        for name, rows in rows_of.items()
    }
    return [_outcome(image, by_file, policy) for image in dataset.images]


def _outcome(
    image: Labelled, by_file: Mapping[str, Mapping[str, Row]], policy: Policy
) -> Outcome:
    cells = tuple(
        Cell(name, rows[image.name], outcome(image, rows[image.name], policy))
        for name, rows in by_file.items()
    )
    counted = cells[0].score
    positive = bool(counted.true_positives or counted.false_negatives)
    return Outcome(image.name, positive, cells)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(dollars=dollars)
    environment.globals.update(share=share)
    source = importlib.resources.files("data_jobs.evaluation").joinpath(TEMPLATE)
    return environment.from_string(source.read_text(encoding="utf-8"))
