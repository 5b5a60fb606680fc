"""Where in the lines that were read does a text stand that a model has named?

A model copies what it sees, the reader reads it, and both err. So texts are compared
letter for letter without accents, spaces and signs, and with look-alikes made one; words
may come in another order, a date in another form; a text may go over several lines, or
be a part of one. Words are matched whole: ``ART`` is not found in ``HEART``.

The answer is all or nothing: the places of the whole text, or none. A few letters may
stay unfound, no word.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from maskray.date_forms import MONTHS
from maskray.geometry import Box
from maskray.records import TextLine
from maskray.text import Token, as_digits, distance, fold, letters, skeleton, tokens

Span = tuple[int, int]
"""Half-open character indices of a line's text."""

_EXACT_UP_TO = 3
"""Shorter texts match exactly, but for look-alikes."""
_ONE_EDIT_UP_TO = 5
_TWO_EDITS_UP_TO = 9
_INSIDE_FROM = 5
"""From so many letters on a text is found inside a longer word: words run together."""
_INSIDE_ALIKE = 86.0
_PIECE = 3
"""A line of so many letters may be a piece of a longer text."""
_ENOUGH = 0.85
"""Share of a text's letters that pieces in several places must make up."""


@dataclass(frozen=True, slots=True)
class Match:
    """A place of a text: a line, and which of its characters; None: all of it."""

    line: TextLine
    span: Span | None

    @property
    def box(self) -> Box:
        """In native pixels."""
        return self.line.box if self.span is None else self.line.part(*self.span)


def find(text: str, lines: Iterable[TextLine]) -> list[Match]:
    """All places of a text in lines that were read; empty if it is not there as a whole.

    Args:
        text: As a model names it.
        lines: Of the frames in question.
    """
    wanted = _Wanted.of(text)
    if not wanted.letters:
        return []
    lines = list(lines)
    whole = [match for line in lines for match in _in_line(wanted, line)]
    return whole or _in_pieces(wanted, lines)


def merged(matches: Iterable[Match]) -> list[Match]:
    """The places, those that overlap in a line made one."""
    by_line: dict[TextLine, list[Span | None]] = {}
    for match in matches:
        by_line.setdefault(match.line, []).append(match.span)
    return [
        Match(line, span)
        for line, spans in by_line.items()
        for span in ([None] if None in spans else _joined(each for each in spans if each))
    ]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The text that is looked for, taken apart."""

    words: tuple[str, ...]
    letters: str
    bones: str
    dates: frozenset[tuple[int, int, int]]

    @classmethod
    def of(cls, text: str) -> "_Wanted":
        words = tuple(letters(each.text) for each in tokens(text))
        return cls(
            tuple(each for each in words if each),
            letters(text),
            skeleton(text),
            _dates(text),
        )


# --- within one line ------------------------------------------------------------------


def _in_line(wanted: _Wanted, line: TextLine) -> Iterator[Match]:
    spans = _spans(wanted, line.text.get_secret_value())
    if spans:
        yield from (Match(line, span) for span in spans)
        return
    if any(_spans(wanted, each.get_secret_value()) for each in line.again):
        yield Match(line, None)


def _spans(wanted: _Wanted, text: str) -> list[Span]:
    """Every run of whole words of a line that says the text."""
    line = [each for each in tokens(text) if letters(each.text)]
    return _joined(
        [
            *_runs_alike(wanted, line),
            *_dates_alike(wanted, line),
            *_in_other_order(wanted, line),
            *_inside(wanted, line),
        ]
    )


def _runs_alike(wanted: _Wanted, line: Sequence[Token]) -> Iterator[Span]:
    longest = len(wanted.bones) + _edits(wanted.bones)
    for start in range(len(line)):
        best: tuple[int, Span] | None = None
        bones = ""
        for end in range(start, len(line)):
            bones += skeleton(line[end].text)
            if len(bones) > longest:
                break
            away = _away(wanted.bones, bones)
            if end - start + 1 == len(wanted.words) > 1 and not _word_by_word(
                wanted.words, line[start : end + 1]
            ):
                continue
            if away is not None and (best is None or away < best[0]):
                best = away, (line[start].start, line[end].end)
        if best is not None:
            yield best[1]


def _word_by_word(words: Sequence[str], window: Sequence[Token]) -> bool:
    """Whether the errors are spread: ``NAME DOE`` is not ``JANE DOE`` misread."""
    return all(
        distance(skeleton(word), skeleton(token.text), most) <= most
        for word, token in zip(words, window, strict=True)
        for most in [max(_edits(word), len(word) >= _EXACT_UP_TO)]
    )


def _edits(text: str) -> int:
    """How many letters of a text may be misread."""
    if len(text) <= _EXACT_UP_TO:
        return 0
    if len(text) <= _ONE_EDIT_UP_TO:
        return 1
    return 2 if len(text) <= _TWO_EDITS_UP_TO else len(text) // 4


def _away(one: str, other: str) -> int | None:
    """Edits between two skeletons, None if too many for texts of their length."""
    most = min(_edits(one), _edits(other))
    away = distance(one, other, most)
    return away if away <= most else None


def _in_other_order(wanted: _Wanted, line: Sequence[Token]) -> list[Span]:
    """All words of the text, in any order, next to each other: ``DOE, JOHN``."""
    count = len(wanted.words)
    if count < 2:
        return []
    found: list[Span] = []
    for start in range(len(line) - count + 1):
        window = line[start : start + count]
        if _same_words(wanted.words, [letters(each.text) for each in window]):
            found.append((window[0].start, window[-1].end))
    return found


def _same_words(some: Iterable[str], others: Sequence[str]) -> bool:
    left = list(others)
    for word in some:
        alike = next(
            (e for e in left if _away(skeleton(word), skeleton(e)) is not None), None
        )
        if alike is None:
            return False
        left.remove(alike)
    return not left


def _inside(wanted: _Wanted, line: Sequence[Token]) -> Iterator[Span]:
    """The text in words that ran together; the words are taken whole."""
    if len(wanted.letters) < _INSIDE_FROM:
        return
    bones, owners = "", list[int]()
    for index, token in enumerate(line):
        piece = skeleton(token.text)
        bones += piece
        owners += [index] * len(piece)
    if len(bones) <= len(wanted.bones):
        return
    found = fuzz.partial_ratio_alignment(wanted.bones, bones, score_cutoff=_INSIDE_ALIKE)
    if found is not None and found.dest_end > found.dest_start:
        first, last = owners[found.dest_start], owners[found.dest_end - 1]
        held = line[first : last + 1]
        if any(len(skeleton(each.text)) > len(wanted.bones) for each in held):
            yield line[first].start, line[last].end


# --- dates ----------------------------------------------------------------------------

_PIECES = re.compile(r"[A-Z]+|\d+")
_CENTURY = 100


def _dates_alike(wanted: _Wanted, line: Sequence[Token]) -> Iterator[Span]:
    """Runs of words that give one of the dates that the text may mean."""
    if not wanted.dates:
        return
    for start in range(len(line)):
        for count in (1, 2, 3):
            window = line[start : start + count]
            if len(window) == count and wanted.dates & _dates(
                " ".join(each.text for each in window)
            ):
                yield window[0].start, window[-1].end
                break


def _dates(text: str) -> frozenset[tuple[int, int, int]]:
    """The dates (year of the century, month, day) that a text may mean, if it is one.

    ``03/04/1961`` may be March or April: both are meant.
    """
    pieces = _PIECES.findall(fold(text))
    if any(each.isalpha() and each not in MONTHS for each in pieces):
        pieces = _PIECES.findall(" ".join(as_digits(each) for each in fold(text).split()))
    if len(pieces) == 1 and len(pieces[0]) == 8 and pieces[0].isdigit():
        day = pieces[0]
        pieces = [day[:4], day[4:6], day[6:]]
        if not 1850 <= int(pieces[0]) <= 2150:
            pieces = [day[:2], day[2:4], day[4:]]
    if len(pieces) != 3 or any(each.isalpha() and each not in MONTHS for each in pieces):
        return frozenset()
    if any(len(each) > 4 for each in pieces if each.isdigit()):
        return frozenset()
    named = [index for index, each in enumerate(pieces) if each.isalpha()]
    values = [MONTHS.get(each) or int(as_digits(each)) for each in pieces]
    return frozenset(
        (values[y] % _CENTURY, values[m], values[d])
        for y, m, d in itertools.permutations(range(3))
        if (not named or named == [m])
        and 1 <= values[m] <= 12
        and 1 <= values[d] <= 31
        and len(pieces[m]) != 4 != len(pieces[d])
        and y != 1
    )


# --- over several lines ---------------------------------------------------------------


def _in_pieces(wanted: _Wanted, lines: Sequence[TextLine]) -> list[Match]:
    """The places of all pieces of a text that goes over several lines, or was split."""
    covered = [False] * len(wanted.bones)
    found: list[Match] = []
    touched: set[int] = set()
    for index, line in enumerate(lines):
        for match, start, end in _pieces(wanted, line):
            found.append(match)
            touched.add(index)
            covered[start:end] = [True] * (end - start)
    for index in touched:
        for match, start, end in _small_pieces(wanted, lines[index]):
            found.append(match)
            covered[start:end] = [True] * (end - start)
    missing = [word for word, start, end in _words(wanted) if not any(covered[start:end])]
    if sum(covered) < _ENOUGH * len(covered) or any(len(each) > 1 for each in missing):
        return []
    return merged(found)


def _pieces(wanted: _Wanted, line: TextLine) -> Iterator[tuple[Match, int, int]]:
    """Whole lines that are a part of the text, and words of the text in the line."""
    text = line.text.get_secret_value()
    bones = skeleton(text)
    if _PIECE <= len(bones) <= len(wanted.bones):
        start = wanted.bones.find(bones)
        if start >= 0:
            yield Match(line, (0, len(text))), start, start + len(bones)
    for word, start, end in _words(wanted):
        if len(word) > _EXACT_UP_TO:
            for span in _spans(_Wanted.of(word), text):
                yield Match(line, span), start, end


def _small_pieces(wanted: _Wanted, line: TextLine) -> Iterator[tuple[Match, int, int]]:
    """Short words of the text; they count only beside a longer one."""
    text = line.text.get_secret_value()
    for word, start, end in _words(wanted):
        if len(word) <= _EXACT_UP_TO:
            for span in _runs_alike(_Wanted.of(word), list(tokens(text))):
                yield Match(line, span), start, end


def _words(wanted: _Wanted) -> Iterator[tuple[str, int, int]]:
    """The words of the text, with their places in its letters."""
    end = 0
    for word in wanted.words:
        start, end = end, end + len(word)
        yield word, start, end


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Spans that overlap made one."""
    apart: list[Span] = []
    for start, end in sorted(spans):
        if apart and start < apart[-1][1]:
            apart[-1] = apart[-1][0], max(apart[-1][1], end)
        else:
            apart.append((start, end))
    return apart
