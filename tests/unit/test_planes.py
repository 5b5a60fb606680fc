"""What can be seen beside the stored values: overlays, unused bits, transparency."""

import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, RLELossless

from maskray.open import Instance
from maskray.planes import (
    ALPHA,
    OVERLAY,
    REMOVED,
    UNUSED_BITS,
    must_clear_unused_bits,
    planes,
)
from tests.unit.builders import coded, dataset, image_file, opened, photo, random_frames

ROWS, COLUMNS = 24, 40
TEXT = np.zeros((ROWS, COLUMNS), bool)
TEXT[8:14, 4:30:2] = True


def names(instance: Instance) -> list[str]:
    return [plane.view.name for plane in planes(instance)]


def add_overlay(ds, group=0x6000, bits=TEXT):
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    ds.add_new((group, 0x0010), "US", bits.shape[0])
    ds.add_new((group, 0x0011), "US", bits.shape[1])
    ds.add_new((group, 0x0040), "CS", "G")
    ds.add_new((group, 0x0050), "SS", [1, 1])
    ds.add_new((group, 0x0100), "US", 1)
    ds.add_new((group, 0x0102), "US", 0)
    ds.add_new((group, 0x3000), "OB", packed + b"\0" * (len(packed) % 2))
    return ds


def with_bits(
    frames=1, bits=12, text=TEXT, signed=False, syntax=ExplicitVRLittleEndian, at=-1
):
    """An instance with text in the highest unused bit of one frame, or of all."""
    values = random_frames((frames, ROWS, COLUMNS), bits, signed)
    words = values.view(f"u{values.itemsize}").copy()
    shown = words if at < 0 else words[at : at + 1]
    shown ^= text.astype(words.dtype) << (8 * values.itemsize - 1)
    words = words.view(values.dtype)
    width = 8 * words.itemsize
    streams = coded(words, syntax, width) if syntax == RLELossless else None
    return dataset(words, bits=bits, syntax=syntax, streams=streams)


def same_shape(view, bits):
    """Whether the view shows the bits, light on dark."""
    return np.array_equal(view.pixels[..., 0] > 127, bits)


def test_an_image_without_anything_beside_has_no_planes():
    instance = opened(dataset(random_frames((2, ROWS, COLUMNS), 12), bits=12))
    assert names(instance) == []
    assert not must_clear_unused_bits(instance)


@pytest.mark.parametrize("group", [0x6000, 0x6002, 0x601E])
def test_an_overlay_is_shown_for_every_frame(group):
    ds = add_overlay(dataset(random_frames((3, ROWS, COLUMNS), 8)), group)
    (plane,) = planes(opened(ds))
    assert plane.view.name == OVERLAY
    assert plane.frames == (0, 1, 2)
    assert same_shape(plane.view, TEXT)
    assert plane.view.pixels.shape == (ROWS, COLUMNS, 3)


def test_every_overlay_is_shown():
    ds = add_overlay(dataset(random_frames((1, ROWS, COLUMNS), 8)))
    add_overlay(ds, 0x6004, ~TEXT)
    first, second = planes(opened(ds))
    assert same_shape(first.view, TEXT)
    assert same_shape(second.view, ~TEXT)


@pytest.mark.parametrize("damage", ["rows", "short", "empty", "nothing"])
def test_an_overlay_that_cannot_be_unpacked_stops_nothing(damage):
    ds = add_overlay(dataset(random_frames((1, ROWS, COLUMNS), 8)))
    if damage == "rows":
        ds[0x6000, 0x0010].value = 900
    elif damage == "short":
        ds[0x6000, 0x3000].value = b"\xff\xff"
    elif damage == "empty":
        ds[0x6000, 0x3000].value = b""
    else:
        del ds[0x6000, 0x0011]
    assert names(opened(ds)) == []


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [6, 12])
@pytest.mark.parametrize(
    "syntax",
    [ExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless],
    ids=lambda uid: uid.name,
)
def test_text_in_unused_bits_is_shown_and_has_to_be_cleared(signed, bits, syntax):
    instance = opened(with_bits(bits=bits, signed=signed, syntax=syntax))
    assert must_clear_unused_bits(instance)
    found = list(planes(instance))
    assert [plane.view.name for plane in found] == [UNUSED_BITS]
    assert UNUSED_BITS in REMOVED
    shown = found[0].view.pixels[..., 0]
    assert (shown[TEXT] > 0).all()
    assert not shown[~TEXT].any()


def test_text_in_the_unused_bits_of_one_frame_belongs_to_that_frame():
    (plane,) = planes(opened(with_bits(frames=5, at=3)))
    assert plane.frames == (3,)


def test_equal_unused_bits_of_successive_frames_are_shown_once():
    (plane,) = planes(opened(with_bits(frames=4)))
    assert plane.frames == (0, 1, 2, 3)
    words = random_frames((4, ROWS, COLUMNS), 12)
    words[:2] |= TEXT.astype(np.uint16) << 15
    words[2:] |= TEXT[::-1].astype(np.uint16) << 15
    first, second = planes(opened(dataset(words, bits=12)))
    assert (first.frames, second.frames) == ((0, 1), (2, 3))


def test_bits_set_nearly_everywhere_are_pixels_and_stay():
    """BitsStored is wrong then: viewers may show these bits, so nothing clears them."""
    words = random_frames((1, ROWS, COLUMNS), 16) | np.uint16(0x1000)
    instance = opened(dataset(words, bits=12))
    assert not must_clear_unused_bits(instance)
    (plane,) = planes(instance)
    assert plane.view.name not in REMOVED


def test_bits_that_the_header_declares_as_overlay_are_cleared_however_many():
    words = random_frames((1, ROWS, COLUMNS), 16) | np.uint16(0x1000)
    ds = dataset(words, bits=12)
    ds.add_new((0x6000, 0x0010), "US", ROWS)
    ds.add_new((0x6000, 0x0011), "US", COLUMNS)
    ds.add_new((0x6000, 0x0100), "US", 16)
    ds.add_new((0x6000, 0x0102), "US", 12)
    instance = opened(ds)
    assert must_clear_unused_bits(instance)
    assert names(instance) == [UNUSED_BITS]


def test_an_overlay_with_its_own_data_does_not_declare_unused_bits():
    words = random_frames((1, ROWS, COLUMNS), 16) | np.uint16(0x1000)
    instance = opened(add_overlay(dataset(words, bits=12)))
    assert not must_clear_unused_bits(instance)
    assert names(instance)[0] == OVERLAY


def test_text_in_transparency_alone_is_shown():
    bands = np.full((ROWS, COLUMNS, 3), 80, np.uint8)
    alpha = np.where(TEXT, 255, 0).astype(np.uint8)
    (plane,) = planes(opened(image_file(np.dstack([bands, alpha]), "PNG")))
    assert plane.view.name == ALPHA
    assert ALPHA not in REMOVED  # it is released, so regions must cover it
    assert same_shape(plane.view, TEXT)
    assert plane.frames == (0,)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_even_transparency_is_no_plane(level):
    alpha = np.full((48, 64), level, np.uint8)
    assert names(opened(image_file(np.dstack([photo(), alpha]), "PNG"))) == []
