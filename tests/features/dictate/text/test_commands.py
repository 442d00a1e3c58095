"""The table of spoken commands, and telling a command from a sentence."""

from __future__ import annotations

import pytest

from garret.features.dictate.text.commands import (
    DEFAULT_TABLE,
    DOUBT,
    SHORT_DOUBT,
    Action,
    Command,
    CommandTable,
    decide,
    may_be,
    spellings,
)
from garret.features.dictate.text.errors import CommandTableError


@pytest.mark.parametrize(
    ("said", "action"),
    [
        ("new line", Action.NEW_LINE),
        ("New paragraph.", Action.NEW_PARAGRAPH),
        ("um scratch that", Action.SCRATCH),
        ("undo that uh", Action.UNDO),
        ("all caps", Action.ALL_CAPS),
        ("end caps", Action.END_CAPS),
        ("cap next", Action.CAP_NEXT),
        ("cancel", Action.CANCEL),
        ("stop dictation", Action.STOP),
        ("question mark", Action.INSERT),
    ],
)
def test_every_default_command_is_understood(said: str, action: Action) -> None:
    command = DEFAULT_TABLE.match(said)
    assert command is not None
    assert command.action == action
    assert DEFAULT_TABLE.match(said.split()) == command


@pytest.mark.parametrize(
    "said", ["", "um", "scratch that idea", "we must cancel", "scratch", "new line " * 4]
)
def test_a_command_within_a_sentence_is_no_command(said: str) -> None:
    assert DEFAULT_TABLE.match(said) is None


def test_a_user_adds_phrases_and_the_default_table_stays_as_it_was() -> None:
    table = DEFAULT_TABLE.with_user(
        [Command("strike that out", "scratch"), Command("my address", "insert", "1 Garret Lane")]
    )
    assert len(table) == len(DEFAULT_TABLE) + 2
    strike, address = table.match("Strike that out"), table.match("my address")
    assert strike is not None
    assert strike.action == "scratch"
    assert address is not None
    assert address.text == "1 Garret Lane"
    assert DEFAULT_TABLE.match("strike that out") is None


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (Command("", "scratch"), "one to"),
        (Command(" ... ", "scratch"), "one to"),
        (Command("one two three four five six seven", "scratch"), "one to"),
        (Command("um er", "scratch"), "fillers"),
        (Command("line 2", "new_line"), "letters only"),
        (Command("do it", "explode"), "not an action"),
        (Command("do it", "insert"), "needs a text"),
        (Command("do it", "scratch", "text"), "needs a text"),
        (Command("New Line", "cancel"), "already means"),
        (Command("comma", "insert", ";"), "already means"),
    ],
)
def test_entries_that_cannot_be_taken_are_refused_with_a_reason(entry: Command, reason: str) -> None:
    with pytest.raises(CommandTableError) as caught:
        DEFAULT_TABLE.with_user([entry])
    assert reason in caught.value.message


def test_the_same_entry_twice_is_no_clash() -> None:
    assert len(CommandTable([Command("go on", "new_line"), Command("Go on", "new_line")])) == 1


@pytest.mark.parametrize(
    ("grammar_heard", "freely_heard", "phrase"),
    [
        ("new line", "new line", "new line"),
        ("new line", "um new line", "new line"),
        ("new paragraph", "new para graph", "new paragraph"),
        ("close bracket", "close brackets", "close bracket"),
        ("cap next", "camp next", "cap next"),
        ("end caps", "and caps", "end caps"),
    ],
)
def test_a_command_is_taken_when_the_free_decode_agrees(
    grammar_heard: str, freely_heard: str, phrase: str
) -> None:
    command = decide(grammar_heard, freely_heard)
    assert command is not None
    assert command.phrase == phrase


# What PocketSphinx heard of synthetic speech: with the grammar alone, and freely.
HEARD_SENTENCES = [
    ("period", "please send very hard to finance team"),
    ("end caps", "we should scratch the health plan and start again"),
    ("stop dictation", "i stopped at the new shop on the way down"),
    ("semi colon", "the line was new to me"),
    ("cancel", "he can sell them a bang"),
    ("period", "the period of rest with shards"),
    ("open parenthesis", "then the window please"),
    ("cancel", "can you under the last change"),
    ("undo that", "what is the question"),
    ("new paragraph", "a new paragraph begins here"),
    ("cancel", "that is ah"),
    ("close bracket", "plaza de r"),
    ("cancel", "cancer is is serious disease"),
    ("cancel", "the colonel called a meeting"),
    ("full stop", "full steam ahead"),
    ("new line", "i need an airline"),
    ("comma", "comments are welcome"),
    ("undo that", "thank you very much"),
]


@pytest.mark.parametrize(
    ("phrase", "freely_heard"),
    [
        ("undo that", "And do that."),
        ("stop dictation", "Stop the dictation."),
        ("comma", "Coma."),
        ("cancel dictation", "canceled dictation"),
        ("exclamation mark", "explanation mark"),
    ],
)
def test_a_command_of_which_little_was_misheard_is_taken_where_the_grammar_hears_it(
    phrase: str, freely_heard: str
) -> None:
    found = decide(phrase, freely_heard)
    assert found is not None
    assert found.phrase == phrase
    assert decide("new paragraph", freely_heard) is None


@pytest.mark.parametrize(("grammar_heard", "freely_heard"), HEARD_SENTENCES)
def test_ordinary_sentences_are_not_taken_for_commands(grammar_heard: str, freely_heard: str) -> None:
    assert DEFAULT_TABLE.match(grammar_heard) is not None
    assert decide(grammar_heard, freely_heard) is None


@pytest.mark.parametrize(
    ("grammar_heard", "freely_heard"),
    [
        ("new line", "the line"),
        ("new line", "new lion"),
        ("new line", "a new line"),
        ("undo that", "do that"),
        ("undo that", "so do that"),
        ("undo that", "and that"),
        ("cancel", "cancer"),
        ("comma", "comment"),
        ("cancel", ""),
        ("", "new line"),
        ("stop", "stop"),
        ("new line", "new paragraph"),
    ],
)
def test_what_is_only_near_a_command_is_not_taken(grammar_heard: str, freely_heard: str) -> None:
    assert decide(grammar_heard, freely_heard) is None


@pytest.mark.parametrize(
    ("grammar_heard", "freely_heard", "doubt", "taken"),
    [
        ("period", "Give it to me.", SHORT_DOUBT, True),
        ("period", "Errors.", SHORT_DOUBT + 0.1, False),
        ("question mark", "Question note.", DOUBT, True),
        ("question mark", "Question note.", DOUBT + 0.1, False),
        ("undo that", "And do that.", 0.5, True),
        ("undo that", "And do that.", 1.5, False),  # it sounds so when it is said, too
        ("undo that", "Under that.", 1.5, False),  # nearly the same letters count no more
        ("cancel", "Council.", 3.0, False),
        ("cancel dictation", "Cancellation.", 5.2, True),
        ("cancel dictation", "Cancellation.", DOUBT, False),
        ("new paragraph", "New para graph.", 90.0, True),  # the same words are the command anyhow
        ("slash", "Slash the Tigers.", -1.8, False),  # the phrase and more
        ("new line", "A new line.", -5.0, False),
        ("", "New line.", -5.0, False),
    ],
)
def test_an_engine_that_compared_the_two_decides(
    grammar_heard: str, freely_heard: str, doubt: float, taken: bool
) -> None:
    found = decide(grammar_heard, freely_heard, doubt=doubt)
    assert (found is not None) is taken
    assert not taken or found == DEFAULT_TABLE.match(grammar_heard)


@pytest.mark.parametrize(
    ("phrase", "heard", "worth"),
    [
        ("period", "Give it to me.", True),
        ("open square bracket", "They'll can square bracket.", True),
        ("new line", "Newline.", False),
        ("new line", "", False),
        ("cancel", "We went to the house on the hill.", False),
    ],
)
def test_what_is_worth_to_be_compared(phrase: str, heard: str, worth: bool) -> None:
    assert may_be(phrase, heard) is worth


def test_phrases_are_compared_as_engines_write_them() -> None:
    assert spellings("new line") == ("New line", "new line", "Newline")
    assert spellings("comma") == ("Comma", "comma")
