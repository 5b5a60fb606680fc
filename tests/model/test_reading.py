"""RapidOCR finds lines of text and says what they spell; the gate looks everywhere."""

import sys

import numpy as np
import pytest
from pydantic import SecretStr

from maskray.errors import ServiceDownError
from maskray.gate import find_text
from maskray.geometry import Box
from maskray.read import Reader, Reading
from maskray.render import NamedView
from maskray.settings import ReadSettings
from maskray.spots import Spot
from tests.model.pictures import grey, ink, tissue, write

pytestmark = pytest.mark.model

NAME = "THISTLEWOOD"


def view_of(plane):
    return np.repeat(grey(plane)[..., np.newaxis], 3, axis=2)


def texts(readings):
    return [each.text.get_secret_value() for each in readings]


def spotted(reader, plane, **more):
    return reader.spot(view_of(plane), **more)


def hits(box, spots):
    """The spots that show most of a box."""
    return [each for each in spots if each.box.overlap(box) > 0.7 * box.area]


# --- Spots ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [12, 20, 40])
def test_a_line_is_spotted_where_it_is(reader, size):
    plane = tissue()
    letters = write(plane, "LEFT", (20, 20), size)
    (spot,) = hits(letters, spotted(reader, plane))
    assert spot.box.area < 3 * letters.area + 200
    assert 0 < spot.score <= 1


@pytest.mark.parametrize("turns", [1, 3])
def test_a_line_that_runs_up_or_down_is_spotted(reader, turns):
    plane = tissue()
    letters = write(plane, NAME, (20, 12), 18, turns=turns)
    assert hits(letters, spotted(reader, plane))


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
def test_dark_faint_and_bright_letters_are_spotted(reader, value):
    plane = np.full((192, 272), 0.5)
    letters = write(plane, NAME, (40, 60), value=value)
    assert hits(letters, spotted(reader, plane))


def test_several_lines_are_several_spots(reader):
    plane = tissue()
    boxes = [
        write(plane, text, at) for text, at in (("LEFT", (8, 8)), ("W 400", (180, 160)))
    ]
    spots = spotted(reader, plane)
    assert all(len(hits(box, spots)) == 1 for box in boxes)


def test_a_flat_view_has_no_spots(reader):
    assert spotted(reader, np.full((192, 272), 0.5)) == []


def test_only_the_place_that_is_named_is_searched(reader):
    plane = tissue()
    first = write(plane, "LEFT", (8, 8))
    second = write(plane, "W 400", (180, 160))
    spots = spotted(reader, plane, within=Box(140, 130, 272, 192))
    assert hits(second, spots)  # in coordinates of the view, not of the place
    assert not hits(first, spots)


def test_a_smaller_look_gives_the_same_coordinates(reader):
    plane = tissue()
    letters = write(plane, NAME, (60, 80), 24)
    assert hits(letters, spotted(reader, plane, zoom=0.75))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("SUPINE", 200),
        ("LEFT", 10),
        ("THISTLEWOODPERPETUA", 130),
    ],
)
def test_text_in_two_tiles_is_one_spot(text, at):
    small_tiles = Reader(ReadSettings(tile_px=330, upscale_below_px=100))
    plane = np.zeros((120, 500))  # tiles end at 330 and begin at 170
    letters = write(plane, text, (at, 50), 22)
    boxes = [spot.box for spot in spotted(small_tiles, plane)]
    covered = sum(box.overlap(letters) for box in boxes)
    assert covered > 0.8 * letters.area
    assert sum(box.overlap(letters) > 0.6 * letters.area for box in boxes) == 1


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (11, 11), (200, 2)])
def test_tiny_views_do_no_harm(reader, size):
    rng = np.random.default_rng(1)
    for spot in spotted(reader, rng.random(size)):
        assert spot.box.width > 0


# --- Reading --------------------------------------------------------------------------


def spot_of(box):
    corners = [[box.x0, box.y0], [box.x1, box.y0], [box.x1, box.y1], [box.x0, box.y1]]
    return Spot(np.array(corners, np.float32), 0.9)


def read(reader, plane, box):
    (reading,) = reader.read(view_of(plane), [spot_of(box)])
    return reading


@pytest.mark.parametrize(
    "text", [NAME, "LEFT", "12/03/2019", "MRN: 7741902", "W 400 L 40", "5.0 mm", "R"]
)
def test_a_line_is_read(reader, text):
    plane = np.zeros((60, 260))
    box = write(plane, text, (20, 20), 22)
    reading = read(reader, plane, box.grow(4, 4))
    plain = reading.text.get_secret_value().replace(" ", "")
    assert plain == text.replace(" ", "")
    assert reading.confidence > 0.6


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_line_is_read(reader, turns):
    plane = np.zeros((240, 240))
    box = write(plane, NAME, (40, 40), 22, turns=turns)
    assert texts([read(reader, plane, box.grow(5, 5))]) == [NAME]


def test_nothing_reads_as_nothing(reader):
    reading = read(reader, np.zeros((60, 260)), Box(20, 20, 120, 40))
    assert reading.text.get_secret_value().strip() == ""
    assert reading.confidence == 0.0


def test_no_spots_are_no_readings(reader):
    assert reader.read(view_of(tissue()), []) == []


def test_spots_are_read_in_their_order(reader):
    plane = np.zeros((200, 260))
    words = ["LEFT", NAME, "SUPINE", "1234567"]
    boxes = [write(plane, word, (20, 10 + 45 * i), 22) for i, word in enumerate(words)]
    spots = [spot_of(box.grow(4, 4)) for box in boxes]
    assert texts(reader.read(view_of(plane), spots)) == words


def test_reading_twice_reads_the_same(reader):
    plane = tissue()
    box = write(plane, NAME, (20, 20))
    first, second = (read(reader, plane, box.grow(4, 4)) for _ in range(2))
    assert (first.text, first.confidence, first.columns) == (
        second.text,
        second.confidence,
        second.columns,
    )


def test_a_spot_over_the_edge_is_read_as_far_as_it_goes(reader):
    plane = np.zeros((60, 260))
    write(plane, NAME, (2, 2), 22)
    reading = read(reader, plane, Box(-20, -10, 180, 30))
    assert NAME in reading.text.get_secret_value()


def test_columns_stand_where_the_letters_are(reader):
    plane = np.zeros((60, 320))
    box = write(plane, "LEFT THISTLEWOOD", (30, 20), 22)
    start = box.x0 + ink("LEFT ", 22).shape[1] - 4
    reading = read(reader, plane, box.grow(4, 4))
    text = reading.text.get_secret_value()
    assert len(reading.columns) == len(text)
    lefts = [left for left, _ in reading.columns]
    assert lefts == sorted(lefts)
    at = text.index("T", 4)
    assert abs(reading.columns[at][0] - start) < 12
    assert abs(reading.columns[-1][1] - box.x1) < 12


@pytest.mark.parametrize("turns", [1, 3])
def test_two_letters_that_are_turned_are_read(reader, turns):
    plane = tissue()
    box = write(plane, "MK", (40, 40), 40, turns=turns)
    assert texts([read(reader, plane, box.grow(20, 20))]) == ["MK"]


@pytest.mark.parametrize("turns", [1, 3])
def test_two_letters_that_are_turned_are_read_though_their_place_is_nearly_square(
    reader, turns
):
    plane = tissue()
    box = write(plane, "MK", (40, 40), 40, turns=turns)
    wide = round(box.height / 1.15 - box.width) // 2
    place = box.grow(wide, 0)
    assert 1.1 * place.width < place.height < 1.2 * place.width
    assert texts([read(reader, plane, place)]) == ["MK"]


@pytest.mark.parametrize(("size", "turns"), [(12, 0), (22, 0), (22, 2)])
@pytest.mark.parametrize("text", ["THI", "MK"])
def test_a_few_letters_are_read_as_they_stand(reader, text, size, turns):
    plane = np.zeros((120, 120))
    box = write(plane, text, (40, 40), size, turns=turns)
    assert texts([read(reader, plane, box.grow(3, 3))]) == [text]


@pytest.mark.parametrize(
    "text", ["SPM", "KMS", "THI", "MLO", "JOHN M SMITH", "MRN 7741902"]
)
@pytest.mark.parametrize("size", [9, 11, 14])
@pytest.mark.parametrize("turns", [0, 2])
def test_small_print_is_read_on_its_head_too(reader, text, size, turns):
    plane = np.random.default_rng(1).normal(0.12, 0.03, (80, 320)).clip(0, 1)
    box = write(plane, text, (40, 40), size, 0.9, turns=turns)
    (found,) = texts([read(reader, plane, box.grow(3, 3))])
    assert found.replace(" ", "") == text.replace(" ", "")


def test_one_letter_or_a_turned_crop_does_not_stand_on_its_head(reader):
    view = view_of(tissue())
    network = reader._small

    def is_turned(text, place, upright=0.5):
        spot = spot_of(place)
        readings = (
            Reading(spot, SecretStr(each), sure)
            for each, sure in (("HdS", upright), (text, 0.99))
        )
        return reader._stands_on_its_head(view, *readings, network)

    lying, standing = Box(20, 20, 80, 44), Box(20, 20, 44, 80)
    assert is_turned("SPM", lying)
    assert not is_turned("S", lying)
    assert not is_turned("SPM", standing)
    assert not is_turned("SPM", lying, upright=0.95)


def test_a_turned_line_has_no_columns(reader):
    plane = np.zeros((240, 240))
    box = write(plane, NAME, (40, 40), 22, turns=1)
    assert read(reader, plane, box.grow(5, 5)).columns == ()


def test_further_readings_are_of_the_same_place(reader):
    plane = tissue()
    box = write(plane, NAME, (30, 60))
    spot = read(reader, plane, box.grow(3, 3)).spot
    again = list(reader.read_again(view_of(plane), spot))
    assert len(again) >= 2
    places = [each.spot.box for each in again]
    assert all(spot.box.covered_by([each]) == 1 for each in places)
    assert all(each.covered_by([spot.box.grow(20, 8)]) == 1 for each in places)
    assert NAME in texts(again)


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_what_is_seen_of_a_line_tells_what_it_may_spell(reader, turns):
    plane = np.zeros((240, 240)) if turns else tissue()
    box = write(plane, NAME, (30, 30), 22, turns=turns)
    for seen in reader.sights(view_of(plane), Spot.at(box.grow(3, 3), 1)):
        read, other, none = seen.likelihoods([NAME, NAME.replace("W", "V"), "LEFT"])
        assert read > -1
        assert read > other + 4
        assert none == -12


def test_further_readings_outside_the_view_are_none(reader):
    outside = Spot(
        np.array([[900, 900], [950, 900], [950, 920], [900, 920]], np.float32), 1
    )
    assert list(reader.read_again(view_of(tissue()), outside)) == []


# --- Lines ----------------------------------------------------------------------------


def reading_of(text, columns):
    box = np.array([[0, 0], [columns[-1][1], 0], [columns[-1][1], 20], [0, 20]], np.float32)
    return Reading(Spot(box, 0.9), SecretStr(text), 0.8, columns)


def spaced(text, gaps):
    """Columns of 10 pixels for each letter; ``gaps`` are added before those letters."""
    at, columns = 0, []
    for index in range(len(text)):
        at += gaps.get(index, 0)
        columns.append((at, at + 10))
        at += 10
    return tuple(columns)


def test_a_wide_gap_begins_another_line():
    text = "LEFT W400"
    lines = reading_of(text, spaced(text, {5: 60})).lines([3], "full")
    assert texts(lines) == ["LEFT ", "W400"]
    assert lines[0].box.x1 == lines[1].box.x0
    assert lines[0].box.x0 == 0
    assert all(line.frames == (3,) for line in lines)


@pytest.mark.parametrize(
    ("text", "gaps"), [("LEFT W400", {}), ("LEFT W400", {5: 4}), ("LEFTW400", {4: 60})]
)
def test_a_space_or_no_space_begins_none(text, gaps):
    (line,) = reading_of(text, spaced(text, gaps)).lines([0], "full")
    assert line.text.get_secret_value() == text
    assert (line.confidence, line.view, line.reader) == (0.8, "full", "rapidocr")


def test_a_reading_without_columns_is_one_line():
    box = np.array([[0, 0], [20, 0], [20, 200], [0, 200]], np.float32)
    reading = Reading(Spot(box, 0.9), SecretStr("LEFT   W400"), 0.8)
    assert len(reading.lines([0], "full")) == 1


def test_parts_of_a_line_lie_in_their_own_columns(reader):
    plane = np.zeros((60, 320))
    left = write(plane, "LEFT", (10, 20), 22)
    right = write(plane, "W400", (230, 20), 22)
    reading = read(reader, plane, left.join(right).grow(4, 4))
    lines = reading.lines([0], "full")
    if len(lines) > 1:
        assert lines[0].box.overlap(right) == 0
        assert lines[-1].box.overlap(left) == 0


# --- The gate -------------------------------------------------------------------------


def sightings(reader, *planes, places=None, **more):
    shown = [NamedView(str(i), view_of(plane)) for i, plane in enumerate(planes)]
    whole = Box(0, 0, planes[0].shape[1], planes[0].shape[0])
    return find_text(reader, shown, places or [whole], **more)


def test_no_text_is_no_sighting(reader):
    y, x = np.mgrid[0:192, 0:272]
    assert sightings(reader, 0.5 + 0.2 * np.sin(x / 40) * np.cos(y / 50)) == []


@pytest.mark.parametrize("value", [0.08, 0.92])
def test_faint_text_is_sighted(reader, value):
    plane = np.full((192, 272), 0.5) if value > 0.5 else np.zeros((192, 272))
    letters = write(plane, NAME, (40, 60), value=0.6 if value > 0.5 else value)
    assert any(each.spot.box.overlap(letters) for each in sightings(reader, plane))


def test_text_in_any_view_is_sighted_and_its_view_named(reader):
    hidden = tissue()
    letters = write(hidden, NAME, (40, 60))
    found = sightings(reader, tissue(), hidden)
    assert [each.view.name for each in found if each.spot.box.overlap(letters)] == ["1"]


def test_the_same_text_in_two_views_is_one_sighting(reader):
    plane = tissue()
    write(plane, NAME, (40, 60))
    assert len(sightings(reader, plane, plane * 0.8)) == 1


def test_text_that_was_read_before_is_left_out(reader):
    plane = tissue()
    letters = write(plane, NAME, (40, 60))
    write(plane, "LEFT", (200, 165))
    found = sightings(reader, plane, known=lambda box: box.overlap(letters) > 0)
    assert len(found) == 1
    assert not found[0].spot.box.overlap(letters)


def test_text_over_the_edge_of_a_place_is_seen_whole(reader):
    plane = tissue()
    letters = write(plane, NAME, (40, 60))
    middle = (letters.x0 + letters.x1) // 2
    found = sightings(reader, plane, places=[Box(0, 40, middle, 110)])
    assert any(each.spot.box.x1 >= letters.x1 - 4 for each in found)


def test_places_outside_the_frame_are_passed_over(reader):
    assert sightings(reader, tissue(), places=[Box(900, 900, 950, 950)]) == []


@pytest.mark.parametrize("size", [(11, 200), (200, 11), (1, 1)])
def test_frames_too_small_for_letters_hold_none(reader, size):
    rng = np.random.default_rng(2)
    assert sightings(reader, rng.random(size)) == []


def test_no_views_are_no_sightings(reader):
    assert find_text(reader, [], [Box(0, 0, 9, 9)]) == []


# --- Without RapidOCR -----------------------------------------------------------------


def test_a_missing_reader_stops_the_run(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(ServiceDownError) as caught:
        Reader()
    assert caught.value.code == "no_rapidocr"
    assert caught.value.fatal


def test_missing_models_stop_the_run(monkeypatch):
    import rapidocr

    def no_models(*_args, **_kwargs):
        raise FileNotFoundError("no model there")

    monkeypatch.setattr(rapidocr, "RapidOCR", no_models)
    with pytest.raises(ServiceDownError) as caught:
        Reader()
    assert "no model there" not in str(caught.value)


# --- Letters one above the other ------------------------------------------------------


def stacked(text, value=1.0, ground=0.3, size=16):
    """A view with letters below each other, and the place of each."""
    plane = np.full((320, 272), ground)
    boxes = [
        write(plane, letter, (120, 4 + index * (size + 4)), size, value)
        for index, letter in enumerate(text)
        if letter != " "
    ]
    return view_of(plane), boxes


@pytest.mark.parametrize("text", ["THISTLEWOOD", "K771204", "PERPETUA T"])
@pytest.mark.parametrize("value", [1.0, 0.0])
def test_letters_one_above_the_other_are_read_as_a_line(reader, text, value):
    view, boxes = stacked(text, value)
    spots = [Spot.at(box.grow(2, 2), 0.9) for box in boxes]
    [reading] = reader.read_columns([view], spots)
    assert reading.text.get_secret_value() == text
    assert all(box.covered_by([reading.spot.box]) > 0.9 for box in boxes)


def test_letters_that_were_not_spotted_are_read_with_the_others(reader):
    view, boxes = stacked("THISTLEWOOD")
    spots = [Spot.at(box.grow(2, 2), 0.9) for box in boxes[2:6]]
    [reading] = reader.read_columns([view], spots)
    assert reading.text.get_secret_value() == "THISTLEWOOD"


def test_columns_that_spell_nothing_are_not_read(reader):
    view, boxes = stacked("~.~.~.")
    assert reader.read_columns([view], [Spot.at(each, 0.9) for each in boxes]) == []


def test_lines_are_no_columns(reader):
    plane = tissue()
    write(plane, NAME, (20, 12), 18)
    write(plane, NAME, (20, 40), 18)
    write(plane, NAME, (220, 12), 18, turns=1)
    view = view_of(plane)
    assert reader.read_columns([view], reader.spot(view)) == []


def test_spots_lie_within_the_frame(reader):
    plane = tissue()
    rows, columns = plane.shape[:2]
    for at in ((2, 0), (columns - 69, 0), (columns - 69, rows - 15)):
        write(plane, "EDGE 12", at, 16)
    whole = Box(0, 0, columns, rows)
    view = view_of(plane)
    spots = reader.spot(view)
    again = [each.spot for spot in spots for each in reader.read_again(view, spot)]
    assert spots
    assert all(each.box.overlap(whole) == each.box.area for each in [*spots, *again])
