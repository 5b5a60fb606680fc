"""The configs shipped as examples are valid, and mean what they say."""

from pathlib import Path

import pytest

from data_jobs.config import JobSettings, load_settings
from data_jobs.report import Prices
from maskray.errors import ConfigError
from maskray.model import load_prompt

CONFIGS = Path(__file__).parents[2] / "examples" / "configs"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda each: each.stem)
def test_every_config_is_valid_and_asks_a_model(path: Path) -> None:
    settings = load_settings(path, {})
    assert settings.model_detectors
    assert settings.model.loaded.max_px >= 336
    assert load_prompt(settings.model.prompt).user


def test_they_are_those_the_readme_names() -> None:
    named = {"cpu-tiny", "scout-h200", "endpoint"}
    assert {path.stem for path in CONFIGS.glob("*.yaml")} == named


def test_their_prices_reach_the_report() -> None:
    hosted = load_settings(CONFIGS / "scout-h200.yaml", {})
    asked = load_settings(CONFIGS / "endpoint.yaml", {})
    prices = [Prices.of(each.model) for each in (hosted, asked, JobSettings())]
    assert prices[0] == Prices(dollars_per_model_hour=4.0)
    assert prices[1] is not None
    assert prices[1].dollars_per_million_tokens_out == 0.30
    assert prices[2] is None


@pytest.mark.parametrize(("gpus", "right"), [(8, True), (1, False), (0, False)])
def test_an_engine_over_several_gpus_needs_them_all(gpus: int, right: bool) -> None:
    values = {
        "detectors": ("vllm",),
        "model": {"profile": "llama4-maverick"},
        "askers": {"num_gpus": gpus},
    }
    if right:
        assert load_settings(None, dict(values)).askers.num_gpus == gpus
        return
    with pytest.raises(ConfigError, match="num_gpus must be 8"):
        load_settings(None, dict(values))
