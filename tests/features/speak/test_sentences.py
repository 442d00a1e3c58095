"""Text is made safe for synthesizers and cut at the ends of sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.speak import sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith met Mrs. Jones. They talked.", ["Dr. Smith met Mrs. Jones.", "They talked."]),
        ("It costs 3.50 today. Good.", ["It costs 3.50 today.", "Good."]),
        ("He said \u201cStop.\u201d Then he left.", ["He said \u201cStop.\u201d", "Then he left."]),
        ("We wait... and see. J. S. Bach wrote it.", ["We wait... and see.", "J. S. Bach wrote it."]),
        ("So do I. You too.", ["So do I.", "You too."]),
        ("No full stop\n\nA new paragraph", ["No full stop", "A new paragraph"]),
        ("One line\nbroken in two.", ["One line broken in two."]),
        ("\u4f60\u597d\u3002\u518d\u89c1\u3002", ["\u4f60\u597d\u3002", "\u518d\u89c1\u3002"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_split_ends_chunks_at_sentences(text: str, expected: list[str]) -> None:
    assert list(sentences.split(text)) == expected


def test_long_sentence_is_cut_at_a_clause_before_a_space() -> None:
    text = "alpha beta gamma delta, epsilon zeta eta theta"
    assert list(sentences.split(text, 30)) == ["alpha beta gamma delta,", "epsilon zeta eta theta"]
    assert list(sentences.split("alpha beta gamma delta", 12)) == ["alpha beta", "gamma delta"]


def test_a_word_longer_than_the_limit_is_cut_through() -> None:
    assert list(sentences.split("x" * 25, 10)) == ["x" * 10, "x" * 10, "x" * 5]


def test_split_refuses_a_limit_that_cannot_progress() -> None:
    with pytest.raises(ValueError):
        list(sentences.split("text", 1))


@given(st.text(alphabet="ab .,!?\n\u3002\u2026\"'", max_size=300), st.integers(2, 60))
def test_split_keeps_every_character_in_order_within_the_limit(text: str, limit: int) -> None:
    chunks = list(sentences.split(text, limit))
    assert all(chunk and len(chunk) <= limit for chunk in chunks)
    assert "".join("".join(chunks).split()) == "".join(text.split())


@given(st.text(max_size=200))
def test_clean_text_encodes_and_holds_no_control_character(text: str) -> None:
    safe = sentences.clean(text)
    assert safe.encode("utf-8").decode("utf-8") == safe
    assert not any(ord(character) < 32 and character not in "\n\t" for character in safe)
    assert sentences.clean(safe) == safe


def test_clean_removes_voice_commands_and_keeps_words_and_emoji() -> None:
    assert sentences.clean("a\x00b\x01c\ud800d") == "a b c d"
    assert sentences.clean("co\u00adoperate\u202e") == "cooperate"
    family = "\U0001f469\u200d\U0001f4bb"
    assert sentences.clean(f"caf\u00e9 {family}") == f"caf\u00e9 {family}"


def test_punctuation_alone_is_nothing_to_say() -> None:
    assert not sentences.has_words("... --- !?")
    assert sentences.has_words("a")
    assert sentences.has_words("\U0001f600")
