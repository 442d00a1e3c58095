"""What a speaker did not mean to say: fillers, and words said twice.

Rules
- A filler is a word of `FILLERS` standing alone. It is kept when it is in quotation marks, when it
  is in capitals within a text that is not ("the ER"), and after words that name it ("the word um").
- A word said twice in a row is said once, unless doubling it is ordinary English
  (`MEANT_TWICE`), it is a number or a single letter other than "a" and "I" (spelling, telephone
  numbers), or anything but a plain space stands between the two.
"""

from __future__ import annotations

from collections.abc import Sequence

from .numerals import is_number_word
from .tokens import SENTENCE_ENDS, Edit, StepResult, Token, ends_sentence, keys, plain_gap

FILLERS = frozenset(("er", "erm", "hm", "hmm", "mm", "mmm", "uh", "uhh", "uhm", "um", "umm"))

# Words after which a filler is spoken of, not spoken.
_NAMING = frozenset(("called", "sound", "spelled", "spelt", "syllable", "word", "words"))
_QUOTES = frozenset("\"'\u2018\u2019\u201c\u201d")

# Doubled on purpose: grammar ("he had had enough", "I know that that is so", "what it is is",
# "all they do do"), emphasis, calls and replies, sounds, and names that are double.
MEANT_TWICE = frozenset(
    """had that is do did
    very really so too much many long far quite never ever please more only again
    no yes yeah okay now there hear come hey hello bye well right oh wow
    ha hee ho la blah tut knock chop choo tick beep boom bang ding woof meow quack ding dum
    night bora walla baden pago wagga duran pom yo can aye tsk shh hush dot""".split()
)


def remove_fillers(tokens: Sequence[Token]) -> StepResult:
    """Take out fillers, with the comma that set them apart; a sentence end after one is kept."""
    words = keys(tokens)
    shouted = not any(character.islower() for token in tokens for character in token.core)
    out: list[Token] = []
    edits: list[Edit] = []
    break_before = ""
    for position, token in enumerate(tokens):
        previous = words[position - 1] if position else ""
        if words[position] in FILLERS and _is_filler(token, previous, shouted=shouted):
            edits.append(Edit("filler", (words[position],)))
            _keep_sentence_end(out, token)
            break_before += "\n" * token.space.count("\n")
            continue
        space = token.space
        if not out and edits and not break_before:
            space = tokens[0].space
        elif break_before:
            space = break_before + space.lstrip(" \t")
        break_before = ""
        out.append(token._replace(space=space))
    return StepResult(out, edits)


def _is_filler(token: Token, previous: str, *, shouted: bool) -> bool:
    if previous in _NAMING or _QUOTES & {*token.lead, *token.trail}:
        return False
    acronym = len(token.core) > 1 and token.core.isupper() and not shouted
    return not acronym and not token.lead


def _keep_sentence_end(out: list[Token], filler: Token) -> None:
    """Hand the sentence end after a filler to the word before it, in place of that word's comma."""
    end = "".join(character for character in filler.trail if character in SENTENCE_ENDS)
    if end and out and not out[-1].fixed and not ends_sentence(out[-1]):
        out[-1] = out[-1]._replace(trail=out[-1].trail.rstrip(",;:-\u2013\u2014") + end)


def remove_repeats(tokens: Sequence[Token]) -> StepResult:
    """Say once what was said twice or more in a row by mistake."""
    words = keys(tokens)
    out: list[Token] = []
    edits: list[Edit] = []
    for position, token in enumerate(tokens):
        word = words[position]
        if out and word and word == words[position - 1] and not _meant(word) and plain_gap(out[-1], token):
            edits.append(Edit("repeat", (word,)))
            out[-1] = out[-1]._replace(trail=token.trail)
            continue
        out.append(token)
    return StepResult(out, edits)


def _meant(word: str) -> bool:
    if len(word) == 1:
        return word not in ("a", "i")
    return word in MEANT_TWICE or is_number_word(word) or not word[0].isalpha()
