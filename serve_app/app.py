"""Online redaction on Ray Serve: the deployment graph.

::

    HTTP → Ingress ─┬→ Reader     open, render, read, detect → model (optional)
                    ├→ Redactor   locate, mask, header, verify → EasyOCR, batched
                    └→ Shelves    results and reviews, in memory for a while

``maskray serve`` runs it on one machine, ``serve deploy deploy/serve.yaml`` on a cluster.
"""

import os
from typing import Any

from ray import serve
from ray.serve.config import AutoscalingConfig
from ray.serve.schema import LoggingConfig

from maskray import Key
from maskray.endpoint import endpoint_key
from maskray.errors import ConfigError
from serve_app.config import Args, Pool
from serve_app.easyocr import EasyOCRHost
from serve_app.ingress import Ingress
from serve_app.model import host
from serve_app.replicas import Reader, Redactor, detectors
from serve_app.shelf import Shelves

_MOST_CANVASES = 32
"""That one replica of EasyOCR has at a time; a redactor has one at a time."""
_STAGE_S = 20.0
"""No stage of one instance should take longer; what is under way may end."""


def build(args: Args) -> serve.Application:
    """The application that Serve runs.

    Raises:
        ConfigError: If ``MASKRAY_KEY`` is missing or too short, if nobody says who may
            call, or if a detector is named that is not hosted here.
    """
    try:
        key = Key(os.environ.get("MASKRAY_KEY", "").encode())
    except ValueError as error:
        raise ConfigError(f"MASKRAY_KEY: {error}") from None
    if not args.tokens and not args.insecure_loopback:
        raise ConfigError(
            "no tokens are configured: make one with `python -m serve_app token`, or "
            "set insecure_loopback to serve this machine only"
        )
    detectors(args.settings)  # refuses now what it would refuse in a replica
    drain = args.limits.deadline_s + _STAGE_S
    model = secret = None
    if "vllm" in args.settings.detectors:
        pool = args.models
        model = host(
            args.settings,
            replicas=(pool.min_replicas, pool.max_replicas),
            num_gpus=pool.num_gpus,
            num_cpus=pool.num_cpus,
        )
    if "openai" in args.settings.detectors:
        secret = endpoint_key(args.settings.model.endpoint)
    # Readers hold the queue: an instance that was read is always finished. So they refuse
    # and redactors do not; what the ingress lets in bounds both.
    reader = _deployment(
        Reader, args.readers, drain, max_queued_requests=args.limits.max_in_flight
    ).bind(args.settings, secret, model)
    easyocr = _deployment(
        EasyOCRHost, args.easyocr, drain, max_ongoing_requests=_MOST_CANVASES
    ).bind(args.settings.locate)
    redactor = _deployment(Redactor, args.redactors, drain).bind(
        key, args.settings, easyocr, args.limits.deadline_s
    )
    shelves = _deployment(Shelves, Pool(num_cpus=0.1), drain, max_ongoing_requests=64).bind(
        args.limits.max_shelf_bytes, args.limits.shelf_seconds
    )
    ingress = _deployment(
        serve.ingress()(Ingress),
        args.ingress,
        drain,
        max_ongoing_requests=4 * args.limits.max_in_flight,
        max_queued_requests=args.limits.max_in_flight,
    ).bind(args, reader, redactor, shelves)
    app: serve.Application = ingress
    return app


def _deployment(
    of: type, pool: Pool, drain_s: float, *, max_ongoing_requests: int = 1, **more: Any
) -> Any:
    """A class as a deployment, with everything said that Serve would guess."""
    return serve.deployment(
        of,
        name=of.__name__,
        max_ongoing_requests=max_ongoing_requests,
        autoscaling_config=AutoscalingConfig(
            min_replicas=pool.min_replicas,
            max_replicas=pool.max_replicas,
            target_ongoing_requests=max(max_ongoing_requests / 2, 1),
            upscale_delay_s=10,
            downscale_delay_s=300,
        ),
        ray_actor_options={"num_cpus": pool.num_cpus, "num_gpus": pool.num_gpus},
        health_check_period_s=10,
        health_check_timeout_s=60,
        graceful_shutdown_wait_loop_s=1,
        graceful_shutdown_timeout_s=drain_s,
        max_constructor_retry_count=3,
        # Its lines would hold addresses with UIDs in them, and say nothing of use.
        logging_config=LoggingConfig(enable_access_log=False),
        **more,
    )
