"""What travels between the stages arrives as it left."""

from dataclasses import fields

from pydantic import SecretStr

from data_jobs.rows import (
    EXAMINED,
    answered_row,
    examined_row,
    findings_of,
    seen_of,
    table,
    usage_of,
)
from maskray.detect import Seen
from maskray.geometry import Box
from maskray.model import Answer
from maskray.picture import Picture
from maskray.records import Category, Finding, TextLine, Usage

LINE = TextLine(
    frames=(0, 2, 5),
    box=Box(1, 2, 30, 14),
    text=SecretStr("Anna Holm"),
    confidence=0.75,
    columns=((1, 4), (4, 9)),
    view="robust",
    reader="rapidocr",
    others=(SecretStr("Anna Holn"), SecretStr("")),
)
FINDINGS = (
    Finding(
        (0,), SecretStr("Anna"), Category.NAME, "rules", Box(1, 2, 9, 14), "robust", 12
    ),
    Finding((1,), SecretStr("x"), Category.UNKNOWN, "vllm"),
)


def test_all_that_was_seen_arrives() -> None:
    shown = Picture((4,), "full", Box(0, 0, 70, 50), 50, 80, b"\x89PNG\0")
    seen = Seen((LINE,), (LINE, LINE), 3, 1, True, (shown, shown))
    row = examined_row({"source": "a"}, seen, FINDINGS)
    (back,) = table([row], EXAMINED).to_pylist()
    assert seen_of(back) == seen
    assert findings_of(back) == FINDINGS
    assert usage_of(back) == Usage()


def test_what_a_model_said_is_added_and_the_pictures_end() -> None:
    shown = Picture((4,), "full", Box(0, 0, 70, 50), 50, 80, b"png")
    row = examined_row({"source": "a"}, Seen(pictures=(shown,)), FINDINGS[:1])
    said = answered_row(row, Answer(FINDINGS[1:], Usage(2, 3000, 40)))
    (back,) = table([said], EXAMINED).to_pylist()
    assert findings_of(back) == FINDINGS
    assert seen_of(back).pictures == ()
    assert usage_of(back) == Usage(2, 3000, 40)


def test_no_field_is_left_at_its_default_in_this_test() -> None:
    """So that a field that is added later and does not travel is noticed."""
    later = {"second", "third", "meant"}  # read by the maskers themselves
    for field in fields(TextLine):
        assert field.name in later or getattr(LINE, field.name) != field.default, field.name
