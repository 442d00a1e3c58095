"""Writing a query tree as SQL of a dialect.

Every name is quoted and every value written as a literal of its column's kind; joins follow the keys. Nothing
of the question reaches the text but as a quoted literal. Neighbours: `tree`, `paths`.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from garret.features.data.contracts import Dialect
from garret.features.data.translator.grains import written
from garret.features.data.translator.index import NUMERIC, Field, Place
from garret.features.data.translator.measures import expressed
from garret.features.data.translator.paths import Paths
from garret.features.data.translator.ranges import ranged
from garret.features.data.translator.tree import Either, Expression, Literally, Query, Test

_SET_WORDS: Final = {"intersect": "INTERSECT", "except": "EXCEPT", "union": "UNION"}


class NoPathError(Exception):
    """Tables of a query that no keys join."""


class Writer:
    """Writes queries in one dialect."""

    def __init__(self, dialect: Dialect, paths: Paths) -> None:
        self._dialect: Dialect = dialect
        self._paths = paths
        self._mark = "`" if dialect == "mysql" else '"'

    def write(self, query: Query) -> str:
        """The text of a query. Raises NoPathError."""
        text = self._plain(query)
        if query.combined is not None:
            kind, other = query.combined
            text = f"{text} {_SET_WORDS[kind]} {self._plain(dataclasses.replace(other, combined=None))}"
        return text

    def _plain(self, query: Query) -> str:
        places = tables(query)
        joins = self._paths.tree(places)
        if joins is None:
            raise NoPathError
        order = [places[0], *[place for place, _ in joins]]
        names = {id(place): f"t{at}" if len(order) > 1 else "" for at, place in enumerate(order, start=1)}
        parts = ["SELECT", "DISTINCT" if query.distinct else "", self._shown(query, names)]
        parts += ["FROM", self._table(places[0], names)]
        chosen = {(id(edge.left.place), id(edge.right.place)): edge for edge in query.keys}
        for place, shortest in joins:
            edge = chosen.get((id(shortest.left.place), id(shortest.right.place)), shortest)
            left, right = self._field(edge.left, names), self._field(edge.right, names)
            parts.append(f"JOIN {self._table(place, names)} ON {left} = {right}")
        parts += self._tail(query, names)
        return " ".join(part for part in parts if part)

    def _tail(self, query: Query, names: dict[int, str]) -> list[str]:
        parts: list[str] = []
        if query.where:
            parts.append("WHERE " + " AND ".join(self._condition(test, names) for test in query.where))
        keys = [self._field(field, names) for field in query.group]
        if keys:
            parts.append("GROUP BY " + ", ".join(keys))
        if query.having:
            parts.append("HAVING " + " AND ".join(self._condition(test, names) for test in query.having))
        if query.order:
            parts.append(
                "ORDER BY " + ", ".join(self._key(each.by, each.descending, names) for each in query.order)
            )
        if query.limit is not None:
            parts.append(f"LIMIT {query.limit:d}")
        return parts

    def _key(self, by: Expression, descending: bool, names: dict[int, str]) -> str:
        text = self._expression(by, names)
        if self._dialect in ("mysql", "sqlite"):
            return f"{text} DESC" if descending else text
        return f"{text} DESC NULLS LAST" if descending else f"{text} NULLS FIRST"

    def _shown(self, query: Query, names: dict[int, str]) -> str:
        if query.everything is not None:
            name = names[id(query.everything)]
            return f"{name}.*" if name else "*"
        taken = {column.name.lower() for place in tables(query) for column in place.table.columns}
        return ", ".join(self._named(each, names, taken) for each in query.select)

    def _named(self, each: Expression, names: dict[int, str], taken: set[str]) -> str:
        """An expression; a figure under a name that a person reads, if no column has it."""
        text = self._expression(each, names)
        if each.of is not None and each.of.of is not None and not each.aggregate:
            name = each.of.name if each.of.name not in taken else f"{each.of.name}_of_{each.of.of.name}"
            return f"{text} AS {self.quoted(name)}"
        word = _FIGURES.get("count" if each.of is None else each.aggregate)
        if word is None:
            return text
        name = word if each.of is None else f"{word}_{each.of.name}"
        return text if name.lower() in taken else f"{text} AS {self.quoted(name)}"

    def quoted(self, name: str) -> str:
        """A name between the dialect's marks."""
        return self._mark + name.replace(self._mark, self._mark * 2) + self._mark

    def _table(self, place: Place, names: dict[int, str]) -> str:
        table = place.table
        text = self.quoted(table.name)
        if table.schema:
            text = ".".join(self.quoted(part) for part in table.schema.split(".")) + "." + text
        return f"{text} AS {names[id(place)]}" if names[id(place)] else text

    def _field(self, field: Field, names: dict[int, str]) -> str:
        if field.of is not None and field.grain is not None:
            return written(field.grain, self._field(field.of, names), self._dialect)
        name = names[id(field.place)]
        if field.formula is not None:
            text = expressed(field.formula, self._dialect, name)
            return text if field.whole else f"({text})"
        return f"{name}.{self.quoted(field.name)}" if name else self.quoted(field.name)

    def _expression(self, each: Expression, names: dict[int, str]) -> str:
        if each.of is None:
            return "COUNT(*)"
        text = self._field(each.of, names)
        if each.part:
            text = self._part(each.part, text)
        if each.aggregate and each.aggregate != "measure":
            return f"{each.aggregate.upper()}({'DISTINCT ' if each.distinct else ''}{text})"
        return text

    def _part(self, part: str, text: str) -> str:
        if self._dialect == "sqlite":
            letter = {"year": "%Y", "month": "%m", "day": "%d"}[part]
            return f"CAST(STRFTIME('{letter}', {text}) AS INTEGER)"
        return f"EXTRACT({part.upper()} FROM {text})"

    def _condition(self, test: Test | Either, names: dict[int, str]) -> str:
        if isinstance(test, Either):
            return "(" + " OR ".join(self._alternative(each, names) for each in test.tests) + ")"
        test = ranged(test)
        left = self._expression(test.left, names)
        if test.operator in ("missing", "present"):
            return f"{left} IS {'NOT ' if test.operator == 'present' else ''}NULL"
        if test.query is not None:
            return f"{left} {test.operator.upper()} ({self.write(test.query)})"
        return self._against_values(test, left)

    def _alternative(self, test: Test, names: dict[int, str]) -> str:
        text = self._condition(test, names)
        return f"({text})" if ranged(test).operator == "within" else text

    def _against_values(self, test: Test, left: str) -> str:
        values = [self.literal(value, test.left) for value in test.right]
        if test.operator == "within":
            return f"{left} >= {values[0]} AND {left} < {values[1]}"
        if test.operator == "between":
            return f"{left} BETWEEN {values[0]} AND {values[1]}"
        if test.operator in ("in", "not in"):
            return f"{left} {test.operator.upper()} ({', '.join(values)})"
        value = test.right[0]
        if isinstance(value.value, str) and not value.exact and self._texts(test.left):
            left, values = f"LOWER({left})", [self.literal(Literally(value.value.lower()), test.left)]
        operator = "<>" if test.operator == "!=" else test.operator.upper()
        return f"{left} {operator} {values[0]}"

    @staticmethod
    def _texts(left: Expression) -> bool:
        return left.of is not None and left.of.column.kind == "text" and not left.aggregate

    def literal(self, value: Literally, left: Expression) -> str:
        """A value as the dialect writes one of the column's kind."""
        plain = value.value
        if isinstance(plain, bool):
            return "TRUE" if plain else "FALSE"
        numeric = (
            left.of is None or bool(left.part) or left.aggregate == "count" or left.of.column.kind in NUMERIC
        )
        if isinstance(plain, int | float):
            number = str(int(plain)) if plain == int(plain) else repr(float(plain))
            return number if numeric else self._text(number)
        if numeric and _is_number(plain):
            return plain
        if self._dialect == "trino" and left.of is not None and left.of.timely and not left.part:
            return f"{'DATE' if left.of.column.kind == 'date' else 'TIMESTAMP'} {self._text(plain)}"
        return self._text(plain)

    def _text(self, text: str) -> str:
        doubled = text.replace("'", "''")
        if self._dialect == "mysql":
            doubled = doubled.replace("\\", "\\\\")
        return f"'{doubled}'"


_FIGURES: Final = {"count": "count", "avg": "average", "sum": "total", "min": "lowest", "max": "highest"}
"""What figures are called in a result."""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.replace(".", "", 1).replace("-", "", 1).isdigit()


def tables(query: Query) -> list[Place]:
    """The tables of a query: of what it shows, tests, groups and orders by, and those it needs besides."""
    found: list[Place] = []
    for place in [query.everything, *(_place(each) for each in query.select), *query.also]:
        _add(found, place)
    for test in (*query.where, *query.having):
        for each in test.tests if isinstance(test, Either) else (test,):
            _add(found, _place(each.left))
    for field in query.group:
        _add(found, field.place)
    for order in query.order:
        _add(found, _place(order.by))
    return found


def _place(each: Expression) -> Place | None:
    return each.of.place if each.of is not None else None


def _add(found: list[Place], place: Place | None) -> None:
    if place is not None and place not in found:
        found.append(place)
