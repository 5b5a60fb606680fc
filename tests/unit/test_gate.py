"""The gate: what is looked at, how often, and what becomes of lines at edges."""

import numpy as np
import pytest

from maskray.gate import find_text
from maskray.geometry import Box
from maskray.render import LOCAL, NamedView
from maskray.spots import Spot

WHOLE = Box(0, 0, 640, 480)
FLAT = NamedView("full", np.full((480, 640, 3), 40, np.uint8))
SHARP = NamedView(LOCAL, np.full((480, 640, 3), 127, np.uint8))


class FakeReader:
    """Sees the lines it was told of: of each what lies in the place it looks at.

    Some of it only with the small network, with another score.
    """

    def __init__(self, *lines, slow=(), score=0.8):
        self.lines = lines
        self.slow = slow
        self.score = score
        self.asked = []

    def spot(self, view, within, *, zoom=1.0, quick=False):
        self.asked.append((view, within, zoom, quick))
        lines = [*self.lines, *(() if quick else self.slow)]
        seen = [Box(*_cut(line, within)) for line in lines if line.overlap(within)]
        return [Spot.at(box, 0.8 if quick else self.score) for box in seen]


def _cut(line, place):
    return (
        max(line.x0, place.x0),
        max(line.y0, place.y0),
        min(line.x1, place.x1),
        min(line.y1, place.y1),
    )


def find(reader, views, places, *known, **more):
    return find_text(reader, views, places, *known, **more)


def boxes(sightings):
    return sorted(each.spot.box for each in sightings)


def test_a_frame_without_text_is_looked_at_by_both_networks():
    reader = FakeReader()
    assert find(reader, [FLAT, SHARP], [WHOLE]) == []
    assert reader.asked == [
        (SHARP.pixels, WHOLE, 1.0, True),
        (SHARP.pixels, WHOLE, 1.0, False),
        (FLAT.pixels, WHOLE, 0.5, False),
    ]


@pytest.mark.parametrize(("score", "seen"), [(0.44, False), (0.46, True)])
def test_what_the_small_network_alone_sees_counts_if_it_is_sure(score, seen):
    line = Box(20, 20, 160, 40)
    found = find(FakeReader(slow=[line], score=score), [FLAT, SHARP], [WHOLE])
    assert boxes(found) == ([line] if seen else [])


def test_a_coarse_look_adds_what_is_beyond_a_line_and_not_the_line_again():
    line, coarse, beside = (
        Box(20, 20, 160, 40),
        Box(18, 16, 164, 44),
        Box(20, 100, 160, 120),
    )
    found = find(FakeReader(line, slow=[coarse, beside]), [FLAT, SHARP], [WHOLE])
    assert boxes(found) == [Box(18, 20, 164, 40), beside], "as long, and no thicker"


@pytest.mark.parametrize(
    ("seen", "longer"),
    [
        (Box(24, 20, 160, 40), Box(20, 20, 160, 40)),
        (Box(20, 24, 40, 160), Box(20, 20, 40, 160)),
    ],
)
def test_a_line_is_as_long_as_any_network_sees_it(seen, longer):
    thicker = Box(longer.x0, longer.y0, longer.x1 + 2, longer.y1 + 2)
    found = find(FakeReader(seen, slow=[thicker], score=0.7), [FLAT, SHARP], [WHOLE])
    box = boxes(found)[0]
    assert (box.x0, box.y0) == (20, 20)
    assert min(box.width, box.height) == 20, "as thick as the surer one"


def test_once_is_once():
    reader = FakeReader(Box(20, 20, 160, 40))
    find(reader, [FLAT, SHARP], [WHOLE], thorough=False)
    assert reader.asked == [(SHARP.pixels, WHOLE, 1.0, True)]


@pytest.mark.parametrize("line", [Box(150, 20, 260, 40), Box(20, 60, 40, 170)])
def test_a_line_over_the_edge_of_a_place_is_seen_whole(line):
    found = find(FakeReader(line), [FLAT], [Box(0, 0, 200, 100)])
    assert boxes(found) == [line]


def test_a_line_that_only_another_view_shows_is_seen_whole():
    letters = np.full((480, 640, 3), 40, np.uint8)
    letters[100:120:4, 300:420] = 200  # strokes: a part of this view is looked at
    line = Box(250, 98, 520, 122)

    class OnlyThere(FakeReader):
        def spot(self, view, within, **more):
            return super().spot(view, within, **more) if view is letters else []

    reader = OnlyThere(line)
    found = find(reader, [FLAT, NamedView("window", letters)], [WHOLE])
    assert boxes(found) == [line]
    assert found[0].view.name == "window"


def test_a_line_that_another_view_shows_in_double_size_only_is_seen():
    letters = np.full((480, 640, 3), 40, np.uint8)
    letters[100:120:4, 300:420] = 200

    class OnlyLarge(FakeReader):
        def spot(self, view, within, *, zoom=1.0, quick=False):
            there = view is letters and zoom > 1
            return super().spot(view, within, zoom=zoom, quick=quick) if there else []

    line = Box(300, 98, 420, 122)
    assert boxes(find(OnlyLarge(line), [FLAT, NamedView("window", letters)], [WHOLE])) == [
        line
    ]


def test_what_was_read_before_is_left_out():
    line = Box(20, 20, 160, 40)
    assert find(FakeReader(line), [FLAT], [WHOLE], lambda box: box == line) == []


def test_a_body_is_no_text():
    assert find(FakeReader(Box(100, 50, 500, 400)), [FLAT], [WHOLE]) == []


def test_a_body_cut_by_a_place_is_no_text():
    body = Box(0, 60, 320, 260)
    assert find(FakeReader(body), [FLAT], [Box(0, 56, 312, 264)]) == []
    label = Box(4, 4, 636, 400)
    assert boxes(find(FakeReader(label), [FLAT], [WHOLE])) == [label]
    strip = Box(3, 1, 397, 99)
    assert boxes(find(FakeReader(strip), [FLAT], [Box(0, 0, 400, 100)])) == [strip]
    large = Box(100, 60, 300, 190)
    assert boxes(find(FakeReader(large), [FLAT], [Box(40, 0, 400, 250)])) == [large]


def test_a_frame_too_small_for_letters_is_not_looked_at():
    tiny = NamedView("full", np.zeros((8, 640, 3), np.uint8))
    reader = FakeReader(Box(20, 1, 160, 7))
    assert find(reader, [tiny], [Box(0, 0, 640, 8)]) == []
    assert reader.asked == []
