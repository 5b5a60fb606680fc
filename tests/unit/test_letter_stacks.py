"""Letters that stand one above the other and were read as lines of their own."""

from dataclasses import replace

import pytest
from pydantic import SecretStr
from pydicom import Dataset

from maskray import rules
from maskray.geometry import Box
from maskray.identifiers import Identifiers, collect
from maskray.policy import Policy
from maskray.records import Category, TextLine
from maskray.rules import findings
from tests.unit.marked import DEFAULT, NOBODY, standing_in

# --- Letters that stand one above the other ----------------------------------------------


def standing_findings(*pieces):
    """The findings in lines (text, x0, y0, y1, width or 20) that run downwards."""
    lines = [
        TextLine(
            (0,),
            Box(x0, y0, x0 + (*width, 20)[0], y1),
            SecretStr(text),
            0.9,
            (),
            "full",
            "rapidocr",
        )
        for text, x0, y0, y1, *width in pieces
    ]
    return rules.findings(lines, Identifiers(), Policy())


def standing(*pieces):
    """Texts and categories of the same."""
    found = standing_findings(*pieces)
    return {each.text.get_secret_value(): each.category for each in found}


def test_a_time_that_is_read_in_pieces_downwards_is_a_date():
    pieces = ("10:", 10, 100, 160), ("51:", 10, 162, 222), ("03", 10, 224, 268)
    assert set(standing(*pieces).values()) == {Category.DATE}


def test_what_two_readings_of_a_stack_share_counts_once():
    pieces = ("10:51:", 10, 100, 220), ("51:0", 10, 160, 242), ("3", 10, 244, 262)
    assert "10:51:03" in standing(*pieces)


@pytest.mark.parametrize("second", ["AK 877 mGy", "AX877mG"])
def test_a_line_that_stands_and_was_read_twice_is_no_stack(second):
    pieces = ("AK877 mGy", 10, 100, 280), (second, 8, 104, 282)
    assert f"AK877 mGy{second}" not in standing(*pieces)


def test_two_readings_of_which_one_is_shorter_are_no_stack():
    pieces = ("0om 2", 8, 100, 204), ("Z00m", 10, 160, 221)
    assert "0om 2Z00m" not in standing(*pieces)


def test_two_readings_of_a_standing_line_are_judged_each_by_itself():
    others = tuple(SecretStr("Lossy13:1") for _ in range(3))
    misread = TextLine(
        (0,), Box(9, 152, 32, 359), SecretStr("Lossy1\u4e86:1"), 0.92, others=others
    )
    read = TextLine((0,), Box(14, 157, 29, 358), SecretStr("Lossy 13:1"), 1.0)
    assert rules.findings([misread, read], NOBODY, DEFAULT) == ()
    assert rules.findings([replace(misread, others=()), read], NOBODY, DEFAULT)


def test_letters_of_a_stack_whose_places_touch_count_each():
    tops = (10, 35, 61, 74, 87)
    pieces = [(each, 10, y, y + 18) for each, y in zip("65334", tops, strict=True)]
    assert standing(*pieces) == {"65334": Category.OTHER_ID}


def test_letters_of_a_stack_that_were_not_read_are_gaps():
    pieces = ("H", 10, 100, 124), ("5", 10, 160, 184), ("5", 10, 220, 244)
    assert standing(*pieces) == {"H0505": Category.OTHER_ID}
    far = ("H", 10, 100, 124), ("5", 10, 200, 224), ("5", 10, 300, 324)
    assert standing(*far) == {}


@pytest.mark.parametrize(
    ("pieces", "hidden"),
    [
        ([("L", 10, 100, 124), ("D", 10, 126, 150)], True),
        ([("L", 10, 100, 124), ("D", 10, 176, 200)], False),
        ([("L", 10, 100, 124), ("R", 10, 126, 150)], False),
        ([("L", 10, 100, 124), ("2", 10, 126, 150)], False),
        ([("W", 10, 100, 124), ("L", 10, 126, 150), ("400", 60, 100, 124, 40)], False),
    ],
)
def test_two_letters_one_upon_the_other_are_initials(pieces, hidden):
    assert bool(standing(*pieces)) is hidden


@pytest.mark.parametrize(
    ("text", "confidence", "box", "known", "hidden"),
    [
        ("11111", 0.7, Box(0, 0, 70, 340), "", False),
        ("11111", 0.95, Box(0, 0, 70, 340), "", True),
        ("11111", 0.7, Box(0, 0, 340, 70), "", True),
        ("11111", 0.7, Box(0, 0, 70, 340), "11111", True),
        ("11711", 0.7, Box(0, 0, 70, 340), "", True),
    ],
)
def test_ones_are_ticks_if_they_stand_and_are_read_with_doubt(
    text, confidence, box, known, hidden
):
    ds = Dataset()
    ds.PatientID = known
    line = replace(standing_in((0,), text, box), confidence=confidence)
    assert bool(findings([line], collect(ds), DEFAULT)) is hidden


def test_a_counter_that_stands_is_one():
    pieces = [("I", 10, 100, 124), ("m", 10, 126, 150), (":21", 10, 152, 220)]
    assert standing(*pieces) == {}
    assert standing(pieces[0], ("x", 10, 126, 150), pieces[2]) != {}


def test_the_ticks_of_a_scale_are_no_number():
    ticks = [("1", 10, 100 + 50 * i, 120 + 50 * i) for i in range(6)]
    assert standing(*ticks) == {}
    assert standing(*ticks[:3], ("7", *ticks[3][1:]), *ticks[4:]) != {}


def test_two_letters_far_apart_are_no_stack():
    pieces = ("A", 2, 214, 228), ("R", 6, 250, 262), ("R", 2, 251, 263)
    assert standing(*pieces) == {}


def test_a_stack_of_letters_that_tell_sides_may_be_a_name():
    stack = [(each, 10, 100 + 30 * i, 124 + 30 * i) for i, each in enumerate("SHAHI")]
    assert standing(*stack) != {}


def test_a_body_that_is_read_as_a_letter_belongs_to_no_stack():
    letters = ("QZ", 10, 100, 150), ("X", 10, 160, 184)
    assert standing(*letters) != {}
    assert standing(letters[0], ("C", 5, 160, 400, 110)) == {"QZ": Category.UNKNOWN}
    assert standing(("FD", 10, 100, 150), ("C", 5, 160, 400, 110)) == {}


def test_two_letters_whose_middle_was_not_read_are_hidden():
    assert standing(("D", 10, 0, 10), ("T", 10, 28, 38)) != {}


def test_a_gap_between_clinical_words_of_a_stack_is_a_space():
    assert standing(("FD", 10, 100, 150), ("32", 10, 160, 210), ("cm", 10, 240, 290)) == {}
    assert standing(("EI", 10, 100, 150), ("1690", 10, 175, 275)) == {}
    assert standing(("FD", 10, 100, 150), ("QZ", 10, 160, 210), ("cm", 10, 240, 290)) != {}


def test_a_stack_is_hidden_from_its_first_letter_to_its_last():
    found = standing_findings(
        ("04", 10, 100, 150), ("10", 10, 170, 220), ("20", 10, 222, 272)
    )
    assert Box(10, 100, 30, 272) in {each.box for each in found}


def test_two_stacks_side_by_side_are_two():
    pieces = (
        ("10:", 10, 100, 160),
        ("SLICE 2", 300, 130, 230),
        ("51:", 10, 162, 222),
        ("03", 10, 224, 268),
    )
    assert set(standing(*pieces)) == {"10:51:03"}
