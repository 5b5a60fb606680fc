"""Keyed names: the same for one key everywhere, and nobody's without it."""

import os
import pickle
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import UID

from maskray.keys import Key

settings.register_profile("patient", deadline=None, max_examples=50)
settings.load_profile("patient")

SECRET, OTHER = b"a secret of this test module", b"another secret of the module"
KEY = Key(SECRET)
ANY = st.text(max_size=40)
PURPOSES = ["uid", "pseudonym", "instance", "days", "share", "digest"]


def named(key: Key, purpose: str, value: str) -> object:
    return {
        "uid": lambda: key.uid(value),
        "pseudonym": lambda: key.pseudonym(value),
        "instance": lambda: key.instance(value),
        "days": lambda: key.days(value, 36_500),
        "share": lambda: key.share(value),
        "digest": lambda: key.digest("purpose", value),
    }[purpose]()


@given(ANY)
def test_every_name_is_the_same_for_the_same_key(value):
    for purpose in PURPOSES:
        assert named(KEY, purpose, value) == named(Key(SECRET), purpose, value)


@given(ANY)
def test_another_key_gives_other_names(value):
    for purpose in PURPOSES:
        if purpose != "days":  # one of 36 500
            assert named(KEY, purpose, value) != named(Key(OTHER), purpose, value)


@given(ANY, ANY)
def test_other_values_get_other_names(one, other):
    for purpose in PURPOSES:
        same = named(KEY, purpose, one) == named(KEY, purpose, other)
        assert purpose == "days" or same == (one == other)


@given(ANY, ANY)
def test_uids_are_valid_and_say_nothing_of_the_original(original, more):
    for uid in (KEY.uid(original), KEY.uid(original, more)):
        assert UID(uid).is_valid
        assert len(uid) <= 64
        assert uid.startswith("2.25.")
        number = int(uid[5:])
        assert number < 1 << 128
        assert number >> 76 & 0xF == 8  # version
        assert number >> 62 & 0b11 == 0b10  # variant


@given(st.lists(ANY, max_size=4), st.lists(ANY, max_size=4))
def test_values_are_not_run_together(one, other):
    assert (KEY.digest("p", *one) == KEY.digest("p", *other)) == (one == other)


def test_purposes_are_kept_apart():
    assert KEY.digest("a", "b") != KEY.digest("ab")
    assert KEY.digest("a", "bc") != KEY.digest("ab", "c")
    assert KEY.instance("x").upper()[:16] != KEY.pseudonym("x")


@given(ANY, st.integers(1, 40_000))
def test_a_date_shift_is_at_least_a_day_and_at_most_what_is_asked(patient, most):
    assert 1 <= KEY.days(patient, most) <= most


def test_date_shifts_use_the_whole_range():
    assert {KEY.days(str(each), 5) for each in range(100)} == {1, 2, 3, 4, 5}


@given(st.lists(ANY, max_size=3))
def test_a_share_is_less_than_one(values):
    assert 0.0 <= KEY.share(*values) < 1.0


def test_shares_are_even():
    shares = [KEY.share("gate", str(each)) for each in range(2000)]
    assert 0.07 < sum(share < 0.1 for share in shares) / 2000 < 0.13


@given(ANY)
def test_names_fit_where_they_go(value):
    pseudonym, instance = KEY.pseudonym(value), KEY.instance(value)
    assert len(pseudonym) == 16  # an LO holds 64, a file name more
    assert pseudonym.isalnum()
    assert pseudonym == pseudonym.upper()
    assert len(instance) == 24
    assert set(instance) <= set("0123456789abcdef")


@pytest.mark.parametrize("value", ["\ud800", "\udcff.dcm", "\0", "ä" * 500, ""])
def test_any_text_can_be_named(value):
    assert all(named(KEY, purpose, value) is not None for purpose in PURPOSES)


@pytest.mark.parametrize("secret", [b"", b"short", b"x" * 15])
def test_a_short_secret_is_refused_and_not_quoted(secret):
    with pytest.raises(ValueError, match="16 bytes") as caught:
        Key(secret)
    assert not secret or secret.decode() not in str(caught.value)


def test_random_keys_differ():
    assert Key.random().uid("1.2.3") != Key.random().uid("1.2.3")


def test_a_key_never_shows_its_secret():
    for shown in (repr(KEY), str(KEY), f"{KEY}", f"{[KEY]}", f"{KEY!a}"):
        assert "secret" not in shown
        assert SECRET.hex() not in shown


def test_a_key_crosses_process_borders():
    assert pickle.loads(pickle.dumps(KEY)).uid("1.2.3") == KEY.uid("1.2.3")


def test_names_are_the_same_in_every_process():
    code = f"from maskray.keys import Key; print(Key({SECRET!r}).uid('1.2.3'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == KEY.uid("1.2.3")
