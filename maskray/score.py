"""How well a labelled set was treated: the truth beside what was masked.

The truth is that of :mod:`maskray.synthesize`: for each instance boxes of text with
their categories. Counted are instances (does one that shows PHI leave as CLEAN?) and
boxes (is PHI hidden, is clinical text left readable?).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from maskray.forms import find_ages
from maskray.geometry import Box
from maskray.policy import Policy
from maskray.records import Category, Verdict

_HIDDEN = 0.9
"""Share of a box that must be masked in every frame for its text to be hidden."""
_KEPT = 0.3
"""Share of a box that may be masked while its text still counts as kept."""


@dataclass(frozen=True, slots=True)
class Treated:
    """What became of one instance. ``regions`` are frames and boxes that were masked."""

    verdict: Verdict
    regions: Sequence[tuple[Sequence[int], Box]] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over a set. An instance is positive if the policy hides text in it."""

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    true_negatives: int = 0
    phi_boxes: int = 0
    phi_hidden: int = 0
    clinical_boxes: int = 0
    clinical_kept: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(
            *(getattr(self, each.name) + getattr(other, each.name) for each in fields(self))
        )

    @property
    def recall(self) -> float:
        """Of the instances with PHI, the share that was not called CLEAN."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def precision(self) -> float:
        """Of the instances not called CLEAN, the share that shows PHI."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def hidden(self) -> float:
        """Share of the PHI boxes that cannot be read in what was released."""
        return _share(self.phi_hidden, self.phi_boxes)

    @property
    def kept(self) -> float:
        """Share of the clinical boxes that can still be read."""
        return _share(self.clinical_kept, self.clinical_boxes)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def score(
    truths: Iterable[Mapping[str, Any]], treated: Mapping[str, Treated], policy: Policy
) -> Score:
    """The counts for a set.

    Args:
        truths: The ``instances`` of a ``truth.json``.
        treated: By the truth's ``file``. An instance that is missing here counts as
            FAILED: nothing of it was released.
        policy: Says which of the truth's categories are PHI.
    """
    total = Score()
    for truth in truths:
        total += _instance(truth, treated.get(truth["file"]), policy)
    return total


def _instance(truth: Mapping[str, Any], treated: Treated | None, policy: Policy) -> Score:
    treated = treated or Treated(Verdict.FAILED)
    released = treated.verdict.releasable
    phi = [each for each in truth["boxes"] if is_phi(each, policy)]
    clinical = [
        each
        for each in truth["boxes"]
        if each["category"] == Category.CLINICAL and each["where"] == "pixels"
    ]
    flagged = treated.verdict is not Verdict.CLEAN
    return Score(
        true_positives=bool(phi) and flagged,
        false_positives=not phi and flagged,
        false_negatives=bool(phi) and not flagged,
        true_negatives=not phi and not flagged,
        phi_boxes=len(phi),
        phi_hidden=sum(not released or is_hidden(each, treated.regions) for each in phi),
        clinical_boxes=len(clinical),
        clinical_kept=sum(
            released and masked_share(each, treated.regions) <= _KEPT for each in clinical
        ),
    )


def is_phi(box: Mapping[str, Any], policy: Policy) -> bool:
    """Whether the policy hides the text of a box of the truth."""
    if not box["phi"] or not policy.hides(Category(box["category"])):
        return False
    ages = [years for _, _, years in find_ages(box["text"].upper())]
    return box["category"] != Category.AGE or max(ages, default=0) > policy.age_limit_years


def is_hidden(box: Mapping[str, Any], regions: Sequence[tuple[Sequence[int], Box]]) -> bool:
    """Whether the text of a box is gone; overlays and unused bits are always removed."""
    return box["where"] != "pixels" or masked_share(box, regions) >= _HIDDEN


def masked_share(
    box: Mapping[str, Any], regions: Sequence[tuple[Sequence[int], Box]]
) -> float:
    """The share of a box that is masked, in the frame where it is masked least."""
    place = Box(*box["box"])
    shares = []
    for frame in box["frames"]:
        masked = np.zeros((place.height, place.width), bool)
        for frames, region in regions:
            inside = region.shift(-place.x0, -place.y0).clip(place.height, place.width)
            if inside is not None and frame in frames:
                masked[inside.index] = True
        shares.append(float(masked.mean()))
    return min(shares, default=0.0)
