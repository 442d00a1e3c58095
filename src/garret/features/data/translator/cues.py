"""Cues: the turns of phrase that say what is to be done, whatever the schema.

A table of patterns over the words of a question in small letters, the first that fits winning. Pure;
neighbours:
`linking` sets cues beside names and values, the grammar reads them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from garret.features.data.translator.words import Token

_N = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)"
_DIRECTION = (
    r"(?:ascending|asc|increasing|descending|desc|decreasing|reverse|reversed|alphabetical|alphabetic|"
    r"lexicographic|lexicographical|lexical|chronological|numerical|numeric|dictionary)"
)
_MORE = (
    r"(?:more|greater|higher|larger|bigger|longer|older|heavier|taller"
    r"|faster|later|better|newer|wider|deeper)"
)
_LESS = r"(?:less|fewer|lower|smaller|shorter|younger|lighter|slower|earlier|cheaper|worse)"
_EST = (
    r"(?:highest|largest|biggest|greatest|lowest|smallest|oldest|youngest|longest|shortest|tallest|heaviest|"
    r"lightest|cheapest|latest|earliest|newest|fastest|slowest|richest|deepest|widest|hottest|coldest"
    r"|farthest|"
    r"furthest|closest|nearest|best|worst|maximum|minimum|max|min|maximal|minimal)"
)
_MOST_ADJECTIVE = r"(?:expensive|recent|costly|populous|populated|recently)"
_COMMON = (
    r"(?:common|popular|frequent|frequently|commonly|often|prominent|prevalent|widely)"
    r"(?: (?:used|occurring))?"
)

_TABLE: Final[tuple[tuple[str, str], ...]] = (
    ("order", rf"in (?:an? |the )?(?:{_DIRECTION} )+order(?: (?:of|by|for|based on|according to|on))?"),
    (
        "order",
        (
            r"(?:and )?(?:sorted|sort|ordered|order|ordering|sorting|ranked|rank|arranged|arrange|listed"
            r"|organized)"
            r"(?: them| the (?:results?|list|rows?|names?)| it| results?)?(?: \w+ly)?"
            rf"(?: in (?:an? |the )?(?:{_DIRECTION} )+order)?(?: in)? (?:by|according to|based on"
            rf"|in order of)"
            rf"(?: (?:the )?(?:{_DIRECTION} )+(?:order )?(?:of|by))?"
        ),
    ),
    ("order", r"in (?:the )?order (?:of|by)"),
    ("order", rf"by (?:the )?(?:{_DIRECTION} )+order (?:of|by)"),
    (
        "direction",
        (
            rf"(?:(?:in )?(?:an? |the )?{_DIRECTION} order"
            rf"|(?:in )?(?:ascending|descending|ascendingly|descendingly))"
        ),
    ),
    (
        "direction",
        (
            r"alphabetically|from (?:the )?(?:most |least )?\w+ to (?:the )?(?:most \w+|least \w+|lowest"
            r"|least|smallest|youngest|shortest|latest|"
            r"earliest|oldest|highest|most|largest|greatest|low|high|newest|longest|cheapest|new|old)"
        ),
    ),
    (
        "above",
        (
            rf"(?:{_MORE} than|above|over|exceeds?"
            rf"|exceeding) (?:or equal to )?(?:that of )?(?:the )?(?:overall )?(?:average|mean|avg)"
        ),
    ),
    (
        "below",
        (
            rf"(?:{_LESS} than|below|under) (?:or equal to )?(?:that of )?(?:the )?(?:overall )?(?:average"
            rf"|mean|avg)"
        ),
    ),
    (
        "beyond_all",
        rf"{_MORE} than (?:all|that of all|the (?:maximum|highest|max|most|largest|oldest)|every)",
    ),
    ("beyond_any", rf"{_MORE} than (?:any|some|that of (?:any|some)|the (?:minimum|lowest|min|smallest))"),
    ("within_all", rf"{_LESS} than (?:all|that of all|the (?:minimum|lowest|min|smallest)|every)"),
    ("within_any", rf"{_LESS} than (?:any|some|that of (?:any|some)|the (?:maximum|highest|max|largest))"),
    ("between", r"(?:is |are |in )?(?:the range )?between|ranging from|in the range(?: of| from)?"),
    ("cmp>=", r"> =|= >"),
    ("cmp<=", r"< =|= <"),
    ("cmp>", r">"),
    ("cmp<", r"<"),
    (
        "cmp>=",
        (
            rf"at least|no less than|not less than|no fewer than|not fewer than|minimum of"
            rf"|(?:{_MORE}) than or equal to|"
            r"greater or equal to|equal to or (?:greater|more|higher) than|no (?:earlier|sooner) than|since"
            r"|starting (?:from|in)"
        ),
    ),
    (
        "cmp<=",
        (
            rf"at most|no more than|not more than|no greater than|maximum of|up to|{_LESS} than or equal to|"
            r"equal to or (?:less|fewer|lower) than|no later than|not exceeding"
        ),
    ),
    (
        "cmp>",
        (
            rf"{_MORE} than|(?:greater|more|higher|larger)(?= \d)|above|over(?= \d)|exceeds?|exceeding|after"
            rf"|surpass(?:es|ing)?|beyond"
        ),
    ),
    (
        "cmp<",
        rf"{_LESS} than|(?:less|fewer|lower|smaller)(?= \d)|below|under(?= \d)|before|prior to|up until",
    ),
    (
        "cmp>=_after",
        r"or (?:more|above|older|greater|higher|later|longer|over|bigger|larger)|and (?:above|older)",
    ),
    (
        "cmp<=_after",
        r"or (?:less|fewer|below|younger|lower|earlier|shorter|under|smaller)|and (?:below|under|younger)",
    ),
    ("exactly", r"exactly|equal to|equals?|precisely"),
    (
        "starts",
        (
            r"(?:that |which )?(?:starts?|begins?|starting|beginning|started"
            r"|began)(?: with)?(?: the)? (?:with|letters?)(?: the)?(?: (?:letters?|word|prefix"
            r"|string))?|(?:starts?|begins?|starting|beginning) with"
        ),
    ),
    ("ends", r"(?:ends?|ending|ended) (?:with|in)(?: the)?(?: (?:letters?|word|suffix|string))?"),
    (
        "contains",
        (
            r"(?:as|has|have|having|with|contains?|containing) (?:the )?(?:phrase|word|letter|string"
            r"|substring|character)s?(?: of)?|(?:contain|contains|containing|include|includes"
            r"|including|have|has|having|with) (?:the |a )?(?:substring|letters?|words?|phrase"
            r"|string|keywords?|characters?)|"
            r"contains?|containing"
        ),
    ),
    ("common", rf"(?:the )?(?:top {_N} )?most {_COMMON}"),
    ("rare", rf"(?:the )?least {_COMMON}"),
    (
        "sup",
        (
            rf"(?:the )?(?:top|first|last|bottom) {_N}(?: (?:most|least) {_MOST_ADJECTIVE}| {_EST}| most"
            rf"| least)?(?: of)?"
        ),
    ),
    ("common", rf"(?:the )?{_N} most {_COMMON}"),
    ("sup", rf"(?:the )?{_N} (?:most {_MOST_ADJECTIVE}|least {_MOST_ADJECTIVE}|{_EST})"),
    ("sup", rf"(?:the )?{_EST} {_N}"),
    ("sup", rf"(?:the )?(?:most|least) {_MOST_ADJECTIVE}"),
    ("agg:avg", r"(?:the )?(?:average|mean|avg) (?:total )?(?:number|amount) of"),
    (
        "most",
        (
            r"(?:the )?(?:top (?:\d+|one|two|three|four|five|ten) )?(?:most|largest|greatest|highest|biggest"
            r"|maximum|max) (?:total )?(?:number|amount|numbers|count|quantity|times) of"
            r"|(?:the )?most(?: number)?(?: of)?"
        ),
    ),
    (
        "fewest",
        (
            r"(?:the )?(?:least|smallest|lowest|fewest|minimum|min|fewest) (?:total )?(?:number|amount"
            r"|numbers|count|quantity|times) of|(?:the )?fewest|(?:the )?least(?: number)?(?: of)?"
        ),
    ),
    ("sup", rf"(?:the )?{_EST}"),
    (
        "agg:count",
        (
            r"how many(?: total| times)?|(?:the )?(?:total |overall )?number of"
            r"|(?:the )?(?:total )?counts?(?: of| the(?: number of)?| how many)?|(?:the )?numbers of"
        ),
    ),
    ("agg:avg", r"(?:the )?(?:average|averaged|averages|mean|avg)(?: number of| of)?|on average"),
    (
        "agg:sum",
        (
            r"(?:the )?(?:total|sum|combined|overall|summed|altogether)(?: (?:amount|sum)(?= of))?(?: of)?"
            r"|how much(?: total)?"
        ),
    ),
    (
        "group",
        (
            r"(?:for|by|in|of|from|at|on|with|to|within) (?:each|every)(?: of)?(?: the)?(?: (?:different"
            r"|distinct|unique|possible))?|per|each|every|(?:grouped|group|broken down|break down"
            r"|categorized) by"
        ),
    ),
    ("group", r"(?:for|of|in|from|by) (?:all )?(?:the )?(?:different|distinct|various)"),
    ("distinct", r"different|distinct|unique|distinctive"),
    (
        "missing",
        (
            r"(?:do|does|did) not have (?:an?|any) (?:known )?|(?:is|are) (?:missing|null|empty|unknown)"
            r"|(?:has|have) no (?=value)|missing|null"
        ),
    ),
    ("except", r"except(?: for)?|excluding|other than|but not|besides|apart from"),
    (
        "negation",
        (
            r"(?:do|does|did|is|are|was|were|has|have|had|can|could|will)(?: not| n't)|(?:don|doesn|didn|isn"
            r"|aren|wasn|weren|hasn|haven|hadn)(?: t)?|cannot|not|non|never|without(?: any)?|(?:have"
            r"|has|had|with) no|no|none|neither|nor"
        ),
    ),
    ("both", r"both"),
    ("either", r"either"),
)
_COMPILED: Final = [(name, re.compile(rf"(?<!\S)(?:{pattern})(?!\S)")) for name, pattern in _TABLE]
_BOUNDARIES: Final = frozenset(
    "who that which whose whom where with having when from in at on during by through using for if "
    "while under"
    " whether because since not without".split()
)


@dataclass(frozen=True)
class Cue:
    """A turn of phrase over the tokens `start` to `end`."""

    name: str
    start: int
    end: int
    text: str


def cues(tokens: list[Token]) -> list[Cue]:
    """The cues of a question, in order and without overlap."""
    words = ["\x00" if token.quoted else token.low for token in tokens]
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    at = 0
    for place, word in enumerate(words):
        starts[at] = place
        ends[at + len(word)] = place + 1
        at += len(word) + 1
    text = " ".join(words)
    taken = [False] * len(tokens)
    found: list[Cue] = []
    for name, pattern in _COMPILED:
        for match in pattern.finditer(text):
            start, end = starts.get(match.start()), ends.get(len(match.group().rstrip()) + match.start())
            if start is None or end is None or any(taken[start:end]):
                continue
            taken[start:end] = [True] * (end - start)
            found.append(Cue(name, start, end, match.group().strip()))
    return sorted(found, key=lambda cue: cue.start)


def bounds(word: str) -> bool:
    """Whether a word opens a clause that says which rows are meant."""
    return word in _BOUNDARIES
