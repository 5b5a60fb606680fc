"""Step 12, account: one row per instance in two tables, whatever happened.

The manifest is free of PHI and may be shared; the ledger says which source is which,
and stays private.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from maskray import __version__
from maskray.deidentify import Outcome
from maskray.model import model_name, prompt_id
from maskray.records import Finding, Region
from maskray.settings import Settings

STAGES = (
    "open",
    "keyframes",
    "render",
    "gate",
    "read",
    "detect",
    "locate",
    "plan",
    "mask",
    "header",
    "write",
    "verify",
)

MANIFEST = pa.schema(
    [
        pa.field("instance", pa.string(), metadata={"about": "keyed hash of the source"}),
        pa.field("run", pa.string()),
        pa.field("verdict", pa.string()),
        pa.field("error_code", pa.string()),
        pa.field("stage", pa.string()),
        pa.field("released", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("modality", pa.string()),
        pa.field("photometric", pa.string()),
        pa.field("transfer_syntax", pa.string()),
        pa.field("frames", pa.int32()),
        pa.field("rows", pa.int32()),
        pa.field("columns", pa.int32()),
        pa.field("bits_stored", pa.int32()),
        pa.field("frames_looked_at", pa.int32()),
        pa.field("frames_without_text", pa.int32()),
        pa.field("frames_masked", pa.int32()),
        pa.field("lines_read", pa.int32()),
        pa.field("regions", pa.int32()),
        pa.field("categories", pa.map_(pa.string(), pa.int32())),
        pa.field("masked_share", pa.float32()),
        pa.field("detectors", pa.list_(pa.string())),
        pa.field("model", pa.string()),
        pa.field("prompt", pa.string()),
        pa.field("pictures", pa.int32()),
        pa.field("tokens_in", pa.int64()),
        pa.field("tokens_out", pa.int64()),
        pa.field("policy", pa.string()),
        pa.field("settings", pa.string()),
        pa.field("version", pa.string()),
        pa.field("seconds", pa.map_(pa.string(), pa.float32())),
    ]
)
"""Columns of ``manifest/*.parquet``. None of them holds PHI."""

_BOX = [(name, pa.int32()) for name in ("x0", "y0", "x1", "y1")]
LEDGER = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("instance", pa.string()),
        pa.field("run", pa.string()),
        pa.field("fingerprint", pa.string()),
        pa.field("sha256", pa.string()),
        pa.field("verdict", pa.string()),
        pa.field("error_code", pa.string()),
        pa.field("stage", pa.string()),
        pa.field("released", pa.string()),
        pa.field(
            "findings",
            pa.list_(
                pa.struct(
                    [
                        ("frames", pa.list_(pa.int32())),
                        *_BOX,
                        ("category", pa.string()),
                        ("source", pa.string()),
                        ("text", pa.string()),
                    ]
                )
            ),
        ),
        pa.field(
            "regions",
            pa.list_(
                pa.struct(
                    [("frames", pa.list_(pa.int32())), *_BOX, ("reason", pa.string())]
                )
            ),
        ),
        pa.field("settings", pa.string()),
    ]
)
"""Columns of ``private/ledger/*.parquet``. They hold PHI."""

Row = dict[str, Any]


def manifest_row(
    outcome: Outcome,
    *,
    instance: str,
    run: str,
    released: str | None,
    settings: Settings,
) -> Row:
    """The shareable account of one instance."""
    frames = {index for region in outcome.regions for index in region.frames}
    categories: dict[str, int] = {}
    for region in outcome.regions:
        categories[region.reason.value] = categories.get(region.reason.value, 0) + 1
    return {
        "instance": instance,
        "run": run,
        "verdict": outcome.verdict.value,
        "error_code": outcome.error_code,
        "stage": outcome.stage,
        "released": released,
        **{
            name: outcome.facts.get(name)
            for name in (
                "kind",
                "modality",
                "photometric",
                "transfer_syntax",
                "frames",
                "rows",
                "columns",
                "bits_stored",
            )
        },
        "frames_looked_at": outcome.seen.looked_at,
        "frames_without_text": outcome.seen.without_text,
        "frames_masked": len(frames),
        "lines_read": len(outcome.seen.lines),
        "regions": len(outcome.regions),
        "categories": categories,
        "masked_share": _masked_share(outcome),
        "detectors": list(settings.detectors),
        "model": model_name(settings) if settings.model_detectors else None,
        "prompt": prompt_id(settings) if settings.model_detectors else None,
        "pictures": outcome.usage.pictures,
        "tokens_in": outcome.usage.tokens_in,
        "tokens_out": outcome.usage.tokens_out,
        "policy": settings.policy.name,
        "settings": settings.digest,
        "version": __version__,
        "seconds": dict(outcome.seconds),
    }


def _masked_share(outcome: Outcome) -> float:
    """Masked pixels over all pixels of the instance, overlaps counted twice."""
    rows, columns = outcome.facts.get("rows"), outcome.facts.get("columns")
    frames = outcome.facts.get("frames")
    if not (isinstance(rows, int) and isinstance(columns, int) and isinstance(frames, int)):
        return 0.0
    masked = sum(
        inside.area * len(region.frames)
        for region in outcome.regions
        if (inside := region.box.clip(rows, columns)) is not None
    )
    return min(masked / max(rows * columns * frames, 1), 1.0)


def ledger_row(
    outcome: Outcome,
    *,
    source: str,
    instance: str,
    run: str,
    fingerprint: str,
    sha256: str | None,
    released: str | None,
    settings: Settings,
) -> Row:
    """The private account of one instance; text only if the settings ask for it."""
    keep = settings.account.keep_text
    return {
        "source": source,
        "instance": instance,
        "run": run,
        "fingerprint": fingerprint,
        "sha256": sha256,
        "verdict": outcome.verdict.value,
        "error_code": outcome.error_code,
        "stage": outcome.stage,
        "released": released,
        "findings": [_finding(each, keep) for each in outcome.findings],
        "regions": [_region(each) for each in outcome.regions],
        "settings": settings.digest,
    }


def _finding(finding: Finding, keep_text: bool) -> Row:
    box = finding.box
    return {
        "frames": list(finding.frames),
        **{
            name: None if box is None else getattr(box, name)
            for name in ("x0", "y0", "x1", "y1")
        },
        "category": finding.category.value,
        "source": finding.source,
        "text": finding.text.get_secret_value() if keep_text else None,
    }


def _region(region: Region) -> Row:
    box = region.box
    return {
        "frames": list(region.frames),
        "x0": box.x0,
        "y0": box.y0,
        "x1": box.x1,
        "y1": box.y1,
        "reason": region.reason.value,
    }


def table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """The rows as an Arrow table with exactly that schema."""
    maps = [field.name for field in schema if pa.types.is_map(field.type)]
    plain = [
        {**row, **{name: list((row.get(name) or {}).items()) for name in maps}}
        for row in rows
    ]
    return pa.Table.from_pylist(plain, schema=schema)
