"""Lets torchvision's CUDA build import beside a CPU-only torch.

Its compiled operators cannot load there, and it registers fake kernels for two of them
at import. Declaring their schemas first is enough for all that is pure Python. Call
this before anything imports torchvision: in every process, since vLLM, transformers
and EasyOCR all do.
"""

import functools
import sys
from importlib import metadata


@functools.cache
def prepare_torchvision() -> None:
    """Declares the missing operators where they are missing; otherwise does nothing."""
    import torch

    if "torchvision" in sys.modules or torch.version.cuda is not None:
        return
    try:
        if "cpu" in metadata.version("torchvision"):
            return  # a matching build: its operators load
    except metadata.PackageNotFoundError:
        return
    from torch import library

    for operator in ("nms", "qnms"):
        library.define(
            f"torchvision::{operator}",
            "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
        )
