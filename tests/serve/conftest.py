"""The real service: a process of its own, over real HTTP."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from serve_app.auth import new_token
from serve_app.config import Scope

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "examples" / "images"
KEY = "0123456789abcdef"


@dataclass
class Running:
    """A service that answers, its tokens by name, and the folders it may write to."""

    address: str
    tokens: dict[str, str]
    folder: Path
    process: "subprocess.Popen[bytes]"
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, token: str | None = "all") -> httpx.Client:
        """A client with the token of that name."""
        headers = {} if token is None else {"authorization": f"Bearer {self.tokens[token]}"}
        made = httpx.Client(base_url=self.address, headers=headers, timeout=180)
        self.clients.append(made)
        return made


def free_port() -> int:
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        port: int = each.getsockname()[1]
        return port


TOKENS = {
    "all": list(Scope),
    "other": list(Scope),
    "redact": [Scope.REDACT],
    "detect": [Scope.DETECT],
}


@contextlib.contextmanager
def running(*options: str, **args: Any) -> Iterator[Running]:
    """A service with these arguments, and a token for each set of scopes."""
    made = {name: new_token(name, scopes) for name, scopes in TOKENS.items()}
    if "--insecure-loopback" not in options:
        args["tokens"] = [kept.model_dump(mode="json") for _, kept in made.values()]
    folder = Path(tempfile.mkdtemp(prefix="mr-", dir="/tmp"))  # Ray's sockets: short
    (folder / "tmp").mkdir()
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(args))
    port = free_port()
    log = (folder / "log").open("wb")
    words = ["-m", "data_jobs", "serve", f"--port={port}", f"--config={config}"]
    process = subprocess.Popen(
        [sys.executable, *words, *options],
        cwd=ROOT,
        env={
            **os.environ,
            "MASKRAY_KEY": KEY,
            "PYTHONPATH": str(ROOT),
            "RAY_TMPDIR": str(folder / "ray"),
            "TMPDIR": str(folder / "tmp"),
        },
        stdout=log,
        stderr=log,
    )
    address = f"http://127.0.0.1:{port}"
    service = Running(
        address, {name: secret for name, (secret, _) in made.items()}, folder, process
    )
    try:
        _wait(service)
        yield service
    finally:
        for client in service.clients:
            client.close()
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
        if process.poll() is None:
            process.kill()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(service: Running) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        if service.process.poll() is not None:
            break
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{service.address}/readyz", timeout=5).status_code == 200:
                return
        time.sleep(0.5)
    raise RuntimeError((service.folder / "log").read_text()[-2000:])


@pytest.fixture(scope="package")
def service() -> Iterator[Running]:
    limits = {
        "max_body_bytes": 12_000_000,
        "max_files": 40,
        "max_expanded_bytes": 40_000_000,
        "max_in_flight": 8,
        "retry_after_s": 3,
    }
    settings = {
        "limits": {
            "max_file_bytes": 11_000_000,
            "max_frames": 100,
            "max_frame_pixels": 4_000_000,
        }
    }
    policies = {
        "keep-dates": {"name": "keep-dates", "phi": ["name", "patient_id"]},
        "ask": {"name": "ask", "unknown_text": "review"},
    }
    archive = tempfile.mkdtemp(prefix="mr-archive-")
    ledger = tempfile.mkdtemp(prefix="mr-ledger-")
    with running(
        limits=limits,
        settings=settings,
        policies=policies,
        archive={"folder": archive},
        ledger=ledger,
    ) as started:
        yield started
    shutil.rmtree(archive)
    shutil.rmtree(ledger)


@pytest.fixture(scope="package")
def client(service: Running) -> httpx.Client:
    return service.client()


@pytest.fixture
def image() -> Callable[[str], bytes]:
    return lambda name: (IMAGES / name).read_bytes()
