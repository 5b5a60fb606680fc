"""EasyOCR says where text is, to the pixel."""

import shutil

import numpy as np
import pytest

from maskray import locate
from maskray.errors import ServiceDownError
from maskray.geometry import Box
from maskray.locate import Locator, weights_folder
from maskray.settings import LocateSettings
from tests.model.pictures import grey, tissue, write

pytestmark = pytest.mark.model

NAME = "THISTLEWOOD"


def view_of(plane):
    return np.repeat(grey(plane)[..., np.newaxis], 3, axis=2)


def around(box):
    """The place that the plan asks for: the text with half a line of air."""
    air = max(min(box.width, box.height) // 2, 4)
    return box.grow(air, air)


def located(locator, plane, *boxes):
    heights = [min(box.width, box.height) for box in boxes]
    return locator.locate(view_of(plane), [around(box) for box in boxes], heights)


def covers(found, letters):
    """Whether one box covers the letters but for two pixels, and not much more."""
    inner = Box(letters.x0 + 2, letters.y0 + 2, letters.x1 - 2, letters.y1 - 2)
    return any(
        each.box.overlap(inner) == inner.area and each.box.area < 3 * letters.area
        for each in found
    )


@pytest.mark.parametrize("size", [12, 20, 40])
def test_letters_of_any_size_are_located(locator, size):
    plane = tissue()
    letters = write(plane, "SUPINE", (30, 40), size)
    assert covers(located(locator, plane, letters), letters)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (4, 170), (120, 2), (108, 168)])
def test_text_at_the_edge_is_located(locator, x, y):
    plane = tissue()
    letters = write(plane, NAME, (x, y), 18)
    assert covers(located(locator, plane, letters), letters)


@pytest.mark.parametrize("turns", [1, 3])
def test_text_that_runs_up_or_down_is_located(locator, turns):
    plane = tissue()
    letters = write(plane, NAME, (30, 12), 18, turns=turns)
    rows = np.zeros(plane.shape[0], bool)  # it may be located in several pieces
    for each in located(locator, plane, letters):
        assert each.box.width < 2 * letters.width
        rows[max(each.box.y0, 0) : each.box.y1] = True
    assert rows[letters.y0 + 2 : letters.y1 - 2].mean() > 0.95


def test_boxes_are_native_pixels_of_the_whole_view(locator):
    plane = np.zeros((480, 500))
    letters = write(plane, NAME, (330, 420), 18)
    (found,) = located(locator, plane, letters)
    assert abs(found.box.x0 - letters.x0) <= 6
    assert abs(found.box.y0 - letters.y0) <= 6
    assert abs(found.box.x1 - letters.x1) <= 6
    assert abs(found.box.y1 - letters.y1) <= 6


def test_every_place_is_looked_at(locator):
    plane = np.zeros((500, 500))
    boxes = [
        write(plane, word, (20 + 240 * (i % 2), 10 + 60 * (i // 2)), 14 + 3 * i)
        for i, word in enumerate(["LEFT", "SUPINE", NAME, "KNEE", "AXIAL", "DOE"])
    ]
    found = located(locator, plane, *boxes)
    assert all(covers(found, box) for box in boxes)


def test_only_the_places_are_looked_at(locator):
    plane = np.zeros((300, 300))
    here = write(plane, "LEFT", (10, 10))
    there = write(plane, "RIGHT", (200, 250))
    found = located(locator, plane, here)
    assert covers(found, here)
    assert not any(each.box.overlap(there) for each in found)


def test_boxes_stay_inside_their_places(locator):
    plane = tissue()
    letters = write(plane, NAME, (30, 40))
    place = around(letters)
    for each in located(locator, plane, letters):
        assert each.box.overlap(place) == each.box.area


def test_a_long_place_is_cut_into_pieces_that_overlap(locator, monkeypatch):
    monkeypatch.setattr(locate, "_CANVAS", (256, 256))
    plane = np.zeros((60, 500))
    letters = write(plane, "THISTLEWOOD PERPETUA VANTONGEREN", (10, 20), 22)
    found = located(locator, plane, letters)
    covered = np.zeros(500, bool)
    for each in found:
        covered[max(each.box.x0, 0) : each.box.x1] = True
    columns = np.nonzero(plane.any(axis=0))[0]
    assert covered[columns].mean() > 0.95


def test_nothing_is_found_where_nothing_is(locator):
    assert located(locator, np.zeros((200, 200)), Box(20, 20, 120, 40)) == []
    assert locator.locate(view_of(tissue()), [], []) == []
    assert locator.read(view_of(tissue()), [], []) == []


@pytest.mark.parametrize("place", [Box(900, 900, 950, 920), Box(-50, -50, -10, -20)])
def test_a_place_outside_the_view_is_passed_over(locator, place):
    assert locator.locate(view_of(tissue()), [place], [20]) == []


def test_a_place_over_the_edge_is_clipped(locator):
    plane = tissue()
    letters = write(plane, NAME, (2, 2))
    found = locator.locate(view_of(plane), [Box(-40, -40, 200, 40)], [16])
    assert covers(found, letters)


@pytest.mark.parametrize("text", ["LEFT", "SUPINE", "THISTLEWOOD", "7741902"])
def test_text_is_read(locator, text):
    plane = np.zeros((80, 260))
    letters = write(plane, text, (30, 30), 24)
    found = locator.read(view_of(plane), [around(letters)], [letters.height])
    assert [each.text.get_secret_value() for each in found] == [text]
    assert found[0].confidence > 0.3
    assert covers(found, letters)


def test_what_was_read_does_not_show_itself(locator):
    plane = np.zeros((80, 260))
    letters = write(plane, NAME, (30, 30), 24)
    found = locator.read(view_of(plane), [around(letters)], [letters.height])
    assert NAME not in repr(found)


# --- Weights --------------------------------------------------------------------------


def test_a_folder_without_weights_stops_the_run(tmp_path):
    with pytest.raises(ServiceDownError) as caught:
        Locator(LocateSettings(models=tmp_path))
    assert caught.value.code == "no_weights"


def test_damaged_weights_stop_the_run(tmp_path):
    source = weights_folder(LocateSettings())
    for name in ("craft_mlt_25k.pth", "english_g2.pth"):
        shutil.copy(source / name, tmp_path / name)
    with (tmp_path / "english_g2.pth").open("r+b") as file:
        file.write(b"damaged")
    with pytest.raises(ServiceDownError) as caught:
        Locator(LocateSettings(models=tmp_path, device="cpu"))
    assert caught.value.code == "damaged_weights"


def test_a_graphics_card_that_is_not_there_stops_the_run(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ServiceDownError) as caught:
        Locator(LocateSettings(device="cuda"))
    assert caught.value.code == "no_gpu"


def test_the_configured_folder_is_taken(tmp_path):
    for name in ("craft_mlt_25k.pth", "english_g2.pth"):
        (tmp_path / name).touch()
    assert weights_folder(LocateSettings(models=tmp_path)) == tmp_path


def test_the_cache_is_preferred_to_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("EASYOCR_MODULE_PATH", str(tmp_path))
    (tmp_path / "model").mkdir()
    assert weights_folder(LocateSettings()) != tmp_path / "model"
    for name in ("craft_mlt_25k.pth", "english_g2.pth"):
        (tmp_path / "model" / name).touch()
    assert weights_folder(LocateSettings()) == tmp_path / "model"
