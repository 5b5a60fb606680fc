"""Where small letters may be, and which of them another view does not show."""

import cv2
import numpy as np
import pytest

from maskray.geometry import Box
from maskray.strokes import hidden_strokes, stroke_places

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
