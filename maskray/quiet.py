"""Keeps libraries from printing what they read.

Warnings and logs of pydicom, Pillow and the OCR engines quote values. They are switched
off in every process that touches instances: nothing read from a patient is printed.
"""

import logging
import os
import warnings

_TALKATIVE = (
    "pydicom",
    "PIL",
    "easyocr",
    "RapidOCR",
    "rapidocr",
    "pylibjpeg",
    "jpeglib",
)


def keep_quiet() -> None:
    """Silences the libraries in this process; can be called again and again."""
    warnings.filterwarnings("ignore")
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
