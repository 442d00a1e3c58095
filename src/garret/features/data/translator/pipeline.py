"""Writing a query tree as a pipeline over one collection of MongoDB.

The text is `{"collection": ..., "pipeline": [...]}` in MongoDB's Extended JSON. Fields are read by their
paths with dots and shown under names of their own; what is missing sorts first, as in SQL here. A query of
several collections, or with another inside, has no such form. Neighbours: `tree`, `ranges`; SQL is `emit`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from garret.features.data.translator.emit import NoPathError, tables
from garret.features.data.translator.index import Field, Grain
from garret.features.data.translator.ranges import ranged
from garret.features.data.translator.tree import Either, Expression, Literally, Query, Test

Document: TypeAlias = dict[str, Any]
_COMPARED: Final = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "=": "$eq"}
_PARTS: Final = {"year": "$year", "month": "$month", "day": "$dayOfMonth"}
_FORMATS: Final[dict[Grain, str]] = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
_Path: TypeAlias = Callable[[Expression], str]
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{24}")


def write_pipeline(query: Query) -> str:
    """The text of a query. Raises NoPathError for one that is not of one collection alone."""
    places = tables(query)
    if len(places) != 1 or query.combined is not None:
        raise NoPathError
    stages: list[Document] = [{"$match": _conditions(query.where, _path)}] if query.where else []
    figures = [*query.select, *(test.left for test in query.having), *(order.by for order in query.order)]
    if query.select == (Expression(None, "count"),) and not (query.group or query.having or query.order):
        stages.append({"$count": "count"})
    elif query.group or query.distinct or any(each.aggregate for each in figures):
        stages += _grouped(query, figures)
    else:
        stages += _plain(query)
    return json.dumps({"collection": places[0].table.name, "pipeline": stages}, ensure_ascii=False)


def _plain(query: Query) -> list[Document]:
    stages: list[Document] = []
    if query.order:
        stages.append({"$sort": {_path(order.by): -1 if order.descending else 1 for order in query.order}})
    if query.limit is not None:
        stages.append({"$limit": query.limit})
    if query.everything is None:
        stages.append(_shown({each: _value_of(each) for each in query.select}))
    return stages


def _grouped(query: Query, figures: list[Expression]) -> list[Document]:
    """Group, then hold the groups to their conditions, order and show them."""
    plain = [Expression(field) for field in query.group]
    plain += [each for each in query.select if query.distinct and each not in plain]
    keys = {each: f"k{at}" for at, each in enumerate(plain)}
    totals = {
        each: f"v{at}" for at, each in enumerate(dict.fromkeys(each for each in figures if each.aggregate))
    }

    def path(each: Expression) -> str:
        if each in totals:
            return totals[each]
        if each not in keys:
            raise NoPathError
        return f"_id.{keys[each]}"

    by = {key: _value_of(each) for each, key in keys.items()}
    stages: list[Document] = [
        {"$group": {"_id": by or None, **{key: _total(each) for each, key in totals.items()}}}
    ]
    different = {
        key: {"$size": {"$setDifference": [f"${key}", [None]]}}
        for each, key in totals.items()
        if each.distinct
    }
    if different:
        stages.append({"$addFields": different})
    if query.having:
        stages.append({"$match": _conditions(query.having, path)})
    if query.order:
        stages.append({"$sort": {path(order.by): -1 if order.descending else 1 for order in query.order}})
    if query.limit is not None:
        stages.append({"$limit": query.limit})
    return [*stages, _shown({each: f"${path(each)}" for each in query.select})]


def _total(each: Expression) -> Document:
    """The accumulator of a figure."""
    if each.of is None:
        return {"$sum": 1}
    value = _value_of(Expression(each.of, part=each.part))
    if each.aggregate == "count":
        return {"$addToSet": value} if each.distinct else {"$sum": {"$cond": [{"$gt": [value, None]}, 1, 0]}}
    if each.aggregate == "measure":
        raise NoPathError
    return {f"${each.aggregate}": value}


def _shown(values: dict[Expression, Any]) -> Document:
    """The stage that shows values under names of their own."""
    named: Document = {}
    for each, value in values.items():
        parts = [each.aggregate, each.part, each.of.name.replace(".", "_") if each.of is not None else ""]
        name = "_".join(part for part in parts if part)
        while name in named:
            name += "_"
        named[name] = value
    return {"$project": named if "_id" in named else {"_id": 0, **named}}


def _field(each: Expression) -> Field:
    """The field of an expression; its path must be one that a pipeline can name."""
    if each.of is None or any(not part or part.startswith("$") for part in each.of.name.split(".")):
        raise NoPathError
    return each.of


def _path(each: Expression) -> str:
    if each.part or each.aggregate or _field(each).of is not None:
        raise NoPathError
    return _field(each).name


def _value_of(each: Expression) -> Any:
    field = _field(each)
    if field.of is not None and field.grain is not None:
        return _grained(field.grain, f"${_field(Expression(field.of)).name}")
    path = f"${field.name}"
    return {_PARTS[each.part]: path} if each.part else path


def _grained(grain: Grain, path: str) -> Document:
    """A column of time by its unit. An expression, since texts of quarters are of no format."""
    if grain == "quarter":
        quarter = {"$ceil": {"$divide": [{"$month": path}, 3]}}
        parts = [{"$toString": {"$year": path}}, "-Q", {"$toString": {"$toInt": quarter}}]
        return {"$concat": parts}
    if grain == "year":
        return {"$year": path}
    return {"$dateToString": {"format": _FORMATS[grain], "date": path}}


def _conditions(tests: tuple[Test | Either, ...], path: _Path) -> Document:
    found = [_either(test, path) if isinstance(test, Either) else _condition(test, path) for test in tests]
    return found[0] if len(found) == 1 else {"$and": found}


def _either(either: Either, path: _Path) -> Document:
    return {"$or": [_condition(test, path) for test in either.tests]}


def _condition(test: Test, path: _Path) -> Document:
    if test.query is not None:
        raise NoPathError
    test = ranged(test)
    if test.left.part and not test.left.aggregate:
        sides = [_value_of(test.left), _literal(test.right[0], test.left)]
        operator = "$ne" if test.operator == "!=" else _COMPARED.get(test.operator)
        if operator is None:
            raise NoPathError
        return {"$expr": {operator: sides}}
    return {path(test.left): _held(test)}


def _held(test: Test) -> Any:
    """What a field is held against."""
    if test.operator in ("missing", "present"):
        return None if test.operator == "missing" else {"$ne": None}
    values = [_literal(value, test.left) for value in test.right]
    first = test.right[0]
    if test.operator in ("like", "not like"):
        like = {"$regex": _pattern(str(first.value))}
        return like if test.operator == "like" else {"$not": like, "$ne": None}
    if test.operator in ("between", "within"):
        return {"$gte": values[0], "$lte" if test.operator == "between" else "$lt": values[1]}
    if test.operator in ("in", "not in"):
        return {"$in": values} if test.operator == "in" else {"$nin": [*values, None]}
    if isinstance(values[0], str) and not first.exact and test.operator in ("=", "!="):
        same = {"$regex": f"^{re.escape(values[0])}$", "$options": "i"}
        return same if test.operator == "=" else {"$not": same, "$ne": None}
    if test.operator == "!=":
        return {"$nin": [values[0], None]}
    return values[0] if test.operator == "=" else {_COMPARED[test.operator]: values[0]}


def _pattern(like: str) -> str:
    """A pattern of SQL as a regular expression."""
    inner = "".join({"%": ".*", "_": "."}.get(mark, re.escape(mark)) for mark in like)
    return f"^{inner}$".removeprefix("^.*").removesuffix(".*$")


def _literal(value: Literally, left: Expression) -> Any:
    plain, field = value.value, left.of
    if isinstance(plain, bool):
        return plain
    text = field is not None and field.column.kind == "text" and not left.aggregate
    if isinstance(plain, int | float):
        number = int(plain) if plain == int(plain) else plain
        return str(number) if text else number
    if field is None or left.part or left.aggregate == "count" or field.numeric:
        return _number(plain)
    if field.timely:
        return {"$date": _moment(plain)}
    if field.column.type.lower() == "objectid" and _IDENTIFIER.fullmatch(plain):
        return {"$oid": plain}
    return plain


def _number(text: str) -> int | float:
    try:
        number = float(text)
    except ValueError:
        raise NoPathError from None
    return int(number) if number.is_integer() else number


def _moment(text: str) -> str:
    try:
        return dt.datetime.fromisoformat(text).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise NoPathError from None
