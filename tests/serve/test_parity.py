"""The same input through Python, the batch job and HTTP: the same bytes and verdict."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
import yaml

from maskray import Engines, Key, Outcome, deidentify
from maskray.open import Kind
from serve_app.config import Args
from tests.serve.conftest import IMAGES, KEY, ROOT, Running

pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
NAMES = [
    "ct_banner.dicom",
    "CT_no_extension",
    "ct_banner.png",
    "letter.jpg",
    "us_institution_j2k.dcm",
    "us_palette_2frames.dcm",
    "mr_truncated.dcm",
    "rtplan.dcm",
]
TYPES = {".png": "image/png", ".jpg": "image/jpeg"}


@pytest.fixture(scope="module")
def direct(service: Running) -> dict[str, Outcome]:
    config = yaml.safe_load((service.folder / "config.yaml").read_text())
    settings = Args.model_validate(config).settings
    engines, key = Engines.load(settings), Key(KEY.encode())
    return {
        name: deidentify((IMAGES / name).read_bytes(), key, settings, engines)
        for name in NAMES
    }


@pytest.fixture(scope="module")
def job(
    service: Running, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[str, str | None, bytes | None]]:
    """Verdict, code and released bytes of each input of one batch job."""
    out = tmp_path_factory.mktemp("parity") / "out"
    config = yaml.safe_load((service.folder / "config.yaml").read_text())
    settings = out.parent / "settings.yaml"
    settings.write_text(yaml.safe_dump(config["settings"]))
    inputs = [str(IMAGES / name) for name in NAMES]
    words = ["-m", "data_jobs", "redact", "--config", str(settings), *inputs, str(out)]
    subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "MASKRAY_KEY": KEY, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=280,
    )
    rows = pq.read_table(out / "private" / "ledger").to_pylist()
    return {
        Path(row["source"]).name: (
            row["verdict"],
            row["error_code"],
            row["released"] and (out / row["released"]).read_bytes(),
        )
        for row in rows
    }


@pytest.mark.parametrize("name", NAMES)
def test_python_job_and_http_agree(
    direct: dict[str, Outcome],
    job: dict[str, tuple[str, str | None, bytes | None]],
    client: httpx.Client,
    name: str,
) -> None:
    outcome = direct[name]
    assert job[name] == (outcome.verdict.value, outcome.error_code, outcome.data)
    kind = TYPES.get(Path(name).suffix, "application/dicom")
    answer = client.post(
        "/v1/redact", content=(IMAGES / name).read_bytes(), headers={"content-type": kind}
    )
    if outcome.data is None:
        assert answer.status_code == 422
        assert answer.json()["verdict"] == outcome.verdict.value
        assert answer.json()["code"] == outcome.error_code
    else:
        assert answer.content == outcome.data
        assert answer.headers["maskray-verdict"] == outcome.verdict.value
        assert answer.headers["maskray-regions"] == str(len(outcome.regions))


def test_the_inputs_hold_every_kind_and_more_than_one_verdict(
    direct: dict[str, Outcome],
) -> None:
    assert {each.kind for each in direct.values()} >= set(Kind)
    assert len({each.verdict for each in direct.values()}) >= 3
