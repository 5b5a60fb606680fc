"""What a model is shown: every pixel at full size, and no more views than needed."""

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskray.gate import Sighting
from maskray.picture import fewest_views, pictures, pieces
from maskray.render import NamedView
from maskray.settings import ModelProfile
from maskray.spots import Spot

PROFILE = ModelProfile(model="m", max_px=100, overlap_px=20, min_px=1)


def view(name="full", rows=40, columns=60, fill=0):
    return NamedView(name, np.full((rows, columns, 3), fill, np.uint8))


def decoded(picture, how=cv2.IMREAD_COLOR_RGB):
    shown = cv2.imdecode(np.frombuffer(picture.png, np.uint8), how)
    assert shown is not None
    return shown


def sighting(shown, x0=5, y0=5, x1=25, y1=15, score=0.9):
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return Sighting(shown, Spot(corners, score))


def written(shown, *boxes, value=255):
    for x0, y0, x1, y1 in boxes:
        shown.pixels[y0:y1, x0:x1:2] = value
    return shown


@given(st.integers(1, 900), st.integers(1, 900))
def test_pieces_cover_the_frame_are_small_enough_and_overlap(rows, columns):
    boxes = pieces(rows, columns, PROFILE)
    covered = np.zeros((rows, columns), bool)
    for box in boxes:
        assert box.clip(rows, columns) == box
        assert box.width <= 100
        assert box.height <= 100
        covered[box.index] = True
    assert covered.all()
    for size, spans in (
        (columns, sorted({(box.x0, box.x1) for box in boxes})),
        (rows, sorted({(box.y0, box.y1) for box in boxes})),
    ):
        assert len(spans) == 1 or size > 100
        for (_, end), (start, _) in itertools.pairwise(spans):
            assert end - start >= 20


def test_a_frame_that_fits_is_one_picture_with_its_own_pixels():
    shown = view()
    shown.pixels[:] = np.random.default_rng(1).integers(0, 256, shown.pixels.shape)
    (picture,) = pictures([shown], [7], PROFILE)
    assert np.array_equal(decoded(picture), shown.pixels)
    assert (picture.frames, picture.view) == ((7,), "full")
    assert (picture.rows, picture.columns) == (40, 60)


def test_grey_views_become_grey_pictures_with_the_same_pixels():
    shown = view(fill=93)
    (picture,) = pictures([shown], [0], PROFILE)
    assert decoded(picture, cv2.IMREAD_UNCHANGED).ndim == 2
    assert np.array_equal(decoded(picture), shown.pixels)


def test_a_large_frame_is_cut_and_never_shrunk():
    shown = view(rows=150, columns=230)
    shown.pixels[:] = np.random.default_rng(1).integers(0, 256, shown.pixels.shape)
    for picture in pictures([shown], [0], PROFILE):
        assert np.array_equal(decoded(picture), shown.pixels[picture.box.index])


def test_a_small_frame_is_padded_to_the_right_and_keeps_its_coordinates():
    profile = ModelProfile(model="m", max_px=100, overlap_px=20, min_px=90)
    (picture,) = pictures([view(fill=200)], [0], profile)
    shown = decoded(picture)
    assert shown.shape == (40, 90, 3)
    assert (shown[:, :60] == 200).all()
    assert (shown[:, 60:] == 0).all()
    assert (picture.box.width, picture.columns) == (60, 90)


@pytest.mark.parametrize(("rows", "columns"), [(95, 10), (10, 95)])
def test_one_side_that_is_long_enough_suffices(rows, columns):
    profile = ModelProfile(model="m", max_px=100, overlap_px=20, min_px=90)
    (picture,) = pictures([view(rows=rows, columns=columns)], [0], profile)
    assert (picture.rows, picture.columns) == (rows, columns)


def test_a_picture_does_not_show_its_pixels():
    (picture,) = pictures([view()], [0], PROFILE)
    assert "png" not in repr(picture)


# --- views ----------------------------------------------------------------------------


def test_one_view_that_shows_all_text_is_enough():
    full = written(view("full"), (5, 5, 25, 15), (30, 20, 50, 30))
    window = written(view("window"), (5, 5, 25, 15))
    found = [sighting(window), sighting(full, 30, 20, 50, 30)]
    assert fewest_views(found, [full, window]) == [full]


def test_text_that_only_another_view_shows_needs_it():
    full = written(view("full"), (5, 5, 25, 15))
    window = written(view("window"), (30, 20, 50, 30))
    found = [sighting(full), sighting(window, 30, 20, 50, 30)]
    assert fewest_views(found, [full, window]) == [full, window]


def test_faint_text_is_shown_in_the_view_that_shows_it_best():
    full = written(view("full"), (5, 5, 25, 15), value=20)
    window = written(view("window"), (5, 5, 25, 15), value=255)
    assert fewest_views([sighting(window)], [full, window]) == [window]


def test_no_text_needs_no_view():
    assert fewest_views([], [view()]) == []
