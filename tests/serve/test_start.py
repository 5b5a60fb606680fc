"""What the service refuses to start with, and tokens."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from maskray.errors import ConfigError
from maskray.settings import Settings
from serve_app.app import build
from serve_app.config import Args, Token
from tests.serve.conftest import KEY, ROOT


def serve_app(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if name != "MASKRAY_KEY"}
    return subprocess.run(
        [sys.executable, "-m", "serve_app", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        timeout=120,
    )


def test_without_a_key_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASKRAY_KEY", raising=False)
    with pytest.raises(ConfigError, match="MASKRAY_KEY"):
        build(Args(insecure_loopback=True))


def test_without_tokens_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKRAY_KEY", KEY)
    with pytest.raises(ConfigError, match="no tokens"):
        build(Args())


def test_a_service_that_would_detect_nothing_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MASKRAY_KEY", KEY)
    blind = Settings().model_copy(update={"detectors": ()})
    with pytest.raises(ConfigError, match="no detector"):
        build(Args(insecure_loopback=True, settings=blind))
    other = Settings().model_copy(update={"detectors": ("rules", "oracle")})
    with pytest.raises(ConfigError, match="oracle"):
        build(Args(insecure_loopback=True, settings=other))
    everything = blind.model_copy(update={"redact_even_if_undetected": True})
    build(Args(insecure_loopback=True, settings=everything))


@pytest.mark.slow
def test_a_service_without_tokens_is_not_offered_to_others() -> None:
    done = serve_app("--insecure-loopback", "--host", "0.0.0.0", MASKRAY_KEY=KEY)
    assert done.returncode == 2
    assert "insecure_loopback" in done.stderr


@pytest.mark.slow
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("limits: {max_bodies: 3}")
    done = serve_app("--config", str(config), MASKRAY_KEY=KEY)
    assert done.returncode == 2
    assert "limits.max_bodies" in done.stderr


def test_the_configuration_keeps_only_the_hash_of_a_token() -> None:
    done = serve_app("token", "pacs", "--scope", "redact", "--scope", "stow")
    assert done.returncode == 0, done.stderr
    secret = done.stdout.splitlines()[1].removeprefix("# ")
    (token,) = Args.model_validate(yaml.safe_load(done.stdout)).tokens
    assert token.sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert sorted(token.scopes) == ["redact", "stow"]
    assert len(secret) > 40


def test_two_tokens_of_one_name_are_refused() -> None:
    token = Token(name="a", sha256="0" * 64, scopes=frozenset(["redact"]))
    with pytest.raises(ValueError, match="one name"):
        Args(tokens=(token, token))


def test_importing_the_application_loads_no_model() -> None:
    code = "import sys, serve_app.app; print({'torch', 'rapidocr'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "set()", done.stderr
