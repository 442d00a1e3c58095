"""Adjectives of comparison and the plain form of each, which `lexicon` says the measure of. Pure."""

from __future__ import annotations

from typing import Final

_ADJECTIVES: Final = {
    "older": "old", "oldest": "old", "elder": "old", "eldest": "old", "younger": "young", "youngest": "young",
    "taller": "tall", "tallest": "tall", "shorter": "short", "shortest": "short", "longer": "long",
    "longest": "long", "heavier": "heavy", "heaviest": "heavy", "lighter": "light", "lightest": "light",
    "cheaper": "cheap", "cheapest": "cheap", "expensive": "expensive", "costly": "costly", "bigger": "big",
    "biggest": "big", "larger": "large", "largest": "large", "smaller": "small", "smallest": "small",
    "recent": "recent", "recently": "recent", "newest": "new", "newer": "new", "latest": "late",
    "earliest": "early", "fastest": "fast", "faster": "fast", "slowest": "slow", "richest": "rich",
    "deepest": "deep", "widest": "wide", "hottest": "hot", "coldest": "cold", "farthest": "far",
    "furthest": "far", "closest": "close", "populous": "populous", "populated": "populated", "old": "old",
    "tall": "tall", "aged": "old", "age": "old", "weigh": "heavy", "weighs": "heavy", "weighing": "heavy",
    "cost": "expensive", "costs": "expensive", "costing": "expensive", "last": "late",
}  # fmt: skip


def base_adjective(word: str) -> str:
    """The adjective that a word of comparison is of; empty where it is none."""
    return _ADJECTIVES.get(word, "")
