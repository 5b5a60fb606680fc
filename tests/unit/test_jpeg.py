"""JPEG without a second generation: whole blocks go, all others keep their coefficients."""

import contextlib
import io
import os
from pathlib import Path

import jpeglib
import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskray import jpeg
from maskray.errors import UnsupportedPixelsError
from maskray.geometry import Box
from tests.unit.builders import CANARY, Frames, image_file, lossless_jpeg, photo, segment

ROWS, COLUMNS = 64, 96
BLACK = [0, 128, 128]
SAMPLINGS = ["4:4:4", "4:2:2", "4:2:0", "4:4:0"]
SECRET = CANARY.encode() + b" Phoebe Harrington"


@pytest.fixture
def coefficients(tmp_path):
    """Reads quantised coefficients, one array per component, and the tables."""

    def read(data: bytes) -> tuple[list[Frames], Frames]:
        path = tmp_path / "one.jpg"
        path.write_bytes(data)
        image = jpeglib.read_dct(str(path))
        parts = [each for each in (image.Y, image.Cb, image.Cr) if each is not None]
        return [np.array(each) for each in parts], np.array(image.qt)

    return read


@pytest.fixture
def encoder(tmp_path):
    """Encodes with any subsampling."""

    def encode(samples: Frames, sampling: str) -> bytes:
        path: Path = tmp_path / "made.jpg"
        image = jpeglib.from_spatial(samples)
        image.samp_factor = sampling
        image.write_spatial(str(path), qt=90)
        return path.read_bytes()

    return encode


def shown(data: bytes) -> Frames:
    with PIL.Image.open(io.BytesIO(data)) as image:
        return np.asarray(image).copy()


def outside(box: Box, rows: int = ROWS, columns: int = COLUMNS) -> Frames:
    spots = np.ones((rows, columns), bool)
    clipped = box.clip(rows, columns)
    if clipped is not None:
        spots[clipped.index] = False
    return spots


# --- blank ----------------------------------------------------------------------------


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize(
    "box",
    [
        Box(33, 17, 42, 30),
        Box(32, 16, 48, 32),
        Box(0, 0, 1, 1),
        Box(95, 63, 96, 64),
        Box(0, 0, 96, 64),
        Box(-9, -9, 5, 200),
    ],
)
def test_only_blocks_that_the_box_touches_change(sampling, box, encoder, coefficients):
    data = encoder(photo(ROWS, COLUMNS), sampling)
    blanked = jpeg.blank(data, [(box, BLACK)])
    before, tables = coefficients(data)
    after, same_tables = coefficients(blanked)
    assert np.array_equal(tables, same_tables)
    clipped = box.clip(ROWS, COLUMNS)
    assert clipped is not None
    for number, (one, other) in enumerate(zip(before, after, strict=True)):
        assert one.shape == other.shape
        high = 8 * (before[0].shape[0] // one.shape[0])
        wide = 8 * (before[0].shape[1] // one.shape[1])
        for row, column in np.ndindex(one.shape[:2]):
            place = Box(column * wide, row * high, (column + 1) * wide, (row + 1) * high)
            if place.overlap(clipped):
                assert not other[row, column].ravel()[1:].any()
                assert (number > 0) == (other[row, column, 0, 0] == 0)
            else:
                assert np.array_equal(one[row, column], other[row, column])

    spots = outside(jpeg.touched(box, subsampled=sampling != "4:4:4"))
    assert np.array_equal(shown(data)[spots], shown(blanked)[spots])
    prove_black(blanked, clipped, subsampled=sampling != "4:4:4")


def prove_black(blanked: bytes, box: Box, subsampled: bool) -> None:
    """Black; where colour is subsampled, that from outside reaches a pixel into the box.

    What can be read there is luminance, and that has one value.
    """
    with PIL.Image.open(io.BytesIO(blanked)) as image:
        image.draft("YCbCr", image.size)
        luminance = np.asarray(image)[..., 0]
    assert luminance[box.index].max() <= 1
    inner = box
    if subsampled and min(box.width, box.height) > 2:
        inner = box.grow(-1, -1)
    if inner is not box or not subsampled:
        assert shown(blanked)[inner.index].max() <= 2


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 80), st.integers(0, 50), st.integers(1, 40), st.integers(1, 40))
def test_no_pixel_of_a_box_is_left_and_none_far_from_it_changes(x, y, width, height):
    box = Box(x, y, x + width, y + height)
    clipped = box.clip(ROWS, COLUMNS)
    assert clipped is not None
    for subsampling in (0, 2):
        data = image_file(photo(ROWS, COLUMNS), "JPEG", subsampling=subsampling)
        blanked = jpeg.blank(data, [(box, BLACK)])
        prove_black(blanked, clipped, subsampled=subsampling > 0)
        spots = outside(jpeg.touched(box, subsampled=subsampling > 0))
        assert np.array_equal(shown(data)[spots], shown(blanked)[spots])


@given(st.integers(-20, 90), st.integers(-20, 90), st.integers(1, 40), st.integers(1, 40))
def test_what_may_change_holds_the_box_and_whole_blocks(x, y, width, height):
    box = Box(x, y, x + width, y + height)
    for subsampled, size in ((False, 8), (True, 16)):
        may = jpeg.touched(box, subsampled)
        assert may.join(box) == may
        inner = may.grow(-2, -2) if subsampled else may
        assert not any(edge % size for edge in (inner.x0, inner.y0, inner.x1, inner.y1))
        assert may.width <= box.width + 2 * size + 2


def test_grey_pictures_stay_grey():
    for sampled in ((1, 1), (2, 2)):
        data = bytearray(image_file(photo(ROWS, COLUMNS, 1), "JPEG", quality=92))
        at = data.index(b"\xff\xc0")
        data[at + 11] = sampled[0] << 4 | sampled[1]  # means nothing for one component
        blanked = jpeg.blank(bytes(data), [(Box(9, 9, 30, 20), [255])])
        assert shown(blanked).ndim == 2
        assert shown(blanked)[9:20, 9:30].min() >= 253
        assert np.array_equal(shown(bytes(data))[24:], shown(blanked)[24:])


@pytest.mark.parametrize("quality", [1, 30, 75, 100])
@pytest.mark.parametrize("value", [0, 1, 100, 128, 200, 255])
def test_the_colour_is_that_asked_for(quality, value):
    data = image_file(photo(ROWS, COLUMNS, 1), "JPEG", quality=quality)
    blanked = shown(jpeg.blank(data, [(Box(0, 0, 96, 64), [value])]))
    assert np.ptp(blanked) == 0
    step = 1 if value in (0, 255) else 16  # the coarsest table has steps of 255 / 8
    assert abs(int(blanked[0, 0]) - value) <= step


def test_several_boxes_have_their_own_colours():
    data = image_file(photo(ROWS, COLUMNS, 1), "JPEG", quality=95)
    boxes = [(Box(0, 0, 8, 8), [30]), (Box(40, 40, 56, 48), [200])]
    blanked = shown(jpeg.blank(data, boxes))
    assert abs(int(blanked[2, 2]) - 30) <= 1
    assert abs(int(blanked[44, 50]) - 200) <= 1


@pytest.mark.parametrize("keep_rgb", [False, True])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 90)])
def test_red_green_and_blue_are_stored_as_the_stream_stores_colour(keep_rgb, colour):
    options = {"keep_rgb": True} if keep_rgb else {"subsampling": 0}
    data = image_file(photo(ROWS, COLUMNS), "JPEG", quality=98, **options)
    blanked = shown(jpeg.blank(data, [(Box(8, 8, 24, 24), colour)], rgb=True))
    assert np.abs(blanked[10, 10].astype(int) - colour).max() <= 4
    assert np.array_equal(shown(data)[32:], blanked[32:])


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("restarts", [0, 2])
def test_progressive_streams_and_restarts_are_followed(progressive, restarts):
    data = image_file(
        photo(ROWS, COLUMNS),
        "JPEG",
        progressive=progressive,
        restart_marker_blocks=restarts,
        subsampling=0,
    )
    assert restarts == 0 or b"\xff\xd0" in data
    box = Box(17, 17, 30, 30)
    blanked = jpeg.blank(data, [(box, BLACK)])
    spots = outside(jpeg.touched(box, subsampled=False))
    assert np.array_equal(shown(data)[spots], shown(blanked)[spots])
    assert shown(blanked)[box.index].max() <= 2
    assert np.array_equal(shown(jpeg.strip(data)), shown(data))


def test_nothing_to_blank_keeps_every_coefficient(coefficients):
    data = image_file(photo(), "JPEG")
    before, after = coefficients(data)[0], coefficients(jpeg.blank(data, []))[0]
    assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))


def test_metadata_does_not_come_back_with_the_blocks():
    data = with_metadata(image_file(photo(), "JPEG"), odd=False)
    assert SECRET not in jpeg.blank(data, [(Box(0, 0, 9, 9), BLACK)])
    plain = image_file(photo(), "JPEG", keep_rgb=True)
    assert b"JFIF" not in plain
    assert b"JFIF" not in jpeg.blank(plain, [(Box(0, 0, 9, 9), [0, 0, 0])])


def test_no_descriptor_is_left_open():
    data = image_file(photo(), "JPEG")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - not a folder of ours
    for each in (data, data[:200], b"no jpeg"):
        with contextlib.suppress(UnsupportedPixelsError):
            jpeg.blank(each, [(Box(0, 0, 9, 9), BLACK)])
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        SECRET,
        image_file(photo(), "PNG"),
        image_file(photo(), "JPEG", "CMYK"),
        lossless_jpeg(photo(), 8),
        image_file(photo(), "JPEG")[:300],
    ],
    ids=["empty", "start", "markers", "text", "png", "cmyk", "lossless", "cut"],
)
def test_what_cannot_be_edited_is_refused_without_a_word(data):
    with pytest.raises(UnsupportedPixelsError) as caught:
        jpeg.blank(data, [(Box(0, 0, 9, 9), BLACK)])
    assert CANARY not in repr(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


# --- strip ----------------------------------------------------------------------------


def with_metadata(data: bytes, *, odd: bool = True) -> bytes:
    """The JPEG with text in every place a JPEG has for it, reserved markers included."""
    thumbnail = b"JFIF\0\1\2\0\0\1\0\1\2\2" + (SECRET + bytes(12))[:12]
    extra = [
        segment(0xE0, thumbnail),
        segment(0xE0, b"JFXX\0\x10" + SECRET),
        segment(0xE1, b"Exif\0\0II*\0" + SECRET),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET),
        segment(0xE2, b"ICC_PROFILE\0\1\1" + SECRET),
        segment(0xE2, b"MPF\0" + SECRET),
        segment(0xED, b"Photoshop 3.0\0" + SECRET),
        *(segment(0xE0 + each, SECRET) for each in range(3, 16)),
        segment(0xFE, SECRET),
    ]
    if odd:
        extra += [segment(each, SECRET) for each in (0xF0, 0xFD, 0x02, 0xBF)]
    return data[:2] + b"".join(extra) + data[2:] + SECRET


@pytest.mark.filterwarnings("ignore")  # Pillow complains about the metadata
@pytest.mark.parametrize("options", [{}, {"keep_rgb": True}, {"progressive": True}])
def test_nothing_but_the_picture_is_kept(options):
    plain = image_file(photo(), "JPEG", **options)
    stripped = jpeg.strip(with_metadata(plain))
    assert SECRET not in stripped
    assert SECRET[:8] not in stripped
    assert stripped.endswith(b"\xff\xd9")
    assert np.array_equal(shown(stripped), shown(with_metadata(plain, odd=False)))
    assert jpeg.strip(stripped) == stripped


def test_the_picture_keeps_every_byte():
    plain = image_file(photo(), "JPEG")
    assert jpeg.strip(plain) == plain
    assert jpeg.strip(plain + b"\0\0") == plain
    assert jpeg.strip(plain + plain) == plain


def test_adobes_colour_transform_is_kept_once():
    rgb = image_file(photo(), "JPEG", keep_rgb=True)
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\0")
    data = rgb[:2] + adobe + adobe + rgb[2:]
    assert jpeg.strip(data).count(b"Adobe") == 1
    assert np.array_equal(shown(jpeg.strip(data)), shown(data))


def test_a_jfif_header_stays_without_its_thumbnail():
    data = image_file(photo(), "JPEG")
    with_thumbnail = data[:2] + segment(
        0xE0, b"JFIF\0\1\2\1\0\x48\0\x48\4\4" + (SECRET * 3)[:48]
    )
    stripped = jpeg.strip(with_thumbnail + data[20:])
    assert stripped[2:20] == b"\xff\xe0\0\x10JFIF\0\1\2\1\0\x48\0\x48\0\0"
    assert SECRET[:8] not in stripped


def test_fill_bytes_between_segments_are_allowed():
    data = image_file(photo(), "JPEG")
    filled = data[:2] + b"\xff\xff" + data[2:]
    assert np.array_equal(shown(jpeg.strip(filled)), shown(data))


def test_text_between_segments_is_refused():
    data = image_file(photo(), "JPEG")
    with pytest.raises(UnsupportedPixelsError):
        jpeg.strip(data[:20] + SECRET + data[20:])


@pytest.mark.parametrize("data", [b"", b"\xff", b"GIF89a", b"\xff\xd8", b"\xff\xd8\xff"])
def test_no_jpeg_is_refused(data):
    for treat in (jpeg.strip, jpeg.precision):
        with pytest.raises(UnsupportedPixelsError):
            treat(data)


def test_a_stream_cut_off_anywhere_is_refused():
    data = image_file(photo(), "JPEG")
    for size in range(len(data) - 1):
        with pytest.raises(UnsupportedPixelsError):
            jpeg.strip(data[:size])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_is_refused_or_stripped_and_always_ends(data):
    damaged = bytearray(with_metadata(image_file(photo(16, 16), "JPEG")))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(UnsupportedPixelsError):
        assert len(jpeg.strip(bytes(damaged))) <= len(damaged)


# --- what a stream says of itself -----------------------------------------------------


@pytest.mark.parametrize("precision", [8, 12, 16])
def test_the_precision_and_size_of_lossless_streams(precision):
    stream = lossless_jpeg(np.zeros((9, 17), np.uint16), precision)
    assert jpeg.precision(stream) == precision
    assert jpeg.size(stream) == (9, 17)


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_the_precision_and_size_of_other_streams(options):
    stream = with_metadata(image_file(photo(40, 56), "JPEG", **options))
    assert jpeg.precision(stream) == 8
    assert jpeg.size(stream) == (40, 56)


@pytest.mark.parametrize(
    "stream",
    [b"", SECRET, b"\xff\xd8\xff\xd9", b"\xff\x4f\xff\x51", b"\xff\xd8\xff\xc0\0\2"],
)
def test_a_stream_may_say_nothing_of_its_size(stream):
    assert jpeg.size(stream) is None
