"""Lines that say in themselves what is PHI in them, and helpers of the tests of the rules.

A line is written with its findings in braces: ``{name:DOE, J} LEFT KNEE``. Everything
in braces must be hidden by the default policy, as the category it names (``phi`` and
``mask`` stand for any that is hidden); everything else must stay. Nobody named here
exists.
"""

import re

from pydantic import SecretStr

from maskray.classify import classify
from maskray.geometry import Box
from maskray.identifiers import Identifiers
from maskray.policy import Policy
from maskray.records import Category, TextLine

NOBODY = Identifiers()


DEFAULT = Policy()


_PART = re.compile(r"\{([a-z_]+):([^}]*)\}")


def parsed(marked):
    """A marked line as its text and, for each character, what is expected there."""
    text, expected, end = "", [], 0
    for match in _PART.finditer(marked):
        plain = marked[end : match.start()]
        text += plain + match.group(2)
        expected += ["keep"] * len(plain) + [match.group(1)] * len(match.group(2))
        end = match.end()
    return text + marked[end:], [*expected, *["keep"] * (len(marked) - end)]


def seen(text, identifiers=NOBODY, policy=DEFAULT):
    """For each character of a text the category of the run it is in."""
    found: list[Category | None] = [None] * len(text)
    for run in classify(text, identifiers, policy):
        found[run.start : run.end] = [run.category] * (run.end - run.start)
    return found


def wrong(marked, identifiers=NOBODY, policy=DEFAULT):
    """The characters that are not what the marks say, for a readable failure."""
    text, expected = parsed(marked)
    complaints: dict[tuple[str, str], list[str]] = {}
    for character, want, category in zip(
        text, expected, seen(text, identifiers, policy), strict=True
    ):
        if not character.isalnum() or want == "any":
            continue
        hides = category is not None and policy.hides(category)
        fits = category == want or (want in ("phi", "mask") and hides)
        if not (not hides if want == "keep" else fits):
            complaints.setdefault((want, str(category)), []).append(character)
    return {key: "".join(each) for key, each in complaints.items()}


def lines(table):
    return [each.strip() for each in table.strip().splitlines() if each.strip()]


def line_of(text, box=None, **more):
    """A line of text, ten columns to a character."""
    box = box or Box(0, 0, 10 * len(text), 20)
    columns = tuple((box.x0 + 10 * i, box.x0 + 10 * i + 10) for i in range(len(text)))
    return TextLine((0,), box, SecretStr(text), 0.9, columns, "full", "rapidocr", **more)


def texts(found):
    return [(each.category, each.text.get_secret_value()) for each in found]


def right(text, label="Name:"):
    start = 10 * len(label) + 15
    return [line_of(label), line_of(text, Box(start, 0, start + 10 * len(text), 20))]


HERE = Box(100, 20, 200, 40)


def standing_in(frames, text, box=HERE, confidence=0.9):
    return TextLine(frames, box, SecretStr(text), confidence, (), "full", "rapidocr")
