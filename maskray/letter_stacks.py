"""Letters that stand one above the other and were read as lines of their own.

They are put together and classified as one line, each stack a finding. (The columns that
are found in the pixels, and read as a line, are those of ``stacked``.) And the ticks of a
scale that stands, which look like such letters.
"""

import functools
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import SecretStr

from maskray.classify import MISREADABLE, Labelled, classify, is_clean
from maskray.geometry import Box
from maskray.identifiers import Identifiers
from maskray.markers import AXES
from maskray.neighbours import PLAINLY, is_right_of, nearest_line
from maskray.policy import Policy
from maskray.records import Category, Finding, TextLine, merge_frames
from maskray.text import letters, tokens

_CLINICAL = Category.CLINICAL


def by_stacking(
    lines: Sequence[TextLine], identifiers: Identifiers, policy: Policy, source: str
) -> Iterator[Finding]:
    """Letters that stand one above the other are read as lines of their own."""
    for stack in _stacks(lines):
        upright = [lines[index] for index in stack]
        text = _read_downwards(upright)
        if all(set(each.text.get_secret_value()) <= _TICKS for each in upright):
            continue
        if text == upright[0].text.get_secret_value().strip():
            continue  # readings of one line, each of which is judged by itself
        if len(stack) == _TWO and _are_readings_of_one_line(*upright):
            continue
        runs = classify(text, identifiers, policy)
        category = next((r.category for r in runs if policy.hides(r.category)), None)
        words = _read_downwards(upright, gap=" ")
        joined = words.replace(" ", "")
        if (
            category in MISREADABLE
            and _COUNTED.fullmatch(joined)
            and is_clean(classify(joined, identifiers, policy))
        ):
            continue
        if category in MISREADABLE and is_clean(classify(words, identifiers, policy)):
            sizes = [len(each.text) for each in tokens(words) if not each.is_number]
            if sizes and 2 * sizes.count(1) <= sum(sizes):
                continue  # words, not letters: FD 32 cm
        if category is None or (
            len(text) < _SHORTEST_STACK and not _is_pair(upright, lines)
        ):
            continue
        axes = len(letters(words)) == 2 and set(letters(words)) <= AXES
        if not axes:
            box = functools.reduce(Box.join, (each.box for each in upright))
            frames = merge_frames(*(each.frames for each in upright))
            wide = min(each.box.width for each in upright)
            yield Finding(
                frames, SecretStr(text), category, source, box, upright[0].view, wide
            )


def _are_readings_of_one_line(one: TextLine, other: TextLine) -> bool:
    """Whether most of the lower one stands where the upper one does: ``0om 2``."""
    shared = min(one.box.y1, other.box.y1) - max(one.box.y0, other.box.y0)
    return shared > _MOST_OF_IT * min(one.box.height, other.box.height)


_TWO, _MOST_OF_IT = 2, 0.6
_COUNTED = re.compile(r"[A-Za-z]+:\d+")
"""``Im:21``, its letters read one by one."""
_TICKS = frozenset("1Il|-\u2013\u2014 ")
"""What the ticks of a scale are read as."""
_SHORTEST_STACK = 3


def _is_pair(stack: Sequence[TextLine], lines: Sequence[TextLine]) -> bool:
    """Whether two letters stand close together, and nothing right of them in their rows.

    The ``W`` and ``L`` of a window have their numbers there.
    """
    one, other = stack[0], stack[-1]
    close = other.box.y0 - one.box.y1 < _CLOSE * max(_pitch(one), _pitch(other))
    plain = all(
        each.confidence >= PLAINLY and letters(each.text.get_secret_value()).isalpha()
        for each in stack
    )
    rows = (nearest_line(lines, lines.index(each), is_right_of) for each in stack)
    return len(stack) == 2 and plain and close and all(each is None for each in rows)


_CLOSE = 0.3


def _read_downwards(stack: Sequence[TextLine], gap: str = "X") -> str:
    """The text of a stack; what two readings that overlap both saw counts once.

    A letter that was not read leaves a gap: a zero among digits, else ``gap``. A piece that
    ends no farther down than those before it is another reading of them.
    """
    pitch = max(statistics.median(map(_pitch, stack)), 1.0)
    text, end = "", stack[0].box.y0
    for line in stack:
        more = line.text.get_secret_value().strip()
        if text and line.box.y1 <= end + pitch / 2:
            continue
        if line.box.y0 < end - pitch / 2:
            shared = range(min(len(more), len(text)), 0, -1)
            more = more[next((n for n in shared if text.endswith(more[:n])), 0) :]
        elif text:
            digits = text[-1].isdigit() or more[:1].isdigit()
            text += ("0" if digits and gap.isalpha() else gap) * int(
                (line.box.y0 - end) / pitch + _HOLE
            )
        text, end = text + more, max(end, line.box.y1)
    return text


_HOLE = 0.3


def _stacks(lines: Sequence[TextLine]) -> Iterator[list[int]]:
    """Indices of lines that make a column of letters, from top to bottom."""
    single = [i for i, e in enumerate(lines) if len(e.text.get_secret_value().strip()) == 1]
    tall = [i for i, e in enumerate(lines) if e.box.height > 2 * e.box.width]
    rest = sorted({*single, *tall}, key=lambda i: (lines[i].frames, lines[i].box.y0))
    stacks: list[list[int]] = []
    for index in rest:
        above = (e for e in stacks if _stands_below([lines[i] for i in e], lines[index]))
        stack = next(above, None)
        if stack is None:
            stacks.append([index])
        else:
            stack.append(index)
    yield from (stack for stack in stacks if len(stack) > 1)


def _stands_below(stack: Sequence[TextLine], lower: TextLine) -> bool:
    one, other = stack[-1].box, lower.box
    wide = min(one.height, one.width, other.width)
    above = min(one.x1, other.x1) - max(one.x0, other.x0) > wide // 2
    near = other.y0 - one.y1 <= _NEAR * max(wide, *map(_pitch, (*stack, lower)))
    shared = set(lower.frames).intersection(*(each.frames for each in stack))
    alike = max(one.width, other.width) <= _AS_WIDE * min(one.width, other.width)
    return bool(shared) and alike and above and near


_NEAR = 1.8
"""How many letters' heights the letters of a stack may be apart ..."""
_AS_WIDE = 5
"""... and how much wider one may be than another: W and I."""


def _pitch(line: TextLine) -> float:
    """How high a letter of a stack is."""
    return line.box.height / len(line.text.get_secret_value().strip() or " ")


def by_ticks(
    lines: Sequence[TextLine], labelled: list[list[Labelled]], identifiers: Identifiers
) -> None:
    """The ticks of a scale that stands, read as ones, and not plainly."""
    for index, line in enumerate(lines):
        text, box = line.text.get_secret_value(), line.box
        stands = box.height > _SCALE_LONG * box.width
        if line.confidence >= PLAINLY or not stands or not set(text) <= _TICKS:
            continue
        if not any(True for _ in identifiers.find(list(tokens(text)))):
            labelled[index] = [replace(run, category=_CLINICAL) for run in labelled[index]]


_SCALE_LONG = 3
