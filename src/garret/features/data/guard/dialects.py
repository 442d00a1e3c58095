"""sqlglot's dialects as the guard uses them; PostgreSQL's knows the operators of pgvector as well.

sqlglot reads `a <=> b` as MySQL's comparison and would write something else for PostgreSQL. Here each
operator has a node of its own and comes out as it went in (pgvector's README lists them).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, Final

from sqlglot import Dialect, exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import ErrorLevel
from sqlglot.expressions.core import Binary, Expression
from sqlglot.generators.postgres import PostgresGenerator
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.tokenizer_core import TokenType

# It repeats the text of what it cannot read, and queries are nobody's but their owner's.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


class InnerProduct(Expression, Binary):
    """`<#>`: the negative inner product of two vectors."""


class CosineOperator(Expression, Binary):
    """`<=>`: the cosine distance of two vectors."""


class TaxicabOperator(Expression, Binary):
    """`<+>`: the taxicab distance of two vectors."""


VECTOR_OPERATORS: Final = {InnerProduct: "<#>", CosineOperator: "<=>", TaxicabOperator: "<+>"}


class _Parser(PostgresParser):
    FACTOR: ClassVar = {
        **PostgresParser.FACTOR,
        # Kinds of tokens that PostgreSQL has no use for.
        TokenType.DCOLONDOLLAR: InnerProduct,
        TokenType.DCOLONPERCENT: CosineOperator,
        TokenType.DCOLONQMARK: TaxicabOperator,
    }


def _between(sign: str) -> Callable[[PostgresGenerator, Binary], str]:
    return lambda generator, node: generator.binary(node, sign)


class _Generator(PostgresGenerator):
    TRANSFORMS: ClassVar = {
        **PostgresGenerator.TRANSFORMS,
        InnerProduct: _between("<#>"),
        CosineOperator: _between("<=>"),
        TaxicabOperator: _between("<+>"),
    }


class GarretPostgres(Postgres):
    """PostgreSQL with pgvector."""

    class Tokenizer(Postgres.Tokenizer):
        KEYWORDS: ClassVar = {
            **Postgres.Tokenizer.KEYWORDS,
            "<#>": TokenType.DCOLONDOLLAR,
            "<=>": TokenType.DCOLONPERCENT,
            "<+>": TokenType.DCOLONQMARK,
        }

    Parser = _Parser
    Generator = _Generator


_NAMES: Final = {
    "duckdb": "duckdb",
    "sqlite": "sqlite",
    "postgres": "garretpostgres",
    "mysql": "mysql",
    "trino": "trino",
}


def dialect_of(name: str) -> Dialect:
    """sqlglot's dialect for one of the catalogue's."""
    return Dialect.get_or_raise(_NAMES[name])


def parse(text: str, dialect: Dialect) -> list[exp.Expr | None]:
    """The statements of `text`. Raises sqlglot's errors."""
    return dialect.parse(text, error_level=ErrorLevel.IMMEDIATE)


def write(tree: exp.Expr, dialect: Dialect) -> str:
    """The tree as text of the dialect, on one line, without comments; `tree` is used up."""
    options: dict[str, Any] = {"comments": False, "unsupported_level": ErrorLevel.RAISE}
    return dialect.generate(tree, copy=False, **options)
