"""Qdrant through the guard: an object with a collection, a vector or a filter, and a limit.

The forms are those of the search and scroll calls of Qdrant's interface. Nothing in them can write, so what
is held is: a known collection, known keys, plain values, and how many points come back.
"""

from __future__ import annotations

from typing import Any, Final, cast

from garret.features.data.contracts import Catalogue, Checked, Limits
from garret.features.data.guard.json_text import Object, collection_of, hold_keys, items, read_object, written
from garret.features.data.guard.refusal import refuse

_CHARACTERS: Final = 200_000  # a vector of 4,096 numbers is 90,000
_VALUES: Final = 10_000
_KEYS: Final = frozenset(
    {
        "collection",
        "vector",
        "filter",
        "limit",
        "offset",
        "with_payload",
        "with_vectors",
        "score_threshold",
        "using",
    }
)
_CLAUSES: Final = ("must", "should", "must_not")
_CONDITIONS: Final = frozenset(
    {"key", "match", "range", "values_count", "is_empty", "is_null", "has_id", "nested", "filter", *_CLAUSES}
)
_MATCHES: Final = frozenset({"value", "any", "except", "text"})
_RANGES: Final = frozenset({"gt", "gte", "lt", "lte"})


def check_qdrant(query: str, catalogue: Catalogue, limits: Limits) -> Checked:
    """What may be run in place of `query`. Raises GuardRefused."""
    value = read_object(query, characters=_CHARACTERS, values=_VALUES)
    hold_keys(value, _KEYS, "the query")
    known = {table.name: table.name for table in catalogue.tables}
    name = collection_of(value, known)
    table = next(each for each in catalogue.tables if each.name == name)
    fields = {column.name for column in table.columns}
    columns: dict[str, None] = {}
    if "vector" in value:
        _hold_vector(value["vector"])
    if "filter" in value:
        _hold_filter(value["filter"], fields, columns)
    _hold_rest(value, fields)
    limit = _limit(value, limits.rows + 1)
    touched = tuple(f"{table.address}.{column}" for column in columns)
    return Checked(written({**value, "limit": limit}), (table.address,), touched, limit)


def _limit(value: Object, most: int) -> int:
    asked = value.get("limit", most)
    if not _is_count(asked):
        refuse("limits are numbers", str(asked), "a whole number from 0 on")
    return min(int(asked), most)


def _hold_vector(value: Any) -> None:
    if isinstance(value, dict):
        hold_keys(cast("Object", value), frozenset({"name", "vector"}), "the vector")
        value = cast("Object", value).get("vector")
    numbers = items(value) if isinstance(value, list) else []
    if not numbers or not all(
        isinstance(each, (int, float)) and not isinstance(each, bool) for each in numbers
    ):
        refuse("a vector is numbers", "something else", "a list of numbers")


def _hold_rest(value: Object, fields: set[str]) -> None:
    payload = value.get("with_payload", True)
    if isinstance(payload, list):
        for name in items(payload):
            _hold_field(name, fields)
    elif not isinstance(payload, bool):
        refuse("only known keys", "with_payload of another form", "true, false or a list of fields")
    for key, kinds in (
        ("with_vectors", bool),
        ("using", str),
        ("score_threshold", (int, float)),
        ("offset", (int, str)),
    ):
        if key in value and not isinstance(value[key], kinds):
            refuse("only known keys", f"{key} of another form", "a plain value")


def _hold_filter(value: Any, fields: set[str], columns: dict[str, None]) -> None:
    if not isinstance(value, dict):
        refuse("a filter has the form that servers know", str(value), '{"must": [...]}')
    body = cast("Object", value)
    hold_keys(body, frozenset(_CLAUSES), "the filter")
    for conditions in body.values():
        for condition in items(conditions) if isinstance(conditions, list) else [conditions]:
            _hold_condition(condition, fields, columns)


def _hold_condition(value: Any, fields: set[str], columns: dict[str, None]) -> None:
    if not isinstance(value, dict):
        refuse("a filter has the form that servers know", str(value), '{"key": "...", "match": {...}}')
    body = cast("Object", value)
    hold_keys(body, _CONDITIONS, "a condition")
    if any(clause in body for clause in _CLAUSES):
        _hold_filter(body, fields, columns)
        return
    key = body.get("key")
    if key is not None:
        columns[_hold_field(key, fields)] = None
    for part, keys in (("match", _MATCHES), ("range", _RANGES), ("values_count", _RANGES)):
        if part in body:
            _hold_values(body[part], keys, part)
    for part in ("is_empty", "is_null"):
        if part in body:
            _hold_values(body[part], frozenset({"key"}), part)
            _hold_field(body[part].get("key"), fields)
    if "nested" in body:
        nested = body["nested"]
        if not isinstance(nested, dict):
            refuse("a filter has the form that servers know", "nested", '{"key": "...", "filter": {...}}')
        hold_keys(cast("Object", nested), frozenset({"key", "filter"}), "nested")
        _hold_field(cast("Object", nested).get("key"), fields)
        _hold_filter(cast("Object", nested).get("filter"), fields, columns)


def _hold_values(value: Any, keys: frozenset[str], where: str) -> None:
    if not isinstance(value, dict):
        refuse("a filter has the form that servers know", where, "an object")
    hold_keys(cast("Object", value), keys, where)
    for each in cast("Object", value).values():
        for item in items(each) if isinstance(each, list) else [each]:
            if isinstance(item, (dict, list)):
                refuse("values are plain", where, "texts, numbers, and lists of them")


def _hold_field(name: Any, fields: set[str]) -> str:
    """A field of the collection, or one inside of it. Returns the field."""
    whole = name if isinstance(name, str) else ""
    for field in (whole, whole.partition(".")[0].removesuffix("[]")):
        if field in fields:
            return field
    some = ", ".join(sorted(fields)[:8])
    return refuse("only fields of the collection", str(name), f"its fields, such as {some}")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
