"""Step 11, write: an instance → the bytes of the file that may be released."""

import io

import numpy as np
import PIL.Image
import pydicom

from maskray import jpeg
from maskray.errors import OutputError, RedactionError, UnsupportedPixelsError
from maskray.geometry import Box
from maskray.open import Instance, Kind
from maskray.pixels import Samples, decode

SUFFIX = {Kind.DICOM: ".dcm", Kind.PNG: ".png", Kind.JPEG: ".jpg"}
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {
    b"IHDR": 13,
    b"PLTE": 768,
    b"IDAT": 2**31,
    b"tRNS": 256,
    b"sRGB": 1,
    b"gAMA": 4,
    b"cHRM": 32,
    b"sBIT": 4,
}
"""Chunks that say how pixels look, with the most bytes they hold; all others (text,
time, EXIF, profiles) go."""
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_ORIENTATION = 0x0112


def encode(instance: Instance) -> bytes:
    """The bytes of a DICOM file (PS3.10), preamble and file meta included.

    Raises:
        OutputError: If the dataset cannot be written.
    """
    buffer = io.BytesIO()
    try:
        pydicom.dcmwrite(buffer, instance.dataset, enforce_file_format=True)
    except Exception:  # noqa: BLE001 - pydicom raises anything, with values
        raise OutputError("the dataset cannot be encoded", "not_encodable") from None
    return buffer.getvalue()


def encode_image(instance: Instance, boxes: tuple[Box, ...]) -> bytes:
    """The bytes of a PNG or JPEG without metadata, the boxes masked.

    A JPEG keeps all blocks that no box touches; a PNG is encoded anew only if something
    was masked. Orientation is kept, since it changes what is seen.

    Raises:
        OutputError: If the image cannot be encoded.
        UnsupportedPixelsError: If a JPEG cannot be edited.
    """
    if instance.kind is Kind.JPEG:
        return _with_orientation(_jpeg(instance, boxes), instance.data)
    if not boxes:
        return strip_png(instance.data)
    return _png(instance)


def _jpeg(instance: Instance, boxes: tuple[Box, ...]) -> bytes:
    if not boxes:
        return jpeg.strip(instance.data)
    frame = next(decode(instance.dataset, instance.pixels))
    coloured = [(box, _colour(frame.samples, box)) for box in boxes]
    return jpeg.blank(instance.data, coloured, rgb=frame.samples.ndim == 3)


def _colour(samples: Samples, box: Box) -> list[int]:
    """The box's masked colour."""
    inside = box.clip(*samples.shape[:2])
    if inside is None:
        raise RedactionError("a region lies outside the frame", "empty_region")
    value = samples[inside.y0, inside.x0]
    return [int(each) for each in np.atleast_1d(value)]


def _png(instance: Instance) -> bytes:
    frame = next(decode(instance.dataset, instance.pixels))
    with PIL.Image.open(io.BytesIO(instance.data), formats=["PNG"]) as original:
        mode, palette = original.mode, original.getpalette()
        transparency = original.info.get("transparency")
    image = PIL.Image.fromarray(frame.samples)
    options: dict[str, object] = {}
    if mode == "P" and palette is not None:
        image = PIL.Image.fromarray(frame.samples, mode="L")
        image.putpalette(palette)
        if transparency is not None:
            options["transparency"] = transparency
    elif instance.alpha is not None:
        image.putalpha(PIL.Image.fromarray(instance.alpha))
    elif mode == "1":
        image = image.convert("1", dither=PIL.Image.Dither.NONE)
    buffer = io.BytesIO()
    try:
        image.save(buffer, "PNG", **options)
    except (OSError, ValueError):
        raise OutputError("the image cannot be encoded", "not_encodable") from None
    return buffer.getvalue()


def strip_png(data: bytes) -> bytes:
    """The PNG without metadata; its image data keeps every byte.

    Raises:
        UnsupportedPixelsError: If the chunks cannot be followed.
    """
    kept = [_PNG_SIGNATURE]
    at = len(_PNG_SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            break
        if length <= _PNG_KEPT.get(kind, -1):
            kept.append(data[at:end])
        if kind == b"IEND":
            return b"".join(kept) + _PNG_END
        at = end
    raise UnsupportedPixelsError("the PNG stream is cut off", "not_decodable")


def _with_orientation(stream: bytes, original: bytes) -> bytes:
    """Adds an EXIF segment that holds the orientation and nothing else."""
    try:
        with PIL.Image.open(io.BytesIO(original), formats=["JPEG"]) as image:
            orientation = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - a broken EXIF segment raises anything
        orientation = 1
    if orientation not in range(2, 9):
        return stream
    exif = PIL.Image.Exif()
    exif[_ORIENTATION] = int(orientation)
    body = exif.tobytes()
    segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    return stream[:2] + segment + stream[2:]
