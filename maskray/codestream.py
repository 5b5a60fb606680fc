"""What a compressed frame carries beside its pixels: comments, previews, metadata.

It may name a patient, or show the frame as it was before masking. It is overwritten with
zeros where it stands, so that no length, no offset and no coded pixel changes. What says
how pixels are coded stays, and so do the names of encoders.

JPEG and JPEG-LS are described in ITU-T T.81 annex B and T.87 annex C, JPEG 2000 in
ITU-T T.800 annexes A and I.
"""

import re
import struct
from collections.abc import Iterator, Sequence

from maskray.errors import UnsupportedPixelsError

Span = tuple[int, int]
"""Half-open range of bytes."""

_SOI, _EOI, _SOS, _COM, _SOF55 = 0xD8, 0xD9, 0xDA, 0xFE, 0xF7
_APP = range(0xE0, 0xF0)
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_STRUCTURE = {b"JFIF\0": 12, b"Adobe": 12, b"SPIFF\0": 30, b"mrfx": 5}
"""Beginnings of application segments, and how many bytes of these describe the coding."""
_SPIFF_END = b"\0\0\0\1\xff\xd8"

_J2K, _JP2 = b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n"
_J2K_COM, _SOT, _SOD = 0x64, 0x90, 0x93
_BOXES = frozenset({b"jP  ", b"ftyp", b"jp2h", b"rreq", b"res "})
"""Boxes that describe the coding."""

_ENCODERS = frozenset(
    "CHARLS GDCM IJG JASPER KAKADU LEAD LEADTOOLS LIBJPEG LJIF OPENJPEG OPENJPH".split()
)
_MARKS = _ENCODERS | set("TECHNOLOGIES CREATED CREATOR BY VERSION VER INC V".split())
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d[\d.]*")
_VERSION = re.compile(r"\d{1,3}(\.\d{1,3}){1,2}\.?")


def without_remarks(frame: bytes) -> bytes:
    """The same frame, what it carries beside its pixels set to zero.

    Frames that are neither JPEG, JPEG-LS nor JPEG 2000 are given back as they are.

    Raises:
        UnsupportedPixelsError: If the stream cannot be followed.
    """
    if frame.startswith(b"\xff\xd8"):
        spans = _in_jpeg(frame)
    elif frame.startswith(_J2K):
        spans = _in_codestream(frame, 0, len(frame))
    elif frame.startswith(_JP2):
        spans = _in_boxes(frame)
    else:
        return frame
    try:
        found = [(start, end) for start, end in spans if any(frame[start:end])]
    except (struct.error, IndexError):
        raise UnsupportedPixelsError("a frame is cut off", "not_decodable") from None
    if any(end > len(frame) for _, end in found):
        raise UnsupportedPixelsError("a frame is cut off", "not_decodable")
    if not found:
        return frame
    cleared = bytearray(frame)
    for start, end in found:
        cleared[start:end] = bytes(end - start)
    return bytes(cleared)


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment of JPEG or JPEG-LS after SOI.

    Scans hold their entropy coded data.

    Raises:
        UnsupportedPixelsError: If they cannot be followed to the end of the image.
    """
    if data[:2] != b"\xff\xd8":
        raise UnsupportedPixelsError("not a JPEG stream", "not_decodable")
    at, stuffed = 2, 0x00
    while at + 4 <= len(data) or data[at : at + 2] == b"\xff\xd9":
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == _EOI:
            yield marker, at, at + 2
            return
        end = at + 2
        if marker not in _STANDALONE:
            end += int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOF55:
            stuffed = 0x7F
        if marker == _SOS:
            end = _scan_end(data, end, stuffed)
        yield marker, at, end
        at = end
    raise UnsupportedPixelsError("the JPEG stream is cut off", "not_decodable")


def _scan_end(data: bytes, at: int, stuffed: int) -> int:
    """Where entropy coded data ends: the next marker that is no restart.

    After 0xFF there stands a zero byte in JPEG, and a zero bit in JPEG-LS.
    """
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise UnsupportedPixelsError("the JPEG scan is cut off", "not_decodable")
        if data[at + 1] <= stuffed or 0xD0 <= data[at + 1] <= 0xD7:
            at += 2
        else:
            return at


def _in_jpeg(data: bytes) -> Iterator[Span]:
    last = 0
    for marker, start, last in segments(data):
        if marker == _COM or marker in _APP:
            yield from _unless_known(data, start + 4, last)
    yield from _tail(data, last, len(data))


def _tail(data: bytes, start: int, end: int) -> Iterator[Span]:
    """What follows the image; a single byte pads it to an even length."""
    if end - start > 1:
        yield start, end


def _unless_known(data: bytes, start: int, end: int) -> Iterator[Span]:
    """The span of a remark, but for what describes the coding; none for a known mark."""
    body = data[start:end]
    if body == _SPIFF_END or _is_mark(body):
        return
    for beginning, length in _STRUCTURE.items():
        if body.startswith(beginning):
            start += length
    yield start, max(start, end)


def _is_mark(body: bytes) -> bool:
    """Whether a remark says nothing but which encoder made it."""
    text = body.decode("latin-1").upper()
    words, numbers = set(_WORD.findall(text)), _NUMBER.findall(text)
    named = bool(words & _ENCODERS) and words <= _MARKS
    return named and (not numbers or _is_version(numbers))


def _is_version(numbers: Sequence[str]) -> bool:
    return len(numbers) == 1 and _VERSION.fullmatch(numbers[0]) is not None


def _in_codestream(data: bytes, start: int, end: int) -> Iterator[Span]:
    """Of JPEG 2000: comments in the main header and in those of tile-parts."""
    at, tile_end = start + 2, 0
    while at + 2 <= end and data[at : at + 2] != b"\xff\xd9":
        prefix, marker, length = struct.unpack_from(">BBH", data, at)
        following = at + 2 + length
        if marker == _SOD and tile_end > at:
            following = tile_end
        elif prefix != 0xFF or marker == _SOD or length < 2:
            raise UnsupportedPixelsError("a frame's segments", "not_decodable")
        if marker == _SOT:
            (size,) = struct.unpack_from(">I", data, at + 6)
            tile_end = min(at + size, end) if size else _last_end(data, at, end)
        elif marker == _J2K_COM:
            yield from _unless_known(data, at + 6, following)
        at = following
    yield from _tail(data, at + 2, end)


def _last_end(data: bytes, start: int, end: int) -> int:
    """Where the last tile-part ends, if it does not say."""
    found = data.rfind(b"\xff\xd9", start, end)
    return end if found < 0 else found


def _in_boxes(data: bytes) -> Iterator[Span]:
    """Of a JP2 file: all boxes but those that describe the coding, and the codestream's."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, body)
            body += 8
        end = at + length if length else len(data)
        if end < body or end > len(data):
            raise UnsupportedPixelsError("a frame's boxes", "not_decodable")
        if kind == b"jp2c":
            yield from _in_codestream(data, body, end)
        elif kind not in _BOXES:
            yield body, end
        at = end
    yield from _tail(data, at, len(data))
