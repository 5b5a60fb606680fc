"""Names of people that name a thing: ``circle of Willis``, ``BPD (Hadlock)``.

A name is one only beside its thing (``profile/eponyms.txt``), and not where it stands as
people's names do: behind another one, with an initial, before a comma.
"""

import itertools
import re
from collections.abc import Collection, Iterator, Sequence

from maskray.text import LONG_ENOUGH, Token, distance, fold
from maskray.vocabulary import (
    TITLES,
    clinical_words,
    eponyms,
    eponyms_of,
    is_clinical,
    is_common_name,
    is_name,
    look_alike,
)

_TITLES = TITLES | {"MR", "MS", "SR", "SRA"}
"""Before an eponym these are no abbreviations."""


def is_eponym(line: Sequence[Token], index: int) -> bool:
    """Whether a name is that of an anatomical thing here: ``circle of Willis``."""
    name = line[index].folded.removesuffix("'S")
    if name in _AUTHORS and index > 0 and line[index].before.endswith("("):
        closed = all(each.before.startswith(")") for each in line[index + 1 : index + 2])
        return closed and line[index - 1].folded in _THEIR_TABLES  # HC (Campbell)
    if _is_measured(line, index) or _is_of_its_thing(line, index):
        return True
    beside = eponyms().get(name, frozenset())
    if _is_joined(line, index, beside):
        around = [*line[max(index - 2, 0) : index], *line[index + 1 : index + 3]]
        things = [i for i, each in enumerate(line) if each.folded in _THINGS]
        if things and things[0] in (index + 1, index + 2):
            around = around[: things[0] - index - 3]  # Hill-Sachs lesion, R
        return not any(_tells_a_person(e) for e in around if e.folded not in beside)
    if beside and (_is_written_as_name(line, index, beside) or _is_called_so(line, index)):
        return False
    if not beside:
        return _is_misread_eponym(line, index)
    near = [each for each in _near_eponym(line, index) if not _may_be_called(line, each)]
    if any(each in beside for token in near for each in _with_letter_lost(token)):
        return True
    long = [each for each in beside if len(each) > LONG_ENOUGH + 1]
    glued = (token.folded for token in near)
    if any(
        each.endswith(word) and each.removesuffix(word) in eponyms()
        for each in glued
        for word in long
    ):
        return True  # WillisCircle of Willis: two readings of a line in one
    small = [fold(token.text.replace("l", "I")) for token in near if token.text.islower()]
    if any(_is_drawn_alike(each, thing) for each in small for thing in beside):
        return True  # Cleopatra vlew
    return any(distance(token.folded, each, 1) == 1 for token in near for each in long)


def _is_of_its_thing(line: Sequence[Token], index: int) -> bool:
    """Whether an "of" stands between it and its thing: ``circle of Willis R``.

    Whatever follows, and be it misread: no person is called so.
    """
    if index < 2 or line[index - 1].folded != "OF" or line[index].before.strip():
        return False
    name, thing = line[index].folded, line[index - 2].folded
    if is_misread_thing(line, index - 2):
        return True
    most = 3 if thing in _OF_ANATOMY and len(name) > 2 else 0
    return any(
        len(each) > LONG_ENOUGH
        and name[0] == each[0]
        and distance(name, each, most) <= most
        for each in eponyms_of().get(thing, ())
    )


def is_misread_thing(line: Sequence[Token], index: int) -> bool:
    """Whether a word is what an eponym behind it names, misread: ``Cirele of Willis``."""
    word, behind = line[index], line[index + 1 : index + 3]
    if len(behind) < 2 or behind[0].folded != "OF" or is_name(word.text):
        return False
    return any(
        distance(word.folded, thing, 2) <= 2
        for thing in _OF_ANATOMY.intersection(eponyms().get(behind[1].folded, ()))
    )


_OF_ANATOMY = frozenset(
    "AMPULLA CIRCLE DUCT FISSURE FORAMEN POUCH SPHINCTER SULCUS TRIANGLE VEIN".split()
)


def _is_drawn_alike(one: str, other: str) -> bool:
    """Whether two words have letters that are drawn alike in all places."""
    same = len(one) == len(other) >= LONG_ENOUGH
    return same and all(map(look_alike, one, other))


def _is_joined(line: Sequence[Token], index: int, beside: Collection[str]) -> bool:
    """Whether a hyphen joins it to its thing: ``Greulich-Pyle 11 y``, whatever follows."""
    before, after = line[max(index - 1, 0) : index], line[index + 1 : index + 2]
    return any(
        each.folded in beside and line[index].before == "-" for each in before
    ) or any(each.folded in beside and each.before == "-" for each in after)


def _tells_a_person(token: Token) -> bool:
    """Whether a word beside a double name is a name too, or follows its comma."""
    if token.before[:1] == "," and len(token.text) < LONG_ENOUGH:
        return True
    called = is_name(token.text) and token.folded not in eponyms()
    return (called or token.before[:1] == ",") and not is_clinical(token.text)


def _is_measured(line: Sequence[Token], index: int) -> bool:
    """Whether it is a measure with its value: ``Cobb 28.4``, ``Risser 3``, ``HC Hadlock``.

    Not ``Cobb 45``, who may be of that age.
    """
    name, rest = line[index].folded, line[index + 1 :]
    figures = [each.text for each in rest[:2]]
    pointed = len(rest) > 1 and rest[1].before in (".", ",")
    if name == "COBB":
        ends = rest[2:3] == [] or rest[2].text in ("\u00b0", "deg")
        degrees = figures[1:] in (["\u00b0"], ["deg"])
        decimal = pointed and all(each.isdigit() for each in figures)
        return (
            figures[0].isdigit() and (degrees or (decimal and ends)) if figures else False
        )
    if name == "RISSER":
        apart = len(rest) == 1 or (len(rest) > 2 and rest[1].text.isalpha())
        return apart and figures[:1] in [[each] for each in "012345"]
    if name in ("AMPLATZ", "JUDKINS") and figures[:1]:
        return _is_catheter(line, index)
    if name == "PARIS" and figures[:1] == ["0"]:
        return len(rest) > 1 and rest[1].before == "-" and rest[1].text[0] in "Il"
    if rest and not rest[0].before.strip(" :") and _is_graded(name):
        alone = _NUMERAL.fullmatch(rest[0].text) is not None and not is_common_name(name)
        alone = alone and index == 0 and len(rest) == 1
        grade = _GRADE.fullmatch(rest[0].text) is not None
        return alone or (grade and not is_name(name))  # Mallampati III
    if "VIEW" in eponyms().get(name, ()) and figures[1:] == ["\u00b0"]:
        return figures[0].isdigit()  # Rosenberg 30\u00b0
    behind = index > 0 and not line[index].before.strip(" :")
    return name in _ONLY_AUTHORS and behind and line[index - 1].folded in _THEIR_TABLES


def _is_catheter(line: Sequence[Token], index: int) -> bool:
    """Whether a catheter's size stands behind its name: ``Amplatz L2``.

    Nobody is called so there, and a figure alone is its size only behind something else.
    """
    size, behind = line[index + 1], line[index + 2 : index + 3]
    if _CATHETER.fullmatch(size.text) is None or (size.is_number and index == 0):
        return False
    other = any(e.before or e.text[0].isdigit() or e.folded in _AGES for e in behind)
    person = _is_called_so(line, index) or _is_of_a_person(line[index + 1 :])
    half = [each.before + each.text for each in behind] == [".5"]
    return not person and (half or not other)


def _is_graded(name: str) -> bool:
    """Whether a grade is called by a name: it may stand behind it without the word."""
    return not _GRADES.isdisjoint(eponyms().get(name, ()))


_GRADES = frozenset("GRADE GRADING SCORE STAGE CLASS CLASSIFICATION".split())
_CATHETER = re.compile(r"[LRrt][1-6]|[1-6]")
_AGES = frozenset("Y YR YRS YEARS M F MO".split())
_NUMERAL = re.compile(r"(?:I{2,3}|IV)[abc]?")
_GRADE = re.compile(rf"{_NUMERAL.pattern}|[0-5][abcABC]?|C\d{{1,2}}M\d{{1,2}}")
_ONLY_AUTHORS = frozenset(
    "HADLOCK JEANTY HANSMANN REMPEN WARSOF TEICHHOLZ SHINOZUKA".split()
)
_AUTHORS = frozenset(
    "HADLOCK JEANTY CAMPBELL HILL HANSMANN MERZ REMPEN ROBINSON SHEPARD WARSOF TEICH "
    "TEICHHOLZ SIMPSON DEVEREUX GIBSON QUINONES DODGE MOSTELLER DUBOIS BOYD HAYCOCK LEUNG "
    "PERSSON JOHNSEN SALOMON VERBURG NICOLAIDES CHITTY ALTMAN KURTZ BRENNER OTT WOO DAYA "
    "SHINOZUKA OSAKA TOKYO HELLMAN NYBERG ERIKSEN HOHLER MAYDEN GOLDSTEIN".split()
)
_THEIR_TABLES = frozenset(
    "BPD HC AC FL HL OFD CRL GS EFW EF EDV ESV SV CO GA TCD CEREB FS HUM "
    "LVIDD LVIDS IVSD IVSS LVPWD LVPWS MASS LVM BSA VOL".split()
)
"""Whose tables of growth and volume consoles name in brackets, and of what."""


def _is_called_so(line: Sequence[Token], index: int) -> bool:
    """Whether a name or a title stands before it: ``Paul Wagner``, no other eponym.

    A capitalised word that nobody knows may be a name.
    """
    if index == 0:
        return False
    before, sign = line[index - 1], line[index].before
    titled = before.folded in _TITLES and before.text[0].isupper()
    if sign.strip(" -\u2019'") and not (sign.strip() == "." and titled):
        return False
    if sign == "-" and before.folded in eponyms():
        return False  # Arnold-Chiari
    unknown = before.text.isalpha() and before.text[0].isupper()
    unknown = unknown and len(before.text) >= LONG_ENOUGH
    named = (is_name(before.text) or unknown) and not (
        is_clinical(before.text) or before.folded in _LINKS
    )
    beside = eponyms().get(line[index].folded, frozenset())
    return (named or titled) and before.folded not in beside


def _may_be_called(line: Sequence[Token], token: Token) -> bool:
    """Whether the thing is a name itself, and no sign joins the two: ``HARRIS SALTER``.

    ``Salter-Harris`` is no person.
    """
    index = next(i for i, each in enumerate(line) if each is token)
    joined = any(each.before[:1] in ("-", ":") for each in line[index : index + 2])
    called = is_name(token.text) and not is_clinical(token.text)
    twice = token.folded in eponyms() and _are_of_a_thing(line, index)
    return called and not (joined or twice or token.text.islower())


def _are_of_a_thing(line: Sequence[Token], index: int) -> bool:
    """Whether the thing that two names name stands behind them, or its grade does."""
    for at in (index + 1, index + 2):
        thing, behind = line[at : at + 1], line[at + 1 : at + 2]
        word = thing[0].folded if thing and not thing[0].before.strip() else ""
        graded = bool(behind) and not behind[0].before.strip()
        graded = graded and _RANK.fullmatch(behind[0].text) is not None
        if word in _THINGS or (word in _RANKED and graded):
            return True
    return False


_THINGS = frozenset(
    "CLASSIFICATION DISEASE FRACTURE LESION MALFORMATION SHUNT SIGN SYNDROME OPACITY "
    "OPACITIES".split()
)
"""What is called by two names ..."""
_RANKED = frozenset("GRADE INDEX LENGTH METHOD RATIO SCORE STAGE TYPE".split())
_RANK = re.compile(r"\d+[abAB]?|[IV]{1,4}[abAB]?")
"""... or called so with its number: forms ask for a type, too."""


def _near_eponym(line: Sequence[Token], index: int) -> list[Token]:
    """The words around a name: those that touch it, and those behind an ``of``.

    Two apart if nobody is called so.
    """
    far = not is_name(line[index].text)
    near = []
    for step in (-1, 1):
        one, two = index + step, index + 2 * step
        if 0 <= one < len(line):
            near.append(line[one])
        if 0 <= two < len(line) and (far or _links(line[one], line[two])):
            near.append(line[two])
    return near


def _links(token: Token, thing: Token) -> bool:
    """Whether a word stands between a name and its thing: ``Baker popliteal cyst``."""
    clinical = len(token.text) >= LONG_ENOUGH and token.folded in clinical_words()
    small = token.text.islower() and thing.text.islower()
    return token.folded in _LINKS or (clinical and small and not is_name(token.text))


_LINKS = frozenset("OF THE DE DU DEL DI DELLA VON VOM S AND".split())


def _is_written_as_name(line: Sequence[Token], index: int, beside: Collection[str]) -> bool:
    """Whether a name has a comma behind it, or an initial beside it."""
    near = [*line[max(index - 1, 0) : index], *line[index + 1 : index + 2]]
    if [each.before + each.folded for each in line[index + 1 : index + 3]] == ["W", "/O"]:
        near = near[:-1]  # circle of Willis W/O contrast
    doubled = [each.before for each in line[index + 1 : index + 2]] == ["-"]
    comma = any(
        each.before.startswith(",") for each in line[index + 1 : index + 2 + doubled]
    )
    aged = _is_of_a_person(line[index + 1 :])
    initial = (len(e.text) == 1 and e.is_word and e.folded not in beside for e in near)
    return comma or aged or any(initial)


def _is_of_a_person(rest: Sequence[Token]) -> bool:
    """Whether an age, a sex with one, a date or a long number follows: ``PA 45Y``."""
    texts = [each.folded for each in rest]
    aged = any(_AGED.fullmatch(each) for each in texts)
    sexed = any(
        (one.is_number and one.before[:1] != "." and other.folded in ("M", "F", "Y"))
        or (one.folded in ("M", "F") and other.is_number)
        for one, other in itertools.pairwise(rest)
    )
    dated = any(
        one.before == other.before and one.before in ("/", "-", ".") and one.is_number
        for one, other in itertools.pairwise(rest)
        if other.is_number
    )
    return aged or sexed or dated or any(_LONG_NUMBER.fullmatch(each) for each in texts)


_AGED = re.compile(r"0?\d{1,2}Y(?:RS?|O)?[MF]?|[MF]0?\d{2}Y?")
_LONG_NUMBER = re.compile(r"\d{5,}")


def _is_misread_eponym(line: Sequence[Token], index: int) -> bool:
    """The same for a name misread, where its word stands right beside it."""
    name, behind = line[index].folded, line[index + 1 : index + 2]
    if behind and behind[0].text.islower() and _is_nearly_of(name, behind[0].folded):
        return True  # Sylvion fissure
    if is_name(name) or len(name) <= LONG_ENOUGH:
        return False
    near = {each.folded for each in line[max(index - 2, 0) : index + 2]}
    return any(
        distance(name, eponym, 2) <= 2
        for word in near
        for eponym in eponyms_of().get(word, ())
        if len(eponym) > LONG_ENOUGH + 1
    )


def _is_nearly_of(name: str, thing: str) -> bool:
    """Whether but a letter is wrong in a thing's long name, whoever is called so."""
    return thing in _OF_ANATOMY and any(
        len(each) > _LONG_NAME and distance(name, each, 1) == 1
        for each in eponyms_of().get(thing, ())
    )


_LONG_NAME = 6


def is_run_into_eponym(word: str) -> bool:
    """Whether the space between such a name and its word was lost: ``Watersview``."""
    if len(word) < 2 * LONG_ENOUGH or is_name(word):
        return False
    return any(
        distance(word, eponym + each, 1) <= 1
        for eponym, beside in eponyms().items()
        if word.startswith(eponym) and len(eponym) > LONG_ENOUGH
        for each in beside
    )


def _with_letter_lost(token: Token) -> Iterator[str]:
    """A word, and the clinical words it may be if a letter was not read."""
    yield token.folded
    if len(token.text) > LONG_ENOUGH:
        for at in range(len(token.text) + 1):
            for letter in "AEILNRSTU":
                yield token.folded[:at] + letter + token.folded[at:]
