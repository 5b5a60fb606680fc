"""What an evaluation keeps of one image under one solution."""

from dataclasses import dataclass

from data_jobs.evaluation.datasets import Labelled
from maskray.policy import Policy
from maskray.records import Verdict
from maskray.score import Score, Treated, score

ANY_POLICY = "*"
"""For solutions that cannot be told what counts as PHI: their rows count for each."""


@dataclass(frozen=True)
class Row:
    """What one solution did with one image. ``shown`` and ``read`` as in ``Treated``.

    ``worst`` is for each label the frame that shows most of it.
    """

    file: str
    policy: str
    key: str
    verdict: str
    code: str | None
    seconds: float
    frames: int
    tokens_in: int = 0
    tokens_out: int = 0
    shown: tuple[float, ...] | None = None
    worst: tuple[int, ...] = ()
    read: tuple[bool, ...] = ()
    changed: int = 0
    changed_outside: int = 0
    outside: int = 0
    picture: str | None = None

    @property
    def treated(self) -> Treated:
        """As :func:`maskray.score.score` takes it."""
        return Treated(Verdict(self.verdict), shown=self.shown, read=self.read)


def outcome(image: Labelled, row: Row, policy: Policy) -> Score:
    """The counts of one image."""
    return score([image.truth], {image.name: row.treated}, policy)
