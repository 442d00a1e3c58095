"""A chart as an SVG picture without a browser: for the command line and for pages that stand alone.

Pure: a `ChartSpec` goes in, text comes out. It draws what `drawing` makes and nothing else; texts are
escaped, no script, style sheet or address is in it. Light on detail on purpose: axes, marks, legend, a
title for readers of screens.

Neighbours: `drawing` made the specification; `export_page` puts the picture into a page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from garret.features.data.contracts import ChartSpec

WIDTH, HEIGHT = 760.0, 420.0
COLOURS: Final = (
    "#1f5fa8", "#d1690e", "#2c8a4b", "#b3324a", "#7452a6", "#8a6238",
    "#c2579e", "#5f6b76", "#8b8b1a", "#1592a5", "#4b4fc4", "#a3540b",
)  # fmt: skip
_INK, _FAINT = "#333", "#ddd"
_LEFT, _RIGHT, _TOP, _BOTTOM = 78.0, 20.0, 40.0, 58.0
_LEGEND: Final = 150.0  # width, where there is one
_LETTER: Final = 6.2  # width of a letter at 11 px, about


def svg(chart: ChartSpec) -> str:
    """The picture of a chart: a whole `<svg>` element."""
    marks = _KINDS[chart.kind](_Picture(chart))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img"'
        f' font-family="sans-serif" font-size="11" fill="{_INK}">'
        f"<title>{escape(chart.title)}</title><desc>{escape(chart.why)}</desc>"
        f'<rect width="100%" height="100%" fill="#fff"/>'
        f"{_text(WIDTH / 2, 22, chart.title, 'middle', size=14)}{''.join(marks)}</svg>\n"
    )


class _Picture:
    """A chart with its frame: what of the picture is for marks, and which colour a label has."""

    def __init__(self, chart: ChartSpec) -> None:
        self.chart = chart
        self.rows = chart.data
        self.channels: dict[str, Any] = chart.spec["encoding"]
        colours = [str(row["colour"]) for row in self.rows if row.get("colour") is not None]
        numbers = self.channels.get("color", {}).get("type") == "quantitative"
        self.labels = [] if numbers else list(dict.fromkeys(colours))
        self.left, self.top = _LEFT, _TOP
        self.right = WIDTH - _RIGHT - (_LEGEND if self.labels else 0)
        self.bottom = HEIGHT - _BOTTOM

    def colour(self, row: dict[str, Any]) -> str:
        label = row.get("colour")
        return COLOURS[self.labels.index(str(label)) % len(COLOURS)] if self.labels else COLOURS[0]

    def legend(self, labels: Sequence[str] = ()) -> list[str]:
        parts: list[str] = []
        for number, label in enumerate(labels or self.labels):
            y = self.top + 18 * number
            parts.append(_box(self.right + 16, y, 10, 10, COLOURS[number % len(COLOURS)]))
            parts.append(_text(self.right + 31, y + 9, _short(label, 18)))
        return parts

    def titles(self, across: str, up: str) -> list[str]:
        middle = (self.top + self.bottom) / 2
        return [
            _text((self.left + self.right) / 2, HEIGHT - 10, across, "middle"),
            _text(16, middle, up, "middle", turn=-90),
        ]

    def title_of(self, channel: str) -> str:
        return str(self.channels.get(channel, {}).get("title", ""))


class _Scale:
    """Numbers to places between two ends, with round ticks."""

    def __init__(self, values: Sequence[float], start: float, end: float, *, zero: bool) -> None:
        lowest, highest = (min(values), max(values)) if values else (0.0, 1.0)
        if zero:
            lowest, highest = min(lowest, 0.0), max(highest, 0.0)
        if highest <= lowest:
            highest = lowest + (abs(lowest) or 1.0)
        self.step = _round_step(highest / 5 - lowest / 5)
        self.lowest = _held(math.floor(lowest / self.step) * self.step, lowest)
        self.highest = _held(math.ceil(highest / self.step) * self.step, highest)
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        part = (value / 2 - self.lowest / 2) / (self.highest / 2 - self.lowest / 2)
        return self.start + part * (self.end - self.start)

    def ticks(self) -> list[float]:
        count = round(self.highest / self.step - self.lowest / self.step)
        ticks = [self.lowest + number * self.step for number in range(count + 1)]
        return [tick for tick in ticks if math.isfinite(tick)]


def _held(rounded: float, value: float) -> float:
    """The rounded end of a scale, unless it is beyond what a double holds."""
    return rounded if math.isfinite(rounded) else value


def _round_step(raw: float) -> float:
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return next((step * power for step in (1.0, 2.0, 5.0) if step * power >= raw * 0.999), 10.0 * power)


def _figure(picture: _Picture) -> list[str]:
    value = picture.rows[0]["y"] if picture.rows else None
    shown = "(missing)" if value is None else str(value)
    return [
        _text(WIDTH / 2, HEIGHT / 2, _short(shown, 24), "middle", size=54),
        _text(WIDTH / 2, HEIGHT / 2 + 40, picture.title_of("text"), "middle", size=15),
    ]


def _bar(picture: _Picture) -> list[str]:
    lying = picture.channels["y"].get("field") == "x"
    if lying:
        picture.left = 190.0
    numbers = [float(row["y"]) for row in picture.rows]
    ends = (picture.left, picture.right) if lying else (picture.bottom, picture.top)
    scale = _Scale(numbers, *ends, zero=True)
    labels = [_moment(row["x"]) for row in picture.rows]
    room = ((picture.bottom - picture.top) if lying else (picture.right - picture.left)) / max(len(labels), 1)
    parts = _grid(picture, scale, lying=lying)
    for number, value in enumerate(numbers):
        near, far = sorted((scale(0.0), scale(value)))
        if lying:
            parts.append(_box(near, picture.top + room * (number + 0.1), far - near, room * 0.8, COLOURS[0]))
        else:
            parts.append(_box(picture.left + room * (number + 0.1), near, room * 0.8, far - near, COLOURS[0]))
    parts += _labels_up(picture, labels, room) if lying else _labels_across(picture, labels, room)
    return [*parts, *picture.titles(picture.title_of("x"), picture.title_of("y"))]


def _stacked(picture: _Picture) -> list[str]:
    places = list(dict.fromkeys(str(row["x"]) for row in picture.rows))
    heights = dict.fromkeys(places, 0.0)
    for row in picture.rows:
        heights[str(row["x"])] += float(row["y"])
    scale = _Scale(list(heights.values()), picture.bottom, picture.top, zero=True)
    room = (picture.right - picture.left) / max(len(places), 1)
    parts = _grid(picture, scale)
    reached = dict.fromkeys(places, 0.0)
    for row in picture.rows:
        place, value = str(row["x"]), float(row["y"])
        low, high = scale(reached[place]), scale(reached[place] + value)
        x = picture.left + room * (places.index(place) + 0.1)
        parts.append(_box(x, high, room * 0.8, low - high, picture.colour(row)))
        reached[place] += value
    parts += _labels_across(picture, [_moment(place) for place in places], room)
    return [*parts, *picture.legend(), *picture.titles(picture.title_of("x"), picture.title_of("y"))]


def _line(picture: _Picture) -> list[str]:
    return _over_time(picture, filled=False)


def _area(picture: _Picture) -> list[str]:
    return _over_time(picture, filled=True)


def _over_time(picture: _Picture, *, filled: bool) -> list[str]:
    up = _Scale([float(row["y"]) for row in picture.rows], picture.bottom, picture.top, zero=filled)
    times = [_seconds(row["x"]) for row in picture.rows]
    first, last = (min(times), max(times)) if times else (0.0, 1.0)
    span = (last - first) or 1.0
    wide = picture.right - picture.left
    lines: dict[str, list[tuple[float, float]]] = {}
    colours: dict[str, str] = {}
    for row, seconds in zip(picture.rows, times, strict=True):
        label = str(row.get("colour", ""))
        point = (picture.left + (seconds - first) / span * wide, up(float(row["y"])))
        lines.setdefault(label, []).append(point)
        colours[label] = picture.colour(row)
    parts = _grid(picture, up)
    for label, points in lines.items():
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        if filled:
            floor = up(max(up.lowest, 0.0))
            path = f"{points[0][0]:.1f},{floor:.1f} {path} {points[-1][0]:.1f},{floor:.1f}"
            parts.append(f'<polygon points="{path}" fill="{colours[label]}" fill-opacity="0.6"/>')
        else:
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colours[label]}" stroke-width="1.8"/>'
            )
    if picture.rows:
        shown = {
            0: picture.rows[0]["x"],
            len(times) // 2: picture.rows[len(times) // 2]["x"],
            -1: picture.rows[-1]["x"],
        }
        for number, value in shown.items():
            x = picture.left + (times[number] - first) / span * wide
            parts.append(_text(x, picture.bottom + 16, _moment(value), "middle"))
    return [*parts, *picture.legend(), *picture.titles(picture.title_of("x"), picture.title_of("y"))]


def _scatter(picture: _Picture) -> list[str]:
    return _cloud(picture, "x", "y")


def _points(picture: _Picture) -> list[str]:
    return _cloud(picture, "longitude", "latitude")


def _cloud(picture: _Picture, across: str, up: str) -> list[str]:
    x = _Scale([float(row["x"]) for row in picture.rows], picture.left, picture.right, zero=False)
    y = _Scale([float(row["y"]) for row in picture.rows], picture.bottom, picture.top, zero=False)
    parts = [*_grid(picture, y), *_ticks_across(picture, x)]
    for row in picture.rows:
        parts.append(
            f'<circle cx="{x(float(row["x"])):.1f}" cy="{y(float(row["y"])):.1f}" r="2.5"'
            f' fill="{picture.colour(row)}" fill-opacity="0.6"/>'
        )
    titles = picture.titles(picture.title_of(across) or across, picture.title_of(up) or up)
    return [*parts, *picture.legend(), *titles]


def _histogram(picture: _Picture) -> list[str]:
    edges = [float(row[key]) for row in picture.rows for key in ("x", "x2")]
    x = _Scale(edges, picture.left, picture.right, zero=False)
    y = _Scale([float(row["y"]) for row in picture.rows], picture.bottom, picture.top, zero=True)
    parts = [*_grid(picture, y), *_ticks_across(picture, x)]
    for row in picture.rows:
        start, end, top = x(float(row["x"])), x(float(row["x2"])), y(float(row["y"]))
        parts.append(_box(start, top, max(end - start - 1, 0.5), picture.bottom - top, COLOURS[0]))
    return [*parts, *picture.titles(picture.title_of("x"), picture.title_of("y"))]


def _heatmap(picture: _Picture) -> list[str]:
    picture.left = 150.0
    across = list(dict.fromkeys(str(row["x"]) for row in picture.rows))
    up = list(dict.fromkeys(str(row["y"]) for row in picture.rows))
    values = [float(row["colour"]) for row in picture.rows]
    shade = _Scale(values, 0.08, 1.0, zero=False)
    wide = (picture.right - picture.left) / max(len(across), 1)
    high = (picture.bottom - picture.top) / max(len(up), 1)
    parts: list[str] = []
    for row, value in zip(picture.rows, values, strict=True):
        x = picture.left + wide * across.index(str(row["x"]))
        y = picture.top + high * up.index(str(row["y"]))
        parts.append(_box(x, y, wide, high, COLOURS[0], shade(value)))
    parts += [*_labels_across(picture, across, wide), *_labels_up(picture, up, high)]
    return [*parts, *picture.titles(picture.title_of("x"), picture.title_of("y"))]


def _pie(picture: _Picture) -> list[str]:
    total = math.fsum(float(row["y"]) for row in picture.rows) or 1.0
    picture.right = WIDTH - _RIGHT - _LEGEND
    middle_x, middle_y = (picture.left + picture.right) / 2, (_TOP + HEIGHT) / 2
    radius = (HEIGHT - _TOP) / 2 - 20
    parts: list[str] = []
    labels: list[str] = []
    angle = -math.pi / 2
    for number, row in enumerate(picture.rows):
        part = float(row["y"]) / total
        end = angle + part * 2 * math.pi
        labels.append(f"{_short(str(row['x']), 11)} {part:.0%}")
        colour = COLOURS[number % len(COLOURS)]
        if part > 0.9999:  # an arc that ends where it began would be nothing
            parts.append(f'<circle cx="{middle_x}" cy="{middle_y}" r="{radius}" fill="{colour}"/>')
            continue
        start_at = f"{middle_x + radius * math.cos(angle):.1f} {middle_y + radius * math.sin(angle):.1f}"
        end_at = f"{middle_x + radius * math.cos(end):.1f} {middle_y + radius * math.sin(end):.1f}"
        arc = f"A{radius} {radius} 0 {int(part > 0.5)} 1 {end_at}"
        parts.append(f'<path d="M{middle_x} {middle_y} L{start_at} {arc} Z" fill="{colour}" stroke="#fff"/>')
        angle = end
    return [*parts, *picture.legend(labels)]


_KINDS: Final[dict[str, Callable[[_Picture], list[str]]]] = {
    "bar": _bar, "stacked": _stacked, "line": _line, "area": _area, "scatter": _scatter,
    "histogram": _histogram, "heatmap": _heatmap, "pie": _pie, "figure": _figure, "points": _points,
}  # fmt: skip


def _grid(picture: _Picture, scale: _Scale, *, lying: bool = False) -> list[str]:
    """Lines at the ticks of the number, with their figures."""
    parts: list[str] = []
    for tick in scale.ticks():
        at = scale(tick)
        if lying:
            parts.append(_stroke(at, picture.top, at, picture.bottom))
            parts.append(_text(at, picture.bottom + 16, _number(tick), "middle"))
        else:
            parts.append(_stroke(picture.left, at, picture.right, at))
            parts.append(_text(picture.left - 6, at + 4, _number(tick), "end"))
    return parts


def _ticks_across(picture: _Picture, scale: _Scale) -> list[str]:
    return [_text(scale(tick), picture.bottom + 16, _number(tick), "middle") for tick in scale.ticks()]


def _labels_across(picture: _Picture, labels: Sequence[str], room: float) -> list[str]:
    """As many labels as there is room for; the first of each run."""
    widest = max((min(len(label), 14) for label in labels), default=1) * _LETTER + 6
    every = max(1, math.ceil(widest / room))
    return [
        _text(picture.left + room * (number + 0.5), picture.bottom + 16, _short(label, 14), "middle")
        for number, label in enumerate(labels)
        if number % every == 0
    ]


def _labels_up(picture: _Picture, labels: Sequence[str], room: float) -> list[str]:
    every = max(1, math.ceil(12 / room))
    letters = int((picture.left - 30) / _LETTER)
    return [
        _text(picture.left - 6, picture.top + room * (number + 0.5) + 4, _short(label, letters), "end")
        for number, label in enumerate(labels)
        if number % every == 0
    ]


def _text(
    x: float, y: float, text: str, anchor: str = "start", *, size: int | None = None, turn: int = 0
) -> str:
    more = f' font-size="{size}"' if size else ""
    more += f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(_visible(text))}</text>'


def _box(x: float, y: float, width: float, height: float, colour: str, opacity: float = 1.0) -> str:
    faint = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"{faint}/>'


def _stroke(x: float, y: float, x2: float, y2: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{_FAINT}"/>'


def _visible(text: str) -> str:
    """Without the characters that XML does not allow."""
    return "".join(c for c in text if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: max(letters - 1, 1)] + "…"


def _number(value: float) -> str:
    for size, mark in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size and abs(value) < 1e15:
            return f"{value / size:.4g}{mark}"
    return f"{value:.4g}"


def _seconds(value: Any) -> float:
    """A time on the axis: years are numbers, the rest is text of ISO 8601."""
    if isinstance(value, int | float):
        return float(value)
    return datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def _moment(value: Any) -> str:
    """A time as a label: without the hour where it is midnight."""
    text = str(value)
    return text.removesuffix("T00:00:00Z").replace("T", " ").removesuffix("Z") if text.endswith("Z") else text
