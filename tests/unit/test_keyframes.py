"""Step 3: whatever a frame shows that was not looked at before is looked at."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from maskray.geometry import Box
from maskray.keyframes import TILE, Looks, Tracker
from maskray.records import TextLine
from tests.unit.builders import Frames, random_frames

ROWS, COLUMNS = 80, 112
WHOLE = [Box(0, 0, COLUMNS, ROWS)]


def blank(dtype="u1", value=10, rows=ROWS, columns=COLUMNS) -> Frames:
    frame = np.full((rows, columns), value, dtype)
    frame[0, 0], frame[0, 1] = 0, 200
    return frame


def changed(frame: Frames, box: Box, value: object) -> Frames:
    copy = frame.copy()
    copy[box.index] = value
    return copy


def covered(places: list[Box], box: Box) -> bool:
    spots = np.zeros((ROWS, COLUMNS), bool)
    for place in places:
        spots[place.index] = True
    return bool(spots[box.index].all())


# --- Looks ----------------------------------------------------------------------------


def test_the_first_frame_is_looked_at_whole_and_equal_ones_never():
    looks = Looks()
    assert looks.places(blank()) == WHOLE
    assert all(looks.places(blank()) == [] for _ in range(5))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_what_was_looked_at_is_what_is_shown_up_to_the_threshold(data):
    """The invariant behind everything: a model of it, kept beside."""
    rows, columns = data.draw(st.integers(1, 70)), data.draw(st.integers(1, 70))
    colour = data.draw(st.booleans())
    shape = (rows, columns, 3) if colour else (rows, columns)
    frame = random_frames(shape, 8, seed=data.draw(st.integers(0, 9)))
    threshold = 0.02 * (int(frame.max()) - int(frame.min()))
    looks, seen = Looks(), np.full(shape, -1000, int)
    for _ in range(data.draw(st.integers(2, 8))):
        for place in looks.places(frame):
            assert place.clip(rows, columns) == place
            seen[place.index] = frame[place.index]
        assert np.abs(frame.astype(int) - seen).max() <= threshold + 1e-9
        frame = frame.copy()
        for _ in range(data.draw(st.integers(0, 3))):
            y, x = (
                data.draw(st.integers(0, rows - 1)),
                data.draw(st.integers(0, columns - 1)),
            )
            high, wide = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
            step = data.draw(st.sampled_from([1, 2, 5, 6, 40, 200]))
            frame[y : y + high, x : x + wide] += np.uint8(step)


@pytest.mark.parametrize("x", [0, 15, 16, 100, 111])
@pytest.mark.parametrize("y", [0, 15, 16, 64, 79])
def test_one_changed_pixel_is_looked_at_with_its_surroundings(x, y):
    looks = Looks()
    looks.places(blank())
    (place,) = looks.places(changed(blank(), Box(x, y, x + 1, y + 1), 90))
    around = Box(x, y, x + 1, y + 1).grow(TILE, TILE).clip(ROWS, COLUMNS)
    assert around is not None
    assert covered([place], around)
    assert place != WHOLE[0]
    assert looks.places(changed(blank(), Box(x, y, x + 1, y + 1), 90)) == []


def test_two_places_far_apart_are_looked_at_apart():
    looks = Looks()
    frame = blank(rows=400, columns=600)
    looks.places(frame)
    frame = changed(changed(frame, Box(5, 5, 9, 9), 90), Box(500, 300, 520, 310), 90)
    places = looks.places(frame)
    assert len(places) == 2
    assert not places[0].overlap(places[1])


def test_a_frame_that_changed_nearly_everywhere_is_looked_at_whole():
    looks = Looks()
    looks.places(blank())
    assert looks.places(blank(value=90)) == WHOLE


def test_text_that_goes_and_comes_back_is_looked_at_again():
    looks = Looks()
    text = changed(blank(), Box(40, 40, 70, 50), 190)
    looks.places(blank())
    for frame in (text, blank(), text):
        assert covered(looks.places(frame), Box(40, 40, 70, 50))


def test_a_slow_fade_adds_up_until_it_is_looked_at():
    looks = Looks()
    looks.places(blank())
    box = Box(40, 40, 70, 50)
    looked = [
        level for level in range(10, 40) if looks.places(changed(blank(), box, level))
    ]
    assert looked
    assert max(np.diff([10, *looked, 39])) <= 5  # 2 % of 200 is 4


def test_a_change_below_the_threshold_is_not_looked_at():
    looks = Looks()
    looks.places(blank())
    assert looks.places(changed(blank(), Box(40, 40, 70, 50), 13)) == []


def test_a_changed_shape_is_looked_at_whole():
    looks = Looks()
    looks.places(blank())
    assert looks.places(blank()[:40]) == [Box(0, 0, COLUMNS, 40)]
    assert looks.places(np.dstack([blank()[:40]] * 3)) == [Box(0, 0, COLUMNS, 40)]


def test_frames_are_remembered_and_not_held():
    looks = Looks()
    frame = blank()
    looks.places(frame)
    frame[40:60, 40:60] = 190  # the caller uses the same array for the next frame
    assert looks.places(frame)
    frame[40:60, 40:60] = 10
    assert looks.places(frame)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
def test_values_are_compared_without_wrapping(dtype):
    info = np.finfo(dtype) if dtype[0] == "f" else np.iinfo(dtype)
    for one, other in ((info.min, info.max), (info.max, info.min)):
        looks, box = Looks(), Box(40, 40, 50, 50)
        frame = np.full((ROWS, COLUMNS), one, dtype)
        frame[:9] = other
        looks.places(frame)
        assert covered(looks.places(changed(frame, box, other)), box)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_values_that_are_no_numbers_hide_no_change(odd, dtype):
    box = Box(40, 40, 60, 50)
    first = blank(dtype)
    first[5:9, 5:90] = odd
    looks = Looks()
    looks.places(first)
    assert looks.places(first) == []
    assert covered(looks.places(changed(first, box, 190)), box)
    assert covered(looks.places(changed(first, box, odd)), box)
    assert covered(looks.places(changed(first, box, 190)), box)


def test_what_becomes_no_number_has_changed_whatever_it_was():
    looks, box = Looks(), Box(40, 40, 60, 50)
    zeros = changed(blank("f4"), Box(0, 32, COLUMNS, 64), 0)
    looks.places(zeros)
    for value in (np.nan, 0, np.inf, 0):
        assert covered(looks.places(changed(zeros, box, value)), box)


def test_a_first_frame_without_any_number_hides_nothing():
    looks = Looks()
    first = np.full((ROWS, COLUMNS), np.nan, np.float32)
    looks.places(first)
    box = Box(40, 40, 60, 50)
    assert covered(looks.places(changed(first, box, 1e-3)), box)


@pytest.mark.parametrize(
    ("odd", "share"),
    [(-32768, 40), (32767, 40), (-32768, 1), (32767, 1)],
    ids=["padding", "bright bar", "cold pixel", "hot pixel"],
)
def test_extremes_of_the_first_frame_hide_no_later_text(odd, share):
    """2 % of the full range would be more than all tissue has."""
    first = (np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) % 500).astype(np.int16)
    if share > 1:
        first[-share:] = odd
    else:
        first[-1, -1] = odd
    looks = Looks()
    looks.places(first)
    box = Box(30, 10, 60, 18)
    assert covered(looks.places(changed(first, box, 560)), box)


def test_a_fade_is_not_forgotten_while_something_else_moves():
    looks = Looks()
    box, far = Box(5, 60, 25, 70), Box(90, 5, 100, 15)
    looks.places(blank())
    seen_at = []
    for step in range(1, 9):
        frame = changed(changed(blank(), box, 10 + step), far, 60 + 40 * (step % 2))
        if any(place.overlap(box) for place in looks.places(frame)):
            seen_at.append(step)
    assert seen_at == [5]  # 2 % of 200 is 4


def test_a_blank_first_frame_makes_every_change_count():
    looks = Looks()
    looks.places(np.zeros((ROWS, COLUMNS), np.uint16))
    box = Box(40, 40, 50, 50)
    frame = changed(np.zeros((ROWS, COLUMNS), np.uint16), box, 1)
    assert covered(looks.places(frame), box)


# --- Tracker --------------------------------------------------------------------------


BOX = Box(20, 20, 70, 32)


def line(text="DOE JOHN", box=BOX, frames=(0,), confidence=0.9) -> TextLine:
    return TextLine(frames, box, SecretStr(text), confidence)


def texts(tracker: Tracker, sure: bool = True) -> list[tuple[str, tuple[int, ...]]]:
    return [
        (each.text.get_secret_value(), each.frames) for each in tracker.lines(sure=sure)
    ]


def play(frames: list[Frames], readings: dict[int, str]) -> Tracker:
    """Frames go by; where a reading is given, that is read there."""
    looks, tracker = Looks(), Tracker()
    for index, frame in enumerate(frames):
        places = looks.places(frame)
        tracker.advance(index, frame, places)
        if index in readings and not tracker.knows(BOX):
            tracker.add([line(readings[index], frames=(index,))], frame)
    return tracker


TEXT = changed(blank(), BOX, 120)


def test_a_line_that_stands_still_is_in_every_frame():
    tracker = play([TEXT] * 5, {0: "DOE JOHN"})
    assert texts(tracker) == [("DOE JOHN", (0, 1, 2, 3, 4))]
    assert tracker.any_live


def test_a_line_is_in_no_frame_after_it_went():
    tracker = play([TEXT, TEXT, blank(), blank()], {0: "DOE JOHN"})
    assert texts(tracker) == [("DOE JOHN", (0, 1))]
    assert not tracker.any_live
    assert not tracker.knows(BOX)


def test_a_line_stays_while_something_moves_elsewhere():
    frames = [changed(TEXT, Box(90, 50 + step, 100, 60 + step), 200) for step in range(4)]
    assert texts(play(frames, {0: "DOE JOHN"})) == [("DOE JOHN", (0, 1, 2, 3))]


def test_a_line_over_moving_tissue_is_one_line_as_long_as_it_says_the_same():
    frames = [changed(TEXT, Box(20, 20, 70, 22), 30 * step) for step in range(4)]
    readings = {0: "DOE JOHN", 1: "DOE JOHM", 2: "DOE JOHN", 3: "DOE JOHN"}
    tracker = play(frames, readings)
    assert [each[1] for each in texts(tracker)] == [(0, 1, 2, 3)]
    (only,) = tracker.lines(sure=True)
    said = {only.text.get_secret_value()} | {
        each.get_secret_value() for each in only.others
    }
    assert said == {"DOE JOHN", "DOE JOHM"}


def test_another_text_in_the_same_place_is_another_line():
    frames = [TEXT, changed(TEXT, BOX, 60)]
    tracker = play(frames, {0: "DOE JOHN", 1: "MILLER SUE"})
    assert texts(tracker) == [("DOE JOHN", (0,)), ("MILLER SUE", (1,))]


def test_the_same_text_elsewhere_is_another_line():
    tracker = Tracker()
    tracker.add([line()], TEXT)
    tracker.advance(1, blank(), WHOLE)
    tracker.add([line(box=BOX.shift(0, 40), frames=(1,))], blank())
    assert len(texts(tracker)) == 2


def test_sure_and_doubtful_lines_are_kept_apart():
    tracker = Tracker()
    tracker.add([line("DOE")], TEXT)
    tracker.add([line("D0?")], TEXT, sure=False)
    assert texts(tracker) == [("DOE", (0,))]
    assert texts(tracker, sure=False) == [("D0?", (0,))]
    tracker.advance(1, blank(), WHOLE)
    tracker.add([line("DOE", frames=(1,))], TEXT, sure=False)
    assert texts(tracker) == [("DOE", (0,))]


def test_the_surest_reading_leads_and_the_box_holds_all():
    tracker = Tracker()
    tracker.add([line("DOE JOHM", confidence=0.6)], TEXT)
    tracker.advance(1, blank(), WHOLE)
    wide = Box(19, 19, 71, 33)
    tracker.add([line("DOE JOHN", wide, (1,), 0.95)], TEXT)
    (only,) = tracker.lines(sure=True)
    assert only.text.get_secret_value() == "DOE JOHN"
    assert only.box == wide
    assert only.frames == (0, 1)


def test_a_place_is_widened_by_the_lines_that_stood_there():
    tracker = Tracker()
    tracker.add([line()], TEXT)
    tracker.advance(1, blank(), WHOLE)
    (wide,) = tracker.widened([Box(64, 24, 80, 40)])
    assert wide.join(BOX) == wide
    assert tracker.widened([Box(90, 60, 100, 70)]) == [Box(90, 60, 100, 70)]


def test_a_line_that_still_stands_is_known_there_only():
    tracker = Tracker()
    tracker.add([line()], TEXT)
    assert tracker.knows(BOX)
    assert tracker.knows(BOX.grow(1, 1))
    assert not tracker.knows(BOX.shift(0, 30))
    assert not tracker.knows(BOX.shift(40, 0))


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_a_line_does_not_stand_where_its_pixels_became_no_numbers(odd):
    first = TEXT.astype(np.float32)
    first[60, 60] = odd  # and it stands although there is such a value elsewhere
    tracker = play([first, first, changed(first, BOX, odd)], {0: "DOE JOHN"})
    assert texts(tracker) == [("DOE JOHN", (0, 1))]


def test_a_line_beyond_the_edge_does_no_harm():
    tracker = Tracker()
    tracker.add([line(box=Box(-30, -30, -5, -5))], TEXT)
    tracker.advance(1, TEXT, WHOLE)
    assert texts(tracker)[0][0] == "DOE JOHN"


def test_a_trackers_lines_do_not_show_their_text():
    tracker = play([TEXT], {0: "DOE JOHN"})
    assert "DOE" not in repr(tracker.lines(sure=True))


# --- lost lines ---


@pytest.mark.parametrize(
    ("again", "lost"),
    [
        pytest.param([], ["HOLM, ANNA"], id="nothing read there"),
        pytest.param(["HOLM, ANNA"], [], id="read again"),
        pytest.param(["OTHER TEXT"], [], id="something else read there"),
    ],
)
def test_a_line_that_is_not_read_in_the_next_frame_is_lost(again, lost):
    place = Box(10, 10, 60, 20)
    first = np.zeros((40, 80), np.uint8)
    first[10:20, 10:60:2] = 200
    second = 255 - first
    tracker, whole = Tracker(), [Box(0, 0, 80, 40)]
    tracker.advance(0, first, whole)
    tracker.add([line("HOLM, ANNA", place)], first)
    tracker.advance(1, second, whole)
    tracker.add([line(text, place) for text in again], second)
    gone = tracker.lost(1, second, lambda _: True)
    assert [each.text.get_secret_value() for each in gone] == lost
    assert all(each.frames == (1,) and each.confidence == 0.0 for each in gone)


def test_a_line_that_stands_still_is_not_lost():
    place = Box(10, 10, 60, 20)
    frame = np.zeros((40, 80), np.uint8)
    frame[10:20, 10:60:2] = 200
    tracker = Tracker()
    tracker.advance(0, frame, [Box(0, 0, 80, 40)])
    tracker.add([line("HOLM, ANNA", place)], frame)
    tracker.advance(1, frame, [])
    assert tracker.lost(1, frame, lambda _: True) == []


# --- Text that is drawn, and not read ---------------------------------------------------

PLACE = Box(40, 30, 160, 50)


def cine(*drawn, size=(80, 200)):
    """Frames of smooth tissue that moves, with a name drawn where it says so."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    for number, shows in enumerate(drawn):
        frame = 90 + 40 * np.sin(columns / 23 + number) * np.cos(rows / 17 - number)
        if shows:
            ink = np.zeros(size, np.uint8)
            cv2.putText(ink, "HOLM, ANNA", (42, 46), cv2.FONT_HERSHEY_SIMPLEX, 0.55, 1, 1)
            frame[ink > 0] = 210
        yield number, frame.astype(np.uint16)


def followed(frames, matters=True):
    """The frames of a name that is read in the first frame only; where it is doubted."""
    tracker, whole, doubted = Tracker(), [Box(0, 0, 200, 80)], []
    for number, frame in frames:
        tracker.advance(number, frame, whole)
        if number == 0:
            tracker.add([line("HOLM, ANNA", PLACE)], frame)
        doubted += tracker.lost(number, frame, lambda _: matters)
    (found,) = tracker.lines(sure=True)
    return found.frames, [each.frames for each in doubted]


def test_a_line_that_is_still_drawn_is_carried_on_unread():
    assert followed(cine(True, True, True, True)) == ((0, 1, 2, 3), [])


def test_a_line_that_is_drawn_no_more_is_doubted_once():
    assert followed(cine(True, True, False, False)) == ((0, 1), [(2,)])


@pytest.mark.parametrize(
    ("drawn", "matters", "frames"),
    [
        ((False, True, True, True), True, (1, 2, 3)),
        ((True, False, True, True), True, (2, 3)),
        ((True, True, True, True), False, (3,)),
    ],
)
def test_a_line_is_in_the_frames_before_that_show_its_strokes(drawn, matters, frames):
    tracker, whole = Tracker(), [Box(0, 0, 200, 80)]
    for number, frame in cine(*drawn):
        tracker.advance(number, frame, whole)
        if number == 3:
            tracker.add([line("HOLM, ANNA", PLACE, (3,))], frame)
        tracker.began(lambda _: matters)
    (found,) = tracker.lines(sure=True)
    assert found.frames == frames


def test_a_line_without_thin_strokes_was_not_there_before():
    tracker, whole = Tracker(), [Box(0, 0, 200, 80)]
    thick = np.zeros((80, 200), np.uint8)
    thick[20:60, 40:160] = 200
    for number, frame in enumerate((np.zeros_like(thick), thick)):
        tracker.advance(number, frame, whole)
        if number == 1:
            tracker.add([line("HOLM", Box(50, 25, 150, 55), (1,))], frame)
        tracker.began(lambda _: True)
    (found,) = tracker.lines(sure=True)
    assert found.frames == (1,)


def test_a_line_that_does_not_matter_is_not_carried_on():
    assert followed(cine(True, True), matters=False) == ((0,), [])


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
def test_strokes_are_known_in_values_of_any_kind(kind):
    frames = [(number, frame.astype(kind)) for number, frame in cine(True, True, False)]
    assert followed(frames) == ((0, 1), [(2,)])


def test_strokes_are_known_in_colours():
    frames = [(n, np.repeat(f[..., None], 3, 2)) for n, f in cine(True, True, False)]
    assert followed(frames) == ((0, 1), [(2,)])
