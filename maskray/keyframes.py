"""Step 3, keyframes: where a frame shows something that was not looked at before.

Each part of the picture is compared with what stood there when it was last looked at,
tile by tile. A frame that changed nowhere is not looked at again; of one that changed
here and there, only those places are. So text that appears late, or changes, is always
looked at, and a still banner once. Slow fades add up: the comparison is with the look,
not with the frame before.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from maskray.geometry import Box, joined
from maskray.pixels import Samples
from maskray.records import TextLine
from maskray.render import robust_range
from maskray.text import distance, letters

TILE = 16
"""Side of a tile in pixels."""
_CONTEXT = 2
"""Tiles of surroundings that are looked at with a changed one: a letter needs them."""
_CHANGE = 0.02
"""A tile has changed where a value moved by this share of the range of values; if
padding or a hot pixel makes that range wide, of the range that tissue has."""
_FAR = 1e300
_NEARLY_ALL = 0.6
"""From this share of changed tiles on the whole frame is looked at."""
_SAME_PLACE = 0.6
"""Share of two boxes that must overlap for them to be one place."""


class Looks:
    """Remembers, tile by tile, what was last looked at in one instance."""

    def __init__(self) -> None:
        self._seen: Samples | None = None
        self._threshold = 0.0

    def places(self, samples: Samples) -> list[Box]:
        """Where this frame has to be looked at; these places count as seen from now on.

        Args:
            samples: Stored values, shape (rows, columns) or (rows, columns, samples).

        Returns:
            Boxes in native pixels: the whole of a first frame, nothing for a frame that
            shows nothing new.
        """
        rows, columns = samples.shape[:2]
        whole = Box(0, 0, columns, rows)
        if self._seen is None or self._seen.shape != samples.shape:
            self._seen = np.array(samples)
            self._threshold = _least_change(samples)
            return [whole]
        changed = self._changed_tiles(samples)
        if not changed.any():
            return []
        if changed.mean() > _NEARLY_ALL:
            self._seen[:] = samples
            return [whole]
        places = _boxes(changed, rows, columns)
        for place in places:
            self._seen[place.index] = samples[place.index]
        return places

    def _changed_tiles(self, samples: Samples) -> npt.NDArray[np.bool_]:
        assert self._seen is not None  # noqa: S101 - narrowed for the type checker
        moved = np.abs(_wide(samples) - _wide(self._seen)) > self._threshold
        if moved.ndim == 3:
            moved = np.asarray(moved.any(axis=2))
        rows, columns = moved.shape
        padded = np.pad(moved, ((0, -rows % TILE), (0, -columns % TILE)))
        tiles = padded.reshape(padded.shape[0] // TILE, TILE, -1, TILE)
        return np.asarray(tiles.any(axis=(1, 3)))


def _wide(samples: Samples) -> Samples:
    """Values whose differences are numbers; what is no number is far from all that are."""
    if samples.dtype.kind != "f":
        return samples.astype(np.int64)
    return np.nan_to_num(
        samples.astype(np.float64), nan=-_FAR, posinf=_FAR, neginf=-_FAR
    ).clip(-_FAR, _FAR)


def _least_change(samples: Samples) -> float:
    """By how much a value moves that has changed."""
    if samples.dtype.kind == "f":
        samples = _wide(samples[np.isfinite(samples)].reshape(-1, 1))
    if not samples.size:
        return 0.0
    spread = float(samples.max()) / 2 - float(samples.min()) / 2
    if samples.itemsize > 1:
        low, high = robust_range(samples)
        robust = high / 2 - low / 2
        spread = robust if robust < spread / 4 else spread
    return 2 * _CHANGE * spread


def _boxes(changed: npt.NDArray[np.bool_], rows: int, columns: int) -> list[Box]:
    """Boxes around groups of changed tiles, with context, joined where they overlap."""
    size = 2 * _CONTEXT + 1
    grown = cv2.dilate(changed.astype(np.uint8), np.ones((size, size), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    boxes = [
        Box(int(x) * TILE, int(y) * TILE, int(x + w) * TILE, int(y + h) * TILE)
        for x, y, w, h, _ in stats[1:]
    ]
    clipped = (box.clip(rows, columns) for box in joined(boxes))
    return [box for box in clipped if box is not None]


class Tracker:
    """Follows lines of text through the frames of one instance.

    A line that stands still is read once; one over moving tissue is read again, and
    stays one line as long as it says the same in the same place.
    """

    def __init__(self) -> None:
        self._live: list[_Standing] = []
        self._done: list[_Standing] = []
        self._ended: list[_Standing] = []
        self._past: deque[tuple[int, Samples]] = deque(maxlen=_PAST)

    def advance(self, index: int, samples: Samples, places: Sequence[Box]) -> None:
        """Goes on to a frame: lines that still stand there are in it."""
        still = [each for each in self._live if each.stands(samples, places)]
        for each in still:
            each.frames.append(index)
        self._ended = [each for each in self._live if each not in still]
        self._done += self._ended
        self._live = still
        self._past.appendleft((index, samples))

    def widened(self, places: Iterable[Box]) -> list[Box]:
        """The places, each with the whole of every line that stood where it cuts."""
        lines = [_with_air(each.line.box) for each in self._done[-_RECENT:]]
        wide: list[Box] = []
        for place in places:
            for line in lines:
                if place.overlap(line):
                    place = place.join(line)
            wide.append(place)
        return joined(wide)

    def knows(self, box: Box) -> bool:
        """Whether a line that was read stands there in the present frame."""
        # Little air: the line above and below is another one.
        near = (e.line.box.grow(_DRAWN_ANEW, _DRAWN_ANEW) for e in self._live)
        return box.covered_by(near) > _SAME_PLACE

    def add(
        self, lines: Iterable[TextLine], samples: Samples, *, sure: bool = True
    ) -> None:
        """Adds lines read in the present frame, or continues one that said the same.

        Text over moving tissue is read a little differently each time: the readings
        are kept beside each other as ``others``.
        """
        for line in lines:
            earlier = self._earlier(line, sure)
            if earlier is None:
                self._live.append(_Standing(line, samples, list(line.frames), sure))
                continue
            self._done.remove(earlier)
            best, other = sorted(
                (earlier.line, line), key=lambda each: each.confidence, reverse=True
            )
            others = (*best.others, *other.others, other.text)[-_MOST_OTHERS:]
            merged = replace(best, box=best.box.join(other.box), others=others)
            frames = [*earlier.frames, *line.frames]
            self._live.append(_Standing(merged, samples, frames, sure))

    def lost(
        self, index: int, samples: Samples, matters: Callable[[TextLine], bool]
    ) -> list[TextLine]:
        """Lines that matter, stood in the frame before, and were not read in this one.

        Those whose strokes are still drawn there are carried on, as they were read; the
        others are returned, for this frame: somebody else must look.
        """
        here = [each.line.box for each in self._live]
        doubted: list[TextLine] = []
        for each in self._ended:
            if not each.sure or each.line.box.covered_by(here) >= _LOST:
                continue
            if not matters(each.line):
                continue
            if each.is_drawn(samples):
                self._done.remove(each)
                each.frames.append(index)
                self._live.append(each)
            else:
                gone = replace(each.line, frames=(index,), confidence=0.0, others=())
                doubted.append(gone)
        return doubted

    def began(self, matters: Callable[[TextLine], bool]) -> None:
        """Lines that matter and were first read in this frame may have begun before it.

        They are in the frames before, too, in which their strokes are drawn already.
        """
        index = self._past[0][0]
        for each in self._live:
            new = index in each.frames and index - 1 not in each.frames
            if not new or not each.sure or not matters(each.line):
                continue
            for before, samples in itertools.islice(self._past, 1, None):
                if before in each.frames or not each.is_drawn(samples):
                    break
                each.frames.append(before)

    def resembles(self, line: TextLine) -> bool:
        """Whether the line continues one that was read in an earlier frame."""
        return self._earlier(line, sure=True) is not None

    def _earlier(self, line: TextLine, sure: bool) -> "_Standing | None":
        for each in reversed(self._done):
            if each.sure is sure and _continues(each.line, line):
                return each
        return None

    @property
    def any_live(self) -> bool:
        """Whether text stands in the present frame."""
        return bool(self._live)

    def lines(self, *, sure: bool) -> tuple[TextLine, ...]:
        """All lines with all frames they were in."""
        return tuple(
            replace(each.line, frames=tuple(sorted(set(each.frames))))
            for each in (*self._done, *self._live)
            if each.sure is sure
        )


_LOST = 0.3
_PAST = 4
"""So many frames are kept, the present one among them."""
_DRAWN_ANEW = 3
"""Pixels by which a spot of the same text may differ from one look to the next."""


def _with_air(box: Box) -> Box:
    air = min(box.width, box.height) // 2 + 2
    return box.grow(air, air)


_RECENT = 64
"""So many lines that have gone are remembered when places are widened."""


class _Standing:
    """A line, the frames it is in, and the pixels it stood on when it was read."""

    def __init__(
        self, line: TextLine, samples: Samples, frames: list[int], sure: bool
    ) -> None:
        self.line = line
        self.frames = frames
        self.sure = sure
        self._area = line.box.clip(*samples.shape[:2]) or Box(0, 0, 1, 1)
        self._pixels = _wide(samples[self._area.index])
        self._threshold = _least_change(samples)

    def stands(self, samples: Samples, places: Sequence[Box]) -> bool:
        if not any(self._area.overlap(place) for place in places):
            return True
        now = _wide(samples[self._area.index])
        if now.shape != self._pixels.shape:
            return False
        return float(np.abs(now - self._pixels).max()) <= self._threshold

    def is_drawn(self, samples: Samples) -> bool:
        """Whether most of the line's strokes are in another frame, in their places.

        What moves behind burned-in text does not take its strokes along.
        """
        now = _wide(samples[self._area.index])
        if now.shape != self._pixels.shape:
            return False
        then, now = _strokes(self._pixels), _strokes(now)
        drawn = float((then * then).sum())
        return drawn > 0 and float((then * now).sum()) >= _STILL_DRAWN * drawn


def _strokes(values: Samples) -> npt.NDArray[np.float64]:
    """What is brighter (or, below zero, darker) than all that lies around its stroke."""
    plane = values.astype(np.float64)
    if plane.ndim == 3:
        plane = plane.mean(axis=2)
    bright = cv2.morphologyEx(plane, cv2.MORPH_TOPHAT, _KERNEL)
    dark = cv2.morphologyEx(plane, cv2.MORPH_BLACKHAT, _KERNEL)
    return np.asarray(bright, np.float64) - np.asarray(dark, np.float64)


_KERNEL = np.ones((9, 9), np.uint8)
_STILL_DRAWN = 0.5
"""Share of the strokes' energy."""


def _continues(one: TextLine, other: TextLine) -> bool:
    """Whether two readings, in one place, are of one text."""
    if one.box.overlap(other.box) < _SAME_PLACE * max(one.box.area, other.box.area):
        return False
    mine, its = (
        letters(one.text.get_secret_value()),
        letters(other.text.get_secret_value()),
    )
    most = max(len(mine), len(its)) // 4
    return distance(mine, its, most) <= most


_MOST_OTHERS = 24
