"""Doubts: what may make a reading another than was meant although every word of it was understood.

Two columns that fit nearly as well, values that repeat (each once, or every row?), the order of figures and
keys, a column that another table has too. Pure; neighbours: `confidence` weighs these figures beside its own.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.draft import Draft
from garret.features.data.translator.emit import tables
from garret.features.data.translator.index import Field
from garret.features.data.translator.tree import Query

_ALONE: Final = 1.0
"""The margin of a column that nothing else could be."""


def doubts(draft: Draft, query: Query, fields: list[Field]) -> dict[str, float]:
    """Named figures; `fields` are the columns that the query uses."""
    found = {**_repeated(query), **_order(query), **_margin(draft, fields)}
    spoken = [item for item in draft.items if item.kind != "word" or len(item.low) > 3]
    found["used share"] = sum(item.used for item in spoken) / max(len(spoken), 1)
    used = tables(query)
    names = [field.name.lower() for field in fields]
    rivals = [
        other.place
        for place in draft.index.places
        for other in place.fields
        if other.name.lower() in names and not any(other is field for field in fields)
    ]
    found["same name elsewhere"] = float(bool(rivals))
    found["same name beside"] = float(any(place in used for place in rivals))
    found["catalogue tables"] = min(len(draft.index.places), 20) / 10
    found["columns of first"] = min(len(used[0].fields), 20) / 10 if used else 0.0
    found["texts ranked"] = float(any(field.ranked and not field.measured for field in fields))
    return found


def _repeated(query: Query) -> dict[str, float]:
    """Whether what is shown repeats: then "each once" is as likely as "every row"."""
    if query.distinct or query.group or not query.select:
        return {}
    shares: list[float] = []
    for each in query.select:
        rows = each.of.place.table.rows if each.of is not None and not each.aggregate else None
        distinct = each.of.column.distinct if each.of is not None else None
        if not rows or distinct is None:
            return {}
        shares.append(distinct / rows)
    if len(shares) > 1:
        return {"shows none unique": float(max(shares) < 1.0)}
    return {"shows repeated": float(shares[0] < 1.0), "shows much repeated": float(shares[0] < 0.5)}


def _order(query: Query) -> dict[str, float]:
    """Whether a figure is shown before or behind its key: questions do not always say."""
    figures = [at for at, each in enumerate(query.select) if each.aggregate]
    keys = [at for at, each in enumerate(query.select) if not each.aggregate]
    if not figures or not keys:
        return {}
    return {"figure first": float(figures[0] < keys[0]), "figure last": float(figures[0] > keys[0])}


def _margin(draft: Draft, fields: list[Field]) -> dict[str, float]:
    """How much better the columns that were taken fit than the next best."""
    least = _ALONE
    for item in draft.items:
        if not item.fields:
            continue
        ranked = draft.scope.choices(item)
        mine = next((choice for choice in ranked if any(choice.field is field for field in fields)), None)
        if mine is None:
            continue
        rival = next((choice.score for choice in ranked if choice.field is not mine.field), None)
        if rival is not None:
            least = min(least, mine.score - rival)
    least = max(-0.5, least)
    return {
        "margin": least,
        "margin small": float(least < 0.1),
        "margin none": float(least <= 0.0),
        "margin wide": float(least > 0.3),
    }
