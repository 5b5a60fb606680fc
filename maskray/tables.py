"""Tables of measures: what a row's label is, its value and the rows around it tell.

Consoles and reports print what was measured line under line: ``LVIDd 4.9 cm``, or a label
and its values in columns. No list holds all the labels. A word that nobody knows is a
label too if it has a measure with its unit, and most rows of the table clinical labels,
the next ones above and below among them. No person is measured so: not in years, not
standing or weighed.
"""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from maskray.classify import Labelled
from maskray.geometry import Box
from maskray.identifiers import Identifiers
from maskray.labels import open_label
from maskray.markers import MARKERS
from maskray.records import Category, TextLine
from maskray.text import Token, tokens
from maskray.vocabulary import is_name

_UNIT = (
    r"(?:[\u00b5cm]m[\u00b2\u00b323]?|m?s(?:ec)?|[cm]?m/s2?|%|\u00b0|deg|m?l|m?l/m2|g/cm[\u00b22]"
    r"|mmHg|[cm]?Gy|mSv|HU|kPa|L/min(?:/m[\u00b22])?)"
)
_NUMBER = r"[<>\u00b1~+-]?\s*\d{1,4}(?:[.,]\d+)?"
_MEASURE = re.compile(rf"\s*{_NUMBER}\s*{_UNIT}\s*")
_ENDS_IN_MEASURE = re.compile(rf"[\w)]\s*[:=]?\s{_NUMBER}\s*{_UNIT}\s*$")
_CELL = re.compile(rf"\s*{_NUMBER}(?:\s?[/-]\s?\d{{1,4}})?\s*{_UNIT}?\s*")
"""What stands in a column of values: plain numbers and ranges too."""
_DECIMAL = re.compile(r"\s*\d{1,3}\.\d+\s*")
_AS_HEAVY = 40
"""Figures without a unit may be a person's height and weight."""
_WEEKS = re.compile(r"\s*\d{1,2}w\s?(?:\d\s?d)?\s*")
_OF_A_PERSON = re.compile(
    r"\d\s*m\b(?!/)|(?<![\d.,])(?:[4-9]\d|1\d\d|2[0-3]\d)(?:[.,]\d)?\s*cm\b|kg|\d\s*Y"
    r"|\b(?:19|20)\d\d\b",
    re.IGNORECASE,
)
"""How tall, heavy or old somebody may be, or when born."""
_ROW_LONG = 12
"""A value is no farther from its label than so many times the height of the line."""
_ALIGNED, _AS_HIGH = 0.7, 1.6
"""Rows begin at one column, but for this share of their height, and are alike in height,
by this factor."""
_BEFORE_NAMES = frozenset("BY ST SAN DR MR MRS MS FOR OF WITH AND".split())
_ENDS_IN_BY = re.compile(r"\bby\W*$", re.IGNORECASE)
_LABEL_FAR = 3
"""So many heights below a label its value may stand."""
_ROWS, _MOST = 3, 0.6
"""So many other rows make a table, if this share of them is clinical."""
_CODE = re.compile(r"\s*[A-Z][A-Za-z]{1,3}\s*")
_SETTING = re.compile(r"\s*[A-Za-z]{3,5}\s?:\s?(?:[A-Z]{0,2}\d[\d.]*)\s*%?\s*")
_ALONE_IN_COLUMNS = frozenset("CW PW GA TC MI TI TR TE NF HR QT BD WF DR FR PG VR".split())
_MIXED = re.compile(r"\s*[A-Z]{2,3}[a-z]{1,3}\s*")
"""``POff``; small letters come first in no name but behind ``Mc``, ``De`` and initials."""
_SETTINGS = 2
"""So many settings above and below make one of an unknown word."""
_ROWS_OF_CODES = 4
"""So many other rows with a measure tell that short forms are labels: ``SNA 83.1 deg``."""


def by_tables(
    lines: Sequence[TextLine], labelled: list[list[Labelled]], identifiers: Identifiers
) -> None:
    """Takes for clinical what nobody knows and labels a measure, among others."""
    rows = [_row(lines, index) for index in range(len(lines))]
    for index, line in enumerate(lines):
        runs = labelled[index]
        if {run.category for run in runs} - {Category.UNKNOWN, Category.CLINICAL}:
            continue  # names, and all that is PHI by its form
        words = list(tokens(_text(line)))
        if not _may_be_label(words, runs) or any(True for _ in identifiers.find(words)):
            continue
        row = _is_row(rows, labelled, index) or _is_setting(lines, labelled, index)
        if row and not _is_labelled(lines, index):
            labelled[index] = [replace(run, category=Category.CLINICAL) for run in runs]


def _may_be_label(words: Sequence[Token], runs: Sequence[Labelled]) -> bool:
    """Whether one word of a line is unknown, and it stands as no person's name does."""
    unknown = [
        number
        for number, word in enumerate(words)
        for run in runs
        if run.start <= word.start < run.end and run.category is Category.UNKNOWN
    ]
    if len(unknown) != 1 or not words[unknown[0]].is_word:
        return False
    before = words[unknown[0] - 1].folded if unknown[0] else ""
    near = words[max(unknown[0] - 1, 0) : unknown[0] + 2]
    if any(len(word.text) == 1 and word.is_word for word in near):
        return False  # an initial
    return before not in _BEFORE_NAMES and not {word.folded for word in words} & MARKERS


def _is_labelled(lines: Sequence[TextLine], index: int) -> bool:
    """Whether a label stands above a line or left of it whose value it may be."""
    here = lines[index]
    for line in lines:
        labels = open_label(_text(line)) is not None or _ENDS_IN_BY.search(_text(line))
        if set(line.frames).isdisjoint(here.frames) or not labels:
            continue
        one, other = line.box, here.box
        below = 0 < other.y0 - one.y0 < _LABEL_FAR * other.height
        aligned = abs(other.x0 - one.x0) <= _ALIGNED * other.height
        left = _is_level(one, other) and one.x1 <= other.x0
        if (below and aligned) or left:
            return True
    return False


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A line with a value; where that stands, if not in the line; is it ``measured``?

    It is, if it is a number with its unit.
    """

    line: TextLine
    value: Box | None
    measured: bool


def is_among_measures(
    lines: Sequence[TextLine], labelled: Sequence[Sequence[Labelled]], index: int
) -> bool:
    """Whether a short form alone in its line heads a column, or is one of its lines.

    ``GA`` above ``21w4d`` and ``21w2d``; ``CW`` between ``14 Hz`` and ``50%``. No line of
    the column is anything but clinical; few short forms stand so, other two letters are a
    technologist's.
    """
    if _text(lines[index]).strip() not in _ALONE_IN_COLUMNS:
        return False
    above, below = _column(lines, index, -1), _column(lines, index, 1)
    if any(
        run.category is not Category.CLINICAL for i in above + below for run in labelled[i]
    ):
        return False
    heads = [_text(lines[i]) for i in below[:_ROWS]]
    values = [
        each
        for each in heads
        if (_CELL.fullmatch(each) and any(map(str.isdigit, each))) or _WEEKS.fullmatch(each)
    ]
    numbers = sum(any(map(str.isdigit, _text(lines[i]))) for i in above + below)
    within = bool(above and below) and numbers >= _ROWS - 1
    return within or len(values) == _ROWS


def _is_setting(
    lines: Sequence[TextLine], labelled: Sequence[Sequence[Labelled]], index: int
) -> bool:
    """Whether a line is one of many settings, within their column: ``ENH: B5``, ``POff``.

    Two clinical lines stand above and below it, most with figures, and nothing else. It
    is written as no name is: with a colon and a figure, or small and large letters mixed.
    """
    text = _text(lines[index])
    setting = _SETTING.fullmatch(text) is not None
    mixed = _MIXED.fullmatch(text) is not None and not is_name(text.strip()[1:])
    if not (setting or mixed) or _OF_A_PERSON.search(text):
        return False
    above, below = _column(lines, index, -1), _column(lines, index, 1)
    near = [*above[:_SETTINGS], *below[:_SETTINGS]]
    numbers = sum(any(map(str.isdigit, _text(lines[i]))) for i in near)
    clinical = all(
        run.category is Category.CLINICAL for i in (*above, *below) for run in labelled[i]
    )
    enough = min(len(above), len(below)) >= _SETTINGS
    return enough and clinical and numbers >= 2 * _SETTINGS - 1


def _column(lines: Sequence[TextLine], index: int, step: int) -> list[int]:
    """The lines that stand above (-1) or below (1) a line, close to one another.

    They begin, end or are centred at one column, and are as high.
    """
    column, here = list[int](), lines[index].box
    while True:
        last = lines[column[-1] if column else index]
        near = [
            (step * (line.box.y0 - last.box.y0), number)
            for number, line in enumerate(lines)
            if not set(line.frames).isdisjoint(last.frames)
            and 2 * step * (line.box.y0 - last.box.y0) > last.box.height
            and max(line.box.y0 - last.box.y1, last.box.y0 - line.box.y1) < last.box.height
            and min(_ends_apart(here, line.box)) <= _ALIGNED * here.height
            and max(here.height, line.box.height)
            <= _AS_HIGH * min(here.height, line.box.height)
        ]
        if not near:
            return column
        column.append(min(near)[1])


def _ends_apart(one: Box, other: Box) -> tuple[int, int, int]:
    """How far apart their left ends, their right ends and their middles are."""
    left, right = other.x0 - one.x0, other.x1 - one.x1
    return abs(left), abs(right), abs(left + right) // 2


def _row(lines: Sequence[TextLine], index: int) -> _Row | None:
    text = _text(lines[index])
    if _OF_A_PERSON.search(text) or open_label(text) is not None:
        return None
    if _ENDS_IN_MEASURE.search(text):
        return _Row(lines[index], None, measured=True)
    other = _next_in_row(lines, index)
    if other is None or not any(each.isalpha() for each in text):
        return None
    value = _text(lines[other])
    if not _CELL.fullmatch(value) or _OF_A_PERSON.search(value):
        return None
    measured = _MEASURE.fullmatch(value) is not None
    third = _next_in_row(lines, other)
    if third is not None and not measured:  # the units stand above the columns
        cells = [_text(lines[i]) for i in (other, third)]
        measured = all(
            _DECIMAL.fullmatch(each) and float(each) < _AS_HEAVY for each in cells
        )
    return _Row(lines[index], lines[other].box, measured)


def _is_row(
    rows: Sequence[_Row | None], labelled: Sequence[Sequence[Labelled]], index: int
) -> bool:
    """Whether a row is one of a table, within it, whose labels are mostly clinical."""
    here = rows[index]
    if here is None or not here.measured:
        return False
    among = [
        (i, there)
        for i, there in enumerate(rows)
        if i != index and there is not None and _is_of_table(here, there)
    ]
    others = sorted(
        (
            (
                there.line.box.y0,
                all(run.category is Category.CLINICAL for run in labelled[i]),
            )
            for i, there in among
        ),
    )
    measured = [there.measured for _, there in among]
    clinical = [known for _, known in others]
    above = [known for y0, known in others if y0 < here.line.box.y0]
    below = clinical[len(above) :]
    if here.value is not None and _CODE.fullmatch(_text(here.line)) and above and below:
        return sum(measured) >= _ROWS_OF_CODES
    within = above[-1:] == [True] and below[:1] == [True]
    return within and len(others) >= _ROWS and sum(clinical) >= _MOST * len(others)


def _is_of_table(here: _Row, there: _Row) -> bool:
    """Whether two rows begin at one column, and their values stand in one."""
    one, other = here.line.box, there.line.box
    low, high = sorted((one.height, other.height))
    if set(here.line.frames).isdisjoint(there.line.frames) or high > _AS_HIGH * low:
        return False
    beside = min(one.y1, other.y1) > max(one.y0, other.y0)
    if beside or abs(one.x0 - other.x0) > _ALIGNED * high:
        return False
    if here.value is None or there.value is None:
        return here.value is there.value
    return min(_ends_apart(here.value, there.value)) <= _ALIGNED * high


def _next_in_row(lines: Sequence[TextLine], index: int) -> int | None:
    """The nearest line on the right, in one row."""
    here = lines[index]
    right = [
        number
        for number, line in enumerate(lines)
        if not set(line.frames).isdisjoint(here.frames)
        and _is_level(here.box, line.box)
        and 0 <= line.box.x0 - here.box.x1 < _ROW_LONG * here.box.height
    ]
    return min(right, key=lambda number: lines[number].box.x0, default=None)


def _is_level(here: Box, there: Box) -> bool:
    level = min(here.y1, there.y1) - max(here.y0, there.y0)
    return 2 * level > statistics.mean((here.height, there.height))


def _text(line: TextLine) -> str:
    return line.text.get_secret_value()
