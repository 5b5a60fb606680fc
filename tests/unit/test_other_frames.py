"""What other frames say of a line in the same place."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from maskray import rules
from maskray.geometry import Box
from maskray.identifiers import Identifiers
from maskray.policy import Policy
from tests.unit.marked import standing_in

# --- Text in the place of PHI, in other frames --------------------------------------------


def spaced_in(frames, text):
    """A line from column 10 on, each of its letters ten pixels wide."""
    columns = tuple((10 + 10 * i, 20 + 10 * i) for i in range(len(text)))
    line = standing_in(frames, text, Box(10, 20, 10 + 10 * len(text), 40))
    return replace(line, columns=columns)


def hidden_in(*lines):
    found = rules.findings(lines, Identifiers(), Policy())
    return sorted({index for each in found for index in each.frames})


def test_what_stands_where_a_date_stands_in_another_frame_is_hidden():
    clock, misread = standing_in((0, 2), "19:05:09"), standing_in((1,), "19 D5 og")
    assert hidden_in(clock, misread) == [0, 1, 2]
    part = standing_in((1,), "19 05", Box(100, 20, 160, 40))
    assert hidden_in(clock, part) == [0, 1, 2]


def test_where_the_end_of_a_number_was_not_read_it_is_hidden_too():
    whole = spaced_in((0, 2), "Tel 555-586-0928")
    part = spaced_in((1,), "Tel 555-")
    found = rules.findings([whole, part], Identifiers(), Policy())
    reach = max(each.box.x1 for each in found if each.box and 1 in each.frames)
    assert reach == 170


def test_an_unknown_word_is_hidden_whole_where_a_part_of_it_is():
    whole, part = spaced_in((0, 2), "XQZT VRKKL"), spaced_in((1,), "XQZT")
    found = rules.findings([whole, part], Identifiers(), Policy())
    reach = max(each.box.x1 for each in found if each.box and 1 in each.frames)
    assert reach == 110


def test_what_stands_elsewhere_is_not():
    clock, other = (
        standing_in((0,), "19:05:09"),
        standing_in((1,), "LEFT", Box(10, 60, 80, 80)),
    )
    assert hidden_in(clock, other) == [0]


def test_where_crumbs_of_a_number_were_read_it_is_hidden_too():
    number = standing_in((0,), "MR755394", Box(3, 204, 13, 305))
    crumb = standing_in((1,), "3", Box(4, 267, 13, 279))
    assert hidden_in(number, crumb) == [0, 1]
    assert hidden_in(number, replace(crumb, text=SecretStr("L"))) == [0]
    assert hidden_in(number, replace(crumb, box=Box(40, 267, 49, 279))) == [0]
    assert hidden_in(standing_in((0,), "XQZT", number.box), crumb) == [0]


def test_unknown_text_in_one_frame_hides_no_clinical_text_of_another():
    assert hidden_in(standing_in((0,), "XQZT"), standing_in((1, 2), "LEFT")) == [0]


def test_a_surer_reading_of_another_frame_explains_a_misread_word():
    sure, misread = (
        standing_in((1, 2), "SLICE 12", confidence=0.99),
        standing_in((0,), "SLQXE 12"),
    )
    assert hidden_in(sure, misread) == []
    assert hidden_in(standing_in((0,), "SLQXE 12")) == [0]
    meant = standing_in((1, 2), "SLQCX 12", confidence=0.99)
    assert hidden_in(meant, misread) == [0, 1, 2]
    assert hidden_in(replace(meant, meant=SecretStr("SLICE 12")), misread) == []
    named = standing_in((0,), "LEUNG", confidence=0.85)
    lung = standing_in((3,), "LUUNG", confidence=0.88)
    lung = replace(lung, meant=SecretStr("LUNG"))
    assert hidden_in(named, lung) == [0]
    wider = Box(90, 10, 220, 50)
    nearly = standing_in((0,), "SKQLL 12", wider)
    assert hidden_in(standing_in((1,), "SKULL 12", confidence=0.99), nearly) == []
    assert hidden_in(sure, nearly) == [0]
    cut = standing_in((1,), "1944", Box(100, 20, 155, 40), confidence=0.95)
    assert 0 in hidden_in(cut, standing_in((0,), "19448731"))
    assert hidden_in(
        standing_in((1,), "LEFT KNEE", confidence=0.99), standing_in((0,), "SLQXE 12")
    ) == [0]


@pytest.mark.parametrize(
    ("others", "hidden"),
    [
        (("Foramen of Monro",), False),
        (("Foramen of Monro", "Monro"), False),
        (("Dr Monro",), True),
        (("Foramen of Monro", "Dr Monro"), True),
        (("Monro",), True),
        ((), True),
    ],
)
def test_a_wider_reading_tells_whose_name_it_is(others, hidden):
    line = replace(
        standing_in((0,), "Monro"),
        others=tuple(map(SecretStr, others)),
        second=SecretStr("Monro"),
    )
    assert (hidden_in(line) == [0]) is hidden
