"""Refusal: questions that are not read at all, with what to say instead.

Empty and enormous ones, requests to change data, other languages, and what has nothing to do with the
catalogue.
Pure; neighbours: `translator`.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 600
"""Characters of a question; longer ones are taken for something else."""
MOST_WORDS: Final = 90

_CHANGES: Final = re.compile(
    r"^\W*(?:(?:please|now|then|can you|could you|i want to|let'?s)\s+)*"
    r"(?:delete|remove|drop|truncate|erase|wipe|insert|add|update|set|change|modify|alter|rename|create|replace|"
    r"grant|revoke|merge|overwrite|upload|import|restore)\b",
    re.IGNORECASE,
)
_CHANGES_WITHIN: Final = re.compile(
    r"(?:;|\band (?:then )?)\s*(?:delete|drop|truncate|insert into|update|alter|grant|revoke|erase|wipe)\b",
    re.IGNORECASE,
)
_ENGLISH: Final = frozenset(
    """the a an of for in on at to from by with and or is are was were do does did have has had that which
    who whose
    what where when how all each every any list show find give return count many much number average total
    most
    least more less than not no me name names per top display tell get between after before""".split()
)
_FOREIGN: Final = frozenset(
    """der das und ist nicht mit von welche wie viele alle zeige gib les des une est dans avec combien
    quels quelles
    montre el los las una por con cuantos cuales muestra quanti gli tutti mostra hoeveel alle het een
    quantos os
    todos mostre""".split()
)


def refusal(question: str) -> str | None:
    """Why a question is not read; None where it may be."""
    text = question.strip()
    words = re.findall(r"[^\W\d_]+", text.lower())
    if not words:
        return "There is no question yet. Ask for rows, counts or figures of the tables of this source."
    if len(text) > LONGEST or len(words) > MOST_WORDS:
        return (
            f"This is too long to be read as one question (at most {LONGEST} characters). Ask for one "
            "thing at a time."
        )
    if _CHANGES.search(text) or _CHANGES_WITHIN.search(text):
        return (
            "Sources are only read here; nothing can be added, changed or deleted. Ask what is in the "
            "data instead."
        )
    if _foreign(text, words):
        return "Questions are understood in English here. Ask it in English, or write the query yourself."
    return None


def _foreign(text: str, words: list[str]) -> bool:
    letters = [mark for mark in text if mark.isalpha()]
    if sum(ord(mark) > 0x24F for mark in letters) * 2 > len(letters):
        return True
    english = sum(word in _ENGLISH for word in words)
    return sum(word in _FOREIGN for word in words) >= max(2, english + 1)
