"""Chooses the values to write letters with, so that a person can read them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from maskray.synthesize.canvas import Canvas, Stored, Value
from maskray.synthesize.faces import Coverage
from maskray.synthesize.layout import Block, Stamp, Style
from maskray.synthesize.people import Rng

LEAST_CONTRAST = 0.12
"""Of the displayed range, for letters to be readable at all."""
SMALLER: tuple[tuple[int, float], ...] = ((12, 0.3), (18, 0.2))
"""Letters below these sizes in pixels need that contrast."""
DARK, DARK_CONTRAST = 0.12, 0.17
"""So do letters on ground darker than this."""
OTHER_VIEW_CONTRAST = 0.25
"""And letters that only show when the window is opened to the whole range."""
VANISHED = 0.06
"""Less contrast than this cannot be seen."""
MOST_INK = 0.7
"""Share of the strongest coverage from which a pixel counts as ink."""

Brightness = npt.NDArray[np.float64]
"""What a person sees, 0 to 1; axes (frames, rows, columns)."""


@dataclass(frozen=True, slots=True)
class Ink:
    """What the letters of a stamp are written with.

    ``contrasts`` holds for each part how much it stands out, as a share of the
    displayed range, in the view that shows it best; ``in_window`` whether it can be
    read through the window of the header. ``fill`` is for a box behind them.
    """

    value: Value
    kind: str
    contrasts: tuple[float, ...]
    in_window: tuple[bool, ...]
    fill: Value | None = None


def choose_inks(
    rng: Rng,
    canvas: Canvas,
    block: Block,
    stamps: list[Stamp],
    place: tuple[int, int],
) -> list[Ink] | None:
    """The same ink for all variants of a block, readable in each.

    ``place`` is the row and column of the upper left corner. ``None`` if nothing can
    be read there.
    """
    style = block.style
    if style.hidden and canvas.window is None:
        return None
    patches = [
        _patch(canvas, stamp, variant.frames, place)
        for variant, stamp in zip(block.variants, stamps, strict=True)
    ]
    for value, kind in canvas.inks(rng, patches[0], style.kinds, style.faint):
        if style.hidden and kind == "middle":
            continue
        fill = fill_for(canvas, value) if style.boxed else None
        inks: list[Ink] = []
        for patch, stamp in zip(patches, stamps, strict=True):
            seen = _contrasts(canvas, patch, stamp, style, (value, fill))
            if seen is None:
                break
            inks.append(_ink(value, kind, seen, fill))
        else:
            return inks
    return None


def _ink(value: Value, kind: str, parts: list[list[float]], fill: Value | None) -> Ink:
    best = tuple(max(views) for views in parts)
    return Ink(value, kind, best, tuple(views[0] > 0 for views in parts), fill)


def _patch(
    canvas: Canvas, stamp: Stamp, frames: tuple[int, ...], place: tuple[int, int]
) -> Stored:
    """The stored values below a stamp, in at most five of its frames."""
    some = sorted({frames[i] for i in np.linspace(0, len(frames) - 1, 5).astype(int)})
    height, width = stamp[0][1].shape
    y, x = place
    return canvas.stored[some, y : y + height, x : x + width]


def fill_for(canvas: Canvas, value: Value) -> Value:
    """A value for the filled box behind letters of that value."""
    lowest, highest = canvas.format.limits
    if canvas.palette is not None:
        return (0,) if value != (0,) else (255,)
    if canvas.format.coloured:
        dark = sum(value) > 300
        return (20, 20, 40) if dark else (225, 225, 225)
    low, high = canvas.window_limits or canvas.background
    middle = (low + high) / 2
    opposite = lowest if value[0] > middle else highest
    if canvas.format.bits_stored == 16:
        opposite = round(low if value[0] > middle else high)
    return (int(np.clip(opposite, lowest, highest)),)


def _contrasts(
    canvas: Canvas,
    patch: Stored,
    stamp: Stamp,
    style: Style,
    values: tuple[Value, Value | None],
) -> list[list[float]] | None:
    """How much each part stands out in each view, negative where it is unreadable.

    ``None`` as soon as a part is not as the style wants it: readable in the first
    view, or if hidden, in the others only.
    """
    value, fill = values
    below = patch
    if fill is not None:
        below = np.broadcast_to(sample(canvas, fill), patch.shape)
    needs = [need for size, need in SMALLER if style.size_px < size]
    least = needs[0] if needs else LEAST_CONTRAST
    seen: list[list[float]] = []
    for _, mask in stamp:
        views: list[float] = []
        for view in canvas.brightness(np.stack([below, mix(canvas, below, mask, value)])):
            need = max(least, OTHER_VIEW_CONTRAST) if views else least
            views.append(_contrast(view[0], view[1], mask, style.size_px, need))
        shown = abs(views[0]) < VANISHED < max(views) if style.hidden else views[0] > 0
        if not shown:
            return None
        seen.append(views)
    return seen


def _contrast(
    before: Brightness, after: Brightness, mask: Coverage, size_px: int, least: float
) -> float:
    """How much ink differs from what is below and around it; negative if unreadable.

    Readable means that nearly all ink differs, in every stretch of the text, by more
    than the background varies on its own.
    """
    ys, xs = np.nonzero(mask)
    near = (
        slice(None),
        slice(max(0, ys.min() - 2), ys.max() + 3),
        slice(max(0, xs.min() - 2), xs.max() + 3),
    )
    before, after, ink = before[near], after[near], mask[near[1:]]
    ink = ink >= MOST_INK * ink.max()
    around = float(np.median(before[:, ~ink] if (~ink).any() else before))
    if around < DARK:
        least = max(least, DARK_CONTRAST)
    difference = np.abs(after - before)[:, ink]
    outward = np.abs(after[:, ink] - around)
    steps = np.abs(np.diff(before, axis=2)) if before.shape[2] > 1 else np.zeros(1)
    noise = 1.05 * float(np.median(steps))
    typical = float(min(np.median(difference), np.median(outward)))
    clear = _everywhere(difference > least * 0.6, ink, size_px, 0.8)
    steady = _everywhere(outward > least * 0.4, ink, size_px, 0.7)
    readable = clear and steady and typical >= max(least, 2.5 * noise)
    return typical if readable else -typical


def _everywhere(
    good: npt.NDArray[np.bool_], ink: npt.NDArray[np.bool_], size_px: int, share: float
) -> bool:
    """Whether that share of the ink is good in each stretch as long as two letters.

    ``good`` has axes (frames, pixels of ink).
    """
    ys, xs = np.nonzero(ink)
    along = xs if ink.shape[1] >= ink.shape[0] else ys
    order = np.argsort(along, kind="stable")
    count = max(1, int(along[order[-1]] - along[order[0]]) // (2 * size_px))
    return all(
        float(good[:, stretch].mean(axis=1).min()) >= share
        for stretch in np.array_split(order, count)
    )


def mix(canvas: Canvas, below: Stored, mask: Coverage, value: Value) -> Stored:
    """The value laid over stored values by coverage; whole dots on palettes."""
    cover = mask.astype(np.int64)
    if canvas.palette is not None:
        cover = np.where(cover >= 112, 255, 0)
    if canvas.format.coloured:
        cover = cover[..., None]
    mixed = (below * (255 - cover) + sample(canvas, value) * cover) // 255
    return mixed.astype(np.int32)


def sample(canvas: Canvas, value: Value) -> npt.NDArray[np.int32]:
    """The value as the last axis of ``canvas.stored`` needs it."""
    return np.array(value if canvas.format.coloured else value[0], np.int32)
