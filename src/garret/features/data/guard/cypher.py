"""Cypher through the guard: read token by token, and written anew with every name in backticks.

Only reading clauses are words of this module; whatever else looks like a word is a name and comes out in
backticks, where Neo4j takes it for a name too. So a clause that writes or calls can only be written as one
that Neo4j cannot read. Labels, relationship types and properties are looked up; calls are on a list; paths
have an end; the last clause limits the rows.

Invariants: every bare word of the text that is written is in `_CLAUSES`, `_WORDS` or `_FUNCTIONS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from garret.features.data.contracts import Catalogue, Checked, Limits
from garret.features.data.guard.refusal import refuse
from garret.features.data.guard.tokens import DEEPEST, MOST_TOKENS, look_at_characters

_CLAUSES: Final = frozenset("MATCH OPTIONAL WHERE WITH RETURN ORDER BY SKIP LIMIT UNWIND AS DISTINCT".split())
_WORDS: Final = frozenset(
    """
    AND OR XOR NOT IN STARTS ENDS CONTAINS IS NULL TRUE FALSE CASE WHEN THEN ELSE END ASC DESC ASCENDING
    DESCENDING EXISTS COUNT ALL ANY NONE SINGLE
    """.split()
)
_FUNCTIONS: Final = frozenset(
    """
    abs acos all any asin atan atan2 avg ceil coalesce collect cos count date datetime degrees duration e
    elementid endnode exists exp floor head id isempty keys labels last left length localdatetime
    localtime log log10 ltrim max min nodes none nullif percentilecont percentiledisc pi properties
    radians rand reduce relationships replace reverse right round rtrim shortestpath sign sin single size
    split sqrt startnode stdev stdevp substring sum tail tan time toboolean tofloat tofloatornull
    tointeger tointegerornull tolower tostring tostringornull toupper trim type date.truncate
    datetime.truncate duration.between duration.indays duration.inmonths duration.inseconds point
    point.distance vector.similarity.cosine vector.similarity.euclidean
    """.split()
)
_MOST_STEPS: Final = 10  # of a path of variable length
_READER: Final = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<comment>//[^\n]*|/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/)"
    r"|(?P<text>'[^'\\]*(?:\\[\\'\"nrtbf][^'\\]*)*'|\"[^\"\\]*(?:\\[\\'\"nrtbf][^\"\\]*)*\")"
    r"|(?P<name>`[^`\\]*(?:``[^`\\]*)*`)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![\w]))"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<sign>\.\.|<>|<=|>=|=~|[-+*/%^=<>()\[\]{},.:|&!])"
    r"|(?P<end>;)",
    re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str

    def says(self, *texts: str) -> bool:
        """Whether this is one of these signs or bare words."""
        return self.kind in ("sign", "word") and self.text.upper() in texts


_NOTHING: Final = _Token("", "")


def check_cypher(query: str, catalogue: Catalogue, limits: Limits) -> Checked:
    """What may be run in place of `query`. Raises GuardRefused."""
    look_at_characters(query)
    tokens = _read(query)
    if not tokens or not tokens[0].says("MATCH", "OPTIONAL", "UNWIND", "WITH", "RETURN"):
        what = tokens[0].text if tokens else "an empty text"
        refuse("queries only read", what, "MATCH ... WHERE ... RETURN ... ORDER BY ... LIMIT ...")
    _hold_depth(tokens)
    _hold_paths(tokens)
    writer = _Writer(tokens, catalogue)
    pieces = writer.write()
    limit = _limit(tokens, pieces, limits.rows + 1)
    text = _spaced(pieces)
    return Checked(text, tuple(writer.tables), tuple(writer.columns), limit)


def _read(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    for match in _READER.finditer(text):
        if match.start() != at:
            break
        at = match.end()
        kind = match.lastgroup or ""
        if kind in ("space", "comment"):
            continue
        if found and found[-1].kind == "end":
            refuse("one statement at a time", match.group(), "a single query, with no second one")
        found.append(_Token(kind, match.group()))
        if len(found) > MOST_TOKENS:
            refuse(
                "the size of a query is limited",
                f"more than {MOST_TOKENS:,} words and signs",
                "a shorter query",
            )
    if at != len(text):
        refuse(
            "only known signs", text[at:], "names, values and the signs of patterns; no parameters or escapes"
        )
    if re.search(r"\\[uU]", text):
        refuse("texts are written plainly", "\\u", "the letter itself")
    return found[:-1] if found and found[-1].kind == "end" else found


def _hold_depth(tokens: Iterable[_Token]) -> None:
    depth, divided = 0, False
    for token in tokens:
        if divided and token.says("/", "*"):  # written side by side they would begin a comment
            refuse(
                "comments end where they seem to", "/ and another sign", "plain comments, which are left out"
            )
        divided = token.says("/")
        depth += token.says("(", "[", "{", "CASE") - token.says(")", "]", "}", "END")
        if depth > DEEPEST:
            refuse(
                "the depth of a query is limited", f"more than {DEEPEST} levels", "fewer levels of brackets"
            )


def _hold_paths(tokens: list[_Token]) -> None:
    """Refuse paths without an end: `[*]`, `[:KNOWS*2..]`, and repeated patterns."""
    arrows: list[bool] = []
    for at, token in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else _NOTHING
        if token.says("(", "["):
            arrows.append(False)
        elif token.says(")", "]") and arrows:
            path = arrows.pop() or token.says("]")
            if path and after.says("+", "*", "{") and token.says(")"):
                refuse(
                    "paths have an end", f"){after.text}", f"a path of at most {_MOST_STEPS} steps: [*1..3]"
                )
        if token.says("-", "<", ">") and arrows and (after.says("-", "[", "<", ">", "(")):
            arrows[-1] = True
        if token.says(">", "-") and after.says("+", "*", "{"):
            refuse(
                "paths have an end",
                f"{token.text}{after.text}",
                f"a path of at most {_MOST_STEPS} steps: [*1..3]",
            )
        if token.says("*") and _is_length(tokens, at):
            _hold_length(tokens, at)


def _is_length(tokens: list[_Token], at: int) -> bool:
    """Whether the star at `at` stands in a relationship, for a number of steps, and not for a product."""
    before, after = tokens[at - 1], tokens[at + 1] if at + 1 < len(tokens) else _NOTHING
    if before.says("["):
        return True
    return after.says("]", "..", "{") or (
        after.kind == "number" and at + 2 < len(tokens) and tokens[at + 2].says("..", "]", "{")
    )


def _hold_length(tokens: list[_Token], at: int) -> None:
    rest = tokens[at + 1 : at + 4]
    numbers = [token.text for token in rest if token.kind == "number"]
    open_ended = any(token.says("..") for token in rest) and (
        len(rest) < 3
        or not (rest[1].kind == "number" or (rest[0].kind == "number" and rest[2].kind == "number"))
    )
    steps = numbers[-1] if numbers else ""
    if open_ended or not steps.isdecimal() or int(steps[:9]) > _MOST_STEPS:
        refuse("paths have an end", "[*...] without one", f"a path of at most {_MOST_STEPS} steps: [*1..3]")


class _Writer:
    """Writes tokens anew and looks up names; `tables` and `columns` are what they touch."""

    def __init__(self, tokens: list[_Token], catalogue: Catalogue) -> None:
        self._tokens = tokens
        self._tables = {table.name: table for table in catalogue.tables}
        self._properties = {column.name for table in catalogue.tables for column in table.columns}
        self._brackets: list[str] = []
        self._labelled = False  # the last name was a label, so that | and & go on with another
        self.tables: dict[str, None] = {}
        self.columns: dict[str, None] = {}

    def write(self) -> list[str]:
        """The pieces of the text to run. Raises GuardRefused."""
        pieces: list[str] = []
        at = 0
        while at < len(self._tokens):
            used, piece = self._piece(at)
            pieces.append(piece)
            at += used
        return pieces

    def _piece(self, at: int) -> tuple[int, str]:
        token = self._tokens[at]
        if token.kind == "sign":
            self._bracket(token)
            return 1, token.text
        if token.kind == "text":
            self._labelled = False
            return 1, token.text
        if token.kind == "number":
            return 1, token.text
        before = self._tokens[at - 1] if at else _NOTHING
        if before.says("."):
            return 1, self._property(at)
        if self._is_label(at, before):
            return 1, self._label(token)
        self._labelled = False
        if token.kind == "name":
            return 1, token.text
        return self._word(at)

    def _bracket(self, token: _Token) -> None:
        if token.says("(", "[", "{"):
            self._brackets.append(token.text)
        elif token.says(")", "]", "}") and self._brackets:
            self._brackets.pop()
        if not token.says("|", "&", "!", ":"):
            self._labelled = False

    def _is_label(self, at: int, before: _Token) -> bool:
        in_map = bool(self._brackets) and self._brackets[-1] == "{"
        if before.says(":"):
            return not in_map
        if before.says("!"):
            return True
        return before.says("|", "&") and self._labelled

    def _label(self, token: _Token) -> str:
        name = _plain(token)
        table = self._tables.get(name)
        if table is None:
            some = ", ".join(list(self._tables)[:6])
            refuse("only labels and types of this source", name, f"those there are, such as {some}")
        self.tables[table.address] = None
        self._labelled = True
        return _ticked(name)

    def _property(self, at: int) -> str:
        name = _plain(self._tokens[at])
        if at + 1 < len(self._tokens) and self._tokens[at + 1].says("("):
            refuse(
                "only functions that compute from their arguments",
                f"{name}()",
                "such as count, toLower and size",
            )
        self._note(name)
        return _ticked(name)

    def _note(self, name: str) -> None:
        if name not in self._properties:
            some = ", ".join(sorted(self._properties)[:8])
            refuse("only properties of this source", name, f"those there are, such as {some}")
        for table in self._tables.values():
            if any(column.name == name for column in table.columns):
                self.columns[f"{table.address}.{name}"] = None

    def _word(self, at: int) -> tuple[int, str]:
        token = self._tokens[at]
        called, length = self._call(at)
        if called:
            if called.lower() not in _FUNCTIONS and called.upper() not in _CLAUSES | _WORDS:
                refuse(
                    "only functions that compute from their arguments",
                    f"{called}()",
                    "such as count and size",
                )
            return length, called
        after = self._tokens[at + 1] if at + 1 < len(self._tokens) else _NOTHING
        if after.says(":") and self._brackets and self._brackets[-1] == "{":
            return 1, _ticked(token.text)  # the key of a map
        upper = token.text.upper()
        if upper in _CLAUSES or upper in _WORDS:
            return 1, upper
        if at and self._ends_value(at - 1):
            refuse(
                "only clauses that read",
                token.text,
                "MATCH, WHERE, WITH, UNWIND, RETURN, ORDER BY, SKIP and LIMIT",
            )
        return 1, _ticked(token.text)

    def _ends_value(self, at: int) -> bool:
        """Whether a value or pattern ends at `at`, so that only a clause or an operator can follow."""
        token = self._tokens[at]
        if token.kind == "word":
            upper = token.text.upper()
            named = at > 0 and self._tokens[at - 1].says(".", ":")
            return (
                named
                or (upper not in _CLAUSES and upper not in _WORDS)
                or upper in ("NULL", "TRUE", "FALSE", "END")
            )
        return token.kind in ("name", "text", "number") or token.says(")", "]", "}")

    def _call(self, at: int) -> tuple[str, int]:
        """The name of a call that begins at `at`, dots included, and how many tokens it takes."""
        name, end = self._tokens[at].text, at + 1
        tokens = self._tokens
        while end + 1 < len(tokens) and tokens[end].says(".") and tokens[end + 1].kind == "word":
            name, end = f"{name}.{tokens[end + 1].text}", end + 2
        if end < len(tokens) and tokens[end].says("(") and not self._starts_pattern(at, end):
            return name, end - at
        return "", 1

    def _starts_pattern(self, at: int, end: int) -> bool:
        """Whether the word is a clause before a pattern: MATCH (n), or a name that is none of a function."""
        return end == at + 1 and self._tokens[at].text.upper() in (
            "MATCH",
            "WHERE",
            "NOT",
            "AND",
            "OR",
            "XOR",
            "IN",
        )


def _limit(tokens: list[_Token], pieces: list[str], most: int) -> int:
    """Set the last limit to at most `most`, or add one. Returns it."""
    last = max((at for at, piece in enumerate(pieces) if piece == "RETURN"), default=-1)
    if last < 0:
        refuse("a query gives something back", "no RETURN", "RETURN with what is wanted")
    limits = [at for at in range(last, len(pieces)) if pieces[at] == "LIMIT"]
    if not limits:
        pieces.extend(["LIMIT", str(most)])
        return most
    number = pieces[limits[-1] + 1 :]
    if len(limits) != 1 or len(number) != 1 or not number[0].isdecimal() or len(number[0]) > 18:
        refuse("the outer limit is a plain number", " ".join(number), "LIMIT 10 at the end")
    limit = min(int(number[0]), most)
    pieces[-1] = str(limit)
    return limit


def _plain(token: _Token) -> str:
    return token.text[1:-1].replace("``", "`") if token.kind == "name" else token.text


def _ticked(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _spaced(pieces: list[str]) -> str:
    """Pieces with a space between those that would run into each other."""
    text = ""
    for piece in pieces:
        glue = text[-1:] in ("", " ", "(", "[", "{", ".", ":", "-", "<", ">", "`") or piece in ".,:)]}-><["
        both = text[-1:].isalnum() and piece[:1] in "([{-<>`'\""
        plain = (
            not glue
            or (both and piece[:1] != "(")
            or (text[-1:] in "`," and (piece[:1].isalnum() or piece[:1] == "`"))
        )
        text += f" {piece}" if plain and piece not in (".", ",", ":", ")", "]", "}") else piece
    return text.strip()
