"""The error tree: complete, picklable, and silent about values."""

import ast
import inspect
import pickle
import re
from pathlib import Path

import pytest

import maskray
from maskray import errors
from maskray.deidentify import failed
from maskray.errors import (
    ConfigError,
    DetectionError,
    HeaderError,
    InputError,
    MaskrayError,
    ModelReplyError,
    OutputError,
    RedactionError,
    RunError,
    ServiceDownError,
    UnsupportedPixelsError,
    VerificationError,
)
from maskray.records import Stopwatch, Verdict

ALL = sorted(
    (
        each
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, MaskrayError)
    ),
    key=lambda each: each.__name__,
)
SOURCES = sorted(Path(maskray.__file__).parent.rglob("*.py"))


# --- The tree -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "parent"),
    [
        (InputError, MaskrayError),
        (UnsupportedPixelsError, InputError),
        (DetectionError, MaskrayError),
        (ModelReplyError, DetectionError),
        (RedactionError, MaskrayError),
        (VerificationError, RedactionError),
        (HeaderError, MaskrayError),
        (OutputError, MaskrayError),
        (RunError, MaskrayError),
        (ConfigError, RunError),
        (ServiceDownError, RunError),
    ],
)
def test_the_tree(error, parent):
    assert error.__bases__ == (parent,)


def test_the_tree_in_the_text_is_the_tree():
    text = errors.__doc__ or ""
    assert [each.__name__ for each in ALL if each.__name__ not in text] == []
    assert set(re.findall(r"\b[A-Z]\w+Error\b", text)) == {each.__name__ for each in ALL}


def test_default_codes_are_unique():
    codes = [each.default_code for each in ALL]
    assert len(set(codes)) == len(codes)


def test_default_codes_are_constants_in_snake_case():
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", each.default_code) for each in ALL)


@pytest.mark.parametrize("error", ALL)
def test_only_errors_of_the_whole_run_are_fatal(error):
    assert error.fatal is issubclass(error, RunError)


# --- Each error -----------------------------------------------------------------------


@pytest.mark.parametrize("error", ALL)
@pytest.mark.parametrize(
    "arguments", [(), ("a message",), ("a message", "a_code"), ("", None, "open")]
)
def test_errors_survive_pickling(error, arguments):
    made = error(*arguments)
    again = pickle.loads(pickle.dumps(made))
    assert type(again) is error
    assert (again.message, again.code, again.stage) == (made.message, made.code, made.stage)
    assert str(again) == str(made)
    assert again.fatal == made.fatal


@pytest.mark.parametrize("error", ALL)
def test_an_error_says_its_message_or_else_its_code(error):
    assert str(error("no such thing")) == "no such thing"
    assert str(error()) == error.default_code
    assert str(error("", "other_code")) == "other_code"


@pytest.mark.parametrize("error", ALL)
def test_the_code_can_be_told_apart_from_the_class(error):
    assert error("m").code == error.default_code
    assert error("m", "a_rule", "mask").code == "a_rule"
    assert error("m", "a_rule", "mask").stage == "mask"


# --- What becomes of an instance ------------------------------------------------------


@pytest.mark.parametrize("error", [each for each in ALL if not each.fatal])
def test_no_error_is_ever_released(error):
    outcome = failed(error("m", "c", "s"))
    assert not outcome.verdict.releasable
    assert outcome.data is None
    assert (outcome.error_code, outcome.stage) == ("c", "s")


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (DetectionError, Verdict.REVIEW),
        (ModelReplyError, Verdict.REVIEW),
        (VerificationError, Verdict.REVIEW),
        (InputError, Verdict.FAILED),
        (UnsupportedPixelsError, Verdict.FAILED),
        (RedactionError, Verdict.FAILED),
        (HeaderError, Verdict.FAILED),
        (OutputError, Verdict.FAILED),
        (MaskrayError, Verdict.FAILED),
    ],
)
def test_what_is_unknown_goes_to_a_person(error, verdict):
    assert failed(error()).verdict is verdict


@pytest.mark.parametrize("error", [each for each in ALL if each.fatal])
def test_what_stops_the_run_is_no_outcome(error):
    with pytest.raises(error):
        failed(error("m"))


def test_a_failure_keeps_the_time_that_was_spent():
    clock = Stopwatch()
    with clock.stage("open"):
        pass
    assert set(failed(InputError(), clock).seconds) == {"open"}


def test_only_two_verdicts_are_releasable():
    assert {each for each in Verdict if each.releasable} == {
        Verdict.CLEAN,
        Verdict.REDACTED,
    }


# --- Where errors are raised ----------------------------------------------------------


def raised():
    """Every place in the package where one of our errors is made."""
    names = {each.__name__ for each in ALL}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                function = node.exc.func
                if isinstance(function, ast.Name) and function.id in names:
                    yield path, node, node.exc


def place(path, node):
    return f"{path.name}:{node.lineno}"


def test_errors_are_raised_somewhere():
    assert len(list(raised())) > 40


def test_messages_hold_no_values():
    """Only the configuration's own words may be quoted, never an instance's."""
    wrong = [
        place(path, node)
        for path, node, call in raised()
        for argument in [*call.args[:1], *(each.value for each in call.keywords)]
        if not isinstance(argument, ast.Constant)
        and getattr(call.func, "id", "") not in ("ConfigError", "ServiceDownError")
    ]
    assert wrong == []


def test_codes_are_constants_in_snake_case():
    wrong = [
        place(path, node)
        for path, node, call in raised()
        for argument in call.args[1:2]
        if not (
            isinstance(argument, ast.Constant)
            and re.fullmatch(r"[a-z][a-z0-9_]*", str(argument.value))
        )
    ]
    assert wrong == []


def test_errors_raised_while_handling_another_hide_it():
    """``from None``: the cause may quote the value it stumbled over."""
    wrong = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for handler in ast.walk(tree):
            if isinstance(handler, ast.ExceptHandler):
                wrong += [
                    place(path, node)
                    for node in ast.walk(handler)
                    if isinstance(node, ast.Raise)
                    and node.exc is not None
                    and not (
                        isinstance(node.cause, ast.Constant) and node.cause.value is None
                    )
                ]
    assert wrong == []
