"""Names of people: what belongs to one by what it stands beside.

A word that is clinical too, an initial, a title, a degree or a particle is part of a name
if a name is beside it, or a comma or a caret joins them.
"""

from collections.abc import Sequence

from maskray.eponyms import is_eponym
from maskray.labels import LABELS, WORDY, announces, is_digital, label_word
from maskray.markers import SIDES
from maskray.records import Category
from maskray.text import MOST_INITIALS, Token
from maskray.vocabulary import (
    TITLES,
    TWO_LETTER_NAMES,
    console_terms,
    is_common_name,
    is_concept,
    is_name,
    reads_as_name,
)
from maskray.words import AGED, PHYSICIANS, is_spelled_right

_UNKNOWN = Category.UNKNOWN
_CLINICAL = Category.CLINICAL

_PREFIXES = frozenset("MR MS MRS DR PROF".split())
_NAME_PARTS = 2
_DEGREES = frozenset("MD DO PHD RDMS RDCS RVT FRCR DDS RN RT".split())


def by_degree(line: Sequence[Token], found: list[Category | None]) -> None:
    """A physician's degree and the word before it, however it was read: ``BA0, M.D.``."""
    for index in range(1, len(line)):
        token, following = line[index], line[index + 1 : index + 2]
        end = index + 1
        dotted = token.folded == "M" and [e.folded for e in following] == ["D"]
        if dotted and following[0].before == ".":
            end += 1
        elif token.folded not in PHYSICIANS:
            continue
        named = line[index - 1].text
        worded = len(named) > 1 and any(each.isalpha() for each in named)
        if token.before.strip() == "," and worded:
            open_ones = (_CLINICAL, _UNKNOWN, Category.SEX, Category.NAME)
            found[index - 1 : end] = [
                Category.PHYSICIAN if each in open_ones else each
                for each in found[index - 1 : end]
            ]


def by_caret(line: Sequence[Token], found: list[Category | None]) -> None:
    """What a caret joins is a person's name (PS3.5 6.2.1), misread or not: ``YAX^0SCAR``.

    But for two clinical words, as in a protocol: ``HEAD^ROUTINE``.
    """
    for index in range(1, len(line)):
        pair = (index - 1, index)
        joined = line[index].before.startswith("^") and all(
            len(line[i].text) > 1 and not line[i].is_number for i in pair
        )
        title = line[index].before == "^^" and line[index].folded in _PREFIXES
        clinical = all(
            found[i] is _CLINICAL and is_spelled_right(line[i]) for i in pair
        ) or any(line[i].folded in SIDES for i in pair)
        clinical = clinical and not title
        for i in pair if joined and not clinical else ():
            if found[i] in (_CLINICAL, _UNKNOWN):
                found[i] = Category.NAME


def by_banner(line: Sequence[Token], found: list[Category | None]) -> None:
    """Two clinical words that begin a line as a name does: ``DAN GRAY 12/03/1976``.

    People are called by both, and a sex with an age, a date or a number stands behind.
    """
    names, behind = line[:_NAME_PARTS], line[_NAME_PARTS:]
    if not behind or any(each.before for each in line[1:3]):
        return
    called = all(len(each.text) > 2 and is_name(each.text) for each in names)
    open_ones = all(found[i] is _CLINICAL for i in range(_NAME_PARTS))
    parts = all(is_concept(each.text) for each in names)
    if not (called and open_ones) or parts or any(e.folded in SIDES for e in names):
        return
    if any(e.folded in _PARTS_OF_A_BODY | _OF_AN_EXAMINATION for e in names):
        return  # KNEE LAT 45Y
    first, figures = behind[0], behind[1:2]
    sexed = first.folded in ("M", "F") and any(e.text[0].isdigit() for e in figures)
    aged = AGED.fullmatch(first.folded) is not None
    if sexed or aged or found[_NAME_PARTS] in _OF_A_PATIENT:
        found[:_NAME_PARTS] = [Category.NAME] * _NAME_PARTS


def by_company(line: Sequence[Token], found: list[Category | None]) -> None:
    """A clinical word that people are called by too follows its neighbours."""
    _in_figures(line, found)
    for index, token in enumerate(line):
        if found[index] is not _CLINICAL or len(token.text) < 2:
            continue
        if not token.is_word or token.folded in SIDES or is_eponym(line, index):
            continue
        before = line[index - 1] if index > 0 else None
        titled = before is not None and _is_title(line, index)
        if titled and not is_digital(line, index - 1):
            found[index] = Category.PHYSICIAN
        elif _in_company(line, found, index) or _follows_name(line, found, index):
            found[index] = Category.NAME
        elif _is_amid_name(line, found, index):
            found[index] = found[index + 1 if found[index + 1 :] else index - 1]
    _initials(line, found)
    for index, token in enumerate(line):
        titled = token.folded in (*TITLES, "MR") and index + 1 < len(line)
        if titled and _is_person(found[index + 1]):
            found[index] = found[index + 1]
        graduate = token.folded in _DEGREES and token.before in ("", ",", ".") and index > 0
        if graduate and _is_person(found[index - 1]):
            found[index] = found[index - 1]


def _is_title(line: Sequence[Token], index: int) -> bool:
    """Whether a title stands before a name: ``Mr Gray``, but not ``MR``, a modality."""
    title, name = line[index - 1], line[index]
    called = is_name(name.text) or reads_as_name(name.text)
    part = title.folded not in TITLES and name.folded in _PARTS_OF_A_BODY
    if part and (len(line) > _NAME_PARTS or not is_common_name(name.text)):
        return False  # Mr Hand 2, Mr Knee
    return called and (title.folded in TITLES or title.text in ("Mr", "Ms", "Sr", "Sra"))


def _in_figures(line: Sequence[Token], found: list[Category | None]) -> None:
    """A name of which a letter was read as a figure, beside one: ``L0NG, JOHN``."""
    for index, token in enumerate(line):
        named = found[index] is _CLINICAL and reads_as_name(token.text)
        if named and _stands_by_person(line, found, index):
            found[index] = Category.NAME


def _stands_by_person(
    line: Sequence[Token], found: Sequence[Category | None], index: int
) -> bool:
    """Whether a title or a name is beside it, which nothing but a comma parts from it."""
    if index > 0 and _is_title(line, index):
        return True
    near = ((index - 1, index), (index + 1, index + 1))
    return any(
        0 <= other < len(line)
        and _is_person(found[other])
        and len(line[other].text) > 1
        and line[gap].before.strip() in ("", ",", "^")
        for other, gap in near
    )


_OF_A_PATIENT = frozenset(
    {Category.DATE, Category.BIRTH_DATE, Category.PATIENT_ID, Category.OTHER_ID}
)


def _is_person(category: Category | None) -> bool:
    return category in WORDY


def _is_amid_name(
    line: Sequence[Token], found: Sequence[Category | None], index: int
) -> bool:
    """Whether a short form is a piece of a name: the letters between them misread."""
    if index == 0 or len(line[index].text) > MOST_INITIALS:
        return False
    if _is_person(found[index - 1]) and line[index].before == "-" and index > 1:
        return _is_person(found[index - 2])  # Lee Sung-Min
    if index == len(line) - 1:
        return False
    apart = {line[index].before.strip(), line[index + 1].before.strip()} - {"", ".", "-"}
    return not apart and _is_person(found[index - 1]) and _is_person(found[index + 1])


def _in_company(line: Sequence[Token], found: list[Category | None], index: int) -> bool:
    """Whether a word that may be a name stands beside one, or has a name's comma."""
    word = line[index]
    others = []
    if word.before in (",", "^") and index > 0:
        others.append(index - 1)
    if index + 1 < len(line) and line[index + 1].before in (",", "^"):
        others.append(index + 1)
    if any(_is_person(found[i]) or found[i] is _UNKNOWN for i in others):
        return True
    if is_name(word.text) and _ends_with_initial(line, found, index):
        return True
    aside = others and line[others[0]].folded in SIDES
    if others and not aside and is_name(word.text) and is_name(line[others[0]].text):
        return not _are_things(line, word, line[others[0]])
    if not is_name(word.text):
        return word.folded in TWO_LETTER_NAMES and _is_among_persons(line, found, index)
    by_themselves = len(line) == _NAME_PARTS and not is_concept(word.text)  # RAO MOHAN
    if word.folded in console_terms() and not (is_common_name(word.text) or by_themselves):
        return False
    near = [i for i in (index - 1, index + 1) if 0 <= i < len(line)]
    plain = word.folded in console_terms() and not is_common_name(word.text)
    return any(
        (_is_person(found[i]) or (found[i] is _UNKNOWN and not plain))
        and len(line[i].text) > 1
        for i in near
    )


def _ends_with_initial(
    line: Sequence[Token], found: Sequence[Category | None], index: int
) -> bool:
    """Whether a name and an initial stand before a word: ``Emily E. Post``.

    Without a dot it must be all of the line but for an age: ``DOE J HEAD AP`` shows a head.
    """
    if index < _NAME_PARTS or len(line[index - 1].text) != 1:
        return False
    person = _is_person(found[index - 2]) and len(line[index - 2].text) > 1
    if line[index].text.islower():
        return False  # Kerley B line
    dotted = line[index].before == "."
    last = all(any(e.isdigit() for e in each.text) for each in line[index + 1 :])
    plain = line[index - 1].is_word and not line[index - 1].before
    return person and plain and (dotted or (last and not line[index].before))


def _are_things(line: Sequence[Token], *words: Token) -> bool:
    """Whether words are what a person is measured by: ``Age, Weight``.

    Or parts of a body, with no sex or age in the line: ``CT Brain, Spine``.
    """
    if all(each.folded in _MEASURES_OF_A_PERSON for each in words):
        return True
    parts = all(each.folded in _PARTS_OF_A_BODY for each in words)
    alone = all(each.folded not in ("M", "F") and each.is_word for each in line)
    return parts and alone and not any(each.before == "^" for each in line)


_PARTS_OF_A_BODY = frozenset(
    "ANKLE BLADDER BRAIN CHEST EAR ELBOW EYE FOOT HAND HEAD HEART HIP KIDNEY KNEE LIVER "
    "LUNG NECK PELVIS SHOULDER SPINE SPLEEN WRIST".split()
)
_OF_AN_EXAMINATION = frozenset(
    "LAT LAO ECHO FINGER FLAIR FLASH LAB MERCHANT PED PLAIN PORT POWER TRIO".split()
)
_MEASURES_OF_A_PERSON = frozenset("AGE HEIGHT WEIGHT SEX GENDER ETHNICITY".split())


def _is_among_persons(
    line: Sequence[Token], found: list[Category | None], index: int
) -> bool:
    """Whether a line is a few words, the next ones of them names: ``LE QUANG DUC``."""
    near = [i for i in (index - 1, index + 1) if 0 <= i < len(line)]
    few = len(line) <= _MOST_OF_A_NAME and all(each.is_word for each in line)
    return few and any(_is_person(found[i]) and len(line[i].text) > 1 for i in near)


_MOST_OF_A_NAME = 4


def _follows_name(line: Sequence[Token], found: list[Category | None], index: int) -> bool:
    """Whether a word that is clinical only if misread stands next to a person's name."""
    token = line[index]
    if is_spelled_right(token) or label_word(line, index) in LABELS:
        return False
    if any(each.isdigit() for each in token.text):
        return False
    near = (i for i in (index - 1, index + 1) if 0 <= i < len(line))
    return any(_is_person(found[i]) and len(line[i].text) > 1 for i in near)


def _initials(line: Sequence[Token], found: list[Category | None]) -> None:
    """Single letters beside a name are its initials: ``DOE J``, ``J. DOE``."""
    for index, token in enumerate(line):
        if len(token.text) != 1 or not (token.is_word or _is_dotted_zero(line, index)):
            continue
        if found[index] not in (_CLINICAL, Category.SEX) or announces(line, index):
            continue
        before = found[index - 1] if index > 0 else None
        after = found[index + 1] if index + 1 < len(line) else None
        bracketed = token.before.endswith(("[", "("))
        dotted = index + 1 < len(line) and line[index + 1].before.startswith(".")
        person = _is_person(before) or _is_person(after)
        person = person or (dotted and after is _UNKNOWN)
        person = person or (token.before in (",", "^") and before is _UNKNOWN)
        person = person or (_ends_line(line, index, ".") and before is _UNKNOWN)
        if person and not bracketed:
            if found[index] is Category.SEX and not (
                _touches_name(line, index) or _ends_name(line, index)
            ):
                continue
            found[index] = Category.NAME
    chain = range(len(line) - 1)
    for here, there in [(i, i + 1) for i in reversed(chain)] + [(i + 1, i) for i in chain]:
        both = len(line[here].text) == len(line[there].text) == 1 and line[here].is_word
        dotted = line[max(here, there)].before.startswith(".")
        behind = min(here, there) > 0 and found[min(here, there) - 1] is _UNKNOWN
        last = max(here, there) == len(line) - 1 == 2 and behind  # DUVANT R L
        if both and (dotted or last) and found[here] in (_CLINICAL, Category.SEX):
            if _is_person(found[there]):
                found[here] = found[there]  # J. R. R. TOLKIEN, TOLKIEN J.R.R.
            elif behind:
                found[here] = Category.NAME


def _ends_line(line: Sequence[Token], index: int, sign: str) -> bool:
    """Whether a token with such a sign before it is the second and last of a line."""
    return index == len(line) - 1 == 1 and line[index].before == sign


def _is_dotted_zero(line: Sequence[Token], index: int) -> bool:
    """Whether a figure may be an initial: it has a dot or a comma on both sides."""
    following = line[index + 1].before if index + 1 < len(line) else "."
    before = line[index].before if index > 0 else "."
    behind = line[index + 1 : index + 2]
    if behind and behind[0].is_number and behind[0].start == line[index].end + 1:
        return False  # DOE. 1.5 mm
    return line[index].text in ("0", "1") and all(
        each[:1] in tuple(".,^") for each in (before, following)
    )


def _touches_name(line: Sequence[Token], index: int) -> bool:
    """Whether a letter that may be a sex stands before a name or with a dot or caret."""
    following = line[index + 1].before if index + 1 < len(line) else ""
    return following.startswith((".", "^", ",")) or line[index].before in ("^", ",", ".")


def _ends_name(line: Sequence[Token], index: int) -> bool:
    """Whether a letter ends a line that is a name with a comma: ``DOE, JOHN M``."""
    return index == len(line) - 1 > 1 and line[index - 1].before.startswith(",")


def by_particle(line: Sequence[Token], found: list[Category | None]) -> None:
    """The particles before a name are part of it: ``de la Cruz``, ``Di Maggio``."""
    for index in range(len(line) - 2, -1, -1):
        name, open_one = line[index + 1], found[index] in (_CLINICAL, _UNKNOWN)
        joined = not name.before.strip(" '\u2019-")
        worded = len(name.text) > 1 and _is_person(found[index + 1])
        if _is_particle(line, index) and open_one and joined and worded:
            found[index] = found[index + 1]


def _is_particle(line: Sequence[Token], index: int) -> bool:
    """In capitals only what is no short form of a console: ``CT ABD GARCIA``."""
    word, article = line[index].folded, line[index].folded in _ARTICLES
    if word in _PARTICLES:
        return True
    after = index > 0 and line[index - 1].folded in _PARTICLES
    return (word in _SHORT_PARTICLES or article) and (
        not line[index].text.isupper() or (article and after)
    )


_PARTICLES = frozenset(
    "DE DEL DELLA DA DOS DAS DU DES VAN VON VOM ZUM DER DEN BIN IBN".split()
)
_ARTICLES = frozenset("LA LE LAS LOS LES".split())
_SHORT_PARTICLES = frozenset("DI DO ZU ZUR TER TEN EL AL BINT ABU ABD BEN MC MAC".split())
