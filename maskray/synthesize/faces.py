"""Draws one line of text as coverage masks, in many faces, without system fonts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from maskray.errors import ConfigError
from maskray.synthesize.letters import DOTS, FIRST_CODE, SERIF, SIMPLEX

Coverage = npt.NDArray[np.uint8]
"""How much of each pixel ink covers, 0 to 255; axes (rows, columns)."""

CAP_SHARE = 0.7
"""Height of a capital letter over the nominal text size, in every face."""
FAINT = 40
"""Coverage below this is dropped: nobody sees it, and boxes must hold visible ink."""
SUPERSAMPLING = 4
"""Stroke letters are drawn this much larger and averaged down."""


@dataclass(frozen=True, slots=True)
class Face:
    """One way to draw letters.

    ``draw`` takes the texts of one line, the size in pixels and whether edges are
    smooth; it returns one mask per text, all of one shape, each text at its own place.
    ``unit_px`` is the size step of faces made of whole dots, 0 for scalable ones.
    Below ``least_px`` the letters cannot be read, below ``bilevel_px`` not without
    smooth edges.
    """

    name: str
    draw: Callable[[Sequence[str], int, bool], list[Coverage]]
    unit_px: int = 0
    least_px: int = 10
    bilevel_px: int = 12

    def nearest(self, size_px: int) -> int:
        """The size this face can be drawn in that comes closest to ``size_px``."""
        if not self.unit_px:
            return max(size_px, self.least_px)
        return max(1, round(size_px / self.unit_px)) * self.unit_px

    def line(self, texts: Sequence[str], size_px: int, smooth: bool) -> list[Coverage]:
        """One mask per text of the line; smooth where the letters need it."""
        return self.draw(texts, size_px, smooth or size_px < self.bilevel_px)

    def height(self, size_px: int, smooth: bool) -> int:
        """Rows from the top of the capitals to the bottom of the descenders."""
        rows = np.nonzero(self.line(["Hg"], size_px, smooth)[0].any(axis=1))[0]
        return int(rows[-1] - rows[0]) + 1


def _starts(texts: Sequence[str], width: Callable[[str], float]) -> list[float]:
    return [width("".join(texts[:index])) for index in range(len(texts))]


def _finish(masks: list[Coverage], smooth: bool) -> list[Coverage]:
    if smooth:
        return [np.where(mask < FAINT, 0, mask).astype(np.uint8) for mask in masks]
    return [np.where(mask >= 112, 255, 0).astype(np.uint8) for mask in masks]


@cache
def _scalable(size_px: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size_px)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise ConfigError("synthesis needs Pillow with FreeType")
    return font


def _draw_scalable(
    texts: Sequence[str], size: int, smooth: bool, stroke: float = 0.0
) -> list[Coverage]:
    font = _scalable(size)
    pad = 3 + round(stroke)

    def width(text: str) -> float:
        return font.getlength(text, mode="L" if smooth else "1")

    shape = (int(width("".join(texts))) + 2 * pad + size, 2 * size)
    masks = []
    for text, start in zip(texts, _starts(texts, width), strict=True):
        image = Image.new("L", shape)
        pen = ImageDraw.Draw(image)
        pen.fontmode = "L" if smooth else "1"
        where = (pad + round(start), size * 1.4)
        pen.text(where, text, fill=255, font=font, anchor="ls", stroke_width=stroke)
        masks.append(np.asarray(image))
    return _finish(masks, smooth)


def _sans(texts: Sequence[str], size: int, smooth: bool) -> list[Coverage]:
    return _draw_scalable(texts, size, smooth)


def _sans_bold(texts: Sequence[str], size: int, smooth: bool) -> list[Coverage]:
    return _draw_scalable(texts, size, smooth, stroke=max(0.4, size / 32))


def _resize(mask: Coverage, width: int, height: int) -> Coverage:
    resized = Image.fromarray(mask).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized)


def _sans_narrow(texts: Sequence[str], size: int, smooth: bool) -> list[Coverage]:
    masks = _draw_scalable(texts, size, True)
    rows, columns = masks[0].shape
    narrow = [_resize(mask, round(columns * 0.8), rows) for mask in masks]
    return _finish(narrow, smooth)


def _sans_oblique(texts: Sequence[str], size: int, smooth: bool) -> list[Coverage]:
    masks = _draw_scalable(texts, size, True)
    rows, columns = masks[0].shape
    shear = (1.0, 0.21, -0.21 * rows * 0.7, 0.0, 1.0, 0.0)
    leaning = [
        Image.fromarray(mask).transform(
            (columns, rows), Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR
        )
        for mask in masks
    ]
    return _finish([np.asarray(image) for image in leaning], smooth)


def _sans_spaced(texts: Sequence[str], size: int, smooth: bool) -> list[Coverage]:
    """Every letter centred in a cell of one width, as on a terminal."""
    font, cell = _scalable(size), round(size * 0.64)
    shape = (cell * len("".join(texts)) + 8, 2 * size)
    masks = []
    for text, start in zip(texts, _starts(texts, len), strict=True):
        image = Image.new("L", shape)
        pen = ImageDraw.Draw(image)
        pen.fontmode = "L" if smooth else "1"
        for index, letter in enumerate(text):
            x = 4 + round(start + index) * cell
            inset = (cell - font.getlength(letter)) // 2
            pen.text((x + inset, size * 1.4), letter, fill=255, font=font, anchor="ls")
        masks.append(np.asarray(image))
    return _finish(masks, smooth)


def _soft(texts: Sequence[str], size: int, smooth: bool) -> list[Coverage]:
    """Small letters enlarged, as in a rescaled screen capture; always smooth."""
    small = _draw_scalable(texts, max(round(size / 1.6), 10), True)
    factor = size / max(round(size / 1.6), 10)
    rows, columns = small[0].shape
    large = [_resize(m, round(columns * factor), round(rows * factor)) for m in small]
    return _finish(large, smooth)


def _rounded(weight: int, name: str) -> Callable[..., list[Coverage]]:
    def draw(texts: Sequence[str], size: int, smooth: bool) -> list[Coverage]:
        import cv2

        if not hasattr(cv2, "FontFace"):
            raise ConfigError("synthesis needs OpenCV 5 or later for its letters")
        face, whole = cv2.FontFace(name), "".join(texts)
        right = cv2.getTextSize((1, 1), whole, (0, 0), face, size, weight)[2]
        shape = (2 * size, right + 2 * size)
        masks, x = [], size // 2
        for text in texts:
            mask = np.zeros(shape, np.uint8)
            pen, _ = cv2.putText(
                mask, text, (x, round(size * 1.4)), (255,), face, size, weight
            )
            x = pen[0]
            masks.append(mask)
        return _finish(masks, smooth)

    return draw


def _strokes(table: Sequence[str], letter: str) -> tuple[int, list[list[int]]]:
    """Advance and polylines (flat ``x, y`` lists) of one letter, in font units."""
    code = table[ord(letter) - FIRST_CODE]
    left, right = ord(code[0]) - ord("R"), ord(code[1]) - ord("R")
    lines = []
    for piece in code[2:].split(" R"):
        values = [ord(character) - ord("R") for character in piece]
        lines.append([v - left if i % 2 == 0 else v for i, v in enumerate(values)])
    return right - left, [line for line in lines if len(line) > 2]


def _stroked(
    table: Sequence[str], weight: float, lean: float = 0.0
) -> Callable[..., list[Coverage]]:
    def draw(texts: Sequence[str], size: int, smooth: bool) -> list[Coverage]:
        factor = SUPERSAMPLING if smooth else 1
        scale = size * CAP_SHARE / 21 * factor
        pen_px = max(factor, round(size * weight * factor))

        def width(text: str) -> float:
            return sum(_strokes(table, letter)[0] for letter in text) * scale

        columns = int(width("".join(texts))) // factor + 2 * size
        base = size * factor * 1.4
        masks = []
        for text, start in zip(texts, _starts(texts, width), strict=True):
            image = Image.new("L", (columns * factor, 2 * size * factor))
            ink, x = ImageDraw.Draw(image), start + size * factor * 0.5
            for letter in text:
                advance, lines = _strokes(table, letter)
                for line in lines:
                    up = [(y - 9) * scale for y in line[1::2]]
                    along = [x + v * scale for v in line[::2]]
                    points = [
                        (a - lean * u, base + u) for a, u in zip(along, up, strict=True)
                    ]
                    ink.line(points, fill=255, width=pen_px, joint="curve")
                x += advance * scale
            masks.append(np.asarray(image.reduce(factor)))
        return _finish(masks, smooth)

    return draw


def _enlarge(mask: Coverage, factor: int) -> Coverage:
    return np.kron(mask, np.ones((factor, factor), np.uint8)).astype(np.uint8)


def _bitmap(texts: Sequence[str], size: int, smooth: bool) -> list[Coverage]:
    """Pillow's bitmap letters, each dot enlarged to whole pixels; never smooth."""
    del smooth
    font = ImageFont.load_default_imagefont()
    masks = []
    for text, start in zip(texts, _starts(texts, font.getlength), strict=True):
        image = Image.new("L", (int(font.getlength("".join(texts))) + 4, 16))
        pen = ImageDraw.Draw(image)
        pen.fontmode = "1"
        pen.text((2 + int(start), 2), text, fill=255, font=font)
        masks.append(_enlarge(np.asarray(image), max(1, round(size / 10))))
    return masks


def _dots(texts: Sequence[str], size: int, smooth: bool) -> list[Coverage]:
    """Letters of 5 by 7 dots in cells of 6 by 9, enlarged to whole pixels."""
    del smooth
    masks = []
    for text, start in zip(texts, _starts(texts, len), strict=True):
        mask = np.zeros((10, 6 * len("".join(texts)) + 2), np.uint8)
        for index, letter in enumerate(text, round(start)):
            first = 5 * (ord(letter) - FIRST_CODE)
            columns = np.frombuffer(DOTS[first : first + 5], np.uint8)
            bits = np.unpackbits(columns[None, :], axis=0, bitorder="little")
            mask[1:9, 1 + 6 * index : 6 + 6 * index] = bits * 255
        masks.append(_enlarge(mask, max(1, round(size / 10))))
    return masks


FACES: dict[str, Face] = {
    face.name: face
    for face in (
        Face("sans", _sans, bilevel_px=10),
        Face("sans-bold", _sans_bold, bilevel_px=16),
        Face("sans-narrow", _sans_narrow, least_px=12, bilevel_px=17),
        Face("sans-oblique", _sans_oblique, least_px=11, bilevel_px=16),
        Face("sans-spaced", _sans_spaced, bilevel_px=10),
        Face("soft", _soft, least_px=16, bilevel_px=24),
        Face("rounded", _rounded(400, "sans"), least_px=11),
        Face("rounded-bold", _rounded(700, "sans"), least_px=12, bilevel_px=14),
        Face("rounded-italic", _rounded(400, "italic"), least_px=12, bilevel_px=14),
        Face("humanist", _rounded(0, "uni"), least_px=11, bilevel_px=13),
        Face("stroke", _stroked(SIMPLEX, 0.055), least_px=11),
        Face("stroke-bold", _stroked(SIMPLEX, 0.11), least_px=14, bilevel_px=18),
        Face("stroke-italic", _stroked(SIMPLEX, 0.06, lean=0.25), least_px=13),
        Face("serif", _stroked(SERIF, 0.05), least_px=18, bilevel_px=22),
        Face("bitmap", _bitmap, unit_px=10),
        Face("dots", _dots, unit_px=10),
    )
}
"""Every face by its name."""
