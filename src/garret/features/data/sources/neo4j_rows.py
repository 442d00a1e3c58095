"""Records of Neo4j as batches: the first few thousand decide what each column holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
from neo4j import Record

from garret.features.data.contracts import ResultColumn
from garret.features.data.sources.loose import LooseColumn
from garret.features.data.sources.neo4j_values import FINE, VOCABULARY, Unheld, values_of
from garret.features.data.sources.rows import unique_names

FIRST: Final = 5_000
"""Records that decide what columns hold."""
THEN: Final = 10_000


class Columns:
    """The columns of one query; known once `batches` gave its first, which is empty."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._columns: list[LooseColumn] = []
        self._unheld: dict[str, None] = {}

    @property
    def shown(self) -> list[ResultColumn]:
        return [
            ResultColumn(name=each.name, type=_shown(each.word), kind=each.kind) for each in self._columns
        ]

    @property
    def types(self) -> list[pa.DataType]:
        return [each.type for each in self._columns]

    def batches(self, keys: Sequence[str], records: Iterable[Record]) -> Iterator[pa.RecordBatch]:
        """The records of columns with these names."""
        rows: list[list[Any]] = []
        decided = False
        for record in records:
            rows.append(values_of(record))
            if len(rows) >= (THEN if decided else FIRST):
                yield from self._batches(keys, rows, decided=decided)
                rows, decided = [], True
        if rows or not decided:
            yield from self._batches(keys, rows, decided=decided)

    def _batches(
        self, keys: Sequence[str], rows: list[list[Any]], *, decided: bool
    ) -> Iterator[pa.RecordBatch]:
        if not decided:
            self._decide(unique_names(keys), rows)
            yield self._batch([])
        if rows:
            yield self._batch(rows)

    def _decide(self, names: Sequence[str], rows: list[list[Any]]) -> None:
        for at, name in enumerate(names):
            values = (row[at] for row in rows)
            held = (value for value in values if value is not None and not isinstance(value, Unheld))
            words = {VOCABULARY.word_in_column(value) for value in held}
            if any(word.endswith(FINE) for word in words):  # a coarser time can be told as a finer one
                words = {word if word.endswith(FINE) else f"{word} {FINE}" for word in words}
            column = LooseColumn(name, words, VOCABULARY)
            if column.word == "mixed":
                self.notes.append(f"`{name}` is shown as text: it holds values of several types.")
            elif column.word.endswith(FINE):
                self.notes.append(f"`{name}` is shown as text: its times are finer than a microsecond.")
            self._columns.append(column)

    def _batch(self, rows: list[list[Any]]) -> pa.RecordBatch:
        arrays: list[pa.Array] = []
        for at, column in enumerate(self._columns):
            told = column.misfit
            arrays.append(column.array([self._held(column, row[at]) for row in rows]))
            if column.misfit != told:
                self.notes.append(column.misfit)
        return pa.RecordBatch.from_arrays(arrays, names=[each.name for each in self._columns])

    def _held(self, column: LooseColumn, value: Any) -> Any:
        if not isinstance(value, Unheld):
            return value
        if column.name not in self._unheld:
            self._unheld[column.name] = None
            self.notes.append(
                f"Values of `{column.name}` are left out that no calendar here has, such as dates before the "
                "year 1 or after 9999."
            )
        return None


def _shown(word: str) -> str:
    return word.removesuffix(FINE).strip() if word.endswith(FINE) else word
