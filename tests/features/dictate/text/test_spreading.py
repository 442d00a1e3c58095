"""A corrected text over its segments: nothing is lost, and words stay where they were said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.text import spreading
from garret.features.dictate.text.spreading import spread

WORDS = st.sampled_from(["the", "a", "cat", "sat", "mat,", "on.", "x"])
TEXTS = st.lists(WORDS, max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("corrected", "texts", "expected"),
    [
        ("the cat sat. On a mat.", ["the cat sat.", "On a mat."], ["the cat sat. ", "On a mat."]),
        ("the fat cat sat. On a mat.", ["the cat sat.", "On a mat."], ["the fat cat sat. ", "On a mat."]),
        ("a dog sat. On a mat.", ["the cat sat.", "On a mat."], ["a dog sat. ", "On a mat."]),
        ("On a mat.", ["the cat sat.", "On a mat."], ["", "On a mat."]),
        ("the cat sat.", ["the cat sat.", "On a mat."], ["the cat sat.", ""]),
        ("  new\n\nwords here", ["", "old"], ["  ", "new\n\nwords here"]),
        ("anything", [], []),
        ("", ["a", "b"], ["", ""]),
    ],
)
def test_words_stay_with_what_they_were_heard_in(
    corrected: str, texts: list[str], expected: list[str]
) -> None:
    assert spread(corrected, texts) == expected


@given(st.text(alphabet=" \nabc.", max_size=40), st.lists(TEXTS, min_size=1, max_size=4))
def test_the_pieces_joined_are_the_text(corrected: str, texts: list[str]) -> None:
    shares = spread(corrected, texts)
    assert len(shares) == len(texts)
    assert "".join(shares) == corrected


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_what_was_not_corrected_stays_as_it_was(texts: list[str]) -> None:
    whole = " ".join(texts)
    assert [share.split() for share in spread(whole, texts)] == [text.split() for text in texts]


def test_of_long_texts_all_is_there_and_the_equal_ends_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "_COMPARED", 3)
    texts = ["one two", "three four", "five six", "seven eight"]
    shares = spread("one two 3 4 5 6 7 eight", texts)
    assert "".join(shares) == "one two 3 4 5 6 7 eight"
    assert (shares[0].split()[:2], shares[3].split()[-1:]) == (["one", "two"], ["eight"])
