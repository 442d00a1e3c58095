"""Upper and lower case: sentences, "I", days and months, and what the caps commands said.

After "all caps" everything is written in capitals, after "cap next" one word is capitalised; that one of
them was said is in the `Context`, and the state at the end of one piece of text is that of the next.

Text of an engine that writes everything in capitals is brought to lower case first. A word with
capitals inside ("iPhone"), or one that the vocabulary wrote, is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .tokens import CLOSERS, Context, StepResult, Token, key, split
from .words import normal_words

_FIRST_PERSON = frozenset(("i", "i'm", "i'll", "i've", "i'd"))
# March and May are everyday words as well; they are months beside a day (`_is_month`).
_CALENDAR = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february april june july
    august september october november december""".split()
)
_DAY = re.compile("[0-9]{1,2}(?:st|nd|rd|th)")
ABBREVIATIONS = frozenset("mr mrs ms dr prof st vs etc no inc ltd approx fig vol".split())
_SHOUTED_WORDS = 3  # fewer words in capitals may be acronyms


def write_caps(tokens: Sequence[Token], context: Context) -> StepResult:
    """Write in capitals what a caps command before it said; the result's context says what is still so."""
    cap_next = context.cap_next
    out: list[Token] = []
    for token in tokens:
        if context.all_caps:
            out.append(token._replace(core=_same_words(token.core, token.core.upper()), fixed=True))
        elif cap_next and token.core:
            out.append(token._replace(core=_capital(token.core), fixed=True))
        else:
            out.append(token)
        cap_next = cap_next and not token.core
    return StepResult(out, [], context._replace(cap_next=cap_next))


def write_case(tokens: Sequence[Token], context: Context, *, english: bool) -> StepResult:
    """Capitalise sentence starts and, in English, "I", days and months."""
    out = _lowered(tokens) if _is_shouted(tokens) else list(tokens)
    start = context.sentence_start
    for position, token in enumerate(out):
        start = start or "\n" in token.space
        if not token.core:
            start = start or starts_sentence_after(token)
            continue
        if not token.fixed:
            word = key(token)
            named = word in _FIRST_PERSON or word in _CALENDAR or _is_month(out, position, word)
            if (start and not _has_capital(token.core)) or (english and named):
                out[position] = token._replace(core=_capital(token.core))
        start = starts_sentence_after(token)
    return StepResult(out, [], context._replace(sentence_start=start))


def _is_month(tokens: Sequence[Token], position: int, word: str) -> bool:
    """Whether "may" or "march" stands in a date: "may 21st", "21st of may"."""
    if word not in ("may", "march"):
        return False
    if position + 1 < len(tokens) and _DAY.fullmatch(tokens[position + 1].core):
        return True
    of = position >= 2 and key(tokens[position - 1]) == "of"
    return of and _DAY.fullmatch(tokens[position - 2].core) is not None


def sentence_start_after(text: str, start: bool) -> bool:
    """Whether a word after `text` begins a sentence, where `start` says so for `text` itself."""
    tokens, tail = split(text)
    for token in tokens:
        start = starts_sentence_after(token) or (not token.core and (start or "\n" in token.space))
    return start or "\n" in tail


def starts_sentence_after(token: Token) -> bool:
    """Whether the next word begins a sentence; abbreviations and an ellipsis do not end one."""
    trail = token.trail.rstrip("".join(CLOSERS))
    if not trail.endswith((".", "?", "!")) or trail.endswith(".."):
        return False
    if trail.endswith("."):
        return "." not in token.core and token.core.casefold() not in ABBREVIATIONS
    return True


def _is_shouted(tokens: Sequence[Token]) -> bool:
    count = 0
    for token in tokens:
        if token.fixed:
            continue
        if any(character.islower() for character in token.core):
            return False
        count += token.core.isupper()
    return count >= _SHOUTED_WORDS


def _lowered(tokens: Sequence[Token]) -> list[Token]:
    return [
        token if token.fixed else token._replace(core=_same_words(token.core, token.core.lower()))
        for token in tokens
    ]


def _has_capital(core: str) -> bool:
    return any(character.isupper() for character in core)


def _capital(core: str) -> str:
    # Title case, not upper case: the two differ for digraphs such as U+01C6 and for Georgian.
    return _same_words(core, core[:1].title() + core[1:])


def _same_words(before: str, after: str) -> str:
    """`after`, or `before` where changing the case would make another word of it (dotless i)."""
    if before.isascii() or normal_words(before) == normal_words(after):
        return after
    return before
