"""Grammars for an engine that can be told what to listen for (JSGF, Sun Microsystems 1998).

Every word of these grammars is in the dictionary of the model that PocketSphinx brings along; a
grammar with a word that is not would not load. `grammar` leaves out phrases of users that have such
words if it is given the dictionary's words.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from .commands import CommandTable
from .spelling import SPOKEN_CHARACTERS, SPOKEN_MODIFIERS
from .words import normal_words


def grammar(table: CommandTable, known: Container[str] | None = None) -> str:
    """A grammar whose sentences are the phrases of `table`, without those that hold unknown words.

    Returns the empty string if no phrase is left.
    """
    phrases = [normal_words(command.phrase) for command in table]
    usable = [words for words in phrases if known is None or all(word in known for word in words)]
    return _write("commands", "command", (" ".join(words) for words in usable)) if usable else ""


def unheard_phrases(table: CommandTable, known: Container[str]) -> tuple[str, ...]:
    """The phrases that an engine with the words `known` cannot hear, to be told to the user."""
    return tuple(
        command.phrase for command in table if not all(word in known for word in normal_words(command.phrase))
    )


def _write(name: str, rule: str, phrases: Iterable[str], repeat: str = "") -> str:
    alternatives = "\n    | ".join(f"( {phrase} )" for phrase in phrases)
    return f"#JSGF V1.0;\ngrammar {name};\npublic <{rule}> = (\n      {alternatives}\n){repeat};\n"


# One or more letters (by name or in the NATO alphabet), digits and signs, read by `spell`; and one alone.
SPELLING_GRAMMAR = _write("spelling", "spelling", (*SPOKEN_CHARACTERS, *SPOKEN_MODIFIERS), "+")
ONE_CHARACTER_GRAMMAR = _write("character", "character", SPOKEN_CHARACTERS)
