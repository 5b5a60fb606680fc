"""Step 2, render: stored values → 8-bit views, for models to look at only.

No single view shows everything: text burned in at an extreme value lies outside the
header's window, faint text drowns in the full range. So a frame is shown in several
views, and views that show the same are dropped. Nothing here is ever written back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from pydicom import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.pixels.processing import convert_color_space

from maskray.errors import UnsupportedPixelsError
from maskray.pixels import GREY, PixelFormat, Samples, StoredFrame, decode

View = npt.NDArray[np.uint8]
"""Shape (rows, columns, 3), RGB; same matrix as the stored frame."""

_SAME = 6.0
"""Views whose mean absolute difference (of 255) is below show the same ..."""
_VISIBLE, _FAINT = 32, 16
_TILE_PX = 16
"""... unless a tile has contrast in one, where the other shows hardly any: a line of
text is too small a part of a frame to count in the mean."""
FIRST = frozenset({"full", "colour"})
"""Names of the view that comes first."""
LOCAL = "local"
"""The view that shows each part of a frame by the contrast it has itself."""
_AROUND_PX, _LIKE_PX = 4, 8
"""Standard deviations of the Gaussians over which a value is compared with its
surroundings, and its contrast with theirs, in frames of up to ..."""
_PLAIN_PX = 1024
"""... that longer side. In larger ones letters are larger."""
_FLAT = 6 / 255
"""Contrast, in shares of the tissue's range, up to which a part counts as flat."""
_GAIN = 45 / 255
_BEYOND = 0.25
"""How much is left of what is beyond the tissue's range: its logarithm, so that text is
seen on a ground that is beyond it too, and the edge of padding outshines nothing."""
_REMEMBERED_PX = 16 * 2**20
"""So many pixels of frames, each in several views, are remembered."""
_DARK = 0.25
"""A colour frame whose 99th percentile is below this share of white is stretched."""


@dataclass(frozen=True, slots=True, eq=False)
class NamedView:
    """One view of one frame."""

    name: str
    pixels: View


def views(frame: StoredFrame, dataset: Dataset, found: PixelFormat) -> list[NamedView]:
    """The views of one frame that differ from each other, most useful first.

    The last one is :data:`LOCAL`.

    Args:
        frame: As decoded; signed, inverted and padded values are all welcome.
        dataset: Holds the lookup tables and windows (PS3.3 C.11.1, C.11.2).
        found: The instance's pixel format.

    Raises:
        UnsupportedPixelsError: If the palette cannot be applied.
    """
    if frame.photometric in GREY:
        values = _finite(frame.samples)
        tissue = robust_range(values)
        shown = _distinct(list(_grey_views(frame, dataset, found, values, tissue)))
    else:
        shown = _distinct(list(_colour_views(frame, dataset)))
        values = np.asarray(cv2.cvtColor(shown[0].pixels, cv2.COLOR_RGB2GRAY))
        tissue = robust_range(values)
    inverted = frame.photometric == "MONOCHROME1"
    return [*shown, NamedView(LOCAL, _grey(_local(values, tissue, inverted)))]


class Shown:
    """The views of an instance's frames, of the first ones that are asked for remembered.

    Several steps look at the same frames, one after the other.
    """

    def __init__(self, dataset: Dataset, found: PixelFormat) -> None:
        self._dataset, self._found = dataset, found
        self._kept: dict[int, list[NamedView]] = {}
        self._most = _REMEMBERED_PX // (found.rows * found.columns)

    def frames(self, indices: Iterable[int]) -> Iterator[tuple[int, list[NamedView]]]:
        """Index and views of each frame named, in ascending order.

        Raises:
            UnsupportedPixelsError: If a frame cannot be decoded or shown.
        """
        wanted = sorted(set(indices))
        kept = {index: self._kept[index] for index in wanted if index in self._kept}
        new = [index for index in wanted if index not in kept]
        fresh = decode(self._dataset, self._found, new)
        for index in wanted:
            shown = kept.get(index) or views(next(fresh), self._dataset, self._found)
            if len(self._kept) < self._most:
                self._kept[index] = shown
            yield index, shown


def plane_view(name: str, plane: Samples) -> NamedView:
    """A plane beside the stored values (rows, columns): unused bits, transparency."""
    return NamedView(name, _grey(_stretch(plane, plane.min(), plane.max())))


def _grey_views(
    frame: StoredFrame,
    dataset: Dataset,
    found: PixelFormat,
    values: Samples,
    tissue: tuple[float, float],
) -> Iterator[NamedView]:
    inverted = frame.photometric == "MONOCHROME1"
    low, high = values.min(), values.max()
    yield NamedView("full", _grey(_stretch(values, low, high, inverted)))
    if found.bits_stored == 1:
        return
    yield NamedView("robust", _grey(_stretch(values, *tissue, inverted)))
    window = _windowed(frame.samples, dataset)
    if window is not None:
        low, high = window.min(), window.max()
        yield NamedView("window", _grey(_stretch(window, low, high, inverted)))


def _finite(values: Samples) -> Samples:
    if values.dtype.kind != "f":
        return values
    return np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)


def _local(
    values: Samples, tissue: tuple[float, float], inverted: bool
) -> npt.NDArray[np.uint8]:
    """How far each value is from those around it, by how far those are from theirs.

    Text is darker or brighter than what it stands on, wherever in the range of values
    both lie; tissue, which is smooth, is grey.
    """
    low, high = tissue
    exact = np.float64 if values.dtype.itemsize > 2 else np.float32
    span = exact(max(high / 2 - low / 2, 1e-300 if exact is np.float64 else 1e-30))
    with np.errstate(over="ignore"):
        halved: Samples = np.multiply(values, 0.5, dtype=exact) - exact(low / 2)
        plane = (halved / span).clip(-1e9, 1e9)
    within = plane.clip(0, 1)
    beyond = plane - within
    far = beyond != 0
    within[far] += np.copysign(_BEYOND * np.log1p(np.abs(beyond[far])), beyond[far])
    shares = within.astype(np.float32)
    wider = max(1.0, max(values.shape) / _PLAIN_PX)
    above = shares - _smooth(shares, _AROUND_PX * wider)
    usual = np.sqrt(_smooth(above * above, _LIKE_PX * wider))
    shown = np.float32(_GAIN) * above / (usual + np.float32(_FLAT))
    return _stretch(shown, -0.5, 0.5, inverted)


def _smooth(plane: npt.NDArray[np.float32], deviation: float) -> npt.NDArray[np.float32]:
    """Convolved with a Gaussian, made at half of the size: a quarter of the work."""
    rows, columns = plane.shape
    size = (-(-columns // 2), -(-rows // 2))
    half = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    half = cv2.GaussianBlur(half, (0, 0), deviation / 2)
    whole = cv2.resize(half, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole, np.float32)


def robust_range(values: Samples) -> tuple[float, float]:
    """Between which values the tissue lies: the 1st and 99th percentile.

    Padding and burned-in text can be more than a percent of a frame, and far away: if
    what lies between the extremes needs less than a quarter of that range, it counts.
    """
    sampled = values[_sampled(values)].astype(np.float64)  # no percentile overflows
    low, high = np.percentile(sampled, (1.0, 99.0))
    inner = sampled[(sampled > values.min()) & (sampled < values.max())]
    if inner.size:
        shares = (1.0, 10.0, 90.0, 99.0)
        inner_low, most_low, most_high, inner_high = np.percentile(inner, shares)
        if inner_high / 4 - inner_low / 4 < high / 16 - low / 16:
            low = inner_low if inner_low < inner_high else values.min()
            high = inner_high
        # Smooth letters take every value up to their own: more than a percent of them.
        span = most_high / 2 - most_low / 2
        if 0 < span < high / 32 - low / 32:
            low, high = max(low, most_low - 2 * span), min(high, most_high + 2 * span)
    return float(low), float(high)


def _sampled(values: Samples) -> tuple[slice, slice]:
    """Every n-th row and column: percentiles need no more than a megapixel."""
    step = max(1, int(np.sqrt(values.size / 1_000_000)))
    return slice(None, None, step), slice(None, None, step)


def _windowed(values: Samples, dataset: Dataset) -> Samples | None:
    """What the header's own window or VOI LUT shows; ``None`` if it has none."""
    if "WindowCenter" not in dataset and "VOILUTSequence" not in dataset:
        return None
    try:
        shown = apply_voi_lut(apply_modality_lut(values, dataset), dataset)
    except Exception:  # noqa: BLE001 - broken tables raise anything; other views stay
        return None
    return np.nan_to_num(np.asarray(shown, np.float64))


def _colour_views(frame: StoredFrame, dataset: Dataset) -> Iterator[NamedView]:
    rgb = _rgb(frame, dataset)
    yield NamedView("colour", rgb)
    bright = np.percentile(rgb[:: 1 + rgb.shape[0] // 512, :: 1 + rgb.shape[1] // 512], 99)
    if 0 < bright < 255 * _DARK:
        yield NamedView("brightened", _stretch(rgb, 0, float(bright)))
    if frame.photometric == "PALETTE COLOR":
        low, high = frame.samples.min(), frame.samples.max()
        yield NamedView("full", _grey(_stretch(frame.samples, low, high)))


def _rgb(frame: StoredFrame, dataset: Dataset) -> View:
    try:
        if frame.photometric == "PALETTE COLOR":
            samples = apply_color_lut(frame.samples, dataset)[..., :3]
            bits = int(dataset.RedPaletteColorLookupTableDescriptor[2])
            bits = 16 if bits > 8 and samples.max(initial=0) > 255 else 8
        else:
            samples = frame.samples
            bits = 8 * samples.dtype.itemsize
            if frame.photometric.startswith("YBR"):
                samples = convert_color_space(
                    _to_8_bits(samples, bits), frame.photometric, "RGB"
                )
                bits = 8
    except Exception:  # noqa: BLE001 - broken tables raise anything
        raise UnsupportedPixelsError("colours cannot be shown", "bad_palette") from None
    return np.ascontiguousarray(_to_8_bits(samples, bits))


def _to_8_bits(samples: Samples, bits: int) -> View:
    if samples.dtype == np.uint8:
        return samples
    if bits <= 8:
        return samples.astype(np.uint8)
    high = max(int(samples.max(initial=0)), 1)
    top = (1 << bits) - 1 if high > 255 else 255
    return (samples.astype(np.float64) * (255.0 / top)).clip(0, 255).astype(np.uint8)


def _stretch(
    values: Samples, low: float, high: float, inverted: bool = False
) -> npt.NDArray[np.uint8]:
    """Values mapped from ``low`` .. ``high`` to 0 .. 255, clipped, never wrapped."""
    low, high = float(low), float(high)
    if not high > low:
        high = low + 1.0
    if values.dtype.itemsize > 2:
        # Too wide for the next line. Halves: their difference is always a number.
        values = values.astype(np.float64).clip(low, high) / 2 - low / 2
        values /= max(high / 2 - low / 2, 1e-300)
        low, high = 0.0, 1.0
    scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(
        255.0 / (high - low)
    )
    shown: npt.NDArray[np.uint8] = scaled.clip(0.0, 255.0).astype(np.uint8)
    return np.subtract(255, shown, dtype=np.uint8) if inverted else shown


def _grey(plane: npt.NDArray[np.uint8]) -> View:
    return np.repeat(plane[..., np.newaxis], 3, axis=2)


def _distinct(shown: list[NamedView]) -> list[NamedView]:
    kept: list[NamedView] = []
    for view in shown:
        if not any(_alike(view.pixels, other.pixels) for other in kept):
            kept.append(view)
    return kept


def _alike(one: View, other: View) -> bool:
    """Whether a view shows nothing that the other one, which is kept, does not show."""
    step = 1 + max(one.shape[0], one.shape[1]) // 1024
    a, b = one[::step, ::step, 1].astype(np.int16), other[::step, ::step, 1]
    if np.abs(a - b).mean() >= _SAME:
        return False
    return not np.any((_contrast(one) >= _VISIBLE) & (_contrast(other) < _FAINT))


def _contrast(view: View) -> View:
    """The range of values in each tile."""
    rows, columns = view.shape[:2]
    edges = ((0, -rows % _TILE_PX), (0, -columns % _TILE_PX))
    padded = np.pad(view[..., 1], edges, mode="edge")
    tiles = padded.reshape(padded.shape[0] // _TILE_PX, _TILE_PX, -1, _TILE_PX)
    return np.asarray(np.ptp(tiles, axis=(1, 3)))


def overlay_planes(dataset: Dataset) -> list[View]:
    """The overlay planes kept in their own elements (60xx,3000), first frame of each.

    Planes that lie in unused bits of the pixels are shown by :func:`views`. Planes that
    cannot be unpacked are left out: the header step removes all of them in any case.
    """
    planes: list[View] = []
    for group in range(0x6000, 0x6020, 2):
        if (group, 0x3000) not in dataset:
            continue
        try:
            packed = np.frombuffer(bytes(dataset[group, 0x3000].value), np.uint8)
            rows = int(dataset[group, 0x0010].value)
            columns = int(dataset[group, 0x0011].value)
            bits = np.unpackbits(packed, bitorder="little")[: rows * columns]
            planes.append(_grey(bits.reshape(rows, columns) * np.uint8(255)))
        except Exception:  # noqa: BLE001, S112 - see the docstring
            continue
    return planes
