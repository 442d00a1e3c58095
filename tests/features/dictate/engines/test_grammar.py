"""Reading the words of a grammar."""

from __future__ import annotations

import pytest

from garret.features.dictate.engines.contract import EngineOptionError
from garret.features.dictate.engines.grammar import check_words, words_in

GRAMMAR = """#JSGF V1.0 UTF-8 en;
grammar commands.dictation;
/* said
   alone */
public <command> = ( new line | /0.2/ scratch that {undo} ) [please]+ | <digit>* ; // the end
<digit> = one | "two" | one;
"""


def test_words_are_found_without_rules_tags_weights_and_comments() -> None:
    assert words_in(GRAMMAR) == ["new", "line", "scratch", "that", "please", "one", "two"]


def test_unknown_words_are_named() -> None:
    check_words(GRAMMAR, lambda word: True)
    with pytest.raises(EngineOptionError) as caught:
        check_words(GRAMMAR, lambda word: len(word) < 5)
    assert caught.value.details["unknown"] == ["scratch", "please"]
