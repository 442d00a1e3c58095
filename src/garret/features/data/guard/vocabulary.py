"""The last look at what will be run: every bare word and bracket of the text that was written out is known.

Names of tables, columns and aliases are in quotes by now. What is left are clauses, types, units and
functions, and all of them are listed here or in `functions`. A word before a bracket has to be a function
of the dialect or one of the clauses that take a bracket. This holds whatever sqlglot made of the query, and
knows no tree.
"""

from __future__ import annotations

from typing import Final, Never

from garret.features.data.guard.functions import ALLOWED, COLLATIONS
from garret.features.data.guard.refusal import refuse
from garret.features.data.guard.tokens import Work, tokens_of

_CLAUSES = frozenset(
    """
    all and any as asc asof at between both by case cast cross cube current desc distinct div else end
    escape except exclude exists false fetch filter first following for from full glob group grouping
    groups having ignore ilike in inner intersect interval is join last lateral leading left like limit
    materialized natural next no not null nulls offset on only or order others outer over partition
    preceding qualify range regexp replace respect right rlike rollup row rows select semi anti separator
    sets similar then ties to trailing true try_cast unbounded union unnest using values when where window
    with within without xor zone placing symmetric collate binary nocase map array struct lambda mod
    ordinality isnull notnull positional rename unknown time
    """.split()
)
_CALLED_CLAUSES = frozenset(
    """
    all and any as between by case cast cube distinct else except exists exclude filter from group
    grouping having in intersect interval join lateral limit like ilike not on or order over partition
    qualify rollup select sets then try_cast union unnest using values when where with within array is
    similar to replace offset ordinality glob regexp rlike escape xor div mod binary separator rename
    """.split()
)
_TYPES = frozenset(
    """
    bigint binary bit blob bool boolean bytea bytes char character date datetime decimal double float
    hugeint int int2 int4 int8 integer interval json jsonb list map nchar nvarchar numeric precision real
    row signed smallint string text time timestamp timestamptz timetz timestamp_s timestamp_ms
    timestamp_ns tinyint ubigint uinteger usmallint utinyint unsigned uuid varbinary varchar varying
    vector halfvec sparsevec year zone float4 float8 longtext mediumtext utf8mb4 utf8 latin1 struct serial
    """.split()
)
_UNITS = frozenset(
    """
    century centuries day days day_hour day_minute day_second dayofweek dayofyear decade decades dow doy
    epoch hour hours hour_minute hour_second isodow isoyear julian microsecond microseconds millennium
    millennia millisecond milliseconds minute minutes minute_second month months nanosecond quarter
    quarters second seconds timezone week weekday weekofyear weeks year years year_month yearweek
    day_of_week day_of_year year_of_week yow
    """.split()
)
_BARE_FUNCTIONS = frozenset(
    {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
)

_MARKS = frozenset({"x", "b"})  # before the digits of binary values: x'41'

_WORDS: Final = COLLATIONS | _MARKS | _CLAUSES | _TYPES | _UNITS | _BARE_FUNCTIONS
_BRACKETED_TYPES: Final = _TYPES | _BARE_FUNCTIONS  # decimal(10, 2); current_timestamp(3)


def look_over(text: str, dialect: str, retried: frozenset[str]) -> None:
    """Refuse `text`, which is about to be run, unless every word in it is known. Raises GuardRefused.

    `retried` are the words whose brackets sqlglot reads twice: it is to read this text once more.
    """
    functions, work = ALLOWED[dialect], Work(retried)
    word = ""
    for kind, piece in tokens_of(text, dialect):
        work.take(kind, piece)
        if word:
            _look_at(word, piece == "(", functions, dialect)
        word = piece if kind == "word" else ""
    if word:
        _look_at(word, False, functions, dialect)


def _look_at(word: str, called: bool, functions: frozenset[str], dialect: str) -> None:
    lower = word.lower()
    if called:
        if lower not in functions and lower not in _CALLED_CLAUSES and lower not in _BRACKETED_TYPES:
            refuse_function(lower, dialect)
    elif lower not in _WORDS:
        refuse(
            "only clauses of a reading query", word, "SELECT with joins, conditions, groups, order and limit"
        )


def refuse_function(name: str, dialect: str) -> Never:
    """Refuse a call of a function that is not allowed."""
    refuse(
        "only functions that compute from their arguments",
        f"{name}()",
        f"the arithmetic, text, date, aggregate and window functions of {dialect}, such as count and lower",
    )
