"""Detector ``rules``: says of the text that was read what is PHI.

The embedded default. What each piece of a line is says ``classify``; here the lines of an
instance speak for each other: further readings of a doubtful line, labels and values that
stand apart, other frames. Policy says what becomes of unknown text; by default it is
masked, so that a name nobody listed does not stay.
"""

import functools
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from pydantic import SecretStr
from rapidfuzz.fuzz import partial_ratio

from maskray.classify import (
    AXES,
    DATES,
    MISREADABLE,
    Labelled,
    after_label,
    classify,
    is_bare,
    is_side,
    may_be_initials,
    open_label,
)
from maskray.geometry import Box
from maskray.identifiers import Identifiers
from maskray.policy import Policy
from maskray.records import Category, Finding, PhiText, TextLine, merge_frames
from maskray.tables import by_tables
from maskray.text import LONG_ENOUGH, distance, letters, tokens
from maskray.vocabulary import is_name, look_alike

SOURCE = "rules"

_UNKNOWN = Category.UNKNOWN
_CLINICAL = Category.CLINICAL


def findings(
    lines: Iterable[TextLine], identifiers: Identifiers, policy: Policy
) -> tuple[Finding, ...]:
    """The text the policy hides, with its place.

    With ``unknown_text: review`` unknown text is a finding too; the plan step turns it
    into the REVIEW verdict.
    """
    lines = tuple(lines)
    labelled = [_best_reading(line, identifiers, policy, lines) for line in lines]
    by_tables(lines, labelled, identifiers)
    _by_neighbouring_label(lines, labelled)
    _by_neighbouring_side(lines, labelled)
    _by_open_end(lines, labelled)
    _by_counting(lines, labelled)
    _by_standing_alone(lines, labelled, identifiers.modality)
    _by_ticks(lines, labelled, identifiers)
    found = [
        Finding(
            line.frames,
            SecretStr(line.text.get_secret_value()[run.start : run.end]),
            run.category,
            SOURCE,
            _box(line, runs, run),
            line.view,
            min(line.box.width, line.box.height),
        )
        for line, runs in zip(lines, labelled, strict=True)
        for run in runs
        if policy.hides(run.category)
        or (run.category is _UNKNOWN and policy.unknown_text == "review")
    ]
    found += _by_stacking(lines, identifiers, policy)
    return (*found, *_by_place(lines, found))


def is_unnamed(text: str, identifiers: Identifiers) -> bool:
    """Whether a text holds something that further readings may explain.

    Something that is neither PHI by its form nor clinical, and no identifier of the
    header, of which nothing could acquit it; and not so many words that they cannot all
    be misread.
    """
    if any(True for _ in identifiers.find(list(tokens(text)))):
        return False
    unnamed = [
        token
        for run in classify(text, Identifiers(), Policy())
        if run.category in MISREADABLE
        for token in tokens(text[run.start : run.end])
    ]
    words = [token for token in unnamed if len(token.text) >= LONG_ENOUGH]
    return bool(unnamed) and len(words) < _SENTENCE


_SENTENCE = 4
"""So many unknown words are no clinical text misread."""


def _best_reading(
    line: TextLine,
    identifiers: Identifiers,
    policy: Policy,
    lines: Sequence[TextLine] = (),
) -> list[Labelled]:
    """The classes of a line's text, doubts resolved by further readings of it.

    Among them those of the same place in other frames, which ``lines`` may hold.

    Unknown text that further readings show to be clinical is clinical. Not so if any
    reading spells an identifier of the header, or is PHI by its form; and what looks
    like a name or a number needs most of the readings against it.
    """
    runs = list(classify(line.text.get_secret_value(), identifiers, policy))
    if not any(run.category in MISREADABLE for run in runs):
        return _in_doubt(line, runs, identifiers, policy)
    if any(True for _ in identifiers.find(list(tokens(line.text.get_secret_value())))):
        return runs
    for other in line.again:
        for _, _, category in identifiers.find(list(tokens(other.get_secret_value()))):
            # This reading missed it: who knows which letters of it are the identifier's.
            return [Labelled(0, len(line.text.get_secret_value()), category)]
    elsewhere = [each for each in _elsewhere(line, lines) for _ in range(_WEIGHT)]
    others = _classified(line, (*line.others, *elsewhere), identifiers, policy)
    if is_lone_foreign(line.text) and _may_be_name(identifiers):
        return runs
    once = () if line.second is None else (line.second,)
    second = _classified(line, once, identifiers, policy)
    third = [
        classify(each.get_secret_value(), identifiers, policy) for each in _plain(line)
    ]
    categories = {run.category for each in (runs, *others, *second, *third) for run in each}
    own = {run.category for run in runs}
    if is_certain(line) or is_lone_foreign(line.text):
        second = []  # EasyOCR knows Latin letters only
    if categories <= _HARMLESS and (
        line.meant is not None
        or _outvoted(own, others, [*second, *third])
        or (any(_is_clean(each) for each in third) and _is_spelled_alike(line, runs))
        or _is_explained(line, identifiers, policy)
    ):
        return [Labelled(run.start, run.end, _CLINICAL) for run in runs]
    return runs


_NAMED = frozenset({Category.NAME, Category.OTHER_ID})


def _is_spelled_alike(line: TextLine, runs: Iterable[Labelled]) -> bool:
    """Whether no name was read, or the third engine read it too: ``Baker`` of ``cyst``."""
    text, third = line.text.get_secret_value(), line.third
    named = [text[run.start : run.end] for run in runs if run.category in _NAMED]
    spelled = (
        [] if third is None else [each.folded for each in tokens(third.get_secret_value())]
    )
    return all(word.folded in spelled for name in named for word in tokens(name))


def _plain(line: TextLine) -> tuple[PhiText, ...]:
    """The third engine's reading, if the first one's is that with letters lost or alike.

    ``IH`` is ``THI``; ``Lungu`` is no ``Lung``. Its figures must be the same, for those
    it misreads; where the second engine agrees with the first, letters may be lost only.
    """
    if line.third is None:
        return ()
    mine, its = (letters(each.get_secret_value()) for each in (line.text, line.third))
    agreed = line.second is not None and letters(line.second.get_secret_value()) == mine
    if not len(mine) + agreed <= len(its) <= 1.3 * len(mine) + 1:
        return ()
    figures = [[each for each in text if each.isdigit()] for text in (mine, its)]
    spelled = iter(its)
    fits = all(
        any(one == each or look_alike(one, each) for each in spelled) for one in mine
    )
    return (line.third,) if fits and figures[0] == figures[1] else ()


def _is_explained(line: TextLine, identifiers: Identifiers, policy: Policy) -> bool:
    """Whether a wider reading tells that a name is no person's: ``Foramen of Monro``.

    All others must be of the same letters.
    """
    mine = letters(line.text.get_secret_value())
    texts = [each.get_secret_value() for each in line.others]
    wider = [each for each in texts if letters(each) != mine]
    return (
        len(mine) >= LONG_ENOUGH
        and mine.isalpha()
        and bool(wider)
        and all(mine in letters(each) for each in wider)
        and all(_is_clean(classify(each, identifiers, policy)) for each in wider)
    )


def _elsewhere(line: TextLine, lines: Iterable[TextLine]) -> Iterator[PhiText]:
    """What was read in the same place of other frames, and as surely, or is meant there."""
    for other in lines:
        if other.confidence < line.confidence or set(other.frames) <= set(line.frames):
            continue
        shared = line.box.overlap(other.box)
        same = shared > _SAME_BOX * max(line.box.area, other.box.area)
        cut = _is_cut(line.text, other.text) or _begins(line.text, other.text)
        cut = cut or _ends_nearly(line.text, other.text)
        least = min(line.box.area, other.box.area)
        if (
            same
            or (shared > _SAME_BOX * line.box.area and cut)
            or (shared > _INSIDE * least and _is_nearly(line.text, other.text))
        ):
            named = any(is_name(each.text) for each in tokens(line.text.get_secret_value()))
            yield other.text if named or other.meant is None else other.meant


def is_lone_foreign(text: PhiText) -> bool:
    """Whether a text is one letter beyond Latin: what a marker is misread as, ``日``."""
    word = letters(text.get_secret_value())
    return len(word) == 1 and word.isalpha() and not word.isascii()


def _may_be_name(identifiers: Identifiers) -> bool:
    """Whether a letter may be a name: if the header's are not all Latin, or unknown."""
    return not identifiers.names or not "".join(identifiers.raw).isascii()


def _is_cut(one: PhiText, other: PhiText) -> bool:
    """Whether a reading is the other but for letters at its ends: ``oom`` of ``Zoom``."""
    mine, its = letters(one.get_secret_value()), letters(other.get_secret_value())
    return len(mine) >= LONG_ENOUGH - 1 and mine in its


def _is_nearly(one: PhiText, other: PhiText) -> bool:
    """Whether all but a few letters of a long reading are those of another, figures all."""
    mine, its = letters(one.get_secret_value()), letters(other.get_secret_value())
    most = len(mine) // 4
    figures = [[each for each in text if each.isdigit()] for text in (mine, its)]
    if len(its) < len(mine) or figures[0] != figures[1]:
        return False
    return len(mine) > LONG_ENOUGH and distance(mine, its, most) <= most


def _ends_nearly(one: PhiText, other: PhiText) -> bool:
    """Whether a reading is the end of another one, a letter misread: ``ne 25``."""
    mine, its = letters(one.get_secret_value()), letters(other.get_secret_value())
    end = its[-len(mine) :]
    figures = [[each for each in text if each.isdigit()] for text in (mine, end)]
    near = len(its) > len(mine) >= LONG_ENOUGH and distance(mine, end, 1) <= 1
    return near and figures[0] == figures[1]


def _begins(one: PhiText, other: PhiText) -> bool:
    """Whether two letters are the beginning of another reading: ``Lo`` of ``Lossy``."""
    mine, its = letters(one.get_secret_value()), letters(other.get_secret_value())
    return len(mine) == LONG_ENOUGH // 2 and its.startswith(mine)


_SAME_BOX = 0.6
_INSIDE = 0.8


def is_hesitant(line: TextLine) -> bool:
    """Whether figures were read so unsurely that a date may have become a measure."""
    figures = sum(each.isdigit() for each in line.text.get_secret_value())
    return line.confidence < _HESITANT and figures >= _FEWEST_FIGURES


_HESITANT = 0.75
_FEWEST_FIGURES = 4


def _in_doubt(
    line: TextLine, runs: list[Labelled], identifiers: Identifiers, policy: Policy
) -> list[Labelled]:
    """Figures that were read hesitantly are what any further reading says.

    That is an identifier of the header, or what is PHI by its form.
    """
    whole = len(line.text.get_secret_value())
    for other in line.others if is_hesitant(line) else ():
        text = other.get_secret_value()
        found = {category for *_, category in identifiers.find(list(tokens(text)))}
        forms = {run.category for run in classify(text, Identifiers(), policy)}
        for category in sorted(found | forms - _HARMLESS):
            if policy.hides(category):
                return [Labelled(0, whole, category)]
    return runs


def is_certain(line: TextLine) -> bool:
    """Whether the first engine read the same each time: the second has no voice then."""
    text = letters(line.text.get_secret_value())
    again = {letters(each.get_secret_value()) for each in line.others}
    return len(line.others) >= times(line.confidence) and again == {text}


def times(confidence: float) -> int:
    """How many further readings that are equal to the first are believed."""
    return 1 if confidence >= _PLAIN else _TIMES


_TIMES = 2
_PLAIN = 0.98
"""The first engine's confidence in letters that are printed plainly."""
_HARMLESS = MISREADABLE | {_CLINICAL, Category.SEX}
_WEIGHT = 3
"""The second engine's reading counts as much as so many of the first's."""


def _classified(
    line: TextLine,
    readings: Iterable[PhiText],
    identifiers: Identifiers,
    policy: Policy,
) -> list[tuple[Labelled, ...]]:
    return [
        classify(each.get_secret_value(), identifiers, policy)
        for each in readings
        if is_alike(line.text, each)
    ]


def _outvoted(
    categories: set[Category],
    others: Sequence[Sequence[Labelled]],
    voices: Sequence[Sequence[Labelled]],
) -> bool:
    clean = sum(_is_clean(each) for each in others)
    second = any(_is_clean(each) for each in voices)
    if categories & _NAMED:
        votes = len(others) + _WEIGHT * len(voices)
        return clean > 0 and 2 * (clean + _WEIGHT * second) > votes + 1
    alone = len(others) < _TIMES
    return (second and (alone or clean > 0)) or (clean >= 2 and 3 * clean >= len(others))


def _is_clean(runs: Iterable[Labelled]) -> bool:
    return all(run.category is _CLINICAL for run in runs)


def is_alike(one: PhiText, other: PhiText) -> bool:
    """Whether two readings may be of one text: most of their letters agree.

    The other one may hold more. Not if it falls apart into single letters, which are
    clinical each.
    """
    mine, its = letters(one.get_secret_value()), letters(other.get_secret_value())
    if is_lone_foreign(one) and len(its) == 1:
        return its in AXES
    single = sum(len(each.text) == 1 for each in tokens(other.get_secret_value()))
    if 2 * single > len(its):
        return False
    if len(its) > len(mine) >= LONG_ENOUGH:
        return partial_ratio(mine, its) >= _ALIKE
    if _is_cut(one, other) or _begins(one, other):
        return True
    most = max(len(mine), len(its)) * 2 // 5
    return distance(mine, its, most) <= most


_ALIKE = 60.0
"""Percent of the letters that a part of a longer reading must share."""


def _by_place(lines: Sequence[TextLine], found: Iterable[Finding]) -> Iterator[Finding]:
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
            if box.overlap(there.box) <= _SAME_BOX * least:
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


def _by_stacking(
    lines: Sequence[TextLine], identifiers: Identifiers, policy: Policy
) -> Iterator[Finding]:
    """Letters that stand one above the other are read as lines of their own."""
    for stack in _stacks(lines):
        upright = [lines[index] for index in stack]
        text = _read_downwards(upright)
        if all(set(each.text.get_secret_value()) <= _TICKS for each in upright):
            continue
        runs = classify(text, identifiers, policy)
        category = next((r.category for r in runs if policy.hides(r.category)), None)
        words = _read_downwards(upright, gap=" ")
        joined = words.replace(" ", "")
        if (
            category in MISREADABLE
            and _COUNTED.fullmatch(joined)
            and _is_clean(classify(joined, identifiers, policy))
        ):
            continue
        if category in MISREADABLE and _is_clean(classify(words, identifiers, policy)):
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
                frames, SecretStr(text), category, SOURCE, box, upright[0].view, wide
            )


def _is_pair(stack: Sequence[TextLine], lines: Sequence[TextLine]) -> bool:
    """Whether two letters stand close together, and nothing right of them in their rows.

    The ``W`` and ``L`` of a window have their numbers there.
    """
    one, other = stack[0], stack[-1]
    close = other.box.y0 - one.box.y1 < _CLOSE * max(_pitch(one), _pitch(other))
    plain = all(
        each.confidence >= _PLAINLY and letters(each.text.get_secret_value()).isalpha()
        for each in stack
    )
    rows = (_nearest(lines, lines.index(each), _is_right_of) for each in stack)
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


_COUNTED = re.compile(r"[A-Za-z]+:\d+")
"""``Im:21``, its letters read one by one."""
_HOLE = 0.3
_TICKS = frozenset("1Il|-\u2013\u2014 ")
"""What the ticks of a scale are read as."""
_SHORTEST_STACK = 3
_NEAR = 1.8
"""How many letters' heights the letters of a stack may be apart ..."""
_AS_WIDE = 5
"""... and how much wider one may be than another: W and I."""


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


def _pitch(line: TextLine) -> float:
    """How high a letter of a stack is."""
    return line.box.height / len(line.text.get_secret_value().strip() or " ")


def _by_counting(lines: Sequence[TextLine], labelled: list[list[Labelled]]) -> None:
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


# --- labels and values in lines of their own ------------------------------------------


def _by_neighbouring_label(
    lines: Sequence[TextLine], labelled: list[list[Labelled]]
) -> None:
    """A label without a value says what stands right of it or just below it.

    Clinical text behind that is another item of the row.
    """
    for index, line in enumerate(lines):
        category = open_label(line.text.get_secret_value())
        if category is None:
            continue
        nearest = _nearest(lines, index, _is_right_of)
        if nearest is None:
            nearest = _nearest(lines, index, _is_below)
        for other in () if nearest is None else _there(lines, nearest):
            text = lines[other].text.get_secret_value()
            if _is_next_field(text):
                continue  # of a form, whose value is missing
            labelled[other] = [
                run
                if number > 0 and run.category is _CLINICAL
                else Labelled(run.start, run.end, after_label(run, text, category))
                for number, run in enumerate(labelled[other])
            ]


def _is_next_field(text: str) -> bool:
    """Whether a text is nothing but a label, and no initials that look like one."""
    plainly = text.rstrip().endswith((":", "=", "#")) or len(text.split()) > 1
    return plainly and open_label(text) is not None


def _there(lines: Sequence[TextLine], index: int) -> Iterator[int]:
    """A line, and what else was read in its place."""
    here = lines[index]
    for other, line in enumerate(lines):
        least = min(here.box.area, line.box.area)
        shared = not set(line.frames).isdisjoint(here.frames)
        if shared and line.box.overlap(here.box) > _SAME_BOX * least:
            yield other


def _by_neighbouring_side(
    lines: Sequence[TextLine], labelled: list[list[Labelled]]
) -> None:
    """The same for a marker whose side and letters were read as two lines."""
    for index, line in enumerate(lines):
        if not is_side(line.text.get_secret_value()):
            continue
        other = _nearest(lines, index, _is_beside)
        if other is None:
            continue
        if may_be_initials(lines[other].text.get_secret_value()):
            labelled[other] = [
                replace(run, category=_UNKNOWN) if run.category is _CLINICAL else run
                for run in labelled[other]
            ]


def _by_standing_alone(
    lines: Sequence[TextLine], labelled: list[list[Labelled]], modality: str
) -> None:
    """Two capitals with nothing beside them: a short form for some, initials for all."""
    for index, line in enumerate(lines):
        text = line.text.get_secret_value().strip()
        if line.confidence < _PLAINLY or not _is_bare_in(text, modality):
            continue
        if _nearest(lines, index, _shares_row) is None and not _has_value(lines, index):
            labelled[index] = [
                replace(run, category=_UNKNOWN) if run.category is _CLINICAL else run
                for run in labelled[index]
            ]


def _is_bare_in(text: str, modality: str) -> bool:
    """Whether two capitals may be initials in images of a modality.

    On radiographs technologists put theirs beside the side, and no directions are written.
    """
    if modality in _RADIOGRAPHS and len(text) == 2 and text.isalpha() and text.isupper():
        return text not in _ON_RADIOGRAPHS
    return is_bare(text) and not (modality in _OF_EYES and text in _EYES)


_RADIOGRAPHS = frozenset({"CR", "DX", "RG"})
_ON_RADIOGRAPHS = frozenset(
    "LT RT AP PA LL RL IR ER WB UP DX CR SE IM ID CM MM KV MA".split()
)
_OF_EYES = frozenset("OP OPT OPV OPM OPR OAM OCT IOL KER LEN SRF VA AR".split())
_EYES = frozenset({"OD", "OS", "OU"})


def _has_value(lines: Sequence[TextLine], index: int) -> bool:
    """Whether the next text in a worksheet's row is a measure: ``HC`` and ``17.5 cm``."""
    if lines[index].text.get_secret_value().strip() not in _HEADS:
        return False
    other = _nearest(lines, index, _is_farther_right)
    text = "" if other is None else lines[other].text.get_secret_value()
    return _MEASURE.match(text) is not None


_HEADS = frozenset("HC AC FL HL EF FS".split())
_MEASURE = re.compile(r"\s*\d+[.,]\d+\s*(?:[cm]m|%)(?!\w)")
_PLAINLY = 0.9


def _by_ticks(
    lines: Sequence[TextLine], labelled: list[list[Labelled]], identifiers: Identifiers
) -> None:
    """The ticks of a scale that stands, read as ones, and not plainly."""
    for index, line in enumerate(lines):
        text, box = line.text.get_secret_value(), line.box
        stands = box.height > _SCALE_LONG * box.width
        if line.confidence >= _PLAINLY or not stands or not set(text) <= _TICKS:
            continue
        if not any(True for _ in identifiers.find(list(tokens(text)))):
            labelled[index] = [replace(run, category=_CLINICAL) for run in labelled[index]]


_SCALE_LONG = 3


def _by_open_end(lines: Sequence[TextLine], labelled: list[list[Labelled]]) -> None:
    """A name or a date whose end was read as a line of its own.

    A name that ends in a comma goes on, ``Vu,`` and ``P``, and one before an initial,
    ``KAUR`` and ``T.`` or ``KAUR.`` and ``T``; so does a date right before figures,
    ``1972 Nov`` and ``27``. An address begins with the figures before it: ``775`` and
    ``Elm St, Ayr, TX 14401``.
    """
    for index, line in enumerate(lines):
        if labelled[index] and labelled[index][0].category is Category.ADDRESS:
            before = _nearest(lines, index, lambda here, there: _goes_on(there, here))
            if before is not None and _begins_address(lines[before].text):
                labelled[before] = [
                    replace(run, category=Category.ADDRESS) for run in labelled[before]
                ]
        if not labelled[index] or labelled[index][-1].category not in _ENDS:
            continue
        if labelled[index][-1].category in DATES:
            for end in _overlapping_ends(lines, index):
                labelled[end] = [
                    replace(run, category=labelled[index][-1].category)
                    if run.category is _CLINICAL
                    else run
                    for run in labelled[end]
                ]
        other = _nearest(lines, index, _goes_on)
        if other is None or len(labelled[other]) != 1:
            continue
        run, category = labelled[other][0], labelled[index][-1].category
        more = lines[other].text.get_secret_value().strip()
        if category in DATES:
            gap = lines[other].box.x0 - line.box.x1
            fits = more.isdigit() and gap < _TOUCHING * line.box.height
            fits = fits and len(more) <= LONG_ENOUGH
        else:
            text = line.text.get_secret_value().rstrip()
            fits = text.endswith((",", "^")) or _INITIAL.fullmatch(more) is not None
            named = category is not _UNKNOWN and text.endswith(".")
            fits = fits or (named and len(more) == 1 and more.isupper())
        if fits and run.category in (_CLINICAL, Category.SEX):
            labelled[other] = [replace(run, category=category)]


def _begins_address(text: PhiText) -> bool:
    figures = letters(text.get_secret_value())
    return figures[:1].isdigit() and len(figures) <= _LONGEST_HOUSE_NUMBER


_LONGEST_HOUSE_NUMBER = 5


def _overlapping_ends(lines: Sequence[TextLine], index: int) -> Iterator[int]:
    """Lines that begin with the end of another: ``SEP 21,`` and ``21, 2015``."""
    here, mine = lines[index], letters(lines[index].text.get_secret_value())
    for other, line in enumerate(lines):
        its, box = letters(line.text.get_secret_value()), line.box
        level = min(here.box.y1, box.y1) - max(here.box.y0, box.y0)
        if set(line.frames).isdisjoint(here.frames) or 2 * level < here.box.height:
            continue
        shared = any(mine.endswith(its[:count]) for count in range(2, len(its)))
        if here.box.x0 < box.x0 < here.box.x1 < box.x1 and shared:
            yield other


_ENDS = frozenset({Category.NAME, Category.PHYSICIAN, _UNKNOWN, *DATES})
_INITIAL = re.compile(r"[A-Z]\.")
_TOUCHING = 0.5


def _goes_on(here: Box, there: Box) -> bool:
    """Whether a line is the end of another: close behind it, at either end if turned."""
    low = min(here.height, here.width)
    if here.width >= here.height:
        return _is_right_of(here, there) and there.x0 - here.x1 < 2 * low
    level = min(here.x1, there.x1) - max(here.x0, there.x0)
    gap = max(there.y0 - here.y1, here.y0 - there.y1)
    return level > 0.5 * low and -low < gap < 2 * low


def _nearest(
    lines: Sequence[TextLine], index: int, related: Callable[[Box, Box], bool]
) -> int | None:
    here = lines[index]
    near = [
        other
        for other, line in enumerate(lines)
        if other != index
        and not set(line.frames).isdisjoint(here.frames)
        and related(here.box, line.box)
    ]
    return min(
        near,
        key=lambda i: (
            (lines[i].box.x0 - here.box.x1) ** 2 + (lines[i].box.y0 - here.box.y0) ** 2
        ),
        default=None,
    )


def _is_right_of(here: Box, there: Box) -> bool:
    level = min(here.y1, there.y1) - max(here.y0, there.y0)
    gap = there.x0 - here.x1
    return level > 0.5 * here.height and -here.height < gap < 8 * here.height


def _is_farther_right(here: Box, there: Box) -> bool:
    level = min(here.y1, there.y1) - max(here.y0, there.y0)
    gap = there.x0 - here.x1
    return level > 0.5 * here.height and 0 <= gap < _ROW_LONG * here.height


_ROW_LONG = 20


def _is_beside(here: Box, there: Box) -> bool:
    alike = max(here.height, there.height) < 1.5 * min(here.height, there.height)
    gap = max(there.x0 - here.x1, here.x0 - there.x1)
    level = min(here.y1, there.y1) - max(here.y0, there.y0)
    return alike and level > 0.5 * here.height and 0 <= gap < 1.5 * here.height


def _shares_row(here: Box, there: Box) -> bool:
    low = min(here.height, here.width)
    level = min(here.y1, there.y1) - max(here.y0, there.y0)
    gap = max(there.x0 - here.x1, here.x0 - there.x1)
    if here.height > here.width:
        level = min(here.x1, there.x1) - max(here.x0, there.x0)
        gap = max(there.y0 - here.y1, here.y0 - there.y1)
    return level > 0.5 * low and gap < _FAR_APART * low


_FAR_APART = 3


def _is_below(here: Box, there: Box) -> bool:
    gap = there.y0 - here.y1
    return (
        -0.5 * here.height < gap < here.height
        and there.y0 > here.y0
        and abs(there.x0 - here.x0) < 2 * here.height
    )


def _box(line: TextLine, runs: Sequence[Labelled], run: Labelled) -> Box:
    """A run's box: up to half of the gap to its neighbours, or the line's own end."""
    index = runs.index(run)
    box = line.part(run.start, run.end)
    if not line.columns:
        return line.box
    x0, x1 = line.box.x0, line.box.x1
    if index > 0:
        x0 = (line.part(runs[index - 1].start, runs[index - 1].end).x1 + box.x0) // 2
    if index + 1 < len(runs):
        x1 = (line.part(runs[index + 1].start, runs[index + 1].end).x0 + box.x1 + 1) // 2
    x0, x1 = min(x0, box.x0), max(x1, box.x1)
    return Box(x0, box.y0, max(x1, x0 + 1), box.y1)
