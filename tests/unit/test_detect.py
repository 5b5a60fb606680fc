"""Detectors, and what counts as text that was read. The reader is a fake."""

import numpy as np
import pytest
from pydantic import SecretStr
from pydicom import Dataset

from maskray.detect import RulesDetector, Seen, read_sightings
from maskray.gate import Sighting
from maskray.geometry import Box
from maskray.identifiers import Identifiers, collect
from maskray.policy import Policy
from maskray.read import Reading
from maskray.records import Category, TextLine
from maskray.render import NamedView
from maskray.spots import Spot

PIXELS = np.zeros((200, 400, 3), np.uint8)
VIEW = NamedView("full", PIXELS)
OTHER = NamedView("window", PIXELS)


def spot(x=10, y=10, width=100, height=20, score=0.9):
    x1, y1 = x + width, y + height
    return Spot(np.array([[x, y], [x1, y], [x1, y1], [x, y1]], np.float32), score)


class FakeReader:
    """Says what it was told to, and remembers what it was asked.

    What it sees at a glance, ``quick``, leaves all in doubt unless it is told otherwise.
    """

    def __init__(self, *said, again=(), quick=("?", 0.31)):
        self.said = list(said)
        self.quick = quick
        self.again = again
        self.asked_again = []

    def read(self, _view, spots, *, quick=False):
        answers = [self.quick if quick else self.said.pop(0) for _ in spots]
        return [
            Reading(each, SecretStr(text), confidence)
            for each, (text, confidence) in zip(spots, answers, strict=True)
        ]

    def read_columns(self, _views, _spots, whole):
        self.columns = list(whole)
        return []

    def read_again(self, _view, each):
        self.asked_again.append(each)
        return [Reading(each, SecretStr(text), sure) for text, sure in self.again]


def read(reader, *sightings, frames=(0,), shown=(VIEW,), **more):
    return read_sightings(reader, sightings, frames, shown, Identifiers(), **more)


def texts(lines):
    return [line.text.get_secret_value() for line in lines]


def test_a_sure_reading_is_a_line():
    lines, doubtful = read(FakeReader(("LEFT", 0.9)), Sighting(VIEW, spot()), frames=(2, 4))
    (line,) = lines
    assert doubtful == []
    assert line.text.get_secret_value() == "LEFT"
    assert line.box == Box(10, 10, 110, 30)
    assert line.frames == (2, 4)
    assert line.view == "full"
    assert line.confidence == 0.9


@pytest.mark.parametrize(
    ("text", "confidence", "sure"),
    [
        ("LEFT", 0.60, True),
        ("LEFT", 0.59, False),
        ("L", 0.70, True),
        ("L", 0.69, False),
        ("12", 0.69, False),
        (" R ", 0.65, False),
        ("山田太郎", 0.84, False),
        ("山田太郎", 0.86, True),
        ("Müller", 0.65, True),
        ("", 1.0, False),
        ("   ", 1.0, False),
    ],
)
def test_how_sure_a_reading_must_be(text, confidence, sure):
    place = spot(10, 10, 15 * max(len(text), 2), 20)
    lines, doubtful = read(FakeReader((text, confidence)), Sighting(VIEW, place))
    assert (len(lines), len(doubtful)) == ((1, 0) if sure else (0, 1))


@pytest.mark.parametrize(
    ("text", "width", "sure"),
    [
        ("P3", 70, True),
        ("P3", 280, False),
        ("Se:1", 280, True),
        ("L", 30, True),
        ("XQ", 280, True),
    ],
)
def test_a_few_letters_do_not_fill_a_long_place(text, width, sure):
    place = spot(10, 10, width, 20)
    lines, doubtful = read(FakeReader((text, 0.99)), Sighting(VIEW, place))
    assert (len(lines), len(doubtful)) == ((1, 0) if sure else (0, 1))


@pytest.mark.parametrize(
    ("place", "doubtful"),
    [
        (spot(score=0.9), 1),
        (spot(score=0.49), 0),
        (spot(width=20, height=20), 0),
        (spot(width=30, height=20), 1),
        (spot(width=20, height=90), 1),
    ],
)
def test_a_place_that_cannot_be_read_is_doubtful_if_it_looks_like_a_word(place, doubtful):
    lines, found = read(FakeReader(("~~", 0.1)), Sighting(VIEW, place))
    assert lines == []
    assert len(found) == doubtful


def test_unnamed_text_is_read_again_in_every_view():
    reader = FakeReader(("XQZTW", 0.9), again=[("XQZTW", 0.8), ("junk", 0.3)])
    (line,), _ = read(reader, Sighting(VIEW, spot()), shown=(VIEW, OTHER))
    assert texts([line]) == ["XQZTW"]
    assert [each.get_secret_value() for each in line.others] == ["XQZTW", "XQZTW"]
    assert len(reader.asked_again) == 2


@pytest.mark.parametrize("text", ["LEFT", "12/03/2019", "W 400 L 40"])
def test_text_with_a_meaning_is_not_read_again(text):
    reader = FakeReader((text, 0.9), again=[("other", 0.9)])
    (line,), _ = read(reader, Sighting(VIEW, spot()))
    assert line.others == ()
    assert reader.asked_again == []


def test_text_that_an_earlier_frame_showed_is_not_read_again():
    reader = FakeReader(("XQZTW", 0.9), again=[("XQZTW", 0.9)])
    (line,), _ = read(reader, Sighting(VIEW, spot()), resembles=lambda _: True)
    assert line.others == ()
    assert reader.asked_again == []


def test_spots_are_read_in_the_view_that_shows_them_best():
    reader = FakeReader(("LEFT", 0.9), ("RIGHT", 0.9))
    lines, _ = read(reader, Sighting(VIEW, spot()), Sighting(OTHER, spot(y=100)))
    assert {(line.view, text) for line, text in zip(lines, texts(lines), strict=True)} == {
        ("full", "LEFT"),
        ("window", "RIGHT"),
    }


def test_a_part_of_what_another_view_shows_whole_is_dropped():
    reader = FakeReader(("DOE, JANE MARIA", 0.95), ("JANE", 0.9))
    lines, _ = read(
        reader,
        Sighting(VIEW, spot(10, 10, 300, 20)),
        Sighting(OTHER, spot(90, 10, 80, 20)),
    )
    assert texts(lines) == ["DOE, JANE MARIA"]


@pytest.mark.parametrize(
    ("whole", "part"),
    [
        (("DOE, JANE MARIA", 0.7), ("JANE", 0.9)),  # the longer is not sure enough
        (("DOE J", 0.95), ("JANE M", 0.9)),  # not longer
    ],
)
def test_a_part_that_says_more_or_surer_stays(whole, part):
    lines, _ = read(
        FakeReader(whole, part),
        Sighting(VIEW, spot(10, 10, 300, 20)),
        Sighting(OTHER, spot(90, 10, 80, 20)),
    )
    assert set(texts(lines)) == {whole[0], part[0]}


def test_nothing_sighted_is_nothing_read():
    assert read(FakeReader()) == ([], [])


# --- Rules ----------------------------------------------------------------------------


def line(text, frames=(0,)):
    return TextLine(frames, Box(0, 0, 100, 20), SecretStr(text), 0.9)


def test_the_rules_detector_finds_in_the_lines_that_were_read():
    seen = Seen(lines=(line("LEFT"), line("SMITH, JOHN", (3,))))
    (found,) = RulesDetector().detect(seen, Identifiers(), Policy())
    assert found.category is Category.NAME
    assert found.frames == (3,)
    assert found.source == RulesDetector.name == "rules"


def test_doubtful_places_are_not_the_rules_to_judge():
    seen = Seen(doubtful=(line("SMITH"),))
    assert RulesDetector().detect(seen, Identifiers(), Policy()) == ()


def test_what_was_seen_does_not_show_text():
    seen = Seen(lines=(line("CANARY"),), doubtful=(line("CANARY"),))
    assert "CANARY" not in repr(seen)


# --- The ends of lines ----------------------------------------------------------------


def test_an_end_that_was_spotted_apart_is_read_with_its_line():
    reader = FakeReader(("Thistlewood", 0.98), ("~", 0.3), ("P. Thistlewood", 0.95))
    name, initial = spot(40, 10, 100, 20), spot(10, 10, 26, 20)
    lines, _ = read(reader, Sighting(VIEW, name), Sighting(VIEW, initial))
    assert texts(lines) == ["P. Thistlewood"]
    assert lines[0].box == Box(10, 10, 140, 30)


def test_the_end_of_a_turned_line_too():
    reader = FakeReader(("Thistlewood", 0.98), ("~", 0.3), ("P. Thistlewood", 0.95))
    name, initial = spot(10, 40, 20, 100), spot(11, 18, 18, 20)
    (line,), _ = read(reader, Sighting(VIEW, name), Sighting(VIEW, initial))
    assert line.box == Box(10, 18, 30, 140)


@pytest.mark.parametrize(
    ("end", "together"),
    [
        (spot(200, 10, 26, 20), ("P. Thistlewood", 0.95)),  # far
        (spot(14, 40, 26, 20), ("P. Thistlewood", 0.95)),  # in another row
        (spot(10, 10, 26, 20), ("P. Thistlewood", 0.7)),  # not sure
        (spot(10, 10, 26, 20), ("Thist1e", 0.95)),  # less than before
    ],
)
def test_a_line_stays_as_it_is_read_alone(end, together):
    reader = FakeReader(("Thistlewood", 0.98), ("~", 0.3), together)
    name = spot(40, 10, 100, 20)
    (line,), _ = read(reader, Sighting(VIEW, name), Sighting(VIEW, end))
    assert texts([line]) == ["Thistlewood"]


class WideReader(FakeReader):
    """Sees more letters when it looks at more of the line."""

    def read_again(self, _view, each):
        wide = Spot.at(each.box.grow(16, 3), each.score)
        return [Reading(wide, SecretStr(text), sure) for text, sure in self.again]


def test_letters_at_the_ends_that_a_wider_look_shows_belong_to_the_line():
    reader = WideReader(("histlewoo", 0.9), again=[("Thistlewood", 0.95)])
    (line,), _ = read(reader, Sighting(VIEW, spot(40, 10, 100, 20)))
    assert texts([line]) == ["Thistlewood"]
    assert line.box == Box(24, 7, 156, 33)


@pytest.mark.parametrize("again", [("Thistlewood", 0.7), ("Bistlewaod", 0.95)])
def test_a_wider_look_that_is_unsure_or_says_another_thing_counts_as_before(again):
    reader = WideReader(("histlewoo", 0.9), again=[again])
    (line,), _ = read(reader, Sighting(VIEW, spot(40, 10, 100, 20)))
    assert line.box == Box(40, 10, 140, 30)


def test_a_line_does_not_grow_over_what_was_read_beside_it():
    reader = WideReader(("histlewoo", 0.9), ("LEFT", 0.99), again=[("Thistlewood", 0.95)])
    name, side = spot(40, 10, 100, 20), spot(146, 10, 40, 20)
    lines, _ = read(reader, Sighting(VIEW, name), Sighting(VIEW, side))
    assert texts(lines) == ["histlewoo", "LEFT"]


def test_pieces_that_a_hyphen_joins_are_read_together():
    reader = FakeReader(("CT-21", 0.99), ("-73847", 0.99), ("CT-21-73847", 0.97))
    one, other = spot(10, 10, 50, 20), spot(62, 10, 60, 20)
    (line,), _ = read(reader, Sighting(VIEW, one), Sighting(VIEW, other))
    assert texts([line]) == ["CT-21-73847"]
    assert line.box == Box(10, 10, 122, 30)


def test_a_row_that_is_read_whole_and_in_pieces_is_not_lost():
    reader = FakeReader(
        ("12 AUG 2023", 0.97), ("12 AUG 2023 RECON 2", 1.0), ("RECON", 0.93)
    )
    lines, _ = read(
        reader,
        Sighting(VIEW, spot(10, 10, 100, 20)),
        Sighting(OTHER, spot(12, 10, 190, 20)),
        Sighting(VIEW, spot(120, 10, 80, 20)),
    )
    assert any("12 AUG 2023" in text for text in texts(lines))


# --- Two networks ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quick", "small_is_asked"),
    [
        (("LEFT LATERAL", 0.95), False),
        (("12/03/2019", 0.95), False),
        (("LEFT LATERAL", 0.85), True),
        (("XQZTW", 0.99), True),
        (("Lateral Laterol", 0.99), True),
        (("CC", 0.99), True),  # short
        (("L", 0.98), False),
        (("L", 0.96), True),
        (("\u65e5", 0.99), True),
        (("~", 0.2), False),  # texture
    ],
)
def test_the_small_network_reads_what_the_tiny_one_leaves_in_doubt(quick, small_is_asked):
    reader = FakeReader(("SUPINE VIEW", 0.99), quick=quick)
    lines, _ = read(reader, Sighting(VIEW, spot()))
    assert (reader.said == []) is small_is_asked
    assert texts(lines) in ([["SUPINE VIEW"]] if small_is_asked else [[quick[0]], []])


@pytest.mark.parametrize(
    ("quick", "small", "taken"),
    [
        (("Mapua 5.2 cM", 0.9), (" 5.2 ", 0.97), "Mapua 5.2 cM"),  # Cyrillic
        (("BeAepHIKOBa T.A.", 0.91), (" ..", 0.95), "BeAepHIKOBa T.A."),
        (("Mapua 5.2 cM", 0.5), (" 5.2 ", 0.97), " 5.2 "),  # read unsurely
        (("Laterol", 0.9), ("Lateral", 0.97), "Lateral"),
        (("Loterolis", 0.9), ("Lateral", 0.97), "Lateral"),
    ],
)
def test_letters_for_which_the_small_network_has_blanks_are_not_left_out(
    quick, small, taken
):
    lines, _ = read(FakeReader(small, quick=quick), Sighting(VIEW, spot()))
    assert texts(lines) == [taken]


def test_a_word_that_both_networks_read_alike_and_surely_is_not_read_again():
    reader = FakeReader(("XQZTW", 0.99), quick=("XQZTW", 0.9), again=[("other", 0.9)])
    (line,), _ = read(reader, Sighting(VIEW, spot()))
    assert reader.asked_again == []
    assert [each.get_secret_value() for each in line.others] == ["XQZTW"]


@pytest.mark.parametrize(
    ("text", "confidence", "place", "is_column"),
    [
        ("68SI", 0.82, (15, 124), True),
        ("2011735189", 0.95, (15, 124), False),
        ("2011735189", 0.5, (15, 124), True),
        ("68SI", 0.82, (124, 15), False),
        ("68SI", 0.5, (40, 60), False),
    ],
)
def test_a_place_that_stands_and_is_hardly_read_may_be_a_column(
    text, confidence, place, is_column
):
    reader = FakeReader((text, confidence))
    read(reader, Sighting(VIEW, spot(10, 10, *place)))
    assert len(reader.columns) == is_column


def rows_of_ink(*spans):
    pixels = np.zeros((60, 200, 3), np.uint8)
    for top, bottom in spans:
        pixels[top:bottom, 20:90:4] = 200
    return NamedView("full", pixels)


@pytest.mark.parametrize(
    ("sure", "rows", "read_apart"),
    [(0.88, 0.97, True), (0.88, 0.85, False), (0.96, 0.97, False)],
)
def test_rows_that_were_spotted_as_one_line_are_read_apart(sure, rows, read_apart):
    view = rows_of_ink((14, 22), (28, 36))
    apart = [("Cooper lig", rows), ("Angle 13 deg", rows)] * (sure < 0.95)
    reader = FakeReader(("LEFT HAND", sure), *apart)
    lines, _ = read(reader, Sighting(view, spot(10, 10, 100, 30)))
    assert texts(lines) == (["Cooper lig", "Angle 13 deg"] if read_apart else ["LEFT HAND"])
    if read_apart:
        assert [line.box for line in lines] == [Box(10, 10, 110, 25), Box(10, 25, 110, 40)]


# --- Lines that contradict each other -------------------------------------------------


def test_a_line_read_upside_down_is_dropped_where_it_was_read_right():
    reader = FakeReader(("Lossy 22:1", 1.0), ("12:2 y b 1", 0.81))
    right, wrong = spot(318, 100, 14, 60), spot(314, 96, 24, 66)
    lines, _ = read(reader, Sighting(VIEW, right), Sighting(OTHER, wrong))
    assert texts(lines) == ["Lossy 22:1"]


@pytest.mark.parametrize(
    ("sure", "other"),
    [
        (0.93, (10, 10, 110, 20)),  # not certain
        (1.0, (10, 10, 110, 44)),  # two rows, of which only one was read
        (1.0, (10, 10, 190, 20)),  # more than was read
        (1.0, (10, 60, 110, 20)),  # elsewhere
    ],
)
def test_a_place_that_may_hold_more_is_not(sure, other):
    reader = FakeReader(("Lossy 22:1", sure), ("12:2 y b 1", 0.81))
    lines, _ = read(reader, Sighting(VIEW, spot()), Sighting(OTHER, spot(*other)))
    assert "12:2 y b 1" in texts(lines)


@pytest.mark.parametrize(
    ("said", "place", "stays"),
    [
        ("CBO", (19, 15, 60, 24), False),
        ("QXZ", (19, 15, 60, 24), True),  # not alike
        ("DEB", (19, 15, 60, 24), True),  # a name
        ("CBO", (19, 15, 60, 12), True),  # a thinner line: of two rows, perhaps
        ("CBO", (70, 15, 60, 24), True),  # goes on
    ],
)
def test_a_reading_inside_of_what_was_read_right_is_dropped_if_it_is_alike(
    said, place, stays
):
    reader = FakeReader(("CBD", 1.0), (said, 0.83))
    sightings = Sighting(VIEW, spot(10, 10, 80, 40)), Sighting(OTHER, spot(*place))
    lines, _ = read(reader, *sightings)
    assert (said in texts(lines)) is stays


@pytest.mark.parametrize(
    ("said", "tops", "stays"),
    [("X12", (10, 30, 50), False), ("X12", (0, 30, 62), True), ("LEE", (10, 30, 50), True)],
)
def test_the_first_column_of_a_table_is_no_line(said, tops, stays):
    reader = FakeReader((said, 1.0), *[("Scout", 1.0)] * 3)
    rows = [Sighting(VIEW, spot(40, top, 60, 20)) for top in tops]
    lines, _ = read(reader, Sighting(VIEW, spot(10, 10, 18, 60)), *rows)
    assert (said in texts(lines)) is stays


@pytest.mark.parametrize(
    ("row", "said", "stays"),
    [
        ((10, 10, 80, 14), "TR 4800", False),
        ((10, 10, 80, 14), "XR 4800", True),  # another letter
        ((10, 10, 20, 14), "TR 4800", True),  # no longer than the letters are wide
        ((60, 10, 80, 14), "TR 4800", True),  # beside them
    ],
)
def test_a_side_above_the_end_of_a_row_makes_no_initials_with_it(row, said, stays):
    reader = FakeReader(("TL", 1.0), (said, 1.0))
    sightings = Sighting(VIEW, spot(10, 8, 14, 34)), Sighting(VIEW, spot(*row))
    lines, _ = read(reader, *sightings)
    assert ("TL" in texts(lines)) is stays


def test_what_spells_an_identifier_of_the_header_is_never_dropped():
    reader = FakeReader(("Lossy 22:1", 1.0), ("QUILL", 0.81))
    right, other = spot(318, 100, 14, 60), spot(314, 96, 24, 66)
    lines, _ = read(reader, Sighting(VIEW, right), Sighting(OTHER, other))
    assert "QUILL" not in texts(lines)
    header = Dataset()
    header.PatientName = "QUILL^ANN"
    known = collect(header)
    reader = FakeReader(("Lossy 22:1", 1.0), ("QUILL", 0.81))
    sightings = [Sighting(VIEW, right), Sighting(OTHER, other)]
    lines, _ = read_sightings(reader, sightings, (0,), (VIEW,), known)  # type: ignore[arg-type]
    assert "QUILL" in texts(lines)


@pytest.mark.parametrize(
    ("sure", "said", "other", "place", "stays"),
    [
        (0.99, "AXIAL", "ALIALL", (10, 20, 94, 10), False),
        (0.93, "Page 2/5 GA=27w2d-", "2/5 .GH=27w2da", (24, 4, 80, 34), False),
        (0.93, "GA=27w2d-", "AG=21w2ab", (10, 10, 90, 20), True),  # not alike
        (0.85, "AXIAL", "ALIALL", (10, 20, 94, 10), True),  # not surely
        (0.99, "AXIAL", "ALIALL", (10, 40, 94, 10), True),  # another line
        (0.92, "LIVER RT LOBE", "LIVER RT COLE", (10, 20, 94, 10), True),  # a name
        (0.92, "CHEST PA", "CHEST KL", (10, 10, 100, 20), True),  # initials
        (0.92, "AXIALOB", "AXQALOB", (10, 20, 120, 10), True),  # goes on
        (0.99, "12-03-91", "12-03-19", (10, 20, 94, 10), True),  # named
    ],
)
def test_a_line_is_read_once(sure, said, other, place, stays):
    reader = FakeReader((said, sure), (other, 0.75))
    lines, _ = read(reader, Sighting(VIEW, spot()), Sighting(OTHER, spot(*place)))
    assert texts(lines) == [said, *[other] * stays]


ROW, REST = spot(10, 10, 120, 20), spot(100, 12, 120, 20)


@pytest.mark.parametrize(
    ("pieces", "whole", "sure", "joined"),
    [
        (("LEFT HA", "FT HAND"), "LEFT HAND", 0.99, True),
        (("Cardiac 15 CA", "JD 14"), "Cardiac 15 CAUD 14", 0.99, True),
        (("LEFT HA", "FT HAND"), "LEFT HAND", 0.9, False),  # not surely
        (("12.03.19", "3.19 KNEE"), "12.03 19 KNEE", 0.99, False),  # a date
        (("12:34:56", "4:56 PELVIS"), "12.34 56 PELVIS", 0.99, False),  # a time
        (("HANNA", "NNA LEFT"), "HAND LEFT", 0.99, False),  # a name
        (("HEARD J", "RD J AP"), "HEAD J AP", 0.99, False),
    ],
)
def test_two_pieces_of_a_line_that_overlap_are_read_together(pieces, whole, sure, joined):
    said = [(piece, 0.92) for piece in pieces]
    reader = FakeReader(*said, (whole, sure))
    lines, _ = read(reader, Sighting(VIEW, ROW), Sighting(VIEW, REST))
    assert texts(lines) == ([whole] if joined else list(pieces))


def test_pieces_that_spell_an_identifier_of_the_header_stay():
    header = Dataset()
    header.PatientName = "LEFTHA^ANN"
    reader = FakeReader(("LEFTHA", 0.92), ("THA ND", 0.92), ("LEFTHAND", 0.99))
    sightings = [Sighting(VIEW, ROW), Sighting(VIEW, REST)]
    lines, _ = read_sightings(reader, sightings, (0,), (VIEW,), collect(header))  # type: ignore[arg-type]
    assert texts(lines) == ["LEFTHA", "THA ND"]


@pytest.mark.parametrize(
    "other",
    [
        spot(100, 40, 120, 20),  # another line
        spot(100, 12, 120, 60),  # much thicker
        spot(40, 12, 60, 20),  # nothing that the first lacks
    ],
)
def test_what_is_no_piece_of_one_line_is_not(other):
    reader = FakeReader(("LEFT HA", 0.92), ("FT HAND", 0.92), ("LEFT HAND", 0.99))
    read(reader, Sighting(VIEW, ROW), Sighting(VIEW, other))
    assert reader.said == [("LEFT HAND", 0.99)], "it was not asked for"


def test_a_block_of_lines_is_not_a_line_that_stands():
    rows = [spot(100, 20 + 24 * i, 60, 22) for i in range(4)]
    block = spot(140, 18, 24, 98)
    said = [("Scout", 1.0), ("HEAD", 1.0), ("Se:1", 1.0), ("SEQ 4.8", 1.0)]
    sightings = [Sighting(VIEW, each) for each in rows]
    lines, _ = read(FakeReader(*said, ("XSF18", 0.97)), *sightings, Sighting(VIEW, block))
    assert "XSF18" not in texts(lines)
    aside = spot(200, 18, 24, 98)
    lines, _ = read(FakeReader(*said, ("XSF18", 0.97)), *sightings, Sighting(VIEW, aside))
    assert "XSF18" in texts(lines)


def test_a_few_letters_of_a_line_are_a_part_of_it_though_drawn_too_high():
    reader = FakeReader(("Judkins L4", 1.0), ("Judk", 1.0))
    lines, _ = read(
        reader, Sighting(VIEW, spot(33, 39, 176, 30)), Sighting(OTHER, spot(73, 33, 63, 42))
    )
    assert texts(lines) == ["Judkins L4"]


def test_what_was_read_surely_is_no_part_of_what_says_another_thing():
    reader = FakeReader(("1351 dB|GenCineTRV ----", 0.81), ("CTN", 1.0))
    lines, _ = read(
        reader, Sighting(VIEW, spot(5, 2, 35, 190)), Sighting(OTHER, spot(14, 130, 20, 50))
    )
    assert "CTN" in texts(lines)


class SecondView(FakeReader):
    """Reads this in the other view, and nothing for sure in the first."""

    def __init__(self, text, confidence):
        super().__init__()
        self.there = (text, confidence)

    def read(self, view, spots, *, quick=False):
        answer = self.there if view is OTHER_PIXELS else ("?", 0.35)
        return [Reading(each, SecretStr(answer[0]), answer[1]) for each in spots]


OTHER_PIXELS = np.ones((200, 400, 3), np.uint8)


@pytest.mark.parametrize(
    ("text", "confidence", "width", "score", "lines"),
    [
        pytest.param("PM", 0.95, 30, 0.9, ["PM"], id="read"),
        pytest.param("PM", 0.8, 30, 0.9, [], id="not surely"),
        pytest.param("P", 0.95, 30, 0.9, [], id="one letter is anything"),
        pytest.param("PM", 0.95, 130, 0.9, [], id="a longer line"),
        pytest.param("PM", 0.95, 30, 0.4, [], id="hardly a spot"),
    ],
)
def test_initials_are_read_in_the_view_that_shows_them(
    text, confidence, width, score, lines
) -> None:
    other = NamedView("window", OTHER_PIXELS)
    place = Sighting(VIEW, spot(width=width, score=score))
    found, _ = read(SecondView(text, confidence), place, shown=(VIEW, other))
    assert texts(found) == lines
    assert all(line.view == other.name for line in found)
