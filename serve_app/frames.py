"""Frames for a person's eyes: display values of one frame, for the page's canvas.

Grey frames keep 16 bits, so that window and level work on the page.
"""

from dataclasses import dataclass, field

import numpy as np

from maskray.errors import InputError
from maskray.open import open_instance
from maskray.pixels import GREY, PixelFormat, StoredFrame, decode
from maskray.render import robust_range, views
from maskray.settings import LimitSettings

_MOST = 65_535


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame to show.

    ``values`` are rows by columns little-endian 16-bit words if ``samples`` is 1, RGB
    bytes if it is 3. ``low`` and ``high`` are the window to begin with.
    """

    rows: int
    columns: int
    samples: int
    low: int
    high: int
    values: bytes = field(repr=False)


def picture(data: bytes, index: int, limits: LimitSettings) -> Picture:
    """A frame of a file.

    Args:
        data: DICOM, PNG or JPEG.
        index: Of the frame, 0-based.
        limits: As for de-identification.

    Raises:
        InputError: If there is no such frame.
        UnsupportedPixelsError: If it cannot be decoded.
    """
    instance = open_instance(data, limits)
    if not 0 <= index < instance.pixels.frames:
        raise InputError("no such frame", "not_found", "open")
    (frame,) = decode(instance.dataset, instance.pixels, [index])
    if frame.photometric in GREY:
        return _grey(frame, instance.pixels)
    rows, columns = frame.samples.shape[:2]
    shown = views(frame, instance.dataset, instance.pixels)[0].pixels
    return Picture(rows, columns, 3, 0, _MOST, np.ascontiguousarray(shown).tobytes())


def _grey(frame: StoredFrame, found: PixelFormat) -> Picture:
    """Scaled by the range that can be stored: alike in all frames, before and after.

    Values that are no integers have no such range: the frame's own is taken.
    """
    rows, columns = frame.samples.shape[:2]
    values = np.nan_to_num(frame.samples.astype(np.float64), posinf=0.0, neginf=0.0)
    if frame.samples.dtype.kind == "f":
        least, spread = values.min(), max(float(np.ptp(values)), 1e-9)
    else:
        spread = float((1 << found.bits_stored) - 1)
        least = -float(1 << (found.bits_stored - 1)) if found.signed else 0.0
    scaled = np.clip((values - least) / spread, 0.0, 1.0) * _MOST
    if frame.photometric == "MONOCHROME1":
        scaled = _MOST - scaled
    low, high = robust_range(scaled)
    words = np.round(scaled).astype("<u2").tobytes()
    return Picture(rows, columns, 1, int(low), max(int(high), int(low) + 1), words)
