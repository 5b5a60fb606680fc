"""What ``maskray`` says and refuses, before any run begins."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = str(ROOT / "examples" / "images")
IMAGE = f"{EXAMPLES}/CT_no_extension"


def maskray(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    import os

    return subprocess.run(
        [sys.executable, "-m", "data_jobs", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **environment},
    )


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="nothing"),
        pytest.param(("redact",), id="no input"),
        pytest.param(("redact", IMAGE), id="no output"),
        pytest.param(("redact", "--limit", "0", IMAGE, "{out}"), id="limit"),
        pytest.param(("redact", "--detector", "oracle", IMAGE, "{out}"), id="detector"),
        pytest.param(("redact", "--config", "/nowhere.yaml", IMAGE, "{out}"), id="config"),
        pytest.param(("redact", "--colour", "red", IMAGE, "{out}"), id="unknown option"),
        pytest.param(("redact", "/no/such/input", "{out}"), id="no such input"),
        pytest.param(("redact", IMAGE, IMAGE), id="output is a file"),
        pytest.param(("synthesize", "{out}", "--n", "0"), id="n"),
        pytest.param(("report", "{out}"), id="no output to report on"),
        pytest.param(("evaluate", "{out}"), id="no dataset"),
        pytest.param(("evaluate", EXAMPLES), id="no labels"),
        pytest.param(("evaluate", EXAMPLES, "--solution", "oracle"), id="solution"),
        pytest.param(("evaluate", EXAMPLES, "--solution", "rules+x"), id="one of two"),
        pytest.param(("evaluate", EXAMPLES, "--policy", "/no.yaml"), id="policy"),
    ],
)
def test_wrong_use_ends_with_2_at_once(arguments: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = maskray(*(each.replace("{out}", str(out)) for each in arguments))
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip() or done.stdout.strip()
    assert not (out / "release").exists()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("mask: {fill: pink}", "mask.fill"),
        ("mask: {margin: -1}", "mask.margin"),
        ("readers: {min_size: 4, max_size: 2}", "readers"),
        ("policy: {phi: [shoe_size]}", "policy.phi"),
        ("detektors: [rules]", "detektors"),
        ("verify: {rounds: 0}", "verify.rounds"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(text: str, key: str, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(text)
    done = maskray("redact", "--config", str(config), IMAGE, str(tmp_path / "out"))
    assert done.returncode == 2
    assert key in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    done = maskray("redact", IMAGE, str(tmp_path / "out"), MASKRAY_KEY="short")
    assert done.returncode == 2
    assert "MASKRAY_KEY" in done.stderr


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    done = maskray("redact", IMAGE, str(tmp_path))
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_check_finds_everything() -> None:
    done = maskray("check")
    assert done.returncode == 0, done.stdout
    assert "MISSING" not in done.stdout


def test_version() -> None:
    from maskray import __version__

    assert maskray("--version").stdout.strip() == f"maskray {__version__}"
