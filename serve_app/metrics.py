"""What Prometheus gets to know, through Ray's own exporter (``ray_maskray_...``).

Labels are routes, verdicts, stages and codes: nothing that comes from an instance.
"""

from functools import cache
from typing import Any

from ray.serve import metrics

from maskray import Outcome

_SECONDS = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0]


@cache
def _counter(name: str, about: str, *tags: str) -> Any:
    made: Any = metrics.Counter
    return made(f"maskray_{name}", description=about, tag_keys=tags)


@cache
def _histogram(name: str, about: str, *tags: str) -> Any:
    made: Any = metrics.Histogram
    return made(f"maskray_{name}", description=about, boundaries=_SECONDS, tag_keys=tags)


@cache
def _gauge(name: str, about: str) -> Any:
    return metrics.Gauge(f"maskray_{name}", description=about)


def count_request(route: str, status: int, seconds: float) -> None:
    """One request was answered; status 0 if the client went away."""
    tags = {"route": route, "status": str(status)}
    _counter("requests", "HTTP requests answered", *tags).inc(tags=tags)
    _histogram("request_seconds", "Seconds until a request was answered", "route").observe(
        seconds, tags={"route": route}
    )


def count_outcome(outcome: Outcome) -> None:
    """One instance was done."""
    tags = {"verdict": outcome.verdict.value, "code": outcome.error_code or ""}
    _counter("instances", "Instances by verdict", *tags).inc(tags=tags)
    frames = outcome.facts.get("frames")
    if isinstance(frames, int):
        _counter("frames", "Frames of instances that were released").inc(max(frames, 1))
    if outcome.regions:
        _counter("regions", "Regions that were masked").inc(len(outcome.regions))
    stages = _histogram("stage_seconds", "Seconds per stage and instance", "stage")
    for stage, seconds in outcome.seconds.items():
        stages.observe(seconds, tags={"stage": stage})


def count_shed(why: str) -> None:
    """One request was refused because too much is waiting."""
    _counter("shed", "Requests refused by backpressure", "why").inc(tags={"why": why})


def show_load(instances: int, size: int) -> None:
    """What this ingress holds now."""
    _gauge("in_flight", "Instances waiting or worked at").set(instances)
    _gauge("in_flight_bytes", "Bytes of requests held").set(size)
