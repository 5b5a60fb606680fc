"""Source and release of an image that went wrong, side by side. They show PHI."""

import io
from collections.abc import Iterator

import numpy as np
import PIL.Image
import PIL.ImageDraw

from data_jobs.evaluation.datasets import Label, Labelled
from data_jobs.evaluation.rows import Row
from maskray.open import Instance
from maskray.pixels import decode
from maskray.policy import Policy
from maskray.records import Category
from maskray.render import views
from maskray.score import Treated, is_phi, score

_SIDE_PX = 900
_GAP_PX = 8
_PREFERRED = "robust"
"""Of grey views the one that shows tissue and text."""
_LEAKED, _LOST, _FINE = (230, 40, 40), (240, 160, 0), (0, 150, 90)


def picture(
    source: Instance, released: Instance, image: Labelled, row: Row, policy: Policy
) -> bytes | None:
    """A JPEG: PHI that can be seen in red, clinical text lost in orange, the rest green.

    Of several frames one is shown in which PHI can be seen, or else text was lost.
    ``None`` if it cannot be shown.
    """
    marked = list(_marked(image, row.treated, policy))
    index = 0
    for worst in (_LOST, _LEAKED):
        for (_, colour), frame in zip(marked, row.worst, strict=False):
            index = frame if colour == worst else index
    try:
        sides = [_side(each, index, marked) for each in (source, released)]
    except Exception:  # noqa: BLE001 - a picture more or less; messages may quote
        return None
    width = sum(each.width for each in sides) + _GAP_PX
    sheet = PIL.Image.new("RGB", (width, sides[0].height), (255, 255, 255))
    sheet.paste(sides[0], (0, 0))
    sheet.paste(sides[1], (sides[0].width + _GAP_PX, 0))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=80, optimize=True)
    return buffer.getvalue()


def _marked(
    image: Labelled, treated: Treated, policy: Policy
) -> Iterator[tuple[Label, tuple[int, int, int]]]:
    for index, label in enumerate(image.boxes or ()):
        row = label.model_dump()
        shown = () if treated.shown is None else (treated.shown[index],)
        alone = Treated(treated.verdict, shown=shown, read=treated.read[index : index + 1])
        found = score([{"file": "", "boxes": [row]}], {"": alone}, policy)
        colour = _FINE
        if is_phi(row, policy) and found.phi_hidden < found.phi_boxes:
            colour = _LEAKED
        elif label.category is Category.CLINICAL and not found.clinical_kept:
            colour = _LOST
        yield label, colour


def _side(
    instance: Instance, index: int, marked: list[tuple[Label, tuple[int, int, int]]]
) -> PIL.Image.Image:
    (frame,) = decode(instance.dataset, instance.pixels, [index])
    offered = views(frame, instance.dataset, instance.pixels)
    view = next((each for each in offered if each.name == _PREFERRED), offered[0])
    shown = PIL.Image.fromarray(np.asarray(view.pixels))
    scale = min(_SIDE_PX / max(shown.size), 1.0)
    size = (max(round(shown.width * scale), 1), max(round(shown.height * scale), 1))
    shown = shown.resize(size, PIL.Image.Resampling.LANCZOS)
    draw = PIL.ImageDraw.Draw(shown)
    for label, colour in marked:
        if not label.frames or index in label.frames:
            x0, y0, x1, y1 = (value * scale for value in label.box)
            draw.rectangle((x0 - 2, y0 - 2, x1 + 1, y1 + 1), outline=colour)
    return shown
