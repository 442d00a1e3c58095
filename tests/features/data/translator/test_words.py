"""Tokens, base forms and the words of identifiers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.data.translator.words import base, is_year, pieces, root, tokens


@pytest.mark.parametrize(
    ("plural", "single"),
    [("books", "book"), ("cities", "city"), ("people", "person"), ("campuses", "campus"), ("houses", "house"),
     ("classes", "class"), ("boxes", "box"), ("status", "status"), ("ids", "id"), ("gas", "gas"),
     ("uses", "use")],
)  # fmt: skip
def test_plurals_and_singles_have_one_base(plural: str, single: str) -> None:
    assert base(plural) == base(single) == single


def test_words_of_one_family_share_a_root() -> None:
    assert root("reserved") == root("reservations")
    assert root("published") == root("publisher")
    assert root("reserved") != root("returned")


@pytest.mark.parametrize("name", ["first_name", "firstName", "FirstName", "FIRST_NAME", "first name"])
def test_identifiers_fall_into_the_same_words(name: str) -> None:
    assert pieces(name) == ["first", "name"]


def test_numbers_dates_and_quoted_texts_are_tokens_of_their_own() -> None:
    found = tokens('Loans over 1,250.50 since 2023-03-04 of "Old Mill" or ten others\'')
    assert [token.number for token in found if token.number is not None] == [1250.5, 10]
    assert [token.text for token in found if token.date] == ["2023-03-04"]
    assert [token.text for token in found if token.quoted] == ["Old Mill"]
    assert [token.text for token in found if token.owns] == ["others"]


@given(st.text(max_size=300))
def test_any_text_has_tokens_that_are_parts_of_it(text: str) -> None:
    plain = text.replace(",", "")
    assert all(token.text in text or token.text in plain for token in tokens(text))


@given(st.text(alphabet="abeiosuxyz", max_size=8))
def test_any_word_has_a_base_that_is_its_own(word: str) -> None:
    assert len(base(word)) <= len(word) + 1
    assert len(root(word)) <= len(base(word)) + 1


def test_years_are_whole_and_within_reason() -> None:
    assert is_year(1999)
    assert not is_year(1999.5)
    assert not is_year(12)
