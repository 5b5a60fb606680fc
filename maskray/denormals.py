"""Lets networks run at full speed on x86: what is next to nothing counts as nothing.

Numbers below about 1e-38 are denormal in IEEE 754, and x86 processors take a hundred times
longer for each. GELU makes very many of them: PP-OCR's small detector spends two thirds of
its time on them, and tells the same without them. Other processors are not held up.
"""

import contextlib
import ctypes
import functools
import platform
import sys
from collections.abc import Iterator
from typing import Any

_WORDS, _MXCSR = 8, 7
"""C's ``fenv_t`` in words of 32 bits on x86-64 Linux, and which one is MXCSR ..."""
_FLUSH = 0x8000 | 0x0040
"""... of which these bits count denormal results, and operands, as 0 (Intel SDM 10.2.3)."""


@contextlib.contextmanager
def flushed() -> Iterator[None]:
    """Denormal numbers count as 0 in this thread, and in those started here for good.

    Not for longer than a network runs: stored values may be such numbers, and are compared.
    """
    library = _library()
    if library is None:
        yield
        return
    before, inside = (ctypes.c_uint32 * _WORDS)(), (ctypes.c_uint32 * _WORDS)()
    library.fegetenv(before)
    ctypes.memmove(inside, before, ctypes.sizeof(before))
    inside[_MXCSR] |= _FLUSH
    try:
        library.fesetenv(inside)
        yield
    finally:
        library.fesetenv(before)


@functools.cache
def _library() -> Any:
    """C's mathematical library, where it has that layout; else ``None``."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return None
    try:
        return ctypes.CDLL("libm.so.6")
    except OSError:
        return None
