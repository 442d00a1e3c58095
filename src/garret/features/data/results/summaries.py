"""A column of a result at a glance, and the facts that the rules of charts look at.

Neighbours: `table` has the rows; `charts` reads the facts.
"""

from __future__ import annotations

import math
from typing import Any, Final
from weakref import WeakKeyDictionary

from garret.features.data.contracts import ColumnSummary
from garret.features.data.results.cells import Place, plain
from garret.features.data.results.charts import NUMBERS, Fact
from garret.features.data.results.table import ResultTable

BINS: Final = 20
_EXACT_ROWS: Final = 200_000  # beyond, counting different values is an estimate (HyperLogLog, about 2 % off)
_LABEL: Final = 80  # characters of a value in a summary
_FACTS: Final[WeakKeyDictionary[ResultTable, tuple[Fact, ...]]] = WeakKeyDictionary()
"""Of tables that are open: they never change, and each chart that is looked at asks for the same."""


def summary(table: ResultTable, name: str) -> ColumnSummary:
    """Counts, extremes and the shape of one column. Raises UsageError for one that is not there."""
    place = table.place(name)
    if not _summed_up(place):
        rows, present = table.ask(f"SELECT count(*), count({place.at}) FROM result")[0]
        return ColumnSummary(name=name, rows=rows, missing=rows - present, distinct=0)
    value = place.compared
    mean = f"avg(CASE WHEN isfinite(CAST({value} AS DOUBLE)) THEN CAST({value} AS DOUBLE) END)"
    rows, present, distinct, lowest, highest, average = table.ask(
        f"SELECT count(*), count({place.at}), count(DISTINCT {place.at}), {_extreme(place, 'min')},"
        f" {_extreme(place, 'max')}, {mean if place.numeric else 'NULL'} FROM result"
    )[0]
    return ColumnSummary(
        name=name,
        rows=rows,
        missing=rows - present,
        distinct=distinct,
        lowest=_short(lowest),
        highest=_short(highest),
        mean=average,
        bins=_bins(table, place, distinct),
    )


def facts(table: ResultTable) -> tuple[Fact, ...]:
    """What the rules of charts may know of each column, by one pass over the table, which is remembered."""
    known = _FACTS.get(table)
    if known is None:
        known = _FACTS[table] = _facts(table) if table.places else ()
    return known


def _facts(table: ResultTable) -> tuple[Fact, ...]:
    exact = table.rows <= _EXACT_ROWS
    terms: list[str] = []
    for place in table.places:
        counted = _summed_up(place)
        distinct = f"count(DISTINCT {place.at})" if exact else f"approx_count_distinct({place.at})"
        value = f"CAST({place.compared} AS DOUBLE)" if place.numeric else "NULL"
        finite = f"CASE WHEN isfinite({value}) THEN {value} END" if place.numeric else "NULL"
        terms += [f"count({place.at})", distinct if counted else "0", f"min({finite})", f"max({finite})"]
    row = table.ask(f"SELECT {', '.join(terms)} FROM result")[0]
    return tuple(
        Fact(
            name=place.column.name,
            kind=place.column.kind,
            missing=table.rows - row[4 * number],
            distinct=min(row[4 * number + 1], table.rows),
            lowest=row[4 * number + 2],
            highest=row[4 * number + 3],
            unit=place.column.unit,
        )
        for number, place in enumerate(table.places)
    )


def edges(lowest: float, highest: float, wanted: int = BINS) -> tuple[float, float]:
    """Where equal bins begin and how wide they are: a round width (1, 2 or 5 times a power of ten), about
    `wanted`.
    """
    if highest <= lowest:
        return lowest, 1.0
    raw = highest / wanted - lowest / wanted  # their difference may be beyond what a double holds
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    width = next((step * power for step in (1.0, 2.0, 5.0) if step * power >= raw), 10.0 * power)
    return math.floor(lowest / width) * width, width


def _bins(table: ResultTable, place: Place, distinct: int) -> tuple[tuple[str, int], ...]:
    if place.column.kind in NUMBERS and distinct > BINS:
        value = f"CAST({place.compared} AS DOUBLE)"
        lowest, highest = table.ask(f"SELECT min({value}), max({value}) FROM result WHERE isfinite({value})")[
            0
        ]
        if lowest is not None and highest > lowest:
            start, width = edges(lowest, highest)
            found = table.ask(
                f"SELECT floor(({value} - ?) / ?) AS bin, count(*) FROM result WHERE isfinite({value})"
                " GROUP BY bin ORDER BY bin",
                [start, width],
            )
            return tuple((_figure(start + nth * width), count) for nth, count in found)
    found = table.ask(
        f"SELECT CAST({place.shown} AS VARCHAR) AS cell, count(*) AS often FROM result"
        f" WHERE {place.at} IS NOT NULL GROUP BY cell ORDER BY often DESC, cell LIMIT {BINS}"
    )
    return tuple((_short(cell), count) for cell, count in found)


def _extreme(place: Place, which: str) -> str:
    """The expression of the lowest or highest cell. Where values are compared as they lie, it alone becomes a
    text, and not each of a million before it is compared.
    """
    if place.compared == place.at:
        found = f"(SELECT {which}({place.at}) AS {place.at} FROM result)"
        return f"(SELECT CAST({place.shown} AS VARCHAR) FROM {found})"
    return f"CAST(arg_{which}({place.shown}, {place.compared}) AS VARCHAR)"


def _summed_up(place: Place) -> bool:
    """Values that are nested or bytes are neither compared nor counted."""
    nested = place.stored.endswith("]") or place.stored.startswith(("STRUCT(", "MAP(", "UNION("))
    return not nested and place.stored != "BLOB"


def _figure(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.6g}"


def _short(value: Any) -> str:
    text = "" if value is None else str(plain(value))
    return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"
