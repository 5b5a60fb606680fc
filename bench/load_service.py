"""Loads the online service over real HTTP, below and beyond what it sustains.

::

    python bench/load_service.py                        # starts one on this machine
    python bench/load_service.py --address http://... --token mr_...

First one client after the other, which gives the right answers; then more and more
clients at once, which finds the peak; then requests at twice that rate, whatever is
answered. Every answer is compared with the right one, byte for byte. If the service was
started here, the batch job gets the same images afterwards, on the same cores; twice, a
few and many, because it is not asked how long it takes to start.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import yaml

FEW, MANY = 16, 80
"""Images that the batch job gets."""
ROOT = Path(__file__).parents[1]
IMAGES = {
    "ct_banner.png": "image/png",
    "ct_banner.dicom": "application/dicom",
    "CT_no_extension": "application/dicom",
    "us_banner.dcm": "application/dicom",
}


@dataclass
class Seen:
    """What a stretch of load brought."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: int = 0

    @property
    def rate(self) -> float:
        """Right answers per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def report(self, name: str) -> dict[str, object]:
        """One line of the result."""
        cuts = [0.0] * 99
        if len(self.latencies) > 1:
            cuts = statistics.quantiles(self.latencies, n=100, method="inclusive")
        return {
            "load": name,
            "per_second": round(self.rate, 2),
            "p50": round(cuts[49], 2),
            "p95": round(cuts[94], 2),
            "p99": round(cuts[98], 2),
            "answers": dict(self.statuses),
            "wrong": self.wrong,
        }


class Load:
    """Requests to one service, and the right answers to them."""

    def __init__(self, client: httpx.AsyncClient, names: Sequence[str]) -> None:
        self._client = client
        self._names = list(names)
        self._right: dict[str, bytes] = {}
        self._turn = 0

    async def learn(self) -> Seen:
        """The right answers, one request after the other."""
        seen = Seen()
        start = time.perf_counter()
        for _ in range(2):
            for name in self._names:
                await self.one(seen, name)
        seen.seconds = time.perf_counter() - start
        return seen

    async def one(self, seen: Seen, name: str | None = None) -> None:
        """One request, checked."""
        if name is None:
            self._turn += 1
            name = self._names[self._turn % len(self._names)]
        body = (ROOT / "examples" / "images" / name).read_bytes()
        start = time.perf_counter()
        try:
            answer = await self._client.post(
                "/v1/redact", content=body, headers={"content-type": IMAGES[name]}
            )
        except httpx.HTTPError as error:
            seen.statuses[type(error).__name__] += 1
            return
        seen.statuses[str(answer.status_code)] += 1
        if answer.status_code == 200:
            seen.latencies.append(time.perf_counter() - start)
            seen.wrong += answer.content != self._right.setdefault(name, answer.content)
        elif answer.status_code == 503:
            seen.wrong += "retry-after" not in answer.headers

    async def closed(self, clients: int, seconds: float) -> Seen:
        """So many clients, each sending its next request when it has an answer."""
        seen, end = Seen(), time.perf_counter() + seconds

        async def client() -> None:
            while time.perf_counter() < end:
                await self.one(seen)

        start = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(clients)))
        seen.seconds = time.perf_counter() - start
        return seen

    async def open(self, rate: float, seconds: float) -> Seen:
        """Requests at a rate, whether or not there were answers."""
        seen, tasks = Seen(), []
        start = time.perf_counter()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(start + number / rate - time.perf_counter(), 0))
            tasks.append(asyncio.create_task(self.one(seen)))
        await asyncio.gather(*tasks)
        seen.seconds = time.perf_counter() - start
        return seen


@contextlib.contextmanager
def service(address: str | None, max_in_flight: int) -> Iterator[tuple[str, int | None]]:
    """The address of a service, and its process if it is started here."""
    if address is not None:
        yield address, None
        return
    with tempfile.TemporaryDirectory(prefix="mr-", dir="/tmp") as folder:
        config = Path(folder) / "config.yaml"
        cpus = os.cpu_count() or 2
        pool = {"min_replicas": cpus, "max_replicas": cpus, "num_cpus": 0.25}
        limits = {"max_in_flight": max_in_flight}
        pools = dict.fromkeys(("readers", "redactors", "easyocr"), pool)
        args = {"limits": limits, **pools}
        config.write_text(yaml.safe_dump(args))
        words = ["-m", "serve_app", "--port=18999", "--insecure-loopback"]
        process = subprocess.Popen(
            [sys.executable, *words, f"--config={config}"],
            cwd=ROOT,
            env={
                "MASKRAY_KEY": "0123456789abcdef",
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "RAY_TMPDIR": f"{folder}/ray",
            },
        )
        here = "http://127.0.0.1:18999"
        try:
            for _ in range(300):
                with contextlib.suppress(httpx.HTTPError):
                    if httpx.get(f"{here}/readyz").status_code == 200:
                        break
                time.sleep(0.5)
            yield here, process.pid
        finally:
            process.terminate()
            process.wait(60)


def memory(pid: int | None) -> float:
    """Megabytes that the service's processes take, shared pages counted once each."""
    if pid is None:
        return 0.0
    total = 0
    for each in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            total += each.memory_full_info().uss
    return total / 2**20


def batch_seconds(names: Sequence[str], count: int) -> float:
    """How long the batch job takes for so many copies of the images."""
    with tempfile.TemporaryDirectory(prefix="mr-", dir="/tmp") as folder:
        source = Path(folder) / "source"
        source.mkdir()
        for index in range(count):
            name = names[index % len(names)]
            shutil.copy(ROOT / "examples" / "images" / name, source / f"{index}-{name}")
        words = ["-m", "data_jobs", "redact", str(source), f"{folder}/out"]
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
        return time.perf_counter() - start


def compare(names: Sequence[str], online: float) -> bool:
    """Whether the service is nearly as fast as the batch job when that is under way."""
    few, many = batch_seconds(names, FEW), batch_seconds(names, MANY)
    rate = (MANY - FEW) / (many - few)
    share = online / rate
    print(json.dumps({"batch_per_second": round(rate, 2), "online": round(share, 2)}))
    return share >= 0.85


async def measure(
    options: argparse.Namespace, address: str, pid: int | None
) -> tuple[bool, float]:
    """Runs the stretches.

    Returns:
        Whether every answer was right, and little was lost; the peak, per second.
    """
    headers = {"authorization": f"Bearer {options.token}"} if options.token else {}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=address, headers=headers, timeout=300, limits=limits
    ) as client:
        load = Load(client, options.images)
        print(json.dumps((await load.learn()).report("1 client, to learn")))
        peak = 0.0
        wrong = 0
        for clients in options.clients:
            seen = await load.closed(clients, options.seconds)
            print(json.dumps(seen.report(f"{clients} clients")), flush=True)
            peak, wrong = max(peak, seen.rate), wrong + seen.wrong
        before = memory(pid)
        beyond = await load.open(2 * peak, options.seconds)
        report = beyond.report(f"twice the peak: {2 * peak:.1f} requests per second")
        kept = beyond.rate / peak if peak else 0.0
        report |= {"kept": round(kept, 2), "mb_before": round(before)}
        report |= {"mb_after": round(memory(pid))}
        print(json.dumps(report))
    errors = {s for s in beyond.statuses if s not in ("200", "503")}
    return not (wrong or beyond.wrong or errors) and kept >= 0.8, peak


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--address", help="of a service that runs; else one is started")
    parser.add_argument("--token", help="with the scope redact")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each stretch")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--images", nargs="+", choices=IMAGES, default=list(IMAGES))
    parser.add_argument("--max-in-flight", type=int, default=8, help="if started here")
    options = parser.parse_args()
    with service(options.address, options.max_in_flight) as (address, pid):
        good, peak = asyncio.run(measure(options, address, pid))
    if options.address is None:
        good &= compare(options.images, peak)
    sys.exit(not good)


if __name__ == "__main__":
    main()
