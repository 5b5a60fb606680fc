"""Stored values as bytes: pixel elements of a dataset, PNG and JPEG."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from maskray.synthesize.canvas import Canvas, Stored

ENCODERS = {
    RLELossless: "pylibjpeg",
    JPEGLSLossless: "pyjpegls",
    JPEG2000Lossless: "pylibjpeg",
}
"""The plugin of pydicom that encodes; named, so that the same one is always used."""
JPEG_QUALITY = 90


def set_pixels(dataset: Dataset, canvas: Canvas) -> None:
    """Adds the elements that describe the pixels, and the pixels, to the dataset.

    ``dataset.file_meta`` names the transfer syntax.
    """
    _describe(dataset, canvas)
    if canvas.palette is not None:
        _set_palette(dataset, canvas)
    if canvas.format.where != "pixels":
        _set_overlay(dataset, canvas)
    syntax = canvas.format.transfer_syntax
    if syntax == JPEGBaseline8Bit:
        _set_jpeg(dataset, canvas)
    elif syntax in ENCODERS:
        dataset.compress(
            syntax,
            _samples(canvas),
            encoding_plugin=ENCODERS[syntax],
            generate_instance_uid=False,
        )
    else:
        _set_native(dataset, canvas)


def _describe(dataset: Dataset, canvas: Canvas) -> None:
    form = canvas.format
    dataset.SamplesPerPixel = 3 if form.coloured else 1
    dataset.PhotometricInterpretation = form.photometric
    dataset.Rows, dataset.Columns = canvas.bits.shape
    dataset.BitsAllocated = form.bits_allocated
    dataset.BitsStored = form.bits_stored
    dataset.HighBit = form.bits_stored - 1
    dataset.PixelRepresentation = int(form.signed)
    if form.coloured:
        dataset.PlanarConfiguration = form.planar
    if len(canvas.stored) > 1 or dataset.Modality in ("NM", "XA", "RF"):
        dataset.NumberOfFrames = len(canvas.stored)
    if canvas.window is not None:
        dataset.WindowCenter, dataset.WindowWidth = canvas.window
    if dataset.Modality in ("CT", "PT", "DX", "MG"):
        dataset.RescaleIntercept, dataset.RescaleSlope = canvas.intercept, canvas.slope
        dataset.RescaleType = "HU" if dataset.Modality == "CT" else "US"


def _samples(canvas: Canvas) -> npt.NDArray[Any]:
    """The stored values in their own type; without the frame axis if there is one."""
    form = canvas.format
    name = ("int" if form.signed else "uint") + str(form.bits_allocated)
    samples = canvas.stored.astype(name)
    return samples[0] if len(samples) == 1 else samples


def _set_native(dataset: Dataset, canvas: Canvas) -> None:
    form, samples = canvas.format, canvas.stored
    if form.photometric.startswith("YBR_FULL"):
        samples = _to_ybr(samples)
    if form.photometric == "YBR_FULL_422":
        samples = _halve_chroma(samples)
    elif form.planar == 1:
        samples = samples.transpose(0, 3, 1, 2)
    if form.where == "high_bits":
        samples = samples | (canvas.bits.astype(np.int32) << form.bits_stored)
    order = ">" if form.transfer_syntax == ExplicitVRBigEndian else "<"
    width = form.bits_allocated // 8
    stored = samples.astype(f"{order}{'i' if form.signed else 'u'}{width}")
    data = stored.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    implicit = form.transfer_syntax == ImplicitVRLittleEndian
    dataset["PixelData"].VR = "OB" if width == 1 and not implicit else "OW"


def _to_ybr(rgb: Stored) -> Stored:
    """Source: DICOM PS3.3 C.7.6.3.1.2, YBR_FULL."""
    red, green, blue = (rgb[..., index].astype(np.float64) for index in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    to_blue = -0.168736 * red - 0.331264 * green + 0.5 * blue + 128
    to_red = 0.5 * red - 0.418688 * green - 0.081312 * blue + 128
    stacked = np.rint(np.stack([luma, to_blue, to_red], axis=-1))
    return np.clip(stacked, 0, 255).astype(np.int32)


def _halve_chroma(ybr: Stored) -> Stored:
    """Two luma samples, then the mean chroma of both; ``Columns`` is even."""
    left, right = ybr[:, :, 0::2], ybr[:, :, 1::2]
    chroma = (left[..., 1:] + right[..., 1:] + 1) // 2
    return np.concatenate([left[..., :1], right[..., :1], chroma], axis=-1)


def _set_palette(dataset: Dataset, canvas: Canvas) -> None:
    bits = canvas.format.entry_bits
    palette = canvas.palette if canvas.palette is not None else np.zeros((256, 3))
    for index, name in enumerate(("Red", "Green", "Blue")):
        entries = palette[:, index].astype("<u2")
        if bits == 8:
            data = entries.astype(np.uint8).tobytes()
        else:
            data = (entries * 257).astype("<u2").tobytes()
        keyword = f"{name}PaletteColorLookupTable"
        setattr(dataset, f"{keyword}Descriptor", [256, 0, bits])
        setattr(dataset, f"{keyword}Data", data)
        dataset[f"{keyword}Data"].VR = "OW"


def _set_overlay(dataset: Dataset, canvas: Canvas) -> None:
    """Describes group 6000: a plane of its own, or a high bit of the pixels.

    Source: DICOM PS3.3 C.9.2; bits inside pixel data were retired in 2004.
    """
    rows, columns = canvas.bits.shape
    dataset.add_new((0x6000, 0x0010), "US", rows)
    dataset.add_new((0x6000, 0x0011), "US", columns)
    dataset.add_new((0x6000, 0x0040), "CS", "G")
    dataset.add_new((0x6000, 0x0050), "SS", [1, 1])
    if canvas.format.where == "high_bits":
        dataset.add_new((0x6000, 0x0100), "US", canvas.format.bits_allocated)
        dataset.add_new((0x6000, 0x0102), "US", canvas.format.bits_stored)
        return
    dataset.add_new((0x6000, 0x0100), "US", 1)
    dataset.add_new((0x6000, 0x0102), "US", 0)
    packed = np.packbits(canvas.bits.reshape(-1), bitorder="little").tobytes()
    dataset.add_new((0x6000, 0x3000), "OW", packed + b"\0" * (len(packed) % 2))


def _set_jpeg(dataset: Dataset, canvas: Canvas) -> None:
    subsampling = "4:2:2" if canvas.format.photometric == "YBR_FULL_422" else "4:4:4"
    frames = [_jpeg(frame, subsampling) for frame in canvas.stored.astype(np.uint8)]
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"
    native = canvas.stored[0].size * len(frames)
    dataset.LossyImageCompression = "01"
    dataset.LossyImageCompressionMethod = "ISO_10918_1"
    ratio = native / sum(len(frame) for frame in frames)
    dataset.LossyImageCompressionRatio = f"{ratio:.2f}"


def _jpeg(frame: npt.NDArray[np.uint8], subsampling: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(
        buffer, "JPEG", quality=JPEG_QUALITY, subsampling=subsampling
    )
    return buffer.getvalue()


def as_picture(canvas: Canvas) -> bytes:
    """The first frame as a PNG or JPEG file."""
    frame = canvas.stored[0].astype(np.uint8)
    if canvas.format.kind == "jpeg":
        return _jpeg(frame, "4:4:4")
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "PNG")
    return buffer.getvalue()
