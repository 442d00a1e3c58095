"""One style for numbers that belong together: in digits if each can be and one is, else in words.

"Between nine and eleven" is "between 9 and 11", "two or three hundred" stays in words. Numbers belong
together where nothing but "and", "or", "to", "times" and the like stands between them; what such a row comes
to ("is forty two") belongs to it.

Pure. Neighbours: `writing` has the runs and what each would be alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from garret.features.dictate.text.tokens import Token

from .reading import read_whole
from .runs import Run

_LINKS = frozenset(("and", "by", "in", "minus", "or", "plus", "through", "times", "to", "versus"))
_LONG_LINKS = (["out", "of"], ["times", "in"], ["times", "out", "of"], ["divided", "by"])
_COMES_TO = frozenset(("is", "are", "equals", "makes", "make"))
# "One worker in ten" counts people; in "one came in ten minutes late" nobody is counted.
_COUNTED_OUT = frozenset(
    """adult american boy child citizen company customer driver european family girl home household man
    patient person pupil student voter woman worker""".split()
)
# What makes of "one" a number and not a word for somebody or something.
_ONE_LINKS = frozenset(("in", "or", "out", "plus", "minus", "through", "times", "to"))


def in_one_style(tokens: Sequence[Token], words: Sequence[str], runs: Sequence[Run]) -> list[Run]:
    """The runs of a text, those that belong together in one style."""
    out: list[Run] = []
    group: list[Run] = []
    for run in runs:
        if group and not _linked(tokens, words, group, run):
            out.extend(_alike(words, group))
            group = []
        group.append(run)
    return out + _alike(words, group)


def _linked(tokens: Sequence[Token], words: Sequence[str], group: Sequence[Run], right: Run) -> bool:
    left = group[-1]
    between = list(words[left.end : right.start])
    gap = [token.trail for token in tokens[left.end - 1 : right.start]]
    if not (left.counts and right.counts) or tokens[right.start].lead not in ("", "-"):
        return False
    if any("\n" in token.space for token in tokens[left.end : right.start + 1]):
        return False
    if gap[0] == "," and not any(gap[1:]):
        return between in ([], ["and"], ["or"])
    if any(gap) or not _is_link(between, words[left.start : left.end], row=len(group) > 1):
        return False
    if words[left.start : left.end] != ["one"] or not between or between[0] in _ONE_LINKS:
        return True
    return len(between) == 2 or (left.start > 0 and words[left.start - 1] == "between")


def _is_link(between: list[str], left: Sequence[str], *, row: bool) -> bool:
    """Whether the words `between` make one row of two numbers; `row` says that the first ends one already."""
    if not between or between in _LONG_LINKS:
        return bool(between)
    if len(between) == 1:
        return between[0] in _LINKS or (row and between[0] in _COMES_TO)
    return len(between) == 2 and between[1] == "in" and list(left) == ["one"] and between[0] in _COUNTED_OUT


def _alike(words: Sequence[str], group: list[Run]) -> list[Run]:
    """The runs of `group` with one style for all of them."""
    if len(group) < 2 or not any(run.wanted for run in group):
        return group
    shared = any(_is_shared(words, left, right) for left, right in pairwise(group))
    digits = not shared and all(run.digits for run in group)
    return [run._replace(wanted=digits) for run in group]


def _is_shared(words: Sequence[str], left: Run, right: Run) -> bool:
    """Whether a multiplier is said once for both: "two or three hundred" is 200 or 300."""
    last = words[left.start : left.end]
    first = words[right.start : right.end]
    if first[-1] not in ("hundred", "thousand") or not {"hundred", "thousand"}.isdisjoint(last):
        return False
    count, other = read_whole(first[:-1]), read_whole(last)
    return bool(count and other) and int(other) < int(count)
