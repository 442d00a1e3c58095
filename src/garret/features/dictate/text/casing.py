"""Upper and lower case: sentences, "I", days and months, and the spoken caps commands.

"all caps ... end caps" writes everything between in capitals, "cap next" capitalises one word. They
are ordinary words where they are spoken about: after "in", "the", "use", "are" and the like ("write
it in all caps"). The state at the end of one piece of text is the `Context` of the next.

Text of an engine that writes everything in capitals is brought to lower case first. A word with
capitals inside ("iPhone"), or one that the vocabulary wrote, is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .tokens import CLOSERS, Context, Edit, StepResult, Token, key, keys, plain_gap, split
from .words import normal_words

# Phrase -> (all_caps, cap_next) after it; None leaves the state as it is.
_COMMANDS: dict[tuple[str, str], tuple[bool | None, bool]] = {
    ("all", "caps"): (True, False),
    ("caps", "on"): (True, False),
    ("end", "caps"): (False, False),
    ("caps", "off"): (False, False),
    ("cap", "next"): (None, True),
}
CAPS_COMMANDS = frozenset(_COMMANDS)
_SPOKEN_OF = frozenset("in the with are is was were of use using her his a an their this that".split())

_MARKS = frozenset(",.;:?!\u2026")

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
    """Carry out the caps commands; the result's context says which are still in force."""
    words = keys(tokens)
    all_caps, cap_next = context.all_caps, context.cap_next
    out: list[Token] = []
    edits: list[Edit] = []
    position = 0
    pending_space: str | None = None
    while position < len(tokens):
        command = _command_at(tokens, words, position)
        if command is not None:
            all_now, cap_next = _COMMANDS[command]
            all_caps = all_caps if all_now is None else all_now
            edits.append(Edit("caps", command))
            pending_space = (pending_space or "") + tokens[position].space
            pending_space = _hand_over_marks(out, tokens[position + 1].trail, pending_space)
            position += 2
            continue
        token = tokens[position]
        if pending_space is not None:
            space = pending_space + "\n" * token.space.count("\n")
            token, pending_space = token._replace(space=space), None
        if all_caps:
            token = token._replace(core=_same_words(token.core, token.core.upper()), fixed=True)
        elif cap_next and token.core:
            token = token._replace(core=_capital(token.core), fixed=True)
        cap_next = cap_next and not token.core
        out.append(token)
        position += 1
    if pending_space is not None and "\n" in pending_space:
        out.append(Token(pending_space, "", "", ""))
    return StepResult(out, edits, Context(context.sentence_start, all_caps, cap_next))


def starts_with_caps_command(tokens: Sequence[Token]) -> bool:
    """Whether the first two of `tokens` are a caps command."""
    return _command_at(tokens, keys(tokens), 0) is not None


def ends_in_caps_command(tokens: Sequence[Token]) -> bool:
    """Whether the last two of `tokens` are a caps command."""
    return len(tokens) > 1 and _command_at(tokens, keys(tokens), len(tokens) - 2) is not None


def _hand_over_marks(out: list[Token], marks: str, space: str) -> str:
    """Give the marks after a command that goes away to the word before it.

    Returns the space that the next token is to have.
    """
    if marks and out:
        out[-1] = out[-1]._replace(trail=out[-1].trail + marks)
    elif marks:
        out.append(Token(space, "", "", marks))
        return " "
    return space


def _command_at(tokens: Sequence[Token], words: Sequence[str], position: int) -> tuple[str, str] | None:
    if position + 1 >= len(tokens) or not plain_gap(tokens[position], tokens[position + 1]):
        return None
    command = (words[position], words[position + 1])
    if command not in _COMMANDS or tokens[position].lead or not set(tokens[position + 1].trail) <= _MARKS:
        return None
    before = words[position - 1] if position and not tokens[position - 1].trail else ""
    return None if before in _SPOKEN_OF else command


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
