"""What is on the screen besides text: a background for each kind of modality."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from maskray.synthesize.bases import (
    Base,
    Plane,
    Planes,
    blotches,
    choose,
    grain,
    resize,
    vary,
)
from maskray.synthesize.people import Rng, chance, pick

Taken = npt.NDArray[np.bool_]
"""Pixels where no text may go; axes (rows, columns)."""


@dataclass(frozen=True, slots=True, eq=False)
class Scenery:
    """A screen before text: brightness, tint in colour, and what is taken.

    ``tint`` has axes (rows, columns, 3) and is multiplied with the brightness; ``None``
    for grey screens.
    """

    planes: Planes
    taken: Taken
    tint: npt.NDArray[np.float32] | None = None


def paint(
    rng: Rng,
    modality: str,
    bases: Sequence[Base],
    shape: tuple[int, int, int],
    *,
    colour: bool = False,
) -> Scenery:
    """A background of ``shape`` (frames, rows, columns) for the modality."""
    painter = PAINTERS[modality]
    planes = painter(rng, bases, shape)
    taken = np.zeros(shape[1:], np.bool_)
    if modality == "US" or chance(rng, 0.35):
        planes, taken = _graphics(rng, planes, trace=modality in ("US", "XA", "RF"))
    tint = _tint(rng, modality, shape[1:]) if colour else None
    return Scenery(planes, taken, tint)


def _still(plane: Plane, frames: int) -> Planes:
    return np.repeat(plane[None], frames, axis=0)


def _moving(rng: Rng, plane: Plane, shape: tuple[int, int, int], reach: int) -> Planes:
    """Frames that pan over ``plane``, which is ``2 * reach`` larger each way."""
    frames, rows, columns = shape
    period = max(4, frames // 2)
    turn = 2 * np.pi * (np.arange(frames) / period)
    ys = reach + np.rint(np.sin(turn) * reach * rng.uniform(0.4, 1)).astype(int)
    xs = reach + np.rint(np.cos(turn) * reach * rng.uniform(0.2, 1)).astype(int)
    noise = grain(rng, rows + frames, columns, 0.012)
    moved = np.empty(shape, np.float32)
    for index, (y, x) in enumerate(zip(ys, xs, strict=True)):
        moved[index] = plane[y : y + rows, x : x + columns]
        moved[index] += noise[index : index + rows]
    return np.clip(moved, 0, 1)


def _view(rng: Rng, base: Base, shape: tuple[int, int, int]) -> Planes:
    frames, rows, columns = shape
    plane = base.planes[int(rng.integers(len(base.planes)))]
    coarse = 0.25 if base.modality == "CT" else 1.0
    if frames == 1:
        return vary(rng, plane, rows, columns, coarse=coarse)[None]
    reach = max(2, rows // 60)
    larger = vary(rng, plane, rows + 2 * reach, columns + 2 * reach, coarse=coarse)
    return _moving(rng, larger, shape, reach)


def _section(rng: Rng, bases: Sequence[Base], shape: tuple[int, int, int]) -> Planes:
    """CT: sometimes with the black corners of a round field of view."""
    planes = _view(rng, choose(rng, bases, ["CT"]), shape)
    if chance(rng, 0.4):
        planes = planes * _disc(shape[1:], rng.uniform(0.47, 0.56))
    return planes


def _resonance(rng: Rng, bases: Sequence[Base], shape: tuple[int, int, int]) -> Planes:
    planes = _view(rng, choose(rng, bases, ["MR"]), shape)
    shading = blotches(rng, shape[1], shape[2], shape[1] / 2)
    return planes * (np.float32(0.65) + shading * np.float32(0.35))


def _disc(shape: tuple[int, int], radius: float) -> Plane:
    rows, columns = shape
    ys, xs = np.mgrid[0:rows, 0:columns].astype(np.float32)
    away = (ys - rows / 2) ** 2 + (xs - columns / 2) ** 2
    disc: Plane = (away < (radius * min(rows, columns)) ** 2).astype(np.float32)
    return disc


def _shutter(rng: Rng, shape: tuple[int, int]) -> Plane:
    """1 inside a rectangle that may lean a little, 0 outside."""
    rows, columns = shape
    left, right = rng.uniform(0.03, 0.14), rng.uniform(0.86, 0.97)
    top, bottom = rng.uniform(0.04, 0.14), rng.uniform(0.86, 0.97)
    lean = rng.uniform(-0.02, 0.02)
    corners = [(left, top), (right, top + lean), (right - lean, bottom), (left, bottom)]
    mask = Image.new("L", (columns, rows))
    points = [(x * columns, y * rows) for x, y in corners]
    ImageDraw.Draw(mask).polygon(points, fill=255)
    return np.asarray(mask, np.float32) / np.float32(255)


def _radiograph(rng: Rng, bases: Sequence[Base], shape: tuple[int, int, int]) -> Planes:
    """CR and DX: soft structures, grain, and often the edges of collimation."""
    frames, rows, columns = shape
    base = choose(rng, bases, ["CR", "DX", "PX"])
    plane = base.planes[0]
    if base.modality not in ("CR", "DX", "PX"):
        plane = _projected(rng, choose(rng, bases, ["CT", "NM"]).planes[0])
    made = vary(rng, plane, rows, columns, least_share=0.7)
    made = made * np.float32(0.85) + blotches(rng, rows, columns, rows / 5) * 0.15
    if chance(rng, 0.55):
        border = np.float32(pick(rng, [0.0, 0.02, 0.02, 0.95]))
        inside = _shutter(rng, (rows, columns))
        made = made * inside + (1 - inside) * border
    return _still(np.clip(made, 0, 1).astype(np.float32), frames)


def _projected(rng: Rng, plane: Plane) -> Plane:
    """A section made to look like a projection: bones bright, the rest soft."""
    rows, columns = plane.shape
    coarse = resize(resize(plane, rows // 6, columns // 6), rows, columns)
    share = np.float32(rng.uniform(0.35, 0.6))
    return np.clip(plane * share + coarse * (np.float32(0.95) - share), 0, 1)


def _breast(rng: Rng, bases: Sequence[Base], shape: tuple[int, int, int]) -> Planes:
    """MG: a half ellipse from one side on black."""
    frames, rows, columns = shape
    plane = choose(rng, bases, ["MG", "MR", "CT"]).planes[0]
    texture = vary(rng, plane, rows, columns)
    tissue = blotches(rng, rows, columns, columns / 7)
    tissue = tissue * blotches(rng, rows, columns, columns / 15)
    tissue += blotches(rng, rows, columns, columns / 120) * np.float32(0.08)
    ys, xs = np.mgrid[0:rows, 0:columns].astype(np.float32)
    middle, width = rng.uniform(0.4, 0.6) * rows, rng.uniform(0.45, 0.7) * columns
    away = ((ys - middle) / (rows * 0.42)) ** 2 + (xs / width) ** 2
    edge = np.clip((1 - away) * 6, 0, 1)
    made = edge * (0.2 + 0.25 * texture + 0.45 * tissue)
    if chance(rng, 0.5):
        made = made[:, ::-1]
    return _still(np.clip(made, 0, 1).astype(np.float32), frames)


def _angiogram(rng: Rng, bases: Sequence[Base], shape: tuple[int, int, int]) -> Planes:
    """XA and RF: grey, moving, with vessels that fill."""
    frames, rows, columns = shape
    plane = _projected(rng, choose(rng, bases, ["XA", "CR", "CT"]).planes[0])
    reach = max(2, rows // 80)
    larger = vary(rng, plane, rows + 2 * reach, columns + 2 * reach)
    planes = _moving(rng, np.float32(0.3) + larger * np.float32(0.5), shape, reach)
    vessels = _vessels(rng, rows, columns)
    fill = np.clip(np.arange(frames) / max(1, frames - 1) * 1.6, 0.15, 1)
    planes -= vessels[None] * fill[:, None, None].astype(np.float32) * np.float32(0.35)
    if chance(rng, 0.6):
        planes *= _disc((rows, columns), rng.uniform(0.49, 0.54))
    return np.clip(planes, 0, 1)


def _vessels(rng: Rng, rows: int, columns: int) -> Plane:
    image = Image.new("L", (columns, rows))
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(4, 8))):
        x, y = columns * rng.uniform(0.35, 0.6), rows * rng.uniform(0.2, 0.45)
        heading, width = rng.uniform(0.2, 2.9), rows / rng.uniform(50, 90)
        for _ in range(40):
            heading += rng.normal(0, 0.22)
            step = rows / 55
            end = (x + np.cos(heading) * step, y + np.sin(heading) * step)
            pen.line([(x, y), end], fill=255, width=max(1, round(width)))
            (x, y), width = end, width * 0.97
    soft = image.resize((columns // 2, rows // 2), Image.Resampling.BOX)
    whole = soft.resize((columns, rows), Image.Resampling.BILINEAR)
    return np.asarray(whole, np.float32) / np.float32(255)


def _emission(rng: Rng, bases: Sequence[Base], shape: tuple[int, int, int]) -> Planes:
    """NM and PT: few counts on black, often two views side by side."""
    frames, rows, columns = shape
    plane = choose(rng, bases, ["NM", "PT"]).planes[0]
    views = 2 if columns > 0.8 * rows else 1
    width = columns // views
    made = np.zeros((rows, columns), np.float32)
    for index in range(views):
        part = resize(plane, rows, min(width, max(rows // 3, width * 2 // 3)))
        left = index * width + (width - part.shape[1]) // 2
        made[:, left : left + part.shape[1]] = part[:, :: 1 - 2 * index]
    level = rng.uniform(30, 90)
    counts = rng.poisson(np.minimum(made * 1.3, 1)[None] * level, (frames, *made.shape))
    return np.clip(counts / (level * 1.2), 0, 1).astype(np.float32)


def _sonogram(rng: Rng, bases: Sequence[Base], shape: tuple[int, int, int]) -> Planes:
    """US: a dark screen with a sector, a curved or a straight field."""
    frames, rows, columns = shape
    top = int(rows * rng.uniform(0.08, 0.16))
    bottom = int(rows * rng.uniform(0.86, 0.95))
    left = int(columns * rng.uniform(0.06, 0.2))
    right = int(columns * rng.uniform(0.78, 0.92))
    inner = (frames, bottom - top, right - left)
    screen = np.full(shape, pick(rng, [0.0, 0.0, 0.02, 0.05]), np.float32)
    base = choose(rng, bases, pick(rng, [["US"], ["US"], ["MR", "CT"]]))
    if base.modality == "US" and len(base.planes) > 1:
        field = _real_cine(rng, base, inner)
    else:
        field = _speckled(rng, base, inner)
    region = screen[:, top:bottom, left:right]
    np.maximum(region, field, out=region)
    return screen


def _real_cine(rng: Rng, base: Base, shape: tuple[int, int, int]) -> Planes:
    frames, rows, columns = shape
    start, mirrored = int(rng.integers(len(base.planes))), chance(rng, 0.5)
    gain = np.float32(rng.uniform(0.9, 1.25))
    made = np.empty(shape, np.float32)
    for index in range(frames):
        plane = base.planes[(start + index) % len(base.planes)]
        made[index] = resize(plane[:, ::-1] if mirrored else plane, rows, columns)
    return np.clip(made * gain, 0, 1)


def _speckled(rng: Rng, base: Base, shape: tuple[int, int, int]) -> Planes:
    frames, rows, columns = shape
    plane = base.planes[int(rng.integers(len(base.planes)))]
    reach = max(2, rows // 50)
    echo = vary(rng, plane, rows + 2 * reach, columns + 2 * reach)
    echo = np.float32(0.12) + echo * np.float32(0.75)
    moved = _moving(rng, echo, shape, reach)
    first = rng.standard_normal((rows // 2 + 1, columns // 3 + frames + 2))
    second = rng.standard_normal(first.shape)
    speckle = np.sqrt(first**2 + second**2).astype(np.float32) / np.float32(2.2)
    mask = _field(rng, rows, columns)
    for index in range(frames):
        part = speckle[:, index : index + columns // 3 + 1]
        moved[index] *= np.clip(resize(part, rows, columns) + 0.1, 0, 1.2) * mask
    return np.clip(moved, 0, 1)


def _field(rng: Rng, rows: int, columns: int) -> Plane:
    """1 where a probe sees: a fan, a curved field or a rectangle."""
    ys, xs = np.mgrid[0:rows, 0:columns].astype(np.float32)
    kind = int(rng.integers(3))
    if kind == 0:
        inset = columns * rng.uniform(0.0, 0.15)
        field: Plane = ((xs >= inset) & (xs < columns - inset)).astype(np.float32)
        return field
    start = rows * (rng.uniform(0.02, 0.06) if kind == 1 else rng.uniform(0.25, 0.45))
    opening = rng.uniform(0.75, 1.0)
    down, across = ys + start * 0.8, np.abs(xs - columns / 2)
    away = np.sqrt(down**2 + across**2)
    inside = (away > start) & (away < rows + start * 0.75) & (across < down * opening)
    fan: Plane = inside.astype(np.float32)
    return fan


def _capture(rng: Rng, bases: Sequence[Base], shape: tuple[int, int, int]) -> Planes:
    """SC: a screen with a picture in a panel and room for lists beside it."""
    frames, rows, columns = shape
    screen = np.full((rows, columns), pick(rng, [0.0, 0.12, 0.2, 0.93]), np.float32)
    height, width = int(rows * rng.uniform(0.55, 0.75)), int(columns * 0.5)
    top, left = int(rows * rng.uniform(0.1, 0.2)), int(columns * rng.uniform(0.02, 0.1))
    base = choose(rng, bases, ["CT", "MR"])
    screen[top : top + height, left : left + width] = vary(
        rng, base.planes[0], height, width
    )
    return _still(screen, frames)


Painter = Callable[[Rng, Sequence[Base], tuple[int, int, int]], Planes]
PAINTERS: dict[str, Painter] = {
    "CT": _section,
    "MR": _resonance,
    "CR": _radiograph,
    "DX": _radiograph,
    "MG": _breast,
    "XA": _angiogram,
    "RF": _angiogram,
    "NM": _emission,
    "PT": _emission,
    "US": _sonogram,
    "SC": _capture,
}
"""How the background of each modality is made."""


def _graphics(rng: Rng, planes: Planes, *, trace: bool) -> tuple[Planes, Taken]:
    """Draws rulers, bars and heart traces: marks that are no text."""
    rows, columns = planes.shape[1:]
    image = Image.new("L", (columns, rows))
    pen = ImageDraw.Draw(image)
    _ruler(rng, pen, rows, columns)
    if chance(rng, 0.4):
        _grey_bar(rng, pen, rows, columns)
    if trace and chance(rng, 0.35):
        _trace(rng, pen, rows, columns)
    drawn = np.asarray(image)
    shown = drawn > 0
    near = np.asarray(image.point(lambda level: 255 if level else 0).resize(
        (max(1, columns // 8), max(1, rows // 8)), Image.Resampling.BOX
    ).point(lambda level: 255 if level else 0).resize((columns, rows)))  # fmt: skip
    marked = planes.copy()
    marked[:, shown] = drawn[shown].astype(np.float32) / np.float32(255)
    return marked, near > 0


def _ruler(rng: Rng, pen: ImageDraw.ImageDraw, rows: int, columns: int) -> None:
    right = chance(rng, 0.7)
    x = int(columns * (0.97 if right else 0.03))
    top, bottom = int(rows * 0.3), int(rows * 0.75)
    step = max(4, (bottom - top) // int(rng.integers(8, 16)))
    thick = max(1, rows // 700)
    level = int(rng.integers(150, 256))
    if chance(rng, 0.6):
        pen.line([(x, top), (x, bottom)], fill=level, width=thick)
    for index, y in enumerate(range(top, bottom + 1, step)):
        length = columns // (60 if index % 5 == 0 else 110)
        pen.line([(x - length, y), (x, y)], fill=level, width=thick)


def _grey_bar(rng: Rng, pen: ImageDraw.ImageDraw, rows: int, columns: int) -> None:
    x = int(columns * (0.94 if chance(rng, 0.5) else 0.045))
    top, bottom = int(rows * 0.22), int(rows * 0.5)
    for y in range(top, bottom):
        level = 255 - (y - top) * 250 // (bottom - top)
        pen.line([(x, y), (x + max(6, columns // 80), y)], fill=level)


def _trace(rng: Rng, pen: ImageDraw.ImageDraw, rows: int, columns: int) -> None:
    """A heart trace along the bottom."""
    base, beat = int(rows * 0.95), max(30, columns // int(rng.integers(5, 9)))
    points = []
    for x in range(int(columns * 0.15), int(columns * 0.8), 2):
        phase = x % beat
        peak = rows * 0.05 if phase < 3 else rows * -0.012 if phase < 8 else 0
        points.append((x, base - peak))
    pen.line(points, fill=int(rng.integers(120, 230)), width=1)


def _tint(rng: Rng, modality: str, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Colours of a colour screen: a cool, warm or neutral grey, often with flow."""
    rows, columns = shape
    tone = pick(rng, [(1, 1, 1), (1, 1, 1), (0.93, 0.97, 1), (1, 0.93, 0.8)])
    tint = np.ones((rows, columns, 3), np.float32) * np.array(tone, np.float32)
    if modality != "US" or chance(rng, 0.5):
        return tint
    height, width = rows // 4, columns // 5
    top = int(rows * rng.uniform(0.3, 0.5))
    left = int(columns * rng.uniform(0.35, 0.5))
    flow = blotches(rng, height, width, rows / 22)
    hot, cold = np.array([1.6, 0.35, 0.1]), np.array([0.2, 0.4, 1.7])
    box = tint[top : top + height, left : left + width]
    box[flow > 0.66] = hot
    box[flow < 0.3] = cold
    return tint
