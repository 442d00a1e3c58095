"""Joins: which key to take where several lead from one table to another.

A flight has an airport that it leaves and one that it reaches: words of the question decide, if they name one
of the keys. Neighbours: `paths` finds the way, `assembly` asks here last, `emit` takes what was chosen.
"""

from __future__ import annotations

import dataclasses

from garret.features.data.translator.draft import Draft
from garret.features.data.translator.emit import tables
from garret.features.data.translator.keys import Edge
from garret.features.data.translator.tree import Query
from garret.features.data.translator.words import root


def keyed(draft: Draft, query: Query) -> Query:
    """The query with those keys that the question names, where the shortest way would take others."""
    said = {root(word) for item in draft.items for word in item.low.split()}
    keys: list[Edge] = []
    for _, edge in draft.paths.tree(tables(query)) or ():
        best = max(draft.paths.beside(edge), key=lambda each: _named(each, said))
        if _named(best, said) > _named(edge, said):
            keys.append(best)
    if not keys:
        return query
    combined = query.combined
    if combined is not None:
        combined = (combined[0], dataclasses.replace(combined[1], keys=tuple(keys)))
    return dataclasses.replace(query, keys=tuple(keys), combined=combined)


def _named(edge: Edge, said: set[str]) -> int:
    """How many words of a key, but for those of its tables, are said."""
    tables_words = (*edge.left.place.words, *edge.right.place.words, "id", "code")
    return len(said & ({root(word) for word in edge.left.words} - {root(word) for word in tables_words}))
