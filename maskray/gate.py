"""Step 4, gate: is there any text in this frame? If not, no model is asked.

The test is RapidOCR's text detectors, at low thresholds, on all that the views show.
It errs towards text: a frame it lets pass costs time, one it stops is never read.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from maskray.geometry import Box
from maskray.read import Reader, runs_over, surroundings
from maskray.render import LOCAL, NamedView
from maskray.spots import Spot, one_per_line
from maskray.strokes import hidden_strokes

_TALL = 0.25
"""Above this share of a frame's shorter side text is longer than high, by ``_LONG``:
what is not is a body, which detectors of text like to take for a letter."""
_TALL_PX = 24
_LONG = 1.5
_FILLED = 0.9
_SQUARE = 3
"""... nor is what is so tall and fills the part of a frame that is looked at, a body that
moves; unless the part is so many times longer than high."""
_SMALLEST_PX = 12
"""A frame with a shorter side holds no two legible letters."""
_GROWTHS = 2
"""How often what is beyond an edge is looked at, so that it cuts no line."""
_SAME_PLACE = 0.6
_COVERED = 0.9
_HALF = 0.5
"""The small network looks at a view of half the size: it sees lines there that are large,
turned or wide, which neither network sees in the whole size."""
_DOUBLE = 2.0
"""What one view alone shows is looked at in double size, too: small letters in noise."""
_QUICK, _ALONE = 0.3, 0.45
"""Scores from which counts what the tiny network sees, and what the small one does: that
sees texture more often."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A view, the place to look at, in which size (1 is the view's), by which network."""

    view: NamedView
    place: Box
    zoom: float = 1.0
    quick: bool = True


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
    thorough: bool = True,
) -> list[Sighting]:
    """Where in these places of a frame text seems to be, over all views.

    Several views may show one text; the one with the surest spot is named. Where text
    runs over the edge of a place, more of the frame is looked at: cut off it would be
    misread. An empty list means that no text was found in any view.

    Args:
        reader: Its detectors are used.
        views: Of one frame; all of one size.
        places: Native pixels.
        known: Says of a box whether its text was read before; it is left out.
        thorough: Let the small network look too.
    """
    if not views or min(views[0].pixels.shape[:2]) < _SMALLEST_PX:
        return []
    rows, columns = views[0].pixels.shape[:2]
    whole = Box(0, 0, columns, rows)
    inside = [place.clip(rows, columns) for place in places]
    here = [place for place in inside if place is not None]
    found: list[Sighting] = []
    coarse: list[Sighting] = []
    for look in _looks(views, here, thorough):
        group = coarse if look.zoom < 1 else found
        for spot in _spots(reader, look, whole, known):
            _add(group, Sighting(look.view, spot))
    lines = one_per_line((each.spot for each in found), (each.spot for each in coarse))
    return _in_best_view(lines, [*found, *coarse])


def _in_best_view(lines: Iterable[Spot], sightings: Sequence[Sighting]) -> list[Sighting]:
    """Lines in the view that shows most of each."""
    return [
        Sighting(max(sightings, key=lambda e: line.box.overlap(e.spot.box)).view, line)
        for line in lines
    ]


def _spots(
    reader: Reader,
    look: Look,
    whole: Box,
    known: Callable[[Box], bool],
    growths: int = _GROWTHS,
) -> list[Spot]:
    """The new spots of a place; where a line runs over its edge, what is beyond too."""
    found = reader.spot(look.view.pixels, look.place, zoom=look.zoom, quick=look.quick)
    least = _QUICK if look.quick else _ALONE
    sure = (spot for spot in found if spot.score >= least)
    new = (spot for spot in sure if not known(spot.box))
    spots = [spot for spot in new if _may_be_text(spot, look.place, whole)]
    cut = [spot.box for spot in spots if runs_over(spot.box, look.place, whole)]
    more = [
        spot
        for near in (surroundings(cut, whole) if growths else ())
        for spot in _spots(reader, replace(look, place=near), whole, known, growths - 1)
    ]
    longer = [spot.box for spot in more]
    return [spot for spot in spots if spot.box.covered_by(longer) < _COVERED] + more


def _looks(
    views: Sequence[NamedView], places: Sequence[Box], thorough: bool
) -> Iterator[Look]:
    """What is looked at, and by which network.

    The view of local contrast, which shows most, by both; of a further one what those
    before it do not show. A large place is looked at in two sizes by the reader itself.
    """
    plain = [view for view in views if view.name != LOCAL]
    local = [view for view in views if view.name == LOCAL]
    for place in places:
        for view in local or plain[:1]:
            yield Look(view, place)
            if thorough:
                yield Look(view, place, quick=False)
        if thorough:
            yield Look(plain[0], place, _HALF, quick=False)
        for number, view in enumerate(plain[1:], 1):
            before = [each.pixels for each in plain[:number]]
            for part in hidden_strokes(view.pixels, before, place):
                yield Look(view, part)
                yield Look(view, part, _DOUBLE)


def _may_be_text(spot: Spot, place: Box, whole: Box) -> bool:
    """Whether a spot has the shape of text and not that of a body or an organ."""
    low, long = sorted(spot.sides)
    if low <= max(_TALL * min(whole.width, whole.height), _TALL_PX):
        return True
    strip = max(place.width, place.height) > _SQUARE * min(place.width, place.height)
    filled = spot.box.overlap(place) >= _FILLED * place.area
    return long > _LONG * low and (place == whole or strip or not filled)


def _add(found: list[Sighting], new: Sighting) -> None:
    """Adds a sighting, or makes one of it and another one of the same text.

    That is the surer one, as long as the longer: networks leave out letters at the ends.
    """
    box = new.spot.box
    for index, old in enumerate(found):
        other = old.spot.box
        if box.overlap(other) > _SAME_PLACE * max(box.area, other.area):
            surer, less = sorted((old, new), key=lambda each: -each.spot.score)
            found[index] = replace(surer, spot=_as_long(surer.spot, less.spot))
            return
    found.append(new)


def _as_long(one: Spot, other: Spot) -> Spot:
    """A level line, made as long as another view of it."""
    box, more = one.box, one.box.join(other.box)
    if box.width >= box.height:
        longer = Box(more.x0, box.y0, more.x1, box.y1)
    else:
        longer = Box(box.x0, more.y0, box.x1, more.y1)
    level = one.is_level and other.is_level
    return Spot.at(longer, one.score) if level and longer != box else one
