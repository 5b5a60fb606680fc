"""The README tells what is so: its commands exist, its examples run."""

import re
from pathlib import Path

import pytest
import typer.main
import yaml

from data_jobs.__main__ import app
from data_jobs.config import JobSettings, load_settings
from maskray.policy import Policy
from maskray.records import Verdict
from maskray.settings import load_yaml
from serve_app.config import Args

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_every_command_is_in_the_readme_and_has_help() -> None:
    for name, command in COMMANDS.items():
        assert f"`maskray {name}" in README
        assert command.help


def test_the_readme_names_no_command_that_is_not_there() -> None:
    shown = "\n".join(blocks("console"))
    named = set(
        re.findall(r"(?:^\$ |`|-- )(?:maskray|python -m data_jobs) ([a-z]+)", README)
    )
    named |= set(re.findall(r"maskray ([a-z]+) [A-Z]", shown))
    assert named
    assert named <= COMMANDS.keys()


def test_the_options_the_readme_names_exist() -> None:
    known = {option for each in COMMANDS.values() for p in each.params for option in p.opts}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    foreign = {
        "--working-dir",
        "--data-binary",
        "--scope",
    }  # ray job submit, curl, serve_app
    assert named - foreign <= known


def test_make_knows_the_targets_the_readme_names() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:^\$ |`)make ([a-z-]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_settings_and_the_policy_shown_are_valid(tmp_path: Path) -> None:
    policy, settings, online = blocks("yaml")
    assert Args.model_validate(yaml.safe_load(online)) != Args()
    path = tmp_path / "shown.yaml"
    path.write_text(policy)
    assert load_yaml(Policy, path, "policy").name in policy
    path.write_text(settings)
    shown = yaml.safe_load(settings)
    loaded = load_settings(path, {})
    assert shown.keys() <= JobSettings.model_fields.keys()
    assert loaded != JobSettings()


def test_the_verdicts_are_explained() -> None:
    for verdict in Verdict:
        assert f"| `{verdict.value}` |" in README


@pytest.mark.model
def test_the_python_example_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    example, _ = blocks("python")  # the other one: test_readme_online.py
    monkeypatch.chdir(ROOT)
    exec(compile(example.replace("/tmp/", f"{tmp_path}/"), "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("REDACTED ")
    assert [path.suffix for path in tmp_path.iterdir()] == [".dcm"]


def test_every_setting_is_explained() -> None:
    source = (ROOT / "maskray" / "settings.py").read_text()
    source += (ROOT / "data_jobs" / "config.py").read_text()
    source += (ROOT / "serve_app" / "config.py").read_text()
    lines = source.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"    [a-z_]+: (?!dict).* = ", line) and not re.search(
            r"= [A-Z]\w+\(\)", line
        ):
            following = "".join(lines[number + 1 : number + 5])
            assert '"""' in following, line
