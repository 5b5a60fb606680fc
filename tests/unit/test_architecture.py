"""The rooms of the project: who may import whom, and what importing costs."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("maskray", "data_jobs", "serve_app", "vllm_engine")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
CORE = {name: path for name, path in MODULES.items() if name.startswith("maskray")}
HEAVY = {
    "ray",
    "vllm",
    "fastapi",
    "starlette",
    "torch",
    "torchvision",
    "easyocr",
    "rapidocr",
    "tesserocr",
    "onnxruntime",
    "transformers",
    "data_jobs",
    "serve_app",
}
NEVER_IN_CORE = {"data_jobs", "serve_app", "ray", "vllm", "fastapi", "typer", "starlette"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """The top packages that a module imports anywhere, also within functions."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield str(node.module).partition(".")[0]
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", ""))
            in ("import_module", "__import__")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value).partition(".")[0]


def test_no_arrows_of_the_core_make_a_circle():
    arrows = {
        name: {
            f"{node.module}.{each.name}" if node.module == "maskray" else str(node.module)
            for node in ast.walk(tree(path))
            if isinstance(node, ast.ImportFrom)
            for each in node.names
        }
        & CORE.keys()
        for name, path in CORE.items()
        if path.name != "__init__.py"
    }
    assert len(list(TopologicalSorter(arrows).static_order())) >= len(arrows)


def test_there_are_modules_to_look_at():
    assert len(CORE) > 20
    assert {"maskray", "maskray.pixels", "data_jobs", "serve_app"} <= set(MODULES)


def test_importing_the_core_loads_nothing_heavy():
    """Each module alone, in a fresh interpreter; one after the other is quick enough."""
    code = f"""
import importlib, sys
heavy = {HEAVY!r}
for name in {sorted(CORE)!r}:
    importlib.import_module(name)
    loaded = heavy & {{each.partition(".")[0] for each in sys.modules}}
    assert not loaded, f"{{name}} loads {{sorted(loaded)}}"
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout == ""


def test_importing_maskray_alone_is_silent_and_light():
    code = f"import sys, maskray; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize("name", CORE)
def test_the_core_imports_no_cluster_and_no_server(name):
    assert not NEVER_IN_CORE & set(imported(CORE[name]))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (name, "serve_app" if name.startswith("data_jobs") else "data_jobs")
        for name in MODULES
        if name not in CORE
    ],
)
def test_jobs_and_serving_do_not_import_each_other(name, other):
    assert other not in set(imported(MODULES[name]))


@pytest.mark.parametrize("name", [name for name in MODULES if name[:4] == "vllm"])
def test_the_engine_knows_neither_jobs_nor_serving(name):
    assert not {"data_jobs", "serve_app", "ray"} & set(imported(MODULES[name]))


def test_only_the_engine_imports_vllm():
    users = {name for name, path in MODULES.items() if "vllm" in set(imported(path))}
    assert users <= {"vllm_engine.engine", "vllm_engine.__main__"}


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is(name):
    words = ast.get_docstring(tree(MODULES[name]))
    assert words, "no docstring"
    assert words.split("\n")[0].rstrip().endswith((".", "!", "?", ",", ";", ":")), words


@pytest.mark.parametrize("name", CORE)
def test_the_core_prints_nothing(name):
    for node in ast.walk(tree(CORE[name])):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("print", "pprint", "sys.stdout.write", "sys.stderr.write")
            assert not re.fullmatch(r"(logging|logger)\.exception", called)


@pytest.mark.parametrize("name", CORE)
def test_the_core_quotes_no_cause(name):
    """An error raised while another is handled must not carry it along."""
    for handler in ast.walk(tree(CORE[name])):
        if not isinstance(handler, ast.ExceptHandler):
            continue
        for node in ast.walk(handler):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                assert isinstance(node.cause, ast.Constant), f"line {node.lineno}"
                assert node.cause.value is None


@pytest.mark.parametrize("name", CORE)
def test_messages_of_errors_are_constants(name):
    """House rule: no message holds a value. Errors of configuration name their file."""
    for node in ast.walk(tree(CORE[name])):
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
            continue
        kind = ast.unparse(node.exc.func)
        if kind in ("ConfigError", "ServiceDownError", "ValueError"):
            continue
        for argument in node.exc.args[:2]:
            assert not isinstance(argument, ast.JoinedStr), f"{kind}, line {node.lineno}"
            assert ".format(" not in ast.unparse(argument)


def tracked() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    if done.returncode:
        pytest.skip("no git checkout")
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


REGISTRY = re.compile(
    r"https?://[^\s\"'<>)]*(?:pypi|pythonhosted|registry\.npmjs|conda|anaconda|crates\.io"
    r"|rubygems|nexus|artifactory|download\.pytorch|/simple/)",
    re.IGNORECASE,
)


def test_no_file_names_the_address_of_a_package_registry():
    found = []
    for path in tracked():
        if path.suffix in (".dcm", ".gz", ".png", ".jpg", ".zip", ".parquet"):
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        if path.resolve() != Path(__file__).resolve() and REGISTRY.search(text):
            found.append(path.relative_to(ROOT))
        if path.name.startswith("requirements") or "requirements" in path.parts:
            assert "index-url" not in text, path
            assert "find-links" not in text, path
    assert not found


def test_the_pattern_would_find_one():
    scheme = "https" + "://"
    for host in ("pypi.org/simple", "files.pythonhosted.org/x", "nexus.local/pypi"):
        assert REGISTRY.search(scheme + host)
    assert not REGISTRY.search(scheme + "www.dicomstandard.org/current")


def test_no_file_speaks_of_the_machine_it_was_made_on():
    names = ("/work" + "/main", "/work" + "/shared")
    for path in tracked():
        if path.suffix in (".py", ".md", ".toml", ".yaml", ".txt", ".html", ""):
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert not any(name in text for name in names), path.name
