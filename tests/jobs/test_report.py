"""The report: does it count right, show released files only, and give nobody away?"""

import ast
import base64
import html.parser
import io
import json
import re
import shutil
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
    UltrasoundMultiFrameImageStorage,
)

from data_jobs import tally
from data_jobs.explain import CODES, STAGES, explain
from data_jobs.output import LEDGER, MANIFEST, Output
from data_jobs.pictures import choose
from data_jobs.report import Prices, write_report
from maskray import account
from maskray.errors import ConfigError, MaskrayError

CANARY = "ZYXCANARY"
RUN, LATER = "66000000-aaaaaa", "66000100-bbbbbb"
ROWS, COLUMNS = 400, 640
MASKED = (slice(100, 200), slice(80, 400))
"""Rows and columns that are black in the released frames made here."""


# --- an output folder, made by hand ---------------------------------------------------


@cache
def _dicom(colour=False, frames=1, syntax=ExplicitVRLittleEndian):
    """A released file: bright, black where it was masked, a canary in its header."""
    shape = (frames, ROWS, COLUMNS, 3) if colour else (frames, ROWS, COLUMNS)
    top = 255 if colour else 4095
    ramp = np.linspace(top // 2, top, COLUMNS)
    values = np.broadcast_to(ramp[:, np.newaxis] if colour else ramp, shape).copy()
    values[:, *MASKED] = 0
    values[1:] = 0  # all but the first frame are black
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = UltrasoundMultiFrameImageStorage if colour else CTImageStorage
    dataset.SOPInstanceUID = "2.25.4711"
    dataset.Modality = "US" if colour else "CT"
    dataset.PatientName = CANARY
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = ROWS, COLUMNS, frames
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    dataset.BitsAllocated = 8 if colour else 16
    dataset.BitsStored = 8 if colour else 12
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.PixelData = values.astype(np.uint8 if colour else "<u2").tobytes()
    if syntax != ExplicitVRLittleEndian:
        dataset.compress(syntax, generate_instance_uid=False)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _png(value=200):
    pixels = np.full((ROWS, COLUMNS), value, np.uint8)
    pixels[MASKED] = 0
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _row(instance, verdict="CLEAN", **values):
    """A manifest row as ``manifest_row`` makes it."""
    row = {
        "instance": instance,
        "run": RUN,
        "verdict": verdict,
        "frames_looked_at": 0,
        "frames_without_text": 0,
        "frames_masked": 0,
        "lines_read": 0,
        "regions": 0,
        "masked_share": 0.0,
        "tokens_in": 0,
        "tokens_out": 0,
        "detectors": ["rules"],
        "policy": "default",
        "settings": "0123456789abcdef",
        "version": "0.1.0",
    }
    return {**row, **values}


def _released(instance, verdict="CLEAN", modality="CT", frames=1, **values):
    """A manifest row of a released DICOM instance."""
    facts = {
        "released": f"release/2.25.{instance}.dcm",
        "kind": "dicom",
        "modality": modality,
        "photometric": "MONOCHROME2",
        "transfer_syntax": str(ExplicitVRLittleEndian),
        "frames": frames,
        "rows": 10,
        "columns": 10,
        "bits_stored": 12,
        "frames_looked_at": frames,
    }
    return _row(instance, verdict, **{**facts, **values})


def _add(folder, rows, name=""):
    Output(str(folder)).add_table(MANIFEST, account.table(rows, account.MANIFEST), name)


FEW = [
    _released(
        "1",
        "REDACTED",
        frames=3,
        frames_looked_at=2,
        frames_without_text=1,
        frames_masked=2,
        lines_read=5,
        regions=3,
        categories={"name": 2, "birth_date": 1},
        masked_share=0.25,
        tokens_in=1000,
        tokens_out=100,
        seconds={"open": 1.0, "read": 5.0},
    ),
    _released("2", frames=1, rows=20, lines_read=2, seconds={"open": 2.0}),
    _released(
        "3",
        "REDACTED",
        "US",
        frames_masked=1,
        regions=1,
        categories={"name": 1},
        masked_share=0.5,
        error_code="duplicate_sop_instance_uid",
        stage="write",
        transfer_syntax=str(JPEG2000Lossless),
    ),
    _row("4", "REVIEW", error_code="text_left_over", stage="verify"),
    _row("5", "FAILED", error_code="not_decodable", stage="open", seconds={"open": 8.0}),
    _row("6", "FAILED", error_code="internal_ValueError", stage="examine"),
]


def _make_folder(parent):
    out = parent / f"out-{CANARY}"
    Output(str(out)).prepare()
    ledger = [
        {
            "source": f"/data/{CANARY}/{number}.dcm",
            "instance": str(number),
            "run": RUN,
            "verdict": "REDACTED",
            "released": f"release/2.25.{number}.dcm",
            "findings": [{"frames": [0], "category": "name", "text": CANARY}],
        }
        for number in range(1, 7)
    ]
    Output(str(out)).add_table(LEDGER, account.table(ledger, account.LEDGER))
    (out / "private" / "key").write_text(CANARY)
    return out


def _make_few(folder):
    _add(folder, FEW[:4])
    _add(folder, FEW[4:])
    release = folder / "release"
    (release / "2.25.1.dcm").write_bytes(_dicom(frames=3))
    (release / "2.25.2.dcm").write_bytes(_dicom(syntax=RLELossless))
    (release / "2.25.3.dcm").write_bytes(_dicom(colour=True))
    return folder


@pytest.fixture
def folder(tmp_path):
    """An output with all its rooms, a ledger full of canaries, and nothing done."""
    return _make_folder(tmp_path)


@pytest.fixture
def few(folder):
    """Six instances in two parts; three of them have a released file."""
    return _make_few(folder)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """The report of ``few``."""
    return _report(_make_few(_make_folder(tmp_path_factory.mktemp("report"))))


@pytest.fixture(scope="module")
def page(text):
    """The report of ``few``, read."""
    return _Reader(text)


# --- a reader for what was written ----------------------------------------------------


class _Reader(html.parser.HTMLParser):
    """Tables by caption, as rows of cells; images; text; every tag and attribute."""

    def __init__(self, text):
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.images: list[dict[str, str | None]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self._rows: list[list[str]] = []
        self._caption = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "img"):
            self._open.append(tag)
        if tag == "img":
            self.images.append(dict(attrs))
        elif tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("th", "td"):
            self._rows[-1].append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        if tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, data):
        data = " ".join(data.split())
        if "style" in self._open:
            return
        self.text += data + " "
        if "caption" in self._open:
            self._caption = f"{self._caption} {data}".strip()
        elif {"th", "td"} & set(self._open):
            self._rows[-1][-1] = f"{self._rows[-1][-1]} {data}".strip()

    def table(self, caption):
        """The rows of the one table whose caption begins so, by their first cell."""
        (found,) = [rows for name, rows in self.tables.items() if name.startswith(caption)]
        return {row[0]: row[1:] for row in found[1:]}


def _report(folder, prices=None):
    return Path(write_report(str(folder), prices)).read_text(encoding="utf-8")


def _read(folder, prices=None):
    return _Reader(_report(folder, prices))


def _pixels(image):
    kind, _, data = image["src"].partition(";base64,")
    assert kind == "data:image/jpeg"
    return Image.open(io.BytesIO(base64.b64decode(data)))


# --- counts ---------------------------------------------------------------------------


def test_every_instance_is_counted_under_its_verdict(page):
    verdicts = page.table("Instances by verdict")
    assert {name: cells[:2] for name, cells in verdicts.items()} == {
        "CLEAN": ["1", "16.7 %"],
        "REDACTED": ["2", "33.3 %"],
        "REVIEW": ["1", "16.7 %"],
        "FAILED": ["2", "33.3 %"],
    }


def test_error_codes_come_with_their_verdict_and_a_plain_explanation(page):
    codes = page.table("Codes")
    assert codes["not_decodable"] == ["FAILED", "1", "A frame could not be decoded."]
    assert codes["text_left_over"][0] == "REVIEW"
    assert codes["internal_ValueError"][2].startswith("A fault in maskray")
    assert codes["duplicate_sop_instance_uid"][0] == "REDACTED"
    assert len(codes) == 4


def test_frames_are_summed_over_the_parts(page):
    frames = {name: cells[:2] for name, cells in page.table("Frames").items()}
    assert list(frames.values()) == [
        ["5", "100.0 %"],
        ["4", "80.0 %"],
        ["1", "20.0 %"],
        ["3", "60.0 %"],
    ]


def test_regions_are_counted_by_category(page):
    regions = page.table("Masked regions by category")
    assert {name: cells[:2] for name, cells in regions.items()} == {
        "name": ["3", "75.0 %"],
        "birth date": ["1", "25.0 %"],
    }
    assert "4 in all, 7 lines of text read" in page.text


def test_the_masked_share_is_weighted_by_pixels(page):
    shares = list(page.table("How much of the pixels").values())
    # 300, 200 and 100 pixels; 75, none and 50 of them masked.
    assert shares == [["20.8 %"], ["31.2 %"], ["50.0 %"]]


def test_modalities_are_counted_by_verdict_and_unknown_ones_named_so(page):
    assert page.table("Instances by modality") == {
        "not known (not released)": ["3", "0", "0", "0", "1", "2"],
        "CT": ["2", "4", "1", "1", "0", "0"],
        "US": ["1", "1", "0", "1", "0", "0"],
    }


def test_transfer_syntaxes_are_named_and_an_image_has_none(few):
    _add(few, [_released("7", modality="", kind="png")])
    page = _read(few)
    (rows,) = [rows for name, rows in page.tables.items() if "by format" in name]
    assert [
        "DICOM",
        f"JPEG 2000 Image Compression (Lossless Only) ({JPEG2000Lossless})",
    ] in [row[:2] for row in rows]
    assert ["PNG", ""] in [row[:2] for row in rows]
    assert page.table("Instances by modality")["not given"][0] == "1"


def test_duplicates_are_counted(few):
    _add(few, [_released("8", error_code="duplicate_instance")])
    counts = [cells[0] for cells in _read(few).table("Sources that came more").values()]
    assert counts == ["1", "1", "0"]


def test_seconds_have_their_share_and_per_frame_count_released_work_only(page):
    assert page.table("Time by stage") == {
        "open": ["11.0 s", "68.8 %", "600 ms", "", STAGES["open"]],
        "read": ["5.0 s", "31.2 %", "1,000 ms", "", STAGES["read"]],
        "all": ["16.0 s", "", "1,600 ms", "", ""],
    }
    assert "did 0.62 frames per second" in page.text


def test_what_was_used_is_told_apart(few):
    model = {"detectors": ["vllm", "rules"], "model": "llama-4", "prompt": "feedc0de"}
    _add(few, [_row("9", **model)])
    used = _read(few).table("Detectors, model")
    common = ["default", "0123456789abcdef", "0.1.0"]
    assert used["rules"] == ["none", "none", *common, "6"]
    assert used["vllm, rules"] == ["llama-4", "feedc0de", *common, "1"]


def test_runs_are_listed_with_their_begin_newest_first(few):
    _add(few, [_row("9", run=LATER)])
    runs = _read(few).table("Runs")
    assert list(runs) == [LATER, RUN]
    assert runs[RUN] == ["2024-03-24 10:27 UTC", "6", "5"]


def test_a_share_that_is_not_all_is_never_rounded_to_all(folder):
    rows = [_released(str(number)) for number in range(2999)]
    _add(folder, [*rows, _row("last", "REVIEW", error_code="unlocated")])
    verdicts = _read(folder).table("Instances by verdict")
    assert verdicts["CLEAN"][:2] == ["2,999", "> 99.9 %"]
    assert verdicts["REVIEW"][:2] == ["1", "< 0.1 %"]


# --- cost -----------------------------------------------------------------------------


def test_without_prices_the_cost_is_left_out(page):
    cost = page.table("Tokens and cost")
    assert cost["tokens in"][0] == "1,000"
    assert cost["tokens out"][0] == "100"
    assert cost["all"] == ["", "no prices given"]
    assert "$" not in str(cost)


def test_prices_give_dollars_for_100_000_frames(few):
    prices = Prices(
        dollars_per_million_tokens_in=2.0,
        dollars_per_million_tokens_out=10.0,
        dollars_per_hour=3.6,
    )
    cost = _read(few, prices).table("Tokens and cost")
    # 5 frames took 1000 and 100 tokens and 16 seconds of workers.
    assert [cells[1] for cells in cost.values()] == [
        "$40.00",
        "$20.00",
        "$320.00",
        "$380.00",
    ]


def test_hours_of_a_model_have_a_price_of_their_own(folder):
    _add(folder, [_released("1", frames=10, seconds={"read": 3.0, "detect": 1.0})])
    with_one = _read(folder, Prices(dollars_per_hour=3.6, dollars_per_model_hour=36.0))
    without = _read(folder, Prices(dollars_per_hour=3.6))
    # 0.1 cent for a second of a worker, 1 cent for one of a model; 10 frames.
    assert without.table("Tokens and cost")["all"][1] == "$40.00"
    assert with_one.table("Tokens and cost")["all"][1] == "$130.00"
    assert "$36.00 per hour of a process that hosts a model" in with_one.text
    assert "hosts a model" not in without.text


def test_prices_without_frames_give_no_dollars(folder):
    _add(folder, [_row("1", "FAILED", error_code="unreadable", stage="open")])
    cost = _read(folder, Prices(dollars_per_hour=1.0)).table("Tokens and cost")
    assert cost["all"] == ["", "no frames released"]


def test_low_prices_are_shown_in_full(few):
    page = _read(few, Prices(dollars_per_million_tokens_in=0.075))
    assert "$0.0750 per million tokens in, $0.00 per million tokens out" in page.text


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_absurd_prices_are_refused(price):
    with pytest.raises(ValueError, match="dollars_per_hour"):
        Prices(dollars_per_hour=price)


# --- each instance once ---------------------------------------------------------------


@pytest.mark.parametrize("rows_at_once", [1, 2, 65_536])
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_the_row_of_the_latest_run_counts(few, names, rows_at_once, monkeypatch):
    monkeypatch.setattr(tally, "_BATCH_ROWS", rows_at_once)
    again = _row("1", "REVIEW", run=LATER, error_code="unlocated", seconds={"open": 1.0})
    first = _released("9", "REDACTED", regions=7, categories={"age": 7})
    _add(few, [first, _row("10", "FAILED", error_code="no_pixels")], names[0])
    _add(few, [again, {**first, "run": LATER}], names[1])
    page = _read(few)
    verdicts = {n: cells[0] for n, cells in page.table("Instances by verdict").items()}
    assert verdicts == {"CLEAN": "1", "REDACTED": "2", "REVIEW": "2", "FAILED": "3"}
    assert page.table("Masked regions")["age"][0] == "7"
    assert "birth date" not in page.table("Masked regions")
    assert page.table("Runs") == {
        LATER: ["2024-03-24 10:31 UTC", "2", "1"],
        RUN: ["2024-03-24 10:27 UTC", "6", "2"],
    }
    *_, superseded = page.table("Sources that came more").values()
    assert superseded == ["2"]
    names_shown = re.findall(r"2\.25\.\d+\.dcm", page.text)
    assert names_shown == ["2.25.3.dcm", "2.25.2.dcm"]  # 9 has no file


def test_runs_are_ordered_by_time_and_not_as_text(folder):
    _add(folder, [_row("1", "FAILED", run="ffffffff-aaaaaa")], "b")
    _add(folder, [_row("1", "REVIEW", run="100000000-aaaaaa")], "a")
    verdicts = _read(folder).table("Instances by verdict")
    assert [verdicts[name][0] for name in ("REVIEW", "FAILED")] == ["1", "0"]


# --- pictures -------------------------------------------------------------------------


def test_pictures_show_the_first_frame_of_the_released_files(page):
    assert [image["alt"] for image in page.images] == [
        "Released instance 1: CT, REDACTED, frame 1 of 3",
        "Released instance 2: US, REDACTED, frame 1 of 1",
        "Released instance 3: CT, CLEAN, frame 1 of 1",
    ]
    for image in page.images:
        shown = _pixels(image)
        assert shown.size == (320, 200) == (int(image["width"]), int(image["height"]))
        values = np.asarray(shown.convert("L"), np.float64)
        assert values[55:95, 45:195].max() < 30  # what was masked
        assert values[110:, 240:].mean() > 60  # what was not


def test_pngs_are_shown_too(folder):
    _add(folder, [_released("1", modality="", kind="png", released="release/2.25.1.png")])
    (folder / "release" / "2.25.1.png").write_bytes(_png())
    (image,) = _read(folder).images
    assert image["alt"] == "Released instance 1: no modality, CLEAN, frame 1 of 1"
    assert _pixels(image).size == (320, 200)


def test_files_that_cannot_be_shown_are_counted(few):
    release = few / "release"
    (release / "2.25.1.dcm").unlink()
    (release / "2.25.2.dcm").write_bytes(_dicom()[:5000])
    page = _read(few)
    (image,) = page.images
    assert image["alt"] == "Released instance 1: US, REDACTED, frame 1 of 1"
    assert "2 of the files chosen cannot be shown" in page.text


@pytest.mark.parametrize(
    "name",
    [
        "private/secret.png",
        "release/../private/secret.png",
        "/tmp/secret.png",
        "release/deep/secret.png",
        "release/..",
        "",
    ],
)
def test_a_name_outside_the_release_folder_is_never_opened(folder, name):
    (folder / "private" / "secret.png").write_bytes(_png())
    (folder / "release" / "deep").mkdir()
    (folder / "release" / "deep" / "secret.png").write_bytes(_png())
    _add(folder, [_released("1", "REDACTED", released=name)])
    page = _read(folder)
    assert page.images == []
    assert "1 of the files chosen cannot be shown" in page.text


def test_the_choice_is_redacted_first_in_turn_by_modality_and_bounded():
    rows = [
        {"verdict": verdict, "modality": modality, "instance": number}
        for verdict in ("CLEAN", "REDACTED")
        for modality, count in (("US", 4), ("CT", 1), (None, 2))
        for number in range(count)
    ]
    chosen = [
        (row["verdict"][0], row["modality"], row["instance"]) for row in choose(rows, 9)
    ]
    assert chosen == [
        ("R", None, 0),
        ("R", "CT", 0),
        ("R", "US", 0),
        ("R", None, 1),
        ("R", "US", 1),
        ("R", "US", 2),
        ("R", "US", 3),
        ("C", None, 0),
        ("C", "CT", 0),
    ]


def test_of_many_released_files_24_are_chosen_and_no_large_one(folder, monkeypatch):
    monkeypatch.setattr(tally, "_BATCH_ROWS", 7)
    large = {"rows": 30_000, "columns": 30_000}
    _add(folder, [_released(f"{n:02}", **large if n < 5 else {}) for n in range(50)])
    _add(folder, [_released(f"{n:02}x", "REDACTED", "MG") for n in range(3)])
    page = _read(folder)
    assert "24 of the files chosen cannot be shown" in page.text  # none is there
    found = tally.tally_manifest(Output(str(folder))).shown()
    assert len(found) == 24 + 3
    assert min(row["instance"] for row in found if row["modality"] == "CT") == "05"


def test_copies_of_one_released_file_are_shown_once(few):
    same = {"released": "release/2.25.1.dcm", "error_code": "duplicate_instance"}
    _add(few, [_released(str(number), "REDACTED", **same) for number in range(20, 25)])
    assert len(_read(few).images) == 3


# --- what must not be in it -----------------------------------------------------------


def test_nothing_private_and_nothing_from_a_header_is_in_the_report(text):
    assert CANARY not in text


def test_the_report_is_the_same_without_the_private_folder(few):
    with_private = _report(few)
    shutil.rmtree(few / "private")
    assert _report(few) == with_private


def test_whatever_the_manifest_says_is_escaped(few):
    evil = "<script>alert('x')</script>\"'&"
    names = ("modality", "photometric", "kind", "transfer_syntax", "error_code", "run")
    more = ("model", "prompt", "settings", "policy", "version", "released")
    _add(few, [_released("66", **dict.fromkeys((*names, *more), evil))])
    mixed = {"categories": {evil: 1}, "seconds": {evil: 1.0}, "detectors": [evil]}
    _add(few, [_released("67", **mixed, modality=evil, frames=1)])
    (few / "release" / "2.25.67.dcm").write_bytes(_dicom())
    text = _report(few)
    page = _Reader(text)
    assert "<script" not in text.lower()
    assert evil in page.table("Instances by modality")
    assert evil in page.table("Masked regions")
    assert any(evil in str(image["alt"]) for image in page.images)
    assert not {"script", "iframe", "object", "link"} & {tag for tag, _ in page.tags}


# --- the page itself ------------------------------------------------------------------


def test_the_page_works_alone_and_offline(page, text):
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe")
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            assert str(attributes.get(name, "data:")).startswith("data:")
    assert "url(" not in text


def test_tables_have_captions_and_pictures_have_words(page):
    assert "" not in page.tables
    assert len(page.tables) == sum(tag == "table" for tag, _ in page.tags)
    assert all(image["alt"] for image in page.images)
    headers = [attributes for tag, attributes in page.tags if tag == "th"]
    assert all("scope" in attributes for attributes in headers)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    labels = [a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a]
    assert len(ids) == len(set(ids))
    assert set(labels) <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_limits_say_what_is_not_released_and_where_the_ledger_is(page):
    said = page.text
    assert "Limits: read this first" in said
    assert "REVIEW or FAILED are not released" in said
    assert "private/ledger/" in said


def _luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one, other):
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_and_bars_stand_out_in_light_and_dark(text):
    schemes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    ]
    assert len(schemes) == 2
    for scheme in schemes:
        for ground in ("page", "panel", "note"):
            assert _contrast(scheme["text"], scheme[ground]) >= 4.5
            assert _contrast(scheme["soft"], scheme[ground]) >= 4.5
        for bar in ("clean", "redacted", "review", "failed", "bar"):
            assert _contrast(scheme[bar], scheme["track"]) >= 3


def test_the_same_output_gives_the_same_bytes(few):
    assert _report(few) == _report(few)


def test_an_output_with_failures_only_has_a_report(folder):
    _add(folder, [_row("1", "FAILED", error_code="unreadable", stage="open")])
    page = _read(folder)
    assert page.table("Instances by verdict")["FAILED"][:2] == ["1", "100.0 %"]
    assert "There is no released file to show" in page.text
    assert "No region was masked" in page.text


# --- places ---------------------------------------------------------------------------


def test_the_report_lies_in_the_output_folder(few):
    assert write_report(str(few)) == str(few / "report.html")
    assert (few / "report.html").is_file()


def test_a_uri_gives_the_same_report(few):
    local = _report(few)
    (few / "report.html").unlink()
    assert write_report(f"file://{few}") == f"file://{few}/report.html"
    assert (few / "report.html").read_text(encoding="utf-8") == local


def _foreign(folder):
    (folder / "manifest").mkdir(parents=True)
    other = pa.table({"patient": [CANARY]})
    pq.write_table(other, folder / "manifest" / "part-1.parquet")


def _broken(folder):
    (folder / "manifest").mkdir(parents=True)
    (folder / "manifest" / "part-1.parquet").write_bytes(CANARY.encode())


def _other_verdict(folder):
    (folder / "manifest").mkdir(parents=True)
    _add(folder, [_row("1", CANARY)])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: None, "no maskray output"),
        (lambda folder: folder.mkdir(), "no maskray output"),
        (lambda folder: folder.write_text("x"), "no maskray output"),
        (lambda folder: Output(str(folder)).prepare(), "nothing done"),
        (_foreign, "cannot be read"),
        (_broken, "cannot be read"),
        (_other_verdict, "cannot be read"),
    ],
)
def test_what_is_no_output_is_refused_in_plain_words(tmp_path, make, says):
    folder = tmp_path / "place"
    make(folder)
    with pytest.raises(ConfigError, match=says) as caught:
        write_report(str(folder))
    assert CANARY not in str(caught.value)
    assert not (folder / "report.html").exists()


def test_a_report_that_cannot_be_written_is_a_plain_error(few):
    (few / "report.html").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        write_report(str(few))


def test_a_manifest_of_another_version_is_read(folder):
    rows = account.table([_released("1", model="m")], account.MANIFEST)
    rows = rows.drop_columns(["model", "tokens_in", "seconds"])
    rows = rows.append_column("new", pa.array([CANARY]))
    Output(str(folder)).add_table(MANIFEST, rows)
    text = _report(folder)
    assert _Reader(text).table("Instances by verdict")["CLEAN"][0] == "1"
    assert CANARY not in text


# --- words ----------------------------------------------------------------------------


def _codes_raised():
    """Error codes that the source raises: the second argument of an error, or ``code``."""
    for path in [*Path("maskray").rglob("*.py"), *Path("data_jobs").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield from _code_of(node, node.func.id)


def _code_of(call, name):
    at = {"Source": 2, "Outcome": 1}.get(name, 1)
    fatal = name in ("ConfigError", "ServiceDownError", "RunError")
    if fatal or not (name.endswith("Error") or name in ("Source", "Outcome")):
        return
    given = call.args[at : at + 1]
    given += [each.value for each in call.keywords if each.arg in ("code", "error_code")]
    for each in given:
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _classes(of):
    for each in of.__subclasses__():
        yield each
        yield from _classes(each)


def test_every_error_code_is_explained():
    codes = set(_codes_raised())
    codes |= {each.default_code for each in _classes(MaskrayError) if not each.fatal}
    assert len(codes) > 30
    assert codes <= set(CODES)


def test_every_stage_is_explained():
    assert set(STAGES) == set(account.STAGES)


def test_a_code_nobody_knows_is_said_to_be_unknown():
    assert explain("brand_new") == "No explanation is known to this version."
    assert json.dumps(dict(CODES)).isascii()
