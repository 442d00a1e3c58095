"""The query tree: what the grammar builds and every dialect is written from.

A small closed set of frozen nodes. A query names its columns by `Field` and says nothing of joins: which
tables
are between is the business of `paths` when it is written. Pure; neighbours: `assembly` builds, `emit` writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from garret.features.data.translator.index import Field, Place
    from garret.features.data.translator.keys import Edge

Aggregate: TypeAlias = Literal["", "count", "sum", "avg", "min", "max", "measure"]
"""A figure of many rows; `measure` is of a field whose formula makes one by itself."""
Operator: TypeAlias = Literal[
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "between",
    "within",
    "like",
    "not like",
    "in",
    "not in",
    "missing",
    "present",
]
Combination: TypeAlias = Literal["intersect", "except", "union"]


@dataclass(frozen=True)
class Literally:
    """A value of the question. `exact` is false where no such value was seen: then letters' size is no
    matter."""

    value: str | float | int | bool
    exact: bool = True


@dataclass(frozen=True)
class Expression:
    """A column, an aggregate of one, or `count` of rows where `of` is None. `part` is of a date: year,
    month."""

    of: Field | None
    aggregate: Aggregate = ""
    distinct: bool = False
    part: str = ""


@dataclass(frozen=True)
class Test:
    """A comparison; `right` are the values, or the one column that is asked in a query of its own.

    `within` is from the first value up to but not the second.
    """

    __test__ = False

    left: Expression
    operator: Operator
    right: tuple[Literally, ...] = ()
    query: Query | None = None


@dataclass(frozen=True)
class Either:
    """Tests of which one must hold."""

    tests: tuple[Test, ...]


@dataclass(frozen=True)
class Order:
    """One key of the order of rows."""

    by: Expression
    descending: bool


@dataclass(frozen=True)
class Query:
    """A query over the tables of its columns and those of `also`, joined along keys.

    `keys` are those to take where several lead from one table to another.
    """

    select: tuple[Expression, ...] = ()
    everything: Place | None = None
    distinct: bool = False
    also: tuple[Place, ...] = ()
    where: tuple[Test | Either, ...] = ()
    group: tuple[Field, ...] = ()
    having: tuple[Test, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    combined: tuple[Combination, Query] | None = None
    keys: tuple[Edge, ...] = ()
