"""An evaluation from labels to page, with solutions of which the result is known."""

import io
import json
import re
import stat
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
import pytest
from rich.console import Console

from data_jobs.evaluation.datasets import Label, Labelled
from data_jobs.evaluation.evaluate import EVERYTHING, POLICIES, evaluate
from data_jobs.evaluation.pictures import picture
from data_jobs.evaluation.rows import Row
from data_jobs.evaluation.solutions import (
    ALL_TEXT,
    PRESIDIO_PYTHON,
    Maskray,
    Solution,
    Treatment,
    make_solution,
    presidio_python,
    written,
)
from data_jobs.report import Prices
from maskray.errors import ConfigError
from maskray.geometry import Box
from maskray.open import open_instance
from maskray.policy import Policy
from maskray.records import Category, Region, Verdict
from maskray.settings import LimitSettings, Settings
from tests.unit.builders import dataset, opened

CANARY = "ZYXCANARY"
NAME, SITE, LEFT = Box(8, 8, 150, 30), Box(8, 40, 150, 62), Box(8, 72, 60, 94)
FILES = ("name.png", "site.png", "clinical.png", "blank.png")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four images: a name and more, an institution, clinical text only, nothing."""
    folder = tmp_path_factory.mktemp(CANARY)
    pieces = (("name", CANARY, NAME), ("institution", "CLINIC B", SITE))
    shown = {"name.png": (0, 1, 2), "site.png": (1, 2), "clinical.png": (2,)}
    for file in FILES:
        image = np.full((110, 200), 30, np.uint8)
        boxes: list[dict[str, Any]] = []
        for number in shown.get(file, ()):
            category, text, box = (*pieces, ("clinical", "LEFT", LEFT))[number]
            at = (box.x0 + 1, box.y1 - 5)
            cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 1)
            place = [box.x0, box.y0, box.x1, box.y1]
            boxes.append({"box": place, "category": category, "text": text})
        PIL.Image.fromarray(image).save(folder / file)
        (folder / f"{file}.json").write_text(json.dumps({"boxes": boxes}))
    return folder


class Fixed:
    """Masks the same places in every image that is not flat, and counts its work."""

    # RapidOCR and Tesseract took part: so there is no judge, and no model is loaded.
    readers = frozenset({"rapidocr", "tesseract"})
    by_policy = False
    digest = "1"

    def __init__(self, name: str, *boxes: Box, fails: bool = False) -> None:
        self.name = name
        self.boxes = boxes
        self.fails = fails
        self.treated = 0

    def treat(self, data: bytes, policy: Policy) -> Treatment:
        self.treated += 1
        if self.fails:
            return Treatment(Verdict.FAILED, "not_decodable", seconds=1.0)
        instance = open_instance(data, LimitSettings())
        flat = len(set(instance.dataset.PixelData)) == 1
        boxes = [] if flat else self.boxes
        regions = [Region((0,), box, Category.UNKNOWN) for box in boxes]
        data = written(instance, regions, Settings())
        verdict = Verdict.REDACTED if regions else Verdict.CLEAN
        return Treatment(verdict, None, data, 0.5, 1000, 10)

    def close(self) -> None:
        pass


def run(
    dataset: Path, out: Path, *solutions: Solution, prices: Prices | None = None
) -> tuple[dict[tuple[str, str], dict[str, Any]], str]:
    """The lines of the JSON by solution and policy, and what was printed."""
    printed = io.StringIO()
    evaluate(
        dataset,
        solutions,
        out,
        Settings(),
        Console(file=printed, width=160),
        prices=prices,
    )
    content = json.loads((out / "evaluation.json").read_text())
    table = {(line["solution"], line["policy"]): line for line in content["table"]}
    return table, printed.getvalue()


def shares(line: dict[str, Any]) -> tuple[Any, ...]:
    names = ("recall", "precision", "specificity", "npv", "phi_hidden", "clinical_kept")
    return tuple(line[name]["share"] for name in names)


def test_each_solution_is_counted_from_what_it_releases(
    labelled: Path, tmp_path: Path
) -> None:
    table, printed = run(
        labelled,
        tmp_path / "out",
        Fixed("nothing"),
        Fixed("the-name", NAME),
        Fixed("all", NAME, SITE, LEFT),
        Fixed("broken", fails=True),
    )
    assert shares(table["nothing", "banner"]) == (0, None, 1, 3 / 4, 0, 1)
    assert shares(table["the-name", "banner"]) == (1, 1 / 3, 1 / 3, 1, 1, 1)
    assert shares(table["the-name", "everything"]) == (1, 2 / 3, 1 / 2, 1, 1 / 3, 1)
    assert shares(table["all", "everything"]) == (1, 2 / 3, 1 / 2, 1, 1, 0)
    assert shares(table["broken", "banner"]) == (1, 1 / 4, 0, None, 1, 0)
    leaks = {key: line["leaks"] for key, line in table.items() if line["leaks"]}
    assert leaks == {
        ("nothing", "banner"): 1,
        ("nothing", "everything"): 2,
        ("the-name", "everything"): 2,
    }
    assert table["broken", "banner"]["failed"] == 4
    # NAME lies on nothing in two of the three images that are masked.
    assert table["all", "banner"]["outside"] == pytest.approx(0.125, abs=0.01)
    assert table["nothing", "banner"]["outside"] == 0
    assert "0.33 [0.06-0.79]" in printed


def test_what_is_done_is_not_done_again(labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, again, other = Fixed("all", NAME), Fixed("all", NAME), Fixed("other")
    before, _ = run(labelled, out, first)
    after, _ = run(labelled, out, again, other)
    assert (first.treated, again.treated, other.treated) == (4, 0, 4)
    assert after["all", "banner"] == before["all", "banner"]
    changed = Fixed("all", NAME)
    changed.digest = "2"
    run(labelled, out, changed)
    assert changed.treated == 4


def test_a_row_cut_off_by_a_crash_is_done_again(labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(labelled, out, Fixed("all", NAME))
    rows = out / "results" / "all.jsonl"
    rows.write_text(rows.read_text()[:-40])
    again = Fixed("all", NAME)
    run(labelled, out, again)
    assert again.treated == 1


def test_the_cost_is_for_100_000_frames(labelled: Path, tmp_path: Path) -> None:
    prices = Prices(
        dollars_per_million_tokens_in=2.0,
        dollars_per_million_tokens_out=10.0,
        dollars_per_hour=3.6,
    )
    table, _ = run(labelled, tmp_path / "out", Fixed("all", NAME), prices=prices)
    # 1000 tokens in, 10 out and half a second for each frame.
    assert table["all", "banner"]["dollars"] == pytest.approx(200 + 10 + 50)
    assert table["all", "banner"]["tokens_in"] == 4000


def test_only_the_owner_can_read_what_is_written(labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o755)
    _, printed = run(labelled, out, Fixed("nothing"), Fixed("all", NAME, SITE, LEFT))
    for path in (out, *out.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path.name
    assert CANARY not in printed
    assert not any(name in printed for name in FILES)


def test_the_page_shows_what_went_wrong(labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(labelled, out, Fixed("nothing"), Fixed("all", NAME, SITE, LEFT))
    page = (out / "evaluation.html").read_text()
    assert "PHI visible: 2 of 2" in page
    assert "clinical lost: 1 of 1" in page
    assert "false alarm" in page
    pictures = set(re.findall(r'src="(pictures/[^"]+)"', page))
    assert pictures
    for name in pictures:
        with PIL.Image.open(out / name) as shown:
            assert shown.width > 2 * 200
    assert "://" not in page


def test_the_picture_is_of_the_frame_that_shows_phi() -> None:
    frames = np.full((3, 110, 200), 20, np.uint8)
    frames[:, 100:] = 200
    frames[1, 20:] = 200  # mostly bright, as the others are mostly dark
    instance = opened(dataset(frames))
    label = Label(box=(8, 8, 150, 30), category=Category.NAME, text=CANARY)
    image = Labelled("a", "a", "yes", (label,))
    row = Row("a", "*", "", "REDACTED", None, 0.0, 3, shown=(1.0,), worst=(1,))
    made = picture(instance, instance, image, row, EVERYTHING)
    assert made is not None
    with PIL.Image.open(io.BytesIO(made)) as shown:
        assert np.asarray(shown.convert("L")).mean() > 120


def test_labels_without_boxes_give_the_shares_of_images(
    labelled: Path, tmp_path: Path
) -> None:
    lines = ["path,has_phi", "name.png,yes", "site.png,soft", "clinical.png,no"]
    table_file = tmp_path / "labels.csv"
    table_file.write_text("\n".join([*lines, "blank.png,no"]))
    printed = io.StringIO()
    lines_made = evaluate(
        table_file,
        [Fixed("the-name", NAME)],
        tmp_path / "out",
        Settings(),
        Console(file=printed, width=160),
        images=labelled,
    )
    banner, everything = (line.score for line in lines_made)
    assert (banner.recall, banner.precision) == (1, 1 / 3)
    assert (everything.recall, everything.specificity) == (1, 1 / 2)
    assert "pieces of text" not in printed.getvalue()


def test_a_folder_with_other_things_is_left_alone(labelled: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(ConfigError, match="something else"):
        run(labelled, tmp_path, Fixed("all"))
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


def test_a_release_with_other_frames_counts_as_failed(
    labelled: Path, tmp_path: Path
) -> None:
    class Cropped(Fixed):
        def treat(self, data: bytes, policy: Policy) -> Treatment:
            buffer = io.BytesIO()
            with PIL.Image.open(io.BytesIO(data)) as image:
                image.crop((0, 0, 50, 50)).save(buffer, "PNG")
            return Treatment(Verdict.REDACTED, data=buffer.getvalue())

    table, _ = run(labelled, tmp_path / "out", Cropped("cropped"))
    assert table["cropped", "banner"]["failed"] == 4


def test_the_names_of_solutions() -> None:
    solution = make_solution("rules", Settings())
    assert isinstance(solution, Maskray)
    assert solution.by_policy
    assert make_solution(ALL_TEXT, Settings()).name == ALL_TEXT
    for name in ("", "oracle", "rules+", "easyocr"):
        with pytest.raises(ConfigError, match="no such solution"):
            make_solution(name, Settings())


def test_presidio_says_how_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    if PRESIDIO_PYTHON.exists():
        assert presidio_python() == PRESIDIO_PYTHON
        monkeypatch.setattr(
            "data_jobs.evaluation.solutions.PRESIDIO_PYTHON", Path("/no/such")
        )
    with pytest.raises(ConfigError, match="make presidio"):
        presidio_python()


def test_the_policies_differ_in_what_a_banner_is() -> None:
    banner, everything = POLICIES
    assert banner.phi < everything.phi
    assert {Category.OPERATOR, Category.INSTITUTION} <= everything.phi - banner.phi
    assert EVERYTHING.phi == Policy().phi
