"""The text of a dictation, segment by segment."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.features.dictate.text.commands import DEFAULT_TABLE, Action, Command, CommandTable
from garret.features.dictate.text.content import weigh
from garret.features.dictate.text.editor import Editor, Ending, TextEdit
from garret.features.dictate.text.errors import DictationEndedError
from garret.features.dictate.text.reading import Heard, Reading, read


def heard(text: str, table: CommandTable = DEFAULT_TABLE) -> Reading:
    """A segment between two long pauses; the names of marks in it are marks."""
    return read([Heard(text)], table, marks=True)[0]


def dictate(*segments: str) -> str:
    editor = Editor()
    for segment in segments:
        editor.apply(heard(segment))
    return editor.text


@pytest.mark.parametrize(
    ("segments", "text"),
    [
        (("hello world", "how are you question mark", "fine"), "Hello world how are you? Fine"),
        (("dear all", "comma", "new line", "hello"), "Dear all,\nHello"),
        (("one", "new paragraph", "two"), "One\n\nTwo"),
        (
            ("she said", "open quote", "yes", "close quote", "full stop", "then"),
            "She said \u201cyes\u201d. Then",
        ),
        (("well", "hyphen", "known"), "Well-known"),
        (("Hello.", "comma", "Tom is here.", "question mark"), "Hello, Tom is here?"),
        (("at 5 p.m.", "comma", "then"), "At 5 p.m., then"),
        (("We met.", "comma", "And we left."), "We met, and we left."),
        (("We met.", "semi colon", "um", "Then we left."), "We met; then we left."),
        (("We met.", "comma", "I left."), "We met, I left."),
        (("We met.", "full stop", "And we left."), "We met. And we left."),
        (("really?", "question mark", "yes,", "full stop"), "Really? Yes."),
        (("this is", "all caps", "very big", "indeed", "end caps", "now"), "This is VERY BIG INDEED now"),
        (("to", "cap next", "paris today"), "To Paris today"),
        (("um", "yes"), "Yes"),
        (("the time", "dash", "late"), "The time \u2013 late"),
    ],
)
def test_segments_and_commands_become_a_text(segments: tuple[str, ...], text: str) -> None:
    assert dictate(*segments) == text


def test_scratch_that_takes_back_one_phrase_after_the_other() -> None:
    assert dictate("keep this", "not this", "scratch that") == "Keep this"
    assert dictate("keep this", "nor this", "not this", "scratch that", "scratch that") == "Keep this"
    assert dictate("one", "scratch that", "scratch that", "two") == "Two"


def test_after_a_scratch_the_text_goes_on_as_if_nothing_had_been_said() -> None:
    assert dictate("we met", "full stop", "then", "scratch that", "later") == "We met. Later"
    assert dictate("say", "all caps", "loud", "scratch that", "loud") == "Say LOUD"


def test_undo_takes_back_the_last_change_and_a_scratch_is_a_change() -> None:
    assert dictate("one", "two", "undo that") == "One"
    assert dictate("one", "two", "scratch that", "undo that") == "One two"
    assert dictate("one", "two", "scratch that", "undo that", "undo that") == "One"
    assert dictate("one", "all caps", "undo that", "two") == "One two"
    assert dictate("undo that", "one") == "One"


def test_cancel_takes_the_text_back_and_stop_keeps_it_and_both_end_the_dictation() -> None:
    cancelled, stopped = Editor(), Editor()
    cancelled.apply(heard("hello there"))
    assert cancelled.apply(heard("cancel")) == TextEdit(delete=len("Hello there"))
    assert (cancelled.text, cancelled.ending) == ("", Ending.CANCELLED)
    assert cancelled.raw == "hello there\ncancel"
    stopped.apply(heard("hello there"))
    stopped.apply(heard("stop dictation"))
    assert (stopped.text, stopped.ending) == ("Hello there", Ending.STOPPED)
    for editor in (cancelled, stopped):
        with pytest.raises(DictationEndedError):
            editor.apply(heard("more"))


def test_every_segment_is_kept_as_it_was_heard() -> None:
    editor = Editor()
    for segment in ("um hello", "scratch that", "bye"):
        editor.apply(heard(segment))
    assert [(s.raw, [each.action for each in s.commands]) for s in editor.history] == [
        ("um hello", []),
        ("scratch that", [Action.SCRATCH]),
        ("bye", []),
    ]
    assert editor.ending is None


def test_the_segments_that_made_the_text_are_known_by_their_places() -> None:
    editor = Editor()
    for segment in ("one", "um", "two", "scratch that", "all caps", "three", "four", "undo that"):
        editor.apply(heard(segment))
    assert (editor.text, editor.remaining) == ("One THREE", (0, 4, 5))


def test_a_segment_that_ends_a_sentence_gets_its_full_stop_and_is_taken_back_with_it() -> None:
    editor = Editor()
    assert editor.apply(heard("we met"), ends=True) == TextEdit(insert="We met.")
    editor.apply(heard("at the"), ends=True)
    assert editor.text == "We met. At the"
    assert [part.ended for part in editor.history] == [True, False]
    editor.apply(heard("scratch that"))
    assert editor.apply(heard("scratch that")) == TextEdit(delete=len("We met."))


def test_a_command_that_was_decided_elsewhere_is_carried_out_whatever_was_heard() -> None:
    editor = Editor()
    editor.apply(heard("one"))
    editor.apply(read([Heard("camp next", "cap next")], DEFAULT_TABLE)[0])
    editor.apply(heard("paris"))
    assert editor.text == "One Paris"


def test_a_users_text_is_written_as_it_is_and_stands_apart() -> None:
    table = DEFAULT_TABLE.with_user(
        [Command("smile", "insert", ":)"), Command("sign off", "insert", "Yours.\n")]
    )
    editor = Editor()
    for segment in ("so", "smile", "sign off", "p s"):
        editor.apply(heard(segment, table))
    assert editor.text == "So :) Yours.\nP s"


SEGMENTS = st.lists(
    st.sampled_from(
        [
            "hello world",
            "um",
            "hello comma world full stop",
            "comma",
            "open quote",
            "new line",
            "new paragraph",
            "all caps",
            "end caps",
            "cap next",
            "scratch that",
            "undo that",
            "twenty five",
            "hyphen",
        ]
    ),
    max_size=25,
)


@given(SEGMENTS)
@settings(max_examples=200)
def test_applying_the_edits_elsewhere_gives_the_same_text(segments: list[str]) -> None:
    editor, elsewhere = Editor(), ""
    for segment in segments:
        edit = editor.apply(heard(segment))
        assert 0 <= edit.delete <= len(elsewhere)
        elsewhere = edit.apply(elsewhere)
        assert elsewhere == editor.text
    assert editor.raw == "\n".join(segments)


@given(SEGMENTS)
def test_the_same_segments_give_the_same_text_again(segments: list[str]) -> None:
    assert dictate(*segments) == dictate(*segments)


@given(SEGMENTS)
@settings(max_examples=200)
def test_undo_brings_back_the_text_before_the_last_change(segments: list[str]) -> None:
    editor = Editor()
    for segment in segments:
        before = editor.text
        changed = editor.apply(heard(segment)) != TextEdit()
        if changed and segment != "undo that":
            after = editor.text
            editor.apply(heard("undo that"))
            assert editor.text == before
            editor.apply(heard(segment))
            assert editor.text == after


@given(SEGMENTS)
def test_a_text_never_has_two_spaces_or_a_space_at_the_ends_of_a_line(segments: list[str]) -> None:
    text = dictate(*segments)
    assert "  " not in text
    assert all(line == line.strip() for line in text.split("\n"))


def test_what_was_taken_back_is_in_no_segment_and_what_is_left_in_its_own() -> None:
    editor = Editor()
    for segment in ("we met", "it rained", "scratch that", "um", "all caps", "loud"):
        editor.apply(heard(segment))
    outcomes = editor.outcomes()
    assert [each.text for each in outcomes] == ["We met", "", "", "", "", "LOUD"]
    assert [each.gone for each in outcomes] == [(), (0,), (), (), (), ()]
    assert [each.capitals for each in outcomes] == [False] * 4 + [True] * 2


def test_a_phrase_is_what_stands_between_commands_also_within_a_segment() -> None:
    breaks = ((2, 0.5), (4, 0.5))
    editor = Editor()
    editor.apply(heard("one"))
    (reading,) = read([Heard("not this scratch that but this", breaks=breaks)], DEFAULT_TABLE)
    assert editor.apply(reading) == TextEdit(insert=" but this")
    assert (editor.text, editor.outcomes()[1].gone) == ("One but this", (0,))
    editor.apply(heard("scratch that"))
    assert editor.text == "One"


@given(SEGMENTS)
@settings(max_examples=200)
def test_the_segments_joined_are_the_document_and_it_holds_what_was_heard(segments: list[str]) -> None:
    editor = Editor()
    for segment in segments:
        editor.apply(heard(segment))
    joined = " ".join(each.text for each in editor.outcomes())
    assert joined.replace(" ", "").replace("\n", "") == editor.text.replace(" ", "").replace("\n", "")
    assert weigh(" ".join(segments), editor.accounts(), editor.text, taken_back=True) is None
