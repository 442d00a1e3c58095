"""The content check believes no step."""

from __future__ import annotations

import pytest

from garret.features.dictate.text.content import find_loss
from garret.features.dictate.text.tokens import Edit
from garret.features.dictate.text.vocabulary import Replacement


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        ("hello world", "Hello, world!", []),
        ("um hello", "hello", [Edit("filler", ("um",))]),
        ("the the cat", "the cat", [Edit("repeat", ("the",))]),
        ("hello full stop", "hello.", [Edit("punctuation", ("full", "stop"))]),
        ("twenty five", "25", [Edit("number", ("twenty", "five"), ("25",))]),
        ("all caps hi", "HI", [Edit("caps", ("all", "caps"))]),
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
        ("hello there", "hello.", [Edit("punctuation", ("there",))], "not a punctuation"),
        ("twenty five", "26", [Edit("number", ("twenty", "five"), ("26",))], "not a number"),
        ("no way", "HI", [Edit("caps", ("no", "way"))], "not a caps"),
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
