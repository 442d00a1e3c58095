"""A choice of chart becomes a specification with its rows: a Vega-Lite subset that can do nothing but draw.

There are no expressions, addresses, transforms, parameters or signals in it, and `check_spec` holds that
against a closed list of words. Fields are always `x`, `y` and their like: a column's name is never one,
since Vega-Lite reads dots and brackets in them. What is added up, counted or put in bins is so before, in
the engine.

Neighbours: `charts` chose; `chart_svg` draws the same specification without a browser; the page draws it
with one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

from garret.base.errors import UsageError
from garret.features.data.contracts import ChartKind, ChartSpec
from garret.features.data.results.cells import Place, plain
from garret.features.data.results.charts import MOST_LABELS, Choice, Fact, recommend, role
from garret.features.data.results.summaries import edges, facts
from garret.features.data.results.table import ResultTable

MOST_POINTS: Final = 10_000  # marks of one chart; beyond, a sample is drawn, and that is said
MISSING: Final = "(missing)"
_LABEL: Final = 80  # characters of a label
_LYING: Final = 10  # characters from which labels are read better beside bars that lie

_WORDS: Final = frozenset(
    {
        "mark",
        "encoding",
        "projection",
        "type",
        "field",
        "title",
        "sort",
        "scale",
        "bin",
        "binned",
        "format",
        "axis",
    }
    | {"x", "y", "x2", "theta", "color", "text", "longitude", "latitude", "tooltip", "order", "size", "zero"}
    | {
        "line",
        "point",
        "stack",
        "opacity",
        "descending",
        "fontSize",
        "legend",
        "labelAngle",
        "nice",
        "filled",
    }
)


def charts_of(
    table: ResultTable, hints: Sequence[str] = (), title: str = "", most: int = 4
) -> tuple[ChartSpec, ...]:
    """At most so many charts that fit a result, drawn, the best first."""
    known = facts(table)
    return tuple(_draw(table, choice, known, title) for choice in recommend(known, table.rows, hints)[:most])


def chart_of(table: ResultTable, kind: ChartKind, hints: Sequence[str] = (), title: str = "") -> ChartSpec:
    """The chart of this kind. Raises UsageError where it does not fit, and says which do."""
    known = facts(table)
    choices = recommend(known, table.rows, hints)
    for choice in choices:
        if choice.kind == kind:
            return _draw(table, choice, known, title)
    others = ", ".join(dict.fromkeys(choice.kind for choice in choices))
    raise UsageError(f"A {kind} does not fit these rows." + (f" These do: {others}." if others else ""))


def check_spec(spec: object) -> None:
    """Raise UsageError where a specification holds anything but the words that only draw."""
    if isinstance(spec, dict):
        for key, value in cast("dict[object, object]", spec).items():
            if key not in _WORDS:
                raise UsageError(f"A chart may not have {str(key)[:50]!r}.")
            check_spec(value)
    elif isinstance(spec, list):
        for value in cast("list[object]", spec):
            check_spec(value)
    elif not isinstance(spec, str | int | float | bool | None):
        raise UsageError("A chart may only hold texts, numbers and lists of them.")


def _draw(table: ResultTable, choice: Choice, known: Sequence[Fact], title: str) -> ChartSpec:
    drawn = _Drawing(table, choice, {fact.name: fact for fact in known})
    spec, data, sampled = _KINDS[choice.kind](drawn)
    check_spec(spec)
    return ChartSpec(
        kind=choice.kind,
        title=title or drawn.title(),
        why=choice.why,
        spec=spec,
        data=tuple(data),
        sampled=sampled,
    )


Drawn = tuple[dict[str, Any], list[dict[str, Any]], int | None]


class Across(NamedTuple):
    """`raw` is the expression in the table, `shown` that of the text once it is called `x`; rows must hold
    `holds`.
    """

    raw: str
    shown: str
    holds: str
    channel: dict[str, Any]


class _Drawing:
    """The columns of one choice, as expressions and as channels."""

    def __init__(self, table: ResultTable, choice: Choice, known: dict[str, Fact]) -> None:
        self.table = table
        self.choice = choice
        self.known = known

    def title(self) -> str:
        choice = self.choice
        if choice.gather == "count":
            return f"Rows by {choice.x}" + (f" and {choice.y}" if choice.y else "")
        if choice.kind == "heatmap":
            return f"{choice.colour} by {choice.x} and {choice.y}"
        return f"{choice.y} by {choice.x}" if choice.x else choice.y

    def place(self, name: str) -> Place:
        return self.table.place(name)

    def is_time(self, name: str) -> bool:
        return role(self.known[name]) == "time"

    def named(self, name: str) -> str:
        unit = self.place(name).column.unit
        return f"{name} ({unit})" if unit and unit.lower() not in name.lower() else name

    def number(self, name: str) -> tuple[str, str]:
        """The expression of a number, and the condition under which it can be drawn."""
        value = f"CAST({self.place(name).compared} AS DOUBLE)"
        return value, f"isfinite({value})"

    def across(self, name: str) -> Across:
        """How a label or a time lies along an axis."""
        place = self.place(name)
        if place.temporal.startswith(("DATE", "TIMESTAMP")):
            at = place.compared
            # Beyond these years JavaScript's dates are not read back from texts.
            holds = f"isfinite({at}) AND year({at}) BETWEEN 1 AND 9999"
            channel = {"type": "temporal", "scale": {"type": "utc"}}
            return self._across(name, at, "strftime(x, '%Y-%m-%dT%H:%M:%SZ')", holds, channel)
        if self.is_time(name):  # years
            return self._across(name, place.compared, "x", f"{place.at} IS NOT NULL", {"type": "ordinal"})
        return self._across(name, place.shown, _label("x"), "TRUE", {"type": "nominal", "sort": None})

    def _across(self, name: str, raw: str, shown: str, holds: str, channel: dict[str, Any]) -> Across:
        return Across(raw, shown, holds, {"field": "x", "title": self.named(name), **channel})

    def label(self, name: str) -> str:
        """The raw value of a label; `_label` makes it readable, once for a group and not for each row."""
        return self.place(name).shown if name else "NULL"

    def count(self, where: str) -> int:
        return int(self.table.ask(f"SELECT count(*) {where}")[0][0])

    def rows(self, query: str, keys: Sequence[str]) -> list[dict[str, Any]]:
        found = self.table.ask(query)
        return [{key: plain(value) for key, value in zip(keys, row, strict=True) if key} for row in found]


def _figure(drawing: _Drawing) -> Drawn:
    place = drawing.place(drawing.choice.y)
    rows = drawing.rows(f"SELECT {place.shown} FROM result", ["y"])
    title = drawing.named(drawing.choice.y)
    return (
        {
            "mark": {"type": "text", "fontSize": 48},
            "encoding": {"text": {"field": "y", "title": title}},
        },
        rows,
        None,
    )


def _points(drawing: _Drawing) -> Drawn:
    spec, rows, sampled = _scatter(drawing)
    channels = spec["encoding"]
    channels["longitude"] = {"field": "x", "type": "quantitative"}
    channels["latitude"] = {"field": "y", "type": "quantitative"}
    del channels["x"], channels["y"]
    return {**spec, "projection": {"type": "equirectangular"}}, rows, sampled


def _scatter(drawing: _Drawing) -> Drawn:
    choice = drawing.choice
    x, x_holds = drawing.number(choice.x)
    y, y_holds = drawing.number(choice.y)
    where = f"FROM result WHERE {x_holds} AND {y_holds}"
    total = drawing.count(where)
    sample = f" USING SAMPLE reservoir({MOST_POINTS} ROWS) REPEATABLE (1)" if total > MOST_POINTS else ""
    rows = drawing.rows(
        f"SELECT x, y, {_label('colour')} FROM"
        f" (SELECT {x} AS x, {y} AS y, {drawing.label(choice.colour)} AS colour {where}){sample}",
        ["x", "y", "colour" if choice.colour else ""],
    )
    channels: dict[str, Any] = {
        "x": _quantity("x", drawing.named(choice.x), zero=False),
        "y": _quantity("y", drawing.named(choice.y), zero=False),
        **_coloured(drawing),
    }
    spec = {"mark": {"type": "point", "filled": True, "opacity": 0.6}, "encoding": channels}
    return spec, rows, total if sample else None


def _line(drawing: _Drawing) -> Drawn:
    spec, rows, sampled = _over_time(drawing)
    return {"mark": {"type": "line", "point": len(rows) <= 50}, **spec}, rows, sampled


def _area(drawing: _Drawing) -> Drawn:
    spec, rows, sampled = _over_time(drawing)
    return {"mark": {"type": "area", "opacity": 0.7}, **spec}, rows, sampled


def _over_time(drawing: _Drawing) -> Drawn:
    choice = drawing.choice
    across = drawing.across(choice.x)
    y, holds = drawing.number(choice.y)
    value, group = (f"sum({y})", " GROUP BY ALL") if choice.gather else (y, "")
    inside = (
        f"SELECT {across.raw} AS x, {value} AS y, {drawing.label(choice.colour)} AS colour"
        f" FROM result WHERE {across.holds} AND {holds}{group}"
    )
    total = drawing.count(f"FROM ({inside})")
    step = max(1, -(-total // MOST_POINTS))  # evenly along the time, so that the line keeps its way
    rows = drawing.rows(
        f"SELECT {across.shown}, y, {_label('colour')} FROM"
        f" (SELECT *, row_number() OVER (ORDER BY x) AS nth FROM ({inside})) WHERE (nth - 1) %"
        f" {step} = 0 ORDER BY x",
        ["x", "y", "colour" if choice.colour else ""],
    )
    amount = _quantity("y", drawing.named(choice.y), zero=False)
    channels = {"x": across.channel, "y": amount, **_coloured(drawing)}
    return {"encoding": channels}, rows, total if step > 1 else None


def _bar(drawing: _Drawing) -> Drawn:
    choice = drawing.choice
    across = drawing.across(choice.x)
    y, holds = drawing.number(choice.y) if choice.y else ("1", "TRUE")
    value = {"sum": f"sum({y})", "count": "count(*)", "": y}[choice.gather]
    group = " GROUP BY ALL" if choice.gather else ""
    inside = f"SELECT {across.raw} AS x, {value} AS y FROM result WHERE {across.holds} AND {holds}{group}"
    total = drawing.count(f"FROM ({inside})")
    timed = across.channel["type"] != "nominal"
    order = "x" if timed else "y DESC, x"
    rows = drawing.rows(
        f"SELECT {across.shown}, y FROM ({inside}) ORDER BY {order} LIMIT {MOST_LABELS}", ["x", "y"]
    )
    amount = _quantity("y", drawing.named(choice.y) if choice.y else "rows", zero=True)
    lying = not timed and any(len(str(row["x"])) > _LYING for row in rows)
    channels = {"y": across.channel, "x": amount} if lying else {"x": across.channel, "y": amount}
    return {"mark": {"type": "bar"}, "encoding": channels}, rows, total if total > MOST_LABELS else None


def _stacked(drawing: _Drawing) -> Drawn:
    choice = drawing.choice
    across = drawing.across(choice.x)
    y, holds = drawing.number(choice.y)
    rows = drawing.rows(
        f"SELECT {across.shown}, y, {_label('colour')} FROM"
        f" (SELECT {across.raw} AS x, sum({y}) AS y, {drawing.label(choice.colour)} AS colour FROM result"
        f" WHERE {across.holds} AND {holds} GROUP BY ALL) ORDER BY sum(y) OVER (PARTITION BY x)"
        " DESC, x, colour",
        ["x", "y", "colour"],
    )
    amount = {**_quantity("y", drawing.named(choice.y), zero=True), "stack": "zero"}
    channels = {"x": across.channel, "y": amount, **_coloured(drawing)}
    return {"mark": {"type": "bar"}, "encoding": channels}, rows, None


def _pie(drawing: _Drawing) -> Drawn:
    choice = drawing.choice
    y, holds = drawing.number(choice.y)
    rows = drawing.rows(
        f"SELECT {_label('x')}, y FROM (SELECT {drawing.label(choice.x)} AS x, {y} AS y FROM"
        f" result WHERE {holds})"
        " ORDER BY y DESC, x",
        ["x", "y"],
    )
    channels = {
        "theta": {"field": "y", "type": "quantitative", "title": drawing.named(choice.y), "stack": True},
        "color": {"field": "x", "type": "nominal", "title": drawing.named(choice.x), "sort": None},
    }
    return {"mark": {"type": "arc"}, "encoding": channels}, rows, None


def _histogram(drawing: _Drawing) -> Drawn:
    choice = drawing.choice
    x, holds = drawing.number(choice.x)
    lowest, highest = drawing.table.ask(f"SELECT min({x}), max({x}) FROM result WHERE {holds}")[0]
    start, width = edges(lowest, highest)
    found = drawing.table.ask(
        f"SELECT floor(({x} - ?) / ?) AS bin, count(*) FROM result WHERE {holds} GROUP BY bin ORDER BY bin",
        [start, width],
    )
    rows = [
        {"x": _round(start + nth * width), "x2": _round(start + (nth + 1) * width), "y": count}
        for nth, count in found
    ]
    channels = {
        "x": {**_quantity("x", drawing.named(choice.x), zero=False), "bin": {"binned": True}},
        "x2": {"field": "x2"},
        "y": _quantity("y", "rows", zero=True),
    }
    return {"mark": {"type": "bar"}, "encoding": channels}, rows, None


def _heatmap(drawing: _Drawing) -> Drawn:
    choice = drawing.choice
    y, holds = drawing.number(choice.colour) if choice.colour else ("1", "TRUE")
    value = f"sum({y})" if choice.colour else "count(*)"
    rows = drawing.rows(
        f"SELECT {_label('x')}, {_label('y')}, colour FROM"
        f" (SELECT {drawing.label(choice.x)} AS x, {drawing.label(choice.y)} AS y, {value} AS"
        " colour FROM result"
        f" WHERE {holds} GROUP BY ALL) ORDER BY x, y",
        ["x", "y", "colour"],
    )
    channels = {
        "x": {"field": "x", "type": "nominal", "title": drawing.named(choice.x)},
        "y": {"field": "y", "type": "nominal", "title": drawing.named(choice.y)},
        "color": _quantity("colour", drawing.named(choice.colour) if choice.colour else "rows", zero=False),
    }
    return {"mark": {"type": "rect"}, "encoding": channels}, rows, None


_KINDS: Final = {
    "bar": _bar,
    "stacked": _stacked,
    "line": _line,
    "area": _area,
    "scatter": _scatter,
    "histogram": _histogram,
    "heatmap": _heatmap,
    "pie": _pie,
    "figure": _figure,
    "points": _points,
}


def _label(name: str) -> str:
    return f"coalesce(left(CAST({name} AS VARCHAR), {_LABEL}), '{MISSING}')"


def _quantity(field: str, title: str, *, zero: bool) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, "scale": {"zero": zero}}


def _coloured(drawing: _Drawing) -> dict[str, Any]:
    name = drawing.choice.colour
    if not name:
        return {}
    return {"color": {"field": "colour", "type": "nominal", "title": drawing.named(name)}}


def _round(value: float) -> float:
    """Without the last digits that adding up widths leaves (0.30000000000000004)."""
    return float(f"{value:.12g}")
