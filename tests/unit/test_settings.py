"""Settings: bounded, frozen, told apart by a hash; errors name the key and no value."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from maskray.errors import ConfigError, RunError
from maskray.policy import Policy
from maskray.records import Category
from maskray.settings import (
    MODEL_DETECTORS,
    LimitSettings,
    Part,
    Settings,
    load_yaml,
    validated,
)

CANARY = "Qzcanary"


def refusal(values: dict[str, object], model: type[BaseModel] = Settings) -> str:
    with pytest.raises(ConfigError) as caught:
        validated(model, values, "configuration")
    error = caught.value
    assert isinstance(error, RunError)
    assert error.fatal
    assert error.code == "configuration"
    assert error.__suppress_context__
    return str(error)


def nested(path: str, value: object) -> dict[str, object]:
    """``{"a": {"b": value}}`` for ``a.b``."""
    for part in reversed(path.split(".")):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def leaves(model: type[BaseModel], prefix: str = "") -> list[tuple[str, object]]:
    """Every key, with its default."""
    found = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += leaves(kind, f"{prefix}{name}.")
        else:
            found.append((prefix + name, field.default))
    return found


KEYS = dict(leaves(Settings))

WRONG = [
    ("detectors", ["oracle"]),
    ("detectors", "rules"),
    ("detectors", [1]),
    ("redact_even_if_undetected", "perhaps"),
    ("limits.max_file_bytes", 0),
    ("limits.max_file_bytes", -1),
    ("limits.max_file_bytes", "much"),
    ("limits.max_frame_pixels", 0),
    ("limits.max_frames", 1.5),
    ("limits.max_instance_bytes", None),
    ("limits.max_archive_members", []),
    ("limits.max_expansion", 1),
    ("limits.free_expansion_bytes", -5),
    ("gate.enabled", 7),
    ("gate.audit_share", 1.01),
    ("gate.audit_share", -0.01),
    ("gate.audit_share", float("nan")),
    ("gate.audit_share", float("inf")),
    ("read.threads", 0),
    ("read.upscale_below_px", 0),
    ("read.tile_px", "wide"),
    ("read.min_confidence", 2),
    ("read.min_confidence", float("nan")),
    ("locate.threads", 0),
    ("locate.device", "tpu"),
    ("locate.models", 5),
    ("mask.extent", "some"),
    ("mask.fill", "pink"),
    ("mask.margin", -0.1),
    ("mask.margin", 2.1),
    ("mask.margin", float("nan")),
    ("verify.rounds", 0),
    ("verify.rounds", 11),
    ("header.dates", "keep"),
    ("header.shift_days", 0),
    ("header.shift_days", 36_501),
    ("model.profile", 5),
    ("model.prompt", ["phi-1"]),
    ("model.path", {}),
    ("model.engine", "fast"),
    ("model.attempts", 0),
    ("model.attempts", 6),
    ("model.timeout_s", 0),
    ("model.timeout_s", float("inf")),
    ("model.in_flight", 0),
    ("model.max_pictures", 0),
    ("model.dollars_per_million_tokens_in", -1),
    ("model.dollars_per_million_tokens_out", float("inf")),
    ("model.dollars_per_hour", "cheap"),
    ("model.endpoint.base_url", 80),
    ("model.endpoint.model", []),
    ("model.endpoint.key_variable", None),
    ("model.endpoint.retries", 21),
    ("model.endpoint.reply_format", "xml"),
    ("account.keep_text", "sometimes"),
    ("policy.name", "Not A Name"),
    ("policy.name", ""),
    ("policy.phi", ["shoe_size"]),
    ("policy.phi", "name"),
    ("policy.age_limit_years", -1),
    ("policy.age_limit_years", 151),
    ("policy.unknown_text", "guess"),
    ("policy.allow", [""]),
    ("policy.allow", "words"),
]


@pytest.mark.parametrize(("key", "value"), WRONG, ids=lambda each: str(each)[:40])
def test_a_wrong_value_is_refused_and_its_key_named(key, value):
    assert key in refusal(nested(key, value))


def test_every_key_is_among_those_tested():
    assert {key for key, _ in WRONG} == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_a_value_of_no_kind_is_refused_everywhere(key):
    for value in ({"a": CANARY}, object(), [[CANARY]], CANARY):
        if key in ANY_TEXT and value is CANARY:
            continue  # a folder may have any name
        if key == "model.engine" and isinstance(value, dict):
            continue  # vLLM's to judge
        message = refusal(nested(key, value))
        assert key in message
        assert CANARY not in message


ANY_TEXT = {
    "locate.models",
    "model.profile",
    "model.prompt",
    "model.path",
    "model.endpoint.base_url",
    "model.endpoint.model",
    "model.endpoint.key_variable",
}
PARTS = sorted({key.rpartition(".")[0] for key in KEYS})


@pytest.mark.parametrize("part", PARTS)
def test_an_unknown_key_is_refused_and_named(part):
    path = f"{part}.colour" if part else "colour"
    assert path in refusal(nested(path, CANARY))
    assert CANARY not in refusal(nested(path, CANARY))


@pytest.mark.parametrize("part", [each for each in PARTS if each])
def test_a_part_that_is_no_mapping_is_refused(part):
    for value in (None, 5, CANARY, [CANARY]):
        message = refusal({part: value})
        assert part in message
        assert CANARY not in message


def test_all_wrong_keys_are_named_at_once():
    values = {"gate": {"audit_share": 5}, "mask": {"fill": "pink"}, "colour": 1}
    message = refusal(dict(values))
    assert message.startswith("configuration: ")
    assert all(key in message for key in ("gate.audit_share", "mask.fill", "colour"))


def test_defaults_are_the_safe_choice():
    settings = Settings()
    assert settings.detectors == ("rules",)
    assert settings.model.endpoint.base_url is None
    assert settings.policy.unknown_text == "mask"
    assert settings.header.dates == "remove"
    assert settings.gate.enabled
    assert not settings.account.keep_text
    assert settings.verify.rounds >= 1
    assert settings.mask.margin > 0


def test_settings_cannot_be_changed():
    settings = Settings()
    for part, name in ((settings, "detectors"), (settings.gate, "enabled")):
        with pytest.raises(ValidationError):
            setattr(part, name, ())


def test_every_part_forbids_extra_keys_and_hides_its_input():
    def parts(model: type[BaseModel]):
        yield model
        for field in model.model_fields.values():
            if isinstance(field.annotation, type) and issubclass(
                field.annotation, BaseModel
            ):
                yield from parts(field.annotation)

    for model in parts(Settings):
        assert model.model_config["frozen"]
        assert model.model_config["extra"] == "forbid"
        assert model.model_config["hide_input_in_errors"]
        assert model is Policy or issubclass(model, Part)


def test_limits_of_expansion():
    limits = LimitSettings(max_file_bytes=5000, max_expansion=10, free_expansion_bytes=1000)
    assert limits.most_expanded(1) == 1000
    assert limits.most_expanded(200) == 2000
    assert limits.most_expanded(10**9) == 5000


# --- digest ---------------------------------------------------------------------------


def other_value(key: str, default: object) -> object:
    """A valid value that is not the default."""
    special = {
        "detectors": (),
        "locate.models": Path("weights"),
        "locate.device": "cpu",
        "mask.extent": "all_text",
        "mask.fill": "background",
        "header.dates": "shift",
        "model.profile": "qwen3-vl",
        "model.prompt": "other",
        "model.path": "weights",
        "model.engine": {"seed": 5},
        "model.endpoint.base_url": "http://127.0.0.1/v1",
        "model.endpoint.model": "other",
        "model.endpoint.key_variable": "OTHER_KEY",
        "model.endpoint.reply_format": "none",
        "policy.name": "research",
        "policy.phi": frozenset({Category.NAME}),
        "policy.unknown_text": "review",
        "policy.allow": ("supine",),
    }
    if key in special:
        return special[key]
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        return default + 1
    assert isinstance(default, float)
    return default / 2 + 0.1


@pytest.mark.parametrize("key", KEYS)
def test_the_digest_changes_with_every_value(key):
    value = other_value(key, KEYS[key])
    changed = validated(Settings, nested(key, value), "configuration")
    assert changed != Settings()
    assert (changed.digest == Settings().digest) is (key in OF_NO_EFFECT)


OF_NO_EFFECT = {
    "model.in_flight",
    "model.timeout_s",
    "model.dollars_per_million_tokens_in",
    "model.dollars_per_million_tokens_out",
    "model.dollars_per_hour",
}
"""Speed and prices: an output may go on with other ones."""


def test_the_digest_is_short_and_the_same_for_the_same_values():
    assert Settings().digest == Settings.model_validate({}).digest
    assert Settings().digest == Settings.model_validate({"gate": {}}).digest
    assert len(Settings().digest) == 16
    assert set(Settings().digest) <= set("0123456789abcdef")


@given(st.permutations(sorted(Policy().phi)))
def test_the_digest_does_not_depend_on_the_order_of_a_set(phi):
    assert validated(Settings, nested("policy.phi", phi), "").digest == Settings().digest


def test_the_digest_is_the_same_in_every_process():
    code = "from maskray.settings import Settings; print(Settings().digest)"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {Settings().digest}


# --- YAML -----------------------------------------------------------------------------


def test_settings_are_read_from_yaml(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(
        "gate:\n  enabled: false\nlocate:\n  models: weights\npolicy:\n  phi: [name, age]\n"
    )
    settings = load_yaml(Settings, path, "configuration")
    assert not settings.gate.enabled
    assert settings.locate.models == Path("weights")
    assert settings.policy.phi == {Category.NAME, Category.AGE}


def test_what_was_written_reads_back_the_same(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(Settings().model_dump(mode="json")))
    assert load_yaml(Settings, path, "configuration") == Settings()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b",
        "just text",
        "5",
        "a: b: c",
        "{",
        "a: &x [*x",
        "a: !!python/object:os.system b",
        "a: 2024-99-99",
        "\t- tab",
        "? [a]\n: b",
        "a: \x07",
        "[" * 400,
        "gate: *unknown",
        "1: 2",
        "gate: {1: 2}",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_is_no_mapping_of_settings_is_refused(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_yaml(Settings, path, "configuration")
    assert "configuration" in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ["missing", "folder", "no text", "null"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, kind):
    path = tmp_path / "config.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "no text":
        path.write_bytes(b"\xff\xfe\x80")
    elif kind == "null":
        path = tmp_path / "con\0fig.yaml"
    with pytest.raises(ConfigError, match="cannot read the configuration file"):
        load_yaml(Settings, path, "configuration")


def test_literals_offer_what_the_code_knows():
    detectors = Settings.model_fields["detectors"].annotation
    assert get_args(get_args(detectors)[0]) == ("rules", *MODEL_DETECTORS)
