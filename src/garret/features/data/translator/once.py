"""Once: where rows that repeat are shown or counted one time.

Joins repeat the rows of a table for each row that points at them; people mean each customer, not each order
of theirs. Pure; neighbours: `assembly` makes the query and asks here.
"""

from __future__ import annotations

import dataclasses

from garret.features.data.translator.draft import Draft
from garret.features.data.translator.emit import tables
from garret.features.data.translator.index import Place
from garret.features.data.translator.tree import Expression, Query


def shown_once(draft: Draft, query: Query, entity: Place | None) -> Query:
    """The same of rows that are shown: "the names of customers who have accounts" names each once, where all
    that is shown is theirs."""
    settled = query.group or query.order or query.combined or query.distinct or query.everything
    if settled or entity is None:
        return query
    own = all(each.of is not None and not each.aggregate and each.of.place is entity for each in query.select)
    if not own or not any(below(draft, entity, place) for place in tables(query) if place is not entity):
        return query
    draft.flags["shown_once"] += 1
    return dataclasses.replace(query, distinct=True)


def counted_once(draft: Draft, query: Query, entity: Place | None) -> Query:
    """Rows are counted once, however many rows of other tables they are joined to: "how many customers have
    an account" counts customers."""
    counted = subject(draft, entity)
    alone = query.select == (Expression(None, "count"),) and not query.group and query.combined is None
    if not alone or counted is None or counted.identifier is None:
        return query
    if not any(below(draft, counted, place) for place in tables(query) if place is not counted):
        return query
    return dataclasses.replace(query, select=(Expression(counted.identifier, "count", distinct=True),))


def kinds(query: Query) -> Query:
    """ "Show all colours": of one column whose values repeat, each value once is what is meant."""
    shown_fields = [None if each.aggregate else each.of for each in query.select]
    field = shown_fields[0] if len(shown_fields) == 1 else None
    plain = not (query.where or query.group or query.order or query.combined or query.limit)
    if (
        field is None
        or not plain
        or query.select[0].aggregate
        or field.identifies
        or field in field.place.names
    ):
        return query
    rows, distinct = field.place.table.rows, field.column.distinct
    repeats = rows is not None and distinct is not None and distinct * 2 <= rows
    alone = field.column.kind == "text" and len(tables(query)) == 1
    return dataclasses.replace(query, distinct=True) if repeats and alone else query


def ordered_distinct(query: Query) -> Query:
    """Rows shown once can be ordered by what is shown alone: SQL has no one value of another column for
    them, and PostgreSQL refuses such a query. The keys of the order are shown too."""
    if not query.distinct or query.everything is not None:
        return query
    keys = [order.by for order in query.order if order.by not in query.select]
    return dataclasses.replace(query, select=(*query.select, *dict.fromkeys(keys)))


def below(draft: Draft, entity: Place, place: Place) -> bool:
    """Whether a row of the entity may have many in `place`: some key on the way points back."""
    at = entity
    for edge in draft.paths.between(entity, place):
        if edge.right.place is at:
            return True
        at = edge.right.place
    return False


def subject(draft: Draft, entity: Place | None) -> Place | None:
    """The table whose rows are counted, which no join may be left out of."""
    for wanted in draft.select:
        if isinstance(wanted.what, Expression) and wanted.what.of is None and draft.required:
            return draft.required[0]
    return entity
