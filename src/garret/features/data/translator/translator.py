"""The translator: a question in plain words becomes a query over one catalogue, or a question back, or
nothing.

Deterministic and without a model. A `Translator` is built once per catalogue and holds its index; `translate`
is pure but for the day it is told. It answers only when its confidence reaches the threshold of
`weights.json`,
offers readings to choose from below it, and abstains where nothing was understood. Neighbours: `grammar`
reads, `emit` and `pipeline` write, `confidence` weighs; the data room's worker calls it.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from garret.features.data.contracts import Alternative, Catalogue, Dialect, Translation
from garret.features.data.translator.confidence import confidence, features, threshold
from garret.features.data.translator.emit import NoPathError, Writer, tables
from garret.features.data.translator.followups import refine
from garret.features.data.translator.grammar import Parsed, parse
from garret.features.data.translator.index import Index, Place
from garret.features.data.translator.paths import Paths
from garret.features.data.translator.pipeline import write_pipeline
from garret.features.data.translator.reading import read
from garret.features.data.translator.refusal import refusal
from garret.features.data.translator.tree import Query, Test
from garret.features.data.translator.variants import variants

_SPOKEN: Final[frozenset[Dialect]] = frozenset(("duckdb", "sqlite", "postgres", "mysql", "trino", "mongo"))
_MOST_ALTERNATIVES: Final = 4
_LEAST: Final = 0.15
"""Below this confidence a reading is not even offered."""
_HINTS: Final = {
    "share": ("share", "percentage", "percent", "proportion", "fraction"),
    "trend": (
        "trend",
        "over time",
        "by month",
        "by year",
        "per month",
        "per year",
        "each year",
        "each month",
        "monthly",
    ),
    "distribution": ("distribution", "histogram", "spread"),
    "map": ("map", "latitude", "longitude", "coordinates"),
}


class Translator:
    """Translates questions over one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._documents = catalogue.dialect == "mongo"
        self._index = Index(catalogue)
        self._paths = Paths(self._index.edges)
        self._writer = Writer(catalogue.dialect, self._paths)

    def translate(self, question: str, *, today: dt.date, previous: Translation | None = None) -> Translation:
        """What is made of a question or of words about the `previous` draft; raises for no text."""
        refused = refusal(question)
        if refused is not None:
            return Translation(outcome="abstained", message=refused)
        if self._catalogue.dialect not in _SPOKEN:
            return Translation(
                outcome="abstained",
                message=(
                    "Sources of this kind are not asked in words without a model. Write the query yourself."
                ),
            )
        if previous is not None and previous.query and not self._documents:
            refined = refine(question, previous.query, self._catalogue.dialect, self._index)
            if refined is not None:
                return _refined(previous, *refined)
        parsed = parse(question, self._index, self._paths, today)
        if parsed.draft.timeless:
            return Translation(outcome="abstained", message=_without_time(parsed.draft.timeless))
        text = self._write(parsed.query)
        if self._documents and parsed.query is not None and len(tables(parsed.query)) > 1:
            return Translation(outcome="abstained", message=_several(tables(parsed.query)))
        if parsed.query is None or not text:
            return self._not_understood(parsed)
        return self._answer(question, parsed, parsed.query, text)

    def _write(self, query: Query | None) -> str:
        if query is None or not tables(query):
            return ""
        try:
            return write_pipeline(query) if self._documents else self._writer.write(query)
        except NoPathError:
            return ""

    def _answer(self, question: str, parsed: Parsed, query: Query, text: str) -> Translation:
        sure = confidence(features(parsed.draft, query))
        others = self._alternatives(parsed, query, text)
        hints = tuple(
            hint for hint, words in _HINTS.items() if any(word in question.lower() for word in words)
        )
        if sure >= threshold() and not parsed.draft.doubtful:
            return Translation(
                outcome="query", query=text, reading=read(query), confidence=sure, shape=shape(query),
                alternatives=others, hints=hints,
            )  # fmt: skip
        if sure < _LEAST and not parsed.draft.doubtful:
            return self._not_understood(parsed)
        doubtful = parsed.draft.doubtful
        label = f"by {doubtful[0].called}" if doubtful else _label(read(query))
        first = Alternative(label=label, query=text, reading=read(query))
        return Translation(
            outcome="unclear",
            message=(
                "This can be read in more than one way, or not all of it was understood. Which "
                "of these is meant?"
            ),
            confidence=sure,
            shape=shape(query),
            alternatives=(first, *others)[:_MOST_ALTERNATIVES],
            hints=hints,
        )

    def _alternatives(self, parsed: Parsed, query: Query, text: str) -> tuple[Alternative, ...]:
        found: dict[str, Alternative] = {}
        for label, other in variants(parsed.draft, query):
            written = self._write(other)
            if written and written != text and written not in found:
                found[written] = Alternative(label=label, query=written, reading=read(other))
            if len(found) == _MOST_ALTERNATIVES:
                break
        return tuple(found.values())

    def _not_understood(self, parsed: Parsed) -> Translation:
        names = sorted(self._index.places, key=lambda place: -(place.table.rows or 0))[:5]
        known = ", ".join(place.called for place in names) or "nothing yet"
        lost = [
            item.text
            for item in parsed.draft.items
            if item.kind == "word" and not item.used and len(item.low) > 3
        ][:4]
        about = f" Not known here: {', '.join(lost)}." if lost else ""
        return Translation(
            outcome="abstained",
            message=f"This was not understood well enough to write a query.{about} Ask about: {known}.",
        )


def _refined(previous: Translation, query: str, said: str) -> Translation:
    reading = f"{previous.reading.rstrip('.')}, {said}." if previous.reading else f"The last query, {said}."
    return Translation(
        outcome="query",
        query=query,
        reading=reading,
        confidence=previous.confidence,
        shape=previous.shape,
        hints=previous.hints,
    )


def _without_time(said: str) -> str:
    return (
        f"No column of dates was found that “{said}” could be about, so nothing was asked. Name the date "
        "that is meant, or leave the time out."
    )


def _several(places: list[Place]) -> str:
    names = ", ".join(place.called for place in places)
    return (
        f"This needs several collections ({names}), and only one at a time is asked in words here. Ask about "
        "one of them, or write the query yourself."
    )


def _label(reading: str) -> str:
    return reading if len(reading) <= 80 else reading[:79] + "…"


def shape(query: Query) -> str:
    """The kind of query."""
    if query.combined is not None:
        return "set"
    if any(isinstance(test, Test) and test.query is not None for test in query.where):
        return "nested"
    joined = len(tables(query)) > 1
    if query.group:
        return "join group" if joined else "group"
    if query.order:
        return "join order" if joined else "order"
    return "join" if joined else "single"
