"""Figures that are asked for: counts, averages, totals, "the highest salary".

Neighbours: `projection` collects them, `scope` finds their columns.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.draft import Draft, Wanted
from garret.features.data.translator.index import Field, Place
from garret.features.data.translator.linking import Item
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.superlatives import how_many, opens_clause
from garret.features.data.translator.tree import Aggregate, Expression

_EXTREMES: Final = frozenset(
    (
        "maximum minimum max min maximal minimal highest lowest largest smallest greatest biggest least"
        " oldest youngest longest shortest earliest latest"
    ).split()
)


def name_next(draft: Draft, at: int, end: int) -> bool:
    after = draft.at(at + 1)
    return after is not None and after.kind == "name" and at + 1 < end


def open_figures(draft: Draft, figures: list[tuple[Aggregate, int]]) -> None:
    """A count that no name follows counts rows of what the question is about; a total may be a column's
    name."""
    for figure, at in figures:
        links = draft.index.phrases.get(draft.low(at), []) if figure == "sum" else []
        called = [link.to for link in links if isinstance(link.to, Field) and link.to.measured]
        if called:
            draft.select.append(Wanted(Expression(called[0], "sum"), at))
    if any(figure == "count" for figure, _ in figures):
        draft.select.append(Wanted(Expression(None, "count"), figures[0][1]))
        draft.flags["open_count"] += 1


def name_after(draft: Draft, at: int, end: int) -> Item | None:
    for place in range(at + 1, min(at + 9, end)):
        item = draft.items[place]
        if item.kind == "name":
            return item
        if item.low not in ("and", ",", "the", "of", "or") and item.cue not in (
            "sup",
            "agg:avg",
            "agg:sum",
            "agg:count",
            "distinct",
        ):
            return None
    return None


def is_figure(draft: Draft, at: int, end: int) -> bool:
    """Whether "the highest salary" asks for the figure rather than says which row is meant."""
    words = draft.items[at].low.split()
    if how_many(draft.items[at].low) > 1 or words[-1] not in _EXTREMES or opens_clause(draft, at):
        return False
    name = name_after(draft, at, end)
    if name is None:
        return False
    found = draft.scope.field(name, lambda field: field.measured or field.timely or "year" in field.words)
    if found is None and _several(draft, at, end):
        found = draft.scope.field(name)
    if found is None or (is_place(name) and name.place_score >= name.field_score):
        return False
    return not any(
        isinstance(wanted.what, Expression) and not wanted.what.aggregate for wanted in draft.select
    )


def _several(draft: Draft, at: int, end: int) -> bool:
    """Whether figures are listed, "the largest and smallest": then they are what is asked for, of any kind
    of column."""
    for place in (*range(at + 1, min(at + 4, end)), *range(max(at - 3, 0), at)):
        if draft.items[place].cue in ("sup", "agg:avg"):
            return True
    return False


def _measured(field: Field) -> bool:
    return field.measured


def _ranked(field: Field) -> bool:
    return field.measured or not field.foreign


def read_figures(
    draft: Draft, at: int, item: Item, figures: list[tuple[Aggregate, int]]
) -> list[tuple[Aggregate, int]]:
    """Show each figure of the name that follows; what of them also holds for the next name of a list."""
    item.used = True
    for figure, place in figures:
        if figure == "count":
            draft.select.append(Wanted(_count(draft, at, item), place))
            continue
        found = draft.scope.field(item, _ranked if figure in ("max", "min") else _measured)
        if found is None and is_place(item) and item.place is not None:
            summed = _summed(draft, place, item.place) if figure == "sum" else None
            if summed is not None:
                draft.select.append(Wanted(Expression(summed, "sum"), place))
            elif figure == "sum":
                draft.select.append(Wanted(Expression(None, "count"), place))
                require(draft, item.place)
            continue
        if found is None:
            found = draft.scope.field(item)
            draft.flags["odd_figure"] += 1
        if found is not None:
            draft.select.append(Wanted(Expression(found, figure), place))
    after, then = draft.at(at + 1), draft.at(at + 2)
    if (
        len(figures) == 1
        and figures[0][0] != "count"
        and after is not None
        and after.low in ("and", ",")
        and then is not None
        and then.kind == "name"
        and not is_place(then)
    ):
        found = draft.scope.field(then, lambda field: field.measured)
        if found is not None:
            return figures
    return []


def _summed(draft: Draft, at: int, place: Place) -> Field | None:
    """The column that "the total amount of orders" sums: the one that is called so, or the only measure."""
    said = {word for word in ("amount", "sum") if word in draft.low(at).split()}
    if not said:
        return None
    measures = [field for field in place.fields if field.measured]
    called = [field for field in measures if said & set(field.words)]
    return called[0] if len(called) == 1 else measures[0] if len(measures) == 1 else None


def _count(draft: Draft, at: int, item: Item) -> Expression:
    distinct = any(draft.items[place].cue == "distinct" for place in range(max(at - 3, 0), at + 1))
    if is_place(item) and item.place is not None:
        require(draft, item.place)
        field = draft.scope.field(item) if distinct and item.field_score >= 0.7 else None
        if distinct and field is not None and field.place is not item.place:
            return Expression(field, "count", distinct=True)
        return (
            Expression(item.place.identifier, "count", distinct=True)
            if distinct and item.place.identifier
            else Expression(None, "count")
        )
    field = draft.scope.field(item)
    if field is None:
        return Expression(None, "count")
    if field.measured and not distinct:
        total = "total" in draft.items[max(at - 1, 0)].low or bool(draft.group)
        draft.flags["count_measure"] += 1
        return Expression(field, "sum" if total else "")
    if distinct or not field.primary:
        draft.flags["count_field"] += 1
        return Expression(field, "count", distinct=distinct or field.column.kind == "text")
    return Expression(None, "count") if field.primary else Expression(field, "count")


def require(draft: Draft, place: Place | None) -> None:
    if place is not None and place not in draft.required:
        draft.required.append(place)


def count_follows(draft: Draft, at: int) -> bool:
    if draft.low(at) in ("the", "their", "also"):
        at += 1
    item = draft.at(at)
    if item is None or item.cue != "agg:count":
        return False
    return not any(other.cue.startswith(("cmp", "between", "exactly")) for other in draft.items[at : at + 5])
