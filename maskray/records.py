"""The small frozen values that travel between the steps."""

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr

from maskray.geometry import Box

PhiText = SecretStr
"""Text read from a patient's image or header. ``repr``, ``str`` and JSON show stars."""


class Verdict(StrEnum):
    """What became of one instance. Only the first two are released."""

    CLEAN = "CLEAN"
    """Looked at completely; nothing to hide was found. Stored values unchanged."""
    REDACTED = "REDACTED"
    """Pixels were changed and the result was proven."""
    REVIEW = "REVIEW"
    """A person must look: something is unknown."""
    FAILED = "FAILED"
    """Could not be treated."""

    @property
    def releasable(self) -> bool:
        """Whether a file may appear under ``release/``."""
        return self in (Verdict.CLEAN, Verdict.REDACTED)


class Category(StrEnum):
    """What a piece of text is. Policy says which of these count as PHI."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    DATE = "date"
    """Any other date, and clock times."""
    AGE = "age"
    SEX = "sex"
    PATIENT_ID = "patient_id"
    ACCESSION = "accession"
    INSTITUTION = "institution"
    ADDRESS = "address"
    PHONE = "phone"
    """Telephone and fax numbers, mail and web addresses."""
    PHYSICIAN = "physician"
    OPERATOR = "operator"
    DEVICE_SERIAL = "device_serial"
    OTHER_ID = "other_id"
    UNKNOWN = "unknown"
    """Text that is neither recognised as PHI nor as clinical."""
    CLINICAL = "clinical"
    """Laterality, view, position, technique, scale, measurement, unit, anatomy."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text seen in one or more frames of an instance.

    ``frames`` are 0-based indices, ascending. ``confidence`` is the reader's, 0 to 1.
    ``columns`` holds for each character of ``text`` the half-open range of columns it
    stands in; empty where the text is rotated or the reader does not say. ``view``
    names the rendering that shows it best, ``reader`` the engine. ``others`` are what
    further readings of the same place say, where the first left doubt; ``second`` is
    what the second engine, EasyOCR, reads there, ``third`` what Tesseract does; ``meant``
    is the clinical text that the letters spell as likely (see ``spelling``).
    """

    frames: tuple[int, ...]
    box: Box
    text: PhiText
    confidence: float
    columns: tuple[tuple[int, int], ...] = ()
    view: str = ""
    reader: str = ""
    others: tuple[PhiText, ...] = ()
    second: PhiText | None = None
    third: PhiText | None = None
    meant: PhiText | None = None

    @property
    def again(self) -> tuple[PhiText, ...]:
        """All further readings of the place, by any engine."""
        engines = (each for each in (self.second, self.third) if each is not None)
        return (*self.others, *engines)

    def part(self, start: int, end: int) -> Box:
        """The box of the characters ``start`` to ``end``; the line's own if unsplit."""
        if not self.columns or start >= end:
            return self.box
        x0 = max(min(left for left, _ in self.columns[start:end]), self.box.x0)
        x1 = min(max(right for _, right in self.columns[start:end]), self.box.x1)
        return Box(x0, self.box.y0, max(x1, x0 + 1), self.box.y1)


@dataclass(frozen=True, slots=True)
class Finding:
    """Text that a detector holds for PHI, or that nobody could tell.

    ``box`` is ``None`` where the detector says only what, not where (a vision language
    model). ``source`` names the detector.
    """

    frames: tuple[int, ...]
    text: PhiText
    category: Category
    source: str
    box: Box | None = None
    view: str = ""
    line_height: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """Pixels to mask in the frames named. ``reason`` is a category, never text seen."""

    frames: tuple[int, ...]
    box: Box
    reason: Category


@dataclass(frozen=True, slots=True)
class Usage:
    """What asking a model took: pictures shown, tokens given and received.

    Pictures that had to be shown again count again, as they do on the bill.
    """

    pictures: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.pictures + other.pictures,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
        )


class Stopwatch:
    """Seconds per stage, summed over an instance."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time inside the ``with`` block to that stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + spent


def merge_frames(*frames: Iterable[int]) -> tuple[int, ...]:
    """The union of frame indices, ascending, each once."""
    return tuple(sorted({index for each in frames for index in each}))
