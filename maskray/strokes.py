"""Where in a frame small letters may be: places with many thin strokes.

Morphological top-hats answer to what is thinner than their kernel and not to edges, so
bones and collimators do not count. It costs 15 ms a megapixel, and spares the text
detector most of a radiograph.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from maskray.geometry import Box, joined
from maskray.render import View

Plane = npt.NDArray[np.uint8]
"""Shape (rows, columns)."""

_KERNEL = np.ones((9, 9), np.uint8)
"""Strokes up to 8 pixels wide: letters up to about 50 pixels high."""
_CONTRAST = 14
"""Least contrast of a stroke (of 255)."""
_NOISE = 3
"""In a large frame, seen as a whole too, a stroke stands out by so many times the median
answer."""
_REACH = 1.5
"""How many heights a line may go on beyond what was found of it ..."""
_LIKE = 0.5
"""... and how strong its letters are there, compared with most ..."""
_LETTER_GAP = 0.6
"""... and how many heights they may be apart."""
_LEAST_ROW, _AS_HIGH = 5, 1.5
"""Pixels that letters of a row are high, and how much higher those of another may be."""
_EDGE, _FAINT = 2, 0.15
"""Pixels that a row fades out in, and what counts as nothing of its contrast."""
_WINDOW = 17
_AS_STRONG, _STRONG = 0.6, 80
"""A stroke is seen in another view if it stands out there by that share, or by that."""


@dataclass(frozen=True, slots=True)
class Tile:
    """How places are found in a plane of strokes: by square tiles."""

    px: int
    margin: int
    """Pixels by which a tile is grown: text runs over its edges."""
    dense: float
    """Share of stroke pixels in a window from which it may hold letters."""
    enough: int
    """Pixels in such windows from which a tile is looked at."""


_LARGE_TILE = Tile(128, 32, 0.12, 24)
_SMALL_TILE = Tile(64, 24, 0.06, 12)


def stroke_places(view: View, within: Box) -> list[Box]:
    """Boxes (native pixels) that hold dense thin strokes, whole tiles and joined."""
    strokes = _strokes(view, within)
    return _places(strokes > _threshold(strokes), _LARGE_TILE, within, view)


def hidden_strokes(view: View, others: Sequence[View], within: Box) -> list[Box]:
    """Boxes (native pixels) with strokes that the other views show faintly or not.

    All views are of one frame. Text that another view shows as well is found there.
    """
    strokes = _strokes(view, within)
    shown = np.maximum.reduce([_strokes(other, within) for other in others])
    seen = cv2.dilate(shown, np.ones((3, 3), np.uint8))
    plain = np.minimum(_AS_STRONG * strokes, _STRONG)
    hidden = (strokes > _CONTRAST) & (seen < plain)
    return _places(hidden, _SMALL_TILE, within, view)


def two_rows(view: View, place: Box) -> list[Box]:
    """The rows of a place that holds two lines of text, and nothing fainter beside them."""
    box = place.clip(*view.shape[:2])
    if box is None:
        return []
    grey = cv2.cvtColor(np.ascontiguousarray(view[box.index]), cv2.COLOR_RGB2GRAY)
    ink = np.ptp(grey.astype(np.int16), axis=1)
    edges = np.flatnonzero(np.diff(np.pad(ink > 0.5 * ink.max(), 1).astype(np.int8)))
    if len(edges) != 4:
        return []
    first, end, start, last = (int(each) for each in edges)
    low, high = sorted((end - first, last - start))
    between = np.r_[ink[: max(first - _EDGE, 0)], ink[end + _EDGE : start - _EDGE]]
    beside = np.r_[between, ink[last + _EDGE :]]
    if (
        low < _LEAST_ROW
        or high > _AS_HIGH * low
        or beside.max(initial=0) > _FAINT * ink.max()
    ):
        return []
    cut = box.y0 + (end + start) // 2
    return [Box(box.x0, box.y0, box.x1, cut), Box(box.x0, cut, box.x1, box.y1)]


def _strokes(view: View, within: Box) -> Plane:
    """How much each pixel stands out from what lies around its stroke, 0 to 255."""
    grey = cv2.cvtColor(np.ascontiguousarray(view[within.index]), cv2.COLOR_RGB2GRAY)
    bright = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, _KERNEL)
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, _KERNEL)
    return np.asarray(cv2.max(bright, dark), np.uint8)


def _threshold(strokes: Plane) -> float:
    return max(_CONTRAST, _NOISE * float(np.median(strokes[::3, ::3])))


def _places(
    strokes: npt.NDArray[np.bool_], tile: Tile, within: Box, view: View
) -> list[Box]:
    share = cv2.boxFilter(strokes.astype(np.float32), -1, (_WINDOW,) * 2)
    dense = share > tile.dense
    rows, columns = dense.shape
    padded = np.pad(dense, ((0, -rows % tile.px), (0, -columns % tile.px)))
    tiles = padded.reshape(padded.shape[0] // tile.px, tile.px, -1, tile.px)
    places = [
        Box(int(x) * tile.px, int(y) * tile.px, int(x + 1) * tile.px, int(y + 1) * tile.px)
        for y, x in np.argwhere(tiles.sum(axis=(1, 3)) >= tile.enough)
    ]
    there = (place.shift(within.x0, within.y0) for place in places)
    grown = (place.grow(tile.margin, tile.margin) for place in there)
    clipped = (place.clip(*view.shape[:2]) for place in joined(grown))
    return [place for place in clipped if place is not None]


def as_long_as_strokes(view: View, box: Box) -> Box:
    """A lying line's box (native pixels), made longer while letters go on at its ends.

    Detectors cut lines at times. Letters are as strong as those inside, and no farther
    apart than half of the line's height.
    """
    reach = round(_REACH * box.height)
    around = box.grow(reach, -(box.height // 6)).clip(*view.shape[:2])
    if around is None or box.width < box.height:
        return box
    ink = _strokes(view, around).max(axis=0)
    first, last = box.x0 - around.x0, box.x1 - around.x0
    usual = float(np.median(ink[max(first, 0) : last]))
    strong = ink >= max(_LIKE * usual, 1.0)
    gap = max(round(_LETTER_GAP * box.height), 1)
    x0 = first - _goes_on(strong[:first][::-1], gap) if first > 0 else first
    x1 = last + _goes_on(strong[last:], gap)
    return Box(around.x0 + x0, box.y0, around.x0 + x1, box.y1)


def _goes_on(strong: npt.NDArray[np.bool_], gap: int) -> int:
    """Up to which of these columns there are letters, without a gap between them."""
    where = np.flatnonzero(strong)
    if not where.size or where[0] > gap:
        return 0
    wide = np.flatnonzero(np.diff(where) > gap)
    return int(where[wide[0] if wide.size else -1]) + 1
