"""sqlglot's dialects as the guard uses them; in PostgreSQL's, the operators of pgvector are read as well.

sqlglot's own dialects are used as they come: its compiled build (`sqlglotc`) takes no subclass that is not
compiled. It knows `a <=> b` only as MySQL's comparison, and would write something else for PostgreSQL. So
each operator of pgvector (its README lists them) is put among sqlglot's tokens as `OPERATOR(<=>)`, which is
PostgreSQL's own longer way to write any operator (manual, "Operator Precedence"), and is written short
again. Tokens are changed, never a text that is still to be read, so nothing within quotes or comments is
touched, and what is written is read and judged anew in any case.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from sqlglot import Dialect, exp
from sqlglot.errors import ErrorLevel
from sqlglot.tokenizer_core import Token, TokenType

# It repeats the text of what it cannot read, and queries are nobody's but their owner's.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

VECTOR_OPERATORS: Final = frozenset({"<->", "<#>", "<=>", "<+>", "<~>", "<%>"})
"""Distances of two vectors: L2, negative inner product, cosine, L1; of bits: Hamming, Jaccard."""

_VECTOR: Final = re.compile(r"<[-#=+~%]>")
# Texts and names come first, so that what is in them is passed over.
_LONG_FORM: Final = re.compile(r"""'[^']*'|"[^"]*"|\bOPERATOR\((<[-#=+~%]>)\)""")
# What sqlglot makes of the operators' signs: one token of some, two or three of others.
_FIRST: Final = frozenset({TokenType.LR_ARROW, TokenType.NULLSAFE_EQ, TokenType.LT})
_SIGNS: Final = _FIRST | {TokenType.PLUS, TokenType.RLIKE, TokenType.MOD, TokenType.GT, TokenType.HASH_ARROW}


def parse(text: str, dialect: str) -> list[exp.Expr | None]:
    """The statements of `text`. Raises sqlglot's errors."""
    found = _dialect(dialect)
    tokens = found.tokenize(text)
    if dialect == "postgres" and _VECTOR.search(text):
        tokens = list(_with_vectors(tokens))
    return found.parser(error_level=ErrorLevel.IMMEDIATE).parse(tokens, text)


@cache
def retried(dialect: str) -> frozenset[str]:
    """Words, in lower case, whose brackets sqlglot reads twice: as a type's first, then as a function's.

    Within each other they take twice as long at each level (measured: of all keywords, these).
    """
    found = _dialect(dialect)
    types = found.parser_class.TYPE_TOKENS
    words = (word for word, kind in found.tokenizer_class.KEYWORDS.items() if kind in types)
    return frozenset(map(str.lower, words)) | {"if", "xor"}


def write(tree: exp.Expr, dialect: str) -> str:
    """The tree as text of the dialect, on one line, without comments; `tree` is used up."""
    options: dict[str, Any] = {"comments": False, "unsupported_level": ErrorLevel.RAISE}
    text = _dialect(dialect).generate(tree, copy=False, **options)
    if dialect == "postgres" and "OPERATOR(" in text:
        text = _LONG_FORM.sub(lambda long: long[1] or long[0], text)
    return text


@cache
def _dialect(name: str) -> Dialect:
    return Dialect.get_or_raise(name)


def _with_vectors(tokens: list[Token]) -> Iterator[Token]:
    """The tokens, with pgvector's operators in their long form."""
    at = 0
    while at < len(tokens):
        size = _length(tokens, at)
        if size:
            yield from _long_form(tokens[at : at + size])
        else:
            yield tokens[at]
        at += size or 1


def _length(tokens: list[Token], at: int) -> int:
    """How many tokens from `at` on are together one of pgvector's operators; 0 where there is none."""
    if tokens[at].token_type not in _FIRST:
        return 0
    sign, end = "", tokens[at].start
    for size, token in enumerate(tokens[at : at + 3], start=1):
        if token.start != end or token.token_type not in _SIGNS:
            return 0  # signs that stand apart, or something else between them
        sign, end = sign + token.text, token.end + 1
        if sign in VECTOR_OPERATORS:
            return size
    return 0


def _long_form(parts: list[Token]) -> Iterator[Token]:
    first = parts[0]
    place = first.line, first.col, first.start, parts[-1].end
    yield Token(TokenType.OPERATOR, "OPERATOR", *place)
    yield Token(TokenType.L_PAREN, "(", *place)
    yield Token(TokenType.VAR, "".join(part.text for part in parts), *place)
    yield Token(TokenType.R_PAREN, ")", *place)
