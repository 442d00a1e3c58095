"""Variants: other readings of a question that stand beside the first, for a person to choose from.

Each differs from the first in one thing: a column of the same name elsewhere, rows once or as often as they
occur, names or whole rows. Neighbours: `tree`, `translator`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Final

from garret.features.data.translator.draft import Draft
from garret.features.data.translator.index import Field, Place
from garret.features.data.translator.tree import Either, Expression, Query, Test

_CLOSE: Final = 0.12
"""How much less sure a link may be and still be offered."""


def variants(draft: Draft, query: Query) -> Iterator[tuple[str, Query]]:
    """Labels and queries of other readings, the likeliest first."""
    for field in draft.doubtful[1:]:
        yield f"by {field.called}", _swap(query, draft.doubtful[0], field)
    yield from _columns(draft, query)
    plain = not query.group and not any(each.aggregate for each in query.select)
    if plain and query.select:
        label = "every row" if query.distinct else "each only once"
        yield label, dataclasses.replace(query, distinct=not query.distinct)
    implied = [wanted.what for wanted in draft.select if isinstance(wanted.what, Place)]
    if plain and len(implied) == 1 and len(draft.select) == 1 and not query.distinct:
        yield (
            f"all columns of {implied[0].called}",
            dataclasses.replace(query, select=(), everything=implied[0]),
        )
        identifier = implied[0].identifier
        if identifier is not None and Expression(identifier) not in query.select:
            yield identifier.called, dataclasses.replace(query, select=(Expression(identifier),))


def _columns(draft: Draft, query: Query) -> Iterator[tuple[str, Query]]:
    """The same query with another column that an ambiguous name may mean."""
    for each in query.select:
        if each.of is None:
            continue
        for item in draft.items:
            mine = next((score for field, score in item.fields if field is each.of), None)
            if mine is None:
                continue
            for other, score in item.fields[:6]:
                if other is not each.of and score >= mine - _CLOSE and other.name != each.of.name:
                    yield f"{other.called} of {other.place.called}", _swap(query, each.of, other)


def _swap(query: Query, old: Field, new: Field) -> Query:
    def expression(each: Expression) -> Expression:
        return dataclasses.replace(each, of=new) if each.of is old else each

    def test(each: Test | Either) -> Test | Either:
        if isinstance(each, Either):
            return Either(tuple(dataclasses.replace(one, left=expression(one.left)) for one in each.tests))
        return dataclasses.replace(each, left=expression(each.left))

    return dataclasses.replace(
        query,
        select=tuple(expression(each) for each in query.select),
        where=tuple(test(each) for each in query.where),
        group=tuple(new if field is old else field for field in query.group),
        order=tuple(dataclasses.replace(each, by=expression(each.by)) for each in query.order),
    )
