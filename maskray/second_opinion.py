"""EasyOCR's opinion on what RapidOCR left in doubt, before regions are planned.

Text that nobody could name may be a clinical word misread: EasyOCR reads it too, and what
is still open then, Tesseract. A place
that looks like text and that RapidOCR could not read is text if EasyOCR reads something
there. Where nothing was seen, EasyOCR looks at the whole first frame if the header
declares burned in annotation, for a share of the instances, or always (``gate``).
"""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import SecretStr

from maskray import rules
from maskray.classify import classify
from maskray.detect import Seen
from maskray.geometry import Box
from maskray.identifiers import Identifiers
from maskray.labels import open_label
from maskray.locate import NAME, Located, Locator
from maskray.neighbours import SAME_BOX
from maskray.open import Instance
from maskray.planes import REMOVED
from maskray.policy import Policy
from maskray.read import Reader, Reading
from maskray.records import Category, Finding, PhiText, TextLine
from maskray.render import FIRST, Shown, View
from maskray.settings import GateSettings, Settings
from maskray.spelling import clearer_text, clinical_text, may_be_clinical
from maskray.spots import Spot
from maskray.tesseract import Tesseract
from maskray.text import letters, tokens
from maskray.vocabulary import is_name

Boxes = dict[int, list[Box]]
"""Boxes by frame, in native pixels."""

_SURE = 0.2
"""EasyOCR's confidence from which a place holds text ..."""
_SURE_SHORT = 0.5
"""... of up to so many letters:"""
_SHORT = 2
_READ = 0.5
"""RapidOCR's confidence from which a further reading counts."""
_FEW = 3
_SURE_FEW = 0.8
"""RapidOCR's confidence from which so few letters are text without EasyOCR."""
_SHORT_WORD = 5
"""So many letters are read in texture too."""
_AS_HIGH = 1.6
_PART = 8
"""Letters higher than that part of the frame are seen by EasyOCR if they are any."""
_WIDE = 1.4
"""No letter is so many times wider than its line is high."""
_TALL = 1.5
"""How much higher than wide a place is whose text stands upright."""
_VALUE_NEAR, _VALUE_LONG = 4, 14
"""A value begins so many heights of its label behind it, and ends so many."""
_WHOLE_FRAME_LETTERS = 26
"""Height of the letters, in pixels, that are looked for in a whole frame."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """The engines that read: RapidOCR, EasyOCR and, in what they leave open, Tesseract."""

    reader: Reader
    locator: Locator
    tesseract: Tesseract | None = None


def second_opinion(
    instance: Instance,
    seen: Seen,
    findings: Sequence[Finding],
    eyes: Eyes,
    settings: Settings,
    shown: Shown,
) -> tuple[Seen, list[Finding], Boxes]:
    """What was seen, with EasyOCR's readings, and the findings in their light.

    And where EasyOCR found what it read. ``shown`` are the instance's frames.
    """
    unnamed = [line for line in seen.lines if _is_unnamed(line, instance)]
    doubted = [
        line for line in unnamed if _is_huge(line, instance) or not rules.is_certain(line)
    ]
    suspected = [line for line in seen.doubtful if not _was_read(line, seen.lines)]
    suspected += _behind_labels(instance, seen.lines)
    suspected += _whole_frame(instance, seen, settings.gate)
    if not unnamed and not suspected:
        return seen, list(findings), {}
    read, again = _read(shown, doubted, suspected, eyes)
    seen = replace(
        seen,
        lines=tuple(
            replace(line, second=_joined(read[line])) if read.get(line) else line
            for line in seen.lines
            if line not in doubted
            or not (
                _is_texture(line, instance, seen.lines, read.get(line, []))
                or _is_block(line, seen.lines)
                or _is_anothers(line, seen.lines)
            )
        ),
    )
    seen = _respelled(instance, seen, eyes.reader, settings.policy, shown)
    if eyes.tesseract is not None:
        seen = _third_opinion(instance, seen, eyes.tesseract, settings.policy, shown)
    kept = [each for each in findings if each.source != rules.SOURCE]
    own = seen.lines if rules.SOURCE in settings.detectors else ()
    more = [
        line
        for each in suspected
        for line in _lines(each, read.get(each, ()), again.get(each, ()))
    ]
    # What is read behind a label is what it says, but tells nothing of other lines.
    for lines in (own, more, [*own, *more]) if more else (own,):
        found = rules.findings(lines, instance.identifiers, settings.policy)
        kept += (each for each in found if each not in kept)
    return seen, kept, _boxes(read)


def _respelled(
    instance: Instance, seen: Seen, reader: Reader, policy: Policy, shown: Shown
) -> Seen:
    """Lines that are still unnamed, with the clinical text they may spell."""
    open_lines = [
        line
        for line in seen.lines
        if _is_unnamed(line, instance)
        and (_lies(line) or len(letters(line.text.get_secret_value())) > _FEW)
        and rules.findings([line], instance.identifiers, policy)
    ]
    meant: dict[TextLine, SecretStr] = {}
    for line, views in _with_views(open_lines, shown):
        read, spot = line.text.get_secret_value(), Spot.at(line.box, line.confidence)
        text, own = None, views.get(line.view)
        if own is not None and may_be_clinical(read, instance.identifiers, policy):
            sights = list(reader.sights(own, spot))
            text = clinical_text(read, sights, instance.identifiers, policy)
        if text is None and not _is_read_twice(line):
            by_view = [reader.sights(view, spot) for view in views.values()]
            text = clearer_text(read, by_view, instance.identifiers, policy)
        if text is not None:
            meant[line] = SecretStr(text)
    lines = (
        replace(line, meant=meant.get(line) or _meant_in(line, meant))
        for line in seen.lines
    )
    return replace(seen, lines=tuple(lines))


def _is_read_twice(line: TextLine) -> bool:
    """Whether the second engine reads what the first one did."""
    if line.second is None:
        return False
    mine, its = (letters(each.get_secret_value()) for each in (line.text, line.second))
    return mine == its


def _meant_in(line: TextLine, meant: Mapping[TextLine, SecretStr]) -> SecretStr | None:
    """The clinical text of an item that was read as part of a row in another frame."""
    mine = line.text.get_secret_value().split()
    if any(is_name(each) for each in mine):
        return None
    for other, text in meant.items():
        read, spelled = (each.get_secret_value().split() for each in (other.text, text))
        if (
            not mine
            or not set(line.frames).isdisjoint(other.frames)
            or len(read) != len(spelled)
            or line.box.covered_by([other.box]) < _IN_ROW
        ):
            continue
        for at in range(len(read) - len(mine) + 1):
            if read[at : at + len(mine)] == mine:
                return SecretStr(" ".join(spelled[at : at + len(mine)]))
    return None


_IN_ROW = 0.8


def _third_opinion(
    instance: Instance, seen: Seen, tesseract: Tesseract, policy: Policy, shown: Shown
) -> Seen:
    """Lines that are still unnamed, with what Tesseract spells there."""
    open_lines = [
        line
        for line in seen.lines
        if _is_unnamed(line, instance)
        and rules.findings([line], instance.identifiers, policy)
    ]
    third: dict[TextLine, PhiText | None] = {}
    for line, views in _with_views(open_lines, shown):
        own_first = sorted(views, key=lambda name: name != line.view)
        texts = (_spelled(tesseract, views[name], line) for name in own_first)
        third[line] = next((each for each in texts if each is not None), None)
    lines = (replace(e, third=third[e]) if e in third else e for e in seen.lines)
    return replace(seen, lines=tuple(lines))


def _with_views(
    lines: Sequence[TextLine], shown: Shown
) -> Iterator[tuple[TextLine, Mapping[str, View]]]:
    """Each line with the views, by name, of the first frame that shows it."""
    for index, in_views in shown.frames(line.frames[0] for line in lines):
        views = {view.name: view.pixels for view in in_views}
        yield from ((line, views) for line in lines if line.frames[0] == index)


def _spelled(tesseract: Tesseract, view: View, line: TextLine) -> PhiText | None:
    """What Tesseract spells in the place of a line, turned to either side if it stands."""
    height = min(line.box.width, line.box.height)
    across, along = height // 8, height // 2
    lies = line.box.height < _TALL * line.box.width
    place = line.box.grow(along, across) if lies else line.box.grow(across, along)
    inside = place.clip(*view.shape[:2])
    if inside is None:
        return None
    picture = view[inside.index]
    ways = [picture] if lies else [np.rot90(picture), np.rot90(picture, 3)]
    spelled = (tesseract.spell(np.ascontiguousarray(way)) for way in ways)
    return next((each for each in spelled if each is not None), None)


def _lies(line: TextLine) -> bool:
    """Whether a line is no higher than wide: a few letters may just be tall."""
    return line.box.width >= line.box.height


def _boxes(read: Mapping[TextLine, Sequence[Located]]) -> Boxes:
    """EasyOCR's own boxes; of text that stands upright it was not asked for any."""
    boxes: Boxes = {}
    for line, found in read.items():
        drawn = (each.box for each in found if each.box != line.box)
        boxes.setdefault(line.frames[0], []).extend(drawn)
    return boxes


def _is_unnamed(line: TextLine, instance: Instance) -> bool:
    text = line.text.get_secret_value()
    return line.view not in REMOVED and rules.is_unnamed(text, instance.identifiers)


def _is_huge(line: TextLine, instance: Instance) -> bool:
    """Whether a few letters take a large part of the frame, as bodies do."""
    side = min(instance.pixels.rows, instance.pixels.columns)
    high = min(line.box.width, line.box.height)
    text = letters(line.text.get_secret_value())
    return (len(text) <= _FEW or len(set(text)) == 1) and high * _PART > side


def _is_texture(
    line: TextLine, instance: Instance, lines: Iterable[TextLine], read: Sequence[Located]
) -> bool:
    """Whether a line is none, where EasyOCR sees no text at all.

    Texture is read as a few uncertain letters, or as one beyond Latin, and drawn wider
    than letters stand, or far larger than a console prints. A name is never texture,
    faint ones are missed by EasyOCR too; unless it was not read again, however hard that
    was tried, and EasyOCR is not sure of anything there.
    """
    text = line.text.get_secret_value().strip()
    if _is_unconfirmed(line, lines) and not any(_is_sure(each) for each in read):
        return True
    if _fills_frame(line, instance) and not _tell(read):
        return True
    if _is_one_letter_over_and_over(text) and not any(map(_is_sure, read)):
        return True
    if read or any(is_name(token.text) for token in tokens(text)):
        return False
    count = len(text)
    low, long = sorted((line.box.width, line.box.height))
    doubtful = line.confidence < _SURE_FEW or long > _WIDE * count * low
    doubtful = doubtful or _is_huge(line, instance)
    few = count <= _FEW or _is_huge(line, instance)
    return rules.is_lone_foreign(line.text) or (few and doubtful)


def _is_one_letter_over_and_over(text: str) -> bool:
    """What slices of a heart in a row are read as: ``UUUUUUU``."""
    same = len(letters(text)) >= _ROW_OF_SHAPES and len(set(letters(text))) == 1
    return same and letters(text)[0] in "UNCO0"


_ROW_OF_SHAPES = 5


def _tell(read: Sequence[Located]) -> bool:
    """Whether EasyOCR surely reads a name, or more than one or two signs over and over."""
    texts = [each.text.get_secret_value() for each in read if _is_sure(each)]
    named = any(is_name(token.text) for text in texts for token in tokens(text))
    return named or len(set(letters("".join(texts)))) > _SHORT


def _fills_frame(line: TextLine, instance: Instance) -> bool:
    """Whether one letter, once or more, fills so much of a frame as none is printed.

    Teeth are read as zeros, a bone as a sign of another script.
    """
    rows, columns = instance.pixels.rows, instance.pixels.columns
    same = len(set(letters(line.text.get_secret_value()))) == 1
    if rules.is_lone_foreign(line.text):
        return line.box.area > _FILLED * rows * columns
    return same and 3 * min(line.box.width, line.box.height) > max(rows, columns)


def _is_block(line: TextLine, lines: Iterable[TextLine]) -> bool:
    """Whether a doubtful line is rows of text that were read apart, and surely.

    In all of its frames. A name is never one.
    """
    box = line.box
    named = any(is_name(token.text) for token in tokens(line.text.get_secret_value()))
    if line.confidence >= _SURE_BLOCK or named:
        return False
    rows = [
        other.box
        for other in lines
        if other.confidence >= _SURE_ROW
        and set(line.frames) <= set(other.frames)
        and _AS_HIGH * other.box.height < box.height
        and other.box.overlap(box) > _IN_BLOCK * min(other.box.area, box.area)
    ]
    rows = [row for i, row in enumerate(rows) if row.covered_by(rows[:i]) < 1 - _IN_BLOCK]
    apart = any(2 * (one.y1 - other.y0) < one.height for one in rows for other in rows)
    return apart and sum(each.overlap(box) for each in rows) > _FILLED * box.area


_SURE_ROW, _SURE_BLOCK, _IN_BLOCK, _FILLED = 0.9, 0.95, 0.2, 0.4


def _is_anothers(line: TextLine, lines: Iterable[TextLine]) -> bool:
    """Whether a surer line stands there, and says what else was read: ``HO`` of ``CHI``.

    More than once, and more letters. A name is nobody else's.
    """
    mine = letters(line.text.get_secret_value())
    if any(is_name(token.text) for token in tokens(line.text.get_secret_value())):
        return False
    said = [letters(each.get_secret_value()) for each in line.others]
    return any(
        other.confidence > max(line.confidence, _SURE_BLOCK)
        and set(line.frames) <= set(other.frames)
        and line.box.covered_by([other.box]) > SAME_BOX
        and len(mine) < len(letters(other.text.get_secret_value()))
        and said.count(letters(other.text.get_secret_value())) > 1
        for other in lines
    )


def _is_unconfirmed(line: TextLine, lines: Iterable[TextLine]) -> bool:
    """Whether a short, unsure reading is the only one of its kind and of its place.

    Of a name there must be no other reading at all.
    """
    text = line.text.get_secret_value()
    if line.confidence >= _SURE_FEW or len(letters(text)) > _SHORT_WORD:
        return False
    same = (letters(each.get_secret_value()) == letters(text) for each in line.others)
    named = any(is_name(token.text) for token in tokens(text))
    if any(same) or any(rules.is_alike(line.text, each) for each in line.others):
        return False
    if len(line.frames) > 1 or (named and line.others):
        return False
    beside = (each.box for each in lines if each is not line)
    return not any(line.box.overlap(box) and _as_high(line.box, box) for box in beside)


def _as_high(one: Box, other: Box) -> bool:
    """Whether two boxes may show one line, of which each frame shows something else."""
    low, high = sorted(min(each.width, each.height) for each in (one, other))
    return high < _AS_HIGH * low


def _was_read(line: TextLine, lines: Iterable[TextLine]) -> bool:
    frames = set(line.frames)
    same = (each.box for each in lines if frames <= set(each.frames))
    return line.box.covered_by(same) > 0.5


def _behind_labels(instance: Instance, lines: Sequence[TextLine]) -> list[TextLine]:
    """The places behind labels whose values nobody read: they may be too faint."""
    places: list[TextLine] = []
    labels = [line for line in lines if _is_label(line) and line.view not in REMOVED]
    for label in labels:
        read = [
            other
            for other in lines
            if not set(other.frames).isdisjoint(label.frames)
            and len(letters(other.text.get_secret_value())) > _SHORT
            and other is not label
        ]
        for behind in _behind(label.box, read):
            inside = behind.clip(instance.pixels.rows, instance.pixels.columns)
            if inside is None:
                continue
            place = TextLine(label.frames, inside, SecretStr(""), 0.0)
            views = {"" if label.view in FIRST else label.view, ""}
            places += [replace(place, view=view) for view in views]
    return list(dict.fromkeys(places))


def _behind(here: Box, read: Sequence[TextLine]) -> Iterator[Box]:
    """Where a label's value stands: right of it, above or below it if the label stands."""
    boxes = [each.box for each in read]
    if here.height > here.width:
        near, long = _VALUE_NEAR * here.width, _VALUE_LONG * here.width
        for y0, y1, end in ((-near, 0, -long), (0, near, long)):
            edge = here.y0 if end < 0 else here.y1
            if not any(
                e.overlap(Box(here.x0, edge + y0, here.x1, edge + y1)) for e in boxes
            ):
                yield Box(here.x0, edge + min(end, 0), here.x1, edge + max(end, 0))
        return
    high = here.height
    near_it = Box(here.x1, here.y0, here.x1 + _VALUE_NEAR * high, here.y1)
    below = Box(here.x0, here.y1, here.x1, here.y1 + 2 * high)
    if any(
        each.box.overlap(near_it) or (each.box.overlap(below) and _may_be_value(each))
        for each in read
    ):
        return
    end = here.x1 + _VALUE_LONG * high
    end = min([end, *(box.x0 for box in boxes if _in_row(box, here))])
    yield Box(here.x1, here.y0, max(end, here.x1 + 1), here.y1)


def _is_label(line: TextLine) -> bool:
    return open_label(line.text.get_secret_value()) is not None


def _may_be_value(line: TextLine) -> bool:
    """Whether a line below a label may be its value: no label, and not just clinical."""
    runs = classify(line.text.get_secret_value(), Identifiers(), Policy())
    clinical = all(run.category is Category.CLINICAL for run in runs)
    return not _is_label(line) and not clinical


def _in_row(other: Box, here: Box) -> bool:
    """Whether a box stands right of another, in its rows."""
    return other.x0 >= here.x1 and other.y0 < here.y1 and here.y0 < other.y1


def _whole_frame(instance: Instance, seen: Seen, gate: GateSettings) -> list[TextLine]:
    """The whole first frame, if nothing was seen and there is reason to doubt that."""
    if seen.lines or seen.doubtful:
        return []
    declared = str(instance.dataset.get("BurnedInAnnotation", "")).strip().upper()
    drawn = int(instance.sha256[:8], 16) / 2**32 < gate.audit_share
    if declared != "YES" and gate.enabled and not drawn:
        return []
    whole = Box(0, 0, instance.pixels.columns, instance.pixels.rows)
    return [TextLine((0,), whole, SecretStr(""), 0.0)]


def _lines(
    place: TextLine, read: Sequence[Located], again: Sequence[Reading]
) -> list[TextLine]:
    """A place that could not be read, as EasyOCR reads it; nothing if it does not.

    ``again`` is what RapidOCR reads when it tries harder. What it reads twice counts
    too, if it is more than EasyOCR's.
    """
    sure = [each for each in read if _is_sure(each)]
    agreed, more = _agreed(again), list[TextLine]()
    if agreed is not None and _length([agreed.text]) > _length(each.text for each in sure):
        more = agreed.lines(place.frames, place.view)
    if not place.text.get_secret_value() and len(sure) > 1:  # nobody saw a line there
        pieces = (line for each in sure for line in _lines(place, [each], again))
        return list(dict.fromkeys(pieces))
    if not sure:
        return []
    box = functools.reduce(Box.join, (each.box for each in sure))
    confidence = min(each.confidence for each in sure)
    return [
        replace(
            place,
            box=box,
            text=_joined(sure),
            confidence=confidence,
            columns=(),
            others=tuple(each.text for each in again),
            reader=NAME,
        ),
        *more,
    ]


def _agreed(again: Sequence[Reading]) -> Reading | None:
    """The longest reading that was made more than once."""
    texts = [letters(each.text.get_secret_value()) for each in again]
    twice = [e for e, text in zip(again, texts, strict=True) if texts.count(text) > 1]
    return max(
        twice, key=lambda each: (_length([each.text]), each.confidence), default=None
    )


def _length(texts: Iterable[SecretStr]) -> int:
    return sum(len(letters(each.get_secret_value())) for each in texts)


def _is_sure(located: Located) -> bool:
    letters = [each for each in located.text.get_secret_value() if each.isalnum()]
    need = _SURE_SHORT if len(letters) <= _SHORT else _SURE
    return bool(letters) and located.confidence >= need


def _joined(read: Sequence[Located]) -> SecretStr:
    in_order = sorted(read, key=lambda each: each.box.x0)
    return SecretStr(" ".join(each.text.get_secret_value() for each in in_order))


def _read(
    shown: Shown,
    doubted: Sequence[TextLine],
    suspected: Sequence[TextLine],
    eyes: Eyes,
) -> tuple[dict[TextLine, list[Located]], dict[TextLine, list[Reading]]]:
    """What EasyOCR reads in the place of each line, in the first frame that shows it.

    And what RapidOCR reads, in all views, in the places it could not read at first and
    EasyOCR can.
    """
    lines = [*doubted, *suspected]
    read: dict[TextLine, list[Located]] = {}
    again: dict[TextLine, list[Reading]] = {}
    for index, in_views in shown.frames(line.frames[0] for line in lines):
        named = {view.name: view.pixels for view in in_views}
        here = [line for line in lines if line.frames[0] == index]
        for name in {line.view for line in here}:
            view = named.get(name, in_views[0].pixels)
            group = [line for line in here if line.view == name]
            lying = [
                line
                for line in group
                if line.box.height < _TALL * line.box.width or _is_whole(line, view)
            ]
            read.update(_read_lying(view, lying, eyes.locator))
            for line in group:
                if line not in read:
                    read[line] = _read_upright(view, line, eyes.locator)
        for line in set(here).intersection(suspected):
            if any(_is_sure(each) for each in read[line]) and not _is_whole(line, view):
                again[line] = _read_harder(named.values(), line, eyes.reader)
    return read, again


def _read_harder(shown: Iterable[View], line: TextLine, reader: Reader) -> list[Reading]:
    spot = Spot.at(line.box, line.confidence)
    return [
        replace(each, spot=spot)
        for view in shown
        for each in reader.read_again(view, spot)
        if each.confidence >= _READ
    ]


def _is_whole(line: TextLine, view: View) -> bool:
    return bool(line.box.area >= view.shape[0] * view.shape[1])


def _read_lying(
    view: View, lines: Sequence[TextLine], locator: Locator
) -> dict[TextLine, list[Located]]:
    heights = [
        _WHOLE_FRAME_LETTERS
        if _is_whole(line, view)
        else min(line.box.width, line.box.height)
        for line in lines
    ]
    places = [
        line.box.grow(height // 2, height // 4)
        for line, height in zip(lines, heights, strict=True)
    ]
    found = locator.read(view, places, heights) if places else []
    return {
        line: [each for each in found if each.box.overlap(line.box) > 0.5 * each.box.area]
        for line in lines
    }


def _read_upright(view: View, line: TextLine, locator: Locator) -> list[Located]:
    """A line turned by 90 degrees, to either side: the surer reading, in its place."""
    place = line.box.grow(line.box.width // 4, line.box.width // 2)
    inside = place.clip(*view.shape[:2])
    if inside is None:
        return []
    ways: list[list[Located]] = []
    for turns in (1, 3):
        turned = np.ascontiguousarray(np.rot90(view[inside.index], turns))
        whole = Box(0, 0, turned.shape[1], turned.shape[0])
        ways.append(locator.read(turned, [whole], [line.box.width]))
    best = max(ways, key=lambda way: sum(each.confidence for each in way) / (len(way) or 1))
    if not best:
        return []
    confidence = min(each.confidence for each in best)
    return [Located(line.box, _joined(best), confidence)]
