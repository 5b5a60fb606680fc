"""Which of the places that several looks found are one line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskray.geometry import Box
from maskray.spots import Spot, one_per_line, turned


def spots(*boxes, score=0.8):
    return [Spot.at(box, score) for box in boxes]


def boxes(found):
    return sorted(each.box for each in found)


def lines(*fine, coarse=()):
    return boxes(one_per_line(spots(*fine), spots(*coarse)))


LINE = Box(20, 100, 220, 120)
CUT = {
    "by a look that cuts it": (Box(20, 100, 130, 120), Box(110, 100, 220, 120)),
    "in three": (Box(20, 100, 100, 120), Box(80, 101, 160, 120), Box(150, 100, 220, 119)),
    "whole and a piece": (LINE, Box(60, 101, 150, 119)),
    "drawn twice": (LINE, Box(21, 99, 219, 121)),
}


@pytest.mark.parametrize("name", CUT)
def test_a_line_is_one_line_however_it_was_drawn(name):
    (found,) = lines(*CUT[name])
    assert LINE.covered_by([found]) > 0.98
    assert found.area < 1.2 * LINE.area


@pytest.mark.parametrize("name", CUT)
def test_a_line_that_stands_too(name):
    (found,) = lines(*map(turned, CUT[name]))
    assert turned(LINE).covered_by([found]) > 0.98
    assert found.area < 1.2 * LINE.area


@pytest.mark.parametrize(
    "two",
    [
        (LINE, Box(20, 126, 220, 146)),  # the next row
        (LINE, Box(240, 100, 400, 120)),  # farther along the row
        (LINE, Box(230, 60, 250, 400)),  # a line that stands beside it
    ],
)
def test_two_lines_stay_two(two):
    assert lines(*two) == sorted(two)


def test_words_with_gaps_between_them_are_better_than_the_row():
    one, other = Box(20, 101, 100, 119), Box(140, 101, 220, 119)
    assert lines(LINE, one, other) == [one, other]


def test_a_row_of_which_only_a_part_was_seen_again_stays_whole():
    assert lines(LINE, Box(20, 101, 60, 119), Box(90, 101, 110, 119)) == [LINE]


def test_the_score_of_pieces_that_are_joined_is_the_best():
    pieces = [Spot.at(CUT["by a look that cuts it"][0], 0.4)]
    pieces += [Spot.at(CUT["by a look that cuts it"][1], 0.9)]
    (found,) = one_per_line(pieces)
    assert found.score == 0.9


def test_a_line_is_as_sure_as_the_surest_look_at_it():
    far, near = Spot.at(LINE, 0.3), Spot.at(Box(24, 101, 214, 119), 0.9)
    for looks in ([far, near], [near, far]):
        [line] = one_per_line(looks)
        assert (line.box, line.score) == (LINE, 0.9)


def test_lines_aslant_are_left_as_they_are():
    quad = np.array([[10, 10], [110, 60], [101, 78], [1, 28]], np.float32)
    (found,) = one_per_line([Spot(quad, 0.7), *spots()])
    assert np.array_equal(found.quad, quad)


# --- coarse looks ---------------------------------------------------------------------


def test_a_coarse_place_around_a_line_adds_nothing():
    assert lines(LINE, coarse=[Box(16, 96, 224, 124)]) == [LINE]


def test_a_coarse_place_where_no_line_is_is_one():
    other = Box(300, 300, 400, 330)
    assert lines(LINE, coarse=[other]) == sorted([LINE, other])


def test_a_line_becomes_as_long_as_a_coarse_place_shows_it():
    (found,) = lines(LINE, coarse=[Box(16, 96, 304, 124)])
    assert (found.x0, found.y0, found.y1) == (20, 100, 120)
    assert found.x1 == 300


def test_a_line_does_not_grow_over_its_neighbour():
    beside = Box(240, 100, 400, 120)
    assert lines(LINE, beside, coarse=[Box(16, 96, 404, 124)]) == sorted([LINE, beside])
    far_higher = Box(0, 60, 400, 160)
    assert LINE in lines(LINE, coarse=[far_higher])


def test_the_row_beside_a_line_that_a_coarse_place_holds_is_one_too():
    rows = Box(20, 100, 220, 150)
    found = lines(LINE, coarse=[rows])
    assert LINE in found
    assert rows.covered_by(found) == 1


def test_a_body_that_was_taken_for_a_line_hides_none():
    body = Box(0, 0, 400, 500)
    line = Box(20, 100, 220, 120)
    assert line in lines(body, coarse=[line])


# --- whatever was found ---------------------------------------------------------------


coordinates = st.integers(0, 60)
places = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    coordinates,
    coordinates,
    st.integers(1, 60),
    st.integers(1, 20),
)


@given(st.lists(places, max_size=6))
def test_nothing_that_was_found_is_lost(found):
    """Words may replace a row, but nothing that a look saw is dropped for good."""
    kept = lines(*found)
    for box in found:
        if box.height <= 1.5 * box.width:
            assert box.covered_by(kept) > 0.3


@given(st.lists(places, max_size=5), st.lists(places, max_size=5))
def test_coarse_places_take_nothing_from_lines(fine, coarse):
    alone, both = lines(*fine), lines(*fine, coarse=coarse)
    for box in alone:
        assert box.covered_by(both) == 1


@given(places)
def test_turning_twice_changes_nothing(box):
    assert turned(turned(box)) == box
    assert turned(box).width == box.height
