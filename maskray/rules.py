"""Detector ``rules``: says of the text that was read what is PHI.

The embedded default. What each piece of a line is says ``classify``; here the lines of an
instance speak for each other: further readings of a doubtful line, labels and values that
stand apart, other frames. Policy says what becomes of unknown text; by default it is
masked, so that a name nobody listed does not stay.
"""

from collections.abc import Iterable, Iterator, Sequence

from pydantic import SecretStr
from rapidfuzz.fuzz import partial_ratio

from maskray.classify import MISREADABLE, Labelled, classify, is_clean
from maskray.geometry import Box
from maskray.identifiers import Identifiers
from maskray.letter_stacks import by_stacking, by_ticks
from maskray.markers import AXES
from maskray.neighbours import (
    SAME_BOX,
    by_neighbouring_label,
    by_neighbouring_side,
    by_neighbouring_unit,
    by_open_end,
    by_standing_alone,
)
from maskray.other_frames import by_counting, by_place
from maskray.policy import Policy
from maskray.records import Category, Finding, PhiText, TextLine
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
    by_neighbouring_label(lines, labelled)
    by_neighbouring_unit(lines, labelled)
    by_neighbouring_side(lines, labelled)
    by_open_end(lines, labelled)
    by_counting(lines, labelled)
    by_standing_alone(lines, labelled, identifiers.modality)
    by_ticks(lines, labelled, identifiers)
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
    found += by_stacking(lines, identifiers, policy, SOURCE)
    return (*found, *by_place(lines, found))


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
        or (any(is_clean(each) for each in third) and _is_spelled_alike(line, runs))
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
    it misreads; where the second engine agrees with the first, letters may be lost only,
    and where all others agree with both, none.
    """
    if line.third is None:
        return ()
    mine, its = (letters(each.get_secret_value()) for each in (line.text, line.third))
    agreed = line.second is not None and letters(line.second.get_secret_value()) == mine
    if agreed and is_certain(line):
        return ()
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
        and all(is_clean(classify(each, identifiers, policy)) for each in wider)
    )


def _elsewhere(line: TextLine, lines: Iterable[TextLine]) -> Iterator[PhiText]:
    """What was read in the same place of other frames, and as surely, or is meant there."""
    for other in lines:
        if other.confidence < line.confidence or set(other.frames) <= set(line.frames):
            continue
        shared = line.box.overlap(other.box)
        same = shared > SAME_BOX * max(line.box.area, other.box.area)
        cut = _is_cut(line.text, other.text) or _begins(line.text, other.text)
        cut = cut or _ends_nearly(line.text, other.text)
        least = min(line.box.area, other.box.area)
        if (
            same
            or (shared > SAME_BOX * line.box.area and cut)
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
    cut = mine.isalpha() and distance(mine, its[: len(mine)], most) <= most
    return len(mine) > LONG_ENOUGH and (cut or distance(mine, its, most) <= most)


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
    clean = sum(is_clean(each) for each in others)
    second = any(is_clean(each) for each in voices)
    if categories & _NAMED:
        votes = len(others) + _WEIGHT * len(voices)
        return clean > 0 and 2 * (clean + _WEIGHT * second) > votes + 1
    alone = len(others) < _TIMES
    return (second and (alone or clean > 0)) or (clean >= 2 and 3 * clean >= len(others))


def is_alike(one: PhiText, other: PhiText) -> bool:
    """Whether two readings may be of one text: most of their letters agree.

    The other one may hold more. Not if it falls apart into single letters, which are
    clinical each, nor into other letters in pieces: ``CH1OpeHE0`` and ``Cu1o p AE0``.
    """
    mine, its = letters(one.get_secret_value()), letters(other.get_secret_value())
    if is_lone_foreign(one) and len(its) == 1:
        return its in AXES
    single = sum(len(each.text) == 1 for each in tokens(other.get_secret_value()))
    if 2 * single > len(its):
        return False
    pieces, whole = (sum(1 for _ in tokens(e.get_secret_value())) for e in (other, one))
    if pieces > whole + 1 and len(its) <= len(mine) and its != mine:
        return False
    if len(its) > len(mine) >= LONG_ENOUGH:
        return partial_ratio(mine, its) >= _ALIKE
    if _is_cut(one, other) or _begins(one, other):
        return True
    most = max(len(mine), len(its)) * 2 // 5
    return distance(mine, its, most) <= most


_ALIKE = 60.0
"""Percent of the letters that a part of a longer reading must share."""


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
