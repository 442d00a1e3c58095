"""A result as a file: CSV, TSV, JSON, NDJSON, Parquet, XLSX, Markdown, or a page that stands alone.

What is written goes into a descriptor that the caller opened; no path is known here. Rows are those of the
table in the order and narrowing that a person sees. Cells of CSV, TSV and XLSX never begin a formula
(`formulas`).

Neighbours: `table` gives the rows; `export_xlsx` and `export_page` know their forms.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec

from garret.base.errors import Code, UsageError
from garret.features.data.contracts import ChartSpec, Filter, Provenance, Sort
from garret.features.data.results.export_page import page_of
from garret.features.data.results.export_xlsx import write_xlsx
from garret.features.data.results.formulas import neutral, neutral_sql
from garret.features.data.results.normalise import ResultsError
from garret.features.data.results.table import ResultTable

Form: TypeAlias = Literal["csv", "tsv", "json", "ndjson", "parquet", "xlsx", "md", "html"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)

PAGE_ROWS: Final = 5_000  # of a page or Markdown: more is no reading any more, and that is said in it
_BUFFER: Final = 1 << 20
_MARKS: Final = re.compile(r"[\\|`*_\[\]<>&~]")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an export says beside the rows."""

    title: str = ""
    reading: str = ""
    provenance: Provenance | None = None
    chart: ChartSpec | None = None
    notes: tuple[str, ...] = ()


def export(
    table: ResultTable,
    form: str,
    descriptor: int,
    *,
    sorts: Sequence[Sort] = (),
    filters: Sequence[Filter] = (),
    answer: Answer | None = None,
) -> int:
    """Write the table to `descriptor`, which stays the caller's; returns the rows written.

    Raises UsageError for a form that there is not, ResultsError where the disk is full or the form cannot
    hold it.
    """
    writer = _WRITERS.get(form)
    if writer is None:
        raise UsageError(f"There is no export as {form[:20]!r}. These there are: {', '.join(FORMS)}.")
    rows = table.page(0, 0, sorts, filters).rows
    try:
        return writer(_Export(table, descriptor, sorts, filters, answer or Answer(), rows))
    except OSError as error:
        raise ResultsError(
            f"The export could not be written ({error.strerror}). The result is kept; make room"
            " and try again.",
            code=Code.FULL,
        ) from error


class _Export(msgspec.Struct, frozen=True):
    table: ResultTable
    descriptor: int
    sorts: Sequence[Sort]
    filters: Sequence[Filter]
    answer: Answer
    rows: int

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.table.columns]

    def cells(self) -> Iterable[tuple[Any, ...]]:
        return self.table.read(self.sorts, self.filters)

    def opened(self) -> io.BufferedWriter:
        """The descriptor as a file; closing it leaves the descriptor open."""
        return io.BufferedWriter(io.FileIO(self.descriptor, "wb", closefd=False), _BUFFER)

    def head(self, most: int) -> list[tuple[Any, ...]]:
        return [row for row, _ in zip(self.cells(), range(most), strict=False)]


def _csv(wanted: _Export) -> int:
    return _separated(wanted, ",")


def _tsv(wanted: _Export) -> int:
    return _separated(wanted, "\t")


def _separated(wanted: _Export, delimiter: str) -> int:
    """By the engine itself, which is many times quicker at it than Python."""
    terms: list[str] = []
    for place in wanted.table.places:
        name = str(neutral(place.column.name)).replace('"', '""')
        text = neutral_sql(place.worded)
        if (
            len(wanted.table.places) == 1
        ):  # to most readers a line with nothing on it is no row, and "" is one
            text = f"coalesce({text}, '')"
        terms.append(f'{text} AS "{name}"')
    query = wanted.table.ordered(wanted.sorts, wanted.filters)
    options = f"FORMAT csv, HEADER true, DELIMITER '{delimiter}', QUOTE '\"', ESCAPE '\"'"
    wanted.table.copy(f"SELECT {', '.join(terms)} FROM ({query})", wanted.descriptor, options)
    return wanted.rows


def _json(wanted: _Export) -> int:
    encoder, names = msgspec.json.Encoder(), wanted.names
    with wanted.opened() as file:
        between = b"[\n"
        for row in wanted.cells():
            file.write(between + encoder.encode(dict(zip(names, row, strict=True))))
            between = b",\n"
        file.write(b"\n]\n" if wanted.rows else b"[]\n")
    return wanted.rows


def _ndjson(wanted: _Export) -> int:
    encoder, names = msgspec.json.Encoder(), wanted.names
    with wanted.opened() as file:
        for row in wanted.cells():
            file.write(encoder.encode(dict(zip(names, row, strict=True))) + b"\n")
    return wanted.rows


def _parquet(wanted: _Export) -> int:
    names = {place.at: place.column.name.replace('"', '""') for place in wanted.table.places}
    chosen = ", ".join(f'{at} AS "{name}"' for at, name in names.items())
    query = wanted.table.ordered(wanted.sorts, wanted.filters)
    wanted.table.copy(
        f"SELECT {chosen} FROM ({query})", wanted.descriptor, "FORMAT parquet, COMPRESSION zstd"
    )
    return wanted.rows


def _xlsx(wanted: _Export) -> int:
    content = write_xlsx(wanted.table.columns, wanted.cells(), wanted.rows)
    with wanted.opened() as file:
        file.write(content)
    return wanted.rows


def _markdown(wanted: _Export) -> int:
    rows = wanted.head(PAGE_ROWS)
    lines = ["| " + " | ".join(_escaped(name) for name in wanted.names) + " |"]
    numeric = [place.numeric for place in wanted.table.places]
    lines.append("|" + "|".join(" ---: " if right else " --- " for right in numeric) + "|")
    lines += ["| " + " | ".join(_escaped(_worded(cell)) for cell in row) + " |" for row in rows]
    if wanted.rows > len(rows):
        lines.append(f"\nThe first {len(rows):,} of {wanted.rows:,} rows.")
    with wanted.opened() as file:
        file.write(("\n".join(lines) + "\n").encode("utf-8", "replace"))
    return len(rows)


def _html(wanted: _Export) -> int:
    answer, rows = wanted.answer, wanted.head(PAGE_ROWS)
    text = page_of(
        wanted.table.columns,
        rows,
        wanted.rows,
        title=answer.title,
        reading=answer.reading,
        provenance=answer.provenance,
        chart=answer.chart,
        notes=answer.notes,
    )
    with wanted.opened() as file:
        file.write(text.encode("utf-8", "replace"))
    return len(rows)


_WRITERS: Final[dict[str, Callable[[_Export], int]]] = {
    "csv": _csv,
    "tsv": _tsv,
    "json": _json,
    "ndjson": _ndjson,
    "parquet": _parquet,
    "xlsx": _xlsx,
    "md": _markdown,
    "html": _html,
}


def _worded(cell: Any) -> Any:
    """True and false as every other program writes them; nothing for what is missing."""
    return "" if cell is None else ("false", "true")[cell] if isinstance(cell, bool) else cell


def _escaped(cell: Any) -> str:
    """A cell of a Markdown table: one line, and nothing in it that Markdown or HTML would act on."""
    text = " ".join(str(cell).split())
    return _MARKS.sub(r"\\\g<0>", text)
