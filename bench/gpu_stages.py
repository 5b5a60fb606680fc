"""What a GPU gets done in each stage that uses one, and whether maskray keeps it busy.

::

    python bench/gpu_stages.py FOLDER --config examples/configs/scout-h200.yaml

FOLDER holds images; CONFIG is one for ``maskray redact`` with the detector ``vllm``. One
after the other, each in a process of its own:

``bare``
    vLLM's ``LLM`` with the prompts of all frames at once: the most there is to get.
``stage``
    The same prompts through :class:`maskray.model.Model` and the engine that the batch job
    and the service host. Its share of the bare engine should be 95 % or more.
``easyocr``
    EasyOCR looks for text in each whole frame.
``job``
    ``maskray redact FOLDER``, from start to exit.

Without an NVIDIA GPU nothing is measured. With ``--anyway`` a CPU goes through the same
motions, with the tiny model: that shows that the script works, not how fast anything is.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from data_jobs.config import JobSettings, load_settings
from data_jobs.output import MANIFEST, Output
from maskray.errors import MaskrayError
from maskray.geometry import Box
from maskray.locate import Locator
from maskray.model import Model, Question, load_prompt, question
from maskray.open import open_instance
from maskray.picture import Picture, pictures
from maskray.pixels import decode
from maskray.quiet import keep_quiet
from maskray.render import NamedView, views
from maskray.settings import LimitSettings

STAGES = ("bare", "stage", "easyocr", "job")
WARM = 4
"""Pictures shown before the clock starts."""
LINE_PX = 16
"""Height of lines that EasyOCR is told to look for."""


def frames(folder: Path, most: int) -> list[NamedView]:
    """The first view of each frame there is in a folder, of so many at most."""
    found: list[NamedView] = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        for view in shown(path):
            found.append(view)
            if len(found) == most:
                return found
    return found


def shown(path: Path) -> Iterator[NamedView]:
    """The first view of each frame of a file; none if it is no image."""
    try:
        instance = open_instance(path.read_bytes(), LimitSettings())
        for frame in decode(instance.dataset, instance.pixels):
            yield views(frame, instance.dataset, instance.pixels)[0]
    except MaskrayError:
        return


def questions(shown: Sequence[NamedView], settings: JobSettings) -> list[Question]:
    """What the model is asked about these frames."""
    core = settings.core
    asked = question(load_prompt(core.model.prompt), core.policy, core.model.loaded)
    return [replace(asked, png=each.png) for each in all_pictures(shown, settings)]


def all_pictures(shown: Sequence[NamedView], settings: JobSettings) -> list[Picture]:
    """What the model is shown of these frames."""
    return [
        picture
        for index, view in enumerate(shown)
        for picture in pictures([view], [index], settings.core.model.loaded)
    ]


def bare(shown: Sequence[NamedView], settings: JobSettings) -> dict[str, float]:
    """The engine alone."""
    from vllm_engine.engine import decoded, prompt, sampling
    from vllm_engine.process import prepare_process

    prepare_process()
    from vllm import LLM

    profile = settings.core.model.loaded
    engine = LLM(model=profile.model, disable_log_stats=True, **profile.engine)
    tokenizer = engine.get_tokenizer()

    def replies(asked: Sequence[Question]) -> list[Any]:
        prompts = [prompt(tokenizer, each, decoded(each.png)) for each in asked]
        return engine.generate(prompts, [sampling(each) for each in asked], use_tqdm=False)

    asked = questions(shown, settings)
    replies(asked[:WARM])
    start = time.perf_counter()
    came = replies(asked)
    seconds = time.perf_counter() - start
    tokens_in = sum(len(each.prompt_token_ids) for each in came)
    tokens_out = sum(len(each.outputs[0].token_ids) for each in came)
    return rates(seconds, len(shown), tokens_in, tokens_out)


def stage(shown: Sequence[NamedView], settings: JobSettings) -> dict[str, float]:
    """The way the job takes; each picture once, so that both are asked the same."""
    from vllm_engine import Engine

    core = settings.core
    once = core.model_copy(update={"model": core.model.model_copy(update={"attempts": 1})})
    engine = Engine(once)
    model = Model("vllm", engine, once)
    asked = all_pictures(shown, settings)

    async def measured() -> dict[str, float]:
        await model.ask(asked[:WARM])
        start = time.perf_counter()
        said = await model.ask(asked)
        seconds = time.perf_counter() - start
        used = said.usage
        return rates(seconds, len(shown), used.tokens_in, used.tokens_out)

    try:
        return asyncio.run(measured())
    finally:
        engine.stop()


def easyocr(shown: Sequence[NamedView], settings: JobSettings) -> dict[str, float]:
    """Whole frames, one after the other, as one actor sees them."""
    locator = Locator(settings.core.locate)

    def look(view: NamedView) -> None:
        rows, columns = view.pixels.shape[:2]
        locator.locate(view.pixels, [Box(0, 0, columns, rows)], [LINE_PX])

    for view in shown[:WARM]:
        look(view)
    start = time.perf_counter()
    for view in shown:
        look(view)
    return rates(time.perf_counter() - start, len(shown))


def job(folder: Path, config: Path) -> dict[str, float]:
    """The whole batch job."""
    with tempfile.TemporaryDirectory() as there:
        output = Path(there) / "out"
        words = ["-m", "data_jobs", "redact", folder, output, "--config", config]
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *map(str, words)], stdout=subprocess.DEVNULL, check=False
        )
        seconds = time.perf_counter() - start
        if done.returncode not in (0, 1):
            raise SystemExit(f"maskray redact ended with {done.returncode}")
        tables = list(Output(str(output)).tables(MANIFEST, ["frames"]))
    counts = [count or 0 for table in tables for count in table["frames"].to_pylist()]
    return {**rates(seconds, sum(counts)), "instances": len(counts)}


def rates(
    seconds: float, frames: int, tokens_in: int = 0, tokens_out: int = 0
) -> dict[str, float]:
    """What was measured, per second."""
    found = {"seconds": seconds, "frames": frames, "frames_per_s": frames / seconds}
    if tokens_in:
        found["tokens_in_per_s"] = tokens_in / seconds
        found["tokens_out_per_s"] = tokens_out / seconds
    return {name: round(value, 2) for name, value in found.items()}


def gpus() -> list[str]:
    """The names of the GPUs that PyTorch sees."""
    import torch

    if not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


def one(options: argparse.Namespace) -> dict[str, float]:
    """One measurement, in this process."""
    if options.stage == "job":
        return job(options.folder, options.config)
    settings = load_settings(options.config, {})
    found = frames(options.folder, options.most)
    return {"bare": bare, "stage": stage, "easyocr": easyocr}[options.stage](
        found, settings
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("folder", type=Path, help="of images")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--most", type=int, default=1000, help="frames to show")
    parser.add_argument("--anyway", action="store_true", help="also without GPU")
    parser.add_argument("--stage", choices=STAGES, help="this one alone, in this process")
    options = parser.parse_args()
    keep_quiet()
    if options.stage:
        print(json.dumps(one(options)), file=sys.stdout, flush=True)
        return
    found = gpus()
    if not (found or options.anyway):
        print("There is no NVIDIA GPU here: nothing was measured.")
        return
    print(json.dumps({"gpus": found, "cpus": os.cpu_count()}), flush=True)
    measured: dict[str, dict[str, float]] = {}
    for name in STAGES:
        words = [sys.executable, __file__, *sys.argv[1:], f"--stage={name}"]
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
        measured[name] = json.loads(done.stdout.strip().splitlines()[-1])
        print(json.dumps({"stage": name, **measured[name]}), flush=True)
    share = measured["stage"]["frames_per_s"] / measured["bare"]["frames_per_s"]
    print(json.dumps({"stage_of_bare": round(share, 3)}))


if __name__ == "__main__":
    main()
