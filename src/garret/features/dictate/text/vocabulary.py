"""The personal vocabulary: what a person says, and how they want it written.

Replacements are matched on whole words, without regard to case, longest phrase first; what they
write is fixed and no later step touches it. A proper name is an entry whose spoken form is the
name itself ("siobhan", "Siobhan"). Works in every language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from .errors import VocabularyError
from .tokens import Edit, StepResult, Token
from .words import normal_words

_LONGEST_PHRASE = 12  # words; keeps matching linear in the length of the text


class Replacement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Write `written` wherever `spoken` is heard."""

    spoken: str
    written: str


def vocabulary(entries: Iterable[Replacement]) -> tuple[Replacement, ...]:
    """Check the entries and return them.

    Raises `VocabularyError` for an entry that says or writes nothing, has more than twelve words,
    or has the same spoken form as another entry that writes something else.
    """
    seen: dict[tuple[str, ...], Replacement] = {}
    for entry in entries:
        phrase = tuple(normal_words(entry.spoken))
        if not phrase or not entry.written.strip():
            raise VocabularyError(
                f"The vocabulary entry {entry.spoken!r} = {entry.written!r} has an empty side; "
                "give both what you say and what is to be written. The other entries are unchanged."
            )
        if len(phrase) > _LONGEST_PHRASE:
            raise VocabularyError(
                f"The vocabulary entry {entry.spoken!r} has more than {_LONGEST_PHRASE} words; "
                "shorten what you say for it."
            )
        if phrase in seen and seen[phrase].written != entry.written:
            raise VocabularyError(
                f"The vocabulary has two entries for {entry.spoken!r}: {seen[phrase].written!r} "
                f"and {entry.written!r}; keep one of them."
            )
        seen.setdefault(phrase, entry)
    return tuple(seen.values())


@lru_cache(maxsize=16)
def _index(entries: tuple[Replacement, ...]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """First word -> (phrase, written), longest phrase first."""
    index: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for entry in vocabulary(entries):
        phrase = tuple(normal_words(entry.spoken))
        index.setdefault(phrase[0], []).append((phrase, entry.written.strip()))
    for found in index.values():
        found.sort(key=lambda item: -len(item[0]))
    return index


def replace_vocabulary(tokens: Sequence[Token], entries: tuple[Replacement, ...]) -> StepResult:
    """Replace spoken forms by written ones; a phrase may not run across punctuation or a line break."""
    if not entries:
        return StepResult(list(tokens), [])
    index = _index(entries)
    words = [tuple(normal_words(token.core)) for token in tokens]
    out: list[Token] = []
    edits: list[Edit] = []
    position = 0
    while position < len(tokens):
        match = _longest(tokens, words, position, index)
        if match is None:
            out.append(tokens[position])
            position += 1
            continue
        end, phrase, written = match
        first, last = tokens[position], tokens[end - 1]
        out.append(Token(first.space, first.lead, written, last.trail, fixed=True))
        added = tuple(normal_words(written))
        if added != phrase:
            edits.append(Edit("vocabulary", phrase, added))
        position = end
    return StepResult(out, edits)


def vocabulary_spans(tokens: Sequence[Token], entries: tuple[Replacement, ...]) -> list[tuple[int, int]]:
    """The places (first, after the last) of the phrases in `tokens` that `replace_vocabulary` replaces."""
    if not entries:
        return []
    index = _index(entries)
    words = [tuple(normal_words(token.core)) for token in tokens]
    spans: list[tuple[int, int]] = []
    position = 0
    while position < len(tokens):
        match = _longest(tokens, words, position, index)
        if match is not None:
            spans.append((position, match[0]))
        position = position + 1 if match is None else match[0]
    return spans


def _longest(
    tokens: Sequence[Token],
    words: Sequence[tuple[str, ...]],
    position: int,
    index: dict[str, list[tuple[tuple[str, ...], str]]],
) -> tuple[int, tuple[str, ...], str] | None:
    if not words[position]:
        return None
    for phrase, written in index.get(words[position][0], ()):
        end = _spans(tokens, words, position, phrase)
        if end is not None:
            return end, phrase, written
    return None


def _spans(
    tokens: Sequence[Token], words: Sequence[tuple[str, ...]], position: int, phrase: tuple[str, ...]
) -> int | None:
    """The end of the tokens from `position` whose words are exactly `phrase`, or None."""
    matched = 0
    for end in range(position, len(tokens)):
        here = words[end]
        if end > position and (tokens[end - 1].trail or tokens[end].lead or "\n" in tokens[end].space):
            return None
        if not here or phrase[matched : matched + len(here)] != here:
            return None
        matched += len(here)
        if matched == len(phrase):
            return end + 1
    return None
