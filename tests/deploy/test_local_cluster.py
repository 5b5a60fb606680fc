"""``ray job submit`` and ``serve deploy`` on a real cluster of one node."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from serve_app.auth import new_token
from serve_app.config import Scope
from tests.serve.conftest import IMAGES, KEY, ROOT, free_port

pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
BIN = Path(sys.executable).parent


@dataclass
class Cluster:
    dashboard: str
    folder: Path
    environment: dict[str, str]

    def run(self, *words: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(BIN / words[0]), *words[1:]],
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=280,
        )


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head of its own; it is ended by its process, other Rays are left alone."""
    folder = Path(tempfile.mkdtemp(prefix="mr-", dir="/tmp"))
    dashboard = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"},
        "MASKRAY_KEY": KEY,
        "PYTHONPATH": str(ROOT),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "disabled",
        "RAY_API_SERVER_ADDRESS": f"http://127.0.0.1:{dashboard}",  # of ray job
        "RAY_DASHBOARD_ADDRESS": f"http://127.0.0.1:{dashboard}",  # of serve
    }
    words = ["start", "--head", "--block", "--num-cpus=6", f"--port={free_port()}"]
    words += [f"--temp-dir={folder}", f"--dashboard-port={dashboard}"]
    words += [f"--ray-client-server-port={free_port()}", "--include-dashboard=true"]
    # Another Ray on this machine may hold the agent's usual ports: no agent, no jobs.
    words += [f"--dashboard-agent-listen-port={free_port()}"]
    words += [f"--dashboard-agent-grpc-port={free_port()}"]
    words += ["--node-ip-address=127.0.0.1", f"--object-store-memory={300 * 2**20}"]
    log = (folder / "log").open("wb")
    head = subprocess.Popen(
        [str(BIN / "ray"), *words], env=environment, stdout=log, stderr=log
    )
    started = Cluster(f"http://127.0.0.1:{dashboard}", folder, environment)
    try:
        _wait(f"{started.dashboard}/api/version", 120)
        yield started
    finally:
        head.send_signal(signal.SIGTERM)
        head.wait(60)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(address: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if httpx.get(address, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(1)
    raise RuntimeError(f"no answer within {seconds} s")


def test_a_job_is_submitted_as_the_readme_says(cluster: Cluster, tmp_path: Path) -> None:
    (printed,) = re.findall(r"\$ (ray job submit .*)", (ROOT / "README.md").read_text())
    source, out = IMAGES / "ct_banner.png", tmp_path / "out"
    words = printed.replace("s3://bucket/in", str(source))
    words = words.replace("s3://bucket/out", str(out))
    checkout = _checkout(tmp_path)
    for _ in range(20):  # the agent that takes jobs comes up after the dashboard
        done = cluster.run(*words.split(), cwd=checkout)
        if "No available agent" not in done.stderr:
            break
        time.sleep(5)
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    assert len(list((out / "release").iterdir())) == 1
    assert (out / "report.html").exists()


def _checkout(tmp_path: Path) -> Path:
    """The tracked files alone, as on somebody's machine."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("no git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "examples/")):
            target = tmp_path / "checkout" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    return tmp_path / "checkout"


def test_the_serve_config_is_deployed_and_answers(cluster: Cluster, tmp_path: Path) -> None:
    config = yaml.safe_load((ROOT / "deploy" / "serve.yaml").read_text())
    secret, token = new_token("test", [Scope.REDACT])
    port = free_port()
    config["http_options"] |= {"host": "127.0.0.1", "port": port}
    args = config["applications"][0]["args"]
    args |= {"tokens": [token.model_dump(mode="json")]}
    args |= {"archive": {"folder": str(tmp_path / "archive")}}
    small = {"min_replicas": 1, "max_replicas": 1, "num_cpus": 0.4}  # for one small node
    args |= dict.fromkeys(("ingress", "readers", "redactors", "easyocr"), small)
    path = tmp_path / "serve.yaml"
    path.write_text(yaml.safe_dump(config))
    done = cluster.run("serve", "deploy", str(path))
    assert done.returncode == 0, done.stderr[-2000:]
    _wait(f"http://127.0.0.1:{port}/readyz", 200)
    answer = httpx.post(
        f"http://127.0.0.1:{port}/v1/redact",
        content=(IMAGES / "ct_banner.png").read_bytes(),
        headers={"content-type": "image/png", "authorization": f"Bearer {secret}"},
        timeout=120,
    )
    assert answer.headers["maskray-verdict"] == "REDACTED"
    shown = cluster.run("serve", "config").stdout
    assert secret not in shown
    assert KEY not in shown
