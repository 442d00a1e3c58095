"""Mail and web addresses that were said word by word: "john at example dot com".

A web address is a chain of words with "dot" between them whose last word is a top-level domain; "slash"
adds a path, "w w w" before it is "www". A mail address has a name and "at" before such a chain. The name is
the one word before "at" with what "dot", "underscore" and "hyphen" tie to it, and only where no other
reading is likely: "look at example dot com" and "our shop at example dot com" name a place to look, so
that the name needs a mail word before it ("mail", "address", "contact"), a tie, another mail address and
"and" before it, or to be a role ("info"). Letters before the name belong to it ("j smith"). In doubt "at"
stays a word. What was written is fixed: no later step touches it.

Pure. Neighbours: `content` checks what this owns up to, `casing` leaves addresses as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .tokens import Edit, StepResult, Token, keys, plain_gap

# Endings that are said in an address and are hardly said after "dot" otherwise.
_TOP_LEVEL = frozenset(
    """com org net edu gov mil int info biz io dev app ai co uk us eu de fr es it nl ch at be se no ca au
    nz""".split()
)
_TIES = {"dot": ".", "underscore": "_", "hyphen": "-", "dash": "-"}
_SIGNS = _TIES | {"at": "@", "slash": "/"}
_MAIL = frozenset(
    """mail mails mailed email emails emailed e-mail address addresses contact contacts reach write wrote send
    sent cc""".split()
)
_MAIL_BEFORE = 6
"""Words; how far before a name the word may stand that says it is mail."""
_ROLES = frozenset(
    """admin billing careers contact enquiries feedback hello help info jobs office orders press privacy
    sales security service support team webmaster""".split()
)
# Words that are no name before "at", and after which one that is begins.
_NO_NAME = frozenset(
    """a about am an and are as at back be been being by can come contact down find for from go he her here
    him his i if in is it its look mail email address me my now of off on online or our out page site store
    shop over reach see she so that the their them then there they this to today up us visit was we website
    were what which who will with write you your""".split()
)
_NO_DOMAIN = frozenset("a an the this that every".split())  # "a dot com company"
_BEFORE_NAME = frozenset(
    """about address am and are as at by cc contact email from is mail or reach s send sent to was write
    wrote me us him her them""".split()
)
_ADDRESS = re.compile(
    rf"https?://\S+|[^\s@/]+@[^\s@/]+\.[a-z]+|(?:[a-z0-9-]+\.)+(?:{'|'.join(sorted(_TOP_LEVEL))})(?:/\S*)?",
)


def is_address(core: str) -> bool:
    """Whether `core`, a token without its punctuation, is written as a mail or web address."""
    return _ADDRESS.fullmatch(core) is not None


def spelled_out(words: Sequence[str]) -> tuple[str, ...]:
    """`words` of an address without those that name its signs."""
    return tuple(word for word in words if word not in _SIGNS)


def write_addresses(tokens: Sequence[Token]) -> StepResult:
    """Write the addresses that were said."""
    words = keys(tokens)
    out: list[Token] = []
    edits: list[Edit] = []
    done = 0
    position = 0
    while position < len(tokens):
        if words[position] != "dot" or not done < position:
            position += 1
            continue
        found = _find(tokens, words, done, position, after_mail=bool(out) and "@" in out[-1].core)
        if found is None:
            position += 1
            continue
        start, end = found
        out.extend(tokens[done:start])
        said = tuple(words[start:end])
        first, last = tokens[start], tokens[end - 1]
        core = "".join(_SIGNS.get(word, word) for word in said)
        out.append(Token(first.space, first.lead, core, last.trail, fixed=True))
        edits.append(Edit("address", said, spelled_out(_with_letters(said))))
        done = position = end
    out.extend(tokens[done:])
    return StepResult(out, edits)


_WWW = ("w", "w", "w")


def _with_letters(said: Sequence[str]) -> list[str]:
    """The words of an address as they are parted in it: "j smith at" begins with the one word "jsmith"."""
    joined: list[str] = []
    for place, word in enumerate(said):
        if place and word not in _SIGNS and len(said[place - 1]) == 1:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _find(
    tokens: Sequence[Token], words: Sequence[str], floor: int, dot: int, *, after_mail: bool
) -> tuple[int, int] | None:
    """The first and the end of the address whose first "dot" of the domain, or of the name, is at `dot`.

    `after_mail` says that the word before `floor` is a mail address.
    """
    start = dot - 1
    if not _tied(tokens, words, start, dot):
        return None
    end = _chain_end(tokens, words, start)
    at_end = end
    if end + 1 < len(tokens) and words[end] == "at" and _tied(tokens, words, end - 1, end + 1):
        at_end = _chain_end(tokens, words, end + 1)  # the name itself has a dot: "john dot smith at ..."
    if at_end > end and words[at_end - 1] in _TOP_LEVEL and "dot" in words[end + 1 : at_end]:
        return _name_start(tokens, words, floor, end), at_end
    if words[end - 1] not in _TOP_LEVEL or words[start] in _SIGNS or words[start] in _NO_DOMAIN:
        return None
    start = _chain_start(tokens, words, floor, start)
    if words[start] == "w" and start - 2 >= floor and tuple(words[start - 2 : start + 1]) == _WWW:
        start -= 2
    name = _mail_name(tokens, words, floor, start, after_mail=after_mail)
    return (name, end) if name is not None else (start, _path_end(tokens, words, end))


def _tied(tokens: Sequence[Token], words: Sequence[str], first: int, last: int) -> bool:
    """Whether `first` to `last` are words with only spaces between them."""
    return (
        first >= 0
        and last < len(tokens)
        and all(words[place] for place in range(first, last + 1))
        and all(plain_gap(tokens[place], tokens[place + 1]) for place in range(first, last))
    )


def _is_initial(word: str) -> bool:
    return len(word) == 1 and word.isalpha() and word not in "ai"


def _chain_end(tokens: Sequence[Token], words: Sequence[str], start: int) -> int:
    """The end of the words from `start` that are tied by "dot" and the like."""
    end = start + 1
    while end + 1 < len(tokens) and words[end] in _TIES and _tied(tokens, words, end - 1, end + 1):
        end += 2
    return end


def _chain_start(tokens: Sequence[Token], words: Sequence[str], floor: int, start: int) -> int:
    """Where the words tied to the one at `start` begin, not before `floor`."""
    while start - 2 >= floor and words[start - 1] in _TIES and _tied(tokens, words, start - 2, start):
        start -= 2
    return start


def _path_end(tokens: Sequence[Token], words: Sequence[str], end: int) -> int:
    while end + 1 < len(tokens) and words[end] == "slash" and _tied(tokens, words, end - 1, end + 1):
        end = _chain_end(tokens, words, end + 1)
    return end


def _name_start(tokens: Sequence[Token], words: Sequence[str], floor: int, end: int) -> int:
    return _chain_start(tokens, words, floor, end - 1)


def _mail_name(
    tokens: Sequence[Token], words: Sequence[str], floor: int, domain: int, *, after_mail: bool
) -> int | None:
    """Where the name of a mail address before the domain at `domain` begins; None where it is none."""
    last = domain - 2
    if last < floor or words[domain - 1] != "at" or not _tied(tokens, words, last, domain):
        return None
    start = _chain_start(tokens, words, floor, last)
    if start < last:
        return start
    mail = after_mail and last == floor + 1 and words[floor] in ("and", "or")
    mail = mail or not _MAIL.isdisjoint(words[max(0, start - _MAIL_BEFORE) : start])
    while mail and start > floor and _is_initial(words[start - 1]) and _tied(tokens, words, start - 1, start):
        start -= 1
    before = words[start - 1] if start > floor and not tokens[start - 1].trail else ""
    if words[last] in _ROLES and before not in ("a", "an", "the", "our", "my", "this", "their"):
        return start
    if words[last] in _NO_NAME or words[last].isdigit():
        return None
    if before and before not in _BEFORE_NAME and not (after_mail and mail and start == floor + 1):
        return None
    return start if mail or (not before and len(tokens) - domain <= 5) else None
