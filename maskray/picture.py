"""What a vision language model is shown of an instance: views as PNG, in native pixels.

A picture is never shrunk, because small text would be lost: a frame that is larger than
the model's maximum is cut into pieces that overlap. Small frames are padded with black.
The model says what is PHI, not where: ``plan`` finds its words among the lines read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from maskray.errors import DetectionError
from maskray.gate import Sighting
from maskray.geometry import Box
from maskray.render import LOCAL, NamedView, View
from maskray.settings import ModelProfile

_LEGIBLE = 48
"""Range of values, of 255, that text has where it can be read ..."""
_AS_WELL = 0.6
"""... and share of that in the best view, for another view to show it as well."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A part of one view of a frame, encoded.

    ``box`` is the part, in native pixels, not scaled. The PNG has ``rows`` and
    ``columns``; columns beyond the box's width are padding. ``frames`` holds the frame.
    """

    frames: tuple[int, ...]
    view: str
    box: Box
    rows: int
    columns: int
    png: bytes = field(repr=False)


def pictures(
    views: Sequence[NamedView], frames: Iterable[int], profile: ModelProfile
) -> list[Picture]:
    """The pictures of some views of one frame.

    Raises:
        DetectionError: ``no_picture`` if a view cannot be encoded.
    """
    frames = tuple(frames)
    return [
        _picture(view, frames, box, profile)
        for view in views
        for box in pieces(view.pixels.shape[0], view.pixels.shape[1], profile)
    ]


def pieces(rows: int, columns: int, profile: ModelProfile) -> list[Box]:
    """Boxes that cover a frame, none larger than the model's maximum."""
    return [
        Box(x0, y0, x1, y1)
        for y0, y1 in _spans(rows, profile)
        for x0, x1 in _spans(columns, profile)
    ]


def _spans(size: int, profile: ModelProfile) -> list[tuple[int, int]]:
    """Half-open spans of equal length that cover ``size`` and overlap enough."""
    if size <= profile.max_px:
        return [(0, size)]
    step = profile.max_px - profile.overlap_px
    count = -(-(size - profile.overlap_px) // step)
    last = size - profile.max_px
    starts = [round(index * last / (count - 1)) for index in range(count)]
    return [(start, start + profile.max_px) for start in starts]


def _picture(
    view: NamedView, frames: tuple[int, ...], box: Box, profile: ModelProfile
) -> Picture:
    part = _plain(view.pixels[box.index])
    if max(part.shape[:2]) < profile.min_px:
        right = profile.min_px - part.shape[1]
        part = np.pad(part, ((0, 0), (0, right), (0, 0))[: part.ndim])
    done, png = cv2.imencode(".png", part)
    if not done:
        raise DetectionError("a view cannot be encoded", "no_picture", "detect")
    rows, columns = part.shape[:2]
    return Picture(frames, view.name, box, rows, columns, png.tobytes())


def _plain(pixels: View) -> View:
    """In OpenCV's order of colours; one plane if the view is grey."""
    if np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(
        pixels[..., 1], pixels[..., 2]
    ):
        return np.ascontiguousarray(pixels[..., 0])
    return np.ascontiguousarray(pixels[..., ::-1])


def fewest_views(found: Iterable[Sighting], shown: Sequence[NamedView]) -> list[NamedView]:
    """The smallest set of views that shows all text that was sighted; usually one."""
    left = list(found)
    chosen: list[NamedView] = []
    while left:
        shows = [[each for each in left if _shows(view, each)] for view in shown]
        best = max(range(len(shown)), key=lambda index: len(shows[index]))
        if not shows[best]:
            chosen += _once(each.view for each in left)
            break
        chosen.append(shown[best])
        left = [each for each in left if each not in shows[best]]
    return chosen


def _shows(view: NamedView, sighting: Sighting) -> bool:
    if view.name == LOCAL or view.name == sighting.view.name:
        return view.name == sighting.view.name
    box = sighting.spot.box.clip(*view.pixels.shape[:2])
    if box is None:
        return True
    best = int(np.ptp(sighting.view.pixels[box.index]))
    if sighting.view.name == LOCAL:
        best = 0  # its contrast is not the picture's
    return int(np.ptp(view.pixels[box.index])) >= max(_AS_WELL * best, _LEGIBLE)


def _once(views: Iterable[NamedView]) -> list[NamedView]:
    return list({view.name: view for view in views}.values())
