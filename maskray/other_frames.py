"""What other frames say of a line in the same place.

A clock that runs and a name over moving tissue are read differently in each frame: what is
PHI in one of them is so in all. And what counts up from frame to frame is no date.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from maskray.classify import MISREADABLE, Labelled
from maskray.geometry import Box
from maskray.neighbours import SAME_BOX
from maskray.records import Category, Finding, PhiText, TextLine
from maskray.text import letters

_CLINICAL = Category.CLINICAL


def by_place(lines: Sequence[TextLine], found: Iterable[Finding]) -> Iterator[Finding]:
    """Text that stands where PHI stands in another frame, whatever it was read as.

    A clock that runs and a name over moving tissue are read differently each time.
    Unknown text and what only looks like a name or number does not count as PHI here: in
    other frames it may have been read better. But where a part of it is hidden in another
    frame, all of it is, and where crumbs of a number were read: ``3`` of ``MR755394``.
    """
    parts = list(found)
    known: dict[Box, list[Finding]] = {}
    for each in parts:
        if each.box is not None:
            known.setdefault(each.box, []).append(each)
    for box, same in known.items():
        hidden = {index for each in same for index in each.frames}
        sure = any(each.category not in MISREADABLE for each in same)
        numbers = [] if sure else _numbers(same)
        there_too: list[TextLine | Finding] = [*parts]
        there_too += lines if sure or numbers else []
        for there in there_too:
            rest = tuple(index for index in there.frames if index not in hidden)
            if there.box is None or not rest:
                continue
            least = min(box.area, there.box.area)
            if box.overlap(there.box) <= SAME_BOX * least:
                continue
            found_there = sure or isinstance(there, Finding)
            if found_there or _is_crumb(there.text, numbers):
                hidden.update(rest)
                yield replace(same[0], frames=rest, view=there.view)


def _numbers(found: Iterable[Finding]) -> list[str]:
    """What was found that is a number with letters on one side at most."""
    texts = (letters(each.text.get_secret_value()) for each in found)
    return [each for each in texts if _NUMBER.fullmatch(each)]


_NUMBER = re.compile(r"[A-Z]*\d{5,}|\d{5,}[A-Z]*")


def _is_crumb(text: PhiText, numbers: Iterable[str]) -> bool:
    """Whether a text is less than half of a number that was found elsewhere."""
    crumb = letters(text.get_secret_value())
    return bool(crumb) and any(
        crumb in number and 2 * len(crumb) < len(number) for number in numbers
    )


def by_counting(lines: Sequence[TextLine], labelled: list[list[Labelled]]) -> None:
    """What looks like a day and a month, and counts up from frame to frame: ``3/11``.

    The last of them misread in some: ``3/18``.
    """
    counts = [
        (index, match.group(1), match.group(2))
        for index, line in enumerate(lines)
        if (match := _COUNT.fullmatch(line.text.get_secret_value()))
    ]
    for index, first, last in counts:
        others = {
            (other, its_last)
            for i, other, its_last in counts
            if _is_one_place(lines[i].box, lines[index].box)
        } - {(first, last)}
        totals = Counter(its_last for _, its_last in others)
        most = max(totals.values(), default=0)
        if totals[last] > 1 or (most >= _MANY and 2 * most > len(others)):
            labelled[index] = [
                Labelled(run.start, run.end, _CLINICAL) for run in labelled[index]
            ]


def _is_one_place(one: Box, other: Box) -> bool:
    """Whether boxes, one of which may be drawn wider, are of one place."""
    low, high = sorted((one.area, other.area))
    return 2 * one.overlap(other) > low and high <= _WIDER * low


_MANY, _WIDER = 3, 4
_COUNT = re.compile(r"\s*(\d{1,4})\s*/\s*(\d{1,4})(?:\s+\S)?\s*")
"""With a speck of dirt behind it that was read as a letter."""
