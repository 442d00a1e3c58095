"""Measures: figures that a person named, as something a question can ask for.

A measure becomes a field of its table that is found by its name and synonyms and written as its expression.
One that aggregates is a figure by itself; one that does not is of each row. What cannot be read, or reaches
beyond the columns of its table, is left out here, so that no question leads to it. Neighbours: `index` adds
the fields, `assembly` settles what becomes of them, `emit` writes them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from garret.features.data.contracts import Dialect, Measure
from garret.features.data.translator.tree import Either, Expression, Order, Test

if TYPE_CHECKING:
    from garret.features.data.translator.draft import Draft
    from garret.features.data.translator.index import Place


class UnmeasurableError(Exception):
    """A figure of a figure, such as the average of a total."""


@dataclasses.dataclass(frozen=True)
class Formula:
    """The expression of a measure. `whole`: it makes one figure of many rows."""

    tree: exp.Expr
    whole: bool


def formula(measure: Measure, place: Place, dialect: Dialect) -> Formula | None:
    """The expression over the columns of the table; None where it is none."""
    try:
        tree = sqlglot.parse_one(measure.expression, read=dialect)
    except (SqlglotError, ValueError):
        return None
    if not isinstance(tree, exp.Condition | exp.Func) or tree.find(exp.Query, exp.Window) is not None:
        return None
    known = {name.lower(): name for name in place.by_name}
    for column in tree.find_all(exp.Column):
        name = known.get(column.name.lower())
        if name is None or isinstance(column.this, exp.Star):
            return None
        column.replace(exp.column(exp.to_identifier(name, quoted=True)))
    if isinstance(tree, exp.Column):
        tree = exp.column(exp.to_identifier(known[tree.name.lower()], quoted=True))
    return Formula(tree, tree.find(exp.AggFunc) is not None)


def expressed(of: Formula, dialect: Dialect, table: str) -> str:
    """The expression as text, its columns those of `table` where that is not empty."""
    tree = of.tree.copy()
    if table:
        for column in tree.find_all(exp.Column):
            column.set("table", exp.to_identifier(table))
    return tree.sql(dialect=dialect)


def settled(each: Expression, *, grouped: bool = False) -> Expression:
    """What is asked of a measure: itself, or a figure of one of single rows. Raises UnmeasurableError."""
    found = each.of.formula if each.of is not None else None
    if found is None or each.aggregate == "measure":
        return each
    if not found.whole:
        if grouped and not each.aggregate:
            raise UnmeasurableError  # whether to add up or to average is not for anybody to guess
        return each
    if each.aggregate not in ("", "sum"):
        raise UnmeasurableError
    return Expression(each.of, "measure")


def settled_all(draft: Draft, select: Iterable[Expression]) -> list[Expression]:
    """What is shown. Raises UnmeasurableError."""
    return [settled(each, grouped=bool(draft.group)) for each in select]


def settled_orders(draft: Draft) -> list[Order]:
    """Orders by measures. Raises UnmeasurableError."""
    grouped = bool(draft.group)
    return [dataclasses.replace(order, by=settled(order.by, grouped=grouped)) for order in draft.order]


def settle_tests(draft: Draft) -> None:
    """Make conditions on groups of those that are of measures. Raises UnmeasurableError."""
    kept: list[Test | Either] = []
    for test in draft.tests:
        parts = test.tests if isinstance(test, Either) else (test,)
        if not any(part.left.of is not None and part.left.of.whole for part in parts):
            kept.append(test)
        elif isinstance(test, Either) or test.query is not None:
            raise UnmeasurableError
        else:
            draft.having.append(test)
    draft.tests = kept
    draft.having = [dataclasses.replace(test, left=settled(test.left)) for test in draft.having]
