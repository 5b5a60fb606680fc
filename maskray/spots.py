"""Which of the places that several looks took for text are one line.

Each network, view and size draws a line a little differently: whole, cut, with its
neighbour, or two rows as one. Every line is to be read once, and whole.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from maskray.geometry import Box
from maskray.ppocr import Quad
from maskray.render import View

_LYING = 0.05
"""Slope (radians) up to which a line lies, or stands, and can be joined by its box."""
_LONG = 1.5
"""How much longer than thick a place must be to be part of a line that stands: letters one
above the other are none."""
_AS_THICK = 1.6
_LEVEL = 0.7
"""Pieces of one row overlap across it by that share of the thinner one."""
_OVER = 0.3
"""... and along it by that share of the thinner one's thickness."""
_WITHIN = 0.95
_INSIDE = 0.7
_TOO_THICK = 2.0
"""A place less thick than that may be a piece of a line, drawn too large."""
_APART = 0.5
"""Pieces with gaps of so many thicknesses between them are words, not cuttings ..."""
_MOST = 0.7
"""... and are better than the row, if they are that share of it."""
_BODY = 3
"""No line is so many times thicker than a place in it."""
_SEEN = 0.4
"""Share of a coarse place that lines must fill for it to show nothing new ..."""
_ROW = 0.8
"""... but what is beside the line in it, if that is as thick as that share of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A place where a line of text seems to be. ``score`` is 0 to 1."""

    quad: Quad
    score: float
    box: Box = field(init=False)
    """The upright box around the quad."""

    def __post_init__(self) -> None:
        corners = ((float(x), float(y)) for x, y in self.quad)
        object.__setattr__(self, "box", Box.around(corners))

    @classmethod
    def at(cls, box: Box, score: float) -> "Spot":
        """An upright spot."""
        corners = [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]
        return cls(np.array(corners, np.float32), score)

    @classmethod
    def whole(cls, view: View) -> "Spot":
        """The spot of a view that shows one line and nothing else."""
        return cls.at(Box(0, 0, view.shape[1], view.shape[0]), 1.0)

    @property
    def sides(self) -> tuple[float, float]:
        """Lengths of the quad's first two sides, in pixels: those of a turned line too."""
        return edge(self.quad, 0, 1), edge(self.quad, 1, 2)

    @property
    def is_level(self) -> bool:
        """Whether its sides run along rows and columns."""
        dx, dy = np.abs(self.quad[1] - self.quad[0])
        return bool(min(dx, dy) <= _LYING * max(dx, dy))


def edge(quad: Quad, one: int, other: int) -> float:
    """How far two corners are apart."""
    return float(np.linalg.norm(quad[one] - quad[other]))


def one_per_line(spots: Iterable[Spot], coarse: Iterable[Spot] = ()) -> list[Spot]:
    """The spots, each line once and whole: cut ones joined, doubles and parts left out.

    Lines that lie aslant are left as they are.

    Args:
        spots: Of looks that draw lines as they are.
        coarse: Of looks that draw them too large, and two rows as one. They add what the
            others have missed: lines, ends of lines, the row beside another.
    """
    fine, rough = _by_direction(spots), _by_direction(coarse)
    every = [
        *_lines(fine.lying),
        *map(_turned, _lines([_turned(each) for each in fine.standing])),
    ]
    every += [each for each in fine.aslant if not _is_shown(each.box, every, _INSIDE)]
    every = _with_coarse(every, rough.lying)
    upright = _with_coarse(
        [_turned(each) if each.is_level else each for each in every],
        [_turned(each) for each in rough.standing],
    )
    every = [_turned(each) if each.is_level else each for each in upright]
    return every + [each for each in rough.aslant if not _is_shown(each.box, every, _SEEN)]


@dataclass(frozen=True, slots=True)
class _Directions:
    lying: Sequence[Spot]
    standing: Sequence[Spot]
    aslant: Sequence[Spot]


def _by_direction(spots: Iterable[Spot]) -> _Directions:
    every = list(spots)
    level = [each for each in every if each.is_level]
    standing = [each for each in level if each.box.height > _LONG * each.box.width]
    return _Directions(
        [each for each in level if each not in standing],
        standing,
        [each for each in every if each not in level],
    )


def _turned(spot: Spot) -> Spot:
    return Spot.at(turned(spot.box), spot.score)


def turned(box: Box) -> Box:
    """A box with rows for columns, so that what stands lies."""
    return Box(box.y0, box.x0, box.y1, box.x1)


def _is_shown(box: Box, lines: Iterable[Spot], share: float) -> bool:
    """Whether lines fill that share of a place. A body that was taken for one does not."""
    most = _BODY * min(box.width, box.height)
    filled = sum(
        box.overlap(line.box)
        for line in lines
        if min(line.box.width, line.box.height) <= most
    )
    return filled > share * box.area


def _lines(spots: Iterable[Spot]) -> list[Spot]:
    """Spots that lie, each line once and whole."""
    whole: list[Spot] = []
    parts: dict[Spot, list[Spot]] = {}
    for spot in sorted(spots, key=lambda each: -each.box.width):
        around = next((each for each in whole if _is_part(spot.box, each.box)), None)
        if around is not None:
            parts[around].append(spot)
            continue
        joined, mine = spot, list[Spot]()
        while other := next((e for e in whole if _goes_on(joined.box, e.box)), None):
            whole.remove(other)
            mine += parts.pop(other)
            score = max(joined.score, other.score)
            joined = Spot.at(joined.box.join(other.box), score)
        whole.append(joined)
        parts[joined] = mine
    return [each for line in whole for each in _words(line, parts[line])]


def _words(line: Spot, parts: Sequence[Spot]) -> list[Spot]:
    """A line, or its parts if they are words of it with gaps between them.

    It is as sure as the surest look at most of it: a look from afar is unsure of what it
    sees.
    """
    pieces = sorted(_lines(parts), key=lambda each: each.box.x0) if parts else []
    boxes = [each.box for each in pieces]
    apart = len(boxes) > 1 and all(
        b.x0 - a.x1 >= _APART * min(a.height, b.height)
        for a, b in itertools.pairwise(boxes)
    )
    most = sum(each.width for each in boxes) >= _MOST * line.box.width
    if apart and most:
        return pieces
    return [replace(line, score=max(e.score for e in (line, *parts)))] if most else [line]


def _with_coarse(lines: Sequence[Spot], coarse: Iterable[Spot]) -> list[Spot]:
    """The lines with what spots that lie add to them."""
    every = list(lines)
    for spot in sorted(coarse, key=lambda each: each.box.height):
        box = spot.box
        row = [each for each in every if _is_in_row(each, box)]
        longer = box if len(row) != 1 else _longer(row[0].box, box)
        if len(row) == 1 and longer != row[0].box:
            others = [each for each in every if each is not row[0]]
            if not any(longer.overlap(e.box) > row[0].box.overlap(e.box) for e in others):
                every = [*others, Spot.at(longer, row[0].score)]
        if not _is_shown(box, every, _SEEN):
            every.append(spot)
            continue
        for beside in _beside(box, row):
            if not _is_shown(beside, every, _SEEN):
                every.append(Spot.at(beside, spot.score))
    return every


def _is_in_row(line: Spot, box: Box) -> bool:
    """Whether a line runs along a place, across all of it or a part."""
    here = line.box
    across = min(here.y1, box.y1) - max(here.y0, box.y0)
    along = min(here.x1, box.x1) - max(here.x0, box.x0)
    low = min(here.height, box.height)
    return line.is_level and across > _LEVEL * low and along > _OVER * low


def _longer(line: Box, box: Box) -> Box:
    """A line as long as a place drawn around it, less what that is drawn too large."""
    if box.height >= _TOO_THICK * line.height:
        return line
    air = max(box.height - line.height, 0) // 2
    x0, x1 = box.x0 + air, box.x1 - air
    least = round(_OVER * line.height)
    return Box(
        x0 if x0 < line.x0 - least else line.x0,
        line.y0,
        x1 if x1 > line.x1 + least else line.x1,
        line.y1,
    )


def _beside(box: Box, row: Iterable[Spot]) -> list[Box]:
    """What a coarse place holds above and below the line in it."""
    for each in row:
        line = each.box
        along = min(box.x1, line.x1) - max(box.x0, line.x0)
        if along < _MOST * box.width:
            continue
        rows = ((box.y0, line.y0), (line.y1, box.y1))
        return [
            Box(box.x0, y0, box.x1, y1) for y0, y1 in rows if y1 - y0 >= _ROW * line.height
        ]
    return []


def _is_part(box: Box, other: Box) -> bool:
    """Whether a box shows a part of a line: within its ends, if drawn too thick."""
    if _as_thick(box, other) and box.overlap(other) > _INSIDE * box.area:
        return True
    along = min(box.x1, other.x1) - max(box.x0, other.x0)
    across = min(box.y1, other.y1) - max(box.y0, other.y0)
    drawn = box.height < _TOO_THICK * other.height and across > _WITHIN * other.height
    return drawn and along > _WITHIN * box.width


def _goes_on(box: Box, other: Box) -> bool:
    """Whether two boxes show one line: as thick, in one row, one over the other's end."""
    low = min(box.height, other.height)
    rows = min(box.y1, other.y1) - max(box.y0, other.y0)
    columns = min(box.x1, other.x1) - max(box.x0, other.x0)
    return _as_thick(box, other) and rows > _LEVEL * low and columns > _OVER * low


def _as_thick(box: Box, other: Box) -> bool:
    low, high = sorted((box.height, other.height))
    return high < _AS_THICK * low
