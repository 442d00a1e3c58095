"""Which chart fits a result: a fixed table of rules over kinds of columns, counts and words of the question.

Pure and without rows: `Fact`s of the columns go in, `Choice`s come out, the best first. The table is `RULES`;
each rule looks at the roles that columns can play (a number to show, a time, a label, a place) and gives at
most one choice, with the sentence that tells a person why. Words of the question only move what fits already
to the front; they never make a chart that the columns do not bear.

Neighbours: `drawing` fetches the rows of a choice and makes the specification.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from garret.features.data.contracts import ChartKind, ColumnKind

Role: TypeAlias = Literal["number", "time", "label", "latitude", "longitude", "none"]
Gather: TypeAlias = Literal["", "sum", "count"]

MOST_PARTS: Final = 6  # of a pie: beyond these, angles are not told apart
MOST_COLOURS: Final = 12  # beyond these, colours are not told apart
MOST_CELLS: Final = 60  # of one side of a heat map
MOST_LABELS: Final = 40  # bars; the rest is left out, and that is said

NUMBERS: Final[frozenset[ColumnKind]] = frozenset({"integer", "decimal", "real"})
TIMES: Final[frozenset[ColumnKind]] = frozenset({"date", "timestamp"})
LABELS: Final[frozenset[ColumnKind]] = frozenset({"text", "boolean", "uuid", "time"})

_LATITUDE: Final = re.compile(r"(?:^|_)(?:lat|latitude)(?:$|_)", re.IGNORECASE)
_LONGITUDE: Final = re.compile(r"(?:^|_)(?:lon|lng|long|longitude)(?:$|_)", re.IGNORECASE)
_YEAR: Final = re.compile(r"(?:^|_)year(?:$|_)", re.IGNORECASE)
_IDENTITY: Final = re.compile(r"(?:^|_)(?:id|code|zip|zipcode|postcode|number|no|nr|key)$", re.IGNORECASE)
_WHOLE: Final = re.compile(r"count|sum|total|share|percent|pct|amount|number", re.IGNORECASE)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule may know of a column. `lowest` and `highest` are of numbers alone."""

    name: str
    kind: ColumnKind
    distinct: int
    missing: int = 0
    lowest: float | None = None
    highest: float | None = None
    unit: str = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A chart that fits: which column goes where. `gather` says how rows of one label become one mark."""

    kind: ChartKind
    why: str
    x: str = ""
    y: str = ""
    colour: str = ""
    gather: Gather = ""


class Facts:
    """The columns of one result by the roles they can play, each in the order of the result."""

    def __init__(self, facts: Sequence[Fact], rows: int) -> None:
        self.rows = rows
        self.all = {fact.name: fact for fact in facts}
        self._roles: dict[Role, list[Fact]] = {}
        for fact in facts:
            self._roles.setdefault(role(fact), []).append(fact)

    def of(self, wanted: Role) -> list[Fact]:
        return self._roles.get(wanted, [])

    def labels(self, most: int) -> list[Fact]:
        """Labels with at least two and at most so many different values."""
        return [fact for fact in self.of("label") if 2 <= fact.distinct <= most]


def role(fact: Fact) -> Role:
    """The one role of a column; whole numbers that name things are labels, years are times."""
    if fact.kind in TIMES:
        return "time"
    if fact.kind in LABELS:
        return "label"
    if fact.kind not in NUMBERS or fact.lowest is None or fact.highest is None:
        return "none"
    if _LATITUDE.search(fact.name) and fact.lowest >= -90 and fact.highest <= 90:
        return "latitude"
    if _LONGITUDE.search(fact.name) and fact.lowest >= -180 and fact.highest <= 180:
        return "longitude"
    if fact.kind == "integer" and _YEAR.search(fact.name) and fact.lowest >= 1000 and fact.highest < 3000:
        return "time"
    if fact.kind == "integer" and _IDENTITY.search(fact.name) and not _counts(fact.name):
        return "label"
    return "number"


def recommend(facts: Sequence[Fact], rows: int, hints: Sequence[str] = ()) -> tuple[Choice, ...]:
    """The charts that fit, the best first; none where nothing does. `hints` are those of a Translation."""
    if rows < 1:
        return ()
    known = Facts(facts, rows)
    found = [choice for rule in RULES if (choice := rule(known)) is not None]
    wanted = {kind for hint in hints for kind in HINTED.get(hint, ())}
    found.sort(key=lambda choice: choice.kind not in wanted)  # stable: the table's order within both
    return tuple(found)


HINTED: Final[dict[str, tuple[ChartKind, ...]]] = {
    "share": ("pie", "stacked"),
    "trend": ("line", "area"),
    "distribution": ("histogram",),
    "map": ("points",),
    "compare": ("bar",),
    "correlation": ("scatter",),
}


def _figure(facts: Facts) -> Choice | None:
    numbers = facts.of("number")
    if facts.rows != 1 or not numbers:
        return None
    return Choice(kind="figure", y=numbers[0].name, why="One row with one number is shown as a figure.")


def _points(facts: Facts) -> Choice | None:
    latitudes, longitudes = facts.of("latitude"), facts.of("longitude")
    if not latitudes or not longitudes:
        return None
    colour = _first(facts.labels(MOST_COLOURS))
    return Choice(
        kind="points",
        x=longitudes[0].name,
        y=latitudes[0].name,
        colour=colour,
        why="Latitudes and longitudes are points on a map.",
    )


def _line(facts: Facts) -> Choice | None:
    return _over_time(facts, "line", "A number over time is a line.")


def _area(facts: Facts) -> Choice | None:
    numbers = facts.of("number")
    if not numbers or (numbers[0].lowest or 0.0) < 0:
        return None  # an area below nothing says nothing
    return _over_time(facts, "area", "A number over time that is never negative can be an area.")


def _over_time(facts: Facts, kind: ChartKind, why: str) -> Choice | None:
    times, numbers = facts.of("time"), facts.of("number")
    if not times or not numbers or times[0].distinct < 3:
        return None
    time = times[0]
    labels = [label for label in facts.labels(MOST_COLOURS) if time.distinct < facts.rows]
    several = facts.rows > time.distinct * (labels[0].distinct if labels else 1)
    return Choice(
        kind=kind,
        x=time.name,
        y=numbers[0].name,
        colour=_first(labels),
        gather="sum" if several else "",
        why=why + (" Rows of the same time are added up." if several else ""),
    )


def _stacked(facts: Facts) -> Choice | None:
    pair = _two_labels(facts, MOST_LABELS, MOST_COLOURS)
    numbers = facts.of("number")
    if pair is None or not numbers or (numbers[0].lowest or 0.0) < 0:
        return None
    return Choice(
        kind="stacked",
        x=pair[0],
        y=numbers[0].name,
        colour=pair[1],
        gather="sum",
        why="A number by two labels is a bar for each of the first, in parts by the second.",
    )


def _pie(facts: Facts) -> Choice | None:
    numbers, labels = facts.of("number"), facts.labels(MOST_PARTS)
    if len(numbers) != 1 or len(facts.of("label")) != 1 or not labels or facts.of("time"):
        return None
    number = numbers[0]
    whole = labels[0].distinct == facts.rows and (number.lowest or 0.0) > 0 and not number.missing
    if not whole or not _WHOLE.search(number.name):
        return None
    return Choice(
        kind="pie",
        x=labels[0].name,
        y=number.name,
        why=f"At most {MOST_PARTS} positive parts of a whole can be a pie.",
    )


def _bar(facts: Facts) -> Choice | None:
    return _bars(facts, 2, MOST_LABELS, "A number for each label is a bar.")


def _highest(facts: Facts) -> Choice | None:
    most = f"Of many labels, the {MOST_LABELS} with the highest numbers are bars."
    return _bars(facts, MOST_LABELS + 1, facts.rows, most)


def _bars(facts: Facts, fewest: int, most: int, why: str) -> Choice | None:
    numbers = facts.of("number")
    times = facts.of("time") if most == MOST_LABELS else []
    labels = [fact for fact in [*facts.of("label"), *times] if fewest <= fact.distinct <= most]
    if not labels or not numbers:
        return None
    # The label that tells the rows apart best is what the bars are about; words before numbers that name.
    label = max(labels, key=lambda fact: (fact.distinct, fact.kind not in NUMBERS))
    several = label.distinct + bool(label.missing) < facts.rows
    why += " Rows of the same label are added up." if several else ""
    return Choice(kind="bar", x=label.name, y=numbers[0].name, gather="sum" if several else "", why=why)


def _scatter(facts: Facts) -> Choice | None:
    numbers = [number for number in facts.of("number") if number.distinct >= 3]
    if len(numbers) < 2 or facts.rows < 5:
        return None
    return Choice(
        kind="scatter",
        x=numbers[0].name,
        y=numbers[1].name,
        colour=_first(facts.labels(MOST_COLOURS)),
        why="Two numbers of each row are a point.",
    )


def _heatmap(facts: Facts) -> Choice | None:
    pair = _two_labels(facts, MOST_CELLS, MOST_CELLS)
    if pair is None:
        return None
    numbers = facts.of("number")
    return Choice(
        kind="heatmap",
        x=pair[0],
        y=pair[1],
        colour=numbers[0].name if numbers else "",
        gather="sum" if numbers else "count",
        why="Two labels are a heat map" + (" of the number." if numbers else " of how many rows they share."),
    )


def _histogram(facts: Facts) -> Choice | None:
    numbers = [number for number in facts.of("number") if number.distinct >= 5]
    if not numbers or facts.rows < 10:
        return None
    return Choice(
        kind="histogram", x=numbers[0].name, gather="count", why="Many values of one number are a histogram."
    )


def _counted(facts: Facts) -> Choice | None:
    """Bars of how often each label is there, where no number is."""
    labels = [fact for fact in facts.labels(MOST_LABELS) if fact.distinct < facts.rows]
    if not labels or facts.of("number"):
        return None
    return Choice(
        kind="bar", x=labels[0].name, gather="count", why="Labels that repeat are counted, a bar for each."
    )


RULES: Final[tuple[Callable[[Facts], Choice | None], ...]] = (
    _figure,
    _points,
    _line,
    _stacked,
    _bar,
    _scatter,
    _heatmap,
    _pie,
    _area,
    _histogram,
    _highest,
    _counted,
)
"""In order of preference; `recommend` moves what the question's words want to the front."""


def _two_labels(facts: Facts, first: int, second: int) -> tuple[str, str] | None:
    """Two labels, the one with more values first, where together they tell more than either alone."""
    labels = sorted(facts.labels(max(first, second)), key=lambda fact: -fact.distinct)
    if len(labels) < 2 or labels[0].distinct > first or labels[1].distinct > second:
        return None
    return (labels[0].name, labels[1].name) if labels[0].distinct < facts.rows else None


def _counts(name: str) -> bool:
    """`number_of_x` and `count_no` are amounts, though they end as identities do."""
    return bool(re.search(r"count|number_of|(?:^|_)n_", name, re.IGNORECASE)) or name.lower() == "number"


def _first(facts: Sequence[Fact]) -> str:
    return facts[0].name if facts else ""
