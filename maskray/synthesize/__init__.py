"""Makes a labelled set of instances with burned-in text, to judge detectors on.

Nobody in it exists: people, places and identifiers are invented, the backgrounds are
made from text-free images of the pydicom wheel and of ``examples/base``.
"""

import json
from pathlib import Path
from typing import Any

from maskray.errors import ConfigError, OutputError
from maskray.synthesize.bases import load_bases
from maskray.synthesize.formats import plan_scenes
from maskray.synthesize.instances import make_instance

__all__ = ["TRUTH_FILE", "synthesize"]

TRUTH_FILE = "truth.json"
"""Name of the file of labels, beside the instances."""
VERSION = 1
DEFAULT_BASE = Path(__file__).resolve().parents[2] / "examples" / "base"
MOST_INSTANCES = 9999
"""File names have four digits."""


def synthesize(
    out: Path,
    *,
    n: int = 70,
    seed: int = 0,
    phi_share: float = 0.5,
    base: Path | None = None,
) -> None:
    """Writes ``n`` labelled instances and ``truth.json`` into the folder ``out``.

    The same arguments and base images give the same bytes on any machine with the same
    versions of numpy, Pillow, OpenCV, pydicom, its codecs and zlib.

    Args:
        out: A folder that is not there yet, or is empty.
        n: Instances to write, 1 to 9999.
        seed: Other seeds give other people, texts, places and backgrounds; 0 or more.
        phi_share: Share of the instances that show PHI, 0 to 1; exactly
            ``round(n * phi_share)`` do. About a third of the rest show no text.
        base: Folder of further text-free DICOM images for backgrounds; ``None`` for
            ``examples/base`` of the repository, where that exists.

    Raises:
        ConfigError: If ``n``, ``seed``, ``phi_share`` or ``base`` is out of range.
        OutputError: If ``out`` is not an empty folder, or cannot be written.
    """
    _check(n, seed, phi_share)
    if base is None and DEFAULT_BASE.is_dir():
        base = DEFAULT_BASE
    bases = load_bases(base)
    _prepare_folder(out)
    instances: list[dict[str, Any]] = []
    try:
        for scene in plan_scenes(n, seed, phi_share):
            made = make_instance(scene, bases)
            (out / scene.file).write_bytes(made.data)
            instances.append(made.truth)
        truth = {"version": VERSION, "seed": seed, "instances": instances}
        text = json.dumps(truth, indent=1, ensure_ascii=True) + "\n"
        (out / TRUTH_FILE).write_text(text, encoding="ascii")
    except OSError:
        raise OutputError("the synthetic set could not be written") from None


def _check(n: int, seed: int, phi_share: float) -> None:
    if not 1 <= n <= MOST_INSTANCES:
        raise ConfigError("n must be between 1 and 9999")
    if seed < 0:
        raise ConfigError("seed must not be negative")
    if not 0 <= phi_share <= 1:
        raise ConfigError("phi_share must be between 0 and 1")


def _prepare_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        filled = any(out.iterdir())
    except OSError:
        raise OutputError("the output folder cannot be made or read") from None
    if filled:
        raise OutputError("the output folder is not empty")
