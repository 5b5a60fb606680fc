"""README, Online: the two examples run as they are printed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
import yaml

from tests.docs.test_readme import ROOT, blocks
from tests.serve.conftest import Running, running

pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
(CONSOLE,) = (each for each in blocks("console") if "curl" in each)
PRINTED = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Started with the options and the configuration that the README prints."""
    folder = tmp_path_factory.mktemp("readme")
    args = yaml.safe_load(blocks("yaml")[2])
    args |= {"archive": {"folder": str(folder / "archive")}}
    args |= {"ledger": str(folder / "private"), "metrics_port": None}
    options = re.findall(r"--[a-z-]+", CONSOLE.splitlines()[0])
    assert options == ["--config", "--insecure-loopback"]
    assert PRINTED in CONSOLE
    with running(*options[1:], **args) as started:
        yield started


def test_curl_gets_a_redacted_file(service: Running, tmp_path: Path) -> None:
    command = CONSOLE[CONSOLE.index("$ curl") + 2 :].replace(PRINTED, service.address)
    command = command.replace("redacted.dcm", str(tmp_path / "redacted.dcm"))
    subprocess.run(["bash", "-ec", command], cwd=ROOT, check=True, timeout=120)
    back = pydicom.dcmread(tmp_path / "redacted.dcm")
    assert back.PatientIdentityRemoved == "YES"


def test_dicomweb_client_stores_an_instance(service: Running) -> None:
    code = blocks("python")[1].replace(PRINTED, service.address)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-1000:]
    assert re.fullmatch(r"stored as 2\.25\.\d+", done.stdout.strip())


def test_without_a_token_only_this_machine_is_served(service: Running) -> None:
    import httpx

    answer = httpx.post(f"{service.address}/v1/redact", headers={"host": "evil.example"})
    assert answer.status_code == 401
    answer = httpx.post(
        f"{service.address}/v1/redact", headers={"origin": "http://evil.example"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
