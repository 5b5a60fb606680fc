"""What counts as left over beside a region, and what was judged before."""

import numpy as np
import pytest
from pydantic import SecretStr

from maskray.geometry import Box
from maskray.policy import Policy
from maskray.read import Reading
from maskray.records import Category, Region, TextLine
from maskray.spots import Spot
from maskray.verify import Readers, left_over
from tests.unit.builders import dataset, opened

REGION = Region((0,), Box(100, 40, 160, 60), Category.NAME)
BESIDE = Box(170, 40, 230, 60)
BELOW = Box(100, 62, 230, 82)


class OneLine:
    """A reader that sees one line, wherever it is asked to look."""

    def __init__(self, text: str, box: Box) -> None:
        self.text, self.box = text, box
        self.read_spots = 0

    def spot(self, _view, within=None, **_):
        inside = within is None or within.overlap(self.box)
        return [Spot.at(self.box, 0.9)] if inside else []

    def read(self, _view, spots, *, quick=False):
        self.read_spots += len(spots)
        return [Reading(spot, SecretStr(self.text), 0.99) for spot in spots]

    def read_again(self, _view, _spot):
        return []

    def read_columns(self, _views, _spots, _whole):
        return []


def kept(text, box, frames=(0,)):
    return TextLine(frames, box, SecretStr(text), 0.99, view="full")


def found(text, box, *lines, **elements):
    ds = dataset(np.arange(200 * 400, dtype=np.uint16).reshape(1, 200, 400) % 4096)
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    source = opened(ds)
    reader = OneLine(text, box)
    readers = Readers(reader, None, source.identifiers, Policy())  # type: ignore[arg-type]
    left = left_over(source, [REGION], lines, readers)
    return [each.category for each in left], reader.read_spots


def test_a_name_beside_a_region_is_left_over():
    assert found("SMITH", BESIDE)[0] == [Category.NAME]


def test_a_word_that_was_judged_in_its_whole_line_is_not():
    assert found("Cross", BESIDE, kept("Cross section", BESIDE))[0] == []


@pytest.mark.parametrize("said", ["section", "Gross", ""])
def test_a_word_that_was_not_read_there_before_is(said):
    assert found("Cross", BESIDE, kept(said, BESIDE))[0] == [Category.NAME]


def test_a_word_that_was_read_elsewhere_is():
    assert found("Cross", BESIDE, kept("Cross section", BELOW))[0] == [Category.NAME]


def test_the_headers_own_name_is_left_over_whatever_was_judged():
    left, _ = found("Cross", BESIDE, kept("Cross", BESIDE), PatientName="Cross^Anna")
    assert left == [Category.NAME]


def test_kept_text_in_another_line_is_not_read_again():
    assert found("SMITH", BELOW, kept("LEFT HAND", BELOW)) == ([], 0)


def test_kept_text_of_another_frame_does_not_count():
    left, times = found("SMITH", BELOW, kept("LEFT HAND", BELOW, frames=(1,)))
    assert (left, times > 0) == ([Category.NAME], True)


def test_a_word_that_was_judged_in_another_frame_is_left_over():
    left, _ = found("Cross", BESIDE, kept("Cross section", BESIDE, frames=(1,)))
    assert left == [Category.NAME]
