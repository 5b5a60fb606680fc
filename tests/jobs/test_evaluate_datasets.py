"""The three forms of labelled sets, and what is said of wrong ones."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from data_jobs.evaluation.datasets import load_dataset
from maskray.errors import ConfigError
from maskray.records import Category
from maskray.synthesize import synthesize

CANARY = "ZYXCANARY"
NAME = {"box": [4, 4, 30, 12], "category": "name", "text": CANARY}
LEFT = {"box": [4, 20, 30, 28], "category": "clinical"}


def png(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.zeros((32, 40), np.uint8)).save(path, "PNG")
    return path


def labels(path: Path, *boxes: dict[str, Any]) -> None:
    Path(f"{path}.json").write_text(json.dumps({"boxes": boxes}))


def test_what_synthesize_makes_is_taken(tmp_path: Path) -> None:
    synthesize(tmp_path / "set", n=2, seed=105, phi_share=0.5)
    found = load_dataset(tmp_path / "set")
    truth = json.loads((tmp_path / "set" / "truth.json").read_text())["instances"]
    assert (found.form, found.left_out, found.with_boxes) == ("truth.json", 0, True)
    assert [each.name for each in found.images] == [each["file"] for each in truth]
    for image, instance in zip(found.images, truth, strict=True):
        assert image.boxes is not None
        assert [list(b.box) for b in image.boxes] == [b["box"] for b in instance["boxes"]]
        assert [b.phi for b in image.boxes] == [b["phi"] for b in instance["boxes"]]
        assert (image.has_phi == "yes") is instance["has_phi"]


def test_boxes_beside_images_are_taken(tmp_path: Path) -> None:
    labels(png(tmp_path / "a.png"), NAME, LEFT)
    labels(png(tmp_path / "deep" / "b"))
    png(tmp_path / "unlabelled.png")
    found = load_dataset(tmp_path)
    assert [each.name for each in found.images] == ["a.png", "deep/b"]
    assert [each.has_phi for each in found.images] == ["yes", "no"]
    assert found.left_out == 1
    first = found.images[0].boxes
    assert first is not None
    assert [(b.phi, b.category) for b in first] == [
        (True, Category.NAME),
        (False, Category.CLINICAL),
    ]
    assert first[0].spot.frames == ()


def test_a_csv_says_which_images_show_phi(tmp_path: Path) -> None:
    for name in "abcde":
        png(tmp_path / "images" / f"{name}.png")
    lines = ["path,source,has_phi,notes", "a.png,x,yes,", "b.png,x,no,", "c.png,x,soft,"]
    lines += ["d.png,x,n/a,", 'e.png,x,True,"with, comma"']
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(lines))
    found = load_dataset(table, tmp_path / "images")
    assert [each.has_phi for each in found.images] == ["yes", "no", "soft", "yes"]
    assert (found.form, found.left_out, found.with_boxes) == ("csv", 1, False)
    with pytest.raises(ConfigError, match="4 of the labelled images are not there"):
        load_dataset(table)


def test_of_an_archive_it_must_be_clear_which_image_is_meant(tmp_path: Path) -> None:
    for name, members in (("one.zip", "a"), ("two.zip", "ab")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for member in members:
                archive.write(png(tmp_path / f"{member}.png"), f"{member}.png")
    (tmp_path / "labels.csv").write_text("path,has_phi\none.zip,yes\ntwo.zip,no")
    found = load_dataset(tmp_path / "labels.csv")
    assert [(each.name, each.has_phi) for each in found.images] == [("one.zip", "yes")]
    assert len(found.images[0].digest) == 16
    assert found.left_out == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("name,has_phi\na.png,yes", "columns path and has_phi"),
        ("path,has_phi\na.png", "line 2 of the labels is cut off"),
        ("path,has_phi\na.png,yes\na.png,no", "twice"),
        ("path,has_phi\na.png,perhaps", "no labelled images"),
        ("", "columns"),
    ],
)
def test_a_wrong_csv_is_refused(tmp_path: Path, content: str, says: str) -> None:
    png(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(ConfigError, match=says):
        load_dataset(tmp_path / "labels.csv")


@pytest.mark.parametrize(
    "box",
    [
        {**NAME, "box": [4, 4, 4, 12]},
        {**NAME, "box": [-1, 4, 30, 12]},
        {**NAME, "box": [4, 4, 30]},
        {**NAME, "category": CANARY},
        {"category": "name"},
    ],
)
def test_a_wrong_box_is_refused_and_not_quoted(tmp_path: Path, box: dict[str, Any]) -> None:
    labels(png(tmp_path / f"{CANARY}.png"), LEFT, box)
    with pytest.raises(ConfigError) as caught:
        load_dataset(tmp_path)
    assert "label file of image 0" in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"instances": 3}', '{"instances": [{}]}']
)
def test_a_wrong_truth_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "truth.json").write_text(content)
    with pytest.raises(ConfigError, match=r"truth\.json"):
        load_dataset(tmp_path)


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    png(tmp_path / "a.png")
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigError):
            load_dataset(path)
