"""The personal vocabulary."""

from __future__ import annotations

import pytest

from garret.features.dictate.text.errors import VocabularyError
from garret.features.dictate.text.tokens import Edit, join, split
from garret.features.dictate.text.vocabulary import Replacement, replace_vocabulary, vocabulary

ENTRIES = (
    Replacement("siobhan", "Siobhan"),
    Replacement("pie torch", "PyTorch"),
    Replacement("pie", "\u03c0"),
    Replacement("twenty-five", "XXV"),
)


def written(text: str) -> str:
    tokens, tail = split(text)
    return join(replace_vocabulary(tokens, ENTRIES).tokens, tail)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("SIOBHAN, siobhan's", "Siobhan, siobhan's"),
        ("(pie torch) and pie", "(PyTorch) and \u03c0"),
        ("pie pie torch", "\u03c0 PyTorch"),
        ("pie, torch", "\u03c0, torch"),
        ("pie\ntorch", "\u03c0\ntorch"),
        ("magpie torch", "magpie torch"),
        ("twenty-five and twenty five", "XXV and XXV"),
        ("pie-torch", "PyTorch"),
    ],
)
def test_the_longest_whole_phrase_is_replaced(said: str, text: str) -> None:
    assert written(said) == text


def test_only_a_change_of_words_is_declared() -> None:
    result = replace_vocabulary(split("siobhan has pie torch")[0], ENTRIES)
    assert result.edits == [Edit("vocabulary", ("pie", "torch"), ("pytorch",))]


@pytest.mark.parametrize(
    "entries",
    [
        [Replacement("", "x")],
        [Replacement("x", "  ")],
        [Replacement("...", "x")],
        [Replacement("a", "x"), Replacement("A", "y")],
        [Replacement("word " * 13, "x")],
    ],
)
def test_entries_that_make_no_sense_are_refused(entries: list[Replacement]) -> None:
    with pytest.raises(VocabularyError) as caught:
        vocabulary(entries)
    assert caught.value.message


def test_the_same_entry_twice_is_one_entry() -> None:
    assert vocabulary([Replacement("a", "x"), Replacement("A", "x")]) == (Replacement("a", "x"),)
