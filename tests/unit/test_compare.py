"""Is text of the source still to be seen in a released file? From pixels alone."""

import cv2
import numpy as np
import pytest
from pydicom import Dataset

from maskray.compare import Spot, compare
from maskray.errors import InputError
from maskray.geometry import Box
from tests.unit.builders import dataset, image_file, opened

BOX = Box(20, 20, 140, 48)
SPOT = Spot((0,), BOX)


def written_on(value: int, ground: int = 60, frames: int = 2) -> np.ndarray:
    """Frames of a slope with a text in the first: shape (frames, 80, 200)."""
    plain = (ground + np.indices((80, 200)).sum(0) // 8).astype(np.uint8)
    shown = np.repeat(plain[np.newaxis], frames, axis=0)
    cv2.putText(shown[0], "Anna Holm", (24, 42), cv2.FONT_HERSHEY_SIMPLEX, 0.7, value, 2)
    return shown


def left(source: np.ndarray, released: np.ndarray, spot: Spot = SPOT) -> float:
    return compare(opened(dataset(source)), opened(dataset(released)), [spot]).shown[0]


@pytest.mark.parametrize("text", [0, 255])
@pytest.mark.parametrize("fill", [0, 60, 255])
def test_a_mask_hides_whatever_its_colour_and_that_of_the_text(text, fill):
    source = written_on(text)
    released = source.copy()
    released[0][BOX.index] = fill
    assert left(source, source) == 1.0
    assert left(source, released) == 0.0


def test_what_a_mask_leaves_is_measured():
    source = written_on(255)
    released = source.copy()
    released[0, 20:48, 20:80] = 0
    assert 0.3 < left(source, released) < 0.7
    released[0, 20:48, 20:112] = 0
    assert 0.02 < left(source, released) < 0.3


def test_text_counts_in_the_frame_that_shows_most_of_it():
    source = written_on(255, frames=3)
    source[1:] = source[0]
    released = source.copy()
    released[0][BOX.index] = released[2][BOX.index] = 0
    both = compare(
        opened(dataset(source)), opened(dataset(released)), [SPOT, Spot((), BOX)]
    )
    assert both.shown == (0.0, 1.0)
    assert both.frames == (0, 1)


def test_pixels_beside_text_are_counted_apart():
    source = written_on(255)
    released = source.copy()
    released[0][BOX.index] = 0
    released[1, :10, :10] = 0
    found = compare(opened(dataset(source)), opened(dataset(released)), [SPOT])
    assert found.changed_outside == 100
    assert found.outside == source.size - BOX.area
    assert found.changed == 100 + BOX.area


def test_colours_are_compared_as_they_are_shown():
    grey = written_on(255, frames=1)
    rgb = np.stack([grey, grey // 2, grey // 3], axis=-1)
    one = opened(dataset(rgb, "RGB"))
    y = np.empty_like(rgb)
    for index in range(len(rgb)):
        y[index] = cv2.cvtColor(rgb[index], cv2.COLOR_RGB2YCrCb)[..., [0, 2, 1]]
    other = opened(dataset(y, "YBR_FULL"))
    found = compare(one, other, [SPOT])
    assert found.changed == 0
    assert found.shown == (1.0,)


def overlaid(frames: np.ndarray) -> Dataset:
    ds = dataset(frames)
    ds.add_new(0x60000010, "US", 80)
    ds.add_new(0x60000011, "US", 200)
    ds.add_new(0x60003000, "OW", bytes([0x0F] * (80 * 200 // 8)))
    return ds


def test_text_in_an_overlay_is_gone_when_the_overlay_is():
    source = written_on(0)
    spot = Spot((), BOX, "overlay")
    before, after = opened(overlaid(source)), opened(dataset(source))
    assert compare(before, before, [spot]).shown == (1.0,)
    assert compare(before, after, [spot]).shown == (0.0,)


def test_text_in_unused_bits_is_gone_when_they_are():
    plain = written_on(90).astype(np.uint16)
    dirty = plain.copy()
    dirty[0, 30:34, 30:60] |= 1 << 13
    spot = Spot((0,), BOX, "high_bits")
    before, after = (opened(dataset(each, bits=12)) for each in (dirty, plain))
    assert compare(before, before, [spot]).shown == (1.0,)
    assert compare(before, after, [spot]).shown == (0.0,)


@pytest.mark.parametrize("change", ["frames", "rows", "photometric"])
def test_a_file_that_is_not_the_sources_is_refused(change):
    source = written_on(255)
    released = {"frames": source[:1], "rows": source[:, :40]}.get(change, source)
    shows = "MONOCHROME1" if change == "photometric" else "MONOCHROME2"
    with pytest.raises(InputError) as caught:
        compare(opened(dataset(source)), opened(dataset(released, shows)), [])
    assert caught.value.code == "not_comparable"


def test_a_jpeg_written_anew_shows_the_same_and_dicom_values_must_be_equal():
    frame = written_on(255, frames=1)[0]
    one, other = (opened(image_file(frame, "JPEG", quality=each)) for each in (95, 90))
    found = compare(one, other, [SPOT])
    assert found.shown[0] > 0.9
    source = frame[np.newaxis]
    assert left(source, source + np.uint8(1)) == 0.0
