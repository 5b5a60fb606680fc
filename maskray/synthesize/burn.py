"""Finds places for blocks of text, burns them in, and writes down what is where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from maskray.geometry import Box
from maskray.synthesize.canvas import Canvas, Value
from maskray.synthesize.faces import FACES, Coverage
from maskray.synthesize.ink import Ink, choose_inks, fill_for, mix, sample
from maskray.synthesize.layout import EDGES, Block, Stamp, Style, make_stamp
from maskray.synthesize.people import Rng, pick
from maskray.synthesize.phrases import Line, Part

SPACING_PX = 4
"""Pixels left free around every piece of text."""
MOST_LETTERS = 28
"""Of a text that fits nowhere as it is: consoles cut them, too."""
TRIES = 24
"""Random places tried before a block is made smaller, boxed, or given up."""


@dataclass(frozen=True, slots=True)
class Label:
    """One piece of text that was burned in, and where its ink is.

    ``in_window`` tells whether it can be read through the window of the header.
    """

    part: Part
    frames: tuple[int, ...]
    box: Box
    where: str
    style: Style
    contrast: float
    value_kind: str
    in_window: bool

    def as_row(self) -> dict[str, Any]:
        """The label as an entry of ``truth.json``."""
        box = self.box
        return {
            "frames": list(self.frames),
            "box": [box.x0, box.y0, box.x1, box.y1],
            "text": self.part.text,
            "category": str(self.part.category),
            "phi": self.part.phi,
            "where": self.where,
            "height_px": FACES[self.style.face].height(
                self.style.size_px, self.style.smooth
            ),
            "contrast": round(self.contrast, 3),
            "rotation": self.style.rotation,
            "font": self.style.name,
            "value_kind": self.value_kind,
            "in_window": self.in_window,
        }


def burn_blocks(rng: Rng, canvas: Canvas, blocks: Sequence[Block]) -> list[Label]:
    """Writes the blocks into the canvas; those that fit nowhere are left out.

    No two labels of one frame overlap, and all lie inside the frame.
    """
    labels: list[Label] = []
    for block in blocks:
        for attempt in _fallbacks(rng, block):
            found = _try_block(rng, canvas, attempt)
            if found:
                labels += found
                break
    return labels


def _fallbacks(rng: Rng, block: Block) -> Iterator[Block]:
    """The block, and for needed blocks plainer and smaller ones."""
    if block.style.hidden:
        yield block
        block = replace(block, style=replace(block.style, hidden=False))
    yield block
    style = block.style
    smaller = FACES[style.face].nearest(max(10, round(style.size_px * 0.7)))
    yield replace(block, style=replace(style, size_px=smaller))
    if not block.needed:
        return
    plain = replace(style, rotation=0, stacked=False, shadow=False, faint=None)
    boxed = replace(plain, boxed=True, kinds=(pick(rng, ["max", "min"]),))
    for face, size in ((style.face, style.size_px), ("sans", 12), ("dots", 10)):
        made = replace(boxed, face=face, size_px=size, gap=1, pitch=1.35)
        yield replace(block, style=made, anchor="any")
    last = replace(boxed, face="dots", size_px=10, gap=1)
    for count in (3, 1):
        cut = tuple(
            replace(variant, lines=_shortened(variant.lines, count))
            for variant in block.variants
        )
        yield replace(block, variants=cut, style=last, anchor="any")


def _shortened(lines: Sequence[Line], count: int) -> tuple[Line, ...]:
    """The first parts with PHI, or just the first ones, each cut to what fits."""
    parts = [part for line in lines for part in line]
    known = [part for part in parts if part.phi] or parts
    return tuple(
        (replace(part, text=part.text[:MOST_LETTERS].rstrip()),) for part in known[:count]
    )


def _try_block(rng: Rng, canvas: Canvas, block: Block) -> list[Label]:
    stamps = [make_stamp(variant.lines, block.style) for variant in block.variants]
    if not all(_apart(stamp) for stamp in stamps):
        return []
    height = max(stamp[0][1].shape[0] for stamp in stamps)
    width = max(stamp[0][1].shape[1] for stamp in stamps)
    rows, columns = canvas.bits.shape
    edge = _padding(block.style) + 2
    room = (rows - height - 2 * edge, columns - width - 2 * edge)
    if min(room) < 0:
        return []
    for y, x in _corners(rng, block.anchor, room, (rows, columns)):
        place = (y + edge, x + edge)
        if all(_free(canvas, stamp, place, block.style) for stamp in stamps):
            labels = _write(rng, canvas, block, stamps, place)
            if labels:
                return labels
    return []


def _padding(style: Style) -> int:
    """Pixels of filled box or shadow around the ink."""
    return 2 + style.size_px // 6 if style.boxed or style.shadow else 0


def _boxes(stamp: Stamp) -> list[Box]:
    return [_ink_box(mask > 0) for _, mask in stamp]


def _footprint(stamp: Stamp, style: Style) -> list[Box]:
    """What a stamp covers: its parts, or all of it where a filled box lies below."""
    if style.boxed:
        return [Box(0, 0, stamp[0][1].shape[1], stamp[0][1].shape[0])]
    return _boxes(stamp)


def _ink_box(ink: npt.NDArray[np.bool_]) -> Box:
    ys, xs = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
    return Box(int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1)


def _apart(stamp: Stamp) -> bool:
    boxes = _boxes(stamp)
    return all(
        not box.overlap(other)
        for index, box in enumerate(boxes)
        for other in boxes[index + 1 :]
    )


def _corners(
    rng: Rng, anchor: str, room: tuple[int, int], shape: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """Upper left corners to try: where the anchor says, then near, then anywhere."""
    down, right = room
    margin = max(2, int(min(shape) * rng.uniform(0.005, 0.03)))
    ys = {"t": min(margin, down), "b": max(0, down - margin)}
    xs = {"l": min(margin, right), "r": max(0, right - margin)}
    names = [anchor, *(pick(rng, EDGES) for _ in range(2))]
    for name in names:
        if name in ("c", "any"):
            continue
        up, across = ys.get(name[0]), xs.get(name[0], xs.get(name[1]))
        yield (
            down // 2 if up is None else up,
            right // 2 if across is None else across,
        )
    if anchor == "c":
        for _ in range(TRIES // 2):
            share = rng.uniform(0.3, 0.7, 2)
            yield int(down * share[0]), int(right * share[1])
    for _ in range(TRIES):
        x = int(rng.integers(right + 1))
        if anchor not in ("c", "any"):
            x = pick(rng, [x // 6, right - x // 6])
        yield int(rng.integers(down + 1)), x


def _free(canvas: Canvas, stamp: Stamp, place: tuple[int, int], style: Style) -> bool:
    around = SPACING_PX + _padding(style)
    rows, columns = canvas.taken.shape
    for box in _footprint(stamp, style):
        wide = box.shift(place[1], place[0]).grow(around, around).clip(rows, columns)
        if wide is None or canvas.taken[wide.index].any():
            return False
    return True


def _write(
    rng: Rng,
    canvas: Canvas,
    block: Block,
    stamps: list[Stamp],
    place: tuple[int, int],
) -> list[Label]:
    """Burns all variants at the place, or none if some would not be readable."""
    if block.where == "pixels":
        inks = choose_inks(rng, canvas, block, stamps, place)
        if inks is None:
            return []
    else:
        inks = [
            Ink((1,), "bit", (1.0,) * len(stamp), (True,) * len(stamp)) for stamp in stamps
        ]
    labels: list[Label] = []
    for variant, stamp, ink in zip(block.variants, stamps, inks, strict=True):
        burned = _burn(canvas, block, stamp, variant.frames, place, ink)
        for (part, box), contrast, seen in zip(
            burned, ink.contrasts, ink.in_window, strict=True
        ):
            labels.append(
                Label(
                    part=part,
                    frames=variant.frames,
                    box=box,
                    where=block.where,
                    style=block.style,
                    contrast=contrast,
                    value_kind=ink.kind,
                    in_window=seen,
                )
            )
    padding = _padding(block.style)
    for stamp in stamps:
        for box in _footprint(stamp, block.style):
            wide = box.shift(place[1], place[0]).grow(padding, padding)
            canvas.taken[(wide.clip(*canvas.taken.shape) or wide).index] = True
    return labels


def _burn(
    canvas: Canvas,
    block: Block,
    stamp: Stamp,
    frames: tuple[int, ...],
    place: tuple[int, int],
    ink: Ink,
) -> Iterator[tuple[Part, Box]]:
    """Changes the pixels; gives the box of the ink of each part."""
    y, x = place
    if block.where != "pixels":
        for (part, mask), box in zip(stamp, _boxes(stamp), strict=True):
            rows, columns = mask.shape
            canvas.bits[y : y + rows, x : x + columns] |= mask > 0
            yield part, box.shift(x, y)
        return
    if block.style.boxed and ink.fill is not None:
        _fill_box(canvas, stamp, frames, place, block.style, ink.fill)
    if block.style.shadow:
        _cast_shadow(canvas, stamp, frames, place, block.style, ink.value)
    for part, mask in stamp:
        yield part, _ink_in(canvas, mask, frames, place, ink.value).shift(x, y)


def _fill_box(
    canvas: Canvas,
    stamp: Stamp,
    frames: tuple[int, ...],
    place: tuple[int, int],
    style: Style,
    fill: Value,
) -> None:
    whole = Box(0, 0, stamp[0][1].shape[1], stamp[0][1].shape[0])
    padding = _padding(style)
    box = whole.shift(place[1], place[0]).grow(padding, padding)
    box = box.clip(*canvas.bits.shape) or box
    ys, xs = box.index
    canvas.stored[slice(frames[0], frames[-1] + 1), ys, xs] = sample(canvas, fill)


def _cast_shadow(
    canvas: Canvas,
    stamp: Stamp,
    frames: tuple[int, ...],
    place: tuple[int, int],
    style: Style,
    value: Value,
) -> None:
    """The letters once more in the opposite value, a little lower to the right."""
    away = max(1, style.size_px // 14)
    opposite = fill_for(canvas, value)
    for _, mask in stamp:
        _ink_in(canvas, mask, frames, (place[0] + away, place[1] + away), opposite)


def _ink_in(
    canvas: Canvas,
    mask: Coverage,
    frames: tuple[int, ...],
    place: tuple[int, int],
    value: Value,
) -> Box:
    """Mixes the value into the frames by coverage; the box of what changed."""
    y, x = place
    rows, columns = mask.shape
    changed = np.zeros(mask.shape, np.bool_)
    for frame in frames:
        region = canvas.stored[frame, y : y + rows, x : x + columns]
        mixed = mix(canvas, region, mask, value)
        moved = mixed != region
        changed |= moved.any(axis=2) if canvas.format.coloured else moved
        region[...] = mixed
    return _ink_box(changed if changed.any() else mask > 0)
