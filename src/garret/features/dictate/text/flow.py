"""Marks that are said in the flow of a sentence, without a pause: "hello comma world full stop".

For engines that write no punctuation. The name of a mark within a sentence may be a word of the sentence
("during the Cretaceous period", "slash the prices"), so something must speak for the mark:
1. the speaker dictates marks: in one segment of the utterance stand two or more names that can hardly be
   words there, and not all of them are everyday words. Then every name in the utterance is a mark that
   `punctuation.py` does not take for an ordinary word; or
2. the sentence would not be one with the name as a word in it: "full stop" and the like at a segment's end,
   or "comma", with no determiner near that they could belong to ("how are you question mark"), or "period"
   at the end after a word that no noun can follow ("send it to me period").
In doubt it is words: a mark that is missing can be seen, a word that is missing can not.

Pure. Neighbours: `punctuation` has the names, `reading` asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .full_stop import hardly_last
from .punctuation import Named, named_marks
from .tokens import Token, keys

# Names that are said as words every day; alone they speak for nothing.
_EVERYDAY = frozenset("period dash colon slash underscore asterisk ellipsis unquote".split())
# Names of more than one word, and "comma": nouns that need a determiner to be words of a sentence.
_NOUNS = frozenset(
    (
        "comma", "full stop", "question mark", "exclamation mark", "exclamation point", "semi colon",
        "semicolon", "new line", "new paragraph",
    )
)  # fmt: skip
_DETERMINING = frozenset(
    """a an the my your his her its our their this that these those no any some each every another one
    both own which what whose two three first second third next last other same such many few more""".split()
)
_NEAR = 3  # words before a noun among which its determiner stands, adjectives between them
# Beside words that can hardly be the last of a sentence (`full_stop.py`): after these a name is spoken of.
_SPEAKING_OF = frozenset(
    """say says said saying type types typed typing write writes wrote writing written put puts press hit
    use uses used using insert inserts add adds added adding need needs needed get got want called named
    word words phrase key sign symbol as like without within after before under over near between than
    start starts started begin begins began make makes made see sees saw read reads""".split()
)
# No noun can follow these within its own phrase.
_CLOSING = frozenset(
    """me him them us it you today tomorrow tonight yesterday now here there again too also soon later
    always away together anymore once twice already enough please thanks""".split()
)
_DENYING = frozenset("not no never nothing nobody none cannot nowhere neither nor".split())


class Flow(NamedTuple):
    """A segment's words and the names of marks among them."""

    tokens: Sequence[Token]
    names: tuple[Named, ...]


def flow_of(tokens: Sequence[Token]) -> Flow:
    """A segment with the names of marks in it."""
    return Flow(tokens, tuple(named_marks(tokens)))


def marks_in(flow: Flow, *, dictated: bool) -> list[Named]:
    """The names in a segment that are marks; `dictated` says that the speaker dictates marks."""
    if dictated:
        return [named for named in flow.names if not _is_outset(named)]
    words = keys(flow.tokens)
    return [named for named in flow.names if _speaks_for_itself(named, words)]


def dictates_marks(flow: Flow) -> bool:
    """Whether what stands in a segment shows that the speaker dictates marks."""
    words = keys(flow.tokens)
    telling = [" ".join(named.name) for named in flow.names if _is_telling(named, words)]
    return len(telling) > 1 and not _EVERYDAY.issuperset(telling)


def _is_outset(named: Named) -> bool:
    """Whether a segment begins with a mark that belongs to a word before it, as in "dash it all"."""
    return not named.first and named.mark.joins_before and "\n" not in named.mark.text


def _is_telling(named: Named, words: Sequence[str]) -> bool:
    """Whether a name can hardly be a word where it stands."""
    if not named.mark.joins_before and named.mark.joins_after:
        return True  # "she said open quote"
    return named.first > 0 and not _is_spoken_of(words[named.first - 1])


def _is_spoken_of(before: str) -> bool:
    return before in _SPEAKING_OF or before in _DETERMINING or hardly_last(before)


def _speaks_for_itself(named: Named, words: Sequence[str]) -> bool:
    name, last = " ".join(named.name), named.end == len(words)
    before = words[max(0, named.first - _NEAR) : named.first]
    if not before or _is_spoken_of(before[-1]) or not _is_telling(named, words):
        return False
    if name in ("period", "full stop") and any(word in _DENYING or word.endswith("n't") for word in words):
        return False  # "you will not go, full stop": said for emphasis
    if name in _NOUNS and (last or name == "comma"):
        return _DETERMINING.isdisjoint(before)
    return name == "period" and last and before[-1] in _CLOSING
