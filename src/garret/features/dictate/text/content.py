"""The content check: a clean-up may not lose or invent a word that it does not own up to.

Every word counts as content, function words included. The check compares the words of the text
before and after as multisets, allowing exactly the declared edits, and it verifies each edit against
the tables of this package rather than believing the step that declared it: fillers must be fillers,
a repeated word must still be there, digits must have the value of the words they replace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from .casing import CAPS_COMMANDS
from .disfluency import FILLERS
from .numerals import value_of
from .punctuation import LAYOUT, MARKS
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


def _quoted(words: Sequence[str]) -> str:
    shown = ", ".join(f'"{word}"' for word in words[:5]) or "nothing"
    return shown + (f" and {len(words) - 5} more" if len(words) > 5 else "")


def _is_justified(
    edit: Edit, remaining: Counter[str], replacements: set[tuple[tuple[str, ...], tuple[str, ...]]]
) -> bool:
    if edit.kind == "vocabulary":
        return (edit.removed, edit.added) in replacements
    if edit.kind == "number":
        return len(edit.added) == 1 and edit.added[0] in value_of(edit.removed)
    if edit.kind == "repeat":
        return len(edit.removed) == 1 and remaining[edit.removed[0]] > 0 and not edit.added
    rule = _REMOVABLE.get(edit.kind)
    return rule is not None and not edit.added and rule(edit.removed)


_REMOVABLE: dict[str, Callable[[tuple[str, ...]], bool]] = {
    "filler": lambda words: len(words) == 1 and words[0] in FILLERS,
    "punctuation": lambda words: " ".join(words) in MARKS or " ".join(words) in LAYOUT,
    "caps": lambda words: words in CAPS_COMMANDS,
}
