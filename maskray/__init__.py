"""maskray de-identifies medical images: header and burned-in text.

``deidentify`` takes the bytes of one instance and gives an outcome; everything else
here is what it takes and gives.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("maskray")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0"

from maskray.deidentify import Engines, Outcome, deidentify
from maskray.errors import ConfigError, MaskrayError, RunError, ServiceDownError
from maskray.keys import Key
from maskray.policy import Policy
from maskray.records import Category, Finding, Region, Verdict
from maskray.settings import Settings

__all__ = [
    "Category",
    "ConfigError",
    "Engines",
    "Finding",
    "Key",
    "MaskrayError",
    "Outcome",
    "Policy",
    "Region",
    "RunError",
    "ServiceDownError",
    "Settings",
    "Verdict",
    "__version__",
    "deidentify",
]
