"""Which pauses end sentences."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.features.dictate.text.cleanup import CleanupOptions
from garret.features.dictate.text.commands import DEFAULT_TABLE
from garret.features.dictate.text.editor import Editor
from garret.features.dictate.text.pauses import SentenceEnds, sentence_ends
from garret.features.dictate.text.reading import Heard, Reading, read
from garret.features.dictate.text.vocabulary import Replacement
from garret.features.dictate.text.words import normal_words

LONG, SHORT = 1.0, 0.65


def pieces_of(*texts: str, pause: float = LONG) -> list[Reading]:
    """Segments with a pause before each; "~" before a text makes it a short one."""
    return read(
        [Heard(text.lstrip("~"), pause=SHORT if text[:1] == "~" else pause) for text in texts],
        DEFAULT_TABLE,
        marks=True,
    )


def ends(*texts: str, least: float = 0.8, options: CleanupOptions = CleanupOptions()) -> SentenceEnds:  # noqa: B008 - frozen
    return sentence_ends(pieces_of(*texts), least, options)


def places(*texts: str, options: CleanupOptions = CleanupOptions()) -> list[int]:  # noqa: B008 - frozen
    return sorted(ends(*texts, options=options).places)


NOTHING = SentenceEnds()


def test_a_long_pause_between_two_texts_ends_a_sentence_and_a_short_one_does_not() -> None:
    assert ends("we met", "~at noon", "it rained") == SentenceEnds(frozenset({1}), 2)
    assert sentence_ends(pieces_of("a b", "c d"), LONG, CleanupOptions()).places == {0}, (
        "as long is long enough"
    )


def test_without_a_setting_or_without_texts_there_is_none() -> None:
    assert ends("we met", "it rained", least=0.0) == NOTHING
    assert ends() == ends("", "um") == NOTHING


def test_of_one_text_only_the_last_is_known() -> None:
    assert ends("mountain hut") == SentenceEnds(frozenset(), 0)


@pytest.mark.parametrize(
    "command", ["new line", "new paragraph", "all caps", "comma", "full stop", "question mark", "undo that"]
)
def test_beside_a_command_no_pause_counts(command: str) -> None:
    assert ends("we met", command, "it rained", "we left") == SentenceEnds(frozenset({2}), 3)
    assert ends("we met", command) == NOTHING


def test_before_a_mark_that_was_said_within_the_next_text_no_pause_counts() -> None:
    assert places("we met", "open quote yes close quote he said") == []
    assert places("we met", "cap next anna") == places("we met", "comma and then") == [0]


def test_a_text_that_was_scratched_leaves_the_pause_before_it() -> None:
    assert places("we met", "it", "scratch that", "it rained") == [0]
    assert places("we met", "~it", "scratch that", "it rained") == []
    assert ends("mountain hut", "or", "scratch that") == SentenceEnds(frozenset(), 0)
    assert places("how are you", "or", "scratch that", "question mark") == []
    assert places("we met", "one", "two", "scratch that", "scratch that", "it rained") == [0]
    assert places("we met", "comma", "scratch that", "it rained") == []
    assert places("how are you", "or", "undo that", "question mark") == []
    assert places("we met", "it rained", "scratch that", "undo that", "we left") == [0]


def test_the_end_of_the_dictation_ends_the_last_text_like_silence() -> None:
    assert ends("we met", "it rained", "stop dictation", "more") == SentenceEnds(frozenset({0}), 1)
    assert ends("we met", "it rained", "cancel", "more") == NOTHING


def test_beside_a_filler_the_longer_pause_counts_and_not_both() -> None:
    assert places("we met", "um", "~it rained") == places("we met", "~um", "it rained") == [0]
    assert places("we met", "~um", "~it rained") == []
    assert places("we met", "", "~it rained") == [0]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("call five five five", "one two three", []),
        ("room twenty-five", "twenty", []),
        ("call 555", "0123", []),
        ("there were five", "we left", [0]),
        ("we left", "five came", [0]),
    ],
)
def test_within_a_row_of_numbers_no_pause_counts(left: str, right: str, expected: list[int]) -> None:
    assert places(left, right) == expected


@pytest.mark.parametrize(
    "text",
    ["Hello, you", "it rained.", "so?", "\u00bfqu\u00e9 tal", "well \u2014 no", "a b \u2026", "no: yes"],
)
def test_an_utterance_that_the_engine_punctuated_is_left_alone(text: str) -> None:
    assert ends("we met", "it rained", text, "and left") == NOTHING


@pytest.mark.parametrize(
    "text", ["mr. smith", "at five p.m. sharp", "the u. s.", "don't 'bout it", "smith jr."]
)
def test_abbreviations_of_the_engines_dictionary_are_no_punctuation(text: str) -> None:
    assert places("we met", text, "it rained") == [0, 1]


@pytest.mark.parametrize(
    "text",
    [
        "caf\u00e9 \u00f1u",
        "\u03ba\u03b1\u03bb\u03ac",
        "\u0434\u043e\u043c",
        "1\u00ba piso",
        "\u043c\u02bc\u044f",
    ],
)
def test_latin_greek_and_cyrillic_texts_have_full_stops(text: str) -> None:
    assert places(text, text, options=CleanupOptions(language="xx")) == [0]


@pytest.mark.parametrize(
    "text",
    [
        "\u4f60\u597d",
        "\u306f\u3044",
        "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
        "\u0928\u092e\u0938\u094d\u0924\u0947",
        "\u0531\u0580\u0587",
        "\uff21",
    ],
)
def test_other_scripts_anywhere_mean_none_whatever_the_language_is_set_to(text: str) -> None:
    assert ends("we met", "it rained", f"iPhone {text}") == NOTHING


def test_a_vocabulary_entry_that_writes_a_mark_is_a_mark() -> None:
    options = CleanupOptions(vocabulary=(Replacement("smile", ":)"),))
    assert places("we met", "smile today", options=options) == []


TEXTS = st.lists(
    st.sampled_from(
        """hello world, um, so full stop, comma, open quote, new line, new paragraph, all caps, end caps,
        cap next, scratch that, undo that, twenty five, hyphen, and then the, we met mr. smith, it rained,
        five, stop dictation, cancel, 'bout noon, well? yes,""".split(",")
    ).map(str.strip),
    max_size=12,
)


def written(pieces: list[Reading], least: float) -> Editor:
    """What the text worker does with the pieces."""
    options = CleanupOptions()
    found = sentence_ends(pieces, least, options)
    editor = Editor(options)
    for place, piece in enumerate(pieces):
        if editor.ending is None:
            before = any(part.ended for part in editor.history)
            editor.apply(piece, ends=place in found.places or (place == found.last and before))
    return editor


def meeting_marks(text: str) -> int:
    return sum(text.count(f".{mark}") for mark in ",.;:?!\u201c\u201d-")


@given(TEXTS, st.lists(st.sampled_from([0.0, SHORT, LONG]), min_size=12, max_size=12))
@settings(max_examples=300)
def test_words_and_their_order_are_the_same_with_and_without_and_no_two_marks_meet(
    texts: list[str], pauses: list[float]
) -> None:
    heard = [Heard(text, pause=pause) for text, pause in zip(texts, pauses, strict=False)]
    pieces = read(heard, DEFAULT_TABLE, marks=True)
    ended, plain = written(pieces, 0.8), written(pieces, 0.0)
    assert normal_words(ended.text) == normal_words(plain.text)
    assert ended.ending == plain.ending
    assert meeting_marks(ended.text) == meeting_marks(plain.text)


@given(TEXTS)
def test_without_a_long_pause_nothing_is_changed(texts: list[str]) -> None:
    pieces = pieces_of(*texts, pause=SHORT)
    assert written(pieces, 0.8).text == written(pieces, 0.0).text


def test_a_command_that_was_decided_elsewhere_is_one() -> None:
    heard = [Heard("we met"), Heard("camp next", "cap next", LONG), Heard("paris", pause=LONG)]
    assert sentence_ends(read(heard, DEFAULT_TABLE), 0.8, CleanupOptions()).places == frozenset()
