"""Columns that travel through Ray Data, and records ⇄ rows.

One row is one instance, from the listing to the account. Rows are flat and Arrow-native
with a fixed schema; native pixels do not travel. Failures are columns: ``verdict``,
``error_code`` and ``stage`` are null as long as nothing went wrong.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pydantic import SecretStr

from maskray.detect import Seen
from maskray.geometry import Box
from maskray.model import Answer
from maskray.picture import Picture
from maskray.records import Category, Finding, TextLine, Usage

Row = dict[str, Any]

_FRAMES = pa.list_(pa.int32())
_BOX = [(name, pa.int32()) for name in ("x0", "y0", "x1", "y1")]
LINE = pa.struct(
    [
        ("frames", _FRAMES),
        *_BOX,
        ("text", pa.string()),
        ("confidence", pa.float64()),
        ("columns", pa.list_(pa.int32())),
        ("view", pa.string()),
        ("reader", pa.string()),
        ("others", pa.list_(pa.string())),
    ]
)
FINDING = pa.struct(
    [
        ("frames", _FRAMES),
        *_BOX,
        ("text", pa.string()),
        ("category", pa.string()),
        ("source", pa.string()),
        ("view", pa.string()),
        ("line_height", pa.int32()),
    ]
)
PICTURE = pa.struct(
    [
        ("frames", _FRAMES),
        ("view", pa.string()),
        *_BOX,
        ("rows", pa.int32()),
        ("columns", pa.int32()),
        ("png", pa.large_binary()),
    ]
)

LISTED = pa.schema(
    [
        ("source", pa.string()),
        ("fingerprint", pa.string()),
        ("error_code", pa.string()),
    ]
)
"""What the listing knows of a source."""

EXAMINED = pa.schema(
    [
        *LISTED,
        ("verdict", pa.string()),
        ("stage", pa.string()),
        ("sha256", pa.string()),
        ("facts", pa.string()),
        ("lines", pa.list_(LINE)),
        ("doubtful", pa.list_(LINE)),
        ("findings", pa.list_(FINDING)),
        ("looked_at", pa.int32()),
        ("without_text", pa.int32()),
        ("dirty_bits", pa.bool_()),
        ("pictures", pa.large_list(PICTURE)),
        ("pictures_shown", pa.int32()),
        ("tokens_in", pa.int64()),
        ("tokens_out", pa.int64()),
        ("seconds", pa.map_(pa.string(), pa.float64())),
    ]
)
"""What the readers add: what was seen and found. Holds PHI; stays in the cluster.

``pictures`` travel to the askers only, if there are any; they hand on what it took."""

ACCOUNTED = pa.schema([("manifest", pa.string()), ("ledger", pa.string())])
"""What the maskers give: the two account rows, each as JSON (they differ in depth)."""


def examined_row(row: Row, seen: Seen, findings: Iterable[Finding]) -> Row:
    """A listed row with what the look and the detectors brought."""
    return {
        **row,
        "lines": [_line_row(each) for each in seen.lines],
        "doubtful": [_line_row(each) for each in seen.doubtful],
        "findings": [_finding_row(each) for each in findings],
        "looked_at": seen.looked_at,
        "without_text": seen.without_text,
        "dirty_bits": seen.dirty_bits,
        "pictures": [_picture_row(each) for each in seen.pictures],
    }


def answered_row(row: Row, answer: Answer) -> Row:
    """An examined row with what a model said; the pictures have served their purpose."""
    return {
        **row,
        "findings": [*row["findings"], *(_finding_row(e) for e in answer.findings)],
        "pictures": [],
        "pictures_shown": answer.usage.pictures,
        "tokens_in": answer.usage.tokens_in,
        "tokens_out": answer.usage.tokens_out,
    }


def usage_of(row: Mapping[str, Any]) -> Usage:
    """What asking models took."""
    names = ("pictures_shown", "tokens_in", "tokens_out")
    return Usage(*(row[name] or 0 for name in names))


def seen_of(row: Mapping[str, Any]) -> Seen:
    """What was seen, from an examined row."""
    return Seen(
        tuple(_line(each) for each in row["lines"]),
        tuple(_line(each) for each in row["doubtful"]),
        row["looked_at"],
        row["without_text"],
        row["dirty_bits"],
        tuple(_picture(each) for each in row["pictures"]),
    )


def facts_of(row: Mapping[str, Any]) -> dict[str, object]:
    """How an instance is coded, if it could be opened. See :mod:`maskray.deidentify`."""
    facts: dict[str, object] = json.loads(row["facts"] or "{}")
    return facts


def findings_of(row: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The findings, from an examined row."""
    return tuple(_finding(each) for each in row["findings"])


def table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table of exactly that schema; missing columns are null."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def accounted(manifest: Row, ledger: Row) -> Row:
    """The account rows of one instance as one row of :data:`ACCOUNTED`."""
    return {"manifest": json.dumps(manifest), "ledger": json.dumps(ledger)}


def _box_row(box: Box | None) -> Row:
    names = ("x0", "y0", "x1", "y1")
    return {name: None if box is None else getattr(box, name) for name in names}


def _box(row: Mapping[str, Any]) -> Box:
    return Box(row["x0"], row["y0"], row["x1"], row["y1"])


def _line_row(line: TextLine) -> Row:
    return {
        "frames": list(line.frames),
        **_box_row(line.box),
        "text": line.text.get_secret_value(),
        "confidence": line.confidence,
        "columns": [edge for pair in line.columns for edge in pair],
        "view": line.view,
        "reader": line.reader,
        "others": [each.get_secret_value() for each in line.others],
    }


def _line(row: Mapping[str, Any]) -> TextLine:
    edges = row["columns"]
    return TextLine(
        tuple(row["frames"]),
        _box(row),
        SecretStr(row["text"]),
        row["confidence"],
        tuple(zip(edges[::2], edges[1::2], strict=True)),
        row["view"],
        row["reader"],
        tuple(SecretStr(each) for each in row["others"]),
    )


def _picture_row(picture: Picture) -> Row:
    return {
        "frames": list(picture.frames),
        "view": picture.view,
        **_box_row(picture.box),
        "rows": picture.rows,
        "columns": picture.columns,
        "png": picture.png,
    }


def _picture(row: Mapping[str, Any]) -> Picture:
    frames = tuple(row["frames"])
    return Picture(frames, row["view"], _box(row), row["rows"], row["columns"], row["png"])


def _finding_row(finding: Finding) -> Row:
    return {
        "frames": list(finding.frames),
        **_box_row(finding.box),
        "text": finding.text.get_secret_value(),
        "category": finding.category.value,
        "source": finding.source,
        "view": finding.view,
        "line_height": finding.line_height,
    }


def _finding(row: Mapping[str, Any]) -> Finding:
    return Finding(
        tuple(row["frames"]),
        SecretStr(row["text"]),
        Category(row["category"]),
        row["source"],
        None if row["x0"] is None else _box(row),
        row["view"],
        row["line_height"],
    )
