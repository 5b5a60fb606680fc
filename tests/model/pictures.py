"""Small instances with text of our own in them. Nobody named here exists."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from maskray.geometry import Box

Plane = npt.NDArray[np.float64]
"""Brightness, 0 to 1, axes (rows, columns)."""

ROWS, COLUMNS = 192, 272


def tissue(rows: int = ROWS, columns: int = COLUMNS, seed: int = 1) -> Plane:
    """A body on black: two smooth ellipses with a little noise, nothing else."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    body = ((x / columns - 0.5) / 0.42) ** 2 + ((y / rows - 0.55) / 0.42) ** 2
    organ = ((x / columns - 0.4) / 0.15) ** 2 + ((y / rows - 0.5) / 0.2) ** 2
    plane = 0.45 * np.clip(1.2 - body, 0, 1) ** 0.5 + 0.2 * np.clip(1 - organ, 0, 1)
    noise = rng.normal(0, 0.01, plane.shape) * (body < 1.2)
    brightness: Plane = np.clip(plane + noise, 0, 1)
    return brightness


def ink(text: str, size: int, turns: int = 0) -> Plane:
    """How much of each pixel the letters of a line cover, turned by 90 degrees."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    picture = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(picture).text((2 - left, 2 - top), text, 255, font)
    cover: Plane = np.asarray(picture, np.float64) / 255.0
    return np.rot90(cover, turns)


def write(
    plane: Plane,
    text: str,
    at: tuple[int, int],
    size: int = 20,
    value: float = 1.0,
    turns: int = 0,
) -> Box:
    """Writes into the plane, ``at`` column and row; returns where."""
    cover = ink(text, size, turns)
    box = Box(at[0], at[1], at[0] + cover.shape[1], at[1] + cover.shape[0])
    plane[box.index] = plane[box.index] * (1 - cover) + value * cover
    return box


def header(**elements: Any) -> Dataset:
    """A secondary capture without pixels; elements are added or replaced."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = SecondaryCaptureImageStorage
    ds.SOPInstanceUID = "1.2.826.0.1.3680043.9.1"
    ds.StudyInstanceUID = "1.2.826.0.1.3680043.9.2"
    ds.SeriesInstanceUID = "1.2.826.0.1.3680043.9.3"
    ds.PatientName = "Thistlewood^Perpetua"
    ds.PatientID = "K-771204"
    ds.Modality = "OT"
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def dicom(values: npt.NDArray[Any], bits: int | None = None, **elements: Any) -> bytes:
    """A DICOM file of stored values: (rows, columns) or (frames, rows, columns)."""
    ds = header(**elements)
    frames = values[np.newaxis] if values.ndim == 2 else values
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = elements.get("PhotometricInterpretation", "MONOCHROME2")
    ds.Rows, ds.Columns = frames.shape[1:]
    if len(frames) > 1:
        ds.NumberOfFrames = len(frames)
    ds.BitsAllocated = 8 * values.dtype.itemsize
    ds.BitsStored = bits or ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(values.dtype.kind == "i")
    ds.PixelData = frames.astype(values.dtype.newbyteorder("<")).tobytes()
    return encoded(ds)


def encoded(ds: Dataset) -> bytes:
    """The file's bytes."""
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def grey(plane: Plane) -> npt.NDArray[np.uint8]:
    """Eight bits."""
    return np.round(plane * 255).astype(np.uint8)


def drawn(*texts: tuple[str, tuple[int, int]], **more: Any) -> Plane:
    """Tissue with lines of text."""
    plane = tissue()
    for text, at in texts:
        write(plane, text, at, **more)
    return plane


def as_png(plane: Plane, **chunks: str) -> bytes:
    """A grey PNG with text chunks."""
    info = PngInfo()
    for name, text in chunks.items():
        info.add_text(name, text)
    return _saved(Image.fromarray(grey(plane)), "PNG", pnginfo=info)


def as_jpeg(plane: Plane, comment: str = "") -> bytes:
    """A colour JPEG with a comment."""
    image = Image.fromarray(grey(plane)).convert("RGB")
    return _saved(image, "JPEG", quality=92, comment=comment.encode())


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def with_overlay(data: bytes, text: str, at: tuple[int, int] = (20, 20)) -> bytes:
    """The DICOM file with a text in overlay plane 6000."""
    ds = pydicom.dcmread(io.BytesIO(data))
    plane = np.zeros((ds.Rows, ds.Columns))
    write(plane, text, at)
    bits = (plane > 0.5).astype(np.uint8).ravel()
    ds.add_new(0x60000010, "US", ds.Rows)
    ds.add_new(0x60000011, "US", ds.Columns)
    ds.add_new(0x60000040, "CS", "G")
    ds.add_new(0x60000050, "SS", [1, 1])
    ds.add_new(0x60000100, "US", 1)
    ds.add_new(0x60000102, "US", 0)
    packed = np.packbits(bits, bitorder="little").tobytes()
    ds.add_new(0x60003000, "OB", packed + b"\0" * (len(packed) % 2))
    return encoded(ds)


def cine(count: int, change: Callable[[int, Plane], object]) -> npt.NDArray[np.uint8]:
    """Frames of one still picture; ``change`` may write into each."""
    frames = []
    for index in range(count):
        plane = tissue()
        change(index, plane)
        frames.append(grey(plane))
    return np.stack(frames)
