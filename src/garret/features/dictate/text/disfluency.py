"""What a speaker did not mean to say: fillers, and words said twice.

Only what is certainly a slip goes; in doubt it is words.
- A filler is a word of `FILLERS` standing alone. It is kept when it is in quotation marks, when it
  is in capitals within a text that is not ("the ER"), after words that name it ("the word um"), and
  where it is part of a reply ("uh oh", "uh huh") or a place ("in the er").
- A word said twice in a row is said once if it is of `STUTTERED`: function words that English never
  doubles, or only where `_meant` says so ("what it is is this"). Content words are doubled on purpose
  ("go go go", "sing sing", "said said the man") and stay, numbers and letters too.
- A phrase said twice in a row is said once if it breaks off at a word that something must follow ("in
  the in the house", "I want to I want to go"), unless it is a chain ("a rose is a rose is a rose").
- The beginning of a word that was broken off goes before the whole word ("th- the").
Nothing but a plain space may stand between the two.
"""

from __future__ import annotations

from collections.abc import Sequence

from .tokens import SENTENCE_ENDS, Edit, StepResult, Token, ends_sentence, keys, plain_gap

FILLERS = frozenset(("er", "erm", "uh", "uhh", "uhm", "um", "umm"))

# Words after which a filler is spoken of, not spoken.
_NAMING = frozenset(("called", "sound", "spelled", "spelt", "syllable", "word", "words"))
_QUOTES = frozenset("\"'\u2018\u2019\u201c\u201d")
# "uh oh", "uh huh", "mm er": what follows a filler that is half a reply.
_REPLIES = frozenset(("oh", "huh", "hum"))
# "in the er", "the er nurse": what stands around a place that an engine writes in lower case.
_PLACE_BEFORE = frozenset(("the", "an"))
_PLACE_AFTER = frozenset(
    """after again and at before by doctor doctors had has immediately in is last nurse nurses on room staff
    tonight today visit visits was wait will yesterday""".split()
)

_CLEFT = frozenset(("am", "are", "is", "was", "were"))
STUTTERED = (
    frozenset(
        """a an and because but i if my of or our she the their they to we when your
        he's i'd i'll i'm i've it's she's that's there's they're they've we'd we'll we're we've you're
        you've""".split()
    )
    | _CLEFT
)
"""Function words that English never doubles, but for what `_meant` knows."""

# "What it is is this", "the thing is is that": the first ends a clause that is the subject of the second.
_CLAUSES = frozenset(
    """all best fact how issue least most only point problem question reason thing trouble truth way what
    whatever where wherever who whoever why worst""".split()
)
# Word before a double -> it ends there and begins anew ("who did you talk to to learn that").
_ENDS_IN: dict[str, frozenset[str]] = {
    "to": frozenset(
        """belong belongs belonged go gone listen listened listening look moved object refer referred
        referring speak speaking spoke spoken subscribe subscribed talk talked talking went write writing
        written wrote""".split()
    ),
    "of": frozenset(
        """dream dreamed dreaming hear heard made speak speaking spoke spoken talk talked talking think
        thinking thought""".split()
    ),
    "a": frozenset("class grade group hepatitis plan section series type vitamin".split()),
    "my": frozenset(("oh",)),
}
# In a sentence with one of these "to" may stand far from what it belongs to.
_RELATIVES = frozenset(
    """anybody anyone anything everybody everyone nobody one person people place somebody someone something
    that what where which who whom""".split()
)
_DETERMINERS = frozenset("a an my our the their your".split())
_SUBJECTS = frozenset(("i", "we", "he", "she", "they"))
_CONDITIONS = frozenset("as because if since than that what whatever when where wherever while who".split())
_LONGEST_PHRASE = 4
# Beginnings that are words or prefixes of their own: "re- read", "co- colleague".
_PREFIXES = frozenset("a anti bi co de dis ex i in mid non on pre pro re so sub un up".split())


def remove_fillers(tokens: Sequence[Token]) -> StepResult:
    """Take out fillers, with the comma that set them apart; a sentence end after one is kept."""
    words = keys(tokens)
    shouted = not any(character.islower() for token in tokens for character in token.core)
    out: list[Token] = []
    edits: list[Edit] = []
    break_before = ""
    for position, token in enumerate(tokens):
        if words[position] in FILLERS and _is_filler(tokens, words, position, shouted=shouted):
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


def _is_filler(tokens: Sequence[Token], words: Sequence[str], position: int, *, shouted: bool) -> bool:
    token, word = tokens[position], words[position]
    previous = words[position - 1] if position else ""
    following = words[position + 1] if position + 1 < len(words) else ""
    if previous in _NAMING or token.lead or _QUOTES & {*token.trail}:
        return False
    if word in ("uh", "um") and following in _REPLIES and (not token.trail or token.trail in ",-"):
        return False
    if word == "uh" and words == ["uh", "uh"]:  # "no"
        return False
    if word == "er" and previous in _PLACE_BEFORE and (not following or following in _PLACE_AFTER):
        return False
    return not (len(token.core) > 1 and token.core.isupper() and not shouted)


def _keep_sentence_end(out: list[Token], filler: Token) -> None:
    """Hand the sentence end after a filler to the word before it, in place of that word's comma."""
    end = "".join(character for character in filler.trail if character in SENTENCE_ENDS)
    if end and out and not out[-1].fixed and not ends_sentence(out[-1]):
        out[-1] = out[-1]._replace(trail=out[-1].trail.rstrip(",;:-\u2013\u2014") + end)


def remove_repeats(tokens: Sequence[Token]) -> StepResult:
    """Say once what was said twice or more in a row by mistake."""
    out: list[Token] = []
    edits: list[Edit] = []
    words = keys(tokens)
    for position, token in enumerate(tokens):
        out.append(token)
        _drop_fragment(out, edits)
        _drop_word(out, edits)
        _drop_phrase(out, edits, words[position + 1] if position + 1 < len(words) else "")
    return StepResult(out, edits)


def _drop_fragment(out: list[Token], edits: list[Edit]) -> None:
    if len(out) < 2 or out[-2].trail != "-" or out[-2].lead or out[-1].lead or "\n" in out[-1].space:
        return
    part, whole = keys(out[-2:])
    if part and part not in _PREFIXES and len(part) <= 3 and whole != part and whole.startswith(part):
        edits.append(Edit("fragment", (part,)))
        out[-2:] = [out[-1]._replace(space=out[-2].space)]


def _drop_word(out: list[Token], edits: list[Edit]) -> None:
    if len(out) < 2 or not plain_gap(out[-2], out[-1]):
        return
    first, second = keys(out[-2:])
    if first != second or first not in STUTTERED or _meant(out, first):
        return
    edits.append(Edit("repeat", (second,)))
    out[-2:] = [out[-2]._replace(trail=out[-1].trail)]


def _meant(out: Sequence[Token], word: str) -> bool:
    """Whether `word` at the end of `out` may be there twice on purpose."""
    names = word != "i" and all(token.core[:1].isupper() for token in out[-2:])
    before = keys(out[-3:-2])
    if names:
        return True
    if word in _CLEFT and keys(out[-4:-2]) == ["that", "that"]:  # "that that is is"
        return True
    if before and before[0] in _ENDS_IN.get(word, ()):
        return word != "to" or not _RELATIVES.isdisjoint(_sentence(out))
    if word == "my":
        return not before
    return word in _CLEFT and not _CLAUSES.isdisjoint(_sentence(out))


def _sentence(out: Sequence[Token]) -> list[str]:
    """The last words of the sentence that `out` ends in, at most twelve."""
    first = len(out) - 1
    while first and len(out) - first < 12 and not ends_sentence(out[first - 1]):
        first -= 1
    return keys(out[first:])


def _drop_phrase(out: list[Token], edits: list[Edit], following: str) -> None:
    """Say once a phrase that ends `out` twice; `following` is the word that comes next."""
    for length in range(2, _LONGEST_PHRASE + 1):
        if len(out) < 2 * length:
            return
        window = out[-2 * length :]
        words = keys(window)
        if words[:length] != words[length:]:
            continue
        if following == words[0] and keys(out[-2 * length - 1 : -2 * length]) == [words[-1]]:
            continue  # "a rose is a rose is a rose"
        if not _breaks_off(words[:length], out[-2 * length - 12 : -2 * length]):
            continue
        if all(plain_gap(window[place], window[place + 1]) for place in range(len(window) - 1)):
            edits.extend(Edit("repeat", (word,)) for word in words[length:])
            out[-length - 1] = out[-length - 1]._replace(trail=out[-1].trail)
            del out[-length:]
            return


def _breaks_off(phrase: Sequence[str], before: Sequence[Token]) -> bool:
    """Whether `phrase` ends where nobody ends one."""
    if "" in phrase or phrase[0] == phrase[-1]:
        return False
    if phrase[-1] in _DETERMINERS:
        return True
    if phrase[-1] != "to" or phrase[0] not in _SUBJECTS or len(phrase) < 3:
        return False
    return not before or _CONDITIONS.isdisjoint(_sentence(before))
