"""The batch job as it runs: real Ray, real readers, a small set with bad input in it."""

import gzip
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pydicom
import pytest
import ray
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin
from pydicom.uid import generate_uid
from rich.console import Console

from data_jobs.config import JobSettings
from data_jobs.redact import Totals, redact
from maskray.account import LEDGER, MANIFEST

pytestmark = [
    pytest.mark.ray,
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]

EXAMPLES = Path(__file__).parents[2] / "examples" / "images"
CANARY = "Zzyzxqua"
"""In every header and picture of the set; may come out nowhere."""


@dataclass(frozen=True)
class Run:
    """A finished run: its totals, what it printed, and Ray's own folder."""

    source: Path
    output: Path
    totals: Totals
    printed: str
    session: Path

    def ledger(self) -> dict[str, dict[str, Any]]:
        rows = pq.read_table(self.output / "private" / "ledger").to_pylist()
        return {str(row["source"]).removeprefix(f"{self.source}/"): row for row in rows}

    def manifest(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.output / "manifest").to_pylist()
        return rows


def _identified(name: str) -> pydicom.Dataset:
    dataset = pydicom.dcmread(EXAMPLES / name)
    dataset.PatientName = f"{CANARY}^Anna"
    dataset.PatientID = f"{CANARY}-77"
    dataset.SOPInstanceUID = generate_uid()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.add_new((0x0011, 0x0010), "LO", CANARY)
    dataset.add_new((0x0011, 0x1001), "LO", CANARY)
    return dataset


def _written(dataset: pydicom.Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def _make_source(folder: Path) -> None:
    (folder / CANARY).mkdir(parents=True)
    plain = _identified("CT_no_extension")
    (folder / "plain").write_bytes(_written(plain))
    plain.InstanceNumber = 99
    (folder / "same_uid.dcm").write_bytes(_written(plain))
    (folder / "copy.dcm").write_bytes((folder / "plain").read_bytes())
    (folder / ".hidden.dcm").write_bytes(_written(_identified("dx_monochrome1.dcm")))
    (folder / "_underscore").write_bytes(_written(_identified("mr_multiframe_jpegls.dcm")))
    banner = _written(_identified("us_palette_2frames.dcm"))
    (folder / CANARY / f"{CANARY}.dcm").write_bytes(banner)
    (folder / "cut.dcm").write_bytes(banner[: len(banner) // 2])
    (folder / "noise.dcm").write_bytes(os.urandom(5000))
    (folder / "empty.dcm").write_bytes(b"")
    (folder / "note.txt").write_text(f"Patient {CANARY}")
    shutil.copy(EXAMPLES / "structured_report.dcm", folder)
    (folder / "bomb.dcm.gz").write_bytes(gzip.compress(bytes(400 * 2**20), 9))
    with zipfile.ZipFile(folder / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{CANARY}/in.dcm", _written(_identified("CT_no_extension")))
        archive.writestr("../../escape.dcm", b"not an image")
    (folder / "broken.zip").write_bytes(b"PK\x03\x04" + os.urandom(200))
    picture = Image.new("L", (420, 90))
    font = ImageFont.load_default(28)
    ImageDraw.Draw(picture).text((12, 24), f"Patient: {CANARY}", fill=255, font=font)
    about = PngImagePlugin.PngInfo()
    about.add_text("Comment", CANARY)
    picture.save(folder / "scan.png", pnginfo=about)


@pytest.fixture(scope="module", autouse=True)
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    # Sockets have short names: not below pytest's own folder.
    session = Path("/tmp") / f"mr-{os.getpid()}"
    ray.init(
        num_cpus=3,
        object_store_memory=200 * 2**20,
        include_dashboard=False,
        log_to_driver=False,
        _temp_dir=str(session),
    )
    yield session
    ray.shutdown()
    shutil.rmtree(session, ignore_errors=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, cluster: Path) -> Run:
    folder = tmp_path_factory.mktemp("run")
    _make_source(folder / "source")
    printed = io.StringIO()
    console = Console(file=printed)
    source, output = folder / "source", folder / "output"
    totals = redact([str(source)], str(output), JobSettings(), console)
    return Run(source, output, totals, printed.getvalue(), cluster)


VERDICTS = {
    "plain": {"CLEAN"},
    "same_uid.dcm": {"CLEAN"},
    "copy.dcm": {"CLEAN"},
    ".hidden.dcm": {"CLEAN"},
    "_underscore": {"CLEAN"},
    f"{CANARY}/{CANARY}.dcm": {"REDACTED"},
    "scan.png": {"REDACTED"},
    f"archive.zip!{CANARY}/in.dcm": {"CLEAN"},
}
CODES = {
    "cut.dcm": {"not_decodable", "unreadable"},
    "noise.dcm": {"not_an_image"},
    "empty.dcm": {"not_an_image", "empty", "unreadable"},
    "note.txt": {"not_an_image"},
    "structured_report.dcm": {"no_pixels"},
    "bomb.dcm.gz": {"archive_bomb", "too_large"},
    "archive.zip!../../escape.dcm": {"not_an_image"},
    "broken.zip": {"unreadable_archive"},
}


def test_every_source_is_accounted_for_once(run: Run) -> None:
    rows = pq.read_table(run.output / "private" / "ledger")
    assert rows.num_rows == len(VERDICTS) + len(CODES) == run.totals.files
    assert set(run.ledger()) == VERDICTS.keys() | CODES.keys()
    assert pq.read_table(run.output / "manifest").num_rows == rows.num_rows


@pytest.mark.parametrize("name", VERDICTS)
def test_images_are_released(run: Run, name: str) -> None:
    row = run.ledger()[name]
    assert row["verdict"] in VERDICTS[name], row["error_code"]
    assert (run.output / row["released"]).is_file()


@pytest.mark.parametrize("name", CODES)
def test_what_cannot_be_treated_fails_with_a_code_and_no_file(run: Run, name: str) -> None:
    row = run.ledger()[name]
    assert row["verdict"] == "FAILED"
    assert row["error_code"] in CODES[name]
    assert row["released"] is None


def test_the_release_holds_what_the_ledger_says_and_nothing_else(run: Run) -> None:
    released = {row["released"] for row in run.ledger().values()} - {None}
    files = {f"release/{path.name}" for path in (run.output / "release").iterdir()}
    assert files == released


def test_two_instances_with_one_uid_get_two(run: Run) -> None:
    ledger = run.ledger()
    names = {ledger["plain"]["released"], ledger["same_uid.dcm"]["released"]}
    assert len(names) == 2
    for name in names:
        dataset = pydicom.dcmread(run.output / name)
        assert name == f"release/{dataset.SOPInstanceUID}.dcm"
    codes = {ledger[each]["error_code"] for each in ("plain", "same_uid.dcm", "copy.dcm")}
    assert "duplicate_sop_instance_uid" in codes


def test_a_clean_instance_keeps_its_pixels(run: Run) -> None:
    for name in ("plain", ".hidden.dcm", "_underscore"):
        before = pydicom.dcmread(run.source / name)
        after = pydicom.dcmread(run.output / run.ledger()[name]["released"])
        assert before.PixelData == after.PixelData


def test_one_patient_has_one_pseudonym(run: Run) -> None:
    ledger = run.ledger()
    found = {
        str(pydicom.dcmread(run.output / ledger[name]["released"]).PatientID)
        for name in ("plain", ".hidden.dcm", f"{CANARY}/{CANARY}.dcm")
    }
    assert len(found) == 1


def _holds_canary(data: bytes) -> bool:
    low = data.lower()
    word = CANARY.lower()
    return word.encode() in low or word.encode("utf-16-le") in low


def test_nothing_of_a_patient_leaves_the_private_folder(run: Run) -> None:
    outside = [
        path
        for path in run.output.rglob("*")
        if path.is_file() and "private" not in path.relative_to(run.output).parts
    ]
    assert len(outside) > len(VERDICTS) - 2
    for path in outside:
        assert not _holds_canary(str(path.relative_to(run.output)).encode())
        assert not _holds_canary(path.read_bytes()), path.suffix
    for row in run.manifest():
        assert not _holds_canary(json.dumps(row, default=str).encode())
    assert not _holds_canary(run.printed.encode())


def test_the_canary_would_be_found(run: Run) -> None:
    private = [path for path in (run.output / "private").rglob("*") if path.is_file()]
    assert any(_holds_canary(str(run.ledger()).encode()) for _ in private)
    assert _holds_canary((run.source / "plain").read_bytes())


def test_rays_logs_hold_nothing_of_a_patient(run: Run) -> None:
    logs = [path for path in run.session.rglob("logs/**/*") if path.is_file()]
    assert logs
    for path in logs:
        assert not _holds_canary(path.read_bytes()), path.name


def test_the_private_folder_is_the_owners(run: Run) -> None:
    assert (run.output / "private").stat().st_mode & 0o777 == 0o700
    assert (run.output / "private" / "key").stat().st_mode & 0o777 == 0o600


def test_the_tables_have_their_schemas(run: Run) -> None:
    assert pq.read_schema(next((run.output / "manifest").iterdir())).equals(MANIFEST)
    ledger = next((run.output / "private" / "ledger").iterdir())
    assert pq.read_schema(ledger).equals(LEDGER)


def test_no_notes_are_left_behind(run: Run) -> None:
    assert list((run.output / "private" / "attempts").iterdir()) == []
    assert not list(run.output.rglob("*.part"))


def test_a_second_run_goes_on_where_the_first_ended(run: Run) -> None:
    before = {p: p.stat().st_mtime_ns for p in (run.output / "release").iterdir()}
    new = run.source / "late.dcm"
    new.write_bytes(_written(_identified("CT_no_extension")))
    try:
        totals = redact(
            [str(run.source)], str(run.output), JobSettings(), Console(file=io.StringIO())
        )
    finally:
        new.unlink()
    assert (totals.files, totals.skipped) == (1, len(VERDICTS) + len(CODES))
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())


def test_a_killed_worker_loses_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(6):
        dataset = _identified("us_institution_j2k.dcm")
        (source / f"{number}.dcm").write_bytes(_written(dataset))
    killed: list[int] = []
    add = Totals.add

    def add_and_kill(self: Totals, row: dict[str, Any]) -> None:
        add(self, row)
        if not killed:
            for process in psutil.process_iter(["cmdline"]):
                line = " ".join(process.info["cmdline"] or ())
                if line.startswith("ray::MapWorker(MapBatches(Finish)"):
                    process.kill()
                    killed.append(process.pid)

    monkeypatch.setattr(Totals, "add", add_and_kill)
    output = tmp_path / "output"
    settings = JobSettings(instances_per_block=1)
    totals = redact([str(source)], str(output), settings, Console(file=io.StringIO()))
    assert killed
    rows = pq.read_table(output / "private" / "ledger").to_pylist()
    assert sorted(Path(row["source"]).name for row in rows) == [
        f"{n}.dcm" for n in range(6)
    ]
    assert {row["verdict"] for row in rows} <= {"REDACTED", "FAILED"}
    assert sum(row["verdict"] == "REDACTED" for row in rows) >= 5
    assert totals.files == 6
