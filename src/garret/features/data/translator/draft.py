"""The draft of a query while the grammar reads a question.

It gathers what each part of the grammar found; `assembly` makes a query of it. `flags` count what was done
and
what was doubtful: they are what confidence is worked out from. Neighbours: every part of the grammar.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from garret.features.data.translator.index import Field, Index, Place
from garret.features.data.translator.linking import Item
from garret.features.data.translator.paths import Paths
from garret.features.data.translator.scope import Scope
from garret.features.data.translator.tree import (
    Aggregate,
    Combination,
    Either,
    Expression,
    Operator,
    Order,
    Test,
)


@dataclass
class Wanted:
    """Something to show: an expression, or a table whose names are to be shown."""

    what: Expression | Place
    at: int


@dataclass
class Counting:
    """A condition or an order by how many rows of `of` there are for each row of the entity."""

    of: Place | None
    operator: Operator = ">="
    number: float = 0
    descending: bool = True
    limit: int = 1
    distinct: Field | None = None


@dataclass
class Absent:
    """Rows of the entity that have no row in `place` (that holds to `tests`)."""

    place: Place
    tests: tuple[Test | Either, ...] = ()


@dataclass
class Draft:
    """One question being read."""

    items: list[Item]
    index: Index
    paths: Paths
    scope: Scope
    today: dt.date
    select: list[Wanted] = field(default_factory=list[Wanted])
    tests: list[Test | Either] = field(default_factory=list["Test | Either"])
    counted: list[Counting] = field(default_factory=list[Counting])
    having: list[Test] = field(default_factory=list[Test])
    most: Counting | None = None
    group: list[Field | Place] = field(default_factory=list["Field | Place"])
    order: list[Order] = field(default_factory=list[Order])
    order_first: bool | None = None
    limit: int | None = None
    distinct: bool = False
    absent: list[Absent] = field(default_factory=list[Absent])
    combined: tuple[Combination, Test, Test] | None = None
    required: list[Place] = field(default_factory=list[Place])
    extreme: tuple[Field, bool] | None = None
    figure: Aggregate = ""
    flags: Counter[str] = field(default_factory=Counter[str])
    wanted_limit: int | None = None
    zone: tuple[int, int] = (0, 0)
    doubtful: tuple[Field, ...] = ()
    """Columns of time that a period may be about; the first was taken."""
    timeless: str = ""
    """Words of time for which there is no column."""
    absent_tests: list[Test] = field(default_factory=list["Test"])
    """What holds of the rows that must not be."""

    def at(self, place: int) -> Item | None:
        """The item at a place of the row; None beyond its ends."""
        return self.items[place] if 0 <= place < len(self.items) else None

    def low(self, place: int) -> str:
        item = self.at(place)
        return item.low if item is not None else ""
