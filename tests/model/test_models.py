"""With a model as the detector: what it says is masked, and what it misses may not leak.

The readers are real; the model's replies are given, its own would depend on weights.
"""

import io
import json
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from maskray.deidentify import deidentify
from maskray.errors import ConfigError, DetectionError, ModelReplyError
from maskray.keys import Key
from maskray.model import Model, Question, Reply
from maskray.records import Usage, Verdict
from maskray.settings import Settings
from tests.model.pictures import cine, dicom, drawn, grey, tissue, with_overlay, write

pytestmark = pytest.mark.model
KEY = Key(b"a key that only this test module has")
NAME, NAME_AT, SIDE_AT = "THISTLEWOOD", (8, 8), (210, 165)
ALONE = Settings(detectors=("vllm",))
WITH_RULES = Settings(detectors=("vllm", "rules"))


class Says:
    """A backend with one reply for every picture, or an error."""

    def __init__(self, *phi: tuple[str, str], error: Exception | None = None) -> None:
        self.text = json.dumps({"phi": [{"text": t, "category": c} for t, c in phi]})
        self.error = error
        self.asked: list[Question] = []

    async def ask(self, question: Question) -> Reply:
        self.asked.append(question)
        if self.error is not None:
            raise self.error
        return Reply(self.text, "stop", 1500, 20)


@pytest.fixture(scope="module")
def run(engines):
    def deidentified(data, backend, settings=ALONE):
        detectors = engines.detectors if "rules" in settings.detectors else ()
        made = replace(
            engines,
            detectors=detectors,
            models=(Model("vllm", backend, settings),),
        )
        return deidentify(data, KEY, settings, made)

    return deidentified


def instance(*texts, **elements):
    """Text on tissue; nobody in the header is called like anything in it."""
    return dicom(grey(drawn(*texts)), PatientName="Other^Person", **elements)


def values(outcome):
    assert outcome.data is not None
    return pydicom.dcmread(io.BytesIO(outcome.data)).pixel_array


def sources(outcome):
    return {each.source for each in outcome.findings}


WORDS = (("QUORVEX", NAME_AT), ("LEFT", SIDE_AT))
"""A word that no rule knows, and a side."""


def test_what_the_model_names_is_masked_and_nothing_else(run):
    data = instance(*WORDS)
    backend = Says(("QUORVEX", "other_id"))
    outcome = run(data, backend)
    assert outcome.verdict is Verdict.REDACTED
    assert sources(outcome) == {"vllm"}
    assert len(backend.asked) == 1
    assert outcome.usage == Usage(1, 1500, 20)
    before = pydicom.dcmread(io.BytesIO(data)).pixel_array
    after = values(outcome)
    assert not np.array_equal(after[:40], before[:40])
    assert np.array_equal(after[60:], before[60:])


def test_what_nobody_can_name_is_the_models_to_judge(run):
    data = instance(*WORDS)
    outcome = run(data, Says())
    assert outcome.verdict is Verdict.CLEAN
    assert np.array_equal(values(outcome), pydicom.dcmread(io.BytesIO(data)).pixel_array)


def test_findings_of_models_and_rules_are_united(run):
    outcome = run(instance(*WORDS), Says(("LEFT", "name")), WITH_RULES)
    assert outcome.verdict is Verdict.REDACTED
    assert sources(outcome) == {"vllm", "rules"}
    assert len(outcome.regions) == 2


def test_the_headers_own_name_is_masked_though_the_model_missed_it(run):
    data = dicom(grey(drawn((NAME, NAME_AT), ("LEFT", SIDE_AT))))
    outcome = run(data, Says())
    assert outcome.verdict is Verdict.REDACTED
    assert len(outcome.regions) == 1


def test_a_date_is_masked_though_the_model_missed_it(run):
    outcome = run(instance(("12.03.1961", NAME_AT), ("LEFT", SIDE_AT)), Says())
    assert outcome.verdict is Verdict.REDACTED


def test_a_name_that_was_not_read_costs_all_text(run):
    outcome = run(instance(*WORDS), Says(("KAZIMIERZ", "name")))
    assert outcome.verdict is Verdict.REDACTED
    assert len(outcome.regions) >= 2


def test_phi_in_a_frame_without_text_is_for_a_person(run):
    settings = ALONE.model_copy(
        update={"gate": ALONE.gate.model_copy(update={"enabled": False})}
    )
    outcome = run(instance(), Says(("KAZIMIERZ", "name")), settings)
    assert (outcome.verdict, outcome.error_code) == (Verdict.REVIEW, "unlocated")
    assert outcome.data is None


def test_frames_without_text_never_reach_the_model(run):
    backend = Says(error=AssertionError("asked"))
    outcome = run(instance(), backend)
    assert outcome.verdict is Verdict.CLEAN
    assert backend.asked == []
    assert outcome.usage == Usage()


@pytest.mark.parametrize("changes", [{"enabled": False}, {"audit_share": 1.0}])
def test_without_the_gate_or_drawn_they_do(run, changes):
    gate = ALONE.gate.model_copy(update=changes)
    backend = Says()
    run(instance(), backend, ALONE.model_copy(update={"gate": gate}))
    assert backend.asked


@pytest.mark.parametrize(
    "error",
    [
        DetectionError("gone", "engine_died", "detect"),
        DetectionError("late", "model_timeout", "detect"),
        ModelReplyError("no", "cut_off_reply", "detect"),
    ],
    ids=lambda each: each.code,
)
@pytest.mark.parametrize("settings", [ALONE, WITH_RULES], ids=["alone", "with rules"])
def test_no_answer_is_never_clean_whoever_else_was_asked(run, error, settings):
    outcome = run(instance(*WORDS), Says(error=error), settings)
    assert (outcome.verdict, outcome.error_code) == (Verdict.REVIEW, error.code)
    assert outcome.data is None


def test_a_fault_in_the_backend_is_no_answer_and_not_quoted(run):
    outcome = run(instance(*WORDS), Says(error=KeyError("QUORVEX")))
    assert outcome.verdict is Verdict.FAILED
    assert outcome.error_code == "internal_KeyError"


def test_all_text_is_masked_whatever_the_model_says_if_asked_for(run):
    settings = ALONE.model_copy(update={"redact_even_if_undetected": True})
    outcome = run(instance(*WORDS), Says(), settings)
    assert outcome.verdict is Verdict.REDACTED
    assert len(outcome.regions) == 2


def test_a_model_that_nobody_hosts_is_an_error_of_configuration(engines):
    with pytest.raises(ConfigError):
        deidentify(instance(*WORDS), KEY, ALONE, engines)


def test_a_still_banner_is_shown_once_and_masked_in_every_frame(run):
    def change(index, plane):
        write(plane, "QUORVEX", NAME_AT)
        plane[90:120, 20 * index : 20 * index + 60] = 0.8

    backend = Says(("QUORVEX", "name"))
    outcome = run(dicom(cine(4, change), PatientName="Other^Person"), backend)
    assert outcome.verdict is Verdict.REDACTED
    assert len(backend.asked) == 1
    assert {index for region in outcome.regions for index in region.frames} == {0, 1, 2, 3}


def test_text_that_comes_later_is_shown_when_it_comes(run):
    def change(index, plane):
        if index >= 2:
            write(plane, "QUORVEX", NAME_AT)

    backend = Says(("QUORVEX", "name"))
    outcome = run(dicom(cine(4, change), PatientName="Other^Person"), backend)
    assert len(backend.asked) == 1
    assert {index for region in outcome.regions for index in region.frames} == {2, 3}


def test_overlays_are_removed_and_not_shown(run):
    backend = Says()
    data = with_overlay(dicom(grey(tissue())), NAME)
    outcome = run(data, backend)
    assert backend.asked == []
    assert outcome.data is not None
    assert (0x6000, 0x3000) not in pydicom.dcmread(io.BytesIO(outcome.data))


def test_more_pictures_than_allowed_are_for_a_person(run):
    model = ALONE.model.model_copy(update={"max_pictures": 1})

    def change(index, plane):
        write(plane, f"QUORVEX{7 * index}", (8, 8 + 40 * index))

    data = dicom(cine(3, change))
    outcome = run(data, Says(), ALONE.model_copy(update={"model": model}))
    assert (outcome.verdict, outcome.error_code) == (Verdict.REVIEW, "too_many_pictures")
