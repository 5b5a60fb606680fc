"""Instances for the tests, made from an array of frames in any format of pixels."""

import io
import string
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image
import pydicom
from hypothesis import settings
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import get_encoder
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from maskray.geometry import Box
from maskray.mask import mask
from maskray.open import Instance, open_instance
from maskray.pixels import StoredFrame, decode
from maskray.records import Category, Region
from maskray.settings import LimitSettings, MaskSettings
from maskray.spelling import Sight
from maskray.write import encode

settings.register_profile("patient", deadline=None, max_examples=50)
settings.load_profile("patient")

Frames = npt.NDArray[Any]
Boxes = Mapping[int, Sequence[Box]]
LIMITS = LimitSettings()
CANARY = "Qzcanary"
_FLOATS = {4: "FloatPixelData", 8: "DoubleFloatPixelData"}


def random_frames(
    shape: tuple[int, ...], bits: int, signed: bool = False, seed: int = 0
) -> Frames:
    """Noise over the whole range of stored values, in the smallest type that holds it."""
    low = -(1 << (bits - 1)) if signed else 0
    size = 1 if bits <= 8 else 2 if bits <= 16 else 4
    values = np.random.default_rng(seed).integers(low, low + (1 << bits), shape)
    return values.astype(f"{'i' if signed else 'u'}{size}")


def halved(frames: Frames) -> Frames:
    """YBR frames whose pairs of columns share their colour, as 4:2:2 stores it."""
    frames = frames.copy()
    frames[..., 1::2, 1:] = frames[..., 0::2, 1:]
    return frames


def dataset(
    frames: Frames,
    photometric: str = "MONOCHROME2",
    *,
    bits: int | None = None,
    syntax: UID = ExplicitVRLittleEndian,
    planar: int = 0,
    vr: str = "",
    streams: Sequence[bytes] | None = None,
    **elements: object,
) -> Dataset:
    """An instance in memory.

    Args:
        frames: Shape (frames, rows, columns) or (frames, rows, columns, 3).
        photometric: PhotometricInterpretation.
        bits: BitsStored; 1 packs the values.
        syntax: The transfer syntax.
        planar: PlanarConfiguration.
        vr: The VR of PixelData; chosen by size if empty.
        streams: Encoded frames, where they are not native.
        elements: More elements, by keyword.
    """
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPClassUID = SecondaryCaptureImageStorage
    ds.SOPInstanceUID = "1.2.3.4"
    ds.PatientName = f"{CANARY}^Phoebe"
    is_float = frames.dtype.kind == "f"
    allocated = 1 if bits == 1 else 8 * frames.itemsize
    ds.NumberOfFrames, ds.Rows, ds.Columns = frames.shape[:3]
    ds.PhotometricInterpretation = photometric
    ds.SamplesPerPixel = 3 if frames.ndim == 4 else 1
    ds.BitsAllocated = allocated
    if frames.ndim == 4:
        ds.PlanarConfiguration = planar
    if not is_float:
        ds.BitsStored = bits or allocated
        ds.HighBit = ds.BitsStored - 1
        ds.PixelRepresentation = int(frames.dtype.kind == "i")
    if photometric == "PALETTE COLOR":
        add_palette(ds)
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    keyword = _FLOATS[frames.itemsize] if is_float else "PixelData"
    little = bool(syntax.is_little_endian)
    swapped = vr == "OW" and not little
    if streams is None:
        value = native_bytes(frames, photometric, bits == 1, planar, little, swapped)
    else:
        value = encapsulate([each or b"\0\0" for each in streams])
    setattr(ds, keyword, value)
    if not is_float:
        ds["PixelData"].VR = vr or ("OW" if allocated > 8 else "OB")
        ds["PixelData"].is_undefined_length = streams is not None
    return ds


def native_bytes(
    frames: Frames,
    photometric: str,
    packed: bool = False,
    planar: int = 0,
    little: bool = True,
    swapped: bool = False,
) -> bytes:
    """Frames as native pixel data (PS3.5 8.1, annex D), padded."""
    if photometric == "YBR_FULL_422":
        y, c = frames[..., 0], frames[..., 0::2, 1:]
        frames = np.stack([y[..., 0::2], y[..., 1::2], c[..., 0], c[..., 1]], axis=-1)
    elif frames.ndim == 4 and planar:
        frames = np.moveaxis(frames, -1, 1)
    if packed:
        value = np.packbits(frames.ravel(), bitorder="little").tobytes()
    else:
        value = frames.astype(frames.dtype.newbyteorder("<" if little else ">")).tobytes()
    value += b"\0" * (len(value) % 2)
    if swapped and frames.itemsize == 1 and not packed:
        value = np.frombuffer(value, "<u2").byteswap().tobytes()
    return value


def add_palette(ds: Dataset, first: int = 0, entries: int = 256) -> None:
    """Lookup tables with one black and one white entry among bright colours."""
    colours = np.random.default_rng(7).integers(90, 250, (entries, 3)).astype("<u2")
    colours[entries // 3], colours[entries // 2] = 0, 255
    for number, name in enumerate(("Red", "Green", "Blue")):
        descriptor = [entries % 65536, first, 16]
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", descriptor)
        table = (colours[:, number] * 257).astype("<u2").tobytes()
        setattr(ds, f"{name}PaletteColorLookupTableData", table)


def coded(
    frames: Frames, syntax: UID, bits: int, photometric: str = "MONOCHROME2"
) -> list[bytes]:
    """Frames encoded one by one with a reversible codec that pydicom has."""
    return [
        bytes(
            get_encoder(syntax).encode(
                np.ascontiguousarray(frame),
                rows=frame.shape[0],
                columns=frame.shape[1],
                samples_per_pixel=3 if frame.ndim == 3 else 1,
                bits_allocated=8 * frame.itemsize,
                bits_stored=bits,
                pixel_representation=int(frame.dtype.kind == "i"),
                photometric_interpretation=photometric,
                number_of_frames=1,
                planar_configuration=0,
            )
        )
        for frame in frames
    ]


def lossless_jpeg(frame: Frames, precision: int) -> bytes:
    """A lossless JPEG stream: process 14, predictor 1 (ITU-T T.81, annex H)."""
    rows, columns = frame.shape[:2]
    samples = frame.reshape(rows, columns, -1).astype(int) & ((1 << precision) - 1)
    predicted = np.empty_like(samples)
    predicted[:, 1:] = samples[:, :-1]
    predicted[1:, 0] = samples[:-1, 0]
    predicted[0, 0] = 1 << (precision - 1)
    bits = []
    for difference in (samples - predicted).ravel().tolist():
        difference = (difference + 0x7FFF) % 0x10000 - 0x7FFF
        size = abs(difference).bit_length()
        bits.append(f"{size:05b}")
        if 0 < size < 16:
            extra = difference if difference > 0 else difference + (1 << size) - 1
            bits.append(f"{extra:0{size}b}")
    joined = "".join(bits)
    joined += "1" * (-len(joined) % 8)
    data = int(joined, 2).to_bytes(len(joined) // 8, "big").replace(b"\xff", b"\xff\0")
    channels = range(samples.shape[2])
    count = len(channels)
    header = bytes([precision]) + rows.to_bytes(2, "big") + columns.to_bytes(2, "big")
    table = b"\0" + bytes([0, 0, 0, 0, 17] + [0] * 11) + bytes(range(17))
    components = b"".join(bytes([1 + each, 0x11, 0]) for each in channels)
    scan = b"".join(bytes([1 + each, 0]) for each in channels)
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xC3, header + bytes([count]) + components),
            segment(0xC4, table),
            segment(0xDA, bytes([count]) + scan + bytes([1, 0, 0])),
            data,
            b"\xff\xd9",
        ]
    )


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment."""
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk."""
    crc = zlib.crc32(kind + body).to_bytes(4, "big")
    return len(body).to_bytes(4, "big") + kind + body + crc


def image_file(samples: Frames, kind: str, mode: str = "", **options: Any) -> bytes:
    """A PNG or JPEG."""
    buffer = io.BytesIO()
    image = PIL.Image.fromarray(samples)
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def photo(rows: int = 48, columns: int = 64, samples: int = 3) -> Frames:
    """A smooth picture: JPEG keeps it nearly as it is, and no two blocks are alike."""
    y, x = np.mgrid[0:rows, 0:columns]
    bands = [60 + y, 200 - x, 60 + (x + y) // 2][:samples]
    values = np.stack(bands, axis=-1).clip(40, 220).astype(np.uint8)
    return values if samples > 1 else values[..., 0]


def written(ds: Dataset) -> bytes:
    """The bytes of a DICOM file."""
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def opened(source: Dataset | bytes) -> Instance:
    """An instance as step 1 opens it."""
    return open_instance(source if isinstance(source, bytes) else written(source), LIMITS)


def regions(boxes: Boxes) -> list[Region]:
    """Regions from boxes by frame."""
    return [
        Region((index,), box, Category.NAME)
        for index, each in boxes.items()
        for box in each
    ]


def released(
    source: Instance,
    boxes: Boxes,
    fill: str = "black",
    *,
    clear_unused_bits: bool = False,
) -> Instance:
    """A DICOM instance masked, written and opened again."""
    how = MaskSettings.model_validate({"fill": fill})
    masked = mask(source, regions(boxes), how, clear_unused_bits=clear_unused_bits)
    return opened(encode(replace(source, dataset=masked.dataset)))


def stored(instance: Instance) -> list[StoredFrame]:
    """All frames, decoded."""
    return list(decode(instance.dataset, instance.pixels))


def samples_of(instance: Instance) -> Frames:
    """All frames in one array."""
    return np.stack([frame.samples for frame in stored(instance)])


def inside(frames: Frames, boxes: Boxes) -> npt.NDArray[np.bool_]:
    """Which pixels the boxes hold: shape (frames, rows, columns)."""
    held = np.zeros(frames.shape[:3], bool)
    for index, each in boxes.items():
        for box in each:
            clipped = box.clip(*frames.shape[1:3])
            assert clipped is not None
            held[index][clipped.index] = True
    return held


_CHARACTERS = string.ascii_letters + string.digits + " .%:\u4e0a"
_ALPHABET = {each: index for index, each in enumerate(_CHARACTERS, start=1)}
_NOTHING = 1e-9


def sight(text: str, **doubts: float) -> Sight:
    """A sight of a text, with a step of nothing before, between and after its letters.

    ``doubts`` name a letter by where it stands, and what it may be instead: ``at5_a=0.3``
    is an ``a`` for the letter 5, ``before0_L=0.4`` a letter that was missed before it.
    """
    steps = np.full((2 * len(text) + 1, len(_ALPHABET) + 1), _NOTHING)
    steps[0::2, 0] = 1
    for index, each in enumerate(text):
        steps[2 * index + 1, _ALPHABET[each]] = 1
    for doubt, likely in doubts.items():
        where, letter = doubt.split("_")
        before = where.startswith("before")
        row = 2 * int(where.removeprefix("before").removeprefix("at")) + (not before)
        steps[row, _ALPHABET[letter]] = likely
        steps[row] /= steps[row].sum()
    return Sight(np.log(steps).astype(np.float32), _ALPHABET)
