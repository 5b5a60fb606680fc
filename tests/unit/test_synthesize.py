"""The synthetic set: is it what its truth says, always the same, and valid DICOM?"""

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom.pixels.utils import pixel_array

import maskray.synthesize
from maskray.errors import ConfigError, OutputError
from maskray.geometry import Box
from maskray.records import Category
from maskray.synthesize import TRUTH_FILE, synthesize
from maskray.synthesize.bases import load_bases
from maskray.synthesize.faces import FACES
from maskray.synthesize.formats import FORMATS, plan_scenes, spread
from maskray.synthesize.instances import make_canvas, make_instance
from maskray.synthesize.people import invent_person, invent_visit


@pytest.fixture(scope="module", autouse=True)
def only_shipped_bases():
    """The set must not depend on what lies in ``examples/base`` here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maskray.synthesize, "DEFAULT_BASE", Path("no such folder"))
        yield


@pytest.fixture(scope="module")
def bases():
    return load_bases(None)


@pytest.fixture(scope="module")
def made(bases):
    """One small instance of every format, with the scene it was made from."""
    scenes = {}
    for scene in plan_scenes(len(FORMATS), seed=3, phi_share=0.5):
        few = min(scene.frames, max(3, scene.format.frames[0]) if scene.frames > 1 else 1)
        scenes[scene.format] = replace(scene, frames=few, rows=420, columns=560)
    return [(scene, make_instance(scene, bases)) for scene in scenes.values()]


def _labels(instance):
    return [(Box(*row["box"]), row) for row in instance.truth["boxes"]]


def _digest(folder):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("sets") / "first"
    synthesize(out, n=4, seed=5)
    return out


def test_the_same_arguments_give_the_same_bytes(folder, tmp_path):
    synthesize(tmp_path / "again", n=4, seed=5)
    assert _digest(tmp_path / "again") == _digest(folder)


def test_another_seed_gives_other_texts(folder, tmp_path):
    synthesize(tmp_path / "other", n=4, seed=6)
    texts = [
        {row["text"] for item in json.loads(text)["instances"] for row in item["boxes"]}
        for text in (
            (folder / TRUTH_FILE).read_text(),
            (tmp_path / "other" / TRUTH_FILE).read_text(),
        )
    ]
    assert len(texts[0] & texts[1]) < min(len(each) for each in texts) / 4


def test_the_truth_names_every_file_and_counts_phi(folder):
    truth = json.loads((folder / TRUTH_FILE).read_text())
    files = {path.name for path in folder.iterdir()} - {TRUTH_FILE}
    assert truth["version"] == 1
    assert truth["seed"] == 5
    assert {item["file"] for item in truth["instances"]} == files
    assert sum(item["has_phi"] for item in truth["instances"]) == 2


@given(
    n=st.integers(1, 150),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**63),
)
def test_the_plan_holds_exactly_the_asked_share_of_phi(n, share, seed):
    scenes = plan_scenes(n, seed, share)
    assert len({scene.file for scene in scenes}) == n
    assert sum(scene.has_phi for scene in scenes) == round(n * share)
    silent = sum(not scene.has_text for scene in scenes)
    assert silent == round((n - round(n * share)) / 3)


@given(of=st.integers(1, 200), data=st.data())
def test_spread_places_exactly_so_many(of, data):
    count = data.draw(st.integers(0, of))
    placed = spread(count, of, data.draw(st.integers(0, of - 1)))
    assert len(placed) == of
    assert sum(placed) == count


def test_seventy_instances_cover_every_encoding():
    scenes = plan_scenes(70, seed=0, phi_share=0.5)
    forms = {scene.format for scene in scenes}
    assert forms == set(FORMATS)
    assert {form.photometric for form in forms} == {
        "MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT",
        "PALETTE COLOR",
    }  # fmt: skip
    assert len({form.transfer_syntax for form in forms}) == 8
    assert {form.bits_stored for form in forms} >= {8, 10, 12, 13, 16}
    assert {form.where for form in forms} == {"pixels", "overlay", "high_bits"}
    assert {form.kind for form in forms} == {"dicom", "png", "jpeg"}


def test_formats_do_not_tell_whether_there_is_phi():
    twice = 2 * len(FORMATS)
    with_phi = [s.format for s in plan_scenes(twice, 4, 0.5) if s.has_phi]
    assert len(set(with_phi)) == len(with_phi) == len(FORMATS)


def test_every_instance_is_valid_and_decodes_to_its_shape(made):
    for scene, instance in made:
        if scene.format.kind != "dicom":
            image = Image.open(io.BytesIO(instance.data))
            assert image.size == (scene.columns, scene.rows)
            continue
        dataset = pydicom.dcmread(io.BytesIO(instance.data))
        assert dataset.SOPInstanceUID == instance.truth["sop_instance_uid"]
        assert dataset.file_meta.TransferSyntaxUID == scene.format.transfer_syntax
        assert dataset.PhotometricInterpretation == instance.truth["photometric"]
        frames = pixel_array(dataset)
        shape = (scene.rows, scene.columns)
        assert frames.shape[: len(scene.shape) - (scene.frames == 1)] == (
            shape if scene.frames == 1 else scene.shape
        )


def test_lossless_files_decode_to_the_values_that_were_burned(made):
    for scene, instance in made:
        form = scene.format
        lossy = form.transfer_syntax.name.startswith("JPEG Baseline")
        if form.kind != "dicom" or lossy or form.photometric.startswith("YBR_FULL"):
            continue
        dataset = pydicom.dcmread(io.BytesIO(instance.data))
        decoded = pixel_array(dataset).reshape(instance.canvas.stored.shape)
        np.testing.assert_array_equal(decoded, instance.canvas.stored)


def test_labels_lie_inside_and_never_overlap(made):
    for scene, instance in made:
        labels = _labels(instance)
        for index, (box, row) in enumerate(labels):
            assert box.clip(scene.rows, scene.columns) == box
            assert row["frames"] == sorted(set(row["frames"]))
            assert 0 <= row["frames"][0] <= row["frames"][-1] < scene.frames
            for other, its in labels[index + 1 :]:
                if set(row["frames"]) & set(its["frames"]):
                    assert not box.overlap(other)


def test_boxes_are_the_ink(made, bases):
    """Every side of a box touches changed pixels; no frame without the text changed."""
    for scene, instance in made:
        blank = make_canvas(scene, bases)
        changed = instance.canvas.stored != blank.stored
        if scene.format.coloured:
            changed = changed.any(axis=3)
        for box, row in _labels(instance):
            if row["where"] == "pixels":
                ink = changed[row["frames"]].any(axis=0)[box.index]
            else:
                ink = instance.canvas.bits[box.index]
            sides = (ink[0], ink[-1], ink[:, 0], ink[:, -1])
            assert all(side.any() for side in sides), row


def test_nothing_but_text_and_its_ground_changes(made, bases):
    for scene, instance in made:
        blank = make_canvas(scene, bases)
        changed = instance.canvas.stored != blank.stored
        if scene.format.coloured:
            changed = changed.any(axis=3)
        for box, row in _labels(instance):
            marks = row["font"].split("+")
            grounded = {"boxed", "shadow"} & set(marks)
            reach = 40 if "boxed" in grounded else 6 if grounded else 0
            area = box.grow(reach, reach).clip(scene.rows, scene.columns)
            for frame in row["frames"]:
                changed[frame][area.index] = False
        assert not changed.any(), scene


def test_text_of_planes_and_high_bits_is_in_the_file(made):
    seen = set()
    for scene, instance in made:
        where = scene.format.where
        if where == "pixels" or not instance.truth["has_text"]:
            continue
        dataset = pydicom.dcmread(io.BytesIO(instance.data))
        if where == "overlay":
            shown = dataset.overlay_array(0x6000).astype(bool)
        else:
            raw = np.frombuffer(dataset.PixelData, "<u2").reshape(dataset.Rows, -1)
            shown = raw >> dataset[0x6000, 0x0102].value != 0
        np.testing.assert_array_equal(shown, instance.canvas.bits)
        assert shown.any()
        seen.add(where)
    assert seen


def test_instances_show_phi_exactly_where_planned(made):
    for scene, instance in made:
        assert instance.truth["has_phi"] is scene.has_phi
        assert instance.truth["has_text"] is scene.has_text
        for _, row in _labels(instance):
            plain = row["category"] in (Category.CLINICAL, Category.UNKNOWN)
            assert row["phi"] is not plain
            assert scene.has_phi or row["category"] == Category.CLINICAL


def test_letters_stand_out(made):
    rows = [row for _, instance in made for _, row in _labels(instance)]
    assert min(row["contrast"] for row in rows) >= 0.12
    assert max(row["contrast"] for row in rows) > 0.9
    assert min(row["height_px"] for row in rows) >= 8


def test_headers_hold_an_invented_patient_or_none(made):
    for scene, instance in made:
        if scene.format.kind != "dicom":
            continue
        dataset = pydicom.dcmread(io.BytesIO(instance.data))
        if scene.header == "scrubbed":
            assert not dataset.PatientName
            assert "RequestAttributesSequence" not in dataset
        else:
            assert dataset.PatientName
            private = dataset.private_block(0x0009, "CONSOLE DEMOGRAPHICS 1.0")
            assert 0x01 in private
            assert dataset.RequestAttributesSequence[0].RequestedProcedureDescription


def test_no_two_instances_share_a_background(bases):
    scenes = [s for s in plan_scenes(82, 0, 0.0) if s.format.modality == "MR"]
    small = [replace(s, rows=64, columns=64, format=scenes[0].format) for s in scenes]
    seen = {make_canvas(scene, bases).stored.tobytes() for scene in small}
    assert len(seen) == len(scenes)


def test_people_are_ascii_and_born_before_their_visit():
    rng = np.random.default_rng(0)
    for _ in range(300):
        person, visit = invent_person(rng), invent_visit(rng)
        assert f"{person.family}{person.given}{visit.institution}".isascii()
        assert person.born < visit.day


@pytest.mark.parametrize("name", FACES)
def test_every_face_draws_each_text_at_its_own_place(name):
    face = FACES[name]
    size = face.nearest(20)
    for smooth in (True, False):
        masks = face.line(["AB  ", "1961-03-12  ", "kVp"], size, smooth)
        assert len({mask.shape for mask in masks}) == 1
        assert all(mask.any() for mask in masks)
        right = [np.nonzero(mask.any(axis=0))[0][-1] for mask in masks]
        left = [np.nonzero(mask.any(axis=0))[0][0] for mask in masks]
        assert right[0] < left[1]
        assert right[1] < left[2]
        assert face.height(face.nearest(10), smooth) >= 8


def test_own_bases_are_used(tmp_path, made, bases):
    scene = next(scene for scene, _ in made if scene.format.modality == "CT")
    silent = replace(scene, has_phi=False, has_text=False)
    (tmp_path / "base").write_bytes(make_instance(silent, bases).data)
    (tmp_path / "README").write_text("no image")
    assert len(load_bases(tmp_path)) == len(bases) + 1


@pytest.mark.parametrize(
    "wrong",
    [{"n": 0}, {"n": 10_000}, {"seed": -1}, {"phi_share": 1.5}, {"phi_share": -0.1}],
)
def test_wrong_arguments_are_refused_before_anything_is_written(wrong, tmp_path):
    with pytest.raises(ConfigError):
        synthesize(tmp_path / "set", **wrong)
    assert not (tmp_path / "set").exists()


def test_a_base_folder_without_images_is_refused(tmp_path):
    with pytest.raises(ConfigError):
        synthesize(tmp_path / "set", n=1, base=tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError):
        synthesize(tmp_path / "set", n=1, base=tmp_path / "empty")


def test_a_filled_folder_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(OutputError):
        synthesize(tmp_path, n=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_file_in_the_place_of_the_folder_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        synthesize(tmp_path / "file", n=1)
