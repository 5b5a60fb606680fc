"""One instance through the deployments, from an ingress.

Bytes are put into the object store once; ``Reader`` and ``Redactor`` get a reference.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import ray
from ray import serve
from ray.exceptions import RayActorError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from maskray import Outcome, Region, Verdict
from maskray.errors import RunError
from serve_app import metrics
from serve_app.admission import Admission
from serve_app.archive import open_store
from serve_app.config import Args
from serve_app.decisions import Ledger
from serve_app.problems import Problem
from serve_app.replicas import Choice, Examined, late

T = TypeVar("T")
OnFrame = Callable[[int], Awaitable[None]]
_PATIENCE_S = 0.2


class _CrashedError(Exception):
    """An instance took the replica down each time it was tried."""


_CRASHED = Outcome(Verdict.FAILED, "worker_crashed")


class Service:
    """What the routes work with."""

    def __init__(
        self,
        args: Args,
        reader: DeploymentHandle[Any],
        redactor: DeploymentHandle[Any],
        shelf: DeploymentHandle[Any],
    ) -> None:
        self.args = args
        self.limits = args.limits
        self.shelf = shelf
        self._reader, self._redactor = reader, redactor
        self.store = open_store(args.archive)
        self.ledger = Ledger(args.ledger) if args.ledger else None
        memory = ray.cluster_resources().get("object_store_memory")
        self.admission = Admission(args.limits, memory)

    async def ready(self) -> None:
        """Asks Serve whether a replica of each deployment runs. Busy ones are ready.

        Raises:
            Problem: ``service_down``.
        """
        if not await asyncio.to_thread(_all_run):
            raise Problem("service_down", self.limits.retry_after_s)

    def choice(self, policy: str | None, detectors: list[str] | None) -> Choice:
        """The policy and the detectors of that name.

        Raises:
            Problem: ``unknown_policy``, ``unknown_detector``.
        """
        configured = self.args.settings
        if policy in (None, configured.policy.name):
            chosen = None
        elif policy not in self.args.policies:
            raise Problem("unknown_policy")
        else:
            chosen = self.args.policies[policy]
        if detectors and not set(detectors) <= set(configured.detectors):
            raise Problem("unknown_detector")
        return Choice(chosen, tuple(dict.fromkeys(detectors)) if detectors else None)

    async def deidentify(
        self,
        data: bytes,
        choice: Choice,
        *,
        waits: bool = False,
        on_frame: OnFrame | None = None,
    ) -> Outcome:
        """De-identifies one instance; see :meth:`both`."""
        _, outcome = await self.both(data, choice, waits=waits, on_frame=on_frame)
        return outcome

    async def both(
        self,
        data: bytes,
        choice: Choice,
        *,
        waits: bool = False,
        on_frame: OnFrame | None = None,
    ) -> tuple[Examined, Outcome]:
        """De-identifies one instance; what was seen, and what became of it.

        Args:
            data: The file.
            choice: What the request chose.
            waits: Wait for a place instead of being told to come again.
            on_frame: Awaited with the index of each frame that is looked at.

        Raises:
            Problem: ``overloaded`` or ``service_down``.
        """
        end = time.monotonic() + self.limits.deadline_s
        examined = Examined()
        try:
            async with self.admission.instance(waits=waits):
                ref = ray.put(data)
                examined = await self._examine(ref, choice, end, waits, on_frame)
                outcome = examined.outcome
                if outcome is None:
                    outcome = await self._finish(ref, examined, choice, end)
        except _CrashedError:
            outcome = _CRASHED
        metrics.count_outcome(outcome)
        return examined, outcome

    async def approve(
        self, data: bytes, examined: Examined, machine: Outcome, regions: list[Region]
    ) -> Outcome:
        """Masks the regions of a person, and proves the result.

        Raises:
            Problem: ``overloaded`` or ``service_down``.
        """
        end = time.monotonic() + self.limits.deadline_s

        async def ask(seconds: float) -> Outcome:
            found: Outcome = await self._redactor.approve.remote(
                ref, examined, machine.findings, regions, seconds
            )
            return found

        try:
            async with self.admission.instance(waits=False):
                ref = ray.put(data)
                outcome = await self._ask(ask, end, waits=True) or late()
        except _CrashedError:
            outcome = _CRASHED
        metrics.count_outcome(outcome)
        return outcome

    async def examine(self, data: bytes, choice: Choice) -> Examined:
        """Looks and detects only.

        Raises:
            Problem: ``overloaded`` or ``service_down``.
        """
        end = time.monotonic() + self.limits.deadline_s
        try:
            async with self.admission.instance(waits=False):
                return await self._examine(ray.put(data), choice, end, False, None)
        except _CrashedError:
            return Examined(outcome=_CRASHED)

    async def _examine(
        self, ref: Any, choice: Choice, end: float, waits: bool, on_frame: OnFrame | None
    ) -> Examined:
        if on_frame is not None:
            return await self._watch(ref, choice, end, on_frame)

        async def ask(seconds: float) -> Examined:
            found: Examined = await self._reader.examine.remote(ref, choice, seconds)
            return found

        return await self._ask(ask, end, waits) or Examined(outcome=late())

    async def _watch(
        self, ref: Any, choice: Choice, end: float, on_frame: OnFrame
    ) -> Examined:
        async def ask(seconds: float) -> Examined:
            watching: Any = self._reader.options(stream=True).watch
            async for each in watching.remote(ref, choice, seconds):
                if isinstance(each, Examined):
                    return each
                await on_frame(each)
            raise Problem("internal")

        return await self._ask(ask, end, waits=True) or Examined(outcome=late())

    async def _finish(
        self, ref: Any, examined: Examined, choice: Choice, end: float
    ) -> Outcome:
        """The second half; it was admitted already, so it waits."""

        async def ask(seconds: float) -> Outcome:
            found: Outcome = await self._redactor.finish.remote(
                ref, examined, choice, seconds
            )
            return found

        return await self._ask(ask, end, waits=True) or late()

    async def _ask(
        self, ask: Callable[[float], Awaitable[T]], end: float, waits: bool
    ) -> T | None:
        """The answer of a deployment, or ``None`` if there was no time for it.

        The replica ends at the deadline by itself; this side waits a little longer.
        """
        crashes = 0
        while (left := end - time.monotonic()) > 0:
            try:
                return await asyncio.wait_for(ask(left), left + _GRACE_S)
            except RayActorError:
                crashes += 1  # a replica was lost; perhaps this instance killed it
                if crashes == _ATTEMPTS:
                    raise _CrashedError from None
            except TimeoutError:
                return None
            except BackPressureError:
                if not waits:
                    raise self.admission.overloaded("replicas") from None
                await asyncio.sleep(_PATIENCE_S)
            except DeploymentUnavailableError:
                raise Problem("service_down", self.limits.retry_after_s) from None
            except RunError:
                raise Problem("service_down", self.limits.retry_after_s) from None
        return None


_ATTEMPTS = 2
"""How often an instance may take a replica down with it before it has FAILED."""
_GRACE_S = 5.0
"""A stage that is under way is not interrupted; most take less."""


def _all_run() -> bool:
    mine = serve.get_replica_context().app_name
    try:
        found = serve.status().applications[mine].deployments.values()
    except (KeyError, RuntimeError, ray.exceptions.RayError):
        return False
    return all(_runs(each.replica_states) for each in found)


def _runs(replica_states: Mapping[Any, int]) -> bool:
    return any(state == "RUNNING" and count for state, count in replica_states.items())
