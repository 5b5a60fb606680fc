# ruff: noqa: RUF001 - letters of other scripts are the point
"""How text is folded, cut into tokens and compared."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskray.text import (
    Token,
    as_digits,
    as_letters,
    distance,
    fold,
    letters,
    skeleton,
    tokens,
)

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller", "MULLER"),
        ("Mu\u0308ller", "MULLER"),
        ("Weiß", "WEISS"),
        ("Ærøskøbing", "AEROSKOBING"),
        ("Łódź", "LODZ"),
        ("Đặng Thị", "DANG THI"),
        ("Œuvre", "OEUVRE"),
        ("Þórdís", "THORDIS"),
        ("ışık", "ISIK"),
        ("O'Brien-Śmith", "O'BRIEN-SMITH"),
        ("12 µm", "12 UM"),
        ("cm²", "CM2"),
        ("１２３", "123"),
        ("Иванов", "ИВАНОВ"),
        ("王小明", "王小明"),
        ("", ""),
    ],
)
def test_folding_makes_plain_capitals(text, folded):
    assert fold(text) == folded


@given(ANY_TEXT)
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
def test_folded_text_holds_no_accents(text):
    assert not any(unicodedata.combining(each) for each in fold(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Doe, J. 12-3", "DOEJ123"), ("D^O_E", "DOE"), ("...", ""), ("É1", "E1")],
)
def test_letters_are_letters_and_digits_only(text, expected):
    assert letters(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O0QD", "0000"),
        ("I1lL", "1111"),
        ("S5", "55"),
        ("Z2", "22"),
        ("B8", "88"),
        ("G6", "66"),
        ("QUILL", "0UI11"),
        ("Bo0k-5", "80OKS"),
    ],
)
def test_look_alikes_have_one_skeleton(one, other):
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("3", "8"), ("A", "4"), ("7", "1"), ("M", "N")])
def test_letters_that_differ_keep_different_skeletons(one, other):
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(
    ("text", "digits"),
    [("2O12", "2012"), ("l2/O3", "12/03"), ("I9S4", "1954"), ("12:3B", "12:38")],
)
def test_misread_digits_are_mended(text, digits):
    assert as_digits(text) == digits


@given(st.text(max_size=30))
def test_mending_digits_keeps_the_length(text):
    assert len(as_digits(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "word"), [("P0RTABLE", "PORTABLE"), ("5upine", "SUPINE"), ("1eft", "IEFT")]
)
def test_misread_letters_are_mended(text, word):
    assert as_letters(text) == word


def test_distances_beyond_the_most_are_one_more_than_it():
    assert distance("JONES", "JONES", 2) == 0
    assert distance("JONES", "JOENS", 2) == 1  # swapped letters count once
    assert distance("JONES", "JONS", 2) == 1
    assert distance("JONES", "SMITH", 2) == 3


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Doe, Jane", ["Doe", "Jane"]),
        ("DOE^JANE^^DR", ["DOE", "JANE", "DR"]),
        ("O'Brien", ["O'Brien"]),
        ("O\u2019Brien", ["O\u2019Brien"]),
        ("'quoted'", ["quoted"]),
        ("12/03/2019", ["12", "03", "2019"]),
        ("W:400_L:40", ["W", "400", "L", "40"]),
        ("10% 5°", ["10", "%", "5", "°"]),
        ("Mu\u0308ller", ["Mu\u0308ller"]),
        ("सुनीता देवी", ["सुनीता", "देवी"]),
        ("王小明", ["王小明"]),
        ("  ", []),
        ("---", []),
    ],
)
def test_a_line_is_cut_into_tokens(text, pieces):
    assert [token.text for token in tokens(text)] == pieces


@given(ANY_TEXT)
def test_tokens_stand_where_they_say(text):
    end = 0
    for token in tokens(text):
        assert token.text == text[token.start : token.end]
        assert token.before == text[end : token.start].strip()
        assert token.start >= end
        end = token.end


@given(ANY_TEXT)
def test_every_letter_and_digit_is_in_a_token(text):
    found = "".join(token.text for token in tokens(text))
    assert sum(each.isalnum() for each in found) == sum(each.isalnum() for each in text)


@pytest.mark.parametrize(
    ("text", "is_number", "is_word"),
    [
        ("12", True, False),
        ("Doe", False, True),
        ("O'Brien", False, True),
        ("O\u2019Brien", False, True),
        ("सुनीता", False, True),
        ("A1", False, False),
        ("²", False, False),
        ("①", False, False),
    ],
)
def test_a_token_knows_numbers_from_words(text, is_number, is_word):
    token = Token(text, 0, len(text))
    assert (token.is_number, token.is_word) == (is_number, is_word)


@given(ANY_TEXT)
def test_what_is_called_a_number_can_be_counted_with(text):
    for token in tokens(text):
        if token.is_number:
            assert int(token.text) >= 0
