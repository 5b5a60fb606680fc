"""Lets torch start on a CPU: beside torchvision's CUDA build, and quickly.

torchvision's compiled operators cannot load there, and it registers fake kernels for
two of them at import. Declaring their schemas first is enough for all that is pure
Python. Call this before anything imports torchvision: in every process, since vLLM,
transformers and EasyOCR all do.
"""

import contextlib
import functools
import sys
from collections.abc import Iterator
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


@contextlib.contextmanager
def uninitialised() -> Iterator[None]:
    """Networks made inside have no first weights: they are about to be loaded.

    To draw them at random takes longer than all the rest of EasyOCR's start. What is
    loaded must hold every weight (``load_state_dict`` is strict).
    """
    from torch.nn import init

    drawn = {name: getattr(init, name) for name in dir(init) if name.endswith("_")}
    drawn = {name: each for name, each in drawn.items() if not name.startswith("_")}
    for name in drawn:
        setattr(init, name, lambda tensor, *_, **__: tensor)
    try:
        yield
    finally:
        for name, each in drawn.items():
            setattr(init, name, each)
