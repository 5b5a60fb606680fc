"""Tables of measures: what a row's label is, its value and the rows around it tell.

Consoles and reports print what was measured line under line: ``LVIDd 4.9 cm``, or a label
and its values in columns. No list holds all the labels. Where most rows of such a table
have clinical ones, the rest are labels too, and no people. What follows holds only for
rows with a measure: a number with decimals or its unit, no date, no age, no height or
weight of a person.
"""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from maskray.classify import Labelled
from maskray.geometry import Box
from maskray.identifiers import Identifiers
from maskray.records import Category, TextLine
from maskray.text import fold, tokens
from maskray.vocabulary import codes, is_common_name

_UNIT = (
    r"(?:[\u00b5cm]?m[\u00b2\u00b323]?|m?s(?:ec)?|[cm]?m/s2?|bpm|%|\u00b0|deg|m?l|m?l/m2|g|g/cm[\u00b22]"
    r"|mmHg|[kM]?Hz|dB|[cm]?Gy|mSv|HU|kPa|D|L/min(?:/m[\u00b22])?)"
)
_NUMBER = r"[<>\u00b1~+-]?\s*\d{1,4}"
_VALUE = rf"(?:{_NUMBER}\s*{_UNIT}|{_NUMBER}[.,]\d+\s*{_UNIT}?|\d\d?w\d?d?)"
_MEASURE = re.compile(rf"\s*{_VALUE}\s*")
_ENDS_IN_MEASURE = re.compile(rf"[\w)]\s*[:=]?\s{_VALUE}\s*$")
_CELL = re.compile(rf"\s*(?:{_VALUE}|{_NUMBER}(?:\s?[/-]\s?\d{{1,4}})?\s*{_UNIT}?)\s*")
"""What stands in a column of values: plain numbers and ranges too."""
_OF_A_PERSON = re.compile(r"[12][.,]\d\d\s*m|1\d\d\s*cm|kg", re.IGNORECASE)
"""How tall or heavy somebody is."""
_ROW_LONG = 20
"""A value is no farther from its label than so many times the height of the line."""
_ALIGNED, _AS_HIGH = 0.7, 1.6
"""Rows begin at one column, but for this share of their height, and are alike in height,
by this factor."""
_ROWS, _MOST = 3, 0.6
"""So many other rows make a table, if this share of them is clinical."""
_LONG_ENOUGH = 4
"""Letters of a clinical word beside which a rare name is a thing's: ``Evans ratio``."""
_HEADS = 2


def has_value(lines: Sequence[TextLine], index: int) -> bool:
    """Whether a listed short form has a measure in its row: ``HC`` and ``17.5 cm``."""
    if fold(lines[index].text.get_secret_value().strip()) not in codes():
        return False
    other = _next_in_row(lines, index)
    return other is not None and _MEASURE.fullmatch(_text(lines[other])) is not None


def by_tables(
    lines: Sequence[TextLine], labelled: list[list[Labelled]], identifiers: Identifiers
) -> None:
    """Takes for clinical what labels a measure, among others, and heads of tables."""
    rows = [_row(lines, index) for index in range(len(lines))]
    for index, line in enumerate(lines):
        runs = labelled[index]
        if not any(run.category in _OPEN for run in runs):
            continue
        if any(True for _ in identifiers.find(list(tokens(_text(line))))):
            continue
        short = fold(_text(line).strip()) in codes()
        named = short and (has_value(lines, index) or _is_head(lines, labelled, index))
        if named or (_is_label(_text(line), runs) and _is_row(rows, labelled, index)):
            labelled[index] = [
                replace(run, category=Category.CLINICAL) if run.category in _OPEN else run
                for run in runs
            ]


_OPEN = frozenset({Category.UNKNOWN, Category.NAME})


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A line with its measure, and where that stands if it is a cell of its own."""

    line: TextLine
    value: Box | None


def _row(lines: Sequence[TextLine], index: int) -> _Row | None:
    text = _text(lines[index])
    if _OF_A_PERSON.search(text):
        return None
    if _ENDS_IN_MEASURE.search(text):
        return _Row(lines[index], None)
    other = _next_in_row(lines, index)
    if other is None or not any(each.isalpha() for each in text):
        return None
    value = _text(lines[other])
    if _CELL.fullmatch(value) and not _OF_A_PERSON.search(value):
        return _Row(lines[index], lines[other].box)
    return None


def _is_row(
    rows: Sequence[_Row | None], labelled: Sequence[Sequence[Labelled]], index: int
) -> bool:
    """Whether a row is one of a table whose labels are clinical for the most part."""
    here = rows[index]
    if here is None:
        return False
    others = [
        all(run.category is Category.CLINICAL for run in labelled[i])
        for i, there in enumerate(rows)
        if i != index and there is not None and _is_of_table(here, there)
    ]
    return len(others) >= _ROWS and sum(others) >= _MOST * len(others)


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
    ends = (
        abs(here.value.x0 - there.value.x0),
        abs(here.value.x1 - there.value.x1),
        abs(here.value.x0 + here.value.x1 - there.value.x0 - there.value.x1) // 2,
    )
    return min(ends) <= _ALIGNED * high


def _is_label(text: str, runs: Sequence[Labelled]) -> bool:
    """Whether a line may label a measure: no frequent name, and no name alone."""
    words = [
        [token.text for token in tokens(text[run.start : run.end]) if token.is_word]
        for run in runs
    ]
    names = [run.category is Category.NAME for run in runs]
    known = any(
        len(word) >= _LONG_ENOUGH
        for each, run in zip(words, runs, strict=True)
        for word in each
        if run.category is Category.CLINICAL
    )
    frequent = any(is_common_name(word) for each in words for word in each)
    return not any(names) or (known and not frequent)


def _is_head(
    lines: Sequence[TextLine], labelled: Sequence[Sequence[Labelled]], index: int
) -> bool:
    """Whether the row holds several other items, each of them one clinical word."""
    here = lines[index]
    row = [
        number
        for number, line in enumerate(lines)
        if number != index
        and not set(line.frames).isdisjoint(here.frames)
        and _is_level(here.box, line.box)
        and line.box.overlap(here.box) == 0
    ]
    heads = [
        number
        for number in row
        if (word := _text(lines[number]).strip()).isalpha()
        and len(word) > 1
        and (
            all(run.category is Category.CLINICAL for run in labelled[number])
            or fold(word) in codes()
        )
    ]
    return len(heads) >= _HEADS and len(heads) == len(row)


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
