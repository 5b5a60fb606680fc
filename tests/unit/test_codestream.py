"""Remarks in compressed frames: none stays, and no coded pixel changes."""

import contextlib
import io
import struct

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.pixels import get_encoder
from pydicom.uid import (
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
)

from maskray.codestream import without_remarks
from maskray.errors import UnsupportedPixelsError
from maskray.open import open_instance
from maskray.pixels import decode, only_pixels, pixel_format
from maskray.settings import LimitSettings
from tests.unit import builders

SECRET = b"DOE^JOHN 1950-01-01"
PIXELS = builders.random_frames((1, 40, 56), 8)[0]


def saved(kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    PIL.Image.fromarray(PIXELS).save(stream, kind, **options)
    return stream.getvalue()


def shown(data: bytes) -> np.ndarray:
    return np.asarray(PIL.Image.open(io.BytesIO(data)))


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def jpeg_ls() -> bytes:
    return get_encoder(JPEGLSLossless).encode(
        PIXELS,
        rows=40,
        columns=56,
        samples_per_pixel=1,
        bits_allocated=8,
        bits_stored=8,
        pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
        number_of_frames=1,
    )


J2K = saved("JPEG2000", no_jp2=True)
JP2 = saved("JPEG2000")
JPEG = saved("JPEG")
MAIN = 2 + 2 + struct.unpack(">H", J2K[4:6])[0]
"""Where the main header of the codestream has its second segment."""


def in_tile(body: bytes) -> bytes:
    """A codestream with a segment in the header of its only tile-part."""
    at = J2K.index(b"\xff\x90\x00\x0a")
    size = struct.unpack(">I", J2K[at + 6 : at + 10])[0]
    start = struct.pack(">I", size + len(body))
    return J2K[: at + 6] + start + J2K[at + 10 : at + 12] + body + J2K[at + 12 :]


CARRIED = {
    "a comment": JPEG[:2] + segment(0xFE, SECRET) + JPEG[2:],
    "EXIF": JPEG[:2] + segment(0xE1, b"Exif\0\0" + SECRET) + JPEG[2:],
    "a preview": JPEG[:2] + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\2\2" + SECRET) + JPEG[2:],
    "a second preview": JPEG[:20] + segment(0xE0, b"JFXX\0\x10" + SECRET) + JPEG[20:],
    "before the scan": JPEG.replace(b"\xff\xda", segment(0xFE, SECRET) + b"\xff\xda", 1),
    "after the image": JPEG + b"\0" + SECRET,
    "JPEG-LS": jpeg_ls()[:2] + segment(0xFE, SECRET) + jpeg_ls()[2:],
    "after JPEG-LS": jpeg_ls() + SECRET,
    "JPEG 2000": J2K[:MAIN] + segment(0x64, b"\0\1" + SECRET) + J2K[MAIN:],
    "a tile of JPEG 2000": in_tile(segment(0x64, b"\0\1" + SECRET)),
    "after JPEG 2000": J2K + SECRET,
    "a box": JP2[:32] + box(b"xml ", SECRET) + JP2[32:],
    "a large box": JP2[:32] + struct.pack(">I4sQ", 1, b"uuid", 35) + SECRET + JP2[32:],
    "a box at the end": JP2[:-4] + JP2[-4:] + box(b"xml ", SECRET),
}


@pytest.mark.parametrize("frame", CARRIED.values(), ids=CARRIED)
def test_what_is_carried_beside_the_pixels_is_overwritten(frame):
    assert SECRET in frame
    cleared = without_remarks(frame)
    assert SECRET[:4] not in cleared
    assert len(cleared) == len(frame)
    if frame.startswith(jpeg_ls()[:2]) and not frame.startswith(JPEG[:4]):
        return
    assert np.array_equal(shown(cleared), shown(frame))


@pytest.mark.parametrize(
    "frame",
    [
        JPEG,
        J2K,
        JP2,
        jpeg_ls(),
        JPEG + b"\0",
        JPEG[:2] + segment(0xEE, b"Adobe\0d\0\0\0\0\0") + JPEG[2:],
        JPEG[:2] + segment(0xFE, b"LEAD Technologies Inc. V1.01") + JPEG[2:],
        J2K[:MAIN] + segment(0x64, b"\0\1Kakadu-v7.10.2") + J2K[MAIN:],
        b"\1\0\0\0" + SECRET,  # RLE has no room for remarks
    ],
)
def test_nothing_else_is_touched(frame):
    assert without_remarks(frame) is frame


def test_a_mark_says_nothing_but_the_encoder():
    for secret in (
        b"Kakadu for Doe",
        b"version 19500101",
        b"01/02/50",
        b"Kakadu 01/02/50",
        b"Kakadu-v7.10.2 123-456-78",
        b"\x8f\x91\xa0\xf7",
    ):
        frame = J2K[:MAIN] + segment(0x64, b"\0\1" + secret) + J2K[MAIN:]
        assert secret not in without_remarks(frame)


@pytest.mark.parametrize("frame", [JPEG, JP2, CARRIED["JPEG-LS"]])
def test_what_cannot_be_followed_is_refused(frame):
    with pytest.raises(UnsupportedPixelsError):
        without_remarks(frame[: len(frame) // 2])


def test_a_remark_that_is_cut_off_is_refused():
    frame = next(each for each in CARRIED.values() if each.startswith(b"\xff\x4f\xff\x51"))
    start = frame.index(b"\xff\x64")
    with pytest.raises(UnsupportedPixelsError):
        without_remarks(frame[: start + 6] + b"Somebody")


@given(st.sampled_from(list(CARRIED.values())), st.data())
def test_broken_frames_end_in_one_way(frame, data):
    at = data.draw(st.integers(2, len(frame) - 1))
    broken = bytearray(frame[: data.draw(st.integers(at + 1, len(frame)))])
    broken[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(UnsupportedPixelsError):
        assert len(without_remarks(bytes(broken))) == len(broken)


# --- in an instance -------------------------------------------------------------------


def bare(shown: Dataset) -> Dataset:
    instance = open_instance(builders.written(shown), LimitSettings())
    return only_pixels(instance.dataset, instance.pixels)


def samples(dataset: Dataset) -> list[np.ndarray]:
    found = pixel_format(dataset, LimitSettings())
    return [frame.samples for frame in decode(dataset, found)]


@pytest.mark.parametrize(
    ("syntax", "frame"),
    [
        (JPEGBaseline8Bit, CARRIED["a comment"]),
        (JPEGLSLossless, CARRIED["JPEG-LS"]),
        (JPEG2000Lossless, CARRIED["a tile of JPEG 2000"]),
        (JPEG2000Lossless, CARRIED["a box"]),
    ],
)
def test_an_instance_keeps_its_pixels_and_loses_the_rest(syntax, frame):
    plain = JPEG if syntax == JPEGBaseline8Bit else frame
    two = builders.dataset(
        np.stack([PIXELS, PIXELS]), syntax=syntax, streams=[plain, frame]
    )
    cleared = bare(two)
    assert SECRET in two.PixelData
    assert SECRET not in cleared.PixelData
    assert np.array_equal(samples(cleared), samples(two))


@pytest.mark.parametrize(
    "made",
    [
        builders.dataset(builders.random_frames((3, 5, 7), 8)),
        builders.dataset(PIXELS[None], syntax=JPEGBaseline8Bit, streams=[JPEG]),
        builders.dataset(PIXELS[None], syntax=JPEG2000Lossless, streams=[J2K]),
    ],
)
def test_an_instance_without_remarks_keeps_every_byte(made):
    instance = open_instance(builders.written(made), LimitSettings())
    assert only_pixels(instance.dataset, instance.pixels) is instance.dataset
