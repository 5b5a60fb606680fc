"""A second pair of eyes: an engine that did not choose the regions reads what is left."""

import io
import shutil
import subprocess
from collections.abc import Iterable
from typing import Protocol

import cv2
import numpy as np
import PIL.Image

from maskray.geometry import Box
from maskray.open import Instance
from maskray.pixels import decode
from maskray.read import NAME as RAPIDOCR
from maskray.read import Reader
from maskray.render import View, views
from maskray.settings import Settings
from maskray.spots import Spot as Place

TESSERACT = "tesseract"
_LETTER_PX = 40
"""Height that Tesseract is shown lines at; it was trained on printed pages."""
_MOST_SECONDS = 60
_FLAT = 8
"""Nothing can be written where the values of a view (0 to 255) differ by less."""


class Judge(Protocol):
    """Reads a place of a view, whatever it is sure of."""

    name: str

    def read(self, view: View, box: Box) -> list[str]:
        """What it reads in and right around the box."""
        ...


def make_judge(readers: Iterable[str], settings: Settings) -> Judge | None:
    """A judge that is none of ``readers``; ``None`` if no other engine is here."""
    if RAPIDOCR not in readers:
        return ByRapidOCR(settings)
    if TESSERACT not in readers and shutil.which(TESSERACT):
        return ByTesseract()
    return None


class ByRapidOCR:
    """RapidOCR on the crop."""

    name = RAPIDOCR

    def __init__(self, settings: Settings) -> None:
        self._reader = Reader(settings.read)

    def read(self, view: View, box: Box) -> list[str]:
        """See :class:`Judge`."""
        around = _around(box, view)
        if around is None:
            return []
        spots = [Place.at(around, 1.0), *self._reader.spot(view, around)]
        found = self._reader.read(view, spots)
        return [each.text.get_secret_value() for each in found]


class ByTesseract:
    """The program ``tesseract`` on the crop, as a line; a tall crop is turned."""

    name = TESSERACT

    def read(self, view: View, box: Box) -> list[str]:
        """See :class:`Judge`."""
        around = _around(box, view)
        if around is None:
            return []
        crop = view[around.index]
        turned = [crop]
        if box.height > 1.5 * box.width:
            turned = [np.rot90(crop), np.rot90(crop, 3)]
        return [self._line(each) for each in turned]

    def _line(self, crop: View) -> str:
        scale = _LETTER_PX * 1.8 / crop.shape[0]
        size = (max(round(crop.shape[1] * scale), 1), max(round(crop.shape[0] * scale), 1))
        large = cv2.resize(np.ascontiguousarray(crop), size, interpolation=cv2.INTER_CUBIC)
        buffer = io.BytesIO()
        PIL.Image.fromarray(np.asarray(large, np.uint8)).save(buffer, "PNG")
        try:
            done = subprocess.run(  # noqa: S603 - no shell
                [TESSERACT, "stdin", "stdout", "--psm", "7"],
                input=buffer.getvalue(),
                capture_output=True,
                check=False,
                timeout=_MOST_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.decode("utf-8", "replace").strip()


def _around(box: Box, view: View) -> Box | None:
    margin = max(min(box.width, box.height) * 2 // 5, 3)
    return box.grow(margin, margin).clip(*view.shape[:2])


def read_place(judge: Judge, released: Instance, frame: int, box: Box) -> list[str]:
    """What the judge reads at a place of a released frame, in all of its views."""
    (decoded,) = decode(released.dataset, released.pixels, [frame])
    found: list[str] = []
    for view in views(decoded, released.dataset, released.pixels):
        inside = box.clip(*view.pixels.shape[:2])
        if inside is not None and np.ptp(view.pixels[inside.index]) >= _FLAT:
            found += judge.read(view.pixels, box)
    return found
