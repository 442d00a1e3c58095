"""The clean-up as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.features.dictate.text.cleanup import STEPS, CleanupOptions, Step, clean
from garret.features.dictate.text.errors import VocabularyError
from garret.features.dictate.text.tokens import Context, Edit, StepResult, Token, join, split
from garret.features.dictate.text.vocabulary import Replacement
from garret.features.dictate.text.words import normal_words

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))
# Words that mean something to some step, alone or beside another of them.
TRICKY = st.sampled_from(
    """um er the the a i had that that comma period full stop question mark exclamation open close quote
    hyphen dash slash colon semi of time new line paragraph all caps end cap next on off twenty five one
    hundred and thousand million point oh zero past to first second may june o'clock ten percent monday
    unquote underscore cat dog. dog, (cat "um" Paris ER DOG dot twenty-five""".split()
)
TRICKY_TEXT = st.lists(st.tuples(TRICKY, st.sampled_from((" ", " ", " ", "  ", "\n"))), max_size=14).map(
    lambda parts: "".join(word + space for word, space in parts)
)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("um so the the meeting is at twenty five past nine", "So the meeting is at twenty five past nine"),
        ("i had had enough of that that", "I had had enough of that that"),
        ("the period of time was thirty days", "The period of time was 30 days"),
        ("put a comma and a new line in all caps", "Put a comma and a new line in all caps"),
        ("  two   spaces ,  here ", "Two spaces, here"),
        ("um", ""),
        ("", ""),
    ],
)
def test_what_was_said_becomes_what_would_be_typed(said: str, written: str) -> None:
    cleaned = clean(said)
    assert cleaned.refused is None
    assert (cleaned.raw, cleaned.text) == (said, written)


def test_the_vocabulary_has_the_first_word_and_the_last() -> None:
    options = CleanupOptions(
        vocabulary=(
            Replacement("seven eleven", "7-Eleven"),
            Replacement("new line cinema", "New Line Cinema"),
            Replacement("duran duran duran", "Duran Duran"),
            Replacement("npm", "npm"),
        )
    )
    said = "npm at seven eleven um new line cinema and duran duran duran"
    assert clean(said, options).text == "npm at 7-Eleven New Line Cinema and Duran Duran"


def test_the_steps_that_changed_something_are_named_in_order() -> None:
    assert clean("um hello  world").applied == ("fillers", "casing", "spacing")
    assert clean("Nothing to do here.").applied == ()


@pytest.mark.parametrize("step", [step.name for step in STEPS if step.name != "caps"])
def test_a_step_that_is_switched_off_does_nothing(step: str) -> None:
    said = "um the the pie  torch at torch dot com twenty five paris f b i"
    options = CleanupOptions(vocabulary=(Replacement("pie torch", "PyTorch"),))
    if step == "vocabulary":
        off = msgspec.structs.replace(options, vocabulary=())
    else:
        off = msgspec.structs.replace(options, **{step: False})
    if step == "full_stop":
        options = msgspec.structs.replace(options, full_stop=True)
    if step == "spacing":
        said += "  end"
        off = msgspec.structs.replace(off, vocabulary=())
        options = msgspec.structs.replace(options, vocabulary=())
    assert step in clean(said, options).applied or step == "vocabulary"
    assert step not in clean(said, off).applied
    assert clean(said, options).text != clean(said, off).text


def test_in_another_language_only_the_neutral_steps_run() -> None:
    options = CleanupOptions(language="de-AT", vocabulary=(Replacement("strasse", "Stra\u00dfe"),))
    cleaned = clean("er ging um  die die strasse comma. und er", options)
    assert cleaned.text == "Er ging um die die Stra\u00dfe comma. Und er"
    assert cleaned.applied == ("vocabulary", "casing", "spacing")


@pytest.mark.parametrize("language", ["en", "en-GB", "en_US", "EN"])
def test_every_english_is_english(language: str) -> None:
    assert clean("um yes", CleanupOptions(language=language)).text == "Yes"


def test_the_state_at_the_end_is_handed_to_the_next_piece() -> None:
    first = clean("so we went.", context=Context(sentence_start=False, all_caps=True))
    second = clean("home", context=first.context._replace(all_caps=False, cap_next=True))
    assert (first.text, first.context) == ("SO WE WENT.", Context(True, all_caps=True))
    assert (second.text, second.context) == ("Home", Context(False))


def dropping(tokens: Sequence[Token], _: CleanupOptions, __: Context) -> StepResult:
    return StepResult(list(tokens[:-1]), [])


def inventing(tokens: Sequence[Token], _: CleanupOptions, __: Context) -> StepResult:
    return StepResult([*tokens, Token(" ", "", "really", "")], [])


def lying(tokens: Sequence[Token], _: CleanupOptions, __: Context) -> StepResult:
    return StepResult(list(tokens[:-1]), [Edit("filler", ("money",))])


@pytest.mark.parametrize(
    ("run", "reason"), [(dropping, "money"), (inventing, "really"), (lying, "not a filler")]
)
def test_a_clean_up_that_loses_or_invents_a_word_is_refused_as_a_whole(run, reason: str) -> None:  # type: ignore[no-untyped-def]
    steps = (*STEPS, Step("rogue", run, english=True, idempotent=False))
    cleaned = clean("um send the money", steps=steps)
    assert cleaned.text == cleaned.raw == "um send the money"
    assert cleaned.applied == ()
    assert cleaned.refused is not None
    assert "rogue" in cleaned.refused
    assert reason in cleaned.refused


def test_a_vocabulary_that_contradicts_itself_is_a_typed_error() -> None:
    with pytest.raises(VocabularyError):
        clean("x", CleanupOptions(vocabulary=(Replacement("a", "b"), Replacement("a", "c"))))


@given(st.one_of(ANY_TEXT, TRICKY_TEXT), st.sampled_from(("en", "fr")))
@settings(max_examples=300)
def test_any_text_can_be_cleaned_and_its_raw_form_is_kept(raw: str, language: str) -> None:
    cleaned = clean(raw, CleanupOptions(language=language))
    assert cleaned.raw == raw
    if cleaned.refused is not None:
        assert (cleaned.text, cleaned.applied) == (raw, ())
    if not cleaned.applied:
        assert cleaned.text == raw


@given(TRICKY_TEXT)
@settings(max_examples=300)
def test_no_step_is_refused_for_ordinary_words(raw: str) -> None:
    assert clean(raw).refused is None


CONTENT = st.sampled_from("apple banana cherry garden window paper yellow quickly running bridge".split())
NOISE = st.sampled_from(["um", "erm", "er"])


@given(st.lists(st.one_of(CONTENT.map(lambda w: (w, True)), NOISE.map(lambda w: (w, False))), max_size=30))
@settings(max_examples=300)
def test_content_words_come_through_in_order_whatever_stands_between(parts: list[tuple[str, bool]]) -> None:
    cleaned = clean(" ".join(word for word, _ in parts))
    assert normal_words(cleaned.text) == [word for word, content in parts if content]


@given(st.one_of(ANY_TEXT, st.lists(TRICKY, max_size=12).map(" ".join)))
def test_a_word_of_the_text_is_never_one_that_was_not_said(raw: str) -> None:
    invented = Counter(normal_words(clean(raw).text)) - Counter(normal_words(raw))
    assert all(any(c.isdigit() for c in word) for word in invented)


@pytest.mark.parametrize("step", [step for step in STEPS if step.idempotent], ids=lambda step: step.name)
@given(raw=st.one_of(ANY_TEXT, TRICKY_TEXT))
@settings(max_examples=200)
def test_a_step_that_claims_so_leaves_its_own_output_alone(step: Step, raw: str) -> None:
    options = CleanupOptions()
    tokens, tail = split(raw)
    once = join(step.run(tokens, options, Context()).tokens, tail)
    tokens, tail = split(once)
    assert join(step.run(tokens, options, Context()).tokens, tail) == once


def test_the_steps_that_claim_to_be_idempotent_are_these() -> None:
    claimed = {step.name for step in STEPS if step.idempotent}
    assert claimed == {step.name for step in STEPS} - {"vocabulary"}


def test_a_transcript_of_an_hour_is_cleaned_whole() -> None:
    sentence = "um the the meeting at twenty five past nine had twenty five people, i think. "
    cleaned = clean(sentence * 600)
    assert cleaned.refused is None
    assert cleaned.text.startswith("The meeting at twenty five past nine had 25 people, I think. The meeting")
    assert cleaned.text.count("25 people, I think.") == 600


@pytest.mark.parametrize(
    "raw",
    [
        "a" * 100_000,
        "1.1" * 40_000,
        "\n" * 100_000,
        "'" * 100_000,
        "hyphen " * 20_000,
        "one hundred and " * 8_000,
        "\u0301" * 50_000,
        "-" * 100_000 + "x",
    ],
    ids=lambda raw: repr(raw[:8]),
)
def test_hostile_lengths_are_cleaned_like_any_other(raw: str) -> None:
    # Each of these took minutes, or did not end, if any step were quadratic or an expression backtracked.
    cleaned = clean(raw)
    assert cleaned.refused is None
    assert cleaned.raw == raw
