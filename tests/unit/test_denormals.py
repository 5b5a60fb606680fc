"""Denormal numbers count as 0 while a network runs, and are numbers again after."""

import platform
import sys
import threading

import numpy as np
import pytest

from maskray.denormals import flushed

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64",
    reason="other processors are not held up by denormal numbers",
)


def halved() -> float:
    """Half of the least normal number: 0 where denormal numbers count as nothing."""
    return float(
        np.array([np.finfo(np.float32).tiny]).astype(np.float32)[0] / np.float32(2)
    )


def test_they_count_as_nothing_inside_only() -> None:
    assert halved() > 0
    with flushed():
        assert halved() == 0
        with flushed():
            assert halved() == 0
        assert halved() == 0
    assert halved() > 0


def test_an_error_inside_restores_them() -> None:
    with pytest.raises(ValueError, match="gone"), flushed():
        raise ValueError("gone")
    assert halved() > 0


def test_other_threads_are_left_alone() -> None:
    ready, done, found = threading.Event(), threading.Event(), list[float]()

    def look() -> None:
        ready.wait()
        found.append(halved())
        done.set()

    threading.Thread(target=look).start()
    with flushed():
        ready.set()
        done.wait()
    assert found[0] > 0
