"""Rows as they come: Arrow batches within limits, and remarks on what was left out.

A connector says how each column becomes one that Arrow can hold (`fitting`) and hands over a pump that is
already working. The first batch is looked at before anything is announced, since it may show that a column
has to be text. At least one batch comes, so that there is a schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa

from garret.features.data.contracts import Limits, ResultColumn
from garret.features.data.sources.fitting import Fit
from garret.features.data.sources.pump import Pump

NAMELESS: Final = "column"


def unique_names(names: Sequence[str]) -> list[str]:
    """The names, with empty ones filled in and repeated ones numbered: `a`, `a` give `a`, `a_2`."""
    taken: set[str] = set()
    wanted = {name for name in names if name.strip()}
    unique: list[str] = []
    for place, given in enumerate(names, start=1):
        name = given if given.strip() else f"{NAMELESS}_{place}"
        number = 1
        candidate = name
        while candidate in taken or (candidate != given and candidate in wanted):
            number += 1
            candidate = f"{name}_{number}"
        taken.add(candidate)
        unique.append(candidate)
    return unique


class Stream:
    """The `Rows` of a connector for a database server.

    `truncated` says, once the batches are over, whether the source had more rows than were allowed.
    """

    def __init__(
        self,
        columns: Sequence[ResultColumn],
        fits: Sequence[Fit],
        pump: Pump[pa.RecordBatch],
        limits: Limits,
        notes: Sequence[str] = (),
    ) -> None:
        self._pump = pump
        self._fits = fits
        self._limits = limits
        self._remarks = notes  # of the connector, which may come by more while rows do
        self._notes: list[str] = []
        self.truncated = False
        try:
            first = pump.take()
        except BaseException:
            pump.close()
            raise
        self._first = None if first is None else self._fitted(first, first=True)
        self.columns = tuple(
            ResultColumn(
                name=column.name, type=column.type, kind=fit.kind or column.kind, nullable=column.nullable
            )
            for column, fit in zip(columns, fits, strict=True)
        )
        self._schema = pa.schema(
            [pa.field(column.name, fit.type) for column, fit in zip(columns, fits, strict=True)]
        )

    @property
    def notes(self) -> Sequence[str]:
        return (*self._remarks, *self._notes, *(note for fit in self._fits for note in fit.notes()))

    def _fitted(self, batch: pa.RecordBatch, *, first: bool) -> list[pa.Array]:
        return [
            fit.first(batch.column(at)) if first else fit.later(batch.column(at))
            for at, fit in enumerate(self._fits)
        ]

    def __iter__(self) -> Iterator[Any]:
        rows = size = 0
        try:
            arrays = self._first
            while arrays is not None:
                batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
                allowed = self._allowed(batch, rows, size)
                if allowed or not rows:
                    yield batch.slice(0, allowed)
                rows += allowed
                size += batch.nbytes
                if self.truncated:
                    return
                following = self._pump.take()
                arrays = None if following is None else self._fitted(following, first=False)
            if self._first is None:
                yield pa.RecordBatch.from_arrays(
                    [pa.array([], fit.type) for fit in self._fits], schema=self._schema
                )
        finally:
            self._pump.close()

    def _allowed(self, batch: pa.RecordBatch, rows: int, size: int) -> int:
        """How many rows of the batch are within the limits; notes where that is not all of them."""
        allowed: int = min(batch.num_rows, self._limits.rows - rows)
        if size + batch.nbytes > self._limits.bytes:
            share = (self._limits.bytes - size) / batch.nbytes
            within = int(batch.num_rows * share)
            if within < allowed:
                allowed = within
                self._notes.append(
                    f"Fetching stopped after {self._limits.bytes // 2**20} MiB, which is the limit; "
                    f"there are {rows + allowed:,} rows of more."
                )
        self.truncated = allowed < batch.num_rows
        return allowed
