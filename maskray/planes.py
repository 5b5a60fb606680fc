"""What can be seen of an instance beside its stored values.

Overlay planes and unused high bits can hold text, and a PNG's transparency can be a
text by itself. Overlays and unused bits are removed whole; what is read in them only
says that something had to go. Transparency is masked with the pixels.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from maskray.open import Instance
from maskray.pixels import Samples, unused_bits
from maskray.render import NamedView, overlay_planes, plane_view

UNUSED_BITS, OVERLAY, ALPHA = "unused bits", "overlay", "alpha"
REMOVED = frozenset({UNUSED_BITS, OVERLAY})
"""Views of planes that are not released; regions need not cover what they show."""
_OVERLAY_IN_BITS = 0.5
"""Bits set in more pixels than this are no overlay: the header states BitsStored
wrongly, and viewers may show them. Such bits stay, and are masked with the pixels."""
_GROUPS = range(0x6000, 0x6020, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """One plane and the frames it belongs to."""

    view: NamedView
    frames: tuple[int, ...]


def planes(instance: Instance) -> Iterator[Plane]:
    """All planes that are not blank; equal ones of successive frames once."""
    every = tuple(range(instance.pixels.frames))
    for overlay in overlay_planes(instance.dataset):
        yield Plane(NamedView(OVERLAY, overlay), every)
    if instance.alpha is not None and np.ptp(instance.alpha):
        yield Plane(plane_view(ALPHA, instance.alpha), (0,))
    spare = unused_bits(instance.dataset, instance.pixels)
    if spare is not None:
        name = UNUSED_BITS if _holds_overlay(spare, instance) else "all bits"
        yield from _by_frame(spare, name)


def must_clear_unused_bits(instance: Instance) -> bool:
    """Whether the unused bits hold something that is no pixel value (PS3.5 8.1.1)."""
    spare = unused_bits(instance.dataset, instance.pixels)
    return spare is not None and _holds_overlay(spare, instance)


def _holds_overlay(spare: Samples, instance: Instance) -> bool:
    declared = any(
        (group, 0x0102) in instance.dataset and (group, 0x3000) not in instance.dataset
        for group in _GROUPS
    )
    return declared or float(np.count_nonzero(spare)) / spare.size < _OVERLAY_IN_BITS


def _by_frame(spare: Samples, name: str) -> Iterator[Plane]:
    start = 0
    for index in range(1, len(spare) + 1):
        if index < len(spare) and np.array_equal(spare[index], spare[start]):
            continue
        if spare[start].any():
            frames = tuple(range(start, index))
            yield Plane(plane_view(name, spare[start]), frames)
        start = index
