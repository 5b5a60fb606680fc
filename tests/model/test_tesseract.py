"""Tesseract spells single lines, or nothing."""

import os
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from maskray.errors import ServiceDownError
from maskray.tesseract import Tesseract
from maskray.text import letters

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def engine() -> Tesseract:
    return Tesseract()


BITMAP, OUTLINE = ImageFont.load_default_imagefont(), ImageFont.load_default(16)


def picture(text, font=OUTLINE, ink=255, paper=0):
    """A line of text, enlarged as consoles do: shape (rows, columns, 3)."""
    x0, y0, x1, y1 = (round(each) for each in font.getbbox(text))
    page = Image.new("L", (x1 - x0 + 12, y1 - y0 + 10), paper)
    ImageDraw.Draw(page).text((6 - x0, 5 - y0), text, ink, font)
    gray = np.asarray(page).repeat(2, 0).repeat(2, 1)
    return np.ascontiguousarray(np.repeat(gray[..., np.newaxis], 3, axis=2))


@pytest.mark.parametrize(
    ("text", "font"),
    [
        ("THI", BITMAP),
        ("WALL STAND", BITMAP),
        ("Dyn R 62 dB", OUTLINE),
        ("KRZYSZTOF", OUTLINE),
    ],
)
@pytest.mark.parametrize(("ink", "paper"), [(255, 0), (0, 255), (180, 60)])
def test_console_letters_are_spelled_as_they_are(engine, text, font, ink, paper):
    spelled = engine.spell(picture(text, font, ink, paper))
    assert spelled is not None
    assert letters(spelled.get_secret_value()) == letters(text)


@pytest.mark.parametrize("name", ["LEVER", "LUNGU", "Heid", "Cheste", "Spein"])
def test_a_name_that_is_nearly_a_word_does_not_become_it(engine, name):
    spelled = engine.spell(picture(name))
    assert spelled is not None
    assert letters(spelled.get_secret_value()) == letters(name)


def test_nothing_is_spelled_where_there_is_nothing_or_too_little(engine):
    noise = np.random.default_rng(5).integers(0, 255, (24, 90, 1), dtype=np.uint8)
    assert engine.spell(np.repeat(noise, 3, axis=2)) is None
    assert engine.spell(np.zeros((20, 60, 3), np.uint8)) is None
    assert engine.spell(picture("LM", BITMAP)) is None


def test_lines_of_a_pixel_are_no_error(engine):
    assert engine.spell(np.zeros((1, 1, 3), np.uint8)) is None
    assert engine.spell(np.zeros((1, 400, 3), np.uint8)) is None


def test_what_is_spelled_is_a_secret_and_nothing_is_printed(engine, capfd):
    spelled = engine.spell(picture("KRZYSZTOF"))
    assert "KRZ" not in repr(spelled)
    engine.spell(np.zeros((2, 2, 3), np.uint8))
    assert capfd.readouterr() == ("", "")


def test_a_missing_network_is_an_error_that_says_what_to_install(monkeypatch):
    monkeypatch.setattr(metadata, "files", lambda _: [])
    with pytest.raises(ServiceDownError, match=r"tessdata\.eng"):
        Tesseract()


def test_torch_keeps_its_threads():
    """The limit of Tesseract's own OpenMP is taken back when it is loaded."""
    code = "import os; from maskray.tesseract import Tesseract; Tesseract(); import torch; "
    code += "print(os.environ.get('OMP_THREAD_LIMIT'), torch.get_num_threads())"
    env = {key: value for key, value in os.environ.items() if not key.startswith("OMP_")}
    alone = [sys.executable, "-c", "import torch; print(None, torch.get_num_threads())"]
    both = [sys.executable, "-c", code]
    said = [
        subprocess.run(each, env=env, capture_output=True, check=True).stdout
        for each in (both, alone)
    ]
    assert said[0] == said[1]
