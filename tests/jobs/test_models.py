"""Vision language models in the batch: real Ray, real vLLM, a Llama 4 of its own size.

The model is tiny and knows nothing. ``noise`` answers noise, which must never count for an
answer; ``says`` answers one word whatever it is shown, and that word must be masked.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from maskray.errors import ServiceDownError
from tests.conftest import WORD, local_ray

ray = pytest.importorskip("ray")
pytest.importorskip("vllm")

from data_jobs import check  # noqa: E402
from data_jobs.config import JobSettings  # noqa: E402
from data_jobs.output import ATTEMPTS  # noqa: E402
from data_jobs.redact import redact  # noqa: E402

pytestmark = [
    pytest.mark.ray,
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[Path]:
    # Sockets have short names: not below pytest's own folder.
    session = Path("/tmp") / f"mm-{os.getpid()}"
    with local_ray(4, _temp_dir=str(session)):
        yield session
    shutil.rmtree(session, ignore_errors=True)


def picture(path: Path, *texts: str) -> None:
    """A frame with text on black, a line below the other."""
    image = Image.new("L", (300, 60 + 50 * len(texts)))
    font = ImageFont.load_default(26)
    for row, text in enumerate(texts):
        ImageDraw.Draw(image).text((14, 30 + 50 * row), text, fill=255, font=font)
    image.save(path)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "source"
    folder.mkdir()
    picture(folder / "named.png", f"{WORD} LEFT")
    picture(folder / "unnamed.png", "LEFT KNEE", "SUPINE")
    picture(folder / "blank.png")
    (folder / "broken.dcm").write_bytes(b"no image")
    return folder


def settings(detector: str, path: Path | None = None, **model: Any) -> JobSettings:
    chosen = {"profile": "tiny-llama4", "in_flight": 8, **model}
    if path is not None:
        chosen["path"] = str(path)
    pool = {"max_size": 1, "num_cpus": 1}
    return JobSettings.model_validate(
        {
            "detectors": [detector],
            "model": chosen,
            "instances_per_block": 1,
            **dict.fromkeys(("readers", "maskers", "askers"), pool),
        }
    )


def run(source: Path, output: Path, chosen: JobSettings) -> dict[str, dict[str, Any]]:
    """Ledger and manifest rows together, by the name of the source."""
    redact([str(source)], str(output), chosen, Console(quiet=True))
    ledger = pq.read_table(output / "private" / "ledger").to_pylist()
    shared = pq.read_table(output / "manifest").to_pylist()
    manifest = {row["instance"]: row for row in shared}
    assert len(ledger) == len(shared) == len(manifest), (
        "each instance is accounted for once"
    )
    files = {f"release/{path.name}" for path in (output / "release").iterdir()}
    assert files == {row["released"] for row in ledger} - {None}
    return {
        Path(row["source"]).name: {**row, **manifest[row["instance"]]} for row in ledger
    }


def _kill_engine(output: Path, killed: list[int], stop: threading.Event) -> None:
    """Kills the engine as soon as an instance is under way with it."""
    while not stop.is_set():
        if any((output / ATTEMPTS).glob("*-ask-*")):
            for each in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if "EngineCore" in each.name():
                        each.kill()
                        killed.append(each.pid)
                        return
        time.sleep(0.05)


@dataclass(frozen=True)
class Said:
    """A run with the model that says a word, whose engine was killed in the middle."""

    output: Path
    rows: dict[str, dict[str, Any]]
    killed: list[int]

    def pixels(self, name: str) -> npt.NDArray[np.uint8]:
        return np.asarray(Image.open(self.output / self.rows[name]["released"]))


@pytest.fixture(scope="module")
def said(
    source: Path, tiny_models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Said:
    more = tmp_path_factory.mktemp("said") / "source"
    shutil.copytree(source, more)
    for index in range(10):
        picture(more / f"more{index}.png", f"{WORD} LEFT", f"IM {index}")
    killed: list[int] = []
    stop = threading.Event()
    output = more.parent / "output"
    watch = threading.Thread(target=_kill_engine, args=(output, killed, stop))
    watch.start()
    try:
        rows = run(more, output, settings("vllm", tiny_models["says"]))
    finally:
        stop.set()
        watch.join()
    return Said(output, rows, killed)


def test_what_the_model_says_is_masked_and_the_rest_stays(source, said):
    named = said.rows["named.png"]
    assert named["verdict"] == "REDACTED"
    original = np.asarray(Image.open(source / "named.png"))
    released = said.pixels("named.png")
    assert original[:, 20:90].max() > 200
    assert released[:, 20:90].max() < 100, "the word is gone"
    assert np.array_equal(released[:, 130:], original[:, 130:]), "LEFT stays"
    assert "vllm" in {each["source"] for each in named["findings"]}


def test_a_word_that_is_nowhere_costs_all_text(said):
    assert said.rows["unnamed.png"]["verdict"] == "REDACTED"
    assert said.pixels("unnamed.png").max() < 128


def test_the_manifest_says_what_was_asked_and_what_it_took(said):
    named, blank = said.rows["named.png"], said.rows["blank.png"]
    assert named["model"] == "says"
    assert named["prompt"].startswith("phi-1-")
    assert named["detectors"] == ["vllm"]
    assert named["pictures"] == 1
    assert named["tokens_in"] > 300
    assert named["tokens_out"] > 10
    assert dict(named["seconds"])["detect"] > 0
    assert (blank["verdict"], blank["pictures"], blank["tokens_in"]) == ("CLEAN", 0, 0)
    assert blank["frames_without_text"] == 1


def test_an_engine_that_is_killed_is_replaced_and_nothing_is_lost(said):
    assert said.killed, "the engine was there to be killed"
    assert not psutil.pid_exists(said.killed[0])
    assert len(said.rows) == 14
    shown = said.rows.keys() - {"blank.png", "broken.dcm"}
    assert {said.rows[name]["verdict"] for name in shown} == {"REDACTED"}
    assert said.rows["broken.dcm"]["verdict"] == "FAILED"


def test_noise_is_never_an_answer(source, tiny_models, tmp_path):
    rows = run(source, tmp_path / "output", settings("vllm", tiny_models["noise"]))
    assert rows["named.png"]["verdict"] == rows["unnamed.png"]["verdict"] == "REVIEW"
    assert rows["named.png"]["error_code"] in {"cut_off_reply", "full_reply"}
    assert rows["named.png"]["pictures"] == 2, "it was asked once more"
    assert rows["named.png"]["released"] is None
    assert (rows["named.png"]["kind"], rows["named.png"]["frames"]) == ("png", 1)
    assert rows["broken.dcm"]["verdict"] == "FAILED"
    blank = rows["blank.png"]
    assert (blank["verdict"], blank["pictures"], blank["tokens_in"]) == ("CLEAN", 0, 0)
    assert blank["frames_without_text"] == 1


def test_engines_end_with_their_run():
    """After the tests above: a stage that is dropped stops what it has started."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        left = [e for e in psutil.Process().children(recursive=True) if "VLLM" in e.name()]
        if not left:
            return
        time.sleep(0.5)
    raise AssertionError([each.name() for each in left])


def test_rays_logs_hold_nothing_that_was_shown_or_said(cluster):
    """After the tests above, in which the word was shown, said, and an engine died."""
    logs = [path for path in cluster.rglob("logs/**/*") if path.is_file()]
    assert logs
    for path in logs:
        assert WORD.encode() not in path.read_bytes(), path.name


def test_a_model_that_is_not_there_stops_the_run(source, tmp_path):
    with pytest.raises(ServiceDownError):
        run(source, tmp_path / "output", settings("vllm", Path("/nonexistent/model")))
    ledger = tmp_path / "output" / "private" / "ledger"
    assert not ledger.exists() or not list(ledger.iterdir())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def service(tiny_models: dict[str, Path], tmp_path: Path) -> Iterator[str]:
    """``vllm serve`` with the model that says a word."""
    port = _free_port()
    log = (tmp_path / "serve.log").open("wb")
    command = [sys.executable, "-m", "vllm_engine", "serve", str(tiny_models["says"])]
    command += ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", "tiny"]
    command += ["--max-model-len", "4096", "--enforce-eager", "--max-num-seqs", "8"]
    command += ["--dtype", "bfloat16", "--limit-mm-per-prompt", '{"image": 1}']
    command += ["--structured-outputs-config"]
    command += ['{"backend": "xgrammar", "disable_any_whitespace": true}']
    server = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert server.poll() is None, (tmp_path / "serve.log").read_text()[-2000:]
            try:
                urllib.request.urlopen(f"{address}/health", timeout=1)
                break
            except OSError:
                time.sleep(0.5)
        yield f"{address}/v1"
    finally:
        server.terminate()
        server.wait(30)


def test_a_model_behind_a_service_is_asked_the_same(source, service, tmp_path, monkeypatch):
    place = {"base_url": service, "model": "tiny"}
    chosen = settings("openai", endpoint=place)
    assert _check(chosen) == (False, "it answers, but misses the name it is shown")
    monkeypatch.setattr(check, "_NAME", WORD)
    assert _check(chosen) == (True, "finds the name it is shown")
    rows = run(source, tmp_path / "output", chosen)
    assert rows["named.png"]["verdict"] == "REDACTED"
    assert rows["unnamed.png"]["verdict"] == "REDACTED"
    assert rows["blank.png"]["verdict"] == "CLEAN"
    assert rows["named.png"]["tokens_in"] > 300
    assert rows["named.png"]["model"] == "tiny"
    assert "openai" in {each["source"] for each in rows["named.png"]["findings"]}


def _check(chosen: JobSettings) -> tuple[bool, str]:
    """What ``maskray check`` says of the model, which comes last."""
    *_, model = check.checks(chosen)
    return model.works, model.says
