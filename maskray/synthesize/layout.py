"""What a screen says and in which letters: the blocks of text of one instance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from maskray.records import Category
from maskray.synthesize.canvas import INK_KINDS
from maskray.synthesize.faces import FACES, Coverage
from maskray.synthesize.formats import Scene
from maskray.synthesize.people import Rng, chance, pick
from maskray.synthesize.phrases import (
    Case,
    Line,
    Part,
    banner,
    clinical_line,
    clock_lines,
    counter_lines,
    marker_line,
    mixed_line,
    side_marker,
    single_line,
    visit_lines,
)


@dataclass(frozen=True, slots=True)
class Style:
    """How the letters of a block look.

    ``rotation`` is in degrees counter-clockwise. ``faint`` is a low contrast to aim at,
    as a share of the displayed range; ``None`` for plain contrast. ``kinds`` are the
    ink kinds to try first. ``hidden`` letters show only when the window is
    opened.
    """

    face: str
    size_px: int
    smooth: bool
    rotation: int = 0
    stacked: bool = False
    shadow: bool = False
    boxed: bool = False
    right: bool = False
    kinds: tuple[str, ...] = ("max",)
    faint: float | None = None
    hidden: bool = False
    gap: int = 2
    pitch: float = 1.45

    @property
    def name(self) -> str:
        """The face with what was done to it, joined by plus signs."""
        done = {
            "smooth": not FACES[self.face].unit_px
            and (self.smooth or self.size_px < FACES[self.face].bilevel_px),
            "stacked": self.stacked,
            "shadow": self.shadow,
            "boxed": self.boxed,
        }
        return "+".join([self.face, *(word for word, true in done.items() if true)])


@dataclass(frozen=True, slots=True)
class Variant:
    """What a block says in some frames (0-based, ascending)."""

    lines: tuple[Line, ...]
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stand together. ``needed`` blocks are placed whatever it takes."""

    variants: tuple[Variant, ...]
    style: Style
    anchor: str
    where: str = "pixels"
    needed: bool = False


Stamp = list[tuple[Part, Coverage]]
"""The ink of each part, all masks of one shape."""

CORNERS = ("tl", "tr", "bl", "br")
EDGES = ("tc", "bc", "lc", "rc")
HIDDEN_SHARE = 0.35
"""How often letters of deep images shall not show through the window, if possible."""
SMOOTH_FACES = tuple(face for face in FACES if not FACES[face].unit_px)


def make_stamp(lines: Sequence[Line], style: Style) -> Stamp:
    """Draws the lines; the masks hold the ink and nothing around it."""
    if style.stacked:
        return _rotated(_stacked_stamp(lines[0], style), style)
    return _rotated(_level_stamp(lines, style), style)


def _level_stamp(lines: Sequence[Line], style: Style) -> Stamp:
    drawn = [_draw_line(line, style) for line in lines]
    pitch = round(style.size_px * style.pitch)
    height = pitch * (len(lines) - 1) + max(masks[0].shape[0] for masks in drawn)
    width = max(masks[0].shape[1] for masks in drawn)
    stamp: Stamp = []
    for index, (line, masks) in enumerate(zip(lines, drawn, strict=True)):
        used = np.nonzero(np.max(masks, axis=0).any(axis=0))[0]
        shift = width - 1 - int(used[-1]) if style.right and used.size else 0
        for part, mask in zip(line, masks, strict=True):
            whole = np.zeros((height, width), np.uint8)
            top = index * pitch
            source = mask[:, : width - shift]
            whole[top : top + mask.shape[0], shift : shift + source.shape[1]] = source
            stamp.append((part, whole))
    return _trimmed(stamp)


def _draw_line(line: Line, style: Style) -> list[Coverage]:
    texts = [part.text + " " * style.gap for part in line]
    texts[-1] = line[-1].text
    return FACES[style.face].line(texts, style.size_px, style.smooth)


def _stacked_stamp(line: Line, style: Style) -> Stamp:
    """Upright letters below each other, as one part."""
    letters = [(replace(line[0], text=letter),) for letter in line[0].text]
    close = replace(style, stacked=False, rotation=0, pitch=1.2)
    masks = [mask for _, mask in _level_stamp(letters, close)]
    return _trimmed([(line[0], np.max(masks, axis=0))])


def _rotated(stamp: Stamp, style: Style) -> Stamp:
    angle = style.rotation % 360
    if angle == 0:
        return stamp
    if angle % 90 == 0:
        return [(part, np.rot90(mask, angle // 90)) for part, mask in stamp]
    turned: Stamp = []
    for part, mask in stamp:
        image = Image.fromarray(mask).rotate(angle, Image.Resampling.BICUBIC, expand=True)
        coverage = np.asarray(image)
        if style.smooth:
            coverage = np.where(coverage < 40, 0, coverage).astype(np.uint8)
        else:
            coverage = np.where(coverage >= 110, 255, 0).astype(np.uint8)
        turned.append((part, coverage))
    return _trimmed(turned)


def _trimmed(stamp: Stamp) -> Stamp:
    ink = np.max([mask for _, mask in stamp], axis=0)
    ys, xs = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
    inner = (slice(ys[0], ys[-1] + 1), slice(xs[0], xs[-1] + 1))
    return [(part, mask[inner]) for part, mask in stamp]


def compose(rng: Rng, scene: Scene, case: Case) -> list[Block]:
    """The blocks of text of an instance, the most important first."""
    if not scene.has_text:
        return []
    style = _console_style(rng, scene)
    corners = [CORNERS[int(index)] for index in rng.permutation(4)]
    blocks = _identity(rng, scene, case, style, corners) if scene.has_phi else []
    blocks += _clinical(rng, scene, style, corners)
    if scene.frames > 1 and chance(rng, 0.6):
        modality, count = scene.format.modality, min(scene.frames, 8)
        lines = counter_lines(rng, modality, count, scene.frames)
        variants = _in_turns(lines, scene.frames)
        blocks.append(Block(variants, replace(style, right=False), pick(rng, EDGES)))
    blocks[0] = replace(blocks[0], needed=True)
    return _placed_in(rng, scene, blocks)


def _console_style(rng: Rng, scene: Scene) -> Style:
    """The letters of the whole console."""
    modality = scene.format.modality
    dotted = 0.4 if modality in ("US", "NM", "CT", "MR") else 0.2
    face = FACES[pick(rng, ["bitmap", "dots"])]
    if not chance(rng, dotted):
        face = FACES[pick(rng, SMOOTH_FACES)]
    share = rng.uniform(0.01, 0.038)
    size = face.nearest(int(np.clip(scene.rows * share, 10, 60)))
    return _lettered(rng, scene, face.name, size)


def _lettered(rng: Rng, scene: Scene, face: str, size_px: int) -> Style:
    """Letters with smooth or hard edges, bright, faint or hidden by the window."""
    smooth = bool(chance(rng, 0.7) and not scene.format.entry_bits)
    style = Style(face, size_px, smooth)
    if scene.format.bits_stored > 8 and chance(rng, HIDDEN_SHARE):
        return replace(style, hidden=True, kinds=("outside_window", "min"))
    draw = rng.random()
    if draw < 0.42 and size_px >= 12:
        return replace(style, kinds=("middle",), faint=rng.uniform(0.12, 0.26))
    if draw < 0.75:
        return style
    kinds = tuple(INK_KINDS[int(index)] for index in rng.permutation(4))
    return replace(style, kinds=kinds)


def _own_style(rng: Rng, scene: Scene, style: Style) -> Style:
    """Other letters for a block that does not belong to the console's frame."""
    face = FACES[pick(rng, list(FACES))]
    size = face.nearest(min(60, round(style.size_px * rng.uniform(0.9, 1.9))))
    made = _lettered(rng, scene, face.name, size)
    draw = rng.random()
    if draw < 0.4:
        kinds = ("max",) if draw < 0.3 else ("min",)
        made = replace(made, hidden=False, kinds=kinds, faint=None)
        return replace(made, shadow=draw < 0.2, boxed=draw >= 0.2)
    return made


def _identity(
    rng: Rng, scene: Scene, case: Case, style: Style, corners: list[str]
) -> list[Block]:
    """The blocks of an instance with PHI. The first one always holds some."""
    draw = rng.random()
    if scene.format.modality in ("CR", "DX", "MG") and draw < 0.3:
        line = marker_line(rng, case)
        large = replace(_own_style(rng, scene, style), shadow=False)
        groups = [([line], large)]
    elif draw < 0.44:
        turned = replace(style, rotation=int(pick(rng, [90, 270])))
        groups = [(banner(rng, case), turned if chance(rng, 0.15) else style)]
        if chance(rng, 0.8):
            groups.append((visit_lines(rng, case), style))
    elif draw < 0.78:
        groups = [([single_line(rng, case)], _turned(rng, scene, style))]
        if chance(rng, 0.4):
            groups.append(([single_line(rng, case)], style))
    else:
        mixed = [mixed_line(rng, case, scene.format.modality) for _ in range(2)]
        groups = [(mixed[: int(rng.integers(1, 3))], style)]
    blocks: list[Block] = []
    for lines, own in groups:
        anchor = corners.pop() if corners else pick(rng, EDGES)
        if own.rotation or own.stacked or own.face != style.face:
            anchor = pick(rng, ["lc", "rc", "c", "c", "any", anchor])
        blocks.append(_block(lines, own, anchor, scene.frames, needed=not blocks))
    return _over_time(rng, scene, case, style, blocks)


def _turned(rng: Rng, scene: Scene, style: Style) -> Style:
    """Often letters of their own, sometimes turned, slanted or stacked."""
    made = _own_style(rng, scene, style) if chance(rng, 0.6) else style
    draw = rng.random()
    if draw < 0.32:
        return replace(made, rotation=int(pick(rng, [90, 270, 270, 90, 180])))
    if draw < 0.58 and made.size_px >= 14:
        angle = int(rng.integers(3, 16)) * int(pick(rng, [-1, 1]))
        return replace(made, rotation=angle, gap=4)
    if draw < 0.68:
        return replace(made, stacked=True)
    return made


def _over_time(
    rng: Rng, scene: Scene, case: Case, style: Style, blocks: list[Block]
) -> list[Block]:
    """In a cine, PHI that comes late, in one frame only, or a clock that goes on."""
    if scene.frames < 2:
        return blocks
    draw, last = rng.random(), scene.frames - 1
    if draw < 0.3:
        start = int(rng.integers(last // 2, last)) + 1
        return [_only(block, tuple(range(start, last + 1))) for block in blocks]
    if draw < 0.55:
        frame = int(rng.integers(1, last)) if last > 1 else last
        return [_only(block, (frame,)) for block in blocks]
    if draw < 0.8:
        alone = chance(rng, 0.5)
        lines = clock_lines(rng, case, min(scene.frames, 6), dated=alone)
        turns = _in_turns(lines, scene.frames)
        clock = Block(turns, style, pick(rng, EDGES), needed=alone)
        return [clock] if alone else [blocks[0], clock]
    return blocks


def _only(block: Block, frames: tuple[int, ...]) -> Block:
    variants = tuple(replace(variant, frames=frames) for variant in block.variants)
    return replace(block, variants=variants)


def _in_turns(lines: Sequence[Line], frames: int) -> tuple[Variant, ...]:
    """One line after the other, each for its share of the frames."""
    shares = np.array_split(np.arange(frames), len(lines))
    return tuple(
        Variant((line,), tuple(int(frame) for frame in share))
        for line, share in zip(lines, shares, strict=True)
    )


def _clinical(rng: Rng, scene: Scene, style: Style, corners: list[str]) -> list[Block]:
    """The blocks without PHI: corners, orientation letters, lead markers, notes."""
    modality = scene.format.modality
    blocks: list[Block] = []
    least = 0 if scene.has_phi else 1
    for _ in range(int(rng.integers(least, max(least, len(corners)) + 1))):
        anchor = corners.pop() if corners else pick(rng, EDGES)
        count = int(rng.integers(1, 7 if modality in ("CT", "MR", "US") else 4))
        lines = [clinical_line(rng, modality) for _ in range(count)]
        blocks.append(_block(lines, style, anchor, scene.frames))
    if modality in ("CT", "MR") and chance(rng, 0.5):
        letters = pick(rng, ["ALRP", "HRLF", "RLAP", "SARI"])
        for letter, anchor in zip(letters, EDGES, strict=True):
            blocks.append(
                _block([(Part(letter, Category.CLINICAL),)], style, anchor, scene.frames)
            )
    if modality in ("CR", "DX", "MG", "XA") and chance(rng, 0.5):
        own = _own_style(rng, scene, style)
        blocks.append(_block([side_marker(rng)], own, "any", scene.frames))
    if chance(rng, 0.4) or (not blocks and not scene.has_phi):
        own = _turned(rng, scene, style)
        line = clinical_line(rng, modality)[:1]
        blocks.append(_block([line], own, "any", scene.frames))
    return blocks


def _block(
    lines: Sequence[Line],
    style: Style,
    anchor: str,
    frames: int,
    *,
    needed: bool = False,
) -> Block:
    if style.stacked or style.rotation % 90:
        lines = [lines[0][-1:] if lines[0][-1].phi else lines[0][:1]]
    elif len(lines) > 1 or anchor.endswith("r"):
        style = replace(style, right=anchor.endswith("r"))
    variant = Variant(tuple(lines), tuple(range(frames)))
    return Block((variant,), style, anchor, needed=needed)


def _placed_in(rng: Rng, scene: Scene, blocks: list[Block]) -> list[Block]:
    """Moves the first block, and others, to the overlay or the high bits."""
    where = scene.format.where
    if where == "pixels" or not blocks:
        return blocks
    moved = []
    for index, block in enumerate(blocks):
        known = any(p.phi for line in block.variants[0].lines for p in line)
        if index == 0 or chance(rng, 0.8 if known else 0.4):
            flat = replace(block.style, smooth=False, shadow=False, boxed=False, faint=None)
            if block.style.size_px < FACES[flat.face].bilevel_px:
                flat = replace(flat, face="sans")
            block = replace(block, where=where, style=flat)
        moved.append(block)
    return moved
