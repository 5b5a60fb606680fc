"""Step 1, open: bytes → an instance, recognised by content and not by name."""

import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import PIL.Image
import pydicom
import pydicom.config
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from maskray.errors import InputError, UnsupportedPixelsError
from maskray.identifiers import Identifiers, collect
from maskray.pixels import PixelFormat, Samples, pixel_format
from maskray.settings import LimitSettings

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_CHUNK = 1 << 20
_RAW_GROUPS = frozenset({0x0002, 0x0004, 0x0008})
"""Groups a data set without preamble may start with."""

# Malformed values would be quoted in warnings and logs (house rule: nothing read from
# a patient is printed). Set where pydicom is first imported by the core.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE


class Kind(StrEnum):
    """What the source is, and so what is written back."""

    DICOM = "dicom"
    PNG = "png"
    JPEG = "jpeg"


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One opened instance.

    A PNG or JPEG becomes a one-frame dataset without a header; ``data`` keeps the
    encoded file, and ``alpha`` its transparency (rows, columns), where it has one.
    """

    kind: Kind
    data: bytes
    dataset: Dataset
    pixels: PixelFormat
    limits: LimitSettings
    identifiers: Identifiers = field(default_factory=Identifiers)
    alpha: Samples | None = None

    @property
    def sha256(self) -> str:
        """Of the encoded file."""
        return hashlib.sha256(self.data).hexdigest()

    def with_pixels(self, dataset: Dataset, alpha: Samples | None) -> "Instance":
        """The same instance with another dataset: its pixel format is read anew."""
        return replace(
            self,
            dataset=dataset,
            pixels=pixel_format(dataset, self.limits),
            alpha=alpha,
        )


def open_instance(data: bytes, limits: LimitSettings) -> Instance:
    """The instance that the bytes of one source hold.

    Args:
        data: A DICOM file with or without preamble, a PNG, a JPEG, or one of them in
            gzip. Archives are taken apart before (see ``data_jobs.sources``).
        limits: What is refused.

    Raises:
        InputError: If it is none of these, is cut off, holds no pixels or is too large.
        UnsupportedPixelsError: If its pixels cannot be treated.
    """
    if data.startswith(_GZIP):
        data = gunzip(data, limits)
    if data.startswith((_GZIP, _ZIP)):
        raise InputError("an archive in an archive", "nested_archive", "open")
    if len(data) > limits.max_file_bytes:
        raise InputError("larger than the limit", "too_large", "open")
    if data.startswith(_PNG):
        return _open_image(data, Kind.PNG, limits)
    if data.startswith(_JPEG):
        return _open_image(data, Kind.JPEG, limits)
    dataset = read_dicom(data)
    return Instance(
        Kind.DICOM,
        data,
        dataset,
        pixel_format(dataset, limits),
        limits,
        collect(dataset),
    )


def gunzip(data: bytes, limits: LimitSettings) -> bytes:
    """The content of a gzip file, never more than the limits allow.

    Raises:
        InputError: ``unreadable`` if it is broken, ``too_large`` beyond the limits.
    """
    most = limits.most_expanded(len(data))
    chunks: list[bytes] = []
    size = 0
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise InputError("expands beyond the limits", "too_large", "open")
                chunks.append(chunk)
    except (OSError, EOFError, zlib.error):
        raise InputError("broken gzip file", "unreadable", "open") from None
    return b"".join(chunks)


# --- DICOM ----------------------------------------------------------------------------


def read_dicom(data: bytes) -> Dataset:
    """The dataset of a DICOM file; without preamble or file meta where it has none.

    Raises:
        InputError: ``not_an_image`` if this is no DICOM, ``unreadable`` if broken.
    """
    has_preamble = data[128:132] == b"DICM"
    if not has_preamble and not _starts_like_dicom(data):
        raise InputError("not a DICOM file, PNG or JPEG", "not_an_image", "open")
    try:
        dataset = pydicom.dcmread(io.BytesIO(data), force=not has_preamble)
        _ensure_transfer_syntax(dataset)
        if "DirectoryRecordSequence" in dataset:
            raise InputError("a DICOMDIR holds no image", "no_pixels", "open")
        if len(dataset) == 0:
            raise InputError("an empty dataset", "unreadable", "open")
    except InputError:
        raise
    except Exception:  # noqa: BLE001 - pydicom raises anything on a broken file
        raise InputError("the file cannot be parsed", "unreadable", "open") from None
    return dataset


def _starts_like_dicom(data: bytes) -> bool:
    """Whether bytes could be a data set without preamble (either byte order)."""
    if len(data) < 16:
        return False
    for order in ("little", "big"):
        group = int.from_bytes(data[:2], order)
        element = int.from_bytes(data[2:4], order)
        if group not in _RAW_GROUPS or element > 0x0140:
            continue
        explicit = data[4:6].isalpha() and data[4:6].isupper()
        length = int.from_bytes(data[6:8] if explicit else data[4:8], order)
        if length < min(len(data), 1 << 16):
            return True
    return False


def _ensure_transfer_syntax(dataset: Dataset) -> None:
    """Completes file meta information that is missing, from how the file was read."""
    if getattr(dataset, "file_meta", None) is None:
        dataset.file_meta = FileMetaDataset()
    if "TransferSyntaxUID" in dataset.file_meta:
        return
    implicit, little = dataset.original_encoding
    if "PixelData" in dataset and dataset["PixelData"].is_undefined_length:
        return  # encapsulated, but nobody says how
    if implicit:
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    else:
        dataset.file_meta.TransferSyntaxUID = (
            ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        )


# --- PNG and JPEG ---------------------------------------------------------------------


def _open_image(data: bytes, kind: Kind, limits: LimitSettings) -> Instance:
    if kind is Kind.PNG and data[24:25] == b"\x10" and data[25:26] != b"\0":
        # Pillow reads 16-bit colour as 8-bit: a masked copy would lose the rest.
        raise UnsupportedPixelsError("16-bit colour", "bit_depth", "open")
    try:
        with PIL.Image.open(io.BytesIO(data), formats=[kind.value.upper()]) as image:
            if image.width * image.height > limits.max_frame_pixels:
                raise InputError("more pixels than allowed", "too_large", "open")
            if getattr(image, "n_frames", 1) != 1 and kind is Kind.PNG:
                raise UnsupportedPixelsError("an animated PNG", "animated", "open")
            image.load()
            dataset, alpha = _as_dataset(image)
    except InputError:
        raise
    except Exception:  # noqa: BLE001 - Pillow's plugins raise anything
        raise InputError("the image cannot be decoded", "not_decodable") from None
    pixels = pixel_format(dataset, limits)
    return Instance(kind, data, dataset, pixels, limits, alpha=alpha)


def _as_dataset(image: PIL.Image.Image) -> tuple[Dataset, Samples | None]:
    """A dataset with native pixels for an image; its transparency separately."""
    alpha = None
    if "A" in image.getbands():
        alpha = np.asarray(image.getchannel("A"))
        image = image.convert("RGB" if image.mode == "RGBA" else "L")
    elif "transparency" in image.info and image.mode != "P":
        raise UnsupportedPixelsError("a transparent colour", "transparency", "open")
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if image.mode == "1":
        image = image.convert("L")
    if image.mode == "P":
        alpha = _add_palette(dataset, image)
    samples = np.asarray(image)
    photometric = {
        "L": "MONOCHROME2",
        "I;16": "MONOCHROME2",
        "I;16B": "MONOCHROME2",
        "P": "PALETTE COLOR",
        "RGB": "RGB",
    }.get(image.mode)
    if photometric is None:
        raise UnsupportedPixelsError("image mode", "photometric", "open")
    dataset.PhotometricInterpretation = photometric
    dataset.Rows, dataset.Columns = samples.shape[:2]
    dataset.SamplesPerPixel = 3 if samples.ndim == 3 else 1
    if samples.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8 * samples.dtype.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    stored = samples.astype(samples.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = stored + b"\0" * (len(stored) % 2)
    return dataset, alpha


def _add_palette(dataset: Dataset, image: PIL.Image.Image) -> Samples | None:
    """Adds a PNG's palette as DICOM lookup tables; its transparency per pixel."""
    colours = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    for channel, name in enumerate(("Red", "Green", "Blue")):
        table = colours[:, channel].astype("<u2") * 257
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [len(table), 0, 16])
        setattr(dataset, f"{name}PaletteColorLookupTableData", table.tobytes())
    if "transparency" not in image.info:
        return None
    return np.asarray(image.convert("RGBA").getchannel("A"))
