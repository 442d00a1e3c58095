"""What a Neo4j database holds: labels and relationship types as tables, properties as their columns.

Nobody declares properties there, so they are those of the first nodes and relationships of each kind. Their
number is the server's own count. A property that a constraint makes unique is the table's key; one that must
be there is not nullable. Between what a relationship leads is its comment. Several labels are asked of in one
query, since a way to the server and back takes longer than the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import neo4j
from neo4j import Record

from garret.base.clock import SYSTEM
from garret.features.data.contracts import Catalogue, Column, Table, TableKind
from garret.features.data.sources.fingerprint import take_fingerprint
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.neo4j_values import FINE, Unheld, text_of, values_of, word_of
from garret.features.data.sources.privacy import choose_samples
from garret.features.data.sources.sampling import Budget, sampled_kinds

LOOKED_AT: Final = 200
"""Nodes or relationships of one kind."""
TOGETHER: Final = 25
"""Kinds that are asked of in one query."""
FIELDS: Final = 300
ENDS: Final = 3
"""Pairs of labels that a relationship's comment names."""
_UNIQUE: Final = ("UNIQUENESS", "NODE_KEY", "RELATIONSHIP_KEY", "RELATIONSHIP_UNIQUENESS")
_PRESENT: Final = (
    "NODE_KEY",
    "RELATIONSHIP_KEY",
    "NODE_PROPERTY_EXISTENCE",
    "RELATIONSHIP_PROPERTY_EXISTENCE",
)

_Part = tuple[TableKind, str]


class _Looked(NamedTuple):
    """What was seen of one label or type."""

    properties: list[dict[str, Any]]
    ends: Counter[tuple[str, str]]


def take_catalogue(transaction: neo4j.Transaction, source: str) -> Catalogue:
    """The snapshot. A label and a type of one name are one table, since Cypher tells them by their place."""
    parts = sorted(_parts(transaction))
    keys, present = _constraints(transaction)
    rows = _counts(transaction, parts)
    budget = Budget()
    budget.share(len(parts))
    looked = _look(transaction, parts, budget)
    tables = [_table(part, looked.get(part), keys, present, rows.get(part)) for part in parts]
    joined = list(_joined(tables))
    missed = sum(not table.columns for table in joined)
    note = f"Of {missed:,} labels and types no properties are known: they have none, or there was no time."
    return Catalogue(
        source=source,
        dialect="cypher",
        tables=tuple(joined),
        fingerprint=take_fingerprint(joined),
        taken=SYSTEM.wall(),
        notes=(note,) if missed else (),
    )


def _parts(transaction: neo4j.Transaction) -> Iterator[_Part]:
    for (label,) in transaction.run("CALL db.labels() YIELD label RETURN label").values():
        yield "node", label
    types = "CALL db.relationshipTypes() YIELD relationshipType RETURN relationshipType"
    for (name,) in transaction.run(types).values():
        yield "relationship", name


def _constraints(
    transaction: neo4j.Transaction,
) -> tuple[dict[_Part, tuple[str, ...]], set[tuple[_Part, str]]]:
    """Properties that are unique, and those that must be there."""
    keys: dict[_Part, tuple[str, ...]] = {}
    present: set[tuple[_Part, str]] = set()
    query = "SHOW CONSTRAINTS YIELD name, type, entityType, labelsOrTypes, properties"
    for _, sort, entity, names, properties in sorted(transaction.run(query).values()):
        part: _Part = ("node" if entity == "NODE" else "relationship", (names or [""])[0])
        if any(sort.endswith(word) for word in _UNIQUE):
            keys.setdefault(part, tuple(properties or ()))
        if any(sort.endswith(word) for word in _PRESENT):
            present.update((part, name) for name in properties or ())
    return keys, present


def _counts(transaction: neo4j.Transaction, parts: Sequence[_Part]) -> dict[_Part, int]:
    """How many there are of each, which the server has counted already."""
    found: dict[_Part, int] = {}
    for some in _some(parts):
        query = " UNION ALL ".join(
            f"MATCH {_pattern(part)} RETURN {at} AS at, count(*) AS rows" for at, part in enumerate(some)
        )
        found.update((some[at], rows) for at, rows in _run(transaction, query).values())
    return found


def _look(transaction: neo4j.Transaction, parts: Sequence[_Part], budget: Budget) -> dict[_Part, _Looked]:
    """The properties of the first of each, as long as there is time."""
    found: dict[_Part, _Looked] = {}
    for some in _some(parts):
        if budget.is_over():
            return found
        query = " UNION ALL ".join(_glance(at, part) for at, part in enumerate(some))
        for record in _run(transaction, query):
            at, properties, start, end = _seen(record)
            looked = found.setdefault(some[at], _Looked([], Counter()))
            looked.properties.append(properties)
            if some[at][0] == "relationship":
                looked.ends.update((a, b) for a in start or [""] for b in end or [""])
    return found


def _glance(at: int, part: _Part) -> str:
    ends = "labels(a) AS start, labels(b) AS end" if part[0] == "relationship" else "[] AS start, [] AS end"
    several = "a, x, b" if part[0] == "relationship" else "x"
    return (
        f"MATCH {_pattern(part)} WITH {several} LIMIT {LOOKED_AT} "
        f"RETURN {at} AS at, [key IN keys(x) | [key, x[key]]] AS pairs, {ends}"
    )


def _pattern(part: _Part) -> str:
    name = "`" + part[1].replace("`", "``") + "`"
    return f"(x:{name})" if part[0] == "node" else f"(a)-[x:{name}]->(b)"


def _run(transaction: neo4j.Transaction, query: Any) -> neo4j.Result:
    return transaction.run(query)


def _seen(record: Record) -> tuple[int, dict[str, Any], list[str], list[str]]:
    """A row of a glance; without its properties where the driver cannot make one of them."""
    at, pairs, start, end = values_of(record)
    return at, {} if isinstance(pairs, Unheld) else dict(pairs), start, end


def _some(parts: Sequence[_Part]) -> Iterator[Sequence[_Part]]:
    for at in range(0, len(parts), TOGETHER):
        yield parts[at : at + TOGETHER]


def _table(
    part: _Part,
    looked: _Looked | None,
    keys: dict[_Part, tuple[str, ...]],
    present: set[tuple[_Part, str]],
    rows: int | None,
) -> Table:
    kind, name = part
    values: dict[str, list[Any]] = {each: [] for each in keys.get(part, ())}
    for properties in looked.properties if looked else ():
        for key, value in properties.items():
            if key in values or len(values) < FIELDS:
                values.setdefault(key, []).append(value)
    first = keys.get(part, ())
    order = [*first, *sorted(set(values) - set(first))]  # nodes tell theirs in no order
    ends = looked.ends.most_common(ENDS) if looked else []
    return Table(
        name=name,
        kind=kind,
        comment=", ".join(_written(start, name, end) for (start, end), _ in sorted(ends)),
        columns=tuple(_column(key, values[key], (part, key) not in present) for key in order),
        primary_key=first,
        rows=rows,
    )


def _written(start: str, name: str, end: str) -> str:
    """A relationship as Cypher writes it."""
    return f"({':' + start if start else ''})-[:{name}]->({':' + end if end else ''})"


def _column(name: str, values: Iterable[Any], nullable: bool) -> Column:
    held = [value for value in values if value is not None]
    words = {word_of(value).removesuffix(FINE).strip() for value in held}
    if words == {"INTEGER", "FLOAT"}:
        words = {"FLOAT"}
    word = next(iter(words)) if len(words) == 1 else "ANY"
    kind = kind_of("cypher", word)
    texts = [text_of(value) for value in held] if kind in sampled_kinds else []
    samples, private = choose_samples(name, texts)
    return Column(
        name=name, type=word, kind=kind, nullable=nullable, samples=samples, private=private, guessed=private
    )


def _joined(tables: Iterable[Table]) -> Iterator[Table]:
    """Tables by name: one for a label and a type that are called the same, with the columns of both."""
    by_name: dict[str, Table] = {}
    for table in tables:
        known = by_name.get(table.name)
        by_name[table.name] = table if known is None else _both(known, table)
    yield from by_name.values()


def _both(label: Table, relationship: Table) -> Table:
    names = {column.name for column in label.columns}
    more = tuple(column for column in relationship.columns if column.name not in names)
    return msgspec.structs.replace(label, comment=relationship.comment, columns=(*label.columns, *more))
