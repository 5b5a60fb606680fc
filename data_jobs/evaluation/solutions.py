"""What ``maskray evaluate`` compares: anything that makes a released file of a source.

====================  ==================================================================
``rules``, ...        maskray with that detector; ``vllm+rules`` unites several
``easyocr-all-text``  mask all that EasyOCR takes for text, as redaction scripts do
``presidio``          Presidio's DicomImageRedactorEngine with Tesseract
====================  ==================================================================
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from maskray.account import manifest_row
from maskray.deidentify import Engines, deidentify
from maskray.errors import ConfigError, MaskrayError, ServiceDownError
from maskray.geometry import Box
from maskray.keys import Key
from maskray.locate import NAME as EASYOCR
from maskray.locate import weights_folder
from maskray.mask import boxes_by_frame, mask
from maskray.open import Instance, Kind, open_instance
from maskray.pixels import GREY, StoredFrame, decode
from maskray.policy import Policy
from maskray.read import NAME as RAPIDOCR
from maskray.records import Category, Region, Verdict
from maskray.render import views
from maskray.settings import Settings, validated
from maskray.torch_cpu import prepare_torchvision
from maskray.write import SUFFIX, encode, encode_image

TESSERACT = "tesseract"
ALL_TEXT, PRESIDIO = "easyocr-all-text", "presidio"
ROOT = Path(__file__).resolve().parents[2]
PRESIDIO_PYTHON = ROOT / ".venv-presidio" / "bin" / "python"
"""Presidio's pins clash with maskray's (two builds of OpenCV): it has its own place."""
_PRESIDIO_WORKER = Path(__file__).with_name("presidio.py")


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a solution did with one source. ``data`` is what it would release."""

    verdict: Verdict
    code: str | None = None
    data: bytes | None = None
    seconds: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0


class Solution(Protocol):
    """One of the things compared.

    ``readers`` are the engines that chose what to mask: another one judges what is left.
    ``by_policy``: it can be told what counts as PHI, so it is run for each policy.
    """

    name: str
    readers: frozenset[str]
    by_policy: bool
    digest: str

    def treat(self, data: bytes, policy: Policy) -> Treatment:
        """Treats one source. What it cannot treat is FAILED, not an error."""
        ...

    def close(self) -> None:
        """Gives back what it holds."""
        ...


def make_solution(name: str, settings: Settings) -> Solution:
    """The solution of that name; its models are loaded when it is first used.

    Raises:
        ConfigError: If there is none, or it is not installed.
    """
    if name == ALL_TEXT:
        return AllText(settings)
    if name == PRESIDIO:
        return Presidio(settings)
    changes: dict[str, object] = {"detectors": tuple(name.split("+"))}
    try:
        chosen = validated(Settings, {**_core(settings), **changes}, "solution")
    except ConfigError:
        raise ConfigError(
            f"no such solution: {name} (detectors joined by +, {ALL_TEXT} or {PRESIDIO})"
        ) from None
    return Maskray(name, chosen)


def _core(settings: Settings) -> dict[str, object]:
    return {each: getattr(settings, each) for each in Settings.model_fields}


# --- maskray --------------------------------------------------------------------------


class Maskray:
    """maskray itself, by its Python API."""

    readers = frozenset({RAPIDOCR, EASYOCR})
    by_policy = True

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.digest = settings.digest
        self._settings = settings
        self._engines: Engines | None = None
        self._key = Key(os.urandom(32))

    def treat(self, data: bytes, policy: Policy) -> Treatment:
        """See :class:`Solution`."""
        if self._engines is None:
            self._engines = Engines.load(self._settings)
        settings = self._settings.model_copy(update={"policy": policy})
        start = time.perf_counter()
        outcome = deidentify(data, self._key, settings, self._engines)
        seconds = time.perf_counter() - start
        row = manifest_row(outcome, instance="", run="", released=None, settings=settings)
        return Treatment(
            outcome.verdict,
            outcome.error_code,
            outcome.data if outcome.verdict.releasable else None,
            seconds,
            row["tokens_in"],
            row["tokens_out"],
        )

    def close(self) -> None:
        """Nothing to give back."""


# --- EasyOCR: all text ----------------------------------------------------------------


class AllText:
    """A black box on every upright box that EasyOCR's detector finds in any frame.

    The detector's own settings are those of the Pixels redactor: its default canvas,
    ``text_threshold`` 0, ``min_size`` 1, no recogniser, slanting boxes ignored, and an
    8-bit picture scaled by the largest value only. Kinder than there: frames of a cine
    are looked at one by one, colours are shown as RGB, models are loaded once, and the
    file is written by maskray, so that compressed and 16-bit ones survive.
    """

    name = ALL_TEXT
    readers = frozenset({EASYOCR})
    by_policy = False
    digest = "text_threshold=0,min_size=1"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reader: Any = None

    def treat(self, data: bytes, policy: Policy) -> Treatment:
        """See :class:`Solution`."""
        if self._reader is None:
            self._reader = _easyocr(self._settings)
        return _treated(lambda: self._masked(data))

    def _masked(self, data: bytes) -> tuple[bytes, bool]:
        instance = open_instance(data, self._settings.limits)
        regions = [
            Region((frame.index,), box, Category.UNKNOWN)
            for frame in decode(instance.dataset, instance.pixels)
            for box in self._boxes(plain_view(frame, instance))
        ]
        return written(instance, regions, self._settings), bool(regions)

    def _boxes(self, view: npt.NDArray[np.uint8]) -> list[Box]:
        upright, _ = self._reader.detect(view, min_size=1, text_threshold=0)
        found: list[Box] = []
        for x0, x1, y0, y1 in upright[0]:
            box = Box(
                int(x0), int(y0), max(int(x1), int(x0)) + 1, max(int(y1), int(y0)) + 1
            )
            inside = box.clip(*view.shape[:2])
            if inside is not None:
                found.append(inside)
        return found

    def close(self) -> None:
        """Nothing to give back."""


def _easyocr(settings: Settings) -> Any:
    """EasyOCR's text detector as it comes; on the GPU where there is one.

    Raises:
        ServiceDownError: If it or its weights are missing.
    """
    folder = str(weights_folder(settings.locate))
    prepare_torchvision()
    import easyocr
    import torch

    wanted = settings.locate.device
    return easyocr.Reader(
        ["en"],
        gpu=wanted != "cpu" and torch.cuda.is_available(),
        recognizer=False,
        model_storage_directory=folder,
        user_network_directory=folder,
        download_enabled=False,
        verbose=False,
    )


def plain_view(frame: StoredFrame, instance: Instance) -> npt.NDArray[np.uint8]:
    """The frame in 8 bits as scripts make it: over the largest value, nothing else."""
    if frame.photometric not in GREY:
        return views(frame, instance.dataset, instance.pixels)[0].pixels
    values = np.nan_to_num(frame.samples.astype(np.float64)).clip(0)
    scaled = values / max(float(values.max()), 1e-9) * 255
    return np.repeat(scaled.astype(np.uint8)[..., np.newaxis], 3, axis=2)


def written(instance: Instance, regions: Sequence[Region], settings: Settings) -> bytes:
    """The file with those regions black, its header as it was.

    Raises:
        MaskrayError: If it cannot be written.
    """
    masked = mask(instance, regions, settings.mask) if regions else instance
    if instance.kind is Kind.DICOM:
        return encode(masked)
    return encode_image(masked, boxes_by_frame(regions).get(0, ()))


def _treated(work: Callable[[], tuple[bytes, bool]]) -> Treatment:
    """The treatment that ``work`` gives: the file, and whether anything was masked."""
    start = time.perf_counter()
    try:
        data, found = work()
        verdict = Verdict.REDACTED if found else Verdict.CLEAN
        treatment = Treatment(verdict, data=data)
    except ServiceDownError:
        raise
    except MaskrayError as error:
        treatment = Treatment(Verdict.FAILED, error.code)
    except Exception as error:  # noqa: BLE001 - messages may quote what was read
        treatment = Treatment(Verdict.FAILED, f"internal_{type(error).__name__}")
    return replace(treatment, seconds=time.perf_counter() - start)


# --- Presidio -------------------------------------------------------------------------


class Presidio:
    """Presidio in a process of its own; see ``presidio.py``.

    Raises:
        ConfigError: If it is not installed; says how to.
    """

    name = PRESIDIO
    readers = frozenset({TESSERACT})
    by_policy = False
    digest = "DicomImageRedactorEngine"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._python = presidio_python()
        self._process: subprocess.Popen[str] | None = None

    def treat(self, data: bytes, policy: Policy) -> Treatment:
        """See :class:`Solution`. The time is that inside the worker."""
        try:
            suffix = SUFFIX[open_instance(data, self._settings.limits).kind]
        except MaskrayError as error:
            return Treatment(Verdict.FAILED, error.code)
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, f"in{suffix}"), Path(folder, f"out{suffix}")
            source.write_bytes(data)
            reply = self._ask({"source": str(source), "target": str(target)})
            seconds = float(reply.get("seconds", 0.0))
            if "error" in reply:
                return Treatment(Verdict.FAILED, str(reply["error"]), seconds=seconds)
            verdict = Verdict.REDACTED if reply["boxes"] else Verdict.CLEAN
            return Treatment(verdict, data=target.read_bytes(), seconds=seconds)

    def _ask(self, request: dict[str, str]) -> dict[str, Any]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - our own worker
                [str(self._python), "-P", str(_PRESIDIO_WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # may quote what it read
                text=True,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None  # noqa: S101, PT018 - pipes
        try:
            stdin.write(json.dumps(request) + "\n")
            stdin.flush()
            return dict(json.loads(stdout.readline()))
        except (OSError, ValueError):
            raise ServiceDownError(
                "Presidio's process ended: try `make presidio` again", "no_presidio"
            ) from None

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            assert self._process.stdin is not None  # noqa: S101 - a pipe
            self._process.stdin.close()
            self._process.wait(timeout=60)
            self._process = None


def presidio_python() -> Path:
    """The interpreter that has Presidio: its own environment, or this one.

    Raises:
        ConfigError: If there is none.
    """
    if PRESIDIO_PYTHON.exists():
        return PRESIDIO_PYTHON
    if importlib.util.find_spec("presidio_image_redactor") is not None:
        return Path(sys.executable)
    raise ConfigError(
        "Presidio is not installed: run `make presidio`, or install maskray[presidio] "
        "and Tesseract"
    )
