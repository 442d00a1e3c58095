"""Splitting into tokens loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.text.tokens import ends_sentence, join, key, split


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_what_was_split_joins_to_the_same_text(text: str) -> None:
    tokens, tail = split(text)
    assert join(tokens, tail) == text
    assert not tail.strip()


def test_a_token_knows_its_punctuation_and_its_word() -> None:
    tokens, tail = split(' ("Well,) then\n')
    assert [(t.space, t.lead, t.core, t.trail) for t in tokens] == [
        (" ", '("', "Well", ",)"),
        (" ", "", "then", ""),
    ]
    assert tail == "\n"
    assert [key(t) for t in tokens] == ["well", "then"]


@pytest.mark.parametrize(
    ("text", "ends"), [("so.", True), ('so?"', True), ("so,", False), ("so", False), ("so.-", False)]
)
def test_a_sentence_end_may_stand_within_closing_quotes(text: str, ends: bool) -> None:
    assert ends_sentence(split(text)[0][0]) is ends
