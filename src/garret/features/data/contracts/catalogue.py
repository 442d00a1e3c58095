"""What a source holds: tables, columns, keys and what a person says about them.

A catalogue is a snapshot: it is taken by a connector, and what a person described (the semantic layer) is
laid over it before anybody reads it. Sample values are never of columns that are private.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from garret.protocol.contract import Contract

Dialect: TypeAlias = Literal["duckdb", "sqlite", "postgres", "mysql", "trino", "mongo", "cypher", "qdrant"]
"""The language that a source is asked in. Of `mongo` and `qdrant` a query is a JSON object."""

ColumnKind: TypeAlias = Literal[
    "text",
    "integer",
    "decimal",
    "real",
    "boolean",
    "date",
    "time",
    "timestamp",
    "interval",
    "binary",
    "json",
    "array",
    "uuid",
    "vector",
    "geometry",
    "other",
]
"""What kind of values a column holds, whatever its engine calls the type."""

TableKind: TypeAlias = Literal["table", "view", "file", "collection", "node", "relationship"]


class Column(Contract, frozen=True):
    """A column of a table, or a field of documents: then `name` is its path with dots.

    `type` is the engine's own word. `private` columns show no values to anybody but in results; `guessed`
    says that this was guessed from name and values, and a person may say otherwise. `samples` are a few
    distinct values as text, the most frequent first; `distinct` an estimate.
    """

    name: str
    type: str
    kind: ColumnKind
    nullable: bool = True
    comment: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()
    unit: str = ""
    private: bool = False
    guessed: bool = False
    samples: tuple[str, ...] = ()
    distinct: int | None = None


class ForeignKey(Contract, frozen=True):
    """`columns` of the table that has it point at `references` of `table` (its name as `Table.address`).

    `guessed` keys were found by names and values, not declared by the source.
    """

    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]
    guessed: bool = False


class Table(Contract, frozen=True):
    """A table, view, file or collection. `rows` is an estimate; None where nobody knows."""

    name: str
    schema: str = ""
    kind: TableKind = "table"
    comment: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    rows: int | None = None

    @property
    def address(self) -> str:
        """`schema.name`, or the name where there is one schema."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


class Measure(Contract, frozen=True):
    """A figure that a person named: `expression` is one of the dialect over the columns of `table`."""

    name: str
    table: str
    expression: str
    synonyms: tuple[str, ...] = ()
    description: str = ""
    unit: str = ""


class Catalogue(Contract, frozen=True):
    """A snapshot of a source. `fingerprint` changes when tables, columns or types do (BLAKE3, hex)."""

    source: str
    dialect: Dialect
    tables: tuple[Table, ...] = ()
    measures: tuple[Measure, ...] = ()
    fingerprint: str = ""
    taken: float = 0.0
    notes: tuple[str, ...] = ()
