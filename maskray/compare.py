"""What of a source can still be seen in the file that was released for it.

Judged from pixels alone, whoever made the file and with whatever colour it was masked:
text is made of edges, neighbouring pixels that differ. Under a mask of one colour no edge
keeps both of its pixels. So the share of a text's edges that are still the source's tells
how much of it is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from maskray.errors import InputError
from maskray.geometry import Box
from maskray.open import Instance, Kind
from maskray.pixels import GREY, StoredFrame, decode
from maskray.planes import must_clear_unused_bits
from maskray.render import overlay_planes, views

OVERLAY, HIGH_BITS = "overlay", "high_bits"
"""Places of text beside the stored values (``where`` in the truth)."""

_STRONG = 0.25
"""Edges that count: from this share of the strongest ones in the box."""
_TOLERANCE = 10
"""Of 255, for colours, which are compared in RGB, and for PNG and JPEG: conversions
round, and tools write a JPEG anew. The grey values of DICOM must be equal."""

Same = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Spot:
    """A piece of text of the source: ``frames`` (empty: all), its box, and where it is."""

    frames: tuple[int, ...]
    box: Box
    where: str = "pixels"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``shown`` is the visible share of each spot, in the frame that shows most of it.

    ``frames`` are those frames. ``changed_outside`` of ``outside`` pixels beside all
    spots have another value.
    """

    shown: tuple[float, ...]
    frames: tuple[int, ...]
    changed: int
    changed_outside: int
    outside: int


def compare(source: Instance, released: Instance, spots: Sequence[Spot]) -> Comparison:
    """Compares frame by frame.

    Raises:
        InputError: If the released file has other frames than the source.
        UnsupportedPixelsError: If one of them cannot be decoded.
    """
    one, other = source.pixels, released.pixels
    if (one.rows, one.columns, one.frames) != (other.rows, other.columns, other.frames):
        raise InputError("the released file has other frames", "not_comparable", "evaluate")
    if (one.photometric in GREY or other.photometric in GREY) and (
        one.photometric != other.photometric
    ):
        raise InputError("the released file shows otherwise", "not_comparable", "evaluate")
    shown = [_beside(spot, released) for spot in spots]
    worst = [spot.frames[0] if spot.frames else 0 for spot in spots]
    changed = changed_outside = outside = 0
    pairs = zip(decode(source.dataset, one), decode(released.dataset, other), strict=True)
    for before, after in pairs:
        values, same = _values(before, source), _same(before, after, source, released)
        free = np.ones(same.shape, bool)
        for index, spot in enumerate(spots):
            inside = spot.box.clip(*same.shape)
            if inside is None or (spot.frames and before.index not in spot.frames):
                continue
            free[inside.index] = False
            if spot.where == "pixels":
                left = visible_share(values[inside.index], same[inside.index])
                if left > shown[index]:
                    shown[index], worst[index] = left, before.index
        changed += int(np.count_nonzero(~same))
        changed_outside += int(np.count_nonzero(free & ~same))
        outside += int(np.count_nonzero(free))
    return Comparison(tuple(shown), tuple(worst), changed, changed_outside, outside)


def visible_share(values: npt.NDArray[np.float64], same: Same) -> float:
    """The share, 0 to 1, of the edges in a box whose two pixels are unchanged.

    Args:
        values: The source's, shape (rows, columns, samples).
        same: Where the release has the same, shape (rows, columns).
    """
    steps, kept = [], []
    for axis in (0, 1):
        steps.append(np.abs(np.diff(values, axis=axis)).max(axis=2, initial=0).ravel())
        pairs = (same[1:], same[:-1]) if axis == 0 else (same[:, 1:], same[:, :-1])
        kept.append((pairs[0] & pairs[1]).ravel())
    step, left = np.concatenate(steps), np.concatenate(kept)
    strongest = float(np.percentile(step, 99.5)) if step.size else 0.0
    if strongest <= 0:
        return float(same.mean())
    strong = step >= _STRONG * strongest
    return float(left[strong].mean())


def _beside(spot: Spot, released: Instance) -> float:
    """Text beside the stored values is gone if its plane is."""
    if spot.where == OVERLAY:
        return float(bool(overlay_planes(released.dataset)))
    if spot.where == HIGH_BITS:
        return float(must_clear_unused_bits(released))
    return 0.0


def _values(frame: StoredFrame, instance: Instance) -> npt.NDArray[np.float64]:
    if frame.photometric in GREY:
        return np.nan_to_num(frame.samples.astype(np.float64))[..., np.newaxis]
    shown = views(frame, instance.dataset, instance.pixels)[0]
    return shown.pixels.astype(np.float64)


def _same(
    before: StoredFrame, after: StoredFrame, source: Instance, released: Instance
) -> Same:
    if before.samples.shape == after.samples.shape and np.array_equal(
        before.samples, after.samples
    ):
        return np.ones(before.samples.shape[:2], bool)
    one, other = _values(before, source), _values(after, released)
    exact = before.photometric in GREY and source.kind is Kind.DICOM
    tolerance = 0 if exact else _TOLERANCE
    return np.asarray((np.abs(one - other) <= tolerance).all(axis=2))
