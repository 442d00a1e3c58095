"""What a MongoDB database holds, from the first documents of each collection: fields by their paths.

Nobody declares fields there, so a field is what documents have. Collections are looked at side by side, for a
limited time; what was not reached is there by name alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from pymongo import errors
from pymongo.database import Database

from garret.base.clock import SYSTEM
from garret.features.data.contracts import Catalogue, Column, Table
from garret.features.data.sources.fingerprint import take_fingerprint
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.mongo_fields import text_of, word_of
from garret.features.data.sources.privacy import choose_samples
from garret.features.data.sources.sampling import Budget, sampled_kinds

LOOKED_AT: Final = 200
"""Documents of a collection."""
DEPTH: Final = 4
"""Of documents within documents; deeper ones are one field."""
FIELDS: Final = 300
SIDE_BY_SIDE: Final = 8
_MILLISECONDS: Final = 1_000

_Document = dict[str, Any]


def take_catalogue(database: Database[_Document], source: str) -> Catalogue:
    """The snapshot. What the server cannot tell of one collection keeps no other from being there."""
    budget = Budget()
    names = sorted(
        (entry["name"], entry.get("type", "collection"))
        for entry in database.list_collections()
        if not entry["name"].startswith("system.")
    )
    budget.share(len(names))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        tables = list(pool.map(lambda named: _look_at(database, named[0], named[1], budget), names))
    missed = sum(not table.columns for table in tables)
    note = f"Of {missed:,} collections the fields are not known: they are empty, or there was no time."
    return Catalogue(
        source=source,
        dialect="mongo",
        tables=tuple(tables),
        fingerprint=take_fingerprint(tables),
        taken=SYSTEM.wall(),
        notes=(note,) if missed else (),
    )


def _look_at(database: Database[_Document], name: str, sort: str, budget: Budget) -> Table:
    documents: list[_Document] = []
    rows: int | None = None
    if not budget.is_over():
        with suppress(errors.PyMongoError):
            documents = list(database[name].find({}, limit=LOOKED_AT, max_time_ms=_MILLISECONDS))
            rows = (
                database[name].estimated_document_count(maxTimeMS=_MILLISECONDS) if sort != "view" else None
            )
    return Table(
        name=name,
        kind="view" if sort == "view" else "collection",
        columns=tuple(_columns_of(documents)),
        primary_key=("_id",) if documents else (),
        rows=rows,
    )


def _columns_of(documents: Sequence[_Document]) -> Iterator[Column]:
    values: dict[str, list[Any]] = {}
    for document in documents:
        for path, value in _paths(document, "", 0):
            if len(values) < FIELDS or path in values:
                values.setdefault(path, []).append(value)
    for path, found in values.items():
        words = {word_of(value) for value in found} - {"null"}
        word = _joined(words)
        kind = kind_of("mongo", word)
        texts = [text_of(value) for value in found if value is not None] if kind in sampled_kinds else []
        samples, private = choose_samples(path, texts)
        yield Column(
            name=path,
            type=word,
            kind=kind,
            nullable=len(found) < len(documents) or None in found,
            samples=samples,
            private=private,
            guessed=private,
        )


def _joined(words: set[str]) -> str:
    if len(words) == 1:
        return next(iter(words))
    if words and words <= {"int", "long", "double"}:
        return "double" if "double" in words else "long"
    return "mixed" if words else "null"


def _paths(document: _Document, before: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        path = f"{before}{key}"
        if isinstance(value, dict) and value and depth < DEPTH:
            yield from _paths(value, f"{path}.", depth + 1)
        else:
            yield path, value
