"""The words of an engine beside those of its text."""

from __future__ import annotations

import pytest

from garret.features.dictate.text.alignment import LEAST_BREAK, align, find_breaks
from garret.features.dictate.text.words import Word


@pytest.mark.parametrize(
    ("text", "words", "spans"),
    [
        ("we met", ["we", "met"], [(0, 0), (1, 1)]),
        ("twenty-five men", ["twenty", "-five", "men"], [(0, 1), (2, 2)]),
        ("a b", ["a b"], [(0, 0), (0, 0)]),
        ("we met", ["we", "meet"], []),
        ("", [], []),
    ],
)
def test_words_are_aligned_by_their_characters(
    text: str, words: list[str], spans: list[tuple[int, int]]
) -> None:
    assert align(text, words) == spans


def test_pauses_are_told_by_the_word_after_them() -> None:
    words = [Word("we", 0.0, 0.3, None), Word("-two", 0.3, 0.6, None), Word("met", 1.1, 1.4, None)]
    assert find_breaks("we-two met", words) == [(1, 0.5)]
    assert find_breaks("we two met", words) == []
    near = [Word("a", 0.0, 0.1, None), Word("b", 0.1 + LEAST_BREAK - 0.01, 1.0, None)]
    assert find_breaks("a b", near) == []
