"""Which clinical text a line may spell that was read with a letter wrong.

A reading is only the likeliest of many: the recogniser says of each step along a line how
likely each character is there. Here clinical text that differs in a letter or two is held
against what was read, and against people's names as near, by the likelihood of
connectionist temporal classification (Graves et al., ICML 2006, section 4.1). A blurred
``LVEF`` is as likely as the ``VEF`` that was read; where a name stands, it is likelier
than any clinical word by far.
"""

import itertools
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from maskray.classify import MISREADABLE, classify, is_clean
from maskray.identifiers import Identifiers
from maskray.policy import Policy
from maskray.records import Category
from maskray.text import LONG_ENOUGH, Token, distance, letters, tokens
from maskray.vocabulary import clinical_words, eponyms, is_name, people_names

_SHORTEST = 3
"""Letters of a word: two are anybody's initials."""
_LONG = 6
"""Letters of a word from which two may be wrong, not one."""
_SEEN = -8.0
"""Below that (natural logarithm) the text is not what stands there, nor what was read."""
_AS_READ = -4.0
"""So far below what was read the clinical text may be: of names it is 6 and more. Not
below at all if nothing else in the line is clinical."""
_THIN = -3.5
"""... but so far if nothing but an I was not read, which narrow print hides: ``TH`` of
``THI``. Where none stands it is -4.3 and less (338 renderings of five words)."""
_BEFORE_NAMES = 2.0
"""So far above the likeliest name it must be."""
_UNSEEN = -12.0
"""What is less likely is not seen at all: how much less says nothing."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the recogniser sees in a line of text, shown to it in one way.

    ``steps`` has the shape (steps, characters): natural logarithms of how likely each
    character is at each step along the line. Character 0 is "none"; ``alphabet`` gives
    the indices of the others.
    """

    steps: npt.NDArray[np.float32]
    alphabet: Mapping[str, int]

    @property
    def certainty(self) -> float:
        """The mean natural logarithm of the likeliest characters; of none the least."""
        seen = self.steps.argmax(axis=1) > 0
        return float(self.steps[seen].max(axis=1).mean()) if seen.any() else -np.inf

    @property
    def text(self) -> str:
        """What is likeliest at each step, as one text."""
        character = {index: each for each, index in self.alphabet.items()}
        steps = [0, *self.steps.argmax(axis=1).tolist()]
        seen = (step for last, step in itertools.pairwise(steps) if step not in (0, last))
        return "".join(character.get(step, "") for step in seen).strip()

    def likelihoods(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Of each text, the natural logarithm, less that of the likeliest path."""
        import torch
        from torch.nn.functional import ctc_loss

        spelled = [[self.alphabet[each] for each in text] for text in texts]
        used = sorted({each for text in spelled for each in text})
        count = len(texts)
        losses = ctc_loss(
            torch.from_numpy(self.steps[:, [0, *used]])[:, None].expand(-1, count, -1),
            torch.tensor([used.index(each) + 1 for text in spelled for each in text]),
            torch.full((count,), len(self.steps)),
            torch.tensor([len(text) for text in texts]),
            reduction="none",
        )
        likely = -losses.double().numpy() - float(self.steps.max(axis=1).sum())
        return np.nan_to_num(likely, nan=_UNSEEN).clip(min=_UNSEEN)


def clinical_text(
    text: str, sights: Sequence[Sight], identifiers: Identifiers, policy: Policy
) -> str | None:
    """The clinical text that a line may spell as well as what was read, if there is one.

    Args:
        text: What was read.
        sights: Of the same line, in several ways; most must agree.
        identifiers: The header's: what may be one of them is no clinical text.
        policy: As for :func:`maskray.classify.classify`.
    """
    unnamed = _doubted(text, identifiers, policy)
    doubted = [token for token in unnamed if not _is_plain(token)]
    if not sights or not set(text) <= sights[0].alphabet.keys():
        return None
    meant = called = text
    for token in reversed(doubted):
        likely = _likeliest(meant, token, _clinical(), sights)
        if likely is None:
            return None
        meant = likely
    runs = classify(meant, identifiers, policy)
    if any(run.category is not Category.CLINICAL for run in runs):
        return None
    for token in reversed(doubted):
        called = _likeliest(called, token, _names(), sights) or called
    named = any(is_name(token.text) or _is_foreign(token) for token in doubted)
    alone = len(unnamed) == sum(1 for _ in tokens(text))
    at_all = _THIN if meant.replace("I", "") == text.replace("I", "") else 0.0
    as_read = _BEFORE_NAMES if named else at_all if alone else _AS_READ
    as_called = _UNSEEN if called in (text, meant) else _BEFORE_NAMES
    likelihoods = [each.likelihoods([meant, text, called]) for each in sights]
    above = np.median([row[0] - row for row in likelihoods], axis=0)
    seen = float(np.median([row[0] for row in likelihoods])) >= _SEEN
    return meant if seen and above[1] >= as_read and above[2] >= as_called else None


def clearer_text(
    text: str, views: Sequence[Iterable[Sight]], identifiers: Identifiers, policy: Policy
) -> str | None:
    """The clinical text that another view shows plainly, if there is one.

    What looks like ``Fal Sal`` where contrast is stretched may be ``Fat Sat`` in full
    range. It must be far likelier there than what was read, no less likely in all views
    together, and likelier by far than any name near it; no letter may be missing.

    Args:
        text: What was read, in one of the views.
        views: The line's sights, view by view. Only the first of each is looked at if
            none of these is clinical.
        identifiers: The header's: what may be one of them is no clinical text.
        policy: As for :func:`maskray.classify.classify`.
    """
    doubted = _doubted(text, identifiers, policy)
    if any(each.isdigit() for token in doubted for each in token.text):
        return None
    started = [
        (first, view)
        for view in map(iter, views)
        if (first := next(view, None)) is not None
    ]
    if not started or not set(text) <= started[0][0].alphabet.keys():
        return None
    clinical = [
        seen
        for seen in dict.fromkeys(first.text for first, _ in started)
        if _is_same_line(text, seen) and is_clean(classify(seen, identifiers, policy))
    ]
    every = [[first, *more] for first, more in started] if clinical else []
    names_for_read = _with_names(doubted) if clinical else []
    for seen in clinical:
        known = {token.folded for token in tokens(text)}
        names = _with_names(token for token in tokens(seen) if token.folded not in known)
        above = np.array(
            [_above(seen, text, names, names_for_read, view) for view in every]
        )
        read, called = above.sum(axis=0)
        if above[:, 0].max() >= _PLAINLY and read >= 0 and called >= _BY_FAR:
            return seen
    return None


_PLAINLY = 4.0
"""So much likelier (natural logarithm) the text is than what was read, in one view."""
_BY_FAR = 8.0
"""... and than the likeliest names, in all views together."""


_Names = list[tuple[Token, list[str]]]
"""Words of a text, the last one first, and people's names near each."""


def _with_names(words: Iterable[Token]) -> _Names:
    return [(each, _near(each, _names())) for each in reversed(list(words))]


def _above(
    seen: str,
    text: str,
    names_for_seen: _Names,
    names_for_read: _Names,
    sights: Sequence[Sight],
) -> tuple[float, float]:
    """How much likelier a text is in a view than what was read, and than names near it."""
    called = text
    for token, names in names_for_read:
        called = _likeliest(called, token, names, sights) or called
    near = (_likeliest(seen, token, names, sights) for token, names in names_for_seen)
    named = [each for each in near if each is not None and each != seen]  # Baker cyst
    likely = [each.likelihoods([seen, text, called, *named]) for each in sights]
    own, read, *others = np.median(np.array(likely), axis=0)
    return float(own - read), float(own - max(others))


def _is_same_line(text: str, seen: str) -> bool:
    """Whether two texts differ in some letters, of which none is missing."""
    mine, its = letters(text), letters(seen)
    most = len(mine) * 2 // 5
    figures = [[each for each in line if each.isdigit()] for line in (mine, its)]
    long = len(its) >= len(mine) >= LONG_ENOUGH and figures[0] == figures[1]
    return long and 0 < distance(mine, its, most) <= most


def may_be_clinical(text: str, identifiers: Identifiers, policy: Policy) -> bool:
    """Whether each word that nobody can name has a clinical one near it."""
    doubted = _doubted(text, identifiers, policy)
    return bool(doubted) and all(_near(token, _clinical()) for token in doubted)


def _doubted(text: str, identifiers: Identifiers, policy: Policy) -> list[Token]:
    """The words of a line that are neither clinical nor PHI by their form."""
    runs = classify(text, identifiers, policy)
    return [
        token
        for token in tokens(text)
        for run in runs
        if run.start <= token.start < run.end and run.category in MISREADABLE
    ]


def _is_plain(token: Token) -> bool:
    """Whether a word is clinical but for its company: the HAND of ``CEFT HAND``."""
    return len(token.text) >= _SHORTEST and token.folded in clinical_words()


def _likeliest(
    text: str, token: Token, words: Sequence[str], sights: Sequence[Sight]
) -> str | None:
    """The text with the word in a token's place that fits best of those near it."""
    written = (str,) if token.text.isupper() else (str.title, str.lower, str)
    texts = [
        text[: token.start] + way(word) + text[token.end :]
        for word in _near(token, words)
        for way in written
    ]
    texts = [each for each in texts if set(each) <= sights[0].alphabet.keys()]
    if not texts:
        return None
    return texts[int(np.argmax(sum(each.likelihoods(texts) for each in sights)))]


def _near(token: Token, words: Sequence[str]) -> list[str]:
    if _is_foreign(token) and len(token.text) == 1:
        return list(string.ascii_uppercase) if words is _clinical() else []
    if not token.is_word or len(token.text) < _SHORTEST - 1:
        return []
    most = 2 if len(token.text) >= _LONG else 1
    near = process.extract(
        token.folded, words, scorer=Levenshtein.distance, score_cutoff=most, limit=None
    )
    return [word for word, *_ in near]


def _is_foreign(token: Token) -> bool:
    """Whether a word is beyond Latin: a letter alone is a side's, seen in texture."""
    return not token.folded.isascii()


@cache
def _clinical() -> list[str]:
    return _words(clinical_words() | eponyms().keys())


@cache
def _names() -> list[str]:
    return _words(people_names() - clinical_words())


def _words(words: Iterable[str]) -> list[str]:
    return sorted(each for each in words if len(each) >= _SHORTEST and each.isalpha())
