"""Letters that stand one above the other: found as a column, read as a line.

Detectors of text find such letters one by one, if at all, and recognisers read lines
that lie. So the column is cut into cells of one height, a letter in each, and the cells
are laid side by side.
"""

import itertools
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from maskray.geometry import Box
from maskray.render import View

Profile = npt.NDArray[np.float32]
"""How much each row of a strip, or each of its columns, stands out."""
Plane = npt.NDArray[np.uint8]
"""Shape (rows, columns)."""

_SQUARE = 0.78
"""Least height over width of a letter; two digits side by side are wider."""
_NEAR = 2.6
"""How many letters' widths the letters of a column may be apart: a space, or a letter
that was not found."""
_AS_LARGE = 2.5
_WIDEST = 1.6
"""The widest letter over most letters."""
_FEWEST = 3
"""Letters of a column."""
_PITCHES = (0.8, 2.6)
"""Height of a cell over the width of most letters, least and most."""
_CLEAR = 0.08
"""The least pitch will do whose cuts meet so much more ink than the best's at most."""
_INK = 0.35
"""A cell holds a letter if it stands out so much, compared with most."""
_BETWEEN = 0.6
"""How much rows between letters may stand out, compared with most letters."""
_WRITTEN = 0.25
"""Share of a column's rows that letters take: 0.33 and more, of scales 0.2 and less."""
BEYOND = (30, 8, 4, 0)
"""How many letters' widths a column may be longer, at either end, than was found."""
_PADDING = 0.15
"""Beside the letters, and after each when it is laid down: a share of its size."""
_SPACE = 0.5


@dataclass(frozen=True, slots=True)
class Column:
    """A column of letters: its place, and how wide most letters are (native pixels)."""

    box: Box
    letter: int


@dataclass(frozen=True, slots=True, eq=False)
class LaidDown:
    """A column as a line: its picture, its place, and which of its cells hold a letter."""

    picture: View
    box: Box
    cells: tuple[bool, ...]

    @property
    def letters(self) -> int:
        """How many letters were laid down."""
        return sum(self.cells)

    def spaced(self, text: str) -> str:
        """What was read, with a space for each empty cell and no other.

        As it is, if not as many letters were read as were laid down; but letters that all
        stand apart are one word.
        """
        read = [each for each in text if not each.isspace()]
        if len(read) != self.letters:
            apart = all(len(each) == 1 for each in text.split())
            return "".join(read) if apart else text
        letters = iter(read)
        return "".join(next(letters) if holds else " " for holds in self.cells)


def columns_of_letters(boxes: Iterable[Box]) -> list[Column]:
    """Columns of letters, from the places where letters seem to stand; largest first."""
    columns: list[list[Box]] = []
    for box in sorted(set(boxes), key=lambda each: each.y0):
        if box.height < _SQUARE * box.width:
            continue
        above = [each for each in columns if any(_stands_below(e, box) for e in each)]
        columns = [each for each in columns if each not in above]
        columns.append([*itertools.chain(*above), box])
    found = [_column(each) for each in columns if len(each) > 1]
    return sorted(found, key=lambda each: -each.box.height)


def column_in(view: View, place: Box) -> Column | None:
    """The column of letters that a high and narrow place may hold; ``None`` if flat."""
    box = place.clip(*view.shape[:2])
    if box is None:
        return None
    grey = cv2.cvtColor(np.ascontiguousarray(view[box.index]), cv2.COLOR_RGB2GRAY)
    ink = _contrast(np.asarray(grey, np.uint8))
    (used,) = np.nonzero(ink > 0.5 * ink.max())
    if not len(used):
        return None
    x0, x1 = box.x0 + int(used[0]), box.x0 + int(used[-1]) + 1
    return Column(Box(x0, box.y0, x1, box.y1), x1 - x0)


def lay_down(view: View, column: Column, *, beyond: int) -> LaidDown | None:
    """The column as a line; ``None`` if it cannot be cut into cells.

    Letters ``beyond`` its ends, in letters' widths, belong to it, up to where two are
    missing.
    """
    beyond *= column.letter
    side = round(_PADDING * column.letter)
    strip = column.box.grow(side, beyond).clip(*view.shape[:2])
    box = column.box.clip(*view.shape[:2])
    if strip is None or box is None:
        return None
    shown = view[strip.index]
    grey = cv2.cvtColor(np.ascontiguousarray(shown), cv2.COLOR_RGB2GRAY)
    profile = _contrast(np.asarray(grey.T, np.uint8))
    span = slice(box.y0 - strip.y0, box.y1 - strip.y0)
    for _ in range(2 if beyond else 1):  # what was found further on tells the pitch better
        cut = _cut(profile, span, column.letter)
        if cut is None:
            return None
        cells, written, size = cut
        span = slice(cells[0][0], cells[-1][1])
    pieces = [
        _piece(shown[a:b], np.asarray(grey[a:b], np.uint8), size, holds)
        for (a, b), holds in zip(cells, written, strict=True)
    ]
    place = Box(strip.x0, strip.y0 + cells[0][0], strip.x1, strip.y0 + cells[-1][1])
    picture = np.asarray(np.concatenate(pieces, axis=1), np.uint8)
    return LaidDown(picture, place, written)


def _column(boxes: Sequence[Box]) -> Column:
    letter = statistics.median_low(each.width for each in boxes)
    usual = [each for each in boxes if each.width <= _WIDEST * letter]
    x0, x1 = min(each.x0 for each in usual), max(each.x1 for each in usual)
    y0, y1 = min(each.y0 for each in boxes), max(each.y1 for each in boxes)
    return Column(Box(x0, y0, x1, y1), letter)


def _stands_below(upper: Box, lower: Box) -> bool:
    low, high = sorted((upper.width, lower.width))
    shared = min(upper.x1, lower.x1) - max(upper.x0, lower.x0)
    near = lower.y0 - upper.y1 < _NEAR * low
    return high < _AS_LARGE * low and shared > 0.7 * low and near


def _contrast(plane: Plane) -> Profile:
    """How much each column stands out: from its darkest pixel to its brightest."""
    return np.asarray(np.ptp(plane.astype(np.float32), axis=0), np.float32)


def _cut(
    profile: Profile, span: slice, letter: int
) -> tuple[list[tuple[int, int]], tuple[bool, ...], int] | None:
    """A strip's cells, which of them hold a letter, and how high they are.

    Letters stand in ``span``, and on either side of it up to where two are missing.
    """
    cuts = _cuts(profile[span], letter)
    if cuts is None:
        return None
    start, pitch = cuts
    cells = _cells(span.start + start, pitch, len(profile))
    ink = np.array([float(profile[a:b].max()) for a, b in cells])
    inside = [i for i, (a, b) in enumerate(cells) if span.start <= (a + b) / 2 < span.stop]
    if len(inside) < _FEWEST or not _parted(
        profile, [cells[i] for i in inside], ink[inside]
    ):
        return None
    written = ink > _INK * float(np.median(ink[inside]))
    low, high = _ends(written, inside[0], inside[-1])
    if _is_sparse(profile[cells[low][0] : cells[high][1]], ink[low : high + 1]):
        return None
    held = tuple(bool(each) for each in written[low : high + 1])
    return cells[low : high + 1], held, round(pitch)


def _parted(profile: Profile, cells: Iterable[tuple[int, int]], ink: Profile) -> bool:
    """Whether there is less between the letters than in them: not so along a ruler."""
    between = [float(profile[start]) for start, _ in cells]
    return statistics.median(between) < _BETWEEN * float(np.median(ink))


def _is_sparse(profile: Profile, ink: Profile) -> bool:
    """Whether far less of a column is written than of letters: the numbers of a scale.

    ``ink`` is how much each cell stands out.
    """
    written = ink[ink > _INK * float(np.median(ink))]
    stands_out = profile > 0.5 * float(np.percentile(written, 75))
    return float(stands_out.mean()) < _WRITTEN


def _cuts(profile: Profile, letter: int) -> tuple[float, float] | None:
    """Where the first cell begins, and how high cells are, so that cuts meet no ink."""
    smooth = cv2.blur(profile[:, None], (1, max(letter // 4, 1) | 1))[:, 0]
    least, most = (each * letter for each in _PITCHES)
    costs: dict[float, tuple[float, float]] = {}
    for pitch in np.arange(max(least, 5), min(most, len(profile) / 2), 0.25).tolist():
        starts = np.arange(0, pitch, 0.5)
        cuts = np.arange(int(len(profile) // pitch))
        at = (starts[:, None] + pitch * cuts).astype(int)
        means = smooth[np.minimum(at, len(smooth) - 1)].mean(axis=1)
        best = int(means.argmin())
        costs[pitch] = float(means[best]), float(starts[best])
    if not costs:
        return None
    enough = min(costs.values())[0] + _CLEAR * float(smooth.max())
    good = itertools.dropwhile(lambda each: costs[each][0] > enough, costs)
    run = itertools.takewhile(lambda each: costs[each][0] <= enough, good)
    pitch = min(run, key=lambda each: costs[each][0])
    return costs[pitch][1], pitch


def _cells(cut: float, pitch: float, length: int) -> list[tuple[int, int]]:
    """All cells of a strip, from one of its cuts; at the ends if they hold most of one."""
    start = cut % pitch - pitch
    edges = np.rint(np.arange(start, length + pitch, pitch)).astype(int)
    cells = [(max(int(a), 0), min(int(b), length)) for a, b in itertools.pairwise(edges)]
    return [(a, b) for a, b in cells if b - a > 0.6 * pitch]


def _ends(written: npt.NDArray[np.bool_], low: int, high: int) -> tuple[int, int]:
    """The first and the last letter, from those inside up to where two are missing."""
    while low > 0 and written[max(low - 2, 0) : low].any():
        low -= 1
    while high + 1 < len(written) and written[high + 1 : high + 3].any():
        high += 1
    while not written[low] and low < high:
        low += 1
    while not written[high] and low < high:
        high -= 1
    return low, high


def _piece(shown: View, grey: Plane, size: int, holds: bool) -> View:
    """A cell as it is laid down: as wide as its letter, all of one height."""
    ink = _contrast(grey)
    if holds and ink.any():
        (used,) = np.nonzero(ink > 0.5 * ink.max())
        gap = max(round(_PADDING * size), 1)
        shown = shown[:, max(int(used[0]) - gap, 0) : int(used[-1]) + gap + 1]
    else:
        shown = shown[:, : max(round(_SPACE * size), 1)]
    return np.asarray(cv2.resize(shown, (shown.shape[1], size)), np.uint8)
