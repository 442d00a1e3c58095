"""The content check believes no step."""

from __future__ import annotations

import pytest

from garret.features.dictate.text.content import Account, find_loss, weigh
from garret.features.dictate.text.tokens import Edit
from garret.features.dictate.text.vocabulary import Replacement


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        ("hello world", "Hello, world!", []),
        ("um hello", "hello", [Edit("filler", ("um",))]),
        ("the the cat", "the cat", [Edit("repeat", ("the",))]),
        ("twenty five", "25", [Edit("number", ("twenty", "five"), ("25",))]),
        ("pie torch", "PyTorch", [Edit("vocabulary", ("pie", "torch"), ("pytorch",))]),
    ],
)
def test_declared_and_true_changes_pass(before: str, after: str, edits: list[Edit]) -> None:
    assert find_loss(before, after, edits, [Replacement("pie torch", "PyTorch")]) is None


@pytest.mark.parametrize(
    ("before", "after", "edits", "said"),
    [
        ("hello world", "hello", [], 'lost "world"'),
        ("hello", "hello world", [], 'invented "world"'),
        ("hello", "goodbye", [], "lost"),
        ("the cat", "cat", [Edit("filler", ("the",))], "not a filler"),
        ("the cat", "cat", [Edit("repeat", ("the",))], "not a repeat"),
        ("twenty five", "26", [Edit("number", ("twenty", "five"), ("26",))], "not a number"),
        ("cat", "dog", [Edit("vocabulary", ("cat",), ("dog",))], "not a vocabulary"),
        ("cat", "", [Edit("magic", ("cat",))], "not a magic"),
        ("hello", "hello", [Edit("filler", ("um",))], "invented"),
        ("um", "", [Edit("filler", ("um",), ("er",))], "not a filler"),
    ],
)
def test_everything_else_is_found_out(before: str, after: str, edits: list[Edit], said: str) -> None:
    reason = find_loss(before, after, edits, [])
    assert reason is not None
    assert said in reason


GOOD = [Account("we met", "We met"), Account("new line", "\n", "new line"), Account("um it", " it")]


def test_a_document_that_holds_what_was_heard_passes() -> None:
    assert weigh("we met new line um it", GOOD, "We met\nit", taken_back=False) is None
    gone = [*GOOD[:2], GOOD[2]._replace(gone=True), Account("Scratch that.", "", "scratch that")]
    assert weigh("we met new line um it scratch that", gone, "We met\n", taken_back=True) is None


@pytest.mark.parametrize(
    ("heard", "accounts", "document"),
    [
        ("we met new line um it rained", GOOD, "We met\nit"),
        ("we met um it", GOOD, "We met\nit"),
        ("we met new line um it", GOOD, "We met\n"),
        ("we met new line um it", GOOD, "We met\nit is"),
        ("we met", [Account("we met", "We met", gone=True)], ""),
        ("we met", [Account("we", "We"), Account("met", "", "new line")], "We"),
    ],
)
def test_a_document_that_loses_or_invents_a_word_does_not(
    heard: str, accounts: list[Account], document: str
) -> None:
    assert weigh(heard, accounts, document, taken_back=False) is not None


def test_a_command_that_its_sound_told_may_have_been_written_as_other_words() -> None:
    written = [Account("we met", "We met"), Account("Give it to me.", ".", "period", weighed=True)]
    assert weigh("we met Give it to me.", written, "We met.", taken_back=False) is None
    guessed = [written[0], written[1]._replace(weighed=False)]
    assert weigh("we met Give it to me.", guessed, "We met.", taken_back=False) is not None
