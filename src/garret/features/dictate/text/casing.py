"""Upper and lower case: sentences, "I", days and months, and what the caps commands said.

After "all caps" everything is written in capitals, after "cap next" one word is capitalised; that one of
them was said is in the `Context`, and the state at the end of one piece of text is that of the next.

Text of an engine that writes everything in capitals is brought to lower case first. A word with
capitals inside ("iPhone"), or one that the vocabulary wrote, is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .addresses import is_address
from .initials import is_initials
from .tokens import CLOSERS, Context, StepResult, Token, key, split
from .words import normal_words

_FIRST_PERSON = frozenset(("i", "i'm", "i'll", "i've", "i'd"))
# March and May are everyday words as well; they are months beside a day (`_is_month`).
_CALENDAR = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february april june july august
    september october november december""".split()
)
_MONTHS = frozenset(
    "january february march april may june july august september october november december".split()
)
_LINKS = frozenset(("and", "or", "through", "till", "to", "until"))
_IN_MONTH = frozenset("by during early every in last late mid next since until".split())
# "The end of may", "the ides of march".
_OF_MONTH = frozenset(
    "beginning end day days half ides middle month most part rest start week weekend weeks".split()
)
# What follows "in march" and "in may" where these are a movement and a verb.
_NO_MONTH = {
    "march": frozenset("formation order past step time".split()),
    "may": frozenset(
        """also be become cause change come contain do even find get give go have help include lead look make
        mean need never not only require seem still take turn use want well""".split()
    ),
}
_YEAR = re.compile("[12][0-9]{3}")
_DAY = re.compile("[0-9]{1,2}(?:st|nd|rd|th)")
ABBREVIATIONS = frozenset("mr mrs ms dr prof st vs etc no inc ltd approx fig vol".split())
_QUOTES = "\"'\u2019\u201d"
# Words that sentences and clauses begin with and that nobody is called.
_NO_NAMES = frozenset(
    """a about after again all also although always an and another any anyway are as at because been before
    both but by can could did do does each either even every everything few finally first for from get give
    go had has have he her here hers him his how however if in instead into is it it's its just later least
    less let let's like many maybe more most much my never next no nobody not nothing now of often on once one
    only or other others our ours out over perhaps please quite rather really same second she should since so
    some somebody something sometimes soon still such than thank thanks that that's the their them then there
    there's therefore these they they're they've this those though through thus to together too two under
    until up very was we we'll we're we've well were what when whenever where whether which while who whoever
    whose why with within without would yes yesterday yet you you'll you're you've your yours""".split()
)
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
    cased = any(_has_capital(token.core) for token in tokens)
    out = _lowered(tokens) if _is_shouted(tokens) else list(tokens)
    start = context.sentence_start
    quoted = False
    if context.goes_on and not start and english:
        _take_up(out)
    for position, token in enumerate(out):
        start = start or "\n" in token.space
        # In what an engine wrote with capitals, small letters after "'Why?'" go on with the sentence.
        start = start and not (quoted and token.core[:1].islower())
        quoted = cased and _asks_in_quotes(token)
        if not token.core:
            start = start or starts_sentence_after(token)
            continue
        if not token.fixed and not is_address(token.core) and not _is_small(token.core):
            word = key(token)
            named = word in _FIRST_PERSON or word in _CALENDAR or _is_month(out, position, word)
            named = named or (len(word) == 1 and token.trail.startswith("."))  # "John F. Kennedy"
            if (start and not _has_capital(token.core)) or (english and named):
                out[position] = token._replace(core=_capital(token.core))
        start = starts_sentence_after(token)
    goes_on = context.goes_on and not any(token.core for token in out)
    return StepResult(out, [], context._replace(sentence_start=start, goes_on=goes_on))


def _take_up(tokens: list[Token]) -> None:
    """Write a word small with which a sentence goes on: an engine begins whatever it hears with a capital.

    Only words that are no names, since a name's capital looks the same.
    """
    place = next((place for place, token in enumerate(tokens) if token.core), None)
    if place is not None and not tokens[place].fixed and key(tokens[place]) in _NO_NAMES:
        tokens[place] = tokens[place]._replace(core=tokens[place].core.lower())


def _asks_in_quotes(token: Token) -> bool:
    """Whether a question or exclamation in quotation marks ends with `token`."""
    bare = token.trail.rstrip(_QUOTES)
    return bare != token.trail and bare.endswith(("?", "!"))


def _is_small(core: str) -> bool:
    """Whether `core` is an abbreviation such as "e.g" and "p.m", small at the start of a sentence too."""
    return core in ("a.m", "p.m", "e.g", "i.e")


def _is_month(tokens: Sequence[Token], position: int, word: str) -> bool:
    """Whether "may" or "march" stands in a date ("may 21st", "21st of may"), or where a month does."""
    if word not in ("may", "march"):
        return False
    before = _near(tokens, position, -1)
    after = _near(tokens, position, 1)
    if _DAY.fullmatch(after) or (_YEAR.fullmatch(after) and before in _IN_MONTH):
        return True
    if before == "of":
        whole = _near(tokens, position, -2)
        return _DAY.fullmatch(whole) is not None or whole in _OF_MONTH
    if before in _MONTHS - {word} and after in _MONTHS - {word}:
        return True
    if after in _LINKS and _near(tokens, position, 2) in _MONTHS:
        return True
    if before in _LINKS and _near(tokens, position, -2) in _MONTHS:
        return True
    return before in _IN_MONTH and after not in _NO_MONTH[word]


def _near(tokens: Sequence[Token], position: int, offset: int) -> str:
    """The token `offset` from `position`, in small letters; empty where marks part the two."""
    place = position + offset
    if not 0 <= place < len(tokens):
        return ""
    low, high = min(place, position), max(place, position)
    parted = any(tokens[at].trail or tokens[at + 1].lead for at in range(low, high))
    return "" if parted else tokens[place].core.casefold()


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
        count += token.core.isupper() and not is_initials(token.core)
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
