"""What a benchmark reports: a `Row` per figure, checked, and laid out as one table.

A row says what was measured, the budget it was to keep, the figures of peers measured in the same
run on the same machine, and the floor: what the bare machine does with nothing in between. Whether
more or less is better follows from the unit: rates ("messages/s", "x realtime") should be high,
everything else low. Nothing here measures; `benchmarks.__main__` drives.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, cast

_RATES = ("/s", "/min", "x realtime", "x real time")


class Row(TypedDict):
    """One figure. `value`, `budget`, `floor` and every peer are in `unit`."""

    name: str  # "protocol: round trip p50"; unique over all benchmarks
    value: float
    unit: str
    budget: float | None  # None: reported, not budgeted
    met: bool | None  # None exactly when there is no budget
    peers: dict[str, float]
    floor: float | None


def more_is_better(unit: str) -> bool:
    """Whether a figure in `unit` is a rate, which should be high; others should be low."""
    return unit.endswith(_RATES)


def row(
    name: str,
    value: float,
    unit: str,
    *,
    budget: float | None = None,
    peers: Mapping[str, float] | None = None,
    floor: float | None = None,
) -> Row:
    """A row whose `met` is worked out from the budget and the direction of the unit."""
    met: bool | None = None
    if budget is not None:
        met = value >= budget if more_is_better(unit) else value <= budget
    return Row(
        name=name, value=value, unit=unit, budget=budget, met=met, peers=dict(peers or {}), floor=floor
    )


def check(candidate: Any) -> Row:
    """Return `candidate` as a Row. Raises ValueError that names what is wrong with it."""
    if not isinstance(candidate, dict) or set(candidate) != set(Row.__annotations__):
        raise ValueError(f"not a row with the keys {', '.join(Row.__annotations__)}: {candidate!r}")
    name = candidate["name"]
    if not isinstance(name, str) or not name or not isinstance(candidate["unit"], str):
        raise ValueError(f"a row needs a name and a unit: {candidate!r}")
    if not isinstance(candidate["peers"], dict):
        raise ValueError(f"{name}: peers must map names to figures")
    optional = [figure for figure in (candidate["budget"], candidate["floor"]) if figure is not None]
    for figure in [candidate["value"], *candidate["peers"].values(), *optional]:
        if isinstance(figure, bool) or not isinstance(figure, int | float) or not math.isfinite(figure):
            raise ValueError(f"{name}: {figure!r} is not a finite number")
    if (candidate["met"] is None) != (candidate["budget"] is None):
        raise ValueError(f"{name}: met must say true or false exactly when there is a budget")
    return cast(Row, candidate)


def number(value: float) -> str:
    """`value` with three or more significant digits, thousands separated."""
    magnitude = abs(value)
    if magnitude >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if magnitude >= 10 else f"{value:.2f}" if magnitude >= 1 else f"{value:.3g}"


def advantage(mine: Row, peer: float) -> str:
    """How many times better than `peer` the row is ("3.2x"); below 1x the peer is ahead."""
    better, worse = (mine["value"], peer) if more_is_better(mine["unit"]) else (peer, mine["value"])
    if worse == 0:
        return "-"
    ratio = better / worse
    return f"{ratio:,.0f}x" if ratio >= 100 else f"{ratio:.2g}x" if ratio < 10 else f"{ratio:.0f}x"


def _cells(item: Row) -> list[str]:
    sign = ">=" if more_is_better(item["unit"]) else "<="
    budget = "" if item["budget"] is None else f"{sign} {number(item['budget'])}"
    met = {True: "yes", False: "MISSED", None: ""}[item["met"]]
    peers = "; ".join(
        f"{name} {number(peer)} ({advantage(item, peer)})" for name, peer in item["peers"].items()
    )
    floor = "" if item["floor"] is None else number(item["floor"])
    return [item["name"], f"{number(item['value'])} {item['unit']}", budget, met, floor, peers]


def table(rows: Sequence[Row]) -> str:
    """All rows as one aligned table; the peers come last, since there may be many."""
    header = ["what", "figure", "budget", "met", "floor", "peers (how many times better than each)"]
    lines = [header, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header) - 1)]
    rule = ["-" * width for width in [*widths, len(header[-1])]]
    laid_out = [
        "  ".join([cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=True)] + [line[-1]])
        for line in [header, rule, *lines[1:]]
    ]
    return "\n".join(line.rstrip() for line in laid_out)


def misses(rows: Sequence[Row]) -> list[str]:
    """A sentence for every budget that was not met."""
    return [
        f"{item['name']}: {number(item['value'])} {item['unit']}, budget {number(item['budget'])}"
        for item in rows
        if item["met"] is False and item["budget"] is not None
    ]
