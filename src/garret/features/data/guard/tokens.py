"""The outside of a query: a reader of SQL's tokens of our own, beside sqlglot's, that knows little and
trusts less.

It is used twice. Before anything is parsed, `measure` refuses what is too long, too deep or made of
characters and literals that engines read in different ways; so a hostile text costs microseconds. After the
checked tree was written out, `words_of` gives every bare word, and `vocabulary` has to know each: names are
always in quotes by then, so a word that is left over could only be a clause or a function that nobody
allowed. A text that sqlglot and an engine read differently would have to pass both readers.

Invariants: linear in the length of the text; whatever is not known is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, Never, TypeAlias

from garret.features.data.guard.refusal import refuse

MOST_CHARACTERS: Final = 20_000
MOST_TOKENS: Final = 650  # sqlglot takes up to 70 us for each over all stages: 46 ms
MOST_WORK: Final = 1_200  # tokens, each counted as often as sqlglot reads it
DEEPEST: Final = 24  # brackets and CASE within each other
_FIRST: Final = frozenset({"select", "with", "from", "("})
_LONGEST_RUN: Final = 6  # prefix operators in a row
_LONGEST_CHAIN: Final = 8  # steps into a value in a row
_STEP_APART: Final = 3  # tokens from one step to the next
_MOST_STEPS: Final = 60
_DEEPEST_SQUARE: Final = 4
_MOST_SQUARES: Final = 20

# Characters that show nothing, end a text early, or turn its direction around.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff]"
)

_PLAIN_STRING = r"'[^']*(?:''[^']*)*'"
_SLASHED_STRING = r"'[^'\\]*(?:(?:''|\\.)[^'\\]*)*'"
_SLASHED_DOUBLE = r'"[^"\\]*(?:(?:""|\\.)[^"\\]*)*"'
_QUOTED_NAME = r'"[^"]*(?:""[^"]*)*"'
_BOXED_NAME = r"\[[^\[\]]*\]"
_TICKED_NAME = r"`[^`]*(?:``[^`]*)*`"

_OPERATORS = {
    "duckdb": r"->>|->|::|\|\||//|\*\*|<=|>=|<>|!=|==|&&|@>|<@|<<|>>|!~|[-+*/%=<>&|^~]",
    "sqlite": r"->>|->|\|\||<=|>=|<>|!=|==|<<|>>|[-+*/%=<>&|~]",
    "postgres": (
        r"#>>|->>|->|#>|::|\|\||<->|<#>|<=>|<\+>|<~>|<%>|<=|>=|<>|!=|&&|@>|<@|<<|>>|!~\*|!~|~\*|"
        r"[-+*/%=<>&|^~]"
    ),
    "mysql": r"->>|->|\|\||&&|<=>|<=|>=|<>|!=|<<|>>|[-+*/%=<>&|^~!]",
    "trino": r"->|\|\||<=|>=|<>|!=|[-+*/%=<>]",
}
_BRACKETS = {"duckdb": r"[()\[\]{}]", "postgres": r"[()\[\]]", "trino": r"[()\[\]]"}
# A word that stands directly before a text belongs to it; each is read alike by the engine and by sqlglot.
_STEPS: Final = frozenset({"[", "->", "->>", "#>", "#>>", "::"})
_GLUED: Final = frozenset("'\"&")
_PREFIXING: Final = frozenset(
    {"+", "-", "~", "!", "not", "interval", "distinct", "all", "any", "exists", "binary"}
)
_PREFIXES: Final = frozenset({"x", "date", "timestamp", "time", "interval"})


Token: TypeAlias = tuple[str, str]
"""Kind and text; kinds are text, name, number, word, operator, open, close, comma, dot and colon."""


def _compile(dialect: str) -> re.Pattern[str]:
    mysql = dialect == "mysql"
    ticks = dialect in ("mysql", "sqlite")
    text = f"{_SLASHED_STRING}|{_SLASHED_DOUBLE}" if mysql else _PLAIN_STRING
    names = [] if mysql else [_QUOTED_NAME]
    names += [_TICKED_NAME] if ticks else []
    names += [_BOXED_NAME] if dialect == "sqlite" else []
    brackets = _BRACKETS.get(dialect, r"[()]")
    parts = [
        ("line", r"(?:--|#)[^\n]*" if mysql else r"--[^\n]*"),
        ("block", r"/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/"),
        ("text", text),
        ("name", "|".join(names)),
        ("number", r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![\w.])"),
        ("word", r"[^\W\d]\w*"),
        ("comma", ","),
        ("dot", r"\."),
        ("bracket", brackets),
        ("operator", _OPERATORS[dialect]),
        ("colon", r":" if dialect in ("duckdb", "postgres") else r"(?!)"),
        ("end", r";"),
        ("last", r"\Z"),
        ("unknown", r"."),  # or the reader would look on for something known, from each place anew
    ]
    either = "|".join(f"(?P<{name}>{pattern})" for name, pattern in parts)
    return re.compile(rf"[ \t\r\n]*+(?:{either})", re.DOTALL)


_READERS: Final = {dialect: _compile(dialect) for dialect in _OPERATORS}
_COMMENTS: Final = frozenset({"line", "block"})


def tokens_of(text: str, dialect: str) -> Iterator[Token]:
    """The tokens of `text` without spaces and comments. Raises GuardRefused at the first unknown one."""
    ended = False
    for found in _READERS[dialect].finditer(text):
        kind = found.lastgroup or ""
        piece = found[kind]
        if kind in _COMMENTS:
            _look_at_comment(piece, dialect)
        elif kind == "last":
            return
        elif kind == "unknown":
            _refuse_unknown(text[found.start(kind) :], dialect)
        elif ended:
            second = text[found.start(kind) :]
            refuse("one statement at a time", f"; {second}", "a single SELECT, with no second one")
        elif kind == "end":
            ended = True
        else:
            if kind == "word":
                _look_at_word(piece, text[found.end() : found.end() + 2], dialect)
            elif kind == "bracket":
                kind = "open" if piece in "([{" else "close"
            yield kind, piece


def measure(text: str, dialect: str, retried: frozenset[str]) -> None:
    """Refuse a text that is too long, too deep, or not made of plain tokens, before it is parsed.

    `retried` are the words whose brackets are read twice.
    """
    look_at_characters(text)
    meter, work = _Meter(), Work(retried)
    count = 0
    for kind, piece in tokens_of(text, dialect):
        if not count and piece.lower() not in _FIRST:
            refuse(
                "queries only read", piece, "a query that begins with SELECT, or with WITH and common tables"
            )
        count += 1
        if count > MOST_TOKENS:
            refuse(
                "the size of a query is limited",
                f"more than {MOST_TOKENS:,} words and signs",
                "a shorter query; a long list of values is better joined as a table",
            )
        work.take(kind, piece)
        if kind in _METERED:
            meter.take(count, kind, piece)
        else:
            meter.run = 0
    if not count:
        refuse("a query has to be there", "an empty text", "a SELECT over the tables of this source")


_METERED: Final = frozenset({"word", "operator", "open", "close"})


class Work:
    """Counts what sqlglot reads, and refuses what it would read again and again.

    It tries the brackets after some words (`retried`) as a type's before it reads them as a function's, and
    what follows LIMIT within brackets, or a join that has no condition yet, twice as well: `date(date(...))`
    of 24 levels and 30 joins without conditions took minutes. Each step into a value (`->`, or a dot after
    brackets) walks those before it: 130 in one expression took 160 ms; so do names of hundreds of parts.
    """

    def __init__(self, retried: frozenset[str]) -> None:
        self._retried = retried
        self._times = [1]  # of each open bracket: how often what stands in it is read,
        self._steps = [0]  # the steps so far in the expression that stands there,
        self._joins = [0]  # and the joins there that wait for a condition
        self._kind = self._word = ""  # of the token before, and what it is if a word
        self._done = self._dots = self._marks = 0

    def take(self, kind: str, piece: str) -> None:
        """Count one token. Raises GuardRefused."""
        word = piece.lower() if kind == "word" else ""
        if kind == "open":
            self._open()
        elif kind == "close" and len(self._times) > 1:
            for each in (self._times, self._steps, self._joins):
                each.pop()
        elif kind == "comma" or word in _BETWEEN:
            self._steps[-1] = 0
        elif piece in _ARROWS:
            self._steps[-1] += 1
        elif kind == "dot":
            self._dot()
        elif kind == "text":
            self._path(piece)
        if word:
            self._hear(word)
        self._kind, self._word = kind, word
        self._done += self._times[-1]
        self._hold()

    def _open(self) -> None:
        again = _MORE_TIMES.get(self._word, 2) if self._word in self._retried else 1
        self._times.append(self._times[-1] * again)
        self._steps.append(0)
        self._joins.append(0)

    def _dot(self) -> None:
        self._dots = self._dots + 1 if self._kind in _NAMED else 0
        self._steps[-1] += self._kind not in _NAMED

    def _path(self, text: str) -> None:
        marks = text.count(".") + text.count("[")
        if marks > _MARKS_OF_TEXT:
            self._marks += marks

    def _hear(self, word: str) -> None:
        if self._kind != "dot":
            self._dots = 0
        if word in _JOINS and self._word not in _TYING:
            self._joins[-1] += 1
            self._times[-1] *= 2
        elif word in _CONDITIONS and self._joins[-1]:
            self._joins[-1] -= 1
            self._times[-1] //= 2
        elif word in _TAILS and len(self._times) > 1:
            self._times[-1] *= 2

    def _hold(self) -> None:
        if self._done > MOST_WORK:
            what = "types or limits in brackets of many levels, or many joins without a condition"
            refuse("the depth of a query is limited", what, "fewer of them, or a shorter query")
        if max(self._steps[-1], self._dots) > _MOST_IN_ONE:
            what = "very many steps such as -> or dots in one expression"
            refuse("the depth of a query is limited", what, f"at most {_MOST_IN_ONE} of them")
        if self._marks > _MOST_MARKS:
            what = "texts with very many dots or brackets, as long paths have"
            refuse("the size of a query is limited", what, f"at most {_MOST_MARKS:,} of them")


_ARROWS: Final = frozenset({"->", "->>", "#>", "#>>"})
_NAMED: Final = frozenset({"word", "name"})
_MOST_IN_ONE: Final = 16
_MARKS_OF_TEXT: Final = 20  # dots and brackets that are in a text which is no long path
_MOST_MARKS: Final = 500
_BETWEEN: Final = frozenset(
    "select from where and or on having by group order union except intersect".split()
)
_TAILS: Final = frozenset({"limit", "offset", "fetch"})
_JOINS: Final = frozenset({"join", "straight_join"})
_TYING: Final = frozenset({"cross", "natural"})  # joins that have no condition
_CONDITIONS: Final = frozenset({"on", "using"})
_MORE_TIMES: Final = {"binary": 3}


class _Meter:
    """Counts what sqlglot's time grows with, and refuses at the first that is too much.

    Measured with sqlglot 30: each level of square brackets doubles the time in PostgreSQL's dialect and
    each pair costs a millisecond; each step into a value walks all steps before it. `run` is the number of
    prefix operators that stand in a row.
    """

    def __init__(self) -> None:
        self.run = 0
        self._round = self._square = self._cases = 0  # levels that are open
        self._chain = self._stepped = self._steps = self._squares = 0

    def take(self, at: int, kind: str, piece: str) -> None:
        """Count the token at place `at`. Raises GuardRefused."""
        lower = piece.lower() if kind == "word" else piece
        if kind == "open":
            self._open(piece)
        elif kind == "close":
            self._square -= piece == "]"
            self._round -= piece != "]"
        elif lower == "case":
            self._cases += 1
            self._hold_depth()
        elif lower == "end":
            self._cases -= self._cases > 0
        if lower in _PREFIXING:
            self.run += 1
            if self.run > _LONGEST_RUN:
                _refuse_rows()
        else:
            self.run = 0
        if piece in _STEPS:
            self._step(at)

    def _open(self, piece: str) -> None:
        if piece == "[":
            self._square += 1
            self._squares += 1
            self._hold_steps()
        else:
            self._round += 1
        self._hold_depth()

    def _step(self, at: int) -> None:
        self._steps += 1
        self._chain = self._chain + 1 if at - self._stepped <= _STEP_APART else 0
        self._stepped = at
        if self._chain > _LONGEST_CHAIN:
            _refuse_rows()
        self._hold_steps()

    def _hold_depth(self) -> None:
        if self._round + self._square + self._cases > DEEPEST or self._square > _DEEPEST_SQUARE:
            levels = f"{DEEPEST} levels of brackets or CASE, {_DEEPEST_SQUARE} of square brackets"
            refuse("the depth of a query is limited", "more levels", levels)

    def _hold_steps(self) -> None:
        if self._squares > _MOST_SQUARES or self._steps > _MOST_STEPS:
            refuse(
                "the size of a query is limited",
                "very many steps into values",
                f"{_MOST_SQUARES} square brackets and {_MOST_STEPS} steps such as -> or ::",
            )


def _refuse_rows() -> Never:
    refuse("the depth of a query is limited", "many signs in a row", f"at most {_LONGEST_RUN} of them")


def look_at_characters(text: str, most: int = MOST_CHARACTERS) -> None:
    """Refuse texts that are too long, and characters that nobody sees; of every query language."""
    if len(text) > most:
        refuse("the size of a query is limited", f"{len(text):,} characters", f"at most {most:,} characters")
    hidden = _HIDDEN.search(text)
    if hidden:
        refuse(
            "every character can be seen",
            f"the character U+{ord(hidden.group()):04X} at place {hidden.start() + 1}",
            "letters, digits, signs, spaces, tabs and line ends",
        )


def _look_at_comment(piece: str, dialect: str) -> None:
    """Plain comments are dropped; what some engine runs, or ends elsewhere than another, is refused."""
    if piece.startswith("/*") and (piece[2:3] in ("!", "+", "M") or "/*" in piece[2:]):
        refuse("comments say nothing to the engine", piece, "plain comments, which are left out")
    if piece.startswith("--") and dialect == "mysql" and piece[2:3] not in ("", " ", "\t"):
        refuse("comments are written clearly", piece, "-- followed by a space")


def _look_at_word(piece: str, following: str, dialect: str) -> None:
    if following[:1] not in _GLUED and piece.isascii():
        return
    quote = following[:1] == "'" or (following[:1] == '"' and dialect == "mysql")
    unicode = piece.lower() == "u" and following in ("&'", '&"')
    if (quote and piece.lower() not in _PREFIXES) or unicode:
        refuse(
            "texts are written plainly", f"{piece}{following}...", "a text in single quotes, such as 'north'"
        )
    if not piece.isascii() and unicodedata.normalize("NFKC", piece) != piece:
        refuse(
            "letters are what they look like",
            piece,
            "ordinary letters; a name with others stands in quotes, as in the list of columns",
        )


def _refuse_unknown(rest: str, dialect: str) -> Never:
    if rest.startswith("/*"):
        refuse("comments end where they seem to", rest, "plain comments, which are left out")
    if rest[0] in "'\"`":
        refuse("texts and names end", rest, "a closing quote for every opening one")
    if rest[0] in "$@?:":
        refuse("no variables, parameters or dollar quotes", rest, "values that are written out")
    refuse(
        "only known signs",
        rest,
        f"the signs of ordinary {dialect} expressions, and names in quotes where they hold others",
    )
