"""The real solutions on a small synthesized set, and the real judges."""

import io
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from data_jobs.evaluation.evaluate import POLICIES, evaluate
from data_jobs.evaluation.judge import TESSERACT, ByRapidOCR, ByTesseract, make_judge
from data_jobs.evaluation.solutions import (
    ALL_TEXT,
    PRESIDIO,
    make_solution,
    presidio_python,
)
from maskray.errors import ConfigError
from maskray.geometry import Box
from maskray.score import readable
from maskray.settings import LocateSettings, Settings
from maskray.synthesize import synthesize

SETTINGS = Settings(locate=LocateSettings(device="cpu"))
TEXT, BOX = "MEYER STEPHANIE", Box(10, 10, 230, 36)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four instances of one frame, a quarter of a megapixel each; two show PHI."""
    folder = tmp_path_factory.mktemp("small") / "set"
    synthesize(folder, n=4, seed=128)
    return folder


@pytest.mark.model
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_rules_and_all_text_are_compared(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    solutions = [make_solution(name, SETTINGS) for name in ("rules", ALL_TEXT)]
    lines = evaluate(small, solutions, out, SETTINGS, Console(file=io.StringIO()))
    found = {(line.solution, line.policy): line.score for line in lines}
    assert set(found) == {(s, p.name) for s in ("rules", ALL_TEXT) for p in POLICIES}
    for score in found.values():
        assert score.failed == 0
    ours, theirs = found["rules", "everything"], found[ALL_TEXT, "everything"]
    assert (ours.recall, ours.leaks) == (1.0, 0)
    assert ours.specificity >= theirs.specificity
    assert ours.kept > 0.8 > theirs.kept  # whoever masks all text loses the clinical
    judges = json.loads((out / "evaluation.json").read_text())["judges"]
    assert judges[ALL_TEXT] == "rapidocr"
    assert judges["rules"] != "rapidocr"


@pytest.mark.model
@pytest.mark.slow
def test_presidio_really_runs(small: Path, tmp_path: Path) -> None:
    try:
        presidio_python()
    except ConfigError as error:
        pytest.skip(str(error))
    solution = make_solution(PRESIDIO, SETTINGS)
    lines = evaluate(small, [solution], tmp_path, SETTINGS, Console(file=io.StringIO()))
    total = lines[-1].score
    assert lines[-1].images == 4
    assert total.failed < 4
    assert total.phi_hidden + total.clinical_kept > 0


@pytest.mark.model
def test_the_judge_is_an_engine_that_had_no_part() -> None:
    assert isinstance(make_judge({"easyocr"}, SETTINGS), ByRapidOCR)
    judge = make_judge({"rapidocr", "easyocr"}, SETTINGS)
    assert isinstance(judge, ByTesseract) or shutil.which(TESSERACT) is None
    assert make_judge({"rapidocr", TESSERACT}, SETTINGS) is None


@pytest.mark.model
@pytest.mark.parametrize("name", ["rapidocr", TESSERACT])
@pytest.mark.parametrize("turned", [0, 1])
def test_judges_read_what_is_there_and_nothing_else(name: str, turned: int) -> None:
    if name == TESSERACT and shutil.which(TESSERACT) is None:
        pytest.skip("Tesseract is not installed (Debian: tesseract-ocr)")
    judge = make_judge({"rapidocr", "easyocr"} if name == TESSERACT else (), SETTINGS)
    assert judge is not None
    view = np.full((240, 320, 3), 40, np.uint8)
    cv2.putText(view, TEXT, (12, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (250,) * 3, 2)
    box = BOX
    if turned:
        view = np.ascontiguousarray(np.rot90(view))
        box = Box(BOX.y0, 320 - BOX.x1, BOX.y1, 320 - BOX.x0)
    assert readable(TEXT, judge.read(view, box))
    view[box.index] = 0
    assert not readable(TEXT, judge.read(view, box))
