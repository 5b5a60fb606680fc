"""The deployments that do the work: thin classes around the core's steps.

``Reader`` and ``Redactor`` share an instance as the batch job's two stages do. EasyOCR,
which ``Redactor`` asks, is a deployment of its own: see ``easyocr.py``.

What goes wrong with an instance is an outcome; only a missing model raises.
"""

import asyncio
import concurrent.futures
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import SecretStr
from ray.serve.handle import DeploymentHandle

from maskray import Engines, Finding, Key, Outcome, Policy, Region, Settings, Verdict
from maskray.deidentify import ask, detect, facts, failed, finish, look, opened
from maskray.detect import Detector, RulesDetector, Seen
from maskray.endpoint import Endpoint
from maskray.errors import ConfigError, DetectionError, ServiceDownError
from maskray.locate import Locator
from maskray.model import Backend, Model
from maskray.open import Instance
from maskray.quiet import keep_quiet
from maskray.read import Reader as TextReader
from maskray.records import Stopwatch, Usage
from maskray.tesseract import Tesseract
from maskray.text import tokens
from serve_app.easyocr import HostedEasyOCR
from serve_app.model import Hosted
from serve_app.timer import Timer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request chose among what is configured. ``None`` is the default."""

    policy: Policy | None = None
    detectors: tuple[str, ...] | None = None

    def settings(self, base: Settings) -> Settings:
        """The core's settings for that request."""
        changes: dict[str, object] = {}
        if self.policy is not None:
            changes["policy"] = self.policy
        if self.detectors is not None:
            changes["detectors"] = self.detectors
        return base.model_copy(update=changes)


@dataclass(frozen=True, slots=True)
class Examined:
    """What ``Reader`` found out about one instance.

    ``outcome`` is set where it cannot go on; ``seen`` may be there all the same.
    """

    seen: Seen = field(default=Seen(), repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)
    facts: dict[str, object] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    outcome: Outcome | None = None
    usage: Usage = field(default=Usage())


class Worker:
    """One thread for work that must not hold up health checks, and can be ended."""

    def __init__(self) -> None:
        self._thread = concurrent.futures.ThreadPoolExecutor(1)

    async def do(self, timer: Timer, work: Callable[[], T]) -> T:
        """The result of ``work``; if nobody waits any more, it ends at its next stage."""
        doing = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            timer.cancel()
            raise


class Reader:
    """Opens, renders, reads and detects.

    Args:
        settings: The core's.
        secret: The key of the service behind the detector ``openai``.
        model: The deployment behind the detector ``vllm``.

    Raises:
        ServiceDownError: If RapidOCR is missing.
    """

    def __init__(
        self,
        settings: Settings,
        secret: SecretStr | None = None,
        model: DeploymentHandle[Any] | None = None,
    ) -> None:
        keep_quiet()
        self._settings = settings
        self._reader = TextReader(settings.read)
        self._worker = Worker()
        self._backends: dict[str, Backend] = {}
        if model is not None:
            self._backends["vllm"] = Hosted(model, _patience_s(settings))
        if "openai" in settings.detectors:
            self._backends["openai"] = Endpoint(settings, secret)

    def check_health(self) -> None:
        """Called by Serve; an answer means that the event loop is alive."""

    async def examine(self, data: bytes, choice: Choice, seconds: float) -> Examined:
        """Steps 1 to 5 of one instance, within so many seconds."""
        timer = Timer(seconds)
        return await self._worker.do(timer, lambda: self._examine(data, choice, timer))

    async def watch(
        self, data: bytes, choice: Choice, seconds: float
    ) -> AsyncIterator[int | Examined]:
        """The same; gives the index of each frame that is looked at, then the result."""
        loop = asyncio.get_running_loop()
        frames: asyncio.Queue[int | None] = asyncio.Queue()

        def tell(index: int | None) -> None:
            loop.call_soon_threadsafe(frames.put_nowait, index)

        timer = Timer(seconds, tell)

        def work() -> Examined:
            try:
                return self._examine(data, choice, timer)
            finally:
                tell(None)

        doing = asyncio.ensure_future(self._worker.do(timer, work))
        try:
            while (index := await frames.get()) is not None:
                yield index
            yield await doing
        finally:
            timer.cancel()

    def _examine(self, data: bytes, choice: Choice, timer: Timer) -> Examined:
        settings = choice.settings(self._settings)
        done = Examined()
        try:
            instance = opened(data, settings, timer)
            done = replace(done, facts=facts(instance))
            done = replace(done, seen=look(instance, self._reader, settings, timer))
            findings = detect(instance, done.seen, detectors(settings), settings, timer)
            answer = ask(done.seen, self._models(settings), settings, timer)
            # The pictures end here: nobody else looks at them.
            seen = replace(done.seen, pictures=())
            findings += answer.findings
            done = replace(done, seen=seen, findings=findings, usage=answer.usage)
            if answer.error is not None:
                done = replace(done, outcome=failed(answer.error, timer))
        except ServiceDownError as error:  # the model's; the service itself goes on
            gone = DetectionError("the model is gone", error.code, "detect")
            done = replace(done, outcome=failed(gone, timer))
        except Exception as error:  # noqa: BLE001 - engines raise anything, with values
            done = replace(done, outcome=failed(error, timer))
        return replace(done, seconds=dict(timer.seconds))

    def _models(self, settings: Settings) -> list[Model]:
        """The models that the settings name; their policy may be a request's own."""
        return [
            Model(name, self._backends[name], settings) for name in settings.model_detectors
        ]


def _patience_s(settings: Settings) -> float:
    """How long a question to a deployment may take, waiting in its queue included."""
    return 2 * settings.model.timeout_s


def detectors(settings: Settings) -> list[Detector]:
    """The detectors that need no model.

    Raises:
        ConfigError: If one is not hosted here, or none looks at all: silence would pass
            for "nothing found".
    """
    for name in settings.detectors:
        if name not in (RulesDetector.name, *settings.model_detectors):
            raise ConfigError(f"the service does not host the detector {name}")
    if not settings.detectors and not settings.redact_even_if_undetected:
        raise ConfigError("no detector is named, nor redact_even_if_undetected")
    return [RulesDetector()] if RulesDetector.name in settings.detectors else []


class Redactor:
    """Locates, plans, masks, cleans the header and verifies.

    Args:
        key: For UIDs and pseudonyms.
        settings: The core's.
        easyocr: The deployment that is asked where text is.
        patience_s: How long one question to it may take, waiting included.

    Raises:
        ServiceDownError: If RapidOCR is missing.
    """

    def __init__(
        self,
        key: Key,
        settings: Settings,
        easyocr: DeploymentHandle[Any],
        patience_s: float,
    ) -> None:
        keep_quiet()
        self._key = key
        self._settings = settings
        locator = Locator(engine=HostedEasyOCR(easyocr, patience_s))
        self._engines = Engines(TextReader(settings.read), locator, tesseract=Tesseract())
        self._worker = Worker()

    def check_health(self) -> None:
        """Called by Serve; an answer means that the event loop is alive."""

    async def finish(
        self,
        data: bytes,
        examined: Examined,
        choice: Choice,
        seconds: float,
    ) -> Outcome:
        """Steps 6 to 11 of one instance, within so many seconds."""
        timer = Timer(seconds)
        timer.seconds.update(examined.seconds)
        return await self._worker.do(
            timer, lambda: self._finish(data, examined, choice, timer)
        )

    def _finish(
        self, data: bytes, examined: Examined, choice: Choice, timer: Timer
    ) -> Outcome:
        settings = choice.settings(self._settings)
        try:
            outcome = finish(
                opened(data, settings, timer),
                examined.seen,
                examined.findings,
                self._engines,
                self._key,
                settings,
                timer,
            )
        except Exception as error:  # noqa: BLE001 - engines raise anything, with values
            outcome = failed(error, timer)
        seconds = dict(timer.seconds)
        return replace(outcome, seconds=seconds, usage=examined.usage)

    async def approve(
        self,
        data: bytes,
        examined: Examined,
        findings: Sequence[Finding],
        regions: Sequence[Region],
        seconds: float,
    ) -> Outcome:
        """Masks what a person wants masked instead of the findings, and proves it."""
        timer = Timer(seconds)
        return await self._worker.do(
            timer, lambda: self._approve(data, examined, findings, regions, timer)
        )

    def _approve(
        self,
        data: bytes,
        examined: Examined,
        findings: Sequence[Finding],
        regions: Sequence[Region],
        timer: Timer,
    ) -> Outcome:
        try:
            instance = opened(data, self._settings, timer)
            cleared = _cleared(findings, regions, instance)
            allow = (*self._settings.policy.allow, *cleared)
            policy = self._settings.policy.model_copy(update={"allow": allow})
            settings = self._settings.model_copy(update={"detectors": (), "policy": policy})
            outcome = finish(
                instance,
                replace(examined.seen, doubtful=()),
                [_of_person(each) for each in regions],
                self._engines,
                self._key,
                settings,
                timer,
            )
        except Exception as error:  # noqa: BLE001 - engines raise anything, with values
            outcome = failed(error, timer)
        return replace(outcome, seconds=dict(timer.seconds))


_PERSON = "person"
_HAIR = 4
"""Height of the text in a person's box, for margins: the box is meant as it is drawn."""


def _of_person(region: Region) -> Finding:
    return Finding(
        region.frames,
        SecretStr(""),
        region.reason,
        _PERSON,
        region.box,
        line_height=_HAIR,
    )


def _cleared(
    findings: Sequence[Finding], regions: Sequence[Region], instance: Instance
) -> list[str]:
    """Text that a person wants to stay, and that verification may leave.

    Not so what the header calls an identifier: beside a region it is masked again.
    """
    cleared = []
    for finding in findings:
        text = finding.text.get_secret_value().strip()
        here = [each.box for each in regions if set(each.frames) & set(finding.frames)]
        if not text or finding.box is None or finding.box.covered_by(here) > 0:
            continue
        if not any(True for _ in instance.identifiers.find(list(tokens(text)))):
            cleared.append(text)
    return cleared


def late(clock: Stopwatch | None = None) -> Outcome:
    """The outcome of an instance whose time was over before its turn came."""
    outcome = failed(DetectionError("the deadline has passed", "deadline"), clock)
    assert outcome.verdict is Verdict.REVIEW  # noqa: S101 - unknown is never clean
    return outcome
