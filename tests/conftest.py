"""What tests of several folders share."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

WORD = "KRAME"
"""What the tiny model called ``says`` answers, whatever it is shown."""


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two Llama 4 of their own size, made by the project's script.

    ``noise`` answers noise, ``says`` answers that the word is a name.
    """
    folder = tmp_path_factory.mktemp("models")
    script = Path(__file__).parents[1] / "bench" / "make_tiny_llama4.py"
    made = {"noise": folder / "noise", "says": folder / "says"}
    running = [
        subprocess.Popen([sys.executable, str(script), str(made[name]), *words])
        for name, words in (("noise", []), ("says", [WORD]))
    ]
    assert [each.wait() for each in running] == [0, 0]
    return made


@contextlib.contextmanager
def local_ray(num_cpus: int, **more: Any) -> Iterator[None]:
    """Ray with little memory, whose workers find this checkout."""
    import ray

    root = str(Path(__file__).parents[1])
    paths = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    ray.init(
        num_cpus=num_cpus,
        object_store_memory=200 * 2**20,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": paths}},
        **more,
    )
    yield
    ray.shutdown()
