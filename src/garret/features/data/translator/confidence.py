"""Confidence: how likely a reading is what was meant, from 0 to 1.

A reading is described by features: what of the question is left over, what was doubtful, what shape the query
has. A table of weights (`weights.json`, made by `python -m benchmarks.ask_fit`) turns them into a
probability.
Neighbours: `grammar` gives the draft, `translator` answers above the threshold alone.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Final

from garret.features.data.translator.doubts import doubts
from garret.features.data.translator.draft import Draft
from garret.features.data.translator.emit import tables
from garret.features.data.translator.index import Field, Place
from garret.features.data.translator.lexicon import FILLER
from garret.features.data.translator.linking import Item
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.tree import Either, Expression, Query, Test

WEIGHTS: Final = Path(__file__).with_name("weights.json")
_SAID: Final = (
    "each", "every", "different", "distinct", "unique", "both", "either", "or", "and", "not", "never", "most",
    "least", "than", "average", "total", "number", "name", "names", "id", "ids", "type", "which",
    "who", "what",
    "when", "where", "how", "many", "much", "for", "with", "whose", "that", "also", "but", "any",
    "all", "same",
    "only", "first", "last", "full", "corresponding", "ever", "together", "per", "including", "list",
    "have", "do",
    "one", "two", "information", "details", "sorted", "descending", "ascending", "in", "of", "by", ",",
    "'", "(",
    "more", "less", "at", "between", "after", "before", "common", "there", "used", "from", "as",
    "shown", "code",
)  # fmt: skip


def features(draft: Draft, query: Query) -> dict[str, float]:
    """What a reading is like, as named figures."""
    found: dict[str, float] = {"bias": 1.0}
    _leftovers(draft, query, found)
    _shape(draft, query, found)
    _links(draft, query, found)
    found.update(doubts(draft, query, _fields(query)))
    lows = {item.low for item in draft.items} | {word for item in draft.items for word in item.low.split()}
    for word in _SAID:
        if word in lows:
            found[f"said {word}"] = 1.0
    for flag, count in draft.flags.items():
        if flag != "zone" and count:
            found[f"flag {flag}"] = 1.0
    joined = "several" if found["tables"] > 1 else "one"
    for name in [key for key in found if key not in ("bias", "tables")]:
        found[f"{joined}: {name}"] = found[name]
    return found


def _bump(found: dict[str, float], name: str, by: float = 1.0) -> None:
    found[name] = found.get(name, 0.0) + by


def _leftovers(draft: Draft, query: Query, found: dict[str, float]) -> None:
    """What of the question nothing was made of."""
    used = {id(field) for field in _fields(query)}
    places = {id(place) for place in tables(query)}
    left = 0
    for item in draft.items:
        if item.kind == "word" and item.low not in FILLER and not item.used:
            _bump(found, "left linked word" if _touches(item, used, places) else "left word")
            left += not _touches(item, used, places)
        elif item.kind == "name" and not _touches(item, used, places):
            _bump(found, "left name")
            left += 1
        elif (
            item.kind == "name"
            and not is_place(item)
            and not any(id(field) in used for field, _ in item.fields)
        ):
            _bump(found, "left column")
        elif item.kind in ("value", "number", "date") and not item.used:
            _bump(found, f"left {item.kind}")
            left += 1
        elif item.kind == "cue" and not item.used:
            _bump(found, f"left cue {item.cue}")
            left += 1
    found["nothing left"] = float(left == 0)
    found["much left"] = float(left > 1)
    found["length"] = len(draft.items) / 10
    found["sentences"] = float(sum(item.low in (".", "?") for item in draft.items) > 1)


def _touches(item: Item, used: set[int], places: set[int]) -> bool:
    if any(id(place) in places for place, _ in item.places[:2]):
        return True
    return any(id(field) in used for field, _ in item.fields)


def _fields(query: Query) -> list[Field]:
    found = [each.of for each in query.select if each.of is not None]
    for test in (*query.where, *query.having):
        for each in test.tests if isinstance(test, Either) else (test,):
            found += [each.left.of] if each.left.of is not None else []
            found += _fields(each.query) if each.query is not None else []
    found += list(query.group)
    found += [order.by.of for order in query.order if order.by.of is not None]
    if query.combined is not None:
        found += _fields(query.combined[1])
    return found


def _shape(draft: Draft, query: Query, found: dict[str, float]) -> None:
    where = [each for test in query.where for each in (test.tests if isinstance(test, Either) else (test,))]
    count = len(tables(query))
    found["tables"] = float(count)
    found["many tables"] = float(count > 2)
    found["very many tables"] = float(count > 3)
    found[f"shows {min(len(query.select), 4)}"] = 1.0
    found[f"tests {min(len(where), 3)}"] = 1.0
    for name, present in (
        ("grouped", bool(query.group)), ("having", bool(query.having)), ("ordered", bool(query.order)),
        ("limited", query.limit is not None), ("combined", query.combined is not None),
        ("distinct", query.distinct),
        ("absent", bool(draft.absent)), ("either", any(isinstance(test, Either) for test in query.where)),
        ("nested", any(isinstance(test, Test) and test.query is not None for test in query.where)),
        ("everything", query.everything is not None),
        ("whole table", not where and not query.group and not query.order),
        ("mixed case", any(value.exact is False for test in where for value in test.right)),
    ):  # fmt: skip
        found[name] = float(present)
    for each in query.select:
        figure = "sum" if each.aggregate == "measure" else each.aggregate
        found[f"shows {figure or 'plain'}"] = 1.0
        found["shows key"] = max(
            found.get("shows key", 0.0), float(each.of is not None and each.of.identifies)
        )
    for test in where:
        found[f"tests by {test.operator}"] = 1.0
    mixed = any(each.aggregate for each in query.select) and any(not each.aggregate for each in query.select)
    found["grouped and mixed"] = float(mixed)
    found["counts over joins"] = float(
        count > 1 and any(each.aggregate in ("count", "sum", "avg", "measure") for each in query.select)
    )
    found["implied"] = float(any(isinstance(wanted.what, Place) for wanted in draft.select))
    found["implied key"] = float(
        len(query.select) > len([w for w in draft.select if isinstance(w.what, Expression)]) and mixed
    )
    found["plain over many"] = float(
        count > 1 and not query.group and not query.distinct and _multiplies(draft, query)
    )


def _multiplies(draft: Draft, query: Query) -> bool:
    """Whether joins may repeat the rows that are shown."""
    places = tables(query)
    for place in places[1:]:
        at = places[0]
        for edge in draft.paths.between(places[0], place):
            if edge.right.place is at:
                return True
            at = edge.right.place
    return False


def _links(draft: Draft, query: Query, found: dict[str, float]) -> None:
    """How surely the columns that were taken were meant."""
    lowest, ambiguous = 1.0, 0
    for field in {id(each): each for each in _fields(query)}.values():
        said = [item for item in draft.items if any(other is field for other, _ in item.fields)]
        if not said:
            found["unsaid column"] = 1.0
            continue
        scores = {id(item): next(score for other, score in item.fields if other is field) for item in said}
        lowest = min(lowest, max(scores.values()))
        rivals = any(
            score >= scores[id(item)]
            for item in said
            for other, score in item.fields[:8]
            if other is not field
        )
        ambiguous += rivals
    found["lowest link"] = 1.0 - lowest
    found["poor link"] = float(lowest < 0.6)
    found["ambiguous"] = float(ambiguous)
    found["close choice"] = float(draft.scope.ambiguous > 0)
    found["no table named"] = float(not draft.scope.mentioned)
    found["several tables named"] = float(len(draft.scope.mentioned) > 1)
    unused = [place for place in draft.scope.mentioned if place not in tables(query)]
    found["named table unused"] = float(bool(unused))
    unnamed = [place for place in tables(query) if place not in draft.scope.mentioned]
    found["unnamed tables"] = float(len(unnamed))
    if draft.scope.main is not None:
        found["main unused"] = float(draft.scope.main not in tables(query))
    steps = draft.paths.tree(tables(query)) or []
    found["guessed join"] = float(any(edge.cost > 1.3 for _, edge in steps))


@lru_cache(maxsize=1)
def _table() -> tuple[float, dict[str, float]]:
    """The threshold and the weights."""
    loaded = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return float(loaded["threshold"]), {
        str(name): float(weight) for name, weight in loaded["weights"].items()
    }


def confidence(found: dict[str, float]) -> float:
    """The probability that a reading of these features is right."""
    _, weights = _table()
    total = sum(weights.get(name, 0.0) * value for name, value in found.items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def threshold() -> float:
    """The confidence from which on a reading is given as an answer."""
    return _table()[0]
