"""Stored values, in every format: masked inside the boxes, exact everywhere else.

Each case is written, opened, masked, written and opened again with the real functions.
What is expected comes from the array a case was made from, never from the code.
"""

import io
import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.pixels import apply_color_lut, get_encoder
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    JPEG2000,
    MPEG4HP41,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from maskray import jpeg
from maskray.errors import InputError, MaskrayError, RedactionError, UnsupportedPixelsError
from maskray.geometry import Box
from maskray.mask import mask
from maskray.pixels import (
    Masks,
    apply_masks,
    decode,
    fill_value,
    pixel_format,
    shallow_copy,
    unused_bits,
    write_masked,
)
from maskray.records import Category, Region
from maskray.render import views
from maskray.settings import LimitSettings, MaskSettings
from maskray.write import encode
from tests.unit.builders import (
    LIMITS,
    Frames,
    add_palette,
    coded,
    dataset,
    halved,
    image_file,
    inside,
    lossless_jpeg,
    native_bytes,
    opened,
    photo,
    random_frames,
    released,
    samples_of,
    stored,
    written,
)

NATIVE = [
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
]
BOXES = {1: [Box(2, 3, 9, 8), Box(6, 6, 14, 10)]}
FILLS = ["black", "background"]


@dataclass(frozen=True)
class Format:
    """What a case is made of."""

    photometric: str
    bits: int
    signed: bool = False
    planar: int = 0
    frames: int = 3
    rows: int = 13
    columns: int = 19
    real: str = ""
    vr: str = ""

    def __str__(self) -> str:
        sign = "s" if self.signed else "u"
        kind = self.real or f"{sign}{self.bits}"
        return (
            f"{self.photometric.replace(' ', '_')}-{kind}-{self.vr or 'vr'}"
            f"-planar{self.planar}-{self.frames}x{self.rows}x{self.columns}"
        )

    @property
    def colour(self) -> bool:
        return self.photometric not in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")

    def make(self) -> Frames:
        shape: tuple[int, ...] = (self.frames, self.rows, self.columns)
        shape += (3,) if self.colour else ()
        if self.real:
            return np.random.default_rng(0).normal(50, 20, shape).astype(self.real)
        frames = random_frames(shape, self.bits, self.signed)
        return halved(frames) if self.photometric == "YBR_FULL_422" else frames

    def dataset(self, frames: Frames, syntax: UID) -> Dataset:
        return dataset(
            frames,
            self.photometric,
            bits=None if self.real else self.bits,
            syntax=syntax,
            planar=self.planar,
            vr=self.vr,
        )


DEPTHS = [(bits, signed) for bits in (8, 12, 16, 32) for signed in (False, True)]
GREY = [
    *(Format("MONOCHROME2", bits, signed) for bits, signed in [*DEPTHS, (6, False)]),
    *(Format("MONOCHROME1", bits, signed) for bits, signed in DEPTHS[:4]),
]
PALETTE = [
    Format("PALETTE COLOR", 8),
    Format("PALETTE COLOR", 16),
    Format("PALETTE COLOR", 8, signed=True),
]
COLOUR = [
    Format(photometric, bits, planar=planar)
    for photometric, bits, planar in itertools.product(("RGB", "YBR_FULL"), (8, 16), (0, 1))
]
ODD = [
    Format("MONOCHROME2", 8, frames=1, rows=13, columns=21),
    Format("MONOCHROME2", 8, frames=5, rows=11, columns=15),
    Format("RGB", 8, frames=3, rows=11, columns=15, planar=1),
]
ONLY_NATIVE = [
    Format("YBR_FULL_422", 8, columns=20),
    Format("YBR_FULL_422", 8, rows=11, columns=18, frames=2),
    Format("MONOCHROME2", 1),
    Format("MONOCHROME1", 1, rows=16, columns=16),
    Format("MONOCHROME2", 0, real="float32"),
    Format("MONOCHROME1", 0, real="float64"),
]
OLD = [replace(each, vr="OW") for each in (Format("MONOCHROME2", 8), *ODD)]
CODECS = [RLELossless, JPEGLSLossless, JPEGLSNearLossless, JPEG2000Lossless]


def _cases() -> Iterator[tuple[Format, UID]]:
    """Every format that is written back without loss, in every transfer syntax."""
    for each in (*GREY, *PALETTE, *COLOUR, *ODD, *ONLY_NATIVE, *OLD):
        yield each, ExplicitVRLittleEndian
        yield each, ExplicitVRBigEndian
    for each in (Format("MONOCHROME2", 12, signed=True), *COLOUR[:2], *ONLY_NATIVE[:3]):
        yield each, ImplicitVRLittleEndian
        yield each, DeflatedExplicitVRLittleEndian
    for each in (*GREY, *PALETTE, *COLOUR, *ODD):
        large = replace(each, rows=each.rows + 30, columns=each.columns + 30)
        for syntax in (*CODECS, JPEGLosslessSV1):
            indices = each.photometric == "PALETTE COLOR"
            if each.bits > 16 or (
                indices and (each.signed or syntax == JPEGLSNearLossless)
            ):
                continue  # there is no such thing
            if each.photometric != "MONOCHROME1" or syntax in (
                RLELossless,
                JPEGLosslessSV1,
            ):
                yield large, syntax


CASES = list(_cases())


def name(each: object) -> str:
    return each.name if isinstance(each, UID) else str(each)


def streams(each: Format, frames: Frames, syntax: UID) -> list[bytes]:
    if syntax == JPEGLosslessSV1:
        return [lossless_jpeg(frame, each.bits) for frame in frames]
    named = each.photometric
    if named == "YBR_FULL" and each.bits > 8:
        named = "RGB"  # pydicom's encoders do not ask, but check
    return coded(frames, syntax, each.bits, named)


def make(each: Format, syntax: UID) -> tuple[Frames, Dataset]:
    frames = each.make()
    ds = each.dataset(frames, syntax)
    if syntax.is_encapsulated:
        ds.PixelData = encapsulate(streams(each, frames, syntax))
        ds["PixelData"].is_undefined_length = True
    return frames, ds


def chosen(each: Format) -> dict[int, list[Box]]:
    """The boxes; in the last frame too, and beyond its edge, so that padding is met."""
    boxes = {index: held for index, held in BOXES.items() if index < each.frames}
    boxes[each.frames - 1] = [Box(each.columns - 4, each.rows - 3, each.columns + 9, 99)]
    return boxes


def has_no_encoder(each: Format, syntax: UID) -> bool:
    deep_ybr = each.photometric == "YBR_FULL" and each.bits > 8
    return syntax == JPEGLosslessSV1 or (deep_ybr and syntax in CODECS[:3])


def touched(each: Format, frames: Frames, boxes: dict[int, list[Box]]) -> Frames:
    """Which pixels may change: 4:2:2 widens odd edges to pairs."""
    if each.photometric != "YBR_FULL_422":
        return inside(frames, boxes)
    wide = {
        index: [Box(b.x0 - b.x0 % 2, b.y0, b.x1 + b.x1 % 2, b.y1) for b in held]
        for index, held in boxes.items()
    }
    return inside(frames, wide)


def flat(frames: Frames, index: int, box: Box) -> Frames:
    """The values of one box, (pixels, samples)."""
    clipped = box.clip(*frames.shape[1:3])
    assert clipped is not None
    values: Frames = frames[index][clipped.index].reshape(clipped.area, -1)
    return values


@pytest.mark.parametrize(("each", "syntax"), CASES, ids=name)
def test_values_change_inside_the_boxes_and_nowhere_else(each, syntax):
    frames, ds = make(each, syntax)
    source = opened(ds)
    assert np.array_equal(samples_of(source), frames), "decoded wrongly to start with"
    boxes = chosen(each)
    outside = ~touched(each, frames, boxes)
    expected = ExplicitVRLittleEndian if has_no_encoder(each, syntax) else syntax
    planes = expected == syntax and (syntax in NATIVE or syntax == RLELossless)
    low = -(1 << (each.bits - 1)) if each.signed else 0
    last = each.frames - 1
    for fill in FILLS:
        result = released(source, boxes, fill)
        after = samples_of(result)
        assert np.array_equal(after[outside], frames[outside])
        assert after.dtype == frames.dtype
        for box in boxes[last]:
            assert np.ptp(flat(after, last, box).astype(float), axis=0).max() == 0
        if fill == "black":
            for index, frame in enumerate(after):
                hidden = frame[inside(frames, boxes)[index]]
                assert (hidden == hidden[:1]).all()
        if not each.real:
            assert low <= after.min() <= after.max() < low + (1 << each.bits)
        assert result.pixels.photometric == each.photometric
        assert result.pixels.transfer_syntax == expected
        assert result.pixels.planar == (bool(each.planar) and planes)
        if each.photometric != "YBR_FULL_422":  # pydicom reads only its first frame
            theirs = pixel_array(result.dataset, raw=True).reshape(after.shape)
            assert np.array_equal(theirs, after)


@pytest.mark.parametrize(
    ("each", "syntax"),
    [case for case in CASES if case[1] in (ExplicitVRLittleEndian, ExplicitVRBigEndian)],
    ids=name,
)
def test_native_bytes_change_where_the_boxes_are_and_nowhere_else(each, syntax):
    frames, ds = make(each, syntax)
    boxes = chosen(each)
    marks = np.zeros_like(frames)
    marks[touched(each, frames, boxes)] = 1
    little = bool(syntax.is_little_endian)
    swapped = each.vr == "OW" and not little
    marked = native_bytes(
        marks, each.photometric, each.bits == 1, each.planar, little, swapped
    )
    may_change = np.frombuffer(marked, np.uint8)
    if frames.itemsize > 1:
        words = may_change.reshape(-1, frames.itemsize).any(axis=1)
        may_change = np.repeat(words, frames.itemsize)
    source = opened(ds)
    before, after = (
        np.frombuffer(one.dataset[one.pixels.keyword].value, np.uint8)
        for one in (source, released(source, boxes))
    )
    assert after.shape == before.shape
    changed = before ^ after
    if each.bits == 1:
        assert not (changed & ~may_change).any()
    assert not changed[may_change == 0].any()
    assert changed.any()


@pytest.mark.parametrize(
    ("each", "syntax"),
    [(case, uid) for case, uid in CASES if uid in CODECS and not has_no_encoder(case, uid)],
    ids=name,
)
def test_encapsulated_frames_that_no_box_is_in_keep_their_bytes(each, syntax):
    frames, ds = make(each, syntax)
    theirs = [stream + b"\0\0" for stream in streams(each, frames, syntax)]
    ds.PixelData = encapsulate(theirs)  # as no encoder of ours would write them
    result = released(opened(ds), {each.frames - 1: [Box(1, 1, 9, 5)]})
    before, after = (
        list(generate_frames(one.PixelData, number_of_frames=each.frames))
        for one in (ds, result.dataset)
    )
    assert before[:-1] == after[:-1]
    assert before[-1] != after[-1]


@pytest.mark.parametrize(("each", "syntax"), CASES[::3], ids=name)
def test_nothing_to_mask_keeps_the_pixel_data_byte_for_byte(each, syntax):
    _, ds = make(each, syntax)
    source = opened(ds)
    kept = opened(encode(source))
    assert kept.dataset[source.pixels.keyword].value == ds[source.pixels.keyword].value
    if not syntax.is_encapsulated:
        masked = mask(source, [], MaskSettings())
        keyword = source.pixels.keyword
        assert masked.dataset[keyword].value == ds[keyword].value


@pytest.mark.parametrize(
    ("each", "syntax"),
    [case for case in CASES if case[1] in (ExplicitVRLittleEndian, RLELossless)],
    ids=name,
)
def test_black_is_what_a_viewer_shows_darkest(each, syntax):
    _, ds = make(each, syntax)
    last = each.frames - 1
    box = Box(3, 2, 9, 8)
    result = released(opened(ds), {last: [box]})
    frame = stored(result)[last]
    shown = views(frame, result.dataset, result.pixels)[0].pixels.astype(int).sum(axis=2)
    assert shown[box.index].max() == shown.min()


@pytest.mark.parametrize("each", [*GREY, *PALETTE, *COLOUR], ids=str)
def test_background_is_the_median_of_the_pixels_around(each):
    frames, ds = make(each, ExplicitVRLittleEndian)
    box, outer = Box(5, 5, 9, 8), Box(2, 2, 12, 11)
    after = samples_of(released(opened(ds), {1: [box]}, "background"))
    ring = ~inside(frames, {1: [box]})[1] & inside(frames, {1: [outer]})[1]
    around = frames[1][ring].reshape(ring.sum(), -1)
    value = flat(after, 1, box)[0]
    if each.photometric == "PALETTE COLOR":
        _, counts = np.unique(around, return_counts=True)
        assert (around == value).sum() == counts.max()
        return
    for channel in range(around.shape[1]):
        ranks = np.sort(around[:, channel])
        assert value[channel] in ranks[[len(ranks) // 2 - 1, len(ranks) // 2]]


def test_the_background_of_a_palette_is_an_index_and_not_between_two():
    frames = np.full((1, 12, 12), 10, np.uint8)
    frames[0, :, 6:] = 200
    frames[0, :4, 6:] = 90
    result = released(
        opened(dataset(frames, "PALETTE COLOR")), {0: [Box(4, 3, 8, 9)]}, "background"
    )
    assert samples_of(result)[0, 5, 5] == 10
    values = np.array([[1, 9, 9], [5, 5, 5], [9, 1, 1]], np.uint8)
    filled = apply_masks(
        values, [Box(1, 1, 2, 2)], "background", values[:1, 0], palette=True
    )
    assert filled[1, 1] in (1, 9)


def test_a_box_over_the_whole_frame_leaves_one_value():
    for fill in FILLS:
        frames = random_frames((1, 12, 12), 8)
        result = released(opened(dataset(frames)), {0: [Box(0, 0, 12, 12)]}, fill)
        assert np.ptp(samples_of(result)) == 0


# --- what the values of a fill are ----------------------------------------------------


@pytest.mark.parametrize(
    ("photometric", "bits", "expected"),
    [
        ("MONOCHROME2", 8, [0]),
        ("MONOCHROME1", 8, [255]),
        ("MONOCHROME1", 6, [63]),
        ("RGB", 8, [0, 0, 0]),
        ("YBR_FULL", 8, [0, 128, 128]),
        ("YBR_FULL", 16, [0, 32768, 32768]),
        ("YBR_FULL", 12, [0, 2048, 2048]),
    ],
)
def test_black_in_each_photometric_interpretation(photometric, bits, expected):
    shape = (4, 4, 3) if len(expected) == 3 else (4, 4)
    samples = random_frames(shape, bits)
    assert fill_value(samples, photometric, False, bits).tolist() == expected


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("bits", [12, 16, 32])
@pytest.mark.parametrize("signed", [False, True])
def test_black_never_widens_the_range_that_a_viewer_shows(photometric, bits, signed):
    samples = np.array([[1000, 1200], [1500, 1800]], f"{'i' if signed else 'u'}4")
    (value,) = fill_value(samples, photometric, signed, bits)
    assert value == (1800 if photometric == "MONOCHROME1" else 1000)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("real", ["float32", "float64"])
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_a_fill_is_a_number_where_other_values_are_none(photometric, real, odd):
    frames = Format(photometric, 0, real=real, frames=1).make()
    frames[0, 0, :3] = odd
    result = released(opened(dataset(frames, photometric)), {0: [Box(3, 3, 9, 9)]})
    after = samples_of(result)
    finite = frames[np.isfinite(frames)]
    assert after[0, 4, 4] == (finite.max() if photometric[-1] == "1" else finite.min())
    assert np.array_equal(after[0, :3], frames[0, :3], equal_nan=True)


def test_a_float_frame_without_any_number_can_be_masked():
    frames = np.full((1, 8, 8), np.nan, np.float32)
    assert (
        samples_of(released(opened(dataset(frames)), {0: [Box(1, 1, 4, 4)]}))[0, 2, 2] == 0
    )


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("first", [0, 40, 250, 5000, -100])
def test_black_of_a_palette_can_be_stored_wherever_the_table_starts(signed, bits, first):
    if first < 0 and not signed:
        pytest.skip("an unsigned table cannot start below 0")
    frames = random_frames((1, 12, 12), bits, signed)
    ds = dataset(frames, "PALETTE COLOR", bits=bits)
    add_palette(ds, first)
    result = released(opened(ds), {0: [Box(2, 2, 8, 8)]})
    after = samples_of(result)
    value = int(after[0, 3, 3])
    low = -(1 << (bits - 1)) if signed else 0
    assert low <= value < low + (1 << bits)
    every = np.arange(low, low + (1 << bits))[np.newaxis]
    sums = apply_color_lut(every, ds).astype(int).sum(axis=-1)[0]
    assert sums[value - low] == sums.min()


def test_a_palette_that_cannot_be_read_is_refused():
    ds = dataset(random_frames((1, 12, 12), 8), "PALETTE COLOR")
    del ds.GreenPaletteColorLookupTableData
    with pytest.raises(UnsupportedPixelsError) as caught:
        released(opened(ds), {0: [Box(2, 2, 8, 8)]})
    assert caught.value.code == "bad_palette"


# --- unused bits ----------------------------------------------------------------------


def with_text_above(bits: int, signed: bool = False) -> tuple[Frames, Frames]:
    """Stored values, and words that hold something more in the bits above."""
    values = random_frames((2, 40, 48), bits, signed)
    words = values.astype(values.dtype).view(f"u{values.itemsize}").copy()
    words[1, 5:9, 4:30] ^= 1 << (8 * values.itemsize - 1)
    return values, words.view(values.dtype)


def encapsulated_words(words: Frames, syntax: UID) -> list[bytes] | None:
    if syntax == RLELossless:
        return coded(words, syntax, 8 * words.itemsize)
    if syntax == JPEGLosslessSV1:
        return [lossless_jpeg(frame, 8 * words.itemsize) for frame in words]
    return None


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [6, 12])
@pytest.mark.parametrize(
    "syntax", [*NATIVE, RLELossless, JPEGLosslessSV1], ids=lambda uid: uid.name
)
def test_unused_bits_are_seen_and_can_be_cleared(bits, signed, syntax):
    values, words = with_text_above(bits, signed)
    ds = dataset(words, bits=bits, syntax=syntax, streams=encapsulated_words(words, syntax))
    source = opened(ds)
    assert np.array_equal(samples_of(source), values)
    spare = unused_bits(source.dataset, source.pixels)
    assert spare is not None
    seen = spare != 0
    assert seen[1, 5:9, 4:30].all()
    assert seen.sum() == 4 * 26

    boxes = {1: [Box(2, 20, 9, 25)]}
    for each in ({}, boxes):
        cleared = released(source, each, clear_unused_bits=True)
        assert unused_bits(cleared.dataset, cleared.pixels) is None
        outside = ~inside(values, each)
        assert np.array_equal(samples_of(cleared)[outside], values[outside])


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [6, 12])
@pytest.mark.parametrize(
    "syntax", [*NATIVE, RLELossless, JPEGLosslessSV1], ids=lambda uid: uid.name
)
def test_sign_extension_is_no_content_of_unused_bits(bits, signed, syntax):
    values = random_frames((2, 40, 48), bits, signed)
    ds = dataset(
        values, bits=bits, syntax=syntax, streams=encapsulated_words(values, syntax)
    )
    assert unused_bits(ds, pixel_format(ds, LIMITS)) is None


@pytest.mark.parametrize("bits", [6, 12])
def test_unused_bits_outside_the_boxes_stay_unless_they_are_to_go(bits):
    _, words = with_text_above(bits)
    source = opened(dataset(words, bits=bits))
    result = released(source, {1: [Box(0, 0, 8, 8)]})
    after = np.frombuffer(result.dataset.PixelData, words.dtype).reshape(words.shape)
    assert np.array_equal(after[1, 8:], words[1, 8:])
    assert np.array_equal(after[1, :, 8:], words[1, :, 8:])
    assert np.ptp(after[1, :8, :8]) == 0


def test_unused_bits_of_baseline_jpeg_are_cleared_too():
    words = np.where(photo(samples=1) > 80, 190, 60).astype(np.uint8)[np.newaxis]
    stream = image_file(words[0], "JPEG", quality=100)
    source = opened(dataset(words, bits=7, syntax=JPEGBaseline8Bit, streams=[stream]))
    assert unused_bits(source.dataset, source.pixels) is not None
    cleared = released(source, {}, clear_unused_bits=True)
    assert unused_bits(cleared.dataset, cleared.pixels) is None


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless])
def test_values_that_the_header_has_no_bits_for_are_seen_and_never_clipped(syntax):
    _, words = with_text_above(12)
    source = opened(
        dataset(words, bits=12, syntax=syntax, streams=coded(words, syntax, 16))
    )
    assert np.array_equal(samples_of(source), words)
    with pytest.raises(UnsupportedPixelsError) as caught:
        released(source, {1: [Box(0, 20, 8, 28)]})
    assert caught.value.code == "beyond_stored_bits"


# --- encapsulation --------------------------------------------------------------------


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize(
    "syntax", [*CODECS, JPEGLosslessSV1, JPEGBaseline8Bit], ids=lambda uid: uid.name
)
def test_planar_configuration_means_nothing_for_encoded_frames(syntax, planar):
    frames = np.stack([photo(), photo()[::-1]])
    encoded = (
        [lossless_jpeg(frame, 8) for frame in frames]
        if syntax == JPEGLosslessSV1
        else [image_file(frame, "JPEG", quality=100, keep_rgb=True) for frame in frames]
        if syntax == JPEGBaseline8Bit
        else coded(frames, syntax, 8, "RGB")
    )
    ds = dataset(frames, "RGB", syntax=syntax, planar=planar, streams=encoded)
    source = opened(ds)
    difference = np.abs(samples_of(source).astype(int) - frames)
    assert difference.max() <= (3 if syntax == JPEGBaseline8Bit else 0)
    result = released(source, {0: [Box(16, 16, 32, 32)]})
    after = samples_of(result)
    assert np.ptp(after[0, 16:32, 16:32], axis=(0, 1)).max() == 0
    assert np.abs(after[1].astype(int) - frames[1]).max() <= 3
    if syntax != RLELossless:
        assert result.dataset.PlanarConfiguration == 0
    theirs = pixel_array(result.dataset, raw=True)
    assert np.array_equal(theirs, after)


@pytest.mark.parametrize("has_bot", [False, True])
@pytest.mark.parametrize("fragments", [1, 3])
def test_offset_tables_and_fragments_are_followed(has_bot, fragments):
    frames = random_frames((3, 40, 48), 8)
    encoded = coded(frames, JPEG2000Lossless, 8)
    ds = dataset(frames, syntax=JPEG2000Lossless, streams=encoded)
    ds.PixelData = encapsulate(encoded, fragments_per_frame=fragments, has_bot=has_bot)
    if fragments > 1 and not has_bot:
        # which fragment is whose frame can only be guessed: never guess wrongly
        try:
            found = samples_of(opened(ds))
        except UnsupportedPixelsError:
            return
        assert np.array_equal(found, frames)
    result = released(opened(ds), BOXES)
    outside = ~inside(frames, BOXES)
    assert np.array_equal(samples_of(result)[outside], frames[outside])


def test_an_extended_offset_table_is_made_anew():
    frames = random_frames((3, 40, 48), 8)
    value, offsets, lengths = encapsulate_extended(coded(frames, JPEG2000Lossless, 8))
    ds = dataset(frames, syntax=JPEG2000Lossless, streams=[b"\0"])
    ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = (
        value,
        offsets,
        lengths,
    )
    result = released(opened(ds), BOXES)
    assert result.dataset.ExtendedOffsetTable != offsets
    outside = ~inside(frames, BOXES)
    assert np.array_equal(samples_of(result)[outside], frames[outside])
    assert np.array_equal(pixel_array(result.dataset, raw=True), samples_of(result))


@pytest.mark.parametrize("syntax", CODECS, ids=lambda uid: uid.name)
@pytest.mark.parametrize("has_bot", [False, True])
@pytest.mark.parametrize("said", [1, 2, 4, 9])
def test_frames_that_the_header_does_not_count_are_refused(syntax, has_bot, said):
    frames = random_frames((3, 40, 48), 8)
    ds = dataset(frames, syntax=syntax, streams=[b"\0"], NumberOfFrames=said)
    ds.PixelData = encapsulate(coded(frames, syntax, 8), has_bot=has_bot)
    source = opened(ds)
    with pytest.raises(UnsupportedPixelsError):
        stored(source)


@pytest.mark.parametrize("syntax", NATIVE, ids=lambda uid: uid.name)
@pytest.mark.parametrize(
    "excess", [b"Phoebe H", b"\0\0\0\1", b"\0" * 800 + b"\7\0"], ids=["text", "bit", "far"]
)
def test_native_data_beyond_the_frames_is_refused(syntax, excess):
    ds = dataset(random_frames((1, 12, 12), 8), syntax=syntax)
    ds.PixelData += excess
    with pytest.raises(UnsupportedPixelsError) as caught:
        opened(ds)
    assert caught.value.code == "excess_pixels"


def test_native_data_with_more_padding_than_needed_is_kept():
    frames = random_frames((1, 12, 12), 8)
    ds = dataset(frames)
    ds.PixelData += bytes(128)
    result = released(opened(ds), {0: [Box(1, 1, 5, 5)]})
    assert len(result.dataset.PixelData) == 12 * 12 + 128


def test_full_colour_that_calls_itself_subsampled_is_refused():
    frames = random_frames((1, 12, 12, 3), 8)
    ds = dataset(frames, "YBR_FULL")
    ds.PhotometricInterpretation = "YBR_FULL_422"
    with pytest.raises(UnsupportedPixelsError):
        stored(opened(ds))


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless])
def test_values_that_a_codec_gives_in_a_smaller_type_come_in_the_stored_one(syntax):
    frames = random_frames((2, 40, 48), 8).astype(np.uint16)
    ds = dataset(frames, bits=8, syntax=syntax, streams=coded(frames, syntax, 8))
    result = released(opened(ds), BOXES)
    after = samples_of(result)
    assert after.dtype == np.uint16
    outside = ~inside(frames, BOXES)
    assert np.array_equal(after[outside], frames[outside])


def test_where_no_encoder_takes_the_frames_they_are_stored_uncompressed():
    frames = random_frames((2, 8, 8), 8).astype(np.uint16)  # too small for JPEG 2000
    big = random_frames((2, 40, 48), 8)
    ds = dataset(
        frames, bits=8, syntax=JPEG2000Lossless, streams=coded(big, JPEG2000Lossless, 8)
    )
    ds.Rows, ds.Columns = 40, 48
    source = opened(ds)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("maskray.pixels.get_encoder", lambda _: None)
        result = released(source, BOXES)
    assert result.pixels.transfer_syntax == ExplicitVRLittleEndian
    after = samples_of(result)
    outside = ~inside(big, BOXES)
    assert np.array_equal(after[outside], big[outside])
    assert np.ptp(flat(after, 1, BOXES[1][1])) == 0
    assert len(result.dataset.PixelData) == 2 * 40 * 48 * 2


def test_pixels_wider_than_allocated_are_refused():
    words = random_frames((1, 40, 48), 12)
    ds = dataset(
        words, bits=12, syntax=JPEG2000Lossless, streams=coded(words, JPEG2000Lossless, 12)
    )
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    with pytest.raises(UnsupportedPixelsError):
        stored(opened(ds))


def transformed(frames: Frames, photometric: str) -> Dataset:
    """JPEG 2000 with a colour transform: reversible, or irreversible and lossy."""
    lossy = photometric == "YBR_ICT"
    syntax = JPEG2000 if lossy else JPEG2000Lossless
    options: dict[str, Any] = {"j2k_psnr": [38]} if lossy else {}
    streams = [
        bytes(
            get_encoder(syntax).encode(
                frame,
                rows=frame.shape[0],
                columns=frame.shape[1],
                samples_per_pixel=3,
                bits_allocated=8,
                bits_stored=8,
                pixel_representation=0,
                photometric_interpretation=photometric,
                number_of_frames=1,
                planar_configuration=0,
                **options,
            )
        )
        for frame in frames
    ]
    return dataset(frames, photometric, syntax=syntax, streams=streams)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("photometric", ["YBR_RCT", "YBR_ICT"])
def test_colour_transforms_are_labelled_as_they_are(photometric, count):
    frames = np.stack([photo(), photo()[::-1], photo()[:, ::-1]])[:count]
    source = opened(transformed(frames, photometric))
    before = samples_of(source)
    assert np.abs(before.astype(int) - frames).max() <= (
        30 if photometric == "YBR_ICT" else 0
    )
    boxes = {count - 1: [Box(16, 16, 32, 32)]}
    result = released(source, boxes)
    after = samples_of(result)
    held = inside(frames, boxes)
    assert np.array_equal(after[~held], before[~held])
    assert not after[held].any()
    said = (result.pixels.transfer_syntax, result.pixels.photometric)
    if photometric == "YBR_RCT":
        assert said == (JPEG2000Lossless, "YBR_RCT")
    elif count == 1:
        assert said == (JPEG2000, "YBR_RCT")
    else:  # one label could not be true for frames of either kind
        assert said == (ExplicitVRLittleEndian, "RGB")
    # pydicom undoes the transform that the stream has, whatever the label says
    assert np.array_equal(pixel_array(result.dataset, raw=True).reshape(after.shape), after)


# --- JPEG baseline --------------------------------------------------------------------

JPEGS: dict[str, tuple[str, dict[str, Any]]] = {
    "grey": ("MONOCHROME2", {}),
    "inverted": ("MONOCHROME1", {}),
    "444": ("YBR_FULL", {"subsampling": 0}),
    "422": ("YBR_FULL_422", {"subsampling": 1}),
    "420": ("YBR_FULL_422", {"subsampling": 2}),
    "rgb": ("RGB", {"keep_rgb": True}),
    "progressive": ("YBR_FULL_422", {"subsampling": 2, "progressive": True}),
}


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize("size", [(48, 64), (45, 61)], ids=["whole", "odd"])
def test_baseline_jpeg_changes_in_the_blocks_that_a_box_touches_only(name, size, fill):
    photometric, options = JPEGS[name]
    picture = photo(size[0], size[1], 1 if photometric.startswith("M") else 3)
    frames = np.stack([picture, picture[::-1], picture[:, ::-1]])
    encoded = [image_file(frame, "JPEG", quality=92, **options) for frame in frames]
    ds = dataset(frames, photometric, syntax=JPEGBaseline8Bit, streams=encoded)
    source = opened(ds)
    boxes = {1: [Box(19, 17, 30, 29)]}
    result = released(source, boxes, fill)
    assert result.pixels.transfer_syntax == JPEGBaseline8Bit
    assert result.pixels.photometric == photometric
    before, after = samples_of(source), samples_of(result)
    spots = inside(frames, {1: [jpeg.touched(Box(19, 17, 30, 29), picture.ndim == 3)]})
    assert np.array_equal(before[~spots], after[~spots])
    values = flat(after, 1, boxes[1][0]).astype(int)
    assert np.ptp(values, axis=0).max() <= 3
    kept = list(generate_frames(result.dataset.PixelData, number_of_frames=3))
    assert (kept[0], kept[2]) == (
        encoded[0] + b"\0" * (len(encoded[0]) % 2),
        encoded[2] + b"\0" * (len(encoded[2]) % 2),
    )
    if fill == "black":
        frame = stored(result)[1]
        shown = views(frame, result.dataset, result.pixels)[0].pixels
        assert shown[17:29, 19:30].max() <= 4
    assert np.array_equal(pixel_array(result.dataset, raw=True), after)


def test_a_jpeg_that_cannot_be_edited_is_stored_uncompressed_or_refused(monkeypatch):
    frames = photo(samples=1)[np.newaxis]
    stream = image_file(frames[0], "JPEG", quality=95)
    source = opened(dataset(frames, syntax=JPEGBaseline8Bit, streams=[stream]))

    def refuse(*_):
        raise UnsupportedPixelsError("cannot", "not_encodable")

    monkeypatch.setattr(jpeg, "blank", refuse)
    result = released(source, {0: [Box(8, 8, 16, 16)]})
    assert result.pixels.transfer_syntax == ExplicitVRLittleEndian
    outside = ~inside(frames, {0: [Box(8, 8, 16, 16)]})
    assert np.array_equal(samples_of(result)[outside], samples_of(source)[outside])


# --- refusals -------------------------------------------------------------------------


def refused(ds: Dataset) -> str:
    with pytest.raises(MaskrayError) as caught:
        stored(opened(ds))
    assert isinstance(caught.value, InputError)
    return caught.value.code


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({"BitsAllocated": 12}, "bad_pixel_description"),
        ({"BitsAllocated": 64}, "bad_pixel_description"),
        ({"BitsAllocated": 0}, "bad_pixel_description"),
        ({"BitsStored": 0}, "bad_pixel_description"),
        ({"BitsStored": 9}, "bad_pixel_description"),
        ({"HighBit": 6}, "bad_pixel_description"),
        ({"SamplesPerPixel": 2}, "bad_pixel_description"),
        ({"SamplesPerPixel": 3}, "bad_pixel_description"),
        ({"SamplesPerPixel": 4}, "bad_pixel_description"),
        ({"Rows": 0}, "bad_pixel_description"),
        ({"Columns": 0}, "bad_pixel_description"),
        ({"NumberOfFrames": -1}, "bad_pixel_description"),
        ({"NumberOfFrames": 2}, "not_decodable"),
        ({"Rows": 11}, "excess_pixels"),
        ({"Rows": 13}, "not_decodable"),
        ({"PhotometricInterpretation": "ARGB"}, "photometric"),
        ({"PhotometricInterpretation": "YBR_PARTIAL_420"}, "photometric"),
        ({"PhotometricInterpretation": "HSV"}, "photometric"),
        ({"PhotometricInterpretation": "RGB"}, "bad_pixel_description"),
        ({"PhotometricInterpretation": ""}, "photometric"),
    ],
)
def test_pixels_that_the_header_describes_wrongly_are_refused(elements, code):
    ds = dataset(np.full((1, 12, 12), 7, np.uint8), **elements)
    assert refused(ds) == code


@pytest.mark.parametrize(
    "keyword",
    ["Rows", "Columns", "BitsAllocated", "BitsStored", "PhotometricInterpretation"],
)
def test_pixels_that_the_header_does_not_describe_are_refused(keyword):
    ds = dataset(random_frames((1, 12, 12), 8))
    del ds[keyword]
    assert refused(ds) == "bad_pixel_description"


def test_two_kinds_of_pixel_data_are_refused():
    ds = dataset(random_frames((1, 12, 12), 8))
    ds.FloatPixelData = bytes(4 * 144)
    assert refused(ds) == "bad_pixel_description"


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_in_single_bits_is_refused(planar):
    ds = dataset(random_frames((1, 16, 16, 3), 1), "RGB", bits=1, planar=planar)
    assert refused(ds) == "bad_pixel_description"


def test_subsampled_native_colour_with_an_odd_width_is_refused():
    ds = dataset(random_frames((1, 12, 12, 3), 8), "YBR_FULL_422", Columns=11)
    assert refused(ds)


@pytest.mark.parametrize(
    "syntax",
    [RLELossless, JPEGLSLossless, JPEG2000Lossless, JPEGLosslessSV1, JPEGBaseline8Bit],
)
@pytest.mark.parametrize(
    "stream",
    [b"", b"\0" * 64, b"Phoebe Harrington, 1 March 1970", b"\xff\xd8\xff\xd9"],
    ids=["empty", "zeros", "text", "markers"],
)
def test_streams_that_cannot_be_decoded_are_refused(syntax, stream):
    ds = dataset(random_frames((1, 12, 12), 8), syntax=syntax, streams=[stream])
    assert refused(ds) in ("not_decodable", "frame_size", "frames_missing")


@pytest.mark.parametrize("syntax", CODECS, ids=lambda uid: uid.name)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_damaged_stream_is_decoded_or_refused_and_never_crashes(syntax, data):
    frames = random_frames((1, 40, 48), 8)
    (encoded,) = coded(frames, syntax, 8)
    broken = bytearray(encoded)
    # a damaged JPEG-LS header is refused as well, but keeps libjpeg busy for 15 seconds
    first = 40 if syntax in (JPEGLSLossless, JPEGLSNearLossless) else 0
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(first, min(len(broken), 200) - 1))
        broken[at] = data.draw(st.integers(0, 255))
    broken = broken[: data.draw(st.integers(1, len(broken)))]
    source = opened(dataset(frames, syntax=syntax, streams=[bytes(broken)]))
    try:
        result = released(source, {0: [Box(1, 1, 9, 9)]})
        assert np.ptp(samples_of(result)[0, 1:9, 1:9]) == 0
    except UnsupportedPixelsError:
        pass


def test_a_panic_of_the_rle_decoder_is_an_error_of_ours():
    frames = random_frames((1, 2, 2), 16)
    # a run that goes on after the frame is full (found by fuzzing)
    stream = struct.pack("<16I", 2, 64, 65, *[0] * 13) + b"\xfc\x81\xff"
    source = opened(dataset(frames, syntax=RLELossless, streams=[stream]))
    with pytest.raises(UnsupportedPixelsError):
        stored(source)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_wish_to_stop_is_no_broken_frame(monkeypatch, error):
    source = opened(dataset(random_frames((1, 12, 12), 8)))

    def stop(_):
        raise error

    monkeypatch.setattr("maskray.pixels.get_decoder", stop)
    with pytest.raises(error):
        stored(source)


def claiming(stream: bytes, marker: bytes, at: int, claim: bytes) -> bytes:
    """The stream, with another size behind its frame marker."""
    start = stream.index(marker) + at
    return stream[:start] + claim + stream[start + len(claim) :]


@pytest.mark.parametrize("name", ["baseline", "lossless", "JPEG-LS", "JPEG 2000"])
def test_a_stream_that_says_it_is_huge_is_refused_before_memory_is_taken(name):
    frames = random_frames((1, 40, 48), 8)
    syntax, stream, marker, at, claim = {
        "baseline": (
            JPEGBaseline8Bit,
            image_file(frames[0], "JPEG"),
            b"\xff\xc0",
            5,
            ">2H",
        ),
        "lossless": (JPEGLosslessSV1, lossless_jpeg(frames[0], 8), b"\xff\xc3", 5, ">2H"),
        "JPEG-LS": (*coded_one(frames, JPEGLSLossless), b"\xff\xf7", 5, ">2H"),
        "JPEG 2000": (*coded_one(frames, JPEG2000Lossless), b"\xff\x51", 6, ">2I"),
    }[name]
    huge = claiming(stream, marker, at, struct.pack(claim, 60000, 60000))
    source = opened(dataset(frames, syntax=syntax, streams=[huge]))
    with pytest.raises(UnsupportedPixelsError) as caught:
        stored(source)
    assert caught.value.code == "frame_size"


def coded_one(frames: Frames, syntax: UID) -> tuple[UID, bytes]:
    return syntax, coded(frames, syntax, 8)[0]


@pytest.mark.parametrize("syntax", [MPEG4HP41, UID("1.2.840.10008.1.2.4.94")])
def test_video_and_references_are_refused(syntax):
    ds = dataset(random_frames((1, 12, 12), 8), syntax=syntax, streams=[b"\0\0\0\1"])
    assert refused(ds) == "not_decodable"


def test_bits_packed_in_rle_are_refused():
    ds = dataset(
        random_frames((1, 16, 16), 1), bits=1, syntax=RLELossless, streams=[b"\0" * 70]
    )
    assert refused(ds) == "not_decodable"


@pytest.mark.parametrize(
    "limits",
    [
        LimitSettings(max_frame_pixels=143),
        LimitSettings(max_frames=1),
        LimitSettings(max_instance_bytes=2 * 144 - 1),
    ],
    ids=["frame", "frames", "instance"],
)
def test_more_pixels_than_the_limits_allow_are_refused(limits):
    ds = dataset(random_frames((2, 12, 12), 8))
    pixel_format(ds, LIMITS)
    with pytest.raises(InputError) as caught:
        pixel_format(ds, limits)
    assert caught.value.code == "too_large"


# --- regions that do not fit ----------------------------------------------------------


@pytest.mark.parametrize("index", [-1, 3, 99])
def test_a_region_in_a_frame_that_is_not_there_is_an_error(index):
    source = opened(dataset(random_frames((3, 12, 12), 8)))
    with pytest.raises(RedactionError):
        mask(source, [Region((index,), Box(1, 1, 3, 3), Category.NAME)], MaskSettings())


@pytest.mark.parametrize(
    "box", [Box(12, 0, 15, 3), Box(0, 12, 3, 15), Box(-5, -5, 0, 0), Box(50, 50, 60, 60)]
)
def test_a_region_outside_the_frame_is_an_error(box):
    source = opened(dataset(random_frames((3, 12, 12), 8)))
    with pytest.raises(RedactionError) as caught:
        mask(source, [Region((1,), box, Category.NAME)], MaskSettings())
    assert caught.value.code == "empty_region"
    with pytest.raises(RedactionError):
        apply_masks(np.zeros((12, 12)), [box], "black", np.zeros(1))


def test_a_region_over_the_edge_is_cut_off():
    frames = random_frames((1, 12, 12), 8)
    result = released(opened(dataset(frames)), {0: [Box(-4, -4, 3, 2), Box(10, 9, 40, 40)]})
    after = samples_of(result)[0]
    assert not after[:2, :3].any()
    assert not after[9:, 10:].any()
    assert np.array_equal(after[2:9], frames[0, 2:9])


# --- the argument stays ---------------------------------------------------------------


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, RLELossless, JPEGLosslessSV1, JPEGBaseline8Bit]
)
def test_the_source_is_not_changed(syntax):
    frames = photo(samples=1)[np.newaxis]
    encoded = {
        RLELossless: coded(frames, RLELossless, 8),
        JPEGLosslessSV1: [lossless_jpeg(frames[0], 8)],
        JPEGBaseline8Bit: [image_file(frames[0], "JPEG")],
    }.get(syntax)
    source = opened(dataset(frames, syntax=syntax, streams=encoded))
    before = written(source.dataset)
    found = source.pixels
    masks = Masks({0: (Box(1, 1, 20, 20),)}, "black", clear_unused_bits=True)
    copy = write_masked(source.dataset, found, masks)
    copy.PhotometricInterpretation = "MONOCHROME1"
    copy.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert written(source.dataset) == before
    assert source.pixels == found


def test_a_shallow_copy_shares_values_and_holds_its_own_elements():
    ds = opened(dataset(random_frames((1, 12, 12), 8))).dataset
    copy = shallow_copy(ds)
    assert copy.get_item("PixelData").value is ds.get_item("PixelData").value
    assert copy.original_encoding == ds.original_encoding
    del copy.PatientName
    copy.Rows = 7
    copy.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert "PatientName" in ds
    assert ds.Rows == 12
    assert ds.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


def test_frames_are_decoded_by_index():
    frames = random_frames((5, 12, 12), 8)
    source = opened(dataset(frames))
    found = list(decode(source.dataset, source.pixels, [1, 4]))
    assert [each.index for each in found] == [1, 4]
    assert np.array_equal(found[1].samples, frames[4])
    assert list(decode(source.dataset, source.pixels, [])) == []


# --- properties -----------------------------------------------------------------------


@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from([1, 3]),
    st.sampled_from(FILLS),
    st.lists(
        st.tuples(
            st.integers(-3, 11), st.integers(-3, 11), st.integers(1, 9), st.integers(1, 9)
        ),
        max_size=4,
    ),
)
def test_masks_change_values_inside_the_boxes_only(rows, columns, samples, fill, corners):
    boxes = [Box(x, y, x + w, y + h) for x, y, w, h in corners]
    boxes = [box for box in boxes if box.clip(rows, columns)]
    shape = (rows, columns) if samples == 1 else (rows, columns, 3)
    frame = random_frames(shape, 12)
    before = frame.copy()
    black = np.full(samples, 4000, np.uint16)
    masked = apply_masks(frame, boxes, fill, black)
    assert np.array_equal(frame, before)
    assert masked.dtype == frame.dtype
    held = inside(frame[np.newaxis], {0: boxes})[0]
    assert np.array_equal(masked[~held], frame[~held])
    if fill == "black":
        assert (masked[held] == 4000).all()
    elif boxes:
        assert np.ptp(flat(masked[np.newaxis], 0, boxes[-1]), axis=0).max() == 0


# --- files that pydicom ships ---------------------------------------------------------

SHIPPED = Path(pydicom.__file__).parent / "data" / "test_files"
FILES = sorted(path for path in SHIPPED.rglob("*.dcm") if path.stat().st_size < 300_000)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shipped_files_are_masked_exactly_or_refused(path):
    try:
        source = opened(path.read_bytes())
        before = stored(source)
    except InputError:
        return
    if len(before) > 12:
        pytest.skip("large, and nothing new")
    found = source.pixels
    last = found.frames - 1
    box = Box(0, 0, max(found.columns // 3, 1), max(found.rows // 4, 1))
    for fill in ("black", "background"):
        masked = write_masked(source.dataset, found, Masks({last: (box,)}, fill))
        file = Dataset()
        for element in masked.group_dataset(0x28):
            file[element.tag] = element
        file[found.keyword] = masked[found.keyword]
        file.file_meta = masked.file_meta
        file.SOPClassUID = file.SOPInstanceUID = "1.2.3"
        buffer = io.BytesIO()
        file.set_original_encoding(*masked.original_encoding)
        pydicom.dcmwrite(buffer, file, enforce_file_format=True)
        result = opened(buffer.getvalue())
        loose = found.transfer_syntax == JPEGBaseline8Bit
        wide = jpeg.touched(box, found.samples > 1) if loose else box
        if found.photometric == "YBR_FULL_422" and not found.encapsulated:
            wide = box.grow(1, 0)
        for one, other in zip(before, stored(result), strict=True):
            held = inside(
                one.samples[np.newaxis], {0: [wide] if one.index == last else []}
            )[0]
            assert np.array_equal(one.samples[~held], other.samples[~held])
            if one.index == last:
                values = flat(other.samples[np.newaxis], 0, box).astype(float)
                assert np.ptp(values, axis=0).max() <= (3 if loose else 0)
