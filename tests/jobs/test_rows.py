"""What travels between the stages arrives as it left."""

from dataclasses import fields

from pydantic import SecretStr

from data_jobs.rows import EXAMINED, examined_row, findings_of, seen_of, table
from maskray.detect import Seen
from maskray.geometry import Box
from maskray.records import Category, Finding, TextLine

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
    seen = Seen((LINE,), (LINE, LINE), 3, 1, True)
    row = examined_row({"source": "a"}, seen, FINDINGS)
    (back,) = table([row], EXAMINED).to_pylist()
    assert seen_of(back) == seen
    assert findings_of(back) == FINDINGS


def test_no_field_is_left_at_its_default_in_this_test() -> None:
    """So that a field that is added later and does not travel is noticed."""
    later = {"second"}  # read by the maskers themselves
    for field in fields(TextLine):
        assert field.name in later or getattr(LINE, field.name) != field.default, field.name
