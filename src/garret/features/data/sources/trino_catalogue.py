"""The catalogue of Trino: each catalog's information_schema, then rows and samples as time allows.

A table is `catalog.schema.name`, less what the source's own address names already. Comments are of the
system catalog, row numbers of `SHOW STATS`; where a login may not see them they are not there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
from trino.exceptions import TrinoQueryError

from garret.base.clock import SYSTEM
from garret.features.data.contracts import Catalogue, Column, SourceConfig, Table
from garret.features.data.sources.fingerprint import take_fingerprint
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.privacy import SAMPLE_CHARACTERS, choose_samples, is_private_by_name
from garret.features.data.sources.sampling import SAMPLED, Budget, sampled_kinds
from garret.features.data.sources.trino_statement import Statements

_OWN: Final = ("system", "jmx")
_INFORMATION: Final = "information_schema"

_Place = tuple[str, str, str]


def take_catalogue(statements: Statements, config: SourceConfig, source: str) -> Catalogue:
    """The snapshot of what the configuration names, or of all catalogs but the server's own."""
    found: list[Table] = []
    notes: list[str] = []
    for catalog in catalogs_of(statements, config):
        try:
            found += _tables(statements, config, catalog)
        except TrinoQueryError as error:
            if config.database:
                raise
            notes.append(f"The catalog {catalog} cannot be read: {error.error_name}.")
    budget = Budget()
    budget.share(len(found))
    tables: list[Table] = []
    skipped = 0
    for table in found:
        if budget.is_over():
            skipped += 1
            tables.append(table)
        else:
            tables.append(_looked_at(statements, config, table))
    if skipped:
        notes.append(f"{skipped:,} tables have no sample values: there was no time to look at them.")
    return Catalogue(
        source=source,
        dialect="trino",
        tables=tuple(tables),
        fingerprint=take_fingerprint(tables),
        taken=SYSTEM.wall(),
        notes=tuple(notes),
    )


def catalogs_of(statements: Statements, config: SourceConfig) -> list[str]:
    """The catalog that the configuration names, or all but the server's own."""
    if config.database:
        return [config.database]
    names = [str(name) for (name,) in statements.rows("SHOW CATALOGS")]
    return [name for name in names if name not in _OWN and "." not in name]


def _tables(statements: Statements, config: SourceConfig, catalog: str) -> Iterator[Table]:
    within = f"table_schema <> {text_literal(_INFORMATION)}"
    if config.schemas:
        within = f"table_schema IN ({', '.join(map(text_literal, config.schemas))})"
    place = f"{quoted(catalog)}.{_INFORMATION}"
    sorts = statements.rows(
        f"SELECT table_schema, table_name, table_type FROM {place}.tables WHERE {within} ORDER BY 1, 2"
    )
    columns: dict[tuple[str, str], list[Column]] = defaultdict(list)
    remarks = _remarks(statements, config, catalog)
    for schema, table, name, word, nullable in statements.rows(
        "SELECT table_schema, table_name, column_name, data_type, is_nullable "
        f"FROM {place}.columns WHERE {within} ORDER BY table_schema, table_name, ordinal_position"
    ):
        private = is_private_by_name(name)
        columns[schema, table].append(
            Column(
                name=name,
                type=word,
                kind=kind_of("trino", word),
                nullable=nullable == "YES",
                comment=remarks.get((schema, table, name), ""),
                private=private,
                guessed=private,
            )
        )
    for schema, name, sort in sorts:
        if "." in schema:
            continue  # an address could not tell it from a catalog and a schema
        yield Table(
            name=name,
            schema=_schema(config, catalog, schema),
            kind="view" if sort == "VIEW" else "table",
            comment=remarks.get((schema, name, ""), ""),
            columns=tuple(columns[schema, name]),
        )


def _schema(config: SourceConfig, catalog: str, schema: str) -> str:
    """What a table's address says besides its name; the session knows the rest."""
    if not config.database:
        return f"{catalog}.{schema}"
    return "" if config.schemas == (schema,) else schema


def _remarks(statements: Statements, config: SourceConfig, catalog: str) -> dict[_Place, str]:
    """Comments of columns, and of tables under an empty name."""
    found: dict[_Place, str] = {}
    for column, table, catalog_of, schema_of, comment, name in (
        ("column_name", "jdbc.columns", "table_cat", "table_schem", "remarks", "table_name"),
        ("''", "metadata.table_comments", "catalog_name", "schema_name", "comment", "table_name"),
    ):
        within = f"{catalog_of} = {text_literal(catalog)}"
        if config.schemas:
            within += f" AND {schema_of} IN ({', '.join(map(text_literal, config.schemas))})"
        with suppress(TrinoQueryError):
            rows = statements.rows(
                f"SELECT {schema_of}, {name}, {column}, {comment} FROM system.{table} WHERE {within} "
                f"AND {comment} IS NOT NULL"
            )
            found.update(((schema, table, column), said) for schema, table, column, said in rows)
    return found


def _looked_at(statements: Statements, config: SourceConfig, table: Table) -> Table:
    """With its rows and sample values, unless the table cannot be read."""
    place = _place(config, table)
    with suppress(TrinoQueryError):
        if table.kind == "table":
            table = _counted(statements, table, place)
        table = _sampled(statements, table, place)
    return table


def _counted(statements: Statements, table: Table, place: str) -> Table:
    stats = {row[0]: row for row in statements.rows(f"SHOW STATS FOR {place}")}
    rows = stats[None][4] if None in stats else None
    columns = [
        msgspec.structs.replace(column, distinct=_whole(stats[column.name][2]))
        if column.name in stats
        else column
        for column in table.columns
    ]
    return msgspec.structs.replace(table, columns=tuple(columns), rows=_whole(rows))


def _sampled(statements: Statements, table: Table, place: str) -> Table:
    wanted = [column.name for column in table.columns if column.kind in sampled_kinds and not column.private]
    if not wanted:
        return table
    texts = ", ".join(
        f"substr(CAST({quoted(name)} AS varchar), 1, {SAMPLE_CHARACTERS + 1})" for name in wanted
    )
    rows = statements.rows(f"SELECT {texts} FROM {place} LIMIT {SAMPLED}")
    values: dict[str, Sequence[Any]] = dict(zip(wanted, zip(*rows, strict=True), strict=True)) if rows else {}
    columns: list[Column] = []
    for column in table.columns:
        samples, private = choose_samples(column.name, values.get(column.name, ()))
        columns.append(msgspec.structs.replace(column, samples=samples, private=private, guessed=private))
    return msgspec.structs.replace(table, columns=tuple(columns))


def _place(config: SourceConfig, table: Table) -> str:
    if config.database:
        parts = [config.database, table.schema or config.schemas[0], table.name]
    else:
        parts = [*table.schema.split("."), table.name]
    return ".".join(map(quoted, parts))


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def quoted(name: str) -> str:
    """A name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """A text as SQL takes it."""
    return "'" + text.replace("'", "''") + "'"
