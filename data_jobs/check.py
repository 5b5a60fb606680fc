"""``maskray check``: does everything a run needs work on this machine?"""

import contextlib
import importlib.util
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pyarrow.fs as pafs

from data_jobs.config import JobSettings
from maskray.errors import DetectionError, MaskrayError
from maskray.geometry import Box
from maskray.model import Backend, Model
from maskray.text import letters

_PACKAGES = (
    "ray",
    "pydicom",
    "rapidocr",
    "onnxruntime",
    "easyocr",
    "torch",
    "tesserocr",
    "pyarrow",
)
_TEXT = "MASKRAY 4711"
_NAME = "JANE KRAMER"
_FREE_GIB = 1.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried. ``needed``: a run cannot do without it."""

    name: str
    works: bool
    says: str
    needed: bool = True


def checks(settings: JobSettings) -> Iterator[Check]:
    """Tries one thing after the other; nothing is downloaded or started for good.

    Models that the settings name are shown a name, and must say so.
    """
    yield Check("Python", True, platform.python_version())
    for package in _PACKAGES:
        yield _installed(package)
    yield _tried("RapidOCR reads", _rapidocr_reads)
    yield _tried("EasyOCR finds", _easyocr_finds)
    yield _tried("Tesseract spells", _tesseract_spells)
    yield _tried("pixel decoders", _decoders)
    yield _tried("object stores", _object_stores)
    yield _free_space()
    yield _key()
    yield _gpu()
    yield _vllm()
    for detector in settings.model_detectors:
        yield _tried(f"model of {detector}", partial(_answers, detector, settings))


def _installed(package: str) -> Check:
    try:
        return Check(package, True, version(package))
    except PackageNotFoundError:
        return Check(package, False, "not installed")


def _tried(name: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(name, True, attempt())
    except MaskrayError as error:
        return Check(name, False, str(error))
    except Exception as error:  # noqa: BLE001 - this command is there to find out
        return Check(name, False, type(error).__name__)


def _page(text: str = _TEXT) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("RGB", (400, 96), "black")
    font = ImageFont.load_default(32)
    ImageDraw.Draw(page).text((24, 24), text, fill="white", font=font)
    return np.asarray(page)


def _rapidocr_reads() -> str:
    from maskray.read import Reader

    page = _page()
    reader = Reader()
    found = reader.read(page, reader.spot(page))
    read = " ".join(each.text.get_secret_value() for each in found)
    if read.replace(" ", "").upper() != _TEXT.replace(" ", ""):
        raise RuntimeError
    return "a line of text"


def _easyocr_finds() -> str:
    from maskray.locate import EasyOCR, Locator

    page = _page()
    engine = EasyOCR()
    found = Locator(engine=engine).locate(
        page, [Box(0, 0, page.shape[1], page.shape[0])], [32]
    )
    if not found:
        raise RuntimeError
    return f"a line of text, on the {engine.device}"


def _tesseract_spells() -> str:
    from maskray.tesseract import Tesseract

    spelled = Tesseract().spell(_page())
    if spelled is None or letters(spelled.get_secret_value()) != letters(_TEXT):
        raise RuntimeError
    return "a line of text"


def _decoders() -> str:
    from pydicom.pixels import get_decoder
    from pydicom.uid import AllTransferSyntaxes

    usable = 0
    for syntax in AllTransferSyntaxes:
        # pydicom has no decoder at all for some syntaxes: those are not usable here.
        with contextlib.suppress(NotImplementedError):
            usable += get_decoder(syntax).is_available
    if not usable:
        raise RuntimeError
    return f"of {usable} transfer syntaxes"


def _object_stores() -> str:
    names = [
        label
        for label, kind in (("s3://", "S3FileSystem"), ("gs://", "GcsFileSystem"))
        if hasattr(pafs, kind)
    ]
    return ", ".join(names) or "none"


def _free_space() -> Check:
    place = Path(tempfile.gettempdir())
    found = os.statvfs(place)
    free = found.f_bavail * found.f_frsize / 2**30
    return Check("temporary folder", free > _FREE_GIB, f"{free:.0f} GiB free")


def _key() -> Check:
    given = bool(os.environ.get("MASKRAY_KEY"))
    says = "set" if given else "not set: each output gets a key of its own"
    return Check("MASKRAY_KEY", given, says, needed=False)


def _answers(detector: str, settings: JobSettings) -> str:
    from maskray.picture import pictures
    from maskray.render import NamedView

    core = settings.core
    shown = pictures([NamedView("full", _page(f"Name: {_NAME}"))], [0], core.model.loaded)
    with _backend(detector, settings) as backend:
        answer = Model(detector, backend, core).answer(shown)
    if answer.error is not None:
        raise answer.error
    said = " ".join(each.text.get_secret_value() for each in answer.findings)
    if not set(_NAME.split()) <= set(said.upper().split()):
        raise DetectionError("it answers, but misses the name it is shown")
    return "finds the name it is shown"


@contextlib.contextmanager
def _backend(detector: str, settings: JobSettings) -> Iterator[Backend]:
    if detector == "vllm":
        from vllm_engine import Engine

        engine = Engine(settings.core)
        try:
            yield engine
        finally:
            engine.stop()
    else:
        from maskray.endpoint import Endpoint

        endpoint = Endpoint(settings.core)
        endpoint.check()
        yield endpoint


def _gpu() -> Check:
    try:
        import torch

        count = torch.cuda.device_count()
    except ImportError:
        count = 0
    return Check("GPU", count > 0, f"{count} found", needed=False)


def _vllm() -> Check:
    found = importlib.util.find_spec("vllm") is not None
    return Check("vllm", found, "installed" if found else "not installed", needed=False)
