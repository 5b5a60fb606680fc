"""Stored values of one instance, and how bright a person sees them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from maskray.synthesize.bases import HU_RANGE
from maskray.synthesize.formats import Format
from maskray.synthesize.people import Rng, chance, pick
from maskray.synthesize.scenery import Scenery

Stored = npt.NDArray[np.int32]
"""Stored values; axes (frames, rows, columns) and three samples if coloured."""
Value = tuple[int, ...]
"""Stored value of ink: one number, or red, green and blue."""

RAMP_LENGTH = 224
"""Palette entries below this are shades."""
LETTER_COLOURS: tuple[tuple[int, int, int], ...] = (
    (255, 255, 255), (255, 235, 60), (90, 230, 255), (110, 255, 120), (255, 170, 60),
    (205, 205, 205), (150, 170, 255), (255, 140, 150),
)  # fmt: skip
LETTERS_FROM = 256 - len(LETTER_COLOURS)
"""Palette entries from here on are the colours of letters, white at the end."""
LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(slots=True, eq=False)
class Canvas:
    """Stored values to write text into, with what is needed to judge it.

    ``bits`` is the plane of an overlay or of a high bit. ``window`` is centre and
    width in modality units (Hounsfield units for CT). ``palette`` has a row of red,
    green and blue, 0 to 255, for every stored value.
    """

    format: Format
    stored: Stored
    taken: npt.NDArray[np.bool_]
    bits: npt.NDArray[np.bool_]
    window: tuple[float, float] | None = None
    slope: float = 1.0
    intercept: float = 0.0
    palette: npt.NDArray[np.uint8] | None = None
    background: tuple[float, float] = (0.0, 1.0)

    @property
    def window_limits(self) -> tuple[float, float] | None:
        """The window as lowest and highest stored value."""
        if self.window is None:
            return None
        centre, width = self.window
        ends = (centre - width / 2, centre + width / 2)
        low, high = ((end - self.intercept) / self.slope for end in ends)
        return low, high

    def brightness(self, values: npt.NDArray[Any]) -> list[npt.NDArray[np.float64]]:
        """What a person sees, 0 to 1: by the window, and over the whole range."""
        if self.format.coloured:
            return [values @ LUMA / 255]
        if self.palette is not None:
            return [(self.palette @ LUMA / 255)[values]]
        low, high = self.background
        ranges = [(min(low, float(values.min())), max(high, float(values.max())))]
        if self.window_limits:
            ranges.insert(0, self.window_limits)
        seen = [np.clip((values - lo) / max(hi - lo, 1), 0, 1) for lo, hi in ranges]
        if self.format.photometric == "MONOCHROME1":
            return [1 - view for view in seen]
        return seen

    def inks(
        self, rng: Rng, patch: Stored, kinds: tuple[str, ...], faint: float | None
    ) -> Iterator[tuple[Value, str]]:
        """Values to try for letters on ``patch``, the wanted kinds first."""
        order = (*kinds, *(k for k in INK_KINDS if k not in kinds))
        if self.format.coloured:
            yield from _colour_inks(rng, patch, order, faint)
        elif self.palette is not None:
            yield from _palette_inks(rng, order)
        else:
            yield from self._grey_inks(rng, patch, order, faint)

    def _grey_inks(
        self, rng: Rng, patch: Stored, order: tuple[str, ...], faint: float | None
    ) -> Iterator[tuple[Value, str]]:
        lowest, highest = self.format.limits
        low, high = self.window_limits or self.background
        middle = float(np.median(patch))
        for kind in order:
            if kind == "max":
                yield (highest,), kind
            elif kind == "min":
                yield (lowest,), kind
            elif kind == "outside_window" and self.window:
                for share in (rng.uniform(0.05, 1.2), 0.03):
                    beyond = (high - low) * share
                    yield (int(min(high + beyond, highest - 1)),), kind
                    yield (int(max(low - beyond, lowest + 1)),), kind
            elif kind == "middle":
                for step in _steps(rng, faint):
                    away = step * (high - low)
                    for value in (middle + away, middle - away):
                        if low < value < high:
                            yield (round(value),), kind


INK_KINDS = ("max", "middle", "outside_window", "min")
"""Stored maximum; inside the window; outside of it; stored minimum."""


def _steps(rng: Rng, faint: float | None) -> tuple[float, ...]:
    if faint is None:
        return (rng.uniform(0.35, 0.75), 0.55, 0.4, 0.3)
    return (faint, faint * 1.25, faint * 1.6, faint * 2, 0.45)


def _colour_inks(
    rng: Rng, patch: Stored, order: tuple[str, ...], faint: float | None
) -> Iterator[tuple[Value, str]]:
    middle = np.median(patch.reshape(-1, 3), axis=0)
    for kind in order:
        if kind == "max":
            yield (255, 255, 255), kind
        elif kind == "min":
            yield (0, 0, 0), kind
        elif kind == "middle":
            if faint is None:
                yield pick(rng, LETTER_COLOURS[1:]), kind
                continue
            for step in _steps(rng, faint):
                for sign in (1, -1):
                    grey = np.rint(middle + sign * step * 255)
                    if grey.min() >= 0 and grey.max() <= 255:
                        yield tuple(int(sample) for sample in grey), kind


def _palette_inks(rng: Rng, order: tuple[str, ...]) -> Iterator[tuple[Value, str]]:
    for kind in order:
        if kind == "max":
            yield (255,), kind
        elif kind == "min":
            yield (0,), kind
        elif kind == "middle":
            yield (int(rng.integers(LETTERS_FROM, 255)),), kind


def prepare(rng: Rng, form: Format, scenery: Scenery) -> Canvas:
    """The scenery as stored values of that format."""
    shape = scenery.planes.shape
    bits = np.zeros(shape[1:], np.bool_)
    if form.coloured:
        tint = scenery.tint if scenery.tint is not None else np.ones(3, np.float32)
        rgb = np.clip(scenery.planes[..., None] * tint, 0, 1) * np.float32(255)
        return Canvas(form, np.rint(rgb).astype(np.int32), scenery.taken, bits)
    if form.entry_bits:
        indices = np.rint(scenery.planes * np.float32(RAMP_LENGTH - 1))
        canvas = Canvas(form, indices.astype(np.int32), scenery.taken, bits)
        canvas.palette = _palette(rng, form.modality)
        return canvas
    canvas = Canvas(form, np.zeros(1, np.int32), scenery.taken, bits)
    _grade(rng, canvas, scenery)
    low, high = np.percentile(canvas.stored[0], [0.1, 99.9])
    canvas.background = (float(low), float(max(high, low + 1)))
    return canvas


def _palette(rng: Rng, modality: str) -> npt.NDArray[np.uint8]:
    """Shades first, the colours of letters at the end; the last one is white."""
    ramp = np.linspace(0, 1, RAMP_LENGTH)
    if modality == "NM":
        channels = [np.clip(ramp * 3 - shift, 0, 1) for shift in (0, 1, 2)]
    else:
        tone = pick(rng, [(1.0, 1.0, 1.0), (1.0, 0.94, 0.8), (0.86, 0.94, 1.0)])
        channels = [ramp * share for share in tone]
    palette = np.zeros((256, 3), np.uint8)
    palette[:RAMP_LENGTH] = np.rint(np.stack(channels, axis=1) * 255)
    letters = np.array(LETTER_COLOURS[1:] + LETTER_COLOURS[:1], np.uint8)
    palette[LETTERS_FROM:] = letters
    return palette


def _grade(rng: Rng, canvas: Canvas, scenery: Scenery) -> None:
    """Sets stored values, rescale and window as scanners of that modality do."""
    form, planes = canvas.format, scenery.planes
    if form.modality == "CT":
        _grade_ct(rng, canvas, planes)
        return
    lowest, highest = form.limits
    if form.bits_stored == 8:
        stored = np.rint(planes * np.float32(rng.uniform(225, 255)))
        canvas.stored = np.clip(stored, 0, 255).astype(np.int32)
        if chance(rng, 0.5) and form.kind == "dicom":
            canvas.window = (128.0, 255.0) if chance(rng, 0.5) else (110.0, 190.0)
        return
    span = {"MR": (500, 2600), "NM": (60, 900), "PT": (4000, 28000)}
    low, high = span.get(form.modality, (highest * 0.55, highest * 0.9))
    top = rng.uniform(low, high)
    floor = 0 if form.modality in span else int(highest * rng.uniform(0, 0.08))
    stored = np.rint(planes * np.float32(top)).astype(np.int32) + floor
    if form.photometric == "MONOCHROME1":
        stored = highest - stored
    canvas.stored = np.clip(stored, lowest, highest)
    if form.modality == "PT":
        canvas.slope = round(rng.uniform(0.1, 0.9), 3)
    canvas.window = _window(rng, canvas)


def _window(rng: Rng, canvas: Canvas) -> tuple[float, float]:
    """Centre and width of most of the values, or of bright tissue only."""
    shares = [55, 98] if chance(rng, 0.4) else [2, 99]
    if canvas.format.photometric == "MONOCHROME1":
        shares = [100 - share for share in reversed(shares)]
    values = canvas.stored[0]
    ends = np.percentile(values[values != values.min()], shares) * canvas.slope
    width = max(float(ends[1] - ends[0]) * rng.uniform(0.75, 1.05), 10.0)
    return round(float(ends.mean())), round(width)


def _grade_ct(rng: Rng, canvas: Canvas, planes: npt.NDArray[np.float32]) -> None:
    form = canvas.format
    low, high = HU_RANGE
    units = np.float32(low) + planes * np.float32(high - low)
    if not form.signed:
        canvas.intercept = low
    elif form.bits_stored == 16 and chance(rng, 0.5):
        canvas.intercept, canvas.slope = low, pick(rng, [1.0, 0.5, 2.0])
    stored = (units - np.float32(canvas.intercept)) / np.float32(canvas.slope)
    canvas.stored = np.clip(np.rint(stored), *form.limits).astype(np.int32)
    tissue = units[0][units[0] > low + 400]
    centre = float(np.median(tissue)) if tissue.size else 40.0
    width = pick(rng, [300.0, 400.0, 700.0, 1500.0])
    canvas.window = (round(centre + rng.uniform(-20, 20)), width)
