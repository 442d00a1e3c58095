"""The content check: a clean-up may not lose or invent a word that it does not own up to.

`find_loss` checks one step of the clean-up of one text, `weigh` the document of a whole dictation, where
commands take words out and take texts back.

Every word counts as content, function words included. The check compares the words of the text
before and after as multisets, allowing exactly the declared edits, and it verifies each edit against
the tables of this package rather than believing the step that declared it: fillers must be fillers,
a repeated word must still be there and a broken-off one be whole, digits must have the value of the words
they replace, addresses and initials the words and letters of which they are made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from .addresses import spelled_out
from .commands import is_said
from .disfluency import FILLERS
from .numerals import value_of
from .tokens import Edit
from .vocabulary import Replacement
from .words import normal_words


def find_loss(before: str, after: str, edits: Sequence[Edit], entries: Sequence[Replacement]) -> str | None:
    """Return None if every word is accounted for, else what is wrong, in words for the user."""
    remaining = Counter(normal_words(after))
    replacements = {(tuple(normal_words(e.spoken)), tuple(normal_words(e.written))) for e in entries}
    expected = Counter(normal_words(before))
    for edit in edits:
        if not _is_justified(edit, remaining, replacements):
            return f"the change of {_quoted(edit.removed)} to {_quoted(edit.added)} is not a {edit.kind}"
        expected.subtract(edit.removed)
        expected.update(edit.added)
    if expected == remaining:
        return None
    lost = sorted((expected - remaining).elements())
    invented = sorted((remaining - expected).elements())
    parts = [f"it lost {_quoted(lost)}"] if lost else []
    parts += [f"it invented {_quoted(invented)}"] if invented else []
    return " and ".join(parts) or "it removed more words than there were"


class Account(NamedTuple):
    """What a part of what was heard owns up to.

    `written` is what was written for it, checked by `find_loss` where it is text; `command` the phrase of
    the command that it was taken for, by its sound where `weighed` says so; `gone` says that the document has
    it no more.
    """

    heard: str
    written: str = ""
    command: str = ""
    gone: bool = False
    weighed: bool = False


def weigh(heard: str, accounts: Sequence[Account], document: str, *, taken_back: bool) -> str | None:
    """Return None if the document of a dictation holds what was heard but for what its parts own up to.

    `taken_back` says whether a command that takes text back was carried out at all.
    """
    said, parts = Counter(normal_words(heard)), _words_of(account.heard for account in accounts)
    if said != parts:
        return f"{_quoted(_difference(said, parts))} are in no part of it, or in two"
    for account in accounts:
        if account.command and not account.weighed and not is_said(account.command, account.heard):
            return f"{_quoted(normal_words(account.heard))} is not {_quoted((account.command,))}"
        if account.gone and not taken_back:
            return f"it lost {_quoted(normal_words(account.heard))}"
    expected = _words_of(account.written for account in accounts if not account.gone)
    found = _words_of((document,))
    if expected == found:
        return None
    return f"{_quoted(_difference(expected, found))} are lost or invented in it"


def _difference(left: Counter[str], right: Counter[str]) -> list[str]:
    return sorted(((left - right) + (right - left)).elements())


def _words_of(texts: Iterable[str]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update(normal_words(text))
    return counted


def _quoted(words: Sequence[str]) -> str:
    shown = ", ".join(f'"{word}"' for word in words[:5]) or "nothing"
    return shown + (f" and {len(words) - 5} more" if len(words) > 5 else "")


def _is_justified(
    edit: Edit, remaining: Counter[str], replacements: set[tuple[tuple[str, ...], tuple[str, ...]]]
) -> bool:
    if edit.kind == "vocabulary":
        return (edit.removed, edit.added) in replacements
    if edit.kind == "number":
        return " ".join(edit.added) in value_of(edit.removed)
    if edit.kind == "repeat":
        return len(edit.removed) == 1 and remaining[edit.removed[0]] > 0 and not edit.added
    if edit.kind == "fragment":
        return not edit.added and any(word.startswith(edit.removed) for word in remaining)
    if edit.kind == "address":
        return "".join(edit.added) == "".join(spelled_out(edit.removed))
    if edit.kind == "initials":
        return edit.added == ("".join(edit.removed),) and all(len(letter) == 1 for letter in edit.removed)
    rule = _REMOVABLE.get(edit.kind)
    return rule is not None and not edit.added and rule(edit.removed)


_REMOVABLE: dict[str, Callable[[tuple[str, ...]], bool]] = {
    "filler": lambda words: len(words) == 1 and words[0] in FILLERS,
}
