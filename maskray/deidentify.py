"""One instance from its bytes to a verdict. The page to read first.

::

    open → render → keyframes → gate → detect → locate → plan → mask
                                            → header → write → verify

Each step is a room of its own; here they are put in order. ``data_jobs`` and
``serve_app`` place :func:`look`, :func:`detect` and :func:`finish` on a cluster;
:func:`deidentify` runs them one after the other and is the Python API.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import SecretStr
from pydicom import Dataset

from maskray import header, rules, verify
from maskray import mask as masking
from maskray.classify import classify
from maskray.detect import Detector, RulesDetector, Seen, read_sightings
from maskray.errors import (
    ConfigError,
    DetectionError,
    MaskrayError,
    VerificationError,
)
from maskray.gate import Sighting, find_text
from maskray.geometry import Box
from maskray.keyframes import Looks, Tracker
from maskray.keys import Key
from maskray.locate import Locator
from maskray.model import Answer, Model
from maskray.open import Instance, Kind, open_instance
from maskray.picture import Picture, fewest_views, pictures
from maskray.pixels import decode, only_pixels, shallow_copy
from maskray.plan import Place, places_to_locate, plan_regions
from maskray.planes import REMOVED, must_clear_unused_bits, planes
from maskray.quiet import keep_quiet
from maskray.read import Reader
from maskray.records import (
    Category,
    Finding,
    Region,
    Stopwatch,
    TextLine,
    Usage,
    Verdict,
)
from maskray.render import NamedView, Shown, views
from maskray.search import search
from maskray.second_opinion import Eyes, second_opinion
from maskray.settings import Settings
from maskray.tesseract import Tesseract
from maskray.text import tokens
from maskray.write import encode, encode_image


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one instance.

    ``data`` holds the file to release, and only if the verdict allows it. ``name`` is
    its new SOP Instance UID (for images: a UID made from the content).
    """

    verdict: Verdict
    error_code: str | None = None
    stage: str | None = None
    data: bytes | None = field(default=None, repr=False)
    name: str | None = None
    kind: Kind | None = None
    regions: tuple[Region, ...] = ()
    findings: tuple[Finding, ...] = field(default=(), repr=False)
    seen: Seen = field(default=Seen(), repr=False)
    facts: Mapping[str, object] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    usage: Usage = field(default=Usage())


@dataclass(frozen=True, slots=True)
class Engines:
    """The loaded models of one process.

    ``models`` are vision language models. ``openai`` is reached from anywhere; an engine
    for ``vllm`` is hosted by ``data_jobs`` or ``serve_app``, or put in by the caller.
    Without ``tesseract`` more of what nobody can read is masked.
    """

    reader: Reader
    locator: Locator
    detectors: Sequence[Detector] = (RulesDetector(),)
    models: Sequence[Model] = ()
    tesseract: Tesseract | None = None

    @classmethod
    def load(cls, settings: Settings) -> "Engines":
        """Loads what the settings ask for, but for ``vllm``.

        Raises:
            ServiceDownError: If a model is missing.
        """
        models: list[Model] = []
        if "openai" in settings.detectors:
            from maskray.endpoint import Endpoint

            models.append(Model("openai", Endpoint(settings), settings))
        return cls(
            Reader(settings.read),
            Locator(settings.locate),
            (RulesDetector(),) if rules.SOURCE in settings.detectors else (),
            tuple(models),
            Tesseract(),
        )


def deidentify(
    data: bytes,
    key: Key,
    settings: Settings | None = None,
    engines: Engines | None = None,
) -> Outcome:
    """De-identifies one instance: a DICOM file, a PNG or a JPEG, or one of them gzipped.

    Args:
        data: The file's bytes. They are not changed.
        key: Keys pseudonyms and UIDs; the same key gives the same ones.
        settings: Defaults are the safe choice.
        engines: Loaded models; loaded anew for each call if left out, which takes
            seconds.

    Returns:
        The outcome. It holds a file only if its verdict is releasable; failures are
        outcomes too.

    Raises:
        RunError: If a model is missing or the settings contradict each other.
    """
    keep_quiet()
    settings = settings or Settings()
    engines = engines or Engines.load(settings)
    clock = Stopwatch()
    known: dict[str, object] = {}
    try:
        instance = opened(data, settings, clock)
        known = facts(instance)
        seen = look(instance, engines.reader, settings, clock)
        findings = detect(instance, seen, engines.detectors, settings, clock)
        answer = ask(seen, engines.models, settings, clock)
        if answer.error is not None:
            lost = failed(answer.error, clock)
            return replace(lost, seen=seen, facts=known, usage=answer.usage)
        findings += answer.findings
        outcome = finish(instance, seen, findings, engines, key, settings, clock)
        return replace(outcome, usage=answer.usage)
    except Exception as error:  # noqa: BLE001 - engines raise anything, with values
        return replace(failed(error, clock), facts=known)


def failed(error: Exception, clock: Stopwatch | None = None, stage: str = "") -> Outcome:
    """The outcome of an instance that could not be treated.

    What is unknown or unproven goes to a person; what is broken has failed. Of errors
    that are not maskray's own only the class's name is kept: their messages quote values.

    Args:
        error: What was raised.
        clock: Of the instance.
        stage: Where it was raised, if the error does not say.

    Raises:
        RunError: Fatal errors are not an instance's outcome.
    """
    verdict, code = Verdict.FAILED, f"internal_{type(error).__name__}"
    if isinstance(error, MaskrayError):
        if error.fatal:
            raise error
        code, stage = error.code, error.stage or stage
        if isinstance(error, DetectionError | VerificationError):
            verdict = Verdict.REVIEW
    elif isinstance(error, MemoryError):
        code = "out_of_memory"
    seconds = dict(clock.seconds) if clock else {}
    return Outcome(verdict, code, stage or None, seconds=seconds)


def opened(data: bytes, settings: Settings, clock: Stopwatch) -> Instance:
    """Step 1. See :func:`maskray.open.open_instance`."""
    with clock.stage("open"):
        return open_instance(data, settings.limits)


# --- render, keyframes, gate, and reading ---------------------------------------------


def look(instance: Instance, reader: Reader, settings: Settings, clock: Stopwatch) -> Seen:
    """Steps 2 to 4: looks at every frame, where it shows something new, and reads it.

    Raises:
        UnsupportedPixelsError: If a frame cannot be decoded.
    """
    whole = Box(0, 0, instance.pixels.columns, instance.pixels.rows)
    looks, tracker = Looks(), Tracker()
    looked_at = without_text = 0
    to_show: list[Picture] = []

    def is_phi(line: TextLine) -> bool:
        return bool(rules.findings([line], instance.identifiers, settings.policy))

    for frame in decode(instance.dataset, instance.pixels):
        with clock.stage("keyframes"):
            places = looks.places(frame.samples)
            tracker.advance(frame.index, frame.samples, places)
            places = tracker.widened(places)
        if not places:
            continue
        looked_at += 1
        with clock.stage("render"):
            shown = views(frame, instance.dataset, instance.pixels)
        with clock.stage("gate"):
            found = find_text(reader, shown, places, tracker.knows)
            to_show += _pictures(found, shown, [frame.index], instance, settings)
        if found:
            with clock.stage("read"):
                lines, doubtful = read_sightings(
                    reader,
                    found,
                    [frame.index],
                    shown,
                    instance.identifiers,
                    tracker.resembles,
                )
            tracker.add(lines, frame.samples)
            tracker.add(doubtful, frame.samples, sure=False)
        with clock.stage("detect"):
            # Faint text may be lost from one frame to the next: EasyOCR will look there.
            gone = tracker.lost(frame.index, frame.samples, is_phi)
            tracker.began(is_phi)
        doubted = [replace(each, view=view.name) for each in gone for view in shown]
        tracker.add(doubted, frame.samples, sure=False)
        without_text += not tracker.any_live
    beside: list[TextLine] = []
    with clock.stage("read"):
        for plane in planes(instance):
            alone = [plane.view]
            found = find_text(reader, alone, [whole])
            beside += read_sightings(
                reader, found, plane.frames, alone, instance.identifiers
            )[0]
            if found and plane.view.name not in REMOVED:
                to_show += _pictures(found, alone, plane.frames, instance, settings)
    if len(to_show) > settings.model.max_pictures:
        raise DetectionError("too many pictures", "too_many_pictures", "detect")
    return Seen(
        (*tracker.lines(sure=True), *beside),
        tracker.lines(sure=False),
        looked_at,
        without_text,
        must_clear_unused_bits(instance),
        tuple(to_show),
    )


def _pictures(
    found: Sequence[Sighting],
    shown: Sequence[NamedView],
    frames: Iterable[int],
    instance: Instance,
    settings: Settings,
) -> list[Picture]:
    """What a model is shown of a frame: nothing, where the gate found no text."""
    if not settings.model_detectors:
        return []
    if found:
        return pictures(fewest_views(found, shown), frames, settings.model.loaded)
    drawn = int(instance.sha256[:8], 16) / 2**32 < settings.gate.audit_share
    if settings.gate.enabled and not drawn:
        return []
    return pictures(shown, frames, settings.model.loaded)


# --- detect ---------------------------------------------------------------------------


def detect(
    instance: Instance,
    seen: Seen,
    detectors: Iterable[Detector],
    settings: Settings,
    clock: Stopwatch,
) -> tuple[Finding, ...]:
    """Step 5: the united findings of all detectors.

    Raises:
        DetectionError: If a detector has no usable answer.
    """
    findings: list[Finding] = []
    with clock.stage("detect"):
        for detector in detectors:
            findings += detector.detect(seen, instance.identifiers, settings.policy)
    if settings.redact_even_if_undetected:
        findings += [
            Finding(
                line.frames,
                line.text,
                Category.UNKNOWN,
                "redact_even_if_undetected",
                line.box,
                line.view,
                min(line.box.width, line.box.height),
            )
            for line in seen.lines
        ]
    if settings.policy.unknown_text == "review" and any(
        finding.category is Category.UNKNOWN for finding in findings
    ):
        raise DetectionError("text nobody can name", "unknown_text", "detect")
    return tuple(findings)


def ask(
    seen: Seen, models: Sequence[Model], settings: Settings, clock: Stopwatch
) -> Answer:
    """Step 5, too: the united findings of all models; its error if one has no answer.

    Raises:
        ConfigError: If a model that the settings name is not there.
        ServiceDownError: If one is gone for good.
    """
    if missing := set(settings.model_detectors) - {each.name for each in models}:
        raise ConfigError(f"nobody hosts the detector {min(missing)} here")
    with clock.stage("detect"):
        return Answer.united(each.answer(seen.pictures) for each in models)


# --- locate, plan, mask, header, write, verify ----------------------------------------


def finish(
    instance: Instance,
    seen: Seen,
    findings: Sequence[Finding],
    engines: Engines,
    key: Key,
    settings: Settings,
    clock: Stopwatch,
    *,
    distinct: bool = False,
) -> Outcome:
    """Steps 6 to 11: from findings to a proven file.

    With ``distinct`` the new SOP Instance UID depends on the content too: for an
    instance whose own UID another one bears already.

    Raises:
        MaskrayError: If a step fails; see :func:`failed` for what becomes of it.
    """
    shown = Shown(instance.dataset, instance.pixels)
    with clock.stage("locate"):
        seen, findings, located = second_opinion(
            instance,
            seen,
            findings,
            Eyes(engines.reader, engines.locator, engines.tesseract),
            settings,
            shown,
        )
        findings += _certain(seen, instance, settings)
        findings, lines = search(instance, seen, findings, engines.locator)
        in_pixels = [each for each in findings if each.view not in REMOVED]
        places = places_to_locate(in_pixels, located)
        for index, boxes in _located(shown, places, engines.locator).items():
            located.setdefault(index, []).extend(boxes)
    with clock.stage("plan"):
        kept = _kept(seen, findings, instance, settings)
        regions = plan_regions(in_pixels, lines, located, settings.mask, kept)
    readers = verify.Readers(
        engines.reader, engines.locator, instance.identifiers, settings.policy
    )
    if distinct:
        instance = _distinct(instance)
    doubted = regions
    for _ in range(settings.verify.rounds):
        data, name = _build(instance, seen, regions, key, settings, clock)
        with clock.stage("verify"):
            released = open_instance(data, settings.limits)
            verify.prove_pixels(instance, released, regions)
            verify.prove_header(released, instance.identifiers)
            more = verify.left_over(released, doubted, kept, readers)
        if not more:
            break
        findings += more
        doubted = plan_regions(more, seen.lines, {}, settings.mask)
        regions = tuple(sorted({*regions, *doubted}))
    else:
        raise VerificationError("text is left over", "text_left_over", "verify")
    hidden = bool(findings)
    return Outcome(
        Verdict.REDACTED if hidden else Verdict.CLEAN,
        data=data,
        name=name,
        kind=instance.kind,
        regions=regions,
        findings=tuple(findings),
        seen=seen,
        facts=facts(instance),
        seconds=dict(clock.seconds),
    )


def new_name(instance: Instance, key: Key) -> str:
    """The UID under which an instance will be released, known before any work."""
    if instance.kind is not Kind.DICOM:
        return key.uid("image", instance.sha256)
    return key.uid(str(instance.dataset.get("SOPInstanceUID") or instance.sha256))


def _distinct(instance: Instance) -> Instance:
    dataset = shallow_copy(instance.dataset)
    own = str(dataset.get("SOPInstanceUID") or "")
    dataset.SOPInstanceUID = f"{own}.{int(instance.sha256[:16], 16)}"
    return replace(instance, dataset=dataset)


def _located(
    shown: Shown, places: Sequence[Place], locator: Locator
) -> dict[int, list[Box]]:
    """EasyOCR's boxes at the places, by frame."""
    located: dict[int, list[Box]] = {}
    by_frame: dict[int, dict[str, list[Place]]] = {}
    for place in places:
        by_frame.setdefault(place.frame, {}).setdefault(place.view, []).append(place)
    for index, in_views in shown.frames(by_frame):
        named = {view.name: view.pixels for view in in_views}
        for name, group in by_frame[index].items():
            found = locator.locate(
                named.get(name, in_views[0].pixels),
                [place.box for place in group],
                [place.line_height for place in group],
            )
            located.setdefault(index, []).extend(each.box for each in found)
    return located


def _certain(seen: Seen, instance: Instance, settings: Settings) -> list[Finding]:
    """What never stays where only models were asked: the second pair of eyes.

    The header's own identifiers, and what is PHI by its form, its label or as a name.
    What nobody can name is the model's to judge.
    """
    if not settings.model_detectors or rules.SOURCE in settings.detectors:
        return []
    return [
        finding
        for finding in rules.findings(seen.lines, instance.identifiers, settings.policy)
        if finding.category not in (Category.UNKNOWN, Category.OTHER_ID)
        or any(instance.identifiers.find(list(tokens(finding.text.get_secret_value()))))
    ]


def _kept(
    seen: Seen, findings: Iterable[Finding], instance: Instance, settings: Settings
) -> list[TextLine]:
    """Text that was read and stays: each run of characters that is no finding."""
    said = [each for each in findings if each.source in settings.model_detectors]
    judged = not settings.model_detectors or rules.SOURCE in settings.detectors
    kept: list[TextLine] = []
    for line in seen.lines:
        text = line.text.get_secret_value()
        for run in classify(text, instance.identifiers, settings.policy):
            if judged and settings.policy.hides(run.category):
                continue
            part = replace(
                line,
                box=line.part(run.start, run.end),
                text=SecretStr(text[run.start : run.end]),
                columns=(),
            )
            if not any(_hides(each, part) for each in said):
                kept.append(part)
    return kept


def _hides(finding: Finding, part: TextLine) -> bool:
    """Whether a model's finding covers a piece of text; without a place, all text."""
    if set(finding.frames).isdisjoint(part.frames):
        return False
    return finding.box is None or 2 * part.box.overlap(finding.box) > part.box.area


def _build(
    instance: Instance,
    seen: Seen,
    regions: Sequence[Region],
    key: Key,
    settings: Settings,
    clock: Stopwatch,
) -> tuple[bytes, str]:
    """The bytes that would be released, and their name."""
    masked = instance
    changed = bool(regions) or seen.dirty_bits
    if changed:
        with clock.stage("mask"):
            masked = masking.mask(
                instance, regions, settings.mask, clear_unused_bits=seen.dirty_bits
            )
    if instance.kind is not Kind.DICOM:
        with clock.stage("write"):
            boxes = masking.boxes_by_frame(regions).get(0, ())
            return encode_image(masked, boxes), key.uid("image", instance.sha256)
    with clock.stage("write"):
        bare = only_pixels(masked.dataset, masked.pixels)
    with clock.stage("header"):
        work = header.PixelWork(examined=True, masked=changed)
        clean = header.deidentify_header(
            bare,
            key,
            settings.header,
            work,
            instance.identifiers.raw,
            fallback_uid=instance.sha256,
        )
    with clock.stage("write"):
        data = encode(replace(masked, dataset=clean))
    return data, str(clean.SOPInstanceUID)


def facts(instance: Instance) -> dict[str, object]:
    """What a manifest may say of an instance: how it is coded, nothing of whom.

    What describes the pixels was checked when the instance was opened.
    """
    pixels = instance.pixels
    return {
        "kind": instance.kind.value,
        "modality": modality(instance.dataset),
        "photometric": pixels.photometric,
        "transfer_syntax": str(pixels.transfer_syntax),
        "frames": pixels.frames,
        "rows": pixels.rows,
        "columns": pixels.columns,
        "bits_stored": pixels.bits_stored,
    }


def modality(dataset: Dataset) -> str:
    """The Modality if it is one of DICOM's own (CID 29), else ``OTHER``.

    The element is free text to whoever fills it in wrongly; a manifest is shared.
    """
    value = str(dataset.get("Modality", "") or "").strip()
    return value if value in _MODALITIES else "OTHER" if value else ""


_MODALITIES = frozenset(
    "AR BMD CR CT DG DMS DX ECG EM EPS ES GM HD IO IVOCT IVUS KER LEN LS MG MR NM OAM "
    "OCT OP OPM OPT OPTBSV OPTENF OPV OSS OT PA PT PX REG RF RG RTIMAGE RTDOSE SEG SM "
    "TG US VA XA XC".split()
)
