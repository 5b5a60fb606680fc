"""Real images without text, and how to make a different background of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
import pydicom.data
from PIL import Image
from pydicom.errors import InvalidDicomError
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array

from maskray.errors import ConfigError
from maskray.synthesize.people import Rng, chance

Plane = npt.NDArray[np.float32]
"""Brightness, 0 to 1, axes (rows, columns)."""
Planes = npt.NDArray[np.float32]
"""Brightness, 0 to 1, axes (frames, rows, columns)."""

UNUSABLE = (
    InvalidDicomError, AttributeError, RuntimeError, ValueError, KeyError, OSError,
    EOFError,
)  # fmt: skip
"""What pydicom raises for files that are no DICOM image, or cannot be decoded here."""

HU_RANGE = (-1024.0, 1800.0)
"""Hounsfield units that a CT base's brightness 0 and 1 stand for."""

SHIPPED: tuple[tuple[str, str, tuple[int, int, int, int] | None], ...] = (
    ("CT_small.dcm", "CT", None),
    ("J2K_pixelrep_mismatch.dcm", "CT", None),
    ("693_J2KI.dcm", "CT", None),
    ("MR_small.dcm", "MR", None),
    ("examples_overlay.dcm", "MR", None),
    ("JPEG2000.dcm", "NM", None),
    ("JPGExtended.dcm", "NM", None),
    ("examples_ybr_color.dcm", "US", (46, 24, 276, 199)),
    ("examples_rgb_color.dcm", "US", (26, 56, 294, 168)),
)
"""Files in the pydicom wheel, modality, and the part of them that shows no text.

The part is ``x0, y0, x1, y1``; ``None`` means all of it. Every part was looked at.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """A real text-free image, or a short cine, as brightness."""

    modality: str
    planes: Planes


def load_bases(folder: Path | None) -> tuple[Base, ...]:
    """The images of the pydicom wheel, and every DICOM image in ``folder``.

    Files in the folder that are no DICOM image, or that cannot be decoded here, are
    passed over. Nobody checks that they show no text: whoever fills the folder does.

    Raises:
        ConfigError: If the folder is not there, or nothing in it can be used.
    """
    shipped = Path(pydicom.data.__file__).parent / "test_files"
    bases = [
        Base(modality, _cut(_brightness(shipped / name), part))
        for name, modality, part in SHIPPED
    ]
    if folder is None:
        return tuple(bases)
    if not folder.is_dir():
        raise ConfigError("the folder of base images is not there")
    own = [base for path in sorted(folder.rglob("*")) if (base := _own_base(path))]
    if not own:
        raise ConfigError("the folder of base images holds no usable DICOM image")
    return tuple(bases + own)


def _own_base(path: Path) -> Base | None:
    if not path.is_file():
        return None
    try:
        modality = str(pydicom.dcmread(path, stop_before_pixels=True).Modality)
        planes = _brightness(path)
    except UNUSABLE:
        return None
    return Base(modality, planes) if min(planes.shape[1:]) >= 32 else None


def _brightness(path: Path) -> Planes:
    dataset = pydicom.dcmread(path)
    photometric = str(dataset.PhotometricInterpretation)
    pixels = pixel_array(dataset)
    if photometric == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
    if dataset.SamplesPerPixel == 3 or photometric == "PALETTE COLOR":
        pixels = pixels[..., :3] @ np.array([0.299, 0.587, 0.114])
    planes = pixels.reshape((-1, *pixels.shape[-2:])).astype(np.float32)
    if dataset.get("Modality") == "CT":
        intercept = np.float32(dataset.get("RescaleIntercept", 0))
        planes = planes * np.float32(dataset.get("RescaleSlope", 1)) + intercept
        low, high = HU_RANGE
    else:
        low, high = (float(end) for end in np.percentile(planes, [0.2, 99.8]))
    planes = np.clip((planes - np.float32(low)) / max(high - low, 1.0), 0, 1)
    planes = planes.astype(np.float32)
    return 1 - planes if photometric == "MONOCHROME1" else planes


def _cut(planes: Planes, part: tuple[int, int, int, int] | None) -> Planes:
    if part is None:
        return planes
    x0, y0, x1, y1 = part
    return planes[:, y0:y1, x0:x1]


def resize(plane: Plane, rows: int, columns: int) -> Plane:
    """The plane in another size, smoothly."""
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    resized = image.resize((columns, rows), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(resized, np.float32), 0, 1)


def blotches(rng: Rng, rows: int, columns: int, size_px: float) -> Plane:
    """Smooth random brightness between 0 and 1 with structures of about that size."""
    coarse = rng.random((int(rows / size_px) + 3, int(columns / size_px) + 3))
    return resize(coarse.astype(np.float32), rows, columns)


def grain(rng: Rng, rows: int, columns: int, level: float) -> Plane:
    """Noise around 0 with that standard deviation, fine and a little blurred."""
    noise = rng.standard_normal((rows, columns), dtype=np.float32)
    blurred = noise.copy()
    blurred[:, 1:] += noise[:, :-1]
    blurred[1:] += blurred[:-1].copy()
    return (noise * 0.5 + blurred * 0.4) * np.float32(level)


def choose(rng: Rng, bases: Sequence[Base], wanted: Sequence[str]) -> Base:
    """A base of one of the wanted modalities, or any if there is none."""
    fitting = [base for base in bases if base.modality in wanted] or list(bases)
    return fitting[int(rng.integers(len(fitting)))]


def vary(
    rng: Rng,
    plane: Plane,
    rows: int,
    columns: int,
    *,
    least_share: float = 0.6,
    coarse: float = 1.0,
) -> Plane:
    """A background of the given size made from a part of the plane.

    Crops at least ``least_share`` of each side to the new proportions, flips, changes
    the contrast, and adds noise, more of it where the plane is enlarged; ``coarse``
    scales the noise and the change of contrast.
    """
    part = _crop(rng, plane, rows / columns, least_share)
    if chance(rng, 0.5):
        part = part[:, ::-1]
    if chance(rng, 0.15):
        part = part[::-1]
    enlarged = rows / part.shape[0]
    made = resize(part, rows, columns)
    exponent = 1 + rng.uniform(-0.25, 0.3) * coarse
    made = np.power(made.astype(np.float64), exponent).astype(np.float32)
    made *= np.float32(1 - rng.uniform(0, 0.2) * coarse)
    if enlarged > 1.3:
        detail = blotches(rng, rows, columns, enlarged * 0.7) - np.float32(0.5)
        detail *= np.minimum(made, np.float32(0.6)) * np.float32(0.25 * coarse)
        made += detail
    level = rng.uniform(0.004, 0.018) * coarse
    made += grain(rng, rows, columns, level) * (made + np.float32(0.25))
    return np.clip(made, 0, 1)


def _crop(rng: Rng, plane: Plane, proportion: float, least_share: float) -> Plane:
    rows, columns = plane.shape
    share = rng.uniform(least_share, 1.0)
    height = max(16, int(rows * share))
    width = int(height / proportion)
    if width > columns:
        width = columns
        height = min(rows, max(16, int(width * proportion)))
    top = int(rng.integers(rows - height + 1))
    left = int(rng.integers(columns - width + 1))
    return plane[top : top + height, left : left + width]
