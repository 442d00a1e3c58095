"""The full stop that nobody said: written after the last word of a piece whose sentence a pause has ended.

Which piece that is, `pauses.py` decides; here stands what a piece itself must be like. A stop is written
after a word, never after a mark or a line break, and in English never after a word that
can hardly be the last of a sentence: whoever falls silent after "the" is looking for the next word.
"""

from __future__ import annotations

from collections.abc import Sequence

from .tokens import StepResult, Token, key

# Each ends a sentence in at most 1.7% of its occurrences, where that was counted (docs/decisions/0010).
# Left out are words of these kinds that often do: "so", "do", "not", "out", "up", "it", "that", "her".
HARDLY_LAST = frozenset(
    """a an the every very
    of at to in on into onto about from for with by per than via until among between against towards toward
    during
    and or but nor because if unless whether although as which whose
    my your our their its his
    am is are was were be been has have had can will would shall should could might must
    i he she we they it's he's she's that's there's here's what's who's where's how's let's
    mr mrs ms dr mister""".split()
)
_WEAK_FORMS = ("'m", "'re", "'ve", "'ll", "'d")
"""Contractions are never stranded: "they are", but not "they're", can end a sentence."""


def write_full_stop(tokens: Sequence[Token], *, english: bool) -> StepResult:
    """Write a full stop after the last token, where one can stand there."""
    out = list(tokens)
    if out and can_end(out, english=english):
        out[-1] = out[-1]._replace(trail=".")
    return StepResult(out, [])


def can_end(tokens: Sequence[Token], *, english: bool) -> bool:
    """Whether a full stop can stand after the last of `tokens`, of which there must be one."""
    last = tokens[-1]
    if not last.core or last.trail:
        return False
    return not english or not hardly_last(key(last))


def hardly_last(word: str) -> bool:
    """Whether the English `word`, as `tokens.key` gives it, can hardly be the last of a sentence."""
    return word in HARDLY_LAST or word.endswith(_WEAK_FORMS)
