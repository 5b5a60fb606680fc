"""Step 5, detect: what in the text of an instance is PHI.

A detector gets what was seen of an instance and gives findings; several may be asked,
and their findings are united. ``rules`` needs no model beyond the reader's.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rapidfuzz.fuzz import partial_ratio

from maskray import rules
from maskray.classify import classify, is_plain, items_in
from maskray.gate import Sighting
from maskray.geometry import Box
from maskray.identifiers import Identifiers
from maskray.markers import is_bare
from maskray.picture import Picture
from maskray.policy import Policy
from maskray.read import Reader, Reading
from maskray.records import Category, Finding, TextLine
from maskray.render import NamedView, View
from maskray.spots import Spot, turned
from maskray.strokes import as_long_as_strokes, two_rows
from maskray.text import fold, letters, tokens
from maskray.vocabulary import is_name

_SURE = 0.6
"""From this confidence on a reading counts as text that was read."""
_SHORT = 2
"""Readings of up to so many characters must be surer: texture looks like letters."""
_SURE_SHORT = 0.7
_SURE_FOREIGN = 0.85
"""Letters beyond Latin: RapidOCR likes to see them in texture."""
_FEW = 3
_WIDE = 1.4
"""No letter is so many times wider than its line is high."""
_SURE_WHOLE = 0.8
_WORD_SHAPE = 1.3
"""How much longer than high a place must be to hold more than one letter."""
_LEVEL = 0.6
_AS_THICK = 1.6
"""Pieces of one line overlap across it by that share, and are as thick, but for so much."""
_LONGER = 1.05
_LONG_LINE, _ALIKE = 6, 80.0
"""From so many letters on that percentage of them may tell that two readings are of one
line."""
_JOINTS = ("-", "/")
_SETTLED = 0.9
"""The tiny network's confidence in plain text that needs no other reading."""
_SETTLED_SHORT = 0.97
_UNREADABLE = 0.3
_HALF_READ = 0.6
_CERTAIN, _SURER = 0.95, 0.1
"""A reading with that confidence, and so much more, is believed before another one ..."""
_AS_LONG, _AS_THICK_AGAIN, _WITHIN = 1.3, 1.8, 0.9
"""... of a place that is not so much longer or thicker, and holds so much of its own."""
_WORD, _OF_ONE_LINE, _MISREAD, _MISREAD_SHORT = 5, 0.7, 75.0, 60.0
"""So long are the texts, and so much of the lesser place and of the letters is common, of
two readings of one line."""
_COLUMN = 3.0
"""Height over width of a place that may hold letters one above the other."""
_BESIDE, _IN_ROW = 12, 0.3
"""So many letters' heights right of a letter a row of a table goes on, and so level it
is."""
_ROUNDED = 0.01
_IN_PIECES = frozenset({Category.UNKNOWN, Category.NAME, Category.CLINICAL, Category.SEX})
_STANDS, _SURE_ACROSS, _FILLED = 1.5, 0.9, 0.5
_INSIDE, _HALF_INSIDE = 0.8, 0.6
_PLACED, _INITIALS_LONG, _SURE_INITIALS = 0.6, 3, 0.9
"""Score of a spot that may hold initials, how much longer than high they are, and the
confidence of their reading in another view."""
_STRONG = 0.5
"""A spot below this score that cannot be read is taken for texture."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the look at an instance brought.

    ``lines`` is text that was read; ``doubtful`` are places that look like text but
    could not be read with certainty. ``looked_at`` counts frames that were rendered
    and searched at least in part, ``without_text`` those in which the gate found none.
    ``pictures`` are for a model to look at; none are made if no model is asked.
    """

    lines: tuple[TextLine, ...] = ()
    doubtful: tuple[TextLine, ...] = ()
    looked_at: int = 0
    without_text: int = 0
    dirty_bits: bool = False
    """Whether unused high bits of the pixels hold something that must go."""
    pictures: tuple[Picture, ...] = ()


class Detector(Protocol):
    """Says what is PHI in an instance.

    Raises:
        DetectionError: If it has no usable answer. Unknown is never clean.
    """

    name: str

    def detect(
        self, seen: Seen, identifiers: Identifiers, policy: Policy
    ) -> Sequence[Finding]:
        """The findings of one instance."""
        ...


class RulesDetector:
    """The embedded default: the classified text of the reader (see ``rules.py``)."""

    name = rules.SOURCE

    def detect(
        self, seen: Seen, identifiers: Identifiers, policy: Policy
    ) -> Sequence[Finding]:
        """The findings of one instance."""
        return rules.findings(seen.lines, identifiers, policy)


def read_sightings(
    reader: Reader,
    sightings: Sequence[Sighting],
    frames: Iterable[int],
    shown: Sequence[NamedView],
    identifiers: Identifiers,
    resembles: Callable[[TextLine], bool] = lambda _: False,
) -> tuple[list[TextLine], list[TextLine]]:
    """The lines read in a frame, and the places where reading was doubtful.

    The tiny network reads first, and the small one what that leaves in doubt. Text that
    no rule can name, and figures read hesitantly, are read again, larger and in the other
    views: a misread clinical word is no PHI, a misread date is. Not so where
    ``resembles`` says that a line was read alike in an earlier frame: then there are
    several readings already.
    """
    frames = tuple(frames)
    readings = _readings(reader, sightings, shown, identifiers)
    sure = [each for each in readings if _is_sure(each[0])]
    cut = [each for each in sure if _is_cut_short(each[0], identifiers)]
    sure = [each for each in sure if each not in cut]
    lines: list[TextLine] = []
    taken = [each.spot.box for each, _ in sure]
    sure = _read_once(_uncontradicted(sure, identifiers), identifiers)
    for reading, name in _without_parts(sure):
        items = items_in(reading.text.get_secret_value())
        mine = reading.lines(frames, name, items)
        unnamed = any(
            rules.is_unnamed(each.text.get_secret_value(), identifiers) for each in mine
        )
        doubted = unnamed or any(rules.is_hesitant(each) for each in mine)
        if doubted and not all(resembles(line) for line in mine):
            again = _read_again(
                reader, reading, sorted(shown, key=lambda v: v.name != name)
            )
            longer = _longest(reading, again, taken, shown[0].pixels.shape)
            if longer is not None:
                items = items_in(longer.text.get_secret_value())
                mine = longer.lines(frames, name, items)
            others = tuple(each.text for each in again)
            mine = [replace(line, others=others) for line in mine]
        lines += mine
    doubtful = [
        line
        for reading, name in readings
        if (reading, name) in cut or (not _is_sure(reading) and _may_hold_words(reading))
        for line in reading.lines(frames, name)
    ]
    return lines, doubtful


def _readings(
    reader: Reader,
    sightings: Sequence[Sighting],
    shown: Sequence[NamedView],
    identifiers: Identifiers,
) -> list[tuple[Reading, str]]:
    """What the sightings spell, alone and together, and the view in which they do."""
    readings: list[tuple[Reading, str]] = []
    by_view: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        by_view.setdefault(sighting.view.name, []).append(sighting)
    for name, group in by_view.items():
        view = group[0].view.pixels
        found = _read(reader, view, [each.spot for each in group], identifiers)
        found = [_uncut(reader, view, each, identifiers) for each in found]
        found = [row for each in found for row in _rows(reader, view, each, identifiers)]
        whole = _with_ends(reader, view, found)
        whole += _with_both(reader, view, found, identifiers)
        readings += [(reading, name) for reading in (*found, *whole)]
    readings = _legible(reader, readings, shown, identifiers)
    stacked = reader.read_columns(
        [view.pixels for view in shown],
        (each.spot for each in sightings),
        [each.spot for each, _ in readings if _may_be_column(each)],
    )
    every = [*readings, *((reading, shown[0].name) for reading in stacked)]
    return [
        (each, name)
        for each, name in every
        if not (
            _is_column_of_table(each, [one for one, _ in readings])
            or _is_cut_from_rows(each, [one for one, _ in readings])
        )
        or _is_identifier(each.text.get_secret_value(), identifiers)
    ]


def _is_column_of_table(column: Reading, readings: Iterable[Reading]) -> bool:
    """Whether each figure of a column begins a row of a table: a line goes on beside it.

    One line each, and nothing between the rows. The heading may give a letter.
    """
    box, text = column.spot.box, letters(column.text.get_secret_value())
    count = len(text)
    if count < _FEW or box.height < _COLUMN * box.width:
        return False
    if sum(each.isdigit() for each in text) < count - 1:
        return False  # who knows whose name it is
    high = box.height / count
    rows: dict[int, list[float]] = {}
    for other in readings:
        there = other.spot.box
        middle = ((there.y0 + there.y1) / 2 - box.y0) / high
        beside = box.x1 <= there.x0 <= box.x1 + _BESIDE * high
        lies = there.width > there.height and there.height < _AS_THICK * high
        if _is_sure(other) and beside and lies and 0 <= middle < count:
            rows.setdefault(int(middle), []).append(middle)
    level = all(max(each) - min(each) < _IN_ROW for each in rows.values())
    return level and len(rows) == count


def _is_cut_from_rows(column: Reading, readings: Iterable[Reading]) -> bool:
    """Whether two letters one above the other are letters of rows that were read surely.

    A side above the ``T`` of ``TR 4800`` is no name: one of them at least is a letter of a
    longer line that lies.
    """
    box, text = column.spot.box, letters(column.text.get_secret_value())
    if len(text) != _SHORT or box.height < _STANDS * box.width:
        return False
    return any(
        _is_sure(other)
        and _cuts(box, other.spot.box)
        and any(each in read for each in text)
        for other in readings
        if len(read := letters(other.text.get_secret_value())) >= _FEW
    )


def _cuts(column: Box, row: Box) -> bool:
    """Whether a column that stands takes a piece of a row that lies, and no more."""
    lies, beyond = row.width > _STANDS * row.height, row.width > _STANDS * column.width
    high = min(row.y1, column.y1) - max(row.y0, column.y0)
    wide = min(row.x1, column.x1) - max(row.x0, column.x0)
    inside = 2 * high > row.height and 2 * wide > column.width
    return lies and beyond and inside and row.height < _LEVEL_ROW * column.height


_LEVEL_ROW = 0.7


def _may_be_column(reading: Reading) -> bool:
    """Whether a place that stands was not read, or as too few letters for its length."""
    box, text = reading.spot.box, letters(reading.text.get_secret_value())
    stands = box.height > _COLUMN * box.width
    return stands and (
        not _is_sure(reading) or box.height > _WIDE * (len(text) + 1) * box.width
    )


def _legible(
    reader: Reader,
    readings: Sequence[tuple[Reading, str]],
    shown: Sequence[NamedView],
    identifiers: Identifiers,
) -> list[tuple[Reading, str]]:
    """With a few letters that cannot be read in their view as another shows them.

    The view of local contrast, in which most is seen, draws small letters thick.
    """
    found = list(readings)
    for view in shown:
        unread = [
            i
            for i, (each, name) in enumerate(found)
            if not _is_sure(each) and name != view.name and _may_be_initials(each)
        ]
        places = [found[i][0].spot for i in unread]
        quick = reader.read(view.pixels, places, quick=True)
        clear = [
            i for i, each in zip(unread, quick, strict=True) if _is_sure_initials(each)
        ]
        again = _read(reader, view.pixels, [found[i][0].spot for i in clear], identifiers)
        for i, each in zip(clear, again, strict=True):
            if _is_sure_initials(each):
                found[i] = (each, view.name)
    return found


def _may_be_initials(reading: Reading) -> bool:
    low, long = sorted(reading.spot.sides)
    return reading.spot.score >= _PLACED and long <= _INITIALS_LONG * low


def _is_sure_initials(reading: Reading) -> bool:
    several = len(letters(reading.text.get_secret_value())) > 1
    return several and reading.confidence >= _SURE_INITIALS and _is_sure(reading)


def _read(
    reader: Reader, view: View, spots: Sequence[Spot], identifiers: Identifiers
) -> list[Reading]:
    """What spots of a view spell, read by the small network unless it is plain."""
    read = reader.read(view, spots, quick=True)
    open_ones = [i for i, each in enumerate(read) if _is_open(each, identifiers)]
    again = reader.read(view, [spots[i] for i in open_ones])
    for i, each in zip(open_ones, again, strict=True):
        one, other = each, read[i]
        unsure = not _is_sure(one) and other.confidence > one.confidence
        if unsure or _leaves_out(one, other):
            one, other = other, one
        read[i] = replace(one, other=other)
    return read


def _leaves_out(one: Reading, other: Reading) -> bool:
    """Whether one network reads hardly half of the letters that the other one reads surely.

    The small one has blanks for what is no letter of its alphabets; the tiny one takes the
    Latin letters that are most like it.
    """
    mine, its = (letters(each.text.get_secret_value()) for each in (one, other))
    return _is_sure(other) and len(its) >= _FEW and len(mine) <= _HALF_READ * len(its)


def _is_open(reading: Reading, identifiers: Identifiers) -> bool:
    """Whether a reading of the tiny network needs another one: not what it cannot read.

    Nor what is plain: sides, figures, and longer text with no word misspelled.
    """
    text = letters(reading.text.get_secret_value())
    if reading.confidence < _UNREADABLE:
        return False
    if len(text) == 1 or (text.isdecimal() and len(text) <= _FEW):
        return not text.isascii() or reading.confidence < _SETTLED_SHORT
    plain = is_plain(reading.text.get_secret_value(), identifiers)
    return len(text) <= _FEW or reading.confidence < _SETTLED or not plain


def _uncut(
    reader: Reader, view: View, reading: Reading, identifiers: Identifiers
) -> Reading:
    """A reading of the whole line, where letters go on beyond the place that was read."""
    if not reading.spot.is_level or not _is_sure(reading):
        return reading
    box = reading.spot.box
    if box.width >= box.height:
        longer = as_long_as_strokes(view, box)
    else:
        longer = turned(as_long_as_strokes(view.transpose(1, 0, 2), turned(box)))
    if longer.area < _LONGER * box.area:
        return reading
    [whole] = _read(reader, view, [Spot.at(longer, reading.spot.score)], identifiers)
    text, more = (letters(each.text.get_secret_value()) for each in (reading, whole))
    if whole.confidence <= _SURE_WHOLE or not _holds(more, text):
        return reading
    return _uncut(reader, view, whole, identifiers)


def _rows(
    reader: Reader, view: View, reading: Reading, identifiers: Identifiers
) -> list[Reading]:
    """A reading, or those of two rows that were spotted as one line, if they are surer."""
    text = reading.text.get_secret_value()
    if reading.confidence >= _CERTAIN or not reading.spot.is_level:
        return [reading]
    if _is_identifier(text, identifiers):
        return [reading]
    places = two_rows(view, reading.spot.box)
    rows = _read(
        reader, view, [Spot.at(each, reading.spot.score) for each in places], identifiers
    )
    surer = max(_SURE_ACROSS, reading.confidence)
    return rows if rows and all(e.confidence >= surer for e in rows) else [reading]


def _holds(more: str, text: str) -> bool:
    """Whether a reading is a longer one of the same line, a letter of long ones aside."""
    if text in more:
        return text != more
    alike = partial_ratio(text, more) >= _ALIKE
    return len(more) > len(text) >= _LONG_LINE and alike


def _with_ends(reader: Reader, view: View, readings: Sequence[Reading]) -> list[Reading]:
    """Lines whose ends were spotted apart, and cannot be read alone: an initial's dot.

    Or can, but a hyphen tells that they belong together: ``CT-21`` and ``-73847``.
    """
    unsure = [each.spot.box for each in readings if not _is_sure(each)]
    whole: list[Reading] = []
    for reading in readings:
        line = reading.text.get_secret_value().strip()
        text = letters(line)
        if not _is_sure(reading) or len(text) < _FEW:
            continue
        box, ends = reading.spot.box, unsure
        if line.startswith(_JOINTS) or line.endswith(_JOINTS):
            ends = [each.spot.box for each in readings]
        while more := [each for each in ends if _continues(box, each)]:
            box = box.join(more[0])
        if box == reading.spot.box:
            continue
        [other] = reader.read(view, [Spot.at(box, reading.spot.score)])
        longer = letters(other.text.get_secret_value())
        if other.confidence > _SURE_WHOLE and text in longer and text != longer:
            whole.append(other)
    return whole


def _with_both(
    reader: Reader, view: View, readings: Sequence[Reading], identifiers: Identifiers
) -> list[Reading]:
    """Lines of which two pieces were read that overlap: ``LEFT HA`` and ``FT HAND``.

    Only if the whole is read as surely. What is PHI by its form or by the header is left
    in its pieces, and what may be a name unless the whole line spells it too.
    """
    sure = [each for each in readings if _is_sure(each)]
    whole: list[Reading] = []
    for one, other in itertools.combinations(sure, 2):
        if not _overlap_along(one.spot.box, other.spot.box):
            continue
        box = one.spot.box.join(other.spot.box)
        [both] = reader.read(view, [Spot.at(box, one.spot.score)])
        surest = max(one.confidence, other.confidence) - _ROUNDED
        if both.confidence >= max(_CERTAIN, surest) and all(
            _is_piece(each, both, identifiers) for each in (one, other)
        ):
            whole.append(both)
    return whole


def _is_piece(piece: Reading, whole: Reading, identifiers: Identifiers) -> bool:
    """Whether a reading says nothing that a longer one of the same line does not say."""
    text = piece.text.get_secret_value()
    mine, its = letters(text), letters(whole.text.get_secret_value())
    found = {run.category for run in classify(text, identifiers, Policy())}
    if not _FEW <= len(mine) < len(its) or not found <= _IN_PIECES:
        return False
    if _is_identifier(text, identifiers):
        return False
    alike = partial_ratio(mine, its) >= _MISREAD and _is_unknown(text, identifiers)
    return mine in its or alike


def _overlap_along(one: Box, other: Box) -> bool:
    """Whether two places are of one line, and each holds a piece that the other lacks."""
    if one.height > one.width:
        one, other = turned(one), turned(other)
    if min(one.width, other.width) < max(one.height, other.height):
        return False
    across = min(one.y1, other.y1) - max(one.y0, other.y0)
    low, high = sorted((one.height, other.height))
    along = min(one.x1, other.x1) - max(one.x0, other.x0)
    lacks = min(abs(one.x0 - other.x0), abs(one.x1 - other.x1))
    apart = (one.x0 < other.x0) == (one.x1 < other.x1)
    level = across > _LEVEL * low and high < _AS_THICK_AGAIN * low
    return level and along > 0 < lacks and apart


def _continues(box: Box, end: Box) -> bool:
    """Whether a place is the next piece of a line, at either end."""
    if end.covered_by([box]) == 1:
        return False
    high = min(box.width, box.height)
    across = min(box.y1, end.y1) - max(box.y0, end.y0)
    gap = max(end.x0 - box.x1, box.x0 - end.x1)
    thick = end.height
    if box.height > box.width:
        across = min(box.x1, end.x1) - max(box.x0, end.x0)
        gap = max(end.y0 - box.y1, box.y0 - end.y1)
        thick = end.width
    level = across > _LEVEL * min(high, thick) and thick < _AS_THICK * high
    return level and -high < gap < high


def _is_sure(reading: Reading) -> bool:
    text = reading.text.get_secret_value().strip(_STROKES)
    need = _SURE_SHORT if len(text) <= _SHORT else _SURE
    if any(each.isalpha() and not each.isascii() for each in fold(text)):
        need = _SURE_FOREIGN
    return bool(text) and reading.confidence >= need


def _is_cut_short(reading: Reading, identifiers: Identifiers) -> bool:
    """Whether clinical letters are too few for the length of their place.

    Some were not read then. What would be hidden is hidden as it is.
    """
    text = reading.text.get_secret_value().strip()
    low, long = sorted(reading.spot.sides)
    if not text or len(text) > _FEW or long <= _WIDE * (len(text) + 1) * low:
        return False
    runs = classify(text, identifiers, Policy())
    return all(run.category in (Category.CLINICAL, Category.SEX) for run in runs)


_STROKES = " -\u2013\u2014_|.\u00b7~\u4e00\u4e28"
"""What a line, a tick or a dot is read as; the last two are Chinese numerals."""


def _may_hold_words(reading: Reading) -> bool:
    """Whether a place that could not be read looks like more than one letter."""
    low, long = sorted((reading.spot.box.width, reading.spot.box.height))
    return reading.spot.score >= _STRONG and long > _WORD_SHAPE * low


def _uncontradicted(
    readings: list[tuple[Reading, str]], identifiers: Identifiers
) -> list[tuple[Reading, str]]:
    """Without readings of places where other lines were read, and more surely.

    What spells an identifier of the header stays, whatever else was read there.
    """
    every = [reading for reading, _ in readings]
    return [
        (reading, name)
        for reading, name in readings
        if _is_identifier(reading.text.get_secret_value(), identifiers)
        or not (_is_misread(reading, every) or _stands_across(reading, every))
    ]


def _is_identifier(text: str, identifiers: Identifiers) -> bool:
    """Whether a text holds one of the header's own."""
    return any(True for _ in identifiers.find(list(tokens(text))))


def _read_once(
    readings: list[tuple[Reading, str]], identifiers: Identifiers
) -> list[tuple[Reading, str]]:
    """Without what nobody can name where the same line was read alike, but surer.

    What may be a name stays, or ends with initials, and all that is PHI by its form.
    """
    return [
        (reading, name)
        for reading, name in readings
        if not _is_unknown(reading.text.get_secret_value(), identifiers)
        or not any(_is_of_one_line(reading, other) for other, _ in readings)
    ]


def _is_misread(reading: Reading, readings: Iterable[Reading]) -> bool:
    """Whether the same line was read otherwise, longer and without a doubt."""
    box, mine = reading.spot.box, letters(reading.text.get_secret_value())
    for other in readings:
        there, its = other.spot.box, letters(other.text.get_secret_value())
        surer = other.confidence >= max(_CERTAIN, reading.confidence + _SURER)
        if other is reading or not surer or len(its) < len(mine):
            continue
        long = max(box.width, box.height) <= _AS_LONG * max(there.width, there.height)
        low = min(box.width, box.height) <= _AS_THICK_AGAIN * min(there.width, there.height)
        if long and low and there.covered_by([box]) >= _WITHIN:
            return True
    return False


def _is_unknown(text: str, identifiers: Identifiers) -> bool:
    """Whether some of a text is unknown, and nothing of it anything worse."""
    found = {run.category for run in classify(text, identifiers, Policy())}
    words = [token.text for token in tokens(text)]
    named = any(is_name(word) for word in words) or any(
        is_bare(each) for each in words[-1:]
    )
    harmless = {Category.UNKNOWN, Category.CLINICAL, Category.SEX}
    return Category.UNKNOWN in found and found <= harmless and not named


def _is_of_one_line(reading: Reading, surer: Reading) -> bool:
    """Whether another reading of one line, or of more of it, is much surer."""
    mine, its = (letters(each.text.get_secret_value()) for each in (reading, surer))
    one, other = reading.spot.box, surer.spot.box
    thick = min(other.width, other.height) > _AS_THICK_AGAIN * min(one.width, one.height)
    as_long = _FEW <= len(mine) == len(its) < _WORD and not thick  # CBO, that is CBD
    return (
        surer.confidence >= max(_SURE_ACROSS, reading.confidence + _SURER)
        and (as_long or _WORD <= len(mine) <= len(its) + 1)
        and one.overlap(other) >= _OF_ONE_LINE * min(one.area, other.area)
        and _goes_no_farther(one, other)
        and partial_ratio(mine, its) >= (_MISREAD_SHORT if as_long else _MISREAD)
    )


def _goes_no_farther(one: Box, other: Box) -> bool:
    """Whether a place ends with the other one, or before, at both ends of the line."""
    if other.height > other.width:
        one, other = turned(one), turned(other)
    slack = other.height // 4
    return one.x0 >= other.x0 - slack and one.x1 <= other.x1 + slack


def _stands_across(reading: Reading, readings: Iterable[Reading]) -> bool:
    """Whether a place that stands is filled by lines that lie: a block seen as a line."""
    box = reading.spot.box
    if box.height < _STANDS * box.width:
        return False
    across = [
        other.spot.box
        for other in readings
        if other is not reading
        and other.confidence >= _SURE_ACROSS
        and other.spot.box.height < _STANDS * other.spot.box.width
        and 3 * other.spot.box.height <= 2 * box.height  # no large letter beside it
    ]
    here = [each for each in across if each.overlap(box)]
    filled = sum(each.overlap(box) for each in here)
    return len(here) > 1 and filled >= _FILLED * box.area


def _without_parts(readings: list[tuple[Reading, str]]) -> list[tuple[Reading, str]]:
    """Without readings of a part of what another view shows, and reads, whole."""
    return [
        one
        for one in readings
        if not any(_is_part(one[0], other[0]) for other in readings if other is not one)
    ]


def _is_part(one: Reading, other: Reading) -> bool:
    box, around = one.spot.box, other.spot.box
    mine, whole = (len(each.text.get_secret_value()) for each in (one, other))
    texts = [letters(each.text.get_secret_value()) for each in (one, other)]
    need = _HALF_INSIDE if len(texts[0]) > 1 and texts[0] in texts[1] else _INSIDE
    inside = box.overlap(around) > need * box.area
    says_less = texts[0] in texts[1] or one.confidence < other.confidence + _SURER
    return inside and says_less and mine < whole and other.confidence > _SURE_WHOLE


def _read_again(
    reader: Reader, reading: Reading, shown: Sequence[NamedView]
) -> list[Reading]:
    """Readings in one view after the other, until they leave no doubt."""
    text = letters(reading.text.get_secret_value())
    again: list[Reading] = []
    if reading.other is not None and reading.other.confidence >= _SURE:
        again.append(reading.other)
    places = [(view.pixels, reading.spot) for view in shown]
    if reading.picture is not None:
        places = [(reading.picture, Spot.whole(reading.picture))]

    def agreed() -> bool:
        read = {letters(one.text.get_secret_value()) for one in again}
        return len(again) >= rules.times(reading.confidence) and read == {text}

    for view, spot in places:
        for each in () if agreed() else reader.read_again(view, spot):
            if each.confidence >= _SURE:
                again.append(each)
            if agreed():
                break
    return again


def _longest(
    reading: Reading, again: Iterable[Reading], taken: Iterable[Box], shape: Sequence[int]
) -> Reading | None:
    """The line with its ends, if a wider look shows more of it.

    Not where it would reach over what was read by itself.
    """
    text, box = letters(reading.text.get_secret_value()), reading.spot.box
    others = [each for each in taken if each != box and each.covered_by([box]) < _LEVEL]
    longest: Reading | None = None
    for each in again:
        more = letters(each.text.get_secret_value())
        place = each.spot.box.clip(shape[0], shape[1])
        if reading.picture is not None or place is None or not text:
            continue
        if each.confidence <= _SURE_WHOLE or text not in more or len(more) <= len(text):
            continue
        if any(place.overlap(other) > box.overlap(other) for other in others):
            continue
        if longest is None or len(more) > len(letters(longest.text.get_secret_value())):
            longest = replace(each, spot=Spot.at(place, reading.spot.score))
    return longest
