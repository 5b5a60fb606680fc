"""Reading: RapidOCR finds lines of text in a view and says what they spell.

It has two sets of networks (see ``ppocr``): the tiny ones look and read first, the small
ones look and read where those may err. One :class:`Reader` is built per process; it is not
thread-safe.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from pydantic import SecretStr

from maskray.geometry import Box, joined
from maskray.ppocr import PPOCR, Quad, Spelled
from maskray.records import PhiText, TextLine
from maskray.render import View
from maskray.settings import ReadSettings
from maskray.spelling import Sight
from maskray.spots import Spot, edge, one_per_line
from maskray.stacked import (
    BEYOND,
    Column,
    LaidDown,
    column_in,
    columns_of_letters,
    lay_down,
)
from maskray.strokes import stroke_places
from maskray.text import letters

NAME = "rapidocr"
_TILE_OVERLAP = 160
"""Pixels that neighbouring tiles share: more than a line of small text is high."""
_MOST_UPSCALING = 3.0
_ELONGATED = 1.15
"""A strip is enlarged as a frame of its area is whose sides are in the square of this."""
_LARGE_PX = 1_300_000
_WIDER = 96
"""Pixels around text that runs over the edge of a place, which are looked at too."""
_COARSE_PX = 1024
_COARSEST = 0.25
_TALL = 1.05
"""Height over width from which a crop may be a line that runs upwards: two letters."""
_UPRIGHT = 0.12
"""Slope (radians) up to which a line counts as upright and is split into words."""
_COLUMN_GAP = 1.6
"""A gap wider than so many characters begins another item; a space is one at most."""
_RIGHT_WAY_UP = 0.95
"""Below this confidence a line that was turned is read the other way up too."""
_FEW_LETTERS, _AS_SURE = 4, 0.05
"""So few letters that were turned are read as they stand, if that is about as sure."""
_LEGIBLE = 0.6
"""... and from here on a reading counts that is not the surest."""
_HARDLY_READ, _SURELY_UPRIGHT = 0.3, 0.85
"""With a confidence between these a level line is read on its head too, ..."""
_TURNED, _SURER = 0.8, 0.1
"""... which counts from the first confidence on, if it is so much surer ..."""
_FEWEST, _LONG = 2, 8
"""One letter is a sign as well, and so many spell nothing on their head by chance."""
_AROUND, _SURER_AROUND = (0.8, 0.15), 0.2
"""... and so much in a look that is wider by those shares of its height."""
_SURE_COLUMN = 0.8
"""Confidence from which letters that were laid down are a line ..."""
_SHORTEST_COLUMN = 3
_INSIDE = 0.7
_MISCOUNTED = 0.34
"""... and how many of them may have been read as none, or as two."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a spot spells; ``columns`` as in :class:`maskray.records.TextLine`.

    ``picture`` is what was read, if not the view itself: a column of letters, laid down.
    ``other`` is what the tiny network made of the same spot.
    """

    spot: Spot
    text: PhiText
    confidence: float
    columns: tuple[tuple[int, int], ...] = ()
    picture: View | None = field(default=None, repr=False)
    other: "Reading | None" = None

    def lines(
        self, frames: Iterable[int], view: str, whole: Iterable[tuple[int, int]] = ()
    ) -> list[TextLine]:
        """The reading as lines of text in those frames: one for each column.

        Consoles print several items in one row; where the gap between two characters is
        wide, another item begins. Runs of characters that are one item, ``whole``, are
        not cut.
        """
        text, box = self.text.get_secret_value(), self.spot.box
        row = TextLine(
            tuple(frames), box, self.text, self.confidence, self.columns, view, NAME
        )
        items = list(whole)
        cuts = [
            cut
            for cut in _wide_gaps(text, self.columns)
            if not any(start < cut < end for start, end in items)
        ]
        if not cuts:
            return [row]
        parts: list[TextLine] = []
        edges = [0, *cuts, len(text)]
        for start, end in itertools.pairwise(edges):
            x0 = box.x0 if start == 0 else (self._x(start - 1, 1) + self._x(start, 0)) // 2
            x1 = (
                box.x1 if end == len(text) else (self._x(end - 1, 1) + self._x(end, 0)) // 2
            )
            parts.append(
                replace(
                    row,
                    box=Box(x0, box.y0, max(x1, x0 + 1), box.y1),
                    text=SecretStr(text[start:end]),
                    columns=self.columns[start:end],
                )
            )
        return parts

    def _x(self, index: int, side: int) -> int:
        return self.columns[index][side]


def _wide_gaps(text: str, columns: Sequence[tuple[int, int]]) -> list[int]:
    """Indices of the characters that follow a gap wider than a space."""
    if not columns:
        return []
    widest = _COLUMN_GAP * float(np.median([x1 - x0 for x0, x1 in columns]))
    solid = [index for index, each in enumerate(text) if not each.isspace()]
    return [
        after
        for before, after in itertools.pairwise(solid)
        if after > before + 1 and columns[after][0] - columns[before][1] > widest
    ]


class Reader:
    """RapidOCR with its models loaded.

    Raises:
        ServiceDownError: If RapidOCR or its models are not installed.
    """

    def __init__(self, settings: ReadSettings | None = None) -> None:
        self._settings = settings or ReadSettings()
        self._small = PPOCR("small", self._settings.threads)
        self._tiny = PPOCR("tiny", self._settings.threads)

    def spot(
        self,
        view: View,
        within: Box | None = None,
        *,
        zoom: float = 1.0,
        quick: bool = False,
    ) -> list[Spot]:
        """Places that look like lines of text.

        Args:
            view: Shape (rows, columns, 3).
            within: Look only here; coordinates of the result are the view's.
            zoom: Look at a view so many times its size: a second opinion.
            quick: Look with the tiny network: another second opinion.
        """
        area = within or Box(0, 0, view.shape[1], view.shape[0])
        scale = self._scale(view) * zoom
        network = self._tiny if quick else self._small
        if not is_large(area):
            found = self._spot_place(network, view, area, scale)
        else:
            coarse = max(_COARSE_PX / max(area.width, area.height), _COARSEST)
            found = self._spot_place(network, view, area, coarse)
            for place in stroke_places(view, area):
                spots = self._spot_place(network, view, place, scale)
                cut = [each.box for each in spots if runs_over(each.box, place, area)]
                found += spots
                for near in surroundings(cut, area):
                    found += self._spot_place(network, view, near, scale)
        return [_inside(each, view) for each in one_per_line(found)]

    def read(
        self, view: View, spots: Sequence[Spot], *, quick: bool = False
    ) -> list[Reading]:
        """What each spot spells, best of the ways to turn it; unreadable ones too.

        A reading of nothing has an empty text and confidence 0.

        Args:
            view: Shape (rows, columns, 3).
            spots: In the view.
            quick: Read with the tiny network.
        """
        if not spots:
            return []
        network = self._tiny if quick else self._small
        crops = [_crop(view, spot.quad) for spot in spots]
        tall = [crop.shape[0] >= _TALL * crop.shape[1] for crop in crops]
        lying = [np.rot90(c) if up else c for c, up in zip(crops, tall, strict=True)]
        best = self._recognise(view, lying, spots, network)
        # A tall crop is a line turned by 90 degrees, or one letter that stands.
        single = [i for i, up in enumerate(tall) if up]
        again = self._recognise(
            view, [crops[i] for i in single], [spots[i] for i in single], network
        )
        for i, other in zip(single, again, strict=True):
            if other.confidence > best[i].confidence:
                best[i] = other
        return best

    def read_again(self, view: View, spot: Spot) -> Iterator[Reading]:
        """Further readings of a spot: wider, larger, and with all of the contrast.

        Each names the place it was made of, and is made when it is asked for: the first
        may be enough.
        """
        wide = _grown(spot, 0.8, 0.15)
        area = wide.box.clip(*view.shape[:2])
        if area is None:
            return
        part = view[area.index]
        large = _twice(part)
        ways: list[tuple[View, Spot]] = [
            (large, _grown(spot, 0.1, 0.1)),
            (large, wide),
            (_clear(large), _grown(spot, 0.5, 0.15)),
        ]
        corner = np.array([area.x0, area.y0], np.float32)
        for shown, each in ways:
            there = Spot((each.quad - corner) * 2, each.score)
            for it in self.read(shown, [there]):
                x0 = area.x0
                columns = tuple((x0 + a // 2, x0 + -(-b // 2)) for a, b in it.columns)
                yield replace(it, spot=_inside(each, view), columns=columns)

    def sights(self, view: View, spot: Spot) -> Iterator[Sight]:
        """What the recogniser sees in a line: as it is, wider, and clearer.

        A line that stands is turned to the side on which it is seen most surely.
        """
        crop = _crop(view, spot.quad)
        stands = crop.shape[0] >= _TALL * crop.shape[1]
        ways = [
            (turns, Sight(*self._small.likelihoods(np.rot90(crop, turns))))
            for turns in ((1, 3) if stands else (0,))
        ]
        turns, sight = max(ways, key=lambda way: way[1].certainty)
        yield sight
        wide = np.rot90(_crop(view, _grown(spot, 0.3, 0.15).quad), turns)
        for each in (wide, _clear(_twice(wide))):
            yield Sight(*self._small.likelihoods(each))

    def read_columns(
        self, views: Sequence[View], spots: Iterable[Spot], whole: Iterable[Spot] = ()
    ) -> list[Reading]:
        """What letters spell that stand one above the other, and were spotted as such.

        Only what is read surely, and as about so many letters as were laid down.

        Args:
            views: Of one frame; the surest reading of all views counts.
            spots: Of all views.
            whole: Those that may hold a whole column.
        """
        found: list[Reading] = []
        columns: list[tuple[Box, list[Column | None]]] = [
            (each.box, [each] * len(views))
            for each in columns_of_letters(each.box for each in spots)
        ]
        columns += [
            (each.box, [column_in(view, each.box) for view in views]) for each in whole
        ]
        for box, in_views in columns:
            if box.covered_by(each.spot.box for each in found) > _INSIDE:
                continue
            shown = [
                (view, column)
                for view, column in zip(views, in_views, strict=True)
                if column is not None
            ]
            for beyond in BEYOND:
                lines = (lay_down(*each, beyond=beyond) for each in shown)
                sure = [e for line in lines if line and (e := self._read_laid_down(line))]
                if sure:
                    found.append(max(sure, key=lambda each: each.confidence))
                    break
        return found

    def _read_laid_down(self, line: LaidDown) -> Reading | None:
        place = Spot.whole(line.picture)
        [reading] = self._spelled(self._small, [line.picture], [place], [False])
        text = reading.text.get_secret_value()
        count = sum(not each.isspace() for each in text)
        agree = abs(count - line.letters) <= _MISCOUNTED * line.letters
        if not agree or count < _SHORTEST_COLUMN or reading.confidence < _SURE_COLUMN:
            return None
        spot = Spot.at(line.box, reading.confidence)
        return Reading(
            spot, SecretStr(line.spaced(text)), reading.confidence, picture=line.picture
        )

    def _scale(self, view: View) -> float:
        rows, columns = view.shape[:2]
        side = max(min(rows, columns), math.sqrt(rows * columns) / _ELONGATED)
        return float(min(max(self._settings.upscale_below_px / side, 1.0), _MOST_UPSCALING))

    def _tiles(self, area: Box, scale: float) -> list[Box]:
        size = max(int(self._settings.tile_px / scale), 2 * _TILE_OVERLAP)
        return [
            Box(x0, y0, x1, y1)
            for y0, y1 in _spans(area.y0, area.y1, size)
            for x0, x1 in _spans(area.x0, area.x1, size)
        ]

    def _spot_place(
        self, network: PPOCR, view: View, place: Box, scale: float
    ) -> list[Spot]:
        tiles = self._tiles(place, scale)
        return [spot for tile in tiles for spot in _spot_tile(network, view, tile, scale)]

    def _recognise(
        self, view: View, crops: Sequence[View], spots: Sequence[Spot], network: PPOCR
    ) -> list[Reading]:
        if not crops:
            return []
        turned, flipped = network.upright(crops)
        readings = self._spelled(network, turned, spots, flipped)
        # Which side is up is told wrongly at times: of small letters, and of turned lines.
        level = [_is_upright(spot.quad) for spot in spots]
        unsure = [
            i
            for i, each in enumerate(readings)
            if (flipped[i] and _is_short(each))
            or (each.confidence < _RIGHT_WAY_UP and (flipped[i] or not level[i]))
            or _HARDLY_READ <= each.confidence < _SURELY_UPRIGHT
        ]
        others = self._spelled(
            network,
            [np.rot90(turned[i], 2) for i in unsure],
            [spots[i] for i in unsure],
            [not flipped[i] for i in unsure],
        )
        for i, other in zip(unsure, others, strict=True):
            if not level[i] or flipped[i]:
                readings[i] = _right_way_up(readings[i], other, flipped[i])
            elif self._stands_on_its_head(view, readings[i], other, network):
                readings[i] = other
        return readings

    def _stands_on_its_head(
        self, view: View, upright: Reading, turned: Reading, network: PPOCR
    ) -> bool:
        """Whether a level line is read far more surely turned by half: HIS, that is SPM.

        A short line that is legible upright must be so in a wider look too: OSI is no ISO.
        """
        spot, count = upright.spot, len(letters(turned.text.get_secret_value()))
        if turned.confidence < max(_TURNED, upright.confidence + _SURER):
            return False
        if count < _FEWEST or edge(spot.quad, 0, 3) >= _TALL * edge(spot.quad, 0, 1):
            return False  # or a crop that was turned to lie
        if upright.confidence < _LEGIBLE or count >= _LONG:
            return True
        wide = _twice(_crop(view, _grown(spot, *_AROUND).quad))
        one, other = self._spelled(
            network, [wide, np.rot90(wide, 2)], [spot, spot], [False, True]
        )
        return other.confidence >= one.confidence + _SURER_AROUND

    @staticmethod
    def _spelled(
        network: PPOCR,
        crops: Sequence[View],
        spots: Sequence[Spot],
        flipped: Sequence[bool],
    ) -> list[Reading]:
        """What crops spell; ``flipped`` tells the turned ones."""
        readings: list[Reading] = []
        for spelled, spot, turned in zip(network.spell(crops), spots, flipped, strict=True):
            columns: tuple[tuple[int, int], ...] = ()
            if not turned and _is_upright(spot.quad):
                columns = _columns(spelled, spot)
            confidence = spelled.confidence if spelled.text.strip() else 0.0
            readings.append(Reading(spot, SecretStr(spelled.text), confidence, columns))
        return readings


def _is_short(reading: Reading) -> bool:
    """Whether letters are so few that they spell something either way: THI and IHL."""
    return len(letters(reading.text.get_secret_value())) <= _FEW_LETTERS


def _right_way_up(one: Reading, other: Reading, flipped: bool) -> Reading:
    """The surer of two readings, but for letters of two scripts in one word.

    A few letters that were ``flipped`` are rather read as they stand.
    """
    if flipped and _is_short(one) and other.confidence >= one.confidence - _AS_SURE:
        return other
    surer, less = (one, other) if one.confidence >= other.confidence else (other, one)
    if _is_mixed(surer) and not _is_mixed(less) and less.confidence >= _LEGIBLE:
        return less
    return surer


def _is_mixed(reading: Reading) -> bool:
    latin = {each.isascii() for each in letters(reading.text.get_secret_value())}
    return len(latin) == 2


def _spot_tile(network: PPOCR, view: View, tile: Box, scale: float) -> list[Spot]:
    crop = view[tile.index]
    if int(crop.max()) - int(crop.min()) < 8:
        return []  # flat: nothing can be written here
    if scale != 1.0:
        kernel = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        crop = np.asarray(
            cv2.resize(crop, None, fx=scale, fy=scale, interpolation=kernel), np.uint8
        )
    offset = np.array([tile.x0, tile.y0], np.float32)
    return [Spot(quad / scale + offset, score) for quad, score in network.find(crop)]


def runs_over(box: Box, place: Box, whole: Box) -> bool:
    """Whether text runs over an edge of the place where it was looked for.

    ``whole`` is all that there is: nothing runs over its edges.
    """
    inner = Box(
        place.x0 + 2 * (place.x0 > whole.x0),
        place.y0 + 2 * (place.y0 > whole.y0),
        place.x1 - 2 * (place.x1 < whole.x1),
        place.y1 - 2 * (place.y1 < whole.y1),
    )
    return box.overlap(place) > 0 and box.overlap(inner) < box.area


def surroundings(cut: Iterable[Box], whole: Box) -> list[Box]:
    """Where to look on if text runs over an edge."""
    around = (box.grow(_WIDER, _WIDER).clip(whole.y1, whole.x1) for box in cut)
    return joined(box for box in around if box is not None)


def is_large(area: Box) -> bool:
    """Whether an area is looked at twice: whole but coarsely, and where it has strokes."""
    return area.area > _LARGE_PX


def _spans(first: int, last: int, size: int) -> list[tuple[int, int]]:
    """Equal spans, none longer than a size, that overlap and cover ``first..last``."""
    length = last - first
    if length <= size:
        return [(first, last)]
    count = -(-(length - _TILE_OVERLAP) // (size - _TILE_OVERLAP))
    span = -(-(length + (count - 1) * _TILE_OVERLAP) // count)
    step = (length - span) / (count - 1)
    starts = [first + round(i * step) for i in range(count)]
    return [(start, start + span) for start in starts]


def _crop(view: View, quad: Quad) -> View:
    """The quad's content, straightened; at least one pixel."""
    width = max(edge(quad, 0, 1), edge(quad, 3, 2), 1.0)
    height = max(edge(quad, 0, 3), edge(quad, 1, 2), 1.0)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    straight = cv2.warpPerspective(
        view,
        cv2.getPerspectiveTransform(np.ascontiguousarray(quad), corners),
        (max(round(width), 1), max(round(height), 1)),
        borderMode=cv2.BORDER_REPLICATE,
        flags=cv2.INTER_CUBIC,
    )
    return np.asarray(straight, np.uint8)


def _twice(view: View) -> View:
    large = cv2.resize(view, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def _clear(view: View) -> View:
    """The view with all of the contrast."""
    low, high = np.percentile(view, (1, 99))
    clear = (view.astype(np.float32) - low) * (255 / max(high - low, 1))
    return np.asarray(clear.clip(0, 255), np.uint8)


def _grown(spot: Spot, ends: float, sides: float) -> Spot:
    """The spot made longer at both ends and higher, by shares of its height."""
    quad = spot.quad
    along = (quad[1] - quad[0]) / max(edge(quad, 0, 1), 1e-6)
    down = (quad[3] - quad[0]) / max(edge(quad, 0, 3), 1e-6)
    low, high = sorted((edge(quad, 0, 3), edge(quad, 0, 1)))
    by_x, by_y = (ends, sides) if high == edge(quad, 0, 1) else (sides, ends)
    moves = [
        -by_x * along - by_y * down,
        by_x * along - by_y * down,
        by_x * along + by_y * down,
        by_y * down - by_x * along,
    ]
    return Spot(quad + low * np.asarray(moves, np.float32), spot.score)


def _inside(spot: Spot, view: View) -> Spot:
    """The spot without what lies beyond the view's edges."""
    rows, columns = view.shape[:2]
    if (
        spot.box.x1 <= columns
        and spot.box.y1 <= rows
        and min(spot.box.x0, spot.box.y0) >= 0
    ):
        return spot
    most = np.array([columns, rows], np.float32)
    return Spot(np.clip(spot.quad, 0, most).astype(np.float32), spot.score)


def _is_upright(quad: Quad) -> bool:
    """Whether the line runs from left to right, but for a small slope."""
    dx, dy = (quad[1] + quad[2] - quad[0] - quad[3]) / 2
    return bool(dx > 0 and abs(dy) < _UPRIGHT * dx and dx > 0.8 * edge(quad, 0, 3))


def _columns(spelled: Spelled, spot: Spot) -> tuple[tuple[int, int], ...]:
    """The columns of each character, from the recogniser's time steps."""
    if not spelled.steps:
        return ()
    box = spot.box
    beyond = max(1.0, *spelled.steps)  # where two rows were read as one
    centres = [box.x0 + step / beyond * box.width for step in spelled.steps]
    gaps = [b - a for a, b in itertools.pairwise(centres)]
    half = (float(np.median(gaps)) if gaps else box.width) / 2
    columns: list[tuple[int, int]] = []
    after = iter(centres)
    at = float(box.x0)
    for each in spelled.text:
        at = at + 2 * half if each.isspace() else next(after)
        columns.append((round(at - half), max(round(at + half), round(at - half) + 1)))
    return tuple(columns)
