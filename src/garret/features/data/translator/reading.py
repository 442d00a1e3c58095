"""The reading: a query tree in words, so that a person can see what was understood.

Pure; neighbours: `tree`, `translator`.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.emit import tables
from garret.features.data.translator.index import Field
from garret.features.data.translator.ranges import ranged
from garret.features.data.translator.tree import Either, Expression, Query, Test

_FIGURES: Final = {
    "count": "the number of",
    "sum": "the total",
    "avg": "the average",
    "min": "the lowest",
    "max": "the highest",
}
_TESTS: Final = {
    "=": "is", "!=": "is not", "<": "is less than", "<=": "is at most", ">": "is more than",
    ">=": "is at least",
    "like": "is like", "not like": "is not like", "in": "is one of", "not in": "is none of",
    "missing": "is missing",
    "present": "is not missing", "between": "is between", "within": "is from",
}  # fmt: skip
_TIMES: Final = {">=": "is on or after", "<": "is before", ">": "is after", "<=": "is on or before"}
_SETS: Final = {"intersect": "that are also among", "except": "that are not among", "union": "together with"}


def read(query: Query) -> str:
    """A sentence that says what a query gives."""
    parts = [_shown(query), _where(query), _grouped(query), _having(query), _ordered(query)]
    text = " ".join(part for part in parts if part)
    if query.combined is not None:
        kind, other = query.combined
        text += f", {_SETS[kind]}: {_where(other) or 'all'}"
    return text[:1].upper() + text[1:] + "."


def _table_names(query: Query) -> str:
    return " with ".join(place.called for place in tables(query))


def _shown(query: Query) -> str:
    of = f"of {_table_names(query)}"
    if query.everything is not None:
        return f"every column {of}"
    what = ", ".join(_expression(each, query) for each in query.select)
    return f"{'the distinct ' if query.distinct else ''}{what} {of}"


def _expression(each: Expression, query: Query) -> str:
    if each.of is None:
        return "the number of rows"
    name = _name(each.of, query)
    if each.part:
        name = f"{each.part} of {name}"
    if each.aggregate in ("", "measure"):
        return name
    return f"{_FIGURES[each.aggregate]} {'different ' if each.distinct else ''}{name}"


def _name(field: Field, query: Query) -> str:
    places = tables(query)
    same = [place for place in places if any(other.called == field.called for other in place.fields)]
    return f"{field.called} of {field.place.called}" if len(same) > 1 else field.called


def _where(query: Query) -> str:
    if not query.where:
        return ""
    return "where " + " and ".join(_test(test, query) for test in query.where)


def _test(test: Test | Either, query: Query) -> str:
    if isinstance(test, Either):
        return "(" + " or ".join(_test(each, query) for each in test.tests) + ")"
    left = _expression(test.left, query)
    if test.query is not None:
        return f"{left} {_TESTS[test.operator]} ({read(test.query).rstrip('.').lower()})"
    test = ranged(test)
    left = _expression(test.left, query)
    if test.operator == "within":
        start, end = (_value(value.value).strip("“”") for value in test.right)
        return f"{left} is from {start} up to but not {end}"
    if test.left.of is not None and test.left.of.timely and not test.left.part and test.operator in _TIMES:
        return f"{left} {_TIMES[test.operator]} {_value(test.right[0].value).strip('“”')}"
    values = " and ".join(_value(value.value) for value in test.right)
    return f"{left} {_TESTS[test.operator]} {values}".rstrip()


def _value(value: str | float | int | bool) -> str:
    if isinstance(value, str):
        return f"“{value}”"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(int(value)) if value == int(value) else str(value)


def _grouped(query: Query) -> str:
    keys = [_name(field, query) for field in query.group]
    return f"for each {' and '.join(keys)}" if keys else ""


def _having(query: Query) -> str:
    return "having " + " and ".join(_test(test, query) for test in query.having) if query.having else ""


def _ordered(query: Query) -> str:
    if not query.order:
        return f"the first {query.limit}" if query.limit is not None else ""
    keys = ", then ".join(
        f"{_expression(each.by, query)} {'from the greatest' if each.descending else 'from the least'}"
        for each in query.order
    )
    return f"ordered by {keys}" + (f", the first {query.limit}" if query.limit is not None else "")
