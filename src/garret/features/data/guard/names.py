"""Names as an engine finds them: tables of a catalogue, and the columns that a part of a query sees.

A name is found whatever its case, and rewritten to the one the catalogue has; PostgreSQL folds what is not in
quotes. `Scope` is one SELECT: what it reads from, its aliases, and the query around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Never

from garret.features.data.contracts import Catalogue, Table
from garret.features.data.guard.refusal import refuse

_USUAL_SCHEMAS: Final = ("public", "main", "dbo")
_ROW_NUMBERS: Final = {"duckdb": ("rowid",), "sqlite": ("rowid", "_rowid_", "oid")}


class Relation:
    """What stands in a FROM: a table, a common table, a subquery or an unnested array, and its columns."""

    __slots__ = ("address", "columns", "name", "schema", "single")

    def __init__(
        self,
        name: str,
        columns: Mapping[str, str],
        *,
        address: str = "",
        schema: str = "",
        single: bool = False,
    ) -> None:
        self.name = name
        self.columns = columns  # lower case to what is written
        self.address = address  # of a table of the catalogue; empty otherwise
        self.schema = schema.lower()
        self.single = single  # gives one row, so that it may stand beside others without a condition


def columns_by_name(names: Iterable[str]) -> dict[str, str]:
    """Column names by their lower case; of two that differ in case alone, the first is found."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name.lower(), name)
    return found


class Tables:
    """The tables of a catalogue by name, made once for many queries."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.dialect = catalogue.dialect
        self._by_name: dict[str, list[Table]] = {}
        for table in catalogue.tables:
            self._by_name.setdefault(table.name.lower(), []).append(table)
        self._columns: dict[str, dict[str, str]] = {}
        self.list = [table.address for table in catalogue.tables[:6]]

    def find(self, name: str, schema: str) -> Table:
        """The table called `name` in `schema` (empty: wherever there is one). Raises GuardRefused."""
        candidates = self._by_name.get(name.lower(), [])
        if schema:
            lower = schema.lower()
            fitting = [table for table in candidates if table.schema.lower() == lower]
            if not fitting and lower in _USUAL_SCHEMAS:
                fitting = [table for table in candidates if not table.schema]
            candidates = fitting
        if len(candidates) > 1:
            candidates = _preferred(candidates, name)
        if not candidates:
            self._refuse_table(f"{schema}.{name}" if schema else name)
        if len(candidates) > 1:
            places = ", ".join(table.address for table in candidates)
            refuse("every table is named clearly", name, f"the name with its schema: {places}")
        return candidates[0]

    def columns(self, table: Table) -> dict[str, str]:
        """The table's columns by lower case, and the row number where the engine has one."""
        found = self._columns.get(table.address)
        if found is None:
            found = columns_by_name(column.name for column in table.columns)
            if table.kind in ("table", "file"):
                for name in _ROW_NUMBERS.get(self.dialect, ()):
                    found.setdefault(name, name)
            self._columns[table.address] = found
        return found

    def _refuse_table(self, name: str) -> Never:
        known = ", ".join(self.list) or "none; this source has no tables"
        refuse("only tables of this source", name, f"its tables, such as {known}")


def _preferred(candidates: list[Table], name: str) -> list[Table]:
    """Of tables with one name: those in the usual schema, then those whose case is the same."""
    usual = [table for table in candidates if table.schema.lower() in ("", *_USUAL_SCHEMAS)]
    same = [table for table in usual or candidates if table.name == name]
    return same or usual or candidates


@dataclass(slots=True)
class Scope:
    """What one SELECT sees. `touched` gathers the relations that a condition names."""

    outer: Scope | None
    common: dict[str, Relation]
    relations: dict[str, Relation] = field(default_factory=dict[str, Relation])
    aliases: dict[str, str] = field(default_factory=dict[str, str])
    variables: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    touched: set[str] = field(default_factory=set[str])
    together: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, relation: Relation, alias: str) -> None:
        """Read from `relation` under `alias`. Raises GuardRefused for a second one of that name."""
        key = alias.lower()
        if key in self.relations:
            refuse("every table has a name of its own", alias, "a second table of that name under an alias")
        self.relations[key] = relation
        self.together[key] = key

    def join(self, keys: Iterable[str]) -> None:
        """Remember that a condition speaks of all of `keys`."""
        roots = {self.root(key) for key in keys if key in self.together}
        first = min(roots, default="")
        for root in roots:
            self.together[root] = first

    def root(self, key: str) -> str:
        """What stands for the group of relations that `key` is tied to."""
        while self.together[key] != key:
            key = self.together[key]
        return key

    def apart(self) -> int:
        """How many groups of relations stand beside each other with nothing that ties them."""
        return len({self.root(key) for key, relation in self.relations.items() if not relation.single})
