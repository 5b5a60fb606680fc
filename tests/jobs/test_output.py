"""The output folder: complete files only, one key, one set of settings."""

import threading
from pathlib import Path

import pytest

from data_jobs.config import JobSettings
from data_jobs.output import CLAIMS, Output
from data_jobs.stages import Attempts
from maskray.errors import ConfigError, VerificationError
from maskray.keys import Key
from maskray.records import Verdict


@pytest.fixture
def output(tmp_path: Path) -> Output:
    made = Output(str(tmp_path / "out"))
    made.prepare()
    return made


def test_a_file_is_written_whole_or_not_at_all(output: Output) -> None:
    assert output.local is not None
    output.write("release/a.dcm", b"data")
    assert output.read("release/a.dcm") == b"data"
    assert [path.name for path in (output.local / "release").iterdir()] == ["a.dcm"]


def test_only_one_of_many_gets_a_new_name(output: Output) -> None:
    won: list[int] = []

    def claim(number: int) -> None:
        if output.write(f"{CLAIMS}/x", str(number).encode(), new=True):
            won.append(number)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(each).encode() for each in won] == [output.read(f"{CLAIMS}/x")]


def test_the_key_stays_the_same(output: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASKRAY_KEY", raising=False)
    assert output.key().uid("1.2.3") == Output(output.uri).key().uid("1.2.3")
    monkeypatch.setenv("MASKRAY_KEY", "another key of enough bytes")
    with pytest.raises(ConfigError, match="another key"):
        output.key()


def test_the_environments_key_is_not_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKRAY_KEY", "a key of more than 16 bytes")
    output = Output(str(tmp_path / "other"))
    output.prepare()
    output.key()
    for path in (tmp_path / "other").rglob("*"):
        assert not path.is_file() or b"a key of more" not in path.read_bytes()


def test_other_settings_are_refused(output: Output) -> None:
    output.agree(JobSettings().digest)
    output.agree(JobSettings().digest)
    with pytest.raises(ConfigError, match="settings"):
        output.agree(JobSettings(redact_even_if_undetected=True).digest)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError):
        Output("nowhere://bucket/x")


# --- an instance that takes its worker down ---


@pytest.fixture
def attempts(output: Output) -> Attempts:
    return Attempts(output, Key(b"0123456789abcdef"), 2)


class Died(BaseException):
    """Stands for the death of the process: nothing of it can be caught or cleaned."""


def test_an_instance_that_kills_each_worker_has_failed(output: Output) -> None:
    key = Key(b"0123456789abcdef")
    for _ in range(2):  # two workers left their note and died
        dying = Attempts(output, key, 2)
        dying.end = lambda note: None  # type: ignore[method-assign]
        with pytest.raises(Died):
            dying.guard("a.dcm", "examine", _die)
    outcome = Attempts(output, key, 2).guard("a.dcm", "examine", _die)
    assert (outcome.verdict, outcome.error_code) == (Verdict.FAILED, "worker_crashed")
    assert Attempts(output, key, 2).guard("b.dcm", "examine", lambda: "fine") == "fine"


def _die() -> None:
    raise Died


def _not_proven() -> None:
    raise VerificationError("x", "text_left_over", "verify")


def _broken() -> None:
    raise KeyError("Zzyzxqua")


@pytest.mark.parametrize(
    ("work", "verdict", "code"),
    [
        (_not_proven, Verdict.REVIEW, "text_left_over"),
        (_broken, Verdict.FAILED, "internal_KeyError"),
    ],
)
def test_an_error_becomes_an_outcome(attempts: Attempts, work, verdict, code) -> None:
    outcome = attempts.guard("a.dcm", "finish", work)
    assert (outcome.verdict, outcome.error_code) == (verdict, code)
    assert outcome.data is None
    assert "Zzyzxqua" not in repr(outcome)
