"""Stored values: decoded frame by frame, and written back with regions masked.

Canonical axes of a frame are (rows, columns) for one sample per pixel and
(rows, columns, samples) for colour; the values are those that the decoder yields, in
the stored type, without colour conversion. Writing back keeps every byte it can:
native pixel data is edited in place, encapsulated frames that are not touched keep
their fragments, 8-bit JPEG is edited in its coefficients.
"""

import copy as copying
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydicom import DataElement, Dataset
from pydicom.encaps import (
    encapsulate,
    encapsulate_extended,
    generate_fragments,
    generate_frames,
    parse_basic_offsets,
)
from pydicom.pixels import apply_color_lut, get_decoder, get_encoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from maskray import jpeg
from maskray.codestream import without_remarks
from maskray.errors import InputError, RedactionError, UnsupportedPixelsError
from maskray.geometry import Box
from maskray.settings import LimitSettings

Samples = npt.NDArray[Any]
Fill = Literal["black", "background"]

PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_BITS_ALLOCATED = {
    "PixelData": (1, 8, 16, 32),
    "FloatPixelData": (32,),
    "DoubleFloatPixelData": (64,),
}
GREY = frozenset({"MONOCHROME1", "MONOCHROME2"})
PHOTOMETRIC = GREY | {
    "PALETTE COLOR",
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_ICT",
    "YBR_RCT",
}
"""PS3.3 C.7.6.3.1.2 without the retired and the video-only ones."""

# Same transfer syntax, reversible encoder here: frames can be replaced one by one.
REENCODE: Mapping[str, UID] = {
    RLELossless: RLELossless,
    JPEGLSLossless: JPEGLSLossless,
    JPEGLSNearLossless: JPEGLSNearLossless,
    JPEG2000Lossless: JPEG2000Lossless,
    JPEG2000: JPEG2000Lossless,
}
_LOSSY = frozenset(
    {JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless, JPEG2000, HTJ2K}
)
_JPEG = frozenset({JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1})
_STREAM_STARTS = (b"\xff\xd8", b"\xff\x4f")
"""First bytes of a JPEG or JPEG-LS, and of a JPEG 2000 stream."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """The Image Pixel module of an instance, checked (PS3.3 C.7.6.3)."""

    keyword: str
    """The element that holds the pixels: one of ``PIXEL_KEYWORDS``."""
    transfer_syntax: UID
    photometric: str
    frames: int
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    planar: bool
    """Whether native colour is stored plane by plane (PlanarConfiguration 1)."""

    @property
    def encapsulated(self) -> bool:
        """Whether the transfer syntax compresses frames."""
        return bool(self.transfer_syntax.is_encapsulated)

    @property
    def frame_pixels(self) -> int:
        """Rows x Columns."""
        return self.rows * self.columns


def pixel_format(dataset: Dataset, limits: LimitSettings) -> PixelFormat:
    """The checked format of an instance's pixels.

    Raises:
        InputError: ``no_pixels`` without pixel data, ``too_large`` beyond the limits.
        UnsupportedPixelsError: If the description is missing, absurd or not supported.
    """
    keyword = next((each for each in PIXEL_KEYWORDS if each in dataset), None)
    if keyword is None:
        raise InputError("the instance holds no pixel data", "no_pixels", "open")
    syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
    if syntax is None or not UID(syntax).is_transfer_syntax:
        raise UnsupportedPixelsError("unknown transfer syntax", "unknown_transfer_syntax")
    found = _described(dataset, keyword, UID(syntax))
    _check(found, limits)
    _check_data(dataset, found)
    return found


def _described(dataset: Dataset, keyword: str, syntax: UID) -> PixelFormat:
    is_float = keyword != "PixelData"
    try:
        bits_allocated = int(dataset.BitsAllocated)
        return PixelFormat(
            keyword=keyword,
            transfer_syntax=syntax,
            photometric=str(dataset.PhotometricInterpretation).strip().upper(),
            frames=int(dataset.get("NumberOfFrames") or 1),
            rows=int(dataset.Rows),
            columns=int(dataset.Columns),
            samples=int(dataset.get("SamplesPerPixel") or 1),
            bits_allocated=bits_allocated,
            bits_stored=bits_allocated if is_float else int(dataset.BitsStored),
            signed=is_float or bool(int(dataset.get("PixelRepresentation") or 0)),
            planar=bool(int(dataset.get("PlanarConfiguration") or 0)),
        )
    except Exception:  # noqa: BLE001 - pydicom raises anything on broken values
        raise UnsupportedPixelsError(
            "the image pixel description is incomplete", "bad_pixel_description"
        ) from None


def _check(found: PixelFormat, limits: LimitSettings) -> None:
    sane = (
        found.rows > 0
        and found.columns > 0
        and found.frames > 0
        and found.samples in (1, 3)
        and found.bits_allocated in _BITS_ALLOCATED[found.keyword]
        and 0 < found.bits_stored <= found.bits_allocated
    )
    if not sane:
        raise UnsupportedPixelsError("absurd pixel description", "bad_pixel_description")
    if found.photometric not in PHOTOMETRIC:
        raise UnsupportedPixelsError("unknown photometric interpretation", "photometric")
    if (found.photometric in GREY | {"PALETTE COLOR"}) != (found.samples == 1):
        raise UnsupportedPixelsError("samples do not fit", "bad_pixel_description")
    if found.bits_allocated == 1 and found.samples > 1:
        raise UnsupportedPixelsError("colour in single bits", "bad_pixel_description")
    size = found.frame_pixels * found.samples * max(found.bits_allocated // 8, 1)
    if (
        found.frame_pixels > limits.max_frame_pixels
        or found.frames > limits.max_frames
        or size * found.frames > limits.max_instance_bytes
    ):
        raise InputError("more pixels than the limits allow", "too_large", "open")


def _check_data(dataset: Dataset, found: PixelFormat) -> None:
    """Refuses what a decoder passes over: it would be released without being seen."""
    if sum(each in dataset for each in PIXEL_KEYWORDS) > 1:
        raise UnsupportedPixelsError("two kinds of pixel data", "bad_pixel_description")
    if found.encapsulated and found.transfer_syntax != RLELossless:
        return
    try:
        high_bit = dataset.get("HighBit")
        shifted = high_bit is not None and int(high_bit) != found.bits_stored - 1
        value = bytes(dataset[found.keyword].value)
    except Exception:  # noqa: BLE001 - pydicom raises anything on broken values
        raise UnsupportedPixelsError(
            "the image pixel description is incomplete", "bad_pixel_description"
        ) from None
    if shifted and found.keyword == "PixelData":
        raise UnsupportedPixelsError("shifted stored values", "bad_pixel_description")
    length = _native_length(found)
    if not found.encapsulated and value[length + length % 2 :].strip(b"\0"):
        raise UnsupportedPixelsError("more pixel data than described", "excess_pixels")


def _native_length(found: PixelFormat) -> int:
    """Bytes of all frames where they are native, without the padding."""
    samples = 2 if found.photometric == "YBR_FULL_422" else found.samples
    return -(-found.frames * found.frame_pixels * samples * found.bits_allocated // 8)


@dataclass(frozen=True, slots=True, eq=False)
class StoredFrame:
    """One decoded frame.

    ``samples`` has shape (rows, columns) or (rows, columns, 3) in the stored type.
    ``photometric`` is that of these values: JPEG 2000 is decoded to RGB, say.
    """

    index: int
    samples: Samples
    photometric: str


def decode(
    dataset: Dataset, found: PixelFormat, indices: Iterable[int] | None = None
) -> Iterator[StoredFrame]:
    """Frames in ascending order, or those named, decoded one at a time.

    Raises:
        UnsupportedPixelsError: If a frame cannot be decoded completely.
    """
    wanted = None if indices is None else list(indices)
    if wanted == []:
        return
    try:
        if wanted is None and found.encapsulated:
            _check_fragments(dataset, found)
        frames = _decoded(dataset, found, wanted)
        count = 0
        for position, (samples, meta) in enumerate(frames):
            index = position if wanted is None else wanted[position]
            photometric = str(meta["photometric_interpretation"])
            if photometric == "YBR_FULL_422":
                photometric = "YBR_FULL"  # the decoder has undone the subsampling
            count += 1
            yield StoredFrame(index, _in_stored_type(samples, found), photometric)
    except UnsupportedPixelsError:
        raise
    except BaseException as error:
        # Decoder plugins raise anything, with values; a panic in Rust is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise UnsupportedPixelsError("a frame cannot be decoded", "not_decodable") from None
    if count != (found.frames if wanted is None else len(wanted)):
        raise UnsupportedPixelsError("frames are missing", "frames_missing")


def _decoded(
    dataset: Dataset, found: PixelFormat, wanted: list[int] | None
) -> Iterator[tuple[Samples, Any]]:
    if found.photometric == "YBR_FULL_422" and not found.encapsulated:
        return _decode_422(dataset, found, wanted)
    if found.bits_allocated == 1 and not found.encapsulated:
        return _decode_bits(dataset, found, wanted)
    decoder = get_decoder(found.transfer_syntax)
    if found.encapsulated and found.samples > 1:
        # What the header says of planes holds for native data only (PS3.5 8.2).
        return decoder.iter_array(dataset, indices=wanted, raw=True, planar_configuration=0)
    return decoder.iter_array(dataset, indices=wanted, raw=True)


def _in_stored_type(samples: Samples, found: PixelFormat) -> Samples:
    """The frame in the allocated type: some decoders give the smallest that does."""
    stored = np.dtype(np.uint8) if found.bits_allocated == 1 else _dtype(found, big=False)
    if samples.shape[:2] != (found.rows, found.columns) or samples.itemsize > (
        stored.itemsize
    ):
        raise UnsupportedPixelsError("a frame has another size", "frame_size")
    return samples.astype(stored, copy=False)


def _check_fragments(dataset: Dataset, found: PixelFormat) -> None:
    """Refuses frames that the header does not describe.

    Those that NumberOfFrames does not count nobody would look at; those that say they
    are large take the memory for it before they turn out not to be.
    """
    stream = io.BytesIO(dataset.PixelData)
    parse_basic_offsets(stream)
    rle = found.transfer_syntax == RLELossless
    frames = 0
    for fragment in generate_fragments(stream):
        frames += rle or fragment.startswith(_STREAM_STARTS)
        if jpeg.size(fragment) not in (None, (found.rows, found.columns)):
            raise UnsupportedPixelsError("a frame has another size", "frame_size")
    if frames > found.frames:
        raise UnsupportedPixelsError("more frames than described", "excess_frames")


def _decode_bits(
    dataset: Dataset, found: PixelFormat, wanted: list[int] | None
) -> Iterator[tuple[Samples, dict[str, str]]]:
    """Packed frames; pydicom 3.0 reads too few bytes where one starts within a byte."""
    frames = _native(dataset, found).frames
    for index in range(found.frames) if wanted is None else wanted:
        yield frames[index], {"photometric_interpretation": found.photometric}


def _decode_422(
    dataset: Dataset, found: PixelFormat, wanted: list[int] | None
) -> Iterator[tuple[Samples, dict[str, str]]]:
    """Native 4:2:2 frames (PS3.3 C.7.6.3.1.2); pydicom 3.0 reads the first one only."""
    words = _native(dataset, found).frames
    for index in range(found.frames) if wanted is None else wanted:
        frame = np.empty((found.rows, found.columns, 3), words.dtype)
        frame[:, 0::2, 0], frame[:, 1::2, 0] = (
            words[index, ..., 0],
            words[index, ..., 1],
        )
        frame[..., 1] = np.repeat(words[index, ..., 2], 2, axis=1)
        frame[..., 2] = np.repeat(words[index, ..., 3], 2, axis=1)
        yield frame, {"photometric_interpretation": "YBR_FULL"}


def unused_bits(dataset: Dataset, found: PixelFormat) -> Samples | None:
    """What lies in the allocated bits above the stored value and is not decoded.

    Shape (frames, rows, columns), shifted down to 0; ``None`` where there is nothing
    but zeros or sign extension. Old devices kept overlays there (PS3.5 8.1.1).

    Raises:
        UnsupportedPixelsError: If a frame cannot be decoded.
    """
    spare = found.bits_allocated - found.bits_stored
    if found.samples != 1 or spare < 1 or found.keyword != "PixelData":
        return None
    if found.bits_allocated not in (8, 16, 32):
        return None
    if found.encapsulated and not _has_unused_bits(dataset, found):
        return None
    words = _whole_words(dataset, found)
    words = words.view(words.dtype.str.replace("i", "u"))
    high = words >> found.bits_stored
    if found.signed:
        negative = (words >> (found.bits_stored - 1)) & 1
        high = np.where(negative & (high == (1 << spare) - 1), 0, high)
    return high if high.any() else None


def _has_unused_bits(dataset: Dataset, found: PixelFormat) -> bool:
    """Whether frames are encoded with more bits than those stored, and decoded without.

    JPEG-LS and JPEG 2000 are decoded with all bits that are encoded.
    """
    if found.transfer_syntax == RLELossless:
        return True
    return found.transfer_syntax in _JPEG and any(
        jpeg.precision(frame) > found.bits_stored
        for frame in _encoded_frames(dataset, found)
    )


def _whole_words(dataset: Dataset, found: PixelFormat) -> Samples:
    """All frames with the bits that decoding clears."""
    if not found.encapsulated:
        return np.array(_native(dataset, found).frames)
    try:
        frames = get_decoder(found.transfer_syntax).iter_array(
            dataset, raw=True, correct_unused_bits=False
        )
        return np.stack([samples for samples, _ in frames])
    except Exception:  # noqa: BLE001 - decoder plugins raise anything, with values
        raise UnsupportedPixelsError("a frame cannot be decoded", "not_decodable") from None


# --- writing back ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Masks:
    """What to hide: boxes per frame index, and how to fill them."""

    boxes: Mapping[int, tuple[Box, ...]]
    fill: Fill = "black"
    clear_unused_bits: bool = False


def write_masked(dataset: Dataset, found: PixelFormat, masks: Masks) -> Dataset:
    """A shallow copy of ``dataset`` with masked pixel data; the argument stays.

    Pixel data is exchanged; photometric interpretation and transfer syntax change only
    where the frames had to be encoded anew (see the module's text).

    Raises:
        RedactionError: If a box lies wholly outside the frame.
        UnsupportedPixelsError: If the frames cannot be decoded or encoded.
    """
    for index, boxes in masks.boxes.items():
        if not 0 <= index < found.frames:
            raise RedactionError("a region names a frame that is not there")
        if any(box.clip(found.rows, found.columns) is None for box in boxes):
            raise RedactionError("a region lies outside the frame", "empty_region")
    copy = shallow_copy(dataset)
    if not found.encapsulated:
        _write_native(copy, found, masks)
        return copy
    try:
        if found.transfer_syntax == JPEGBaseline8Bit and not masks.clear_unused_bits:
            _edit_jpeg(copy, found, masks)
            return copy
        if found.transfer_syntax in REENCODE and not _mixes_transforms(found):
            _replace_frames(copy, found, masks)
            return copy
    except UnsupportedPixelsError as error:
        if error.code != "not_encodable":
            raise
    _write_decoded(copy, found, masks)
    return copy


def only_pixels(dataset: Dataset, found: PixelFormat) -> Dataset:
    """A dataset whose encoded frames hold nothing but pixels.

    That is the argument, unless frames carry remarks (see :mod:`maskray.codestream`):
    then a shallow copy without them.

    Raises:
        UnsupportedPixelsError: If the frames cannot be followed.
    """
    if not found.encapsulated:
        return dataset
    frames = _encoded_frames(dataset, found)
    cleared = [without_remarks(frame) for frame in frames]
    if all(one is other for one, other in zip(frames, cleared, strict=True)):
        return dataset
    copy = shallow_copy(dataset)
    _set_encapsulated(copy, cleared)
    return copy


def _mixes_transforms(found: PixelFormat) -> bool:
    """Irreversible colour J2K, several frames: one label could not be true for all."""
    return found.photometric == "YBR_ICT" and found.frames > 1


def shallow_copy(dataset: Dataset) -> Dataset:
    """Another dataset with the same values; elements can be set anew in it."""
    copy = Dataset()
    try:
        for tag in dataset.keys():  # noqa: SIM118 - iterating parses values
            element = dataset.get_item(tag)
            parsed = isinstance(element, DataElement)
            copy[tag] = copying.copy(element) if parsed else element
    except Exception:  # noqa: BLE001 - pydicom raises anything on broken values
        raise InputError("an element cannot be read", "unreadable") from None
    copy.file_meta = copying.deepcopy(dataset.file_meta)
    implicit, little = dataset.original_encoding
    copy.set_original_encoding(implicit, little, dataset.original_character_set)
    return copy


def fill_value(samples: Samples, photometric: str, signed: bool, bits: int) -> Samples:
    """The stored value of black for one frame, one number per sample.

    MONOCHROME1 shows its largest value as black. For more than 8 bits the frame's own
    extreme is taken where the type's would widen the range of values and so change how
    viewers show everything else. ``bits`` are those stored; values that are no numbers
    do not count. Palettes need :func:`darkest_index`.
    """
    if photometric == "RGB":
        return np.zeros(3, samples.dtype)
    if photometric.startswith("YBR"):
        middle = 1 << (bits - 1)
        return np.array([0, middle, middle], samples.dtype)
    if samples.dtype.kind == "f":
        samples = samples[np.isfinite(samples)]
    if not samples.size:
        return np.zeros(1, samples.dtype)
    low, high = samples.min(), samples.max()
    if photometric == "MONOCHROME1":
        top = (1 << bits) - 1 if samples.dtype == np.uint8 else high
        return np.array([top], samples.dtype)
    if samples.dtype == np.uint8 or (not signed and float(low) <= 0.1 * float(high)):
        low = np.array(0)
    return np.array([low], samples.dtype)


def darkest_index(dataset: Dataset, found: PixelFormat) -> int:
    """The stored value of the darkest colour of a palette (PS3.3 C.7.6.3.1.5).

    Raises:
        UnsupportedPixelsError: If the palette cannot be read.
    """
    try:
        entries, first = (int(each) for each in dataset[0x00281101].value[:2])
        low = -(1 << (found.bits_stored - 1)) if found.signed else 0
        high = low + (1 << found.bits_stored)
        last = min(first + (entries or 65536), high)
        indices = np.arange(max(first, low), last, dtype=np.int64)[np.newaxis]
        if not indices.size:  # all that can be stored has the colour of one end
            indices = np.array([[low]])
        colours = apply_color_lut(indices, dataset).astype(np.float64)
    except Exception:  # noqa: BLE001 - a broken palette raises anything
        raise UnsupportedPixelsError("the palette cannot be read", "bad_palette") from None
    return int(indices[0, int(np.argmin(colours.sum(axis=-1)))])


def apply_masks(
    samples: Samples,
    boxes: Iterable[Box],
    fill: Fill,
    black: Samples,
    *,
    palette: bool = False,
) -> Samples:
    """A copy of one frame in which every box holds one value per sample.

    Args:
        samples: Shape (rows, columns) or (rows, columns, samples).
        boxes: Native pixels; parts outside the frame are cut off.
        fill: ``black`` takes ``black``; ``background`` the median of the pixels within
            three pixels around each box (for palettes: the most frequent index).
        black: One value per sample.
        palette: Whether the values are indices, between which nothing lies.
    """
    masked = np.array(samples, copy=True)
    rows, columns = samples.shape[:2]
    for box in boxes:
        inside = box.clip(rows, columns)
        if inside is None:
            raise RedactionError("a region lies outside the frame", "empty_region")
        value = black if fill == "black" else _background(samples, inside, palette)
        masked[inside.index] = value if samples.ndim == 3 else value[0]
    return masked


def _background(samples: Samples, box: Box, palette: bool) -> Samples:
    rows, columns = samples.shape[:2]
    outer = box.grow(3, 3).clip(rows, columns) or box
    ring = np.ones((outer.height, outer.width), bool)
    ring[box.shift(-outer.x0, -outer.y0).index] = False
    values = samples[outer.index][ring] if ring.any() else samples[box.index]
    if palette:
        each, counts = np.unique(values, return_counts=True)
        return np.asarray(each[[int(np.argmax(counts))]])
    values = values.reshape(-1, samples.shape[2] if samples.ndim == 3 else 1)
    return np.asarray(np.sort(values, axis=0)[len(values) // 2])


def _black(dataset: Dataset, found: PixelFormat, frame: StoredFrame) -> Samples:
    if frame.photometric == "PALETTE COLOR":
        return np.array([darkest_index(dataset, found)], frame.samples.dtype)
    return fill_value(frame.samples, frame.photometric, found.signed, found.bits_stored)


def _masked_frames(
    dataset: Dataset, found: PixelFormat, masks: Masks, indices: Iterable[int]
) -> Iterator[StoredFrame]:
    for frame in decode(dataset, found, indices):
        boxes = masks.boxes.get(frame.index, ())
        black = _black(dataset, found, frame)
        palette = frame.photometric == "PALETTE COLOR"
        samples = apply_masks(frame.samples, boxes, masks.fill, black, palette=palette)
        samples = _within_stored_bits(samples, found)
        yield StoredFrame(frame.index, samples, frame.photometric)


def _within_stored_bits(samples: Samples, found: PixelFormat) -> Samples:
    """Clips what a lossy decoder overshot: such values cannot be written back.

    Raises:
        UnsupportedPixelsError: If the values are exact: then the header is wrong.
    """
    if samples.dtype.kind == "f" or found.bits_stored == 8 * samples.dtype.itemsize:
        return samples
    top = 1 << (found.bits_stored - int(found.signed))
    clipped = np.clip(samples, -top if found.signed else 0, top - 1)
    if found.transfer_syntax not in _LOSSY and not np.array_equal(clipped, samples):
        raise UnsupportedPixelsError("values beyond the stored bits", "beyond_stored_bits")
    return clipped


def _touched(masks: Masks) -> list[int]:
    return sorted(index for index, boxes in masks.boxes.items() if boxes)


# --- native ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Native:
    """A writable view on a copy of native pixel data, frames first.

    ``frames`` has axes (frames, rows, columns), (frames, rows, columns, samples) or,
    for 4:2:2, (frames, rows, columns / 2, 4) with Y Y Cb Cr.
    """

    frames: Samples
    buffer: bytearray
    swapped: bool
    bits: bool

    def to_bytes(self) -> bytes:
        if self.bits:
            packed = np.packbits(self.frames.ravel(), bitorder="little")
            self.buffer[: packed.size] = packed.tobytes()
        if self.swapped:
            _swap_pairs(self.buffer)
        return bytes(self.buffer)


def _swap_pairs(buffer: bytearray) -> None:
    """Exchanges the bytes of each 16-bit word: 8-bit samples in big-endian OW."""
    even = len(buffer) // 2 * 2
    buffer[0:even:2], buffer[1:even:2] = buffer[1:even:2], buffer[0:even:2]


def _native(dataset: Dataset, found: PixelFormat) -> _Native:
    element = dataset[found.keyword]
    buffer = bytearray(element.value)
    big = not found.transfer_syntax.is_little_endian
    swapped = big and found.bits_allocated == 8 and element.VR == "OW"
    if swapped:
        _swap_pairs(buffer)
    shape: tuple[int, ...] = (found.frames, found.rows, found.columns)
    if found.photometric == "YBR_FULL_422":
        shape = (found.frames, found.rows, found.columns // 2, 4)
    elif found.samples > 1 and found.planar:
        shape = (found.frames, found.samples, found.rows, found.columns)
    elif found.samples > 1:
        shape = (*shape, found.samples)
    count = int(np.prod(shape))
    try:
        if found.bits_allocated == 1:
            bits = np.unpackbits(np.frombuffer(buffer, np.uint8), bitorder="little")
            return _Native(bits[:count].reshape(shape), buffer, swapped, bits=True)
        frames = np.frombuffer(buffer, _dtype(found, big), count).reshape(shape)
    except ValueError:
        raise UnsupportedPixelsError("pixel data is too short", "frames_missing") from None
    if found.samples > 1 and found.planar and found.photometric != "YBR_FULL_422":
        frames = np.moveaxis(frames, 1, -1)
    return _Native(frames, buffer, swapped, bits=False)


def _dtype(found: PixelFormat, big: bool) -> np.dtype[Any]:
    kind = "f" if found.keyword != "PixelData" else "i" if found.signed else "u"
    return np.dtype(f"{'>' if big else '<'}{kind}{found.bits_allocated // 8}")


def _write_native(copy: Dataset, found: PixelFormat, masks: Masks) -> None:
    native = _native(copy, found)
    halved = found.photometric == "YBR_FULL_422"
    for frame in _masked_frames(copy, found, masks, _touched(masks)):
        target = native.frames[frame.index]
        for box in masks.boxes[frame.index]:
            inside = box.clip(found.rows, found.columns)
            if inside is None:
                continue
            if halved:
                _fill_pairs(target, inside, frame.samples)
            else:
                target[inside.index] = frame.samples[inside.index]
    if masks.clear_unused_bits:
        _clear_unused(native.frames, found)
    _set_pixels(copy, found.keyword, native.to_bytes())


def _fill_pairs(target: Samples, box: Box, masked: Samples) -> None:
    """Writes a box into 4:2:2 words; odd edges are widened to whole pixel pairs."""
    rows, columns = slice(box.y0, box.y1), slice(box.x0 // 2, (box.x1 + 1) // 2)
    value = masked[box.y0, box.x0]
    target[rows, columns] = [value[0], value[0], value[1], value[2]]


def _clear_unused(frames: Samples, found: PixelFormat) -> None:
    """Zeroes (or sign-extends) the allocated bits above the stored value."""
    words = frames.view(frames.dtype.str.replace("i", "u"))
    keep = words.dtype.type((1 << found.bits_stored) - 1)
    words &= keep
    if found.signed:
        negative = (words >> (found.bits_stored - 1)) & 1
        words |= np.where(negative, ~keep, 0).astype(words.dtype)


def _set_pixels(dataset: Dataset, keyword: str, value: bytes) -> None:
    old = dataset[keyword]
    element = copying.copy(old)
    element.value = value
    dataset[keyword] = element


# --- encapsulated ---------------------------------------------------------------------


def _replace_frames(copy: Dataset, found: PixelFormat, masks: Masks) -> None:
    """Encodes masked frames anew; the others keep their bytes."""
    encoded = _encoded_frames(copy, found)
    target = REENCODE[found.transfer_syntax]
    wanted = range(found.frames) if masks.clear_unused_bits else _touched(masks)
    for frame in _masked_frames(copy, found, masks, wanted):
        encoded[frame.index] = _encode(frame, found, target)
    _set_encapsulated(copy, encoded)
    if found.photometric == "YBR_ICT":
        copy.PhotometricInterpretation = "YBR_RCT"


def _encoded_frames(dataset: Dataset, found: PixelFormat) -> list[bytes]:
    try:
        offsets = dataset.get("ExtendedOffsetTable")
        lengths = dataset.get("ExtendedOffsetTableLengths")
        frames = list(
            generate_frames(
                dataset.PixelData,
                number_of_frames=found.frames,
                extended_offsets=(offsets, lengths) if offsets and lengths else None,
            )
        )
    except Exception:  # noqa: BLE001 - broken encapsulation raises anything
        raise UnsupportedPixelsError("broken encapsulation", "not_decodable") from None
    if len(frames) != found.frames:
        raise UnsupportedPixelsError("frames are missing", "frames_missing")
    return frames


def _encode(frame: StoredFrame, found: PixelFormat, target: UID) -> bytes:
    photometric = frame.photometric
    if target == JPEG2000Lossless and photometric == "RGB" and found.photometric != "RGB":
        photometric = "YBR_RCT"
    try:
        return bytes(
            get_encoder(target).encode(
                np.ascontiguousarray(frame.samples),
                rows=found.rows,
                columns=found.columns,
                samples_per_pixel=found.samples,
                bits_allocated=found.bits_allocated,
                bits_stored=found.bits_stored,
                pixel_representation=int(found.signed),
                photometric_interpretation=photometric,
                number_of_frames=1,
                planar_configuration=0 if found.samples > 1 else None,
            )
        )
    except Exception:  # noqa: BLE001 - encoder plugins raise anything
        raise UnsupportedPixelsError("a frame cannot be encoded", "not_encodable") from None


def _set_encapsulated(dataset: Dataset, frames: list[bytes]) -> None:
    if dataset.get("PlanarConfiguration") and (
        dataset.file_meta.TransferSyntaxUID != RLELossless
    ):
        dataset.PlanarConfiguration = 0  # PS3.5 8.2
    if "ExtendedOffsetTable" in dataset:
        value, offsets, lengths = encapsulate_extended(frames)
        dataset.ExtendedOffsetTable = offsets
        dataset.ExtendedOffsetTableLengths = lengths
    else:
        value = encapsulate(frames)
    _set_pixels(dataset, "PixelData", value)
    dataset["PixelData"].is_undefined_length = True


def _write_decoded(copy: Dataset, found: PixelFormat, masks: Masks) -> None:
    """Stores decoded values uncompressed: there is no reversible encoder here."""
    chunks: list[bytes] = []
    photometric = found.photometric
    for frame in _masked_frames(copy, found, masks, range(found.frames)):
        photometric = frame.photometric
        little = frame.samples.dtype.newbyteorder("<")
        chunks.append(frame.samples.astype(little).tobytes())
    value = b"".join(chunks)
    if found.bits_allocated == 1:
        bits = np.frombuffer(value, np.uint8)
        value = np.packbits(bits, bitorder="little").tobytes()
    _set_pixels(copy, "PixelData", value + b"\0" * (len(value) % 2))
    copy["PixelData"].is_undefined_length = False
    copy["PixelData"].VR = "OW" if found.bits_allocated > 8 else "OB"
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in copy:
            del copy[keyword]
    copy.PhotometricInterpretation = photometric
    if found.samples > 1:
        copy.PlanarConfiguration = 0
    copy.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian


def _edit_jpeg(copy: Dataset, found: PixelFormat, masks: Masks) -> None:
    """Blanks whole blocks in the coefficients of the masked frames' JPEG streams."""
    encoded = _encoded_frames(copy, found)
    for frame in _masked_frames(copy, found, masks, _touched(masks)):
        boxes = [box.clip(found.rows, found.columns) for box in masks.boxes[frame.index]]
        colours = [
            (box, np.atleast_1d(frame.samples[box.y0, box.x0]).tolist())
            for box in boxes
            if box
        ]
        encoded[frame.index] = jpeg.blank(encoded[frame.index], colours)
    _set_encapsulated(copy, encoded)
