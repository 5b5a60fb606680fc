"""Step 4, gate: is there any text in this frame? If not, no model is asked.

The test is RapidOCR's text detector, at low thresholds, on all that the views show.
It errs towards text: a frame it lets pass costs time, one it stops is never read.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from maskray.geometry import Box, joined
from maskray.read import Reader, Spot, is_large
from maskray.render import NamedView
from maskray.strokes import hidden_strokes

_TALL = 0.25
"""Above this share of a frame's shorter side text is longer than high, by ``_LONG``:
what is not is a body, which detectors of text like to take for a letter."""
_TALL_PX = 24
_LONG = 1.5
_SMALLEST_PX = 12
"""A frame with a shorter side holds no two legible letters."""
_SAME_PLACE = 0.6
_SECOND_LOOK = 0.75
"""The first view is looked at in this size too. On synthesized frames one look at one
view found 89 % of the text, two looks 97 to 99 %."""
_WIDER = 96
"""Pixels that a place grows by where text runs over its edge."""


Look = tuple[NamedView, Box, float]
"""A view, the place to look at, and how much smaller it is made."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A spot, and the view that shows it best."""

    view: NamedView
    spot: Spot


def find_text(
    reader: Reader,
    views: Sequence[NamedView],
    places: Iterable[Box],
    known: Callable[[Box], bool] = lambda _: False,
    *,
    twice: bool = True,
) -> list[Sighting]:
    """Where in these places of a frame text seems to be, over all views.

    Several views may show one text; the one with the surest spot is named. Where text
    runs over the edge of a place, more of the frame is looked at: cut off it would be
    misread. An empty list means that no text was found in any view.

    Args:
        reader: Its detector is used.
        views: Of one frame; all of one size.
        places: Native pixels.
        known: Says of a box whether its text was read before; it is left out.
        twice: Look at the first view in two sizes.
    """
    if not views or min(views[0].pixels.shape[:2]) < _SMALLEST_PX:
        return []
    rows, columns = views[0].pixels.shape[:2]
    whole = Box(0, 0, columns, rows)
    inside = [place.clip(rows, columns) for place in places]
    here = [place for place in inside if place is not None]
    found = _look(reader, _looks(views, here, twice), known)
    if cut := _cut(found, here, whole):
        rest = [place for place in here if place not in cut]
        wider = [place.grow(_WIDER, _WIDER).clip(rows, columns) or place for place in cut]
        found = _look(reader, _looks(views, joined([*rest, *wider]), twice), known)
    return found


def _look(
    reader: Reader, looks: Iterable[Look], known: Callable[[Box], bool]
) -> list[Sighting]:
    found: list[Sighting] = []
    for view, place, shrink in looks:
        for spot in reader.spot(view.pixels, place, shrink=shrink):
            if _may_be_text(spot, view.pixels.shape) and not known(spot.box):
                _add(found, Sighting(view, spot))
    return found


def _looks(
    views: Sequence[NamedView], places: Iterable[Box], twice: bool
) -> Iterator[Look]:
    """What is looked at: a view, where, and in which size.

    The first view whole, once or twice; of a further one what those before it do not
    show. A large place is looked at in two sizes by the reader itself.
    """
    for place in places:
        yield views[0], place, 1.0
        if twice and not is_large(place):
            yield views[0], place, _SECOND_LOOK
        for number, view in enumerate(views[1:], 1):
            before = [each.pixels for each in views[:number]]
            for part in hidden_strokes(view.pixels, before, place):
                yield view, part, 1.0


def _cut(found: Iterable[Sighting], places: Iterable[Box], whole: Box) -> list[Box]:
    """The places over whose edges text runs."""
    boxes = [each.spot.box for each in found]
    return [
        place
        for place in places
        if place != whole and any(_runs_over(box, place, whole) for box in boxes)
    ]


def _runs_over(box: Box, place: Box, whole: Box) -> bool:
    inner = Box(
        place.x0 + 2 * (place.x0 > whole.x0),
        place.y0 + 2 * (place.y0 > whole.y0),
        place.x1 - 2 * (place.x1 < whole.x1),
        place.y1 - 2 * (place.y1 < whole.y1),
    )
    return box.overlap(place) > 0 and box.overlap(inner) < box.area


def _may_be_text(spot: Spot, shape: tuple[int, ...]) -> bool:
    """Whether a spot has the shape of text and not that of a body or an organ."""
    low, long = sorted(spot.sides)
    return low <= max(_TALL * min(shape[:2]), _TALL_PX) or long > _LONG * low


def _add(found: list[Sighting], new: Sighting) -> None:
    """Adds a sighting, or lets it replace one of the same text that is less sure."""
    box = new.spot.box
    for index, old in enumerate(found):
        other = old.spot.box
        if box.overlap(other) > _SAME_PLACE * max(box.area, other.area):
            if new.spot.score > old.spot.score:
                found[index] = new
            return
    found.append(new)
