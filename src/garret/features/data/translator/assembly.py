"""Assembly: a draft becomes a query tree.

Decides what a table that is to be shown shows, what is grouped, which tables must be joined, and whether a
superlative is an order or a figure. Neighbours: `draft`, `tree`.
"""

from __future__ import annotations

import dataclasses

from garret.features.data.translator.draft import Absent, Counting, Draft
from garret.features.data.translator.emit import tables
from garret.features.data.translator.index import Field, Place
from garret.features.data.translator.joins import keyed
from garret.features.data.translator.measures import (
    UnmeasurableError,
    settle_tests,
    settled_all,
    settled_orders,
)
from garret.features.data.translator.once import (
    below,
    counted_once,
    kinds,
    ordered_distinct,
    shown_once,
    subject,
)
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.superlatives import settle_extreme
from garret.features.data.translator.tree import Either, Expression, Literally, Order, Query, Test


def shown(place: Place) -> list[Expression]:
    """What stands for a row of a table to people: its names, or what identifies it."""
    if place.names:
        return [Expression(field) for field in place.names]
    return [Expression(place.identifier)] if place.identifier is not None else [Expression(place.fields[0])]


def assemble(draft: Draft) -> Query | None:
    """The query of a draft; None where nothing is asked for, or what no query can say."""
    if not draft.select:
        return None
    try:
        settle_tests(draft)
        select = settled_all(draft, _select(draft))
        settle_extreme(draft)
        draft.order = settled_orders(draft)
    except UnmeasurableError:
        return None
    query = _assembled(draft, select)
    return None if _repeats(draft, query) else keyed(draft, query)


def _repeats(draft: Draft, query: Query) -> bool:
    """Whether joins would count rows of a measure more than once: its figure would be another."""
    figures = (*query.select, *(test.left for test in query.having), *(order.by for order in query.order))
    return any(
        below(draft, each.of.place, place)
        for each in figures
        if each.of is not None and each.of.formula is not None
        for place in tables(query)
    )


def _assembled(draft: Draft, select: list[Expression]) -> Query:
    group = _group(draft, select)
    order = list(draft.order)
    limit = draft.limit
    if draft.order_first is not None and not order and select:
        order = [Order(select[0], draft.order_first)]
    entity = _entity(draft, select)
    having = [
        Test(_counted(count), count.operator, (Literally(count.number),))
        for count in draft.counted
        if not _any(count)
    ]
    having += draft.having
    if (having or draft.most is not None) and not group:
        group = _keys(entity, select)
    if draft.most is not None:
        order.insert(0, Order(_counted(draft.most), draft.most.descending))

        limit = draft.most.limit
    if limit == 1 and draft.wanted_limit is not None:
        limit = draft.wanted_limit
    also = _also(draft, entity)
    aggregated = any(each.aggregate for each in select)
    query = Query(
        select=tuple(select),
        distinct=draft.distinct and not aggregated and not group,
        also=tuple(also),
        where=_once(draft.tests),
        group=tuple(group),
        having=tuple(having),
        order=tuple(order),
        limit=limit,
    )
    query = _needed(draft, _grouped(query), subject(draft, entity))
    query = ordered_distinct(kinds(_everything(draft, query, entity)))
    query = _combined(draft, _absent(draft, _turned(draft, query, entity), entity))
    return shown_once(draft, counted_once(draft, query, entity), entity)


def _everything(draft: Draft, query: Query, entity: Place | None) -> Query:
    """All columns of a table that no column is named of, where all is asked for or nothing names its rows."""
    named = [wanted for wanted in draft.select if not isinstance(wanted.what, Place)]
    if named or entity is None or query.group or len(draft.select) != 1:
        return query
    asked = any(
        item.low in ("information", "info", "details", "everything", "fields", "columns", "data")
        for item in draft.items[: draft.zone[1]]
    ) and "all" in [item.low for item in draft.items[:6]]
    nameless = draft.select[0].what is entity and not entity.names and not query.distinct
    if not asked and not nameless:
        return query
    return dataclasses.replace(query, select=(), everything=entity)


def _turned(draft: Draft, query: Query, entity: Place | None) -> Query:
    """ "who do not live in X" where a row may have several: no row of theirs is in X."""
    if entity is None:
        return query
    kept: list[Test | Either] = []
    for test in query.where:
        field = test.left.of if isinstance(test, Test) else None
        if (
            isinstance(test, Test)
            and test.operator == "!="
            and field is not None
            and below(draft, entity, field.place)
        ):
            draft.absent.append(Absent(field.place, (Test(test.left, "=", test.right),)))
        else:
            kept.append(test)
    gone = [each.place for each in draft.absent]
    return dataclasses.replace(
        query, where=tuple(kept), also=tuple(place for place in query.also if place not in gone) or (entity,)
    )


def _select(draft: Draft) -> list[Expression]:
    found: list[Expression] = []
    for wanted in draft.select:
        parts = shown(wanted.what) if isinstance(wanted.what, Place) else [wanted.what]
        found += [part for part in parts if part not in found]
    return found


def _group(draft: Draft, select: list[Expression]) -> list[Field]:
    """The keys of grouping, where figures are asked for each; what is grouped by is shown too."""
    aggregated = any(each.aggregate for each in select) or draft.most is not None
    if not draft.group or not (aggregated or draft.counted):
        _show_ungrouped(draft, select)
        return []
    keys: list[Field] = []
    leading: list[Expression] = []
    for key in draft.group:
        fields = [key] if isinstance(key, Field) else _place_keys(key, select)
        keys += [field for field in fields if field not in keys]
        visible = [Expression(key)] if isinstance(key, Field) else _visible(key, select)
        missing = [each for each in visible if each not in select]
        leading += missing
    select[:] = [*select, *leading] if _figure_leads(draft) else [*leading, *select]
    return keys


def _figure_leads(draft: Draft) -> bool:
    """Whether the figure was asked for before what it is worked out for: "the average price for each
    colour" shows the price first, as said. After "how many" people expect the key first."""
    first = draft.select[0] if draft.select else None
    if first is None or not isinstance(first.what, Expression) or not first.what.aggregate:
        return False
    if any(isinstance(key, Field) and key.grain is not None for key in draft.group):
        return False
    asked = draft.at(first.at)
    groups = [at for at, item in enumerate(draft.items) if item.cue == "group"]
    return (
        asked is not None
        and bool(groups)
        and first.at < groups[0]
        and not asked.low.startswith("how")
        and not any(word in draft.low(groups[0]) for word in ("different", "distinct", "unique", "various"))
    )


def _visible(key: Place, select: list[Expression]) -> list[Expression]:
    """What to show of a table that is grouped by: nothing more where columns of it are shown already."""
    if any(isinstance(each.of, Field) and each.of.place is key and not each.aggregate for each in select):
        return []
    return shown(key)


def _place_keys(place: Place, select: list[Expression]) -> list[Field]:
    pointing = [
        each.of
        for each in select
        if each.of is not None and not each.aggregate and each.of.place is place and each.of.identifies
    ]
    if pointing and not any(field.primary and field is place.identifier for field in pointing):
        return pointing
    return (
        [place.identifier]
        if place.identifier is not None
        else [each.of for each in shown(place) if each.of is not None]
    )


def _show_ungrouped(draft: Draft, select: list[Expression]) -> None:
    """ "each" without a figure only says that all are meant; its columns are shown if nothing else is."""
    for key in draft.group:
        if isinstance(key, Place):
            if key not in draft.required:
                draft.required.append(key)
        elif not select:
            select.append(Expression(key))


def _entity(draft: Draft, select: list[Expression]) -> Place | None:
    for wanted in draft.select:
        if isinstance(wanted.what, Place):
            return wanted.what
        if wanted.what.of is not None and not wanted.what.aggregate:
            return wanted.what.of.place
    return draft.scope.main


def _fans(draft: Draft, bare: list[Place], place: Place, query: Query) -> bool:
    """Whether the way to a table goes up to a shared parent and down again: joined so, rows mix that do
    not belong."""
    if not bare or query.having or draft.most is not None or any(each.of is None for each in query.select):
        return False
    at, up = bare[0], False
    for edge in draft.paths.between(bare[0], place):
        if edge.left.place is at:
            at, up = edge.right.place, True
        elif up:
            return True
        else:
            at = edge.left.place
    return False


def _keys(entity: Place | None, select: list[Expression]) -> list[Field]:
    plain = [each.of for each in select if each.of is not None and not each.aggregate]
    if (
        entity is not None
        and entity.identifier is not None
        and any(field.place is entity and (field.primary or field in entity.names) for field in plain)
    ):
        return [entity.identifier]
    return plain


def _grouped(query: Query) -> Query:
    """Every plain column that is shown must be a key where anything is grouped or counted."""
    aggregated = [each for each in query.select if each.aggregate]
    ordered = [order for order in query.order if order.by.aggregate]
    if not query.group and not aggregated and not query.having and not ordered:
        return query
    plain = [each.of for each in query.select if not each.aggregate and each.of is not None]
    if not plain and not query.group:
        return query
    keys = list(query.group) + [field for field in plain if field not in query.group]
    for order in query.order:
        if order.by.of is not None and not order.by.aggregate and order.by.of not in keys and not aggregated:
            keys.append(order.by.of)
    return dataclasses.replace(query, group=tuple(keys))


def _once(tests: list[Test | Either]) -> tuple[Test | Either, ...]:
    """Tests without repetition: "male students whose sex is M" says one thing twice."""
    found: list[Test | Either] = []
    for test in tests:
        if isinstance(test, Either):
            alternatives = list(dict.fromkeys(test.tests))
            one: Test | Either = Either(tuple(alternatives)) if len(alternatives) > 1 else alternatives[0]
        else:
            one = test
        if one not in found:
            found.append(one)
    return tuple(found)


def _any(count: Counting) -> bool:
    """Whether a count asks for one row at least: then the join is enough."""
    return (count.operator, count.number) in ((">=", 1), (">", 0)) and count.distinct is None


def _counted(count: Counting) -> Expression:
    if count.distinct is not None:
        return Expression(count.distinct, "count", distinct=True)
    return Expression(None, "count")


def _also(draft: Draft, entity: Place | None) -> list[Place]:
    found: list[Place] = []
    absent = [each.place for each in draft.absent]
    places = [*draft.required, *(count.of for count in draft.counted), draft.most.of if draft.most else None]
    for item in draft.items:
        if item.cue == "absent":
            continue
        if (
            item.kind == "name"
            and is_place(item)
            and not (item.cue == "key" and item.place not in draft.group)
        ):
            places.append(item.place)
    for place in places:
        if place is not None and place not in found and place not in absent:
            found.append(place)
    if not found and entity is not None:
        found.append(entity)
    return found


def _needed(draft: Draft, query: Query, entity: Place | None) -> Query:
    """Leave out tables that only others point at and of which nothing is used: joining them changes
    nothing."""
    bare = tables(dataclasses.replace(query, also=()))
    kept = list(query.also)
    keep = {id(place) for place in bare} | {id(entity)}
    keep |= {id(count.of) for count in draft.counted}
    for place in query.also:
        others = [*bare, *[other for other in kept if other is not place]]
        pointed = any(
            edge.right.place is place
            and edge.left.place is not place
            and any(edge.left.place is other for other in others)
            for edge in draft.index.edges
        )
        if id(place) not in keep and (pointed or _fans(draft, bare, place, query)):
            kept = [other for other in kept if other is not place]
    return dataclasses.replace(query, also=tuple(kept)) if kept or bare else query


def _absent(draft: Draft, query: Query, entity: Place | None) -> Query:
    for each in draft.absent:
        anchor = entity if entity is not None and entity is not each.place else draft.scope.main
        if anchor is None or anchor is each.place:
            continue
        steps = draft.paths.between(anchor, each.place)
        if not steps:
            draft.flags["no_path"] += 1
            continue
        first = steps[0]
        outer, inner = (first.left, first.right) if first.left.place is anchor else (first.right, first.left)
        also = (each.place,) if each.place is not inner.place else ()
        test = Test(
            Expression(outer),
            "not in",
            query=Query(select=(Expression(inner),), also=(inner.place, *also), where=each.tests),
        )
        query = dataclasses.replace(query, where=(*query.where, test))
    return query


def _combined(draft: Draft, query: Query) -> Query:
    if draft.combined is None:
        return query
    kind, first, second = draft.combined
    if any(each.aggregate for each in query.select) and not query.group:
        return dataclasses.replace(query, where=(*query.where, Either((first, second))))
    left = dataclasses.replace(query, where=(*query.where, first), order=(), limit=None)
    right = dataclasses.replace(query, where=(*query.where, second), order=(), limit=None)
    return dataclasses.replace(left, combined=(kind, right))
