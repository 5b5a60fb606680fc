"""The account: the manifest may be shared, the ledger holds text only when asked."""

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from maskray import __version__
from maskray.account import LEDGER, MANIFEST, STAGES, ledger_row, manifest_row, table
from maskray.deidentify import Outcome, facts, failed
from maskray.detect import Seen
from maskray.errors import InputError
from maskray.geometry import Box
from maskray.open import Kind, open_instance
from maskray.policy import Policy
from maskray.records import Category, Finding, Region, TextLine, Verdict
from maskray.settings import AccountSettings, LimitSettings, Settings
from tests.unit import builders

CANARY = "CANARY-7Q"
KEEP_TEXT = Settings(account=AccountSettings(keep_text=True))


def secret(number):
    return SecretStr(f"{CANARY}-{number}")


def line(number, frames=(0,)):
    box = Box(10, 10, 90, 30)
    return TextLine(frames, box, secret(number), 0.9, (), "full", "rapidocr", (secret(9),))


def outcome(**changes):
    """What a redacted cine of three frames leaves, with a canary in every text."""
    values: dict[str, Any] = {
        "verdict": Verdict.REDACTED,
        "data": f"{CANARY} bytes".encode(),
        "name": "2.25.77",
        "kind": Kind.DICOM,
        "regions": (
            Region((0, 1, 2), Box(0, 0, 10, 10), Category.NAME),
            Region((0,), Box(20, 0, 30, 10), Category.DATE),
            Region((2,), Box(40, 0, 50, 10), Category.NAME),
        ),
        "findings": (
            Finding((0, 1, 2), secret(1), Category.NAME, "rules", Box(1, 1, 9, 9), "full"),
            Finding((0,), secret(2), Category.DATE, "rules", None, "full"),
        ),
        "seen": Seen((line(3), line(4)), (line(5),), looked_at=2, without_text=1),
        "facts": {
            "kind": "dicom",
            "modality": "US",
            "photometric": "MONOCHROME2",
            "transfer_syntax": "1.2.840.10008.1.2.1",
            "frames": 3,
            "rows": 100,
            "columns": 100,
            "bits_stored": 8,
        },
        "seconds": {"open": 0.25, "read": 1.5},
    }
    return Outcome(**(values | changes))


def manifest(result, settings=KEEP_TEXT, released="ab/2.25.77.dcm"):
    return manifest_row(
        result, instance="k3y", run="r1", released=released, settings=settings
    )


def ledger(result, settings, source=f"/data/{CANARY}.dcm", released="ab/2.25.77.dcm"):
    return ledger_row(
        result,
        source=source,
        instance="k3y",
        run="r1",
        fingerprint="f1",
        sha256="00ff",
        released=released,
        settings=settings,
    )


def written(made):
    """The bytes of a table as they are written, uncompressed."""
    buffer = io.BytesIO()
    pq.write_table(made, buffer, compression="none", use_dictionary=False)
    return buffer.getvalue()


# --- Manifest -------------------------------------------------------------------------


def test_the_manifest_says_what_was_done():
    assert manifest(outcome()) == {
        "instance": "k3y",
        "run": "r1",
        "verdict": "REDACTED",
        "error_code": None,
        "stage": None,
        "released": "ab/2.25.77.dcm",
        "kind": "dicom",
        "modality": "US",
        "photometric": "MONOCHROME2",
        "transfer_syntax": "1.2.840.10008.1.2.1",
        "frames": 3,
        "rows": 100,
        "columns": 100,
        "bits_stored": 8,
        "frames_looked_at": 2,
        "frames_without_text": 1,
        "frames_masked": 3,
        "lines_read": 2,
        "regions": 3,
        "categories": {"name": 2, "date": 1},
        "masked_share": pytest.approx(500 / 30_000),
        "detectors": ["rules"],
        "model": None,
        "prompt": None,
        "pictures": 0,
        "tokens_in": 0,
        "tokens_out": 0,
        "policy": "default",
        "settings": KEEP_TEXT.digest,
        "version": __version__,
        "seconds": {"open": 0.25, "read": 1.5},
    }


@pytest.mark.parametrize("settings", [Settings(), KEEP_TEXT])
def test_the_manifest_holds_no_phi(settings):
    row = manifest(outcome(), settings)
    assert CANARY not in json.dumps(row)
    assert CANARY.encode() not in written(table([row], MANIFEST))


def test_the_manifest_takes_only_known_facts():
    facts = {"PatientName": CANARY, "frames": 1}
    row = manifest(outcome(facts=facts))
    assert CANARY not in json.dumps(row)
    assert row["frames"] == 1
    assert row["rows"] is None


def test_the_policys_words_stay_out_of_the_manifest():
    settings = Settings(policy=Policy(name="study-7", allow=(CANARY,)))
    row = manifest(outcome(), settings)
    assert row["policy"] == "study-7"
    assert CANARY not in json.dumps(row)


def test_a_failure_has_a_row_too():
    result = failed(InputError(f"never {CANARY}", "not_an_image", "open"))
    row = manifest(result, released=None)
    assert (row["verdict"], row["error_code"]) == ("FAILED", "not_an_image")
    assert (row["stage"], row["released"]) == ("open", None)
    assert (row["kind"], row["frames"], row["masked_share"]) == (None, None, 0.0)
    assert CANARY not in json.dumps(row)
    table([row], MANIFEST)


@pytest.mark.parametrize(
    ("regions", "share"),
    [
        ((), 0.0),
        ((Region((0, 1, 2), Box(0, 0, 100, 100), Category.NAME),), 1.0),
        ((Region((0,), Box(0, 0, 100, 100), Category.NAME),), 1 / 3),
        ((Region((0, 1, 2), Box(-50, -50, 50, 50), Category.NAME),), 0.25),
        ((Region((0,), Box(200, 200, 300, 300), Category.NAME),), 0.0),
        ((Region((0, 1, 2), Box(0, 0, 100, 100), Category.NAME),) * 2, 1.0),
    ],
)
def test_the_masked_share_counts_pixels_inside_the_frames(regions, share):
    assert manifest(outcome(regions=regions))["masked_share"] == pytest.approx(share)


# --- Ledger ---------------------------------------------------------------------------


def test_the_ledger_holds_text_only_if_asked():
    kept = ledger(outcome(), KEEP_TEXT)
    assert [each["text"] for each in kept["findings"]] == [f"{CANARY}-1", f"{CANARY}-2"]
    row = ledger(outcome(), Settings(), source="s")
    assert [each["text"] for each in row["findings"]] == [None, None]
    assert CANARY not in json.dumps(row)
    assert CANARY.encode() not in written(table([row], LEDGER))


def test_the_ledger_says_which_source_is_which():
    row = ledger(outcome(), Settings())
    assert row["source"] == f"/data/{CANARY}.dcm"
    assert (row["instance"], row["run"], row["fingerprint"]) == ("k3y", "r1", "f1")
    assert (row["sha256"], row["released"]) == ("00ff", "ab/2.25.77.dcm")
    assert (row["verdict"], row["error_code"], row["stage"]) == ("REDACTED", None, None)
    assert row["settings"] == Settings().digest


def test_the_ledger_holds_findings_and_regions_with_their_boxes():
    row = ledger(outcome(), Settings())
    first, second = row["findings"]
    assert first == {
        "frames": [0, 1, 2],
        "x0": 1,
        "y0": 1,
        "x1": 9,
        "y1": 9,
        "category": "name",
        "source": "rules",
        "text": None,
    }
    assert [second[name] for name in ("x0", "y0", "x1", "y1")] == [None] * 4
    assert row["regions"][1] == {
        "frames": [0],
        "x0": 20,
        "y0": 0,
        "x1": 30,
        "y1": 10,
        "reason": "date",
    }


# --- Tables ---------------------------------------------------------------------------


def test_rows_have_exactly_the_columns_of_their_schema():
    assert list(manifest(outcome())) == MANIFEST.names
    assert list(ledger(outcome(), Settings())) == LEDGER.names


@pytest.mark.parametrize(
    ("rows", "schema"),
    [
        ([manifest(outcome()), manifest(failed(InputError()), released=None)], MANIFEST),
        ([ledger(outcome(), KEEP_TEXT), ledger(outcome(findings=()), Settings())], LEDGER),
        ([], MANIFEST),
        ([], LEDGER),
    ],
)
def test_a_table_survives_being_written(rows, schema):
    made = table(rows, schema)
    assert made.schema == schema
    read = pq.read_table(io.BytesIO(written(made)))
    assert read.schema.names == schema.names
    assert read.num_rows == len(rows)
    assert read.cast(schema).equals(made)


def test_categories_and_seconds_are_maps():
    made = table([manifest(outcome())], MANIFEST)
    assert dict(made["categories"][0].as_py()) == {"name": 2, "date": 1}
    assert dict(made["seconds"][0].as_py()) == {"open": 0.25, "read": 1.5}


def test_a_table_takes_no_unknown_column():
    made = table([manifest(outcome()) | {"patient": CANARY}], MANIFEST)
    assert made.schema == MANIFEST
    assert CANARY.encode() not in written(made)


def test_a_value_of_another_type_is_refused():
    row = manifest(outcome()) | {"frames": CANARY}
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
        table([row], MANIFEST)


def test_the_manifest_has_the_columns_that_are_promised():
    promised = {
        "instance",
        "verdict",
        "error_code",
        "stage",
        "regions",
        "frames",
        "categories",
        "detectors",
        "model",
        "prompt",
        "settings",
        "tokens_in",
        "tokens_out",
        "seconds",
    }
    assert promised <= set(MANIFEST.names)
    private = {"source", "sha256", "findings", "text", "fingerprint"}
    assert not private & set(MANIFEST.names)


def test_the_stages_are_those_of_the_way():
    assert len(STAGES) == len(set(STAGES))
    assert {"open", "detect", "mask", "header", "write", "verify"} <= set(STAGES)


def test_an_outcome_does_not_show_what_was_read():
    for shown in (repr(outcome()), str(outcome())):
        assert CANARY not in shown


def test_what_only_looks_like_a_modality_is_not_accounted():
    shown = builders.dataset(builders.random_frames((1, 16, 16), 8), Modality="US")
    known = facts(open_instance(builders.written(shown), LimitSettings()))
    assert (known["modality"], known["photometric"]) == ("US", "MONOCHROME2")
    shown.Modality = builders.CANARY.upper()
    known = facts(open_instance(builders.written(shown), LimitSettings()))
    assert known["modality"] == "OTHER"
