"""How well a labelled set was treated: the truth beside what was masked.

The truth is that of :mod:`maskray.synthesize`: for each instance boxes of text with
their categories; or only whether it shows PHI. Counted are instances (does one that
shows PHI leave as CLEAN?) and boxes (is PHI hidden, is clinical text left readable?).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from rapidfuzz import fuzz

from maskray.ages import find_ages
from maskray.geometry import Box
from maskray.policy import Policy
from maskray.records import Category, Verdict
from maskray.text import distance, fold, letters, skeleton

_HIDDEN = 0.9
"""Share of a box that must be masked in every frame for its text to be hidden."""
_KEPT = 0.3
"""Share of a box that may be masked while its text still counts as kept."""


_SOFT = frozenset({Category.INSTITUTION, Category.OPERATOR, Category.DATE})
"""What an instance with the label ``soft`` shows of."""


@dataclass(frozen=True, slots=True)
class Treated:
    """What became of one instance: frames and boxes that were masked.

    ``shown`` is used instead where it was measured in the released pixels: for each box
    of the truth the share of its text that is left. ``read`` says of each whether an
    engine could still read it.
    """

    verdict: Verdict
    regions: Sequence[tuple[Sequence[int], Box]] = ()
    shown: Sequence[float] | None = None
    read: Sequence[bool] = ()


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
    leaks: int = 0
    """Instances that were released with PHI that is not hidden."""
    review: int = 0
    failed: int = 0

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
    def specificity(self) -> float:
        """Of the instances without PHI, the share that was called CLEAN."""
        return _share(self.true_negatives, self.true_negatives + self.false_positives)

    @property
    def npv(self) -> float:
        """Negative predictive value: of those called CLEAN, the share without PHI."""
        return _share(self.true_negatives, self.true_negatives + self.false_negatives)

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


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); 0 to 1 where nothing was counted.

    Args:
        part: How many of ``whole``.
        whole: All.
    """
    if not whole:
        return 0.0, 1.0
    share, square = part / whole, _Z_95**2 / whole
    middle = (share + square / 2) / (1 + square)
    half = (
        _Z_95 * math.sqrt(share * (1 - share) / whole + square / whole / 4) / (1 + square)
    )
    # A share of none or of all is its own bound; rounding would put it a hair beside.
    low = 0.0 if part == 0 else middle - half
    return low, 1.0 if part == whole else middle + half


_Z_95 = 1.959963984540054


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
    boxes = truth.get("boxes")
    hidden = kept = phi = clinical = 0
    for index, box in enumerate(boxes or ()):
        if is_phi(box, policy):
            phi += 1
            hidden += not released or _is_hidden(index, box, treated)
        elif box["category"] == Category.CLINICAL and box["where"] == "pixels":
            clinical += 1
            kept += released and _shown(index, box, treated) >= 1 - _KEPT
    positive = bool(phi) if boxes is not None else has_phi(truth["has_phi"], policy)
    flagged = treated.verdict is not Verdict.CLEAN
    return Score(
        true_positives=positive and flagged,
        false_positives=not positive and flagged,
        false_negatives=positive and not flagged,
        true_negatives=not positive and not flagged,
        phi_boxes=phi,
        phi_hidden=hidden,
        clinical_boxes=clinical,
        clinical_kept=kept,
        leaks=hidden < phi or (positive and not flagged),
        review=treated.verdict is Verdict.REVIEW,
        failed=treated.verdict is Verdict.FAILED,
    )


def has_phi(label: object, policy: Policy) -> bool:
    """Whether the policy hides something in an instance that is labelled as a whole.

    Args:
        label: ``yes`` or ``no``, true or false, or ``soft``: shows nothing but an
            institution, an operator or a time.
        policy: Says what counts as PHI.
    """
    if label == "soft":
        return any(policy.hides(each) for each in _SOFT)
    return label in (True, "yes")


def _is_hidden(index: int, box: Mapping[str, Any], treated: Treated) -> bool:
    if index < len(treated.read) and treated.read[index]:
        return False
    if treated.shown is not None:
        return 1 - treated.shown[index] >= _HIDDEN
    return is_hidden(box, treated.regions)


def _shown(index: int, box: Mapping[str, Any], treated: Treated) -> float:
    if treated.shown is not None:
        return treated.shown[index]
    return 1 - masked_share(box, treated.regions)


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


# --- is a text among what was read? ---------------------------------------------------


def readable(secret: str, read: Iterable[str]) -> bool:
    """Whether a text, or a word of a name, can be recognised in lines that were read.

    Tolerant of misreads in proportion to the length: one letter of eight may be wrong, of
    five or fewer none. Look-alikes (O and 0, S and 5 ...) count as the same in long ones.
    """
    return any(_in_line(secret, line) for line in read)


def _in_line(secret: str, line: str) -> bool:
    words = [letters(each) for each in line.replace("^", " ").split()]
    wanted = letters(secret)
    if len(wanted) < 6:
        return wanted in words
    wanted, whole = skeleton(secret), skeleton(line)
    if len(whole) >= len(wanted) - 1 and fuzz.partial_ratio(wanted, whole) >= 80:
        return True
    return any(_is_word(part, word) for part in _names(secret) for word in words)


def _names(secret: str) -> list[str]:
    """The words of a name; a date, a number or an address is sought as a whole."""
    if any(not (each.isalpha() or each in " ,^.'-") for each in secret):
        return []
    return [w for w in fold(secret).replace("^", " ").replace(",", " ").split() if w[3:]]


def _is_word(part: str, word: str) -> bool:
    return part == word or (len(part) >= 6 and distance(part, word, 1) <= 1)
