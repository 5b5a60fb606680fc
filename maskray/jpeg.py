"""JPEG without a second generation: blocks are blanked in the coefficients.

Blocks that no box touches keep their coefficients, so nothing outside changes but for
the decoder's interpolation of subsampled colour at the very edge of a blanked block.
"""

import contextlib
import math
import os
import struct
from collections.abc import Iterable, Iterator, Sequence

import jpeglib
import numpy as np

from maskray.codestream import segments
from maskray.errors import UnsupportedPixelsError
from maskray.geometry import Box

_COLOUR_SPACES = frozenset({"JCS_YCbCr", "JCS_RGB", "JCS_GRAYSCALE"})
_IMAGE = frozenset(range(0xC0, 0xE0))
"""Markers that say how pixels are coded (ITU-T T.81, table B.1)."""
_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOF55 = 0xF7  # of JPEG-LS
_APP0, _APP14 = 0xE0, 0xEE


def blank(
    data: bytes, boxes: Iterable[tuple[Box, Sequence[int]]], *, rgb: bool = False
) -> bytes:
    """The same JPEG with all blocks that a box touches set to one colour.

    Args:
        data: A JPEG stream with 8-bit samples, sequential or progressive.
        boxes: Native pixels, each with the value (0 to 255) of every component as it
            is stored. Luminance is blanked in whole blocks of 8 x 8 pixels, subsampled
            colour in the blocks of 16 x 16 (or 16 x 8) it is stored in.
        rgb: The values are red, green and blue however the stream stores colour.

    Raises:
        UnsupportedPixelsError: If the stream is not one libjpeg can rewrite.
    """
    wanted = list(boxes)
    try:
        with _in_memory(data) as path:
            image = jpeglib.read_dct(path)
        if rgb and image.jpeg_color_space.name == "JCS_YCbCr":
            wanted = [(box, _ycbcr(*colour)) for box, colour in wanted]
        _blank_components(image, wanted)
        with _in_memory(b"") as path:
            image.write_dct(path)
            with open(path, "rb") as stream:  # noqa: PTH123 - a descriptor, not a file
                return strip(stream.read(), like=data)
    except UnsupportedPixelsError:
        raise
    except Exception:  # noqa: BLE001 - libjpeg's wrapper raises anything
        raise UnsupportedPixelsError("the JPEG cannot be edited", "not_encodable") from None


def touched(box: Box, subsampled: bool) -> Box:
    """All pixels that :func:`blank` may change for a box (not clipped).

    Whole blocks, and where colour is subsampled two pixels more: decoders interpolate.
    """
    size = 16 if subsampled else 8
    aligned = Box(
        box.x0 // size * size,
        box.y0 // size * size,
        -(-box.x1 // size) * size,
        -(-box.y1 // size) * size,
    )
    return aligned.grow(2, 2) if subsampled else aligned


def strip(data: bytes, like: bytes | None = None) -> bytes:
    """The stream without comments and application segments, and without a tail.

    Kept are one JFIF header (without its thumbnail) and one Adobe segment, which say
    how colour is coded; with ``like`` only where that stream has them too.

    Raises:
        UnsupportedPixelsError: If the segments cannot be followed.
    """
    kept = [b"\xff\xd8"]
    wanted = {_role(*each) for each in _segments(data if like is None else like)}
    for marker, segment in _segments(data):
        role = _role(marker, segment)
        if role == "JFIF" and role in wanted:
            kept.append(b"\xff\xe0\x00\x10" + segment[4:16] + b"\0\0")
        elif role == "image" or (role == "Adobe" and role in wanted):
            kept.append(segment)
        wanted -= {role} - {"image"}
    return b"".join(kept)


def precision(data: bytes) -> int:
    """Bits per sample of a JPEG stream of any process (ITU-T T.81 B.2.2).

    Raises:
        UnsupportedPixelsError: If no frame header can be found.
    """
    for marker, segment in _segments(data):
        if marker in _FRAME and len(segment) > 4:
            return segment[4]
    raise UnsupportedPixelsError("a JPEG stream without a frame", "not_decodable")


def size(data: bytes) -> tuple[int, int] | None:
    """Rows and columns that a JPEG, JPEG-LS or JPEG 2000 stream says it holds.

    ``None`` if it does not say. Decoders believe it before they see the data.
    """
    if data.startswith(b"\xff\x4f\xff\x51") and len(data) >= 24:
        right, bottom, left, top = struct.unpack(">4I", data[8:24])
        return bottom - top, right - left
    with contextlib.suppress(UnsupportedPixelsError):
        for marker, segment in _segments(data):
            if (marker in _FRAME or marker == _SOF55) and len(segment) >= 9:
                rows, columns = struct.unpack(">2H", segment[5:9])
                return (rows, columns) if rows else None
    return None


def _role(marker: int, segment: bytes) -> str:
    if marker == _APP0 and segment[4:9] == b"JFIF\0":
        return "JFIF"
    if marker == _APP14 and segment[4:9] == b"Adobe":
        return "Adobe"
    return "image" if marker in _IMAGE else "other"


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of each segment after SOI; scans hold their entropy data."""
    for marker, start, end in segments(data):
        yield marker, data[start:end]


def _blank_components(
    image: jpeglib.DCTJPEG, boxes: list[tuple[Box, Sequence[int]]]
) -> None:
    if image.jpeg_color_space.name not in _COLOUR_SPACES:
        raise UnsupportedPixelsError("JPEG colour space", "photometric")
    factors = np.asarray(image.samp_factor).reshape(-1, 2)
    tables = np.asarray(image.qt)
    for number, blocks in enumerate((image.Y, image.Cb, image.Cr)):
        if blocks is None:
            continue
        step = int(tables[image.quant_tbl_no[number]][0, 0])
        tall = 8 * int(factors[:, 0].max()) // int(factors[number, 0])
        wide = 8 * int(factors[:, 1].max()) // int(factors[number, 1])
        for box, colour in boxes:
            rows = slice(max(box.y0, 0) // tall, -(-box.y1 // tall))
            columns = slice(max(box.x0, 0) // wide, -(-box.x1 // wide))
            blocks[rows, columns] = 0
            blocks[rows, columns, 0, 0] = _dc(int(colour[number]), step)


def _ycbcr(red: int, green: int, blue: int) -> list[int]:
    """The components of a colour (ITU-T T.871, clause 7)."""
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue
    blueness = 128 + (blue - luminance) / 1.772
    redness = 128 + (red - luminance) / 1.402
    return [min(round(each), 255) for each in (luminance, blueness, redness)]


def _dc(value: int, step: int) -> int:
    """The quantised DC coefficient of a flat block (ITU-T T.81 A.3.3)."""
    exact = 8 * (value - 128) / step
    if value in (0, 255):  # rounded outwards: decoders clamp
        return math.floor(exact) if value == 0 else math.ceil(exact)
    return round(exact)


@contextlib.contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """A path to bytes that never reach a disk: libjpeg's wrapper wants a file."""
    descriptor = os.memfd_create("jpeg")
    try:
        with open(descriptor, "wb", closefd=False) as stream:
            stream.write(data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
