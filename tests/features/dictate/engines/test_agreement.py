"""LocalAgreement-2: what is confirmed stays, and is what two hypotheses agreed on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.engines.agreement import LocalAgreement
from garret.features.dictate.engines.contract import RecognisedWord


def words(text: str, first: float = 0.0) -> list[RecognisedWord]:
    return [RecognisedWord(word, first + at, first + at + 0.8, None) for at, word in enumerate(text.split())]


def test_a_word_is_confirmed_by_the_second_hypothesis_that_has_it() -> None:
    agreement = LocalAgreement()
    confirmed = []
    for text in ("the cat", "the cab sat", "the cab sat. On", "the cab sat on the", "the cab sat on a mat"):
        agreement.update(words(text))
        confirmed.append(agreement.text)
    assert confirmed == ["", "the", "the cab sat.", "the cab sat. on", "the cab sat. on"]


def test_a_hypothesis_may_begin_after_what_is_confirmed() -> None:
    agreement = LocalAgreement()
    for _ in range(2):
        agreement.update(words("one two three"))
    for _ in range(2):
        agreement.update(words("three four five", first=2.05))
    assert agreement.text == "one two three four five"


hypotheses = st.lists(st.lists(st.sampled_from("abc"), max_size=8).map(" ".join), max_size=12)


@given(hypotheses)
def test_nothing_confirmed_is_taken_back(texts: list[str]) -> None:
    agreement, before = LocalAgreement(), ""
    for text in texts:
        agreement.update(words(text))
        assert agreement.text.startswith(before)
        before = agreement.text


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8))
def test_the_same_hypothesis_twice_is_confirmed_whole(heard: list[str]) -> None:
    agreement = LocalAgreement()
    agreement.update(words(" ".join(heard)))
    agreement.update(words(" ".join(heard)))
    assert agreement.text.split() == heard
