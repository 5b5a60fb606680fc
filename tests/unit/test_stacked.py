"""Letters that stand one above the other become a line."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from maskray.geometry import Box
from maskray.stacked import Column, LaidDown, column_in, columns_of_letters, lay_down

SIZE = 20
PITCH = 26


def column(text, at=(60, 40), rows=400, columns=140, *, colour=230, ground=20):
    """A view with letters below each other, and the place of each."""
    picture = Image.new("L", (columns, rows), ground)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(SIZE)
    places = []
    for index, letter in enumerate(text):
        x, y = at[0], at[1] + index * PITCH
        draw.text((x, y), letter, colour, font)
        if letter != " ":
            left, top, right, bottom = draw.textbbox((x, y), letter, font)
            places.append(Box(int(left) - 3, int(top) - 3, int(right) + 3, int(bottom) + 3))
    return np.repeat(np.asarray(picture)[..., None], 3, axis=2), places


def test_letters_below_each_other_are_a_column():
    _, places = column("MOTHER")
    [found] = columns_of_letters(places)
    assert all(place.covered_by([found.box]) == 1 for place in places)
    assert min(p.width for p in places) <= found.letter <= max(p.width for p in places)


def test_a_space_or_a_letter_that_was_not_found_does_not_end_a_column():
    _, places = column("MOTHER HUBBARD")
    del places[3]
    assert len(columns_of_letters(places)) == 1


def test_far_letters_are_no_column():
    assert columns_of_letters([Box(10, 10, 24, 30), Box(10, 110, 24, 130)]) == []


def test_columns_side_by_side_are_two():
    _, left = column("MOTHER", (20, 40))
    _, right = column("GOOSE", (90, 40))
    assert len(columns_of_letters([*left, *right])) == 2


@pytest.mark.parametrize("width", [26, 60])
def test_lines_of_a_block_are_no_letters(width):
    lines = [Box(10, top, 10 + width, top + 20) for top in (10, 34, 58, 82)]
    assert columns_of_letters(lines) == []


def test_a_column_is_laid_down_whole():
    view, places = column("MOTHER HUBBARD", rows=500)
    [found] = columns_of_letters(places)
    line = lay_down(view, found, beyond=0)
    assert line is not None
    assert line.picture.shape[1] > 4 * line.picture.shape[0]
    assert line.letters == 13
    assert line.cells.index(False) == 6
    assert all(place.covered_by([line.box]) > 0.9 for place in places)


def test_a_column_that_was_found_as_one_place_is_laid_down():
    view, places = column("MOTHER")
    whole = places[0]
    for place in places[1:]:
        whole = whole.join(place)
    found = column_in(view, whole.grow(12, 4))
    assert found is not None
    assert found.box.covered_by([whole]) > 0.9
    line = lay_down(view, found, beyond=30)
    assert line is not None
    assert line.letters == 6


@pytest.mark.parametrize("place", [Box(20, 40, 50, 200), Box(900, 40, 940, 200)])
def test_a_place_that_holds_nothing_holds_no_column(place):
    assert column_in(np.full((400, 140, 3), 77, np.uint8), place) is None


def test_letters_may_stand_far_apart():
    view = np.zeros((300, 40, 3), np.uint8)
    for top in range(20, 140, 12):  # 5 pixels wide, 7 high, 5 between them
        view[top : top + 7, 10:15] = 200
    found = column_in(view, Box(6, 18, 20, 138))
    assert found is not None
    line = lay_down(view, found, beyond=30)
    assert line is not None
    assert line.letters == 10


def test_letters_beyond_what_was_found_belong_to_it():
    view, places = column("MOTHER HUBBARD", rows=500)
    [found] = columns_of_letters(places[4:9])
    line = lay_down(view, found, beyond=30)
    assert line is not None
    assert line.letters == 13
    assert all(place.covered_by([line.box]) > 0.9 for place in places)
    inner = lay_down(view, found, beyond=0)
    assert inner is not None
    assert inner.letters < 8


def test_a_column_at_the_edge_of_the_view_is_laid_down():
    view, places = column("MOTHER", (4, -2), rows=PITCH * 6, columns=30)
    [found] = columns_of_letters(places)
    line = lay_down(view, found, beyond=30)
    assert line is not None
    assert line.letters == 6


def test_letters_in_black_are_laid_down_too():
    view, places = column("MOTHER", colour=0, ground=200)
    [found] = columns_of_letters(places)
    line = lay_down(view, found, beyond=0)
    assert line is not None
    assert line.letters == 6


def test_a_ruler_is_no_line():
    view = np.full((400, 60, 3), 10, np.uint8)
    view[40:300, 40:42] = 220
    view[40:300:20, 28:42] = 220
    ticks = [Box(26, top - 6, 44, top + 14) for top in range(40, 280, 20)]
    [found] = columns_of_letters(ticks)
    assert lay_down(view, found, beyond=30) is None


def test_the_numbers_of_a_scale_are_no_line():
    picture = Image.new("L", (60, 420), 20)
    for index, number in enumerate(("5", "10", "15", "20", "25")):
        place = (14, 20 + 55 * index)
        ImageDraw.Draw(picture).text(place, number, 200, ImageFont.load_default(14))
    view = np.repeat(np.asarray(picture)[..., None], 3, axis=2)
    high = Column(Box(12, 20, 36, 256), 24)
    assert all(lay_down(view, high, beyond=beyond) is None for beyond in (0, 8, 30))


def test_grey_letters_beside_bright_ones_are_laid_down():
    grey, places = column("KOWALSKIJAN", colour=110)
    bright = column("KO", colour=255)[0]
    [found] = columns_of_letters(places)
    line = lay_down(np.maximum(grey, bright), found, beyond=8)
    assert line is not None
    assert line.letters == 11


def test_an_empty_place_is_no_line():
    flat = np.full((400, 140, 3), 77, np.uint8)
    assert lay_down(flat, Column(Box(60, 40, 80, 60), 20), beyond=0) is None
    assert lay_down(flat, Column(Box(200, 40, 220, 300), 20), beyond=0) is None
    line = lay_down(flat, Column(Box(60, 40, 80, 300), 20), beyond=30)
    assert line is None or line.letters == 0


def test_spaces_stand_where_cells_are_empty():
    cells = (True, True, True, False, True, True)
    line = LaidDown(np.zeros((4, 4, 3), np.uint8), Box(0, 0, 1, 1), cells)
    assert line.spaced("SAGML") == "SAG ML"
    assert line.spaced("S A G M L") == "SAG ML"


def test_letters_that_were_miscounted_stay_as_they_were_read():
    line = LaidDown(np.zeros((4, 4, 3), np.uint8), Box(0, 0, 1, 1), (True,) * 5)
    assert line.spaced("MOTH ER") == "MOTH ER"
    assert line.spaced("M O T H") == "MOTH"
