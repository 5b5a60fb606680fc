"""The real engines, loaded once, and a second look at what was released."""

import re
from collections.abc import Callable

import pytest
from rapidfuzz import fuzz

from maskray.deidentify import Engines
from maskray.geometry import Box
from maskray.locate import Locator
from maskray.open import open_instance
from maskray.pixels import decode
from maskray.planes import planes
from maskray.read import Reader
from maskray.render import View, views
from maskray.settings import LimitSettings, LocateSettings, ReadSettings
from maskray.tesseract import Tesseract

THREADS = 1


@pytest.fixture(scope="session")
def reader() -> Reader:
    """RapidOCR; the frames here are small, their letters are not."""
    return Reader(ReadSettings(threads=THREADS, upscale_below_px=320))


@pytest.fixture(scope="session")
def locator() -> Locator:
    """EasyOCR."""
    return Locator(LocateSettings(threads=THREADS, device="cpu"))


@pytest.fixture(scope="session")
def engines(reader: Reader, locator: Locator) -> Engines:
    """Both, as ``deidentify`` takes them."""
    return Engines(reader, locator, tesseract=Tesseract())


@pytest.fixture(scope="session")
def texts_in(reader: Reader, locator: Locator) -> Callable[..., str]:
    """All that either engine reads in a file, whatever it is sure of."""

    def read(data: bytes, frames: tuple[int, ...] = (0,)) -> str:
        instance = open_instance(data, LimitSettings())
        found: list[str] = []
        for frame in decode(instance.dataset, instance.pixels, frames):
            shown = views(frame, instance.dataset, instance.pixels)
            for view in shown:
                found += _read_by_rapidocr(view.pixels, reader)
            found += _read_by_easyocr(shown[-1].pixels, locator)
        for plane in planes(instance):
            found += _read_by_rapidocr(plane.view.pixels, reader)
        return " | ".join(found)

    return read


def _read_by_rapidocr(view: View, reader: Reader) -> list[str]:
    return [each.text.get_secret_value() for each in reader.read(view, reader.spot(view))]


def _read_by_easyocr(view: View, locator: Locator) -> list[str]:
    whole = Box(0, 0, view.shape[1], view.shape[0])
    return [each.text.get_secret_value() for each in locator.read(view, [whole], [20])]


@pytest.fixture(scope="session")
def shows() -> Callable[[str, str], bool]:
    """Whether a text that was read holds a word, or most of its letters."""

    def found(text: str, word: str) -> bool:
        plain = re.sub(r"[^A-Z0-9|]", "", text.upper()) + "|" * len(word)
        return fuzz.partial_ratio(re.sub(r"[^A-Z0-9]", "", word.upper()), plain) > 75

    return found
