"""Step 6 for models, which say what is PHI and not where: their words are searched for.

First among the lines that RapidOCR read. What is not there is searched for in all text
that can be found: the doubtful places too, and what EasyOCR reads in the whole frame.
What is nowhere costs all of that text.
"""

from collections.abc import Iterable, Sequence

from pydantic import SecretStr

from maskray.detect import Seen
from maskray.errors import DetectionError
from maskray.geometry import Box
from maskray.locate import NAME, Locator
from maskray.open import Instance
from maskray.pixels import decode
from maskray.plan import placed
from maskray.planes import ALPHA, REMOVED
from maskray.records import Finding, TextLine
from maskray.render import views

_LETTERS_PX = 26
"""Height of the letters that EasyOCR looks for in a whole frame."""
_SURE = 0.2
"""EasyOCR's confidence from which a place holds text."""
_KNOWN = 0.5


def search(
    instance: Instance, seen: Seen, findings: Iterable[Finding], locator: Locator
) -> tuple[list[Finding], list[TextLine]]:
    """The findings with their places, and all text there is in the pixels.

    The latter is more than what was read at first only where it is needed: for findings
    that have no place, ``plan_regions`` hides all of it.

    Raises:
        DetectionError: ``unlocated`` if EasyOCR alone saw text, in some frame of many:
            nobody can tell in which frames it stands.
    """
    lines = [line for line in seen.lines if line.view not in REMOVED]
    there = placed(findings, lines)
    lost = [each for each in there if each.box is None]
    if not lost:
        return there, lines
    lines += [line for line in seen.doubtful if line.view not in REMOVED]
    beside = [
        line
        for line in _whole_frames(instance, lost, locator)
        if line.box.covered_by(_boxes(lines, line.frames)) < _KNOWN
    ]
    if beside and instance.pixels.frames > 1:
        raise DetectionError("a finding has no place", "unlocated", "locate")
    lines += beside
    return placed(there, lines), lines


def _boxes(lines: Iterable[TextLine], frames: Sequence[int]) -> list[Box]:
    return [each.box for each in lines if set(frames) <= set(each.frames)]


def _whole_frames(
    instance: Instance, lost: Sequence[Finding], locator: Locator
) -> Iterable[TextLine]:
    """What EasyOCR reads in the frames in which a model saw more than was read."""
    in_view: dict[int, set[str]] = {}
    for finding in lost:
        if finding.view != ALPHA:
            in_view.setdefault(finding.frames[0], set()).add(finding.view)
    whole = Box(0, 0, instance.pixels.columns, instance.pixels.rows)
    for frame in decode(instance.dataset, instance.pixels, sorted(in_view)):
        for view in views(frame, instance.dataset, instance.pixels):
            if view.name not in in_view[frame.index]:
                continue
            for each in locator.read(view.pixels, [whole], [_LETTERS_PX]):
                if each.confidence >= _SURE and each.text.get_secret_value().strip():
                    yield TextLine(
                        (frame.index,),
                        each.box,
                        SecretStr(each.text.get_secret_value()),
                        each.confidence,
                        view=view.name,
                        reader=NAME,
                    )
