"""Counting what was hidden and kept."""

from typing import Any

import pytest

from maskray.geometry import Box
from maskray.policy import Policy
from maskray.records import Category, Verdict
from maskray.score import Treated, has_phi, is_phi, masked_share, score, wilson


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


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [  # by hand, from Wilson's formula
        (10, 10, 0.7225, 1.0),
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (59, 60, 0.9114, 0.9971),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilsons_interval(part: int, whole: int, low: float, high: float) -> None:
    assert wilson(part, whole) == pytest.approx((low, high), abs=1e-4)


def test_the_four_shares_of_a_set() -> None:
    verdicts = [Verdict.REDACTED] * 7 + [Verdict.CLEAN] * 3  # shows PHI
    verdicts += [Verdict.REVIEW] + [Verdict.FAILED] * 2 + [Verdict.CLEAN] * 57
    truths = [{"file": str(i), "boxes": None, "has_phi": i < 10} for i in range(70)]
    treated = {str(i): Treated(verdict) for i, verdict in enumerate(verdicts)}
    found = score(truths, treated, Policy())
    shares = (found.recall, found.precision, found.specificity, found.npv)
    assert shares == pytest.approx((0.7, 0.7, 0.95, 0.95))
    assert (found.review, found.failed, found.leaks) == (1, 2, 3)


@pytest.mark.parametrize(
    ("shown", "read", "hidden", "kept", "leaks"),
    [
        ([0.0, 1.0], [], 1, 1, 0),
        ([0.1, 0.7], [], 1, 1, 0),
        ([0.11, 0.69], [], 0, 0, 1),
        ([0.05, 1.0], [True, False], 0, 1, 1),
        ([0.05, 1.0], [False, True], 1, 1, 0),
    ],
)
def test_what_was_measured_counts_instead_of_regions(
    shown: list[float], read: list[bool], hidden: int, kept: int, leaks: int
) -> None:
    treated = Treated(Verdict.REDACTED, COVERS, shown, read)
    found = score([{"file": "a", "boxes": [NAME, LEFT]}], {"a": treated}, Policy())
    assert (found.phi_hidden, found.clinical_kept, found.leaks) == (hidden, kept, leaks)


def test_nothing_leaks_from_what_is_not_released() -> None:
    truth = {"file": "a", "boxes": [NAME, LEFT]}
    for verdict in (Verdict.REVIEW, Verdict.FAILED):
        found = score([truth], {"a": Treated(verdict)}, Policy())
        assert (found.leaks, found.phi_hidden, found.clinical_kept) == (0, 1, 0)


@pytest.mark.parametrize(
    ("label", "everything", "banner"),
    [("yes", True, True), ("no", False, False), ("soft", True, False)],
)
def test_an_institution_alone_is_phi_under_some_policies(
    label: str, everything: bool, banner: bool
) -> None:
    assert has_phi(label, Policy()) is everything
    assert has_phi(label, Policy(phi=frozenset({Category.NAME}))) is banner
