"""What a run gave, in one form whatever the engine: columns, rows, timing, provenance, charts."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from garret.features.data.contracts.catalogue import ColumnKind, Dialect
from garret.protocol.contract import Contract

ChartKind: TypeAlias = Literal[
    "bar", "stacked", "line", "area", "scatter", "histogram", "heatmap", "pie", "figure", "points"
]


class ResultColumn(Contract, frozen=True):
    """A column of a result. `type` is the engine's word. Names are unique within a result."""

    name: str
    type: str
    kind: ColumnKind
    unit: str = ""
    nullable: bool = True


class Timing(Contract, frozen=True):
    """How long each stage took, in seconds."""

    generate: float = 0.0
    validate: float = 0.0
    wait: float = 0.0
    execute: float = 0.0
    first_rows: float = 0.0
    normalise: float = 0.0


class Provenance(Contract, frozen=True):
    """Where a result came from."""

    source: str
    dialect: Dialect
    query: str
    fingerprint: str
    ran: float
    question: str = ""
    by: str = "grammar"


class NormalizedResult(Contract, frozen=True):
    """The head of a result; its rows are fetched in pages.

    `rows` is how many there are here; where `truncated`, the source had more: `about` so many, if that is
    known.
    """

    id: str
    columns: tuple[ResultColumn, ...]
    rows: int
    bytes: int
    provenance: Provenance
    timing: Timing
    truncated: bool = False
    about: int | None = None
    notes: tuple[str, ...] = ()


class ResultPage(Contract, frozen=True):
    """Rows from `offset` of `rows` in all after filtering.

    A cell is null, true or false, a text, or a number that JSON and JavaScript hold exactly; whole numbers
    beyond 2**53, decimals, dates, intervals, binary (hexadecimal) and nested values (JSON) are texts.
    """

    offset: int
    rows: int
    cells: tuple[tuple[Any, ...], ...]


class Sort(Contract, frozen=True):
    """Order by a column of the result."""

    column: str
    descending: bool = False


class Filter(Contract, frozen=True):
    """Keep rows whose column holds to this. `value` is text as a person typed it; `missing` needs none."""

    column: str
    test: Literal["is", "is_not", "contains", "at_least", "at_most", "missing", "present"]
    value: str = ""


class ColumnSummary(Contract, frozen=True):
    """One column at a glance: counts, extremes as text, and a histogram or the most frequent values."""

    name: str
    rows: int
    missing: int
    distinct: int
    lowest: str = ""
    highest: str = ""
    mean: float | None = None
    bins: tuple[tuple[str, int], ...] = ()


class ChartSpec(Contract, frozen=True):
    """A chart that fits a result, as a Vega-Lite subset without expressions and addresses.

    `spec` has no data; `data` are the rows for it, sampled where `sampled` says of how many. `why` names the
    rule in a sentence.
    """

    kind: ChartKind
    title: str
    why: str
    spec: dict[str, Any]
    data: tuple[dict[str, Any], ...] = ()
    sampled: int | None = None
