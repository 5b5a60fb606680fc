"""Makes one instance of the set: bytes and truth."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pydicom

from maskray.synthesize.bases import Base
from maskray.synthesize.burn import Label, burn_blocks
from maskray.synthesize.canvas import Canvas, prepare
from maskray.synthesize.encode import as_picture, set_pixels
from maskray.synthesize.formats import Scene
from maskray.synthesize.headers import make_header
from maskray.synthesize.layout import compose
from maskray.synthesize.people import invent_person, invent_visit
from maskray.synthesize.phrases import Case, invent_manner
from maskray.synthesize.scenery import paint

PEOPLE, PAINT, TEXT, HEADER = 1, 2, 3, 4
"""Purposes of random numbers: a change in one leaves the others as they were."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A finished instance: its file, its entry in the truth, and its stored values."""

    data: bytes
    truth: dict[str, Any]
    canvas: Canvas


def make_canvas(scene: Scene, bases: Sequence[Base]) -> Canvas:
    """The background of an instance, without text."""
    rng, form = scene.rng(PAINT), scene.format
    scenery = paint(rng, form.modality, bases, scene.shape, colour=form.coloured)
    return prepare(rng, form, scenery)


def make_instance(scene: Scene, bases: Sequence[Base]) -> Made:
    """The instance of a scene: the same bytes for the same scene and bases."""
    canvas = make_canvas(scene, bases)
    people = scene.rng(PEOPLE)
    case = Case(invent_person(people), invent_visit(people), invent_manner(people))
    text = scene.rng(TEXT)
    labels = burn_blocks(text, canvas, compose(text, scene, case))
    if scene.format.kind != "dicom":
        data = as_picture(canvas)
        return Made(data, _truth(scene, labels, scene.format.photometric, None), canvas)
    person, visit = case.person, case.visit
    if scene.header == "other":
        person, visit = invent_person(people), invent_visit(people)
    named = None if scene.header == "scrubbed" else person
    dataset = make_header(scene.rng(HEADER), scene, canvas, named, visit)
    set_pixels(dataset, canvas)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    truth = _truth(scene, labels, dataset.PhotometricInterpretation, dataset.SOPInstanceUID)
    return Made(buffer.getvalue(), truth, canvas)


def _truth(
    scene: Scene, labels: Sequence[Label], photometric: str, uid: str | None
) -> dict[str, Any]:
    form = scene.format
    return {
        "file": scene.file,
        "sop_instance_uid": None if uid is None else str(uid),
        "kind": form.kind,
        "modality": form.modality,
        "photometric": photometric,
        "bits_stored": form.bits_stored,
        "signed": form.signed,
        "transfer_syntax": None if uid is None else str(form.transfer_syntax),
        "rows": scene.rows,
        "columns": scene.columns,
        "frames": scene.frames,
        "has_phi": any(label.part.phi for label in labels),
        "has_text": bool(labels),
        "header": scene.header,
        "boxes": [label.as_row() for label in labels],
    }
