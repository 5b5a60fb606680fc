"""Vision language models in the batch: real Ray, real vLLM, a Llama 4 of its own size.

The model is tiny and knows nothing. ``noise`` answers noise, which must never count for an
answer; ``says`` answers one word whatever it is shown, and that word must be masked.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from maskray.errors import ServiceDownError

ray = pytest.importorskip("ray")
pytest.importorskip("vllm")

from data_jobs.config import JobSettings  # noqa: E402
from data_jobs.redact import redact  # noqa: E402

pytestmark = [
    pytest.mark.ray,
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
ROOT = Path(__file__).parents[2]
WORD = "KRAME"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two models, made by the project's own script."""
    folder = tmp_path_factory.mktemp("models")
    made = {"noise": folder / "noise", "says": folder / "says"}
    script = [sys.executable, str(ROOT / "bench" / "make_tiny_llama4.py")]
    subprocess.run([*script, str(made["noise"])], check=True, capture_output=True)
    subprocess.run([*script, str(made["says"]), WORD], check=True, capture_output=True)
    return made


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    # Sockets have short names: not below pytest's own folder.
    session = Path("/tmp") / f"mm-{os.getpid()}"
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    ray.init(
        num_cpus=4,
        object_store_memory=200 * 2**20,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": paths}},
        _temp_dir=str(session),
    )
    yield
    ray.shutdown()
    shutil.rmtree(session, ignore_errors=True)


def picture(path: Path, *texts: str) -> None:
    """A frame with text on black, a line below the other."""
    image = Image.new("L", (300, 60 + 50 * len(texts)))
    font = ImageFont.load_default(26)
    for row, text in enumerate(texts):
        ImageDraw.Draw(image).text((14, 30 + 50 * row), text, fill=255, font=font)
    image.save(path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
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


def run(source: Path, chosen: JobSettings) -> dict[str, dict[str, Any]]:
    """Ledger and manifest rows together, by the name of the source."""
    output = source.parent / "output"
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


def test_what_the_model_says_is_masked_and_the_rest_stays(source, models):
    rows = run(source, settings("vllm", models["says"]))
    assert set(rows) == {"named.png", "unnamed.png", "blank.png", "broken.dcm"}
    named = rows["named.png"]
    assert named["verdict"] == "REDACTED"
    released = np.asarray(Image.open(source.parent / "output" / named["released"]))
    original = np.asarray(Image.open(source / "named.png"))
    word = original[:, :110].copy()
    assert word.max() > 200
    assert released[:, 20:90].max() < 100, "the word is gone"
    assert np.array_equal(released[:, 130:], original[:, 130:]), "LEFT stays"
    assert [each["source"] for each in named["findings"]].count("vllm") >= 1
    assert named["model"] == "says"
    assert named["prompt"].startswith("phi-1-")
    assert named["detectors"] == ["vllm"]
    assert named["tokens_in"] > 300
    assert named["tokens_out"] > 10
    assert dict(named["seconds"])["detect"] > 0


def test_a_word_that_is_nowhere_costs_all_text(source, models):
    row = run(source, settings("vllm", models["says"]))["unnamed.png"]
    assert row["verdict"] == "REDACTED"
    released = np.asarray(Image.open(source.parent / "output" / row["released"]))
    assert released.max() < 128


def test_noise_is_never_an_answer(source, models):
    rows = run(source, settings("vllm", models["noise"]))
    assert rows["named.png"]["verdict"] == rows["unnamed.png"]["verdict"] == "REVIEW"
    assert rows["named.png"]["error_code"] in {"cut_off_reply", "full_reply"}
    assert rows["named.png"]["pictures"] == 2, "it was asked once more"
    assert rows["named.png"]["released"] is None
    assert rows["broken.dcm"]["verdict"] == "FAILED"
    blank = rows["blank.png"]
    assert (blank["verdict"], blank["pictures"], blank["tokens_in"]) == ("CLEAN", 0, 0)
    assert blank["frames_without_text"] == 1


def _kill_engine_once(killed: list[int], stop: threading.Event) -> None:
    """Kills the first engine core below this process, as soon as it has served."""
    me = psutil.Process()
    while not stop.is_set():
        for each in me.children(recursive=True):
            name = ""
            try:
                name = each.name()
                busy = each.cpu_times().user
            except psutil.Error:
                continue
            if "EngineCore" in name and busy > 0 and not killed:
                workers = [w for w in each.children() if "Worker" in w.name()]
                if workers and workers[0].cpu_times().user > 3:
                    each.kill()
                    killed.append(each.pid)
                    return
        time.sleep(0.2)


def test_an_engine_that_is_killed_is_replaced_and_nothing_is_lost(source, models):
    for index in range(10):
        picture(source / f"more{index}.png", f"{WORD} LEFT", f"IM {index}")
    killed: list[int] = []
    stop = threading.Event()
    watch = threading.Thread(target=_kill_engine_once, args=(killed, stop))
    watch.start()
    try:
        rows = run(source, settings("vllm", models["says"]))
    finally:
        stop.set()
        watch.join()
    assert killed, "the engine was there to be killed"
    assert not psutil.pid_exists(killed[0])
    assert len(rows) == 14
    shown = rows.keys() - {"blank.png", "broken.dcm"}
    assert {rows[name]["verdict"] for name in shown} == {"REDACTED"}


def test_engines_end_with_their_run():
    """After the tests above: a stage that is dropped stops what it has started."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        left = [e for e in psutil.Process().children(recursive=True) if "VLLM" in e.name()]
        if not left:
            return
        time.sleep(0.5)
    raise AssertionError([each.name() for each in left])


def test_a_model_that_is_not_there_stops_the_run(source):
    with pytest.raises(ServiceDownError):
        run(source, settings("vllm", Path("/nonexistent/model")))
    ledger = source.parent / "output" / "private" / "ledger"
    assert not ledger.exists() or not list(ledger.iterdir())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def service(models: dict[str, Path], tmp_path: Path) -> Iterator[str]:
    """``vllm serve`` with the model that says a word."""
    port = _free_port()
    log = (tmp_path / "serve.log").open("wb")
    command = [sys.executable, "-m", "vllm_engine", "serve", str(models["says"])]
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


def test_a_model_behind_a_service_is_asked_the_same(source, service):
    place = {"base_url": service, "model": "tiny"}
    rows = run(source, settings("openai", endpoint=place))
    assert rows["named.png"]["verdict"] == "REDACTED"
    assert rows["unnamed.png"]["verdict"] == "REDACTED"
    assert rows["blank.png"]["verdict"] == "CLEAN"
    assert rows["named.png"]["tokens_in"] > 300
    assert rows["named.png"]["model"] == "tiny"
    assert "openai" in {each["source"] for each in rows["named.png"]["findings"]}
