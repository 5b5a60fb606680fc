"""The vision language model of the online service: an engine behind a handle.

The same :class:`vllm_engine.Engine` that the batch job hosts, so prompts, limits and the
replacing of a dead engine are the same. Unlike the library's own deployment for language
models it has real limits: beyond them a question is refused at once, and the instance
goes to REVIEW, instead of waiting in a line that no one sees.

::

    application = host(settings, replicas=(1, 4), num_gpus=1)
    backend = Hosted(handle)              # in the replica that de-identifies
    Model("vllm", backend, settings)
"""

import asyncio
from typing import Any

from ray import serve
from ray.exceptions import RayError
from ray.serve.config import AutoscalingConfig
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from maskray.errors import DetectionError
from maskray.model import Question, Reply
from maskray.settings import Settings

_BUSY = 0.75
"""Share of the questions a replica may have at a time from which another is started."""
_HEALTH_TIMEOUT_S = 120.0
"""An engine that is being replaced answers late."""
_KEEP_S = 900.0
"""How long a replica is kept that is not needed: to load a model takes minutes."""


class ModelHost:
    """One replica: it loads the model, and carries questions to it."""

    def __init__(self, settings: Settings) -> None:
        from vllm_engine import Engine

        self._engine = Engine(settings)

    async def ask(self, question: Question) -> Reply | DetectionError:
        """The reply, or why there is none: raised, Ray would wrap the error."""
        try:
            return await self._engine.ask(question)
        except DetectionError as error:
            return error

    async def check_health(self) -> None:
        """For Serve: an engine that stays dead costs the replica.

        Raises:
            ServiceDownError: If it is dead.
        """
        await self._engine.check()

    def __del__(self) -> None:
        """Serve drops the replica: its memory is freed."""
        if engine := getattr(self, "_engine", None):
            engine.stop()


def host(
    settings: Settings,
    *,
    replicas: tuple[int, int] = (1, 1),
    num_gpus: float = 0.0,
    num_cpus: float = 1.0,
) -> serve.Application:
    """The deployment of a model, with limits.

    Args:
        settings: ``model.in_flight`` is how many questions a replica has at a time; so
            many more may wait, then further ones are refused.
        replicas: Least and most.
        num_gpus: Of one replica: as many as its engine's.
        num_cpus: Of one replica.
    """
    most = settings.model.in_flight
    least, largest = replicas
    deployment: Any = serve.deployment(
        name="model",
        max_ongoing_requests=most,
        max_queued_requests=most,
        health_check_timeout_s=_HEALTH_TIMEOUT_S,
        graceful_shutdown_timeout_s=settings.model.timeout_s,
        ray_actor_options={"num_gpus": num_gpus, "num_cpus": num_cpus},
        autoscaling_config=AutoscalingConfig(
            min_replicas=least,
            max_replicas=largest,
            target_ongoing_requests=max(_BUSY * most, 1.0),
            downscale_delay_s=_KEEP_S,
        ),
    )(ModelHost)
    application: serve.Application = deployment.bind(settings)
    return application


class Hosted:
    """Carries questions to the replicas behind a handle; a backend of the core's."""

    def __init__(self, handle: DeploymentHandle[Any], timeout_s: float) -> None:
        self._handle = handle
        self._timeout_s = timeout_s

    async def ask(self, question: Question) -> Reply:
        """The reply to one question.

        Raises:
            DetectionError: If there is none, the replicas are busy, or one was lost.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                said: Reply | DetectionError = await self._handle.ask.remote(question)
        except TimeoutError:
            raise DetectionError("no reply in time", "model_timeout", "detect") from None
        except (RayServeException, RayError):  # their messages may quote the question
            raise DetectionError(
                "the model is overloaded or gone", "model_unavailable", "detect"
            ) from None
        if isinstance(said, DetectionError):
            raise said
        return said
