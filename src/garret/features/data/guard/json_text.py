"""Queries that are JSON objects, read strictly: what two readers might understand in two ways is refused.

One object, no key twice, no NaN, a limited depth, size and count of values; keys and texts without what
nobody sees. `written` gives the text that is run.
"""

from __future__ import annotations

import json
import math
from typing import Any, Never, TypeAlias, cast

from garret.features.data.guard.refusal import refuse
from garret.features.data.guard.tokens import look_at_characters

Object: TypeAlias = dict[str, Any]
_DEEPEST = 24
_MOST_VALUES = 3_000


def read_object(text: str, *, characters: int, values: int = _MOST_VALUES) -> Object:
    """The object that `text` is. Raises GuardRefused."""
    look_at_characters(text, characters)
    _measure(text)
    try:
        found: Any = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        refuse("the query is JSON", str(error), 'one JSON object, such as {"collection": "..."}')
    if not isinstance(found, dict):
        refuse(
            "the query is JSON",
            "something else than an object",
            'one JSON object, such as {"collection": "..."}',
        )
    _count(found, values)
    return cast("Object", found)


def written(value: Object) -> str:
    """The text of a checked object, on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def collection_of(value: Object, known: dict[str, str]) -> str:
    """The collection under `collection`, as the catalogue has it. Raises GuardRefused."""
    return known_collection(value.get("collection"), known)


def known_collection(name: object, known: dict[str, str]) -> str:
    """`name` if it is a collection of this source. Raises GuardRefused."""
    if not isinstance(name, str) or name not in known:
        some = ", ".join(list(known)[:6]) or "none; this source has no collections"
        refuse("only collections of this source", str(name), f"its collections, such as {some}")
    return known[name]


def hold_keys(value: Object, allowed: frozenset[str], where: str) -> None:
    """Refuse an object that has another key than the allowed ones."""
    for key in value:
        if key not in allowed:
            refuse("only known keys", f"{key} in {where}", ", ".join(sorted(allowed)))


def items(value: Any) -> list[Any]:
    """What is in a value that is known to be a list."""
    found: list[Any] = value
    return found


def _measure(text: str) -> None:
    """Refuse a depth that would cost the reader something, by brackets alone, within texts too."""
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    if deepest > _DEEPEST:
        refuse("the depth of a query is limited", f"{deepest} levels of brackets", f"{_DEEPEST} levels")


def _object(pairs: list[tuple[str, Any]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        refuse("no key twice", twice, "every key once in an object")
    return found


def _no_constant(name: str) -> Never:
    refuse("the query is JSON", name, "numbers that are finite")


def _count(value: Any, most: int) -> None:
    waiting: list[Any] = [value]
    seen = 0
    while waiting:
        each = waiting.pop()
        seen += 1
        if seen > most:
            refuse("the size of a query is limited", f"more than {most:,} values", "fewer values")
        if isinstance(each, dict):
            for key in cast("Object", each):
                look_at_characters(key)
            waiting.extend(cast("Object", each).values())
        elif isinstance(each, list):
            waiting.extend(items(each))
        elif isinstance(each, str):
            look_at_characters(each)
        elif isinstance(each, float) and not math.isfinite(each):
            refuse("the query is JSON", "a number that is too large", "numbers that are finite")
