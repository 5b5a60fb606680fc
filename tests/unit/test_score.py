"""Counting what was hidden and kept."""

from typing import Any

import pytest

from maskray.geometry import Box
from maskray.policy import Policy
from maskray.records import Category, Verdict
from maskray.score import Treated, is_phi, masked_share, score


def box(text: str, category: str, **more: Any) -> dict[str, Any]:
    place = {"frames": [0], "box": [10, 10, 30, 20], "where": "pixels"}
    phi = category not in ("clinical", "unknown")
    return {**place, "text": text, "category": category, "phi": phi, **more}


NAME, LEFT = box("Anna Holm", "name"), box("LEFT", "clinical", box=[50, 50, 70, 60])
COVERS = [([0], Box(5, 5, 35, 25))]


@pytest.mark.parametrize(
    ("boxes", "treated", "recall", "precision", "hidden", "kept"),
    [
        ([NAME, LEFT], Treated(Verdict.REDACTED, COVERS), 1.0, 1.0, 1.0, 1.0),
        ([NAME, LEFT], Treated(Verdict.REDACTED), 1.0, 1.0, 0.0, 1.0),
        ([NAME, LEFT], Treated(Verdict.CLEAN), 0.0, None, 0.0, 1.0),
        ([NAME, LEFT], Treated(Verdict.REVIEW), 1.0, 1.0, 1.0, 0.0),
        ([NAME, LEFT], None, 1.0, 1.0, 1.0, 0.0),
        (
            [LEFT],
            Treated(Verdict.REDACTED, [([0], Box(0, 0, 99, 99))]),
            None,
            0.0,
            None,
            0.0,
        ),
        ([LEFT], Treated(Verdict.CLEAN), None, None, None, 1.0),
    ],
)
def test_one_instance(
    boxes: list[dict[str, Any]],
    treated: Treated | None,
    recall: float | None,
    precision: float | None,
    hidden: float | None,
    kept: float | None,
) -> None:
    by_file = {} if treated is None else {"a.dcm": treated}
    found = score([{"file": "a.dcm", "boxes": boxes}], by_file, Policy())
    for value, wanted in (
        (found.recall, recall),
        (found.precision, precision),
        (found.hidden, hidden),
        (found.kept, kept),
    ):
        assert value == pytest.approx(
            wanted if wanted is not None else float("nan"), nan_ok=True
        )


def test_text_must_be_masked_in_every_frame() -> None:
    late = box("Anna Holm", "name", frames=[0, 1])
    assert masked_share(late, COVERS) == 0.0
    assert masked_share(late, [([0, 1], Box(10, 10, 20, 20))]) == 0.5


def test_two_regions_cover_a_box_together() -> None:
    halves = [([0], Box(10, 10, 20, 20)), ([0], Box(20, 10, 30, 20))]
    assert masked_share(NAME, halves) == 1.0


@pytest.mark.parametrize(
    ("text", "category", "phi"),
    [
        ("89Y", "age", False),
        ("Age: 94", "age", True),
        ("F", "sex", False),
        ("x", "name", True),
    ],
)
def test_the_policy_says_what_is_phi(text: str, category: str, phi: bool) -> None:
    assert is_phi(box(text, category), Policy()) is phi
    assert not is_phi(box(text, category), Policy(phi=frozenset({Category.PHONE})))
