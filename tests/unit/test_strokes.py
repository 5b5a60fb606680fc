"""Where small letters may be, and which of them another view does not show."""

import cv2
import numpy as np
import pytest

from maskray.geometry import Box
from maskray.strokes import as_long_as_strokes, hidden_strokes, stroke_places, two_rows

ROWS, COLUMNS = 256, 512
WHOLE = Box(0, 0, COLUMNS, ROWS)
TEXT = Box(60, 100, 260, 130)


def shown(letters: int, ground: int = 40, noise: float = 0.0):
    """A view with a line of text that stands out by so many grey values."""
    plane = np.full((ROWS, COLUMNS), ground, np.float32)
    plane += np.random.default_rng(3).normal(0, noise, plane.shape)
    ink = np.zeros((ROWS, COLUMNS), np.uint8)
    cv2.putText(ink, "THISTLEWOOD 7741", (60, 124), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 1, 2)
    plane[ink > 0] = ground + letters
    return np.repeat(plane.clip(0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)


def covered(places):
    return TEXT.covered_by(places)


def test_text_that_no_other_view_shows_is_a_place():
    places = hidden_strokes(shown(90), [shown(0)], WHOLE)
    assert covered(places) > 0.95


def test_text_that_another_view_shows_as_well_is_none():
    assert hidden_strokes(shown(90), [shown(0), shown(85)], WHOLE) == []


def test_text_that_another_view_shows_more_faintly_is_a_place():
    assert covered(hidden_strokes(shown(60), [shown(16)], WHOLE)) > 0.95


def test_faint_text_in_noise_is_a_place():
    places = hidden_strokes(shown(40, noise=12.0), [shown(0)], WHOLE)
    assert covered(places) > 0.95


def test_a_flat_view_has_no_places():
    assert hidden_strokes(shown(0), [shown(90)], WHOLE) == []
    assert stroke_places(shown(0), WHOLE) == []


@pytest.mark.parametrize("within", [WHOLE, Box(40, 90, 300, 200), Box(0, 64, 512, 192)])
def test_places_are_found_within_an_area_in_the_views_own_pixels(within):
    assert covered(hidden_strokes(shown(90), [shown(0)], within)) > 0.95
    assert covered(stroke_places(shown(90), within)) > 0.95


def test_nothing_outside_the_area_is_a_place():
    assert hidden_strokes(shown(90), [shown(0)], Box(300, 0, 512, 256)) == []


# --- the ends of a line ---------------------------------------------------------------


def line_of(text):
    """A line of text, and its box."""
    plane = np.full((80, 400), 30, np.uint8)
    cv2.putText(plane, text, (100, 50), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 220, 2)
    columns = np.flatnonzero((plane > 100).any(axis=0))
    view = np.repeat(plane[..., np.newaxis], 3, axis=2)
    return view, Box(int(columns[0]), 32, int(columns[-1]) + 1, 54)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_line_that_was_cut_is_made_as_long_as_its_letters_go_on(side):
    view, whole = line_of("THISTLE")
    cut = Box(whole.x0 + 30, whole.y0, whole.x1, whole.y1)
    if side == "right":
        cut = Box(whole.x0, whole.y0, whole.x1 - 30, whole.y1)
    found = as_long_as_strokes(view, cut)
    assert found.covered_by([whole.grow(4, 0)]) == 1
    assert whole.covered_by([found]) > 0.97
    assert (found.y0, found.y1) == (cut.y0, cut.y1)


def test_a_line_that_is_whole_stays_as_it_is():
    view, whole = line_of("THISTLE")
    found = as_long_as_strokes(view, whole)
    assert abs(found.width - whole.width) <= 4


def test_a_line_does_not_reach_over_a_gap_that_is_no_space():
    view, _ = line_of("LEFT    7741")
    only = line_of("LEFT")[1]
    assert as_long_as_strokes(view, only).x1 < only.x1 + 8


def test_where_nothing_is_written_nothing_goes_on():
    blank = np.full((80, 400, 3), 30, np.uint8)
    box = Box(100, 30, 200, 50)
    assert as_long_as_strokes(blank, box) == box
    standing = Box(100, 10, 120, 70)
    assert as_long_as_strokes(blank, standing) == standing


@pytest.mark.parametrize(
    ("spans", "rows"),
    [
        (((14, 22), (28, 36)), [Box(10, 10, 110, 25), Box(10, 25, 110, 40)]),
        (((14, 22),), []),
        (((14, 17), (20, 36)), []),
        (((14, 18), (20, 24)), []),
        (((11, 16), (20, 25), (30, 35)), []),
        ((), []),
    ],
)
def test_a_place_holds_two_rows_if_two_as_high_stand_apart(spans, rows) -> None:
    view = np.zeros((60, 200, 3), np.uint8)
    for top, bottom in spans:
        view[top:bottom, 20:90:4] = 200
    assert two_rows(view, Box(10, 10, 110, 40)) == rows


def test_a_fainter_row_beside_two_others_is_not_lost() -> None:
    view = np.zeros((80, 200, 3), np.uint8)
    for top, value in ((14, 200), (28, 60), (42, 200)):
        view[top : top + 8, 20:90:4] = value
    assert two_rows(view, Box(10, 10, 110, 54)) == []


def test_a_place_outside_the_view_holds_none() -> None:
    assert two_rows(np.zeros((60, 200, 3), np.uint8), Box(300, 10, 400, 40)) == []
