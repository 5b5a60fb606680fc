"""The measurement on a GPU, where there is none."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_without_a_gpu_it_says_so_and_nothing_is_measured():
    if Path("/dev/nvidiactl").exists():
        pytest.skip("there is one here")
    config = ROOT / "examples/configs/scout-h200.yaml"
    words = ["bench/gpu_stages.py", "examples/images", "--config", str(config)]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "There is no NVIDIA GPU here: nothing was measured.\n"
