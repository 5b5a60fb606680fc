"""maskray against the plain approach, on the same single-frame images in one run.

The plain approach is what redaction scripts do: for each file a fresh EasyOCR reader,
its default canvas, every frame, black boxes over all text. Prints instances per second
of both and their ratio.

    python bench/plain_easyocr.py FOLDER [--most N]
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from maskray.errors import MaskrayError
from maskray.open import open_instance
from maskray.pixels import decode
from maskray.quiet import keep_quiet
from maskray.render import View, views
from maskray.settings import LimitSettings, Settings
from maskray.torch_cpu import prepare_torchvision


def single_frames(folder: Path, most: int | None) -> list[Path]:
    """The files of a folder that are images of one frame that can be decoded."""
    found: list[Path] = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and next(shown(path), None) is not None:
            found.append(path)
        if most and len(found) == most:
            break
    return found


def shown(path: Path) -> Iterator[View]:
    """The frame of a one-frame instance, 8 bits, as the plain approach shows it."""
    try:
        instance = open_instance(path.read_bytes(), LimitSettings())
        if instance.pixels.frames == 1:
            for frame in decode(instance.dataset, instance.pixels):
                yield views(frame, instance.dataset, instance.pixels)[0].pixels
    except MaskrayError:
        return


def plain(files: list[Path]) -> float:
    """Seconds of the plain approach."""
    prepare_torchvision()
    import easyocr

    from maskray.locate import weights_folder

    weights = str(weights_folder(Settings().locate))
    start = time.perf_counter()
    for path in files:
        for view in shown(path):
            reader = easyocr.Reader(
                ["en"],
                gpu=False,
                model_storage_directory=weights,
                download_enabled=False,
                verbose=False,
            )
            masked = np.array(view)
            for corners, _, _ in reader.readtext(masked):
                (x0, y0), (x1, y1) = np.min(corners, 0), np.max(corners, 0)
                masked[max(int(y0), 0) : int(y1) + 1, max(int(x0), 0) : int(x1) + 1] = 0
    return time.perf_counter() - start


def maskray(files: list[Path], output: Path) -> float:
    """Seconds of ``maskray redact``, everything from start to exit included."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "data_jobs", "redact", *map(str, files), str(output)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"maskray ended with {done.returncode}")
    return time.perf_counter() - start


def main() -> None:
    """Runs both and prints the ratio."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("folder", type=Path)
    asked.add_argument("--most", type=int, help="take so many images at most")
    options = asked.parse_args()
    keep_quiet()
    files = single_frames(options.folder, options.most)
    if not files:
        raise SystemExit("no single-frame images there")
    print(f"{len(files)} single-frame instances, {os.cpu_count()} CPUs")
    with tempfile.TemporaryDirectory() as folder:
        ours = maskray(files, Path(folder) / "out")
    print(f"maskray redact   {ours:8.1f} s  {len(files) / ours:7.3f} instances/s")
    theirs = plain(files)
    print(f"plain EasyOCR    {theirs:8.1f} s  {len(files) / theirs:7.3f} instances/s")
    print(f"ratio            {theirs / ours:8.1f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory of the plain approach {peak:.1f} GiB")


if __name__ == "__main__":
    main()
