"""The check of a release: what counts as readable, and what as unharmed."""

from pathlib import Path

import numpy as np
import pytest

from bench import check_release
from bench.check_release import read_view, same_pixels, tiles
from maskray.score import readable
from tests.unit.builders import dataset, random_frames, written


@pytest.mark.parametrize(
    ("secret", "line"),
    [
        ("DOE, JOHN", "DOE JOHN"),
        ("DOE, JOHN", "Name: JOHN"),
        ("KAUFMAN SCOTT", "KAUFMAN"),
        ("KAUFMAN SCOTT", "KAUFHAN SCOI"),
        ("01.09.2012", "Study O1.O9.2O12 10:44"),
        ("00047431395", "ID 0004743I395 F"),
        ("OB", "OB"),
        ("202-555-0121", "at 202 555 0127."),
    ],
)
def test_what_is_left_of_a_string_is_recognised(secret: str, line: str) -> None:
    assert readable(secret, ["Chest PA", line])


@pytest.mark.parametrize(
    ("secret", "line"),
    [
        ("DOE, JOHN", "DOSE JOINT"),
        ("KAUFMAN SCOTT", "KVP 120 mAs 4"),
        ("01.09.2012", "1.09 cm/s 20.12"),
        ("OB", "OBLIQUE"),
        ("OB", "08"),
        ("00047431395", "47431"),
        ("New York", "new"),
        ("", "anything"),
    ],
)
def test_clinical_text_is_not_taken_for_it(secret: str, line: str) -> None:
    assert not readable(secret, [line])


def test_one_changed_value_makes_pixels_differ(tmp_path: Path) -> None:
    frames = random_frames((2, 16, 24), 12)
    for name, change in (("source", 0), ("same", 0), ("other", 1)):
        frames[1, 3, 3] ^= change
        (tmp_path / name).write_bytes(written(dataset(frames, bits=12)))
    source = {"source": str(tmp_path / "source")}
    assert same_pixels({**source, "released": "same"}, tmp_path) == "bytes"
    assert same_pixels({**source, "released": "other"}, tmp_path) == "DIFFERENT"
    assert same_pixels({**source, "released": "gone"}, tmp_path).startswith("NOT COMPARED")


def test_tiles_cover_a_frame_and_leave_flat_places_out() -> None:
    view = np.arange(300 * 500, dtype=np.uint32).astype(np.uint8).reshape(300, 500, 1)
    view = np.repeat(view, 3, axis=2)
    assert sum(tile.size for tile in tiles(view, 200, 50)) >= view.size
    assert len(list(tiles(view, 1000, 50))) == 1
    assert not list(tiles(np.full_like(view, 9), 200, 50))


def test_notes_spare_a_view_that_was_read_and_hold_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes, reads = tmp_path / "notes", []
    view = np.zeros((9, 9, 3), np.uint8)

    def read(_: object) -> list[str]:
        reads.append(1)
        return ["Name: JOHN"]

    monkeypatch.setenv(check_release.NOTES, str(notes))
    monkeypatch.setattr(check_release, "by_rapidocr", read)
    monkeypatch.setattr(check_release, "by_easyocr", lambda _: [])
    for _ in range(2):  # two runs: each worker reads the notes once
        check_release._notes.cache_clear()
        assert read_view(view, ["SMITH", "DOE, JOHN"]) == ([1], [])
    assert len(reads) == 1
    assert "JOHN" not in notes.read_text("utf-8")
    assert read_view(view, ["DOE, JOHN"]) == ([0], [])
    assert read_view(view[:, :8], ["DOE, JOHN"]) == ([0], [])
    assert len(reads) == 3
    check_release._notes.cache_clear()
