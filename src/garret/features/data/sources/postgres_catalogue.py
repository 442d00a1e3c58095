"""PostgreSQL's catalogue: a handful of set-based queries, whatever the number of tables.

Sample values come from the planner's own statistics, which ANALYZE has gathered: no table is read for them.
Tables that were never analysed, and small ones, are looked at afterwards, as many as fit into a short time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql

from garret.base.clock import SYSTEM
from garret.features.data.contracts import Catalogue, Column, ForeignKey, SourceConfig, Table, TableKind
from garret.features.data.sources.fingerprint import take_fingerprint
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.privacy import SAMPLE_CHARACTERS, choose_samples, is_private_by_name
from garret.features.data.sources.sampling import SAMPLED, Budget, sampled_kinds

_RELATIONS: Final = """
SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.reltuples, d.description
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_' AND (%(schemas)s::text[] = '{}' OR n.nspname = ANY(%(schemas)s::text[]))
  AND has_schema_privilege(n.oid, 'USAGE')
  AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'))
ORDER BY n.nspname, c.relname
"""

_COLUMNS: Final = """
SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
  d.description, t.typtype::text,
  CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = a.attrelid
    AND d.objsubid = a.attnum
WHERE a.attrelid = ANY(%(relations)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

_KEYS: Final = """
SELECT conrelid, contype::text, confrelid, conkey, confkey FROM pg_constraint
WHERE conrelid = ANY(%(relations)s::oid[]) AND contype IN ('p', 'f') AND conparentid = 0
ORDER BY conrelid, conname
"""

_STATISTICS: Final = """
SELECT schemaname, tablename, attname, n_distinct,
  CASE WHEN avg_width <= %(width)s THEN
    coalesce(most_common_vals::text::text[], '{}') || coalesce(histogram_bounds::text::text[], '{}') END
FROM pg_stats WHERE schemaname = ANY(%(schemas)s::text[]) AND NOT inherited
"""

_KINDS: Final[dict[str, TableKind]] = {"v": "view", "m": "view"}


class _Seen(msgspec.Struct):
    """What the statistics hold of a column: frequent values as text, and how many there are."""

    values: list[str | None]
    distinct: float


def take_catalogue(connection: psycopg.Connection[Any], config: SourceConfig, source: str) -> Catalogue:
    """The snapshot, in the transaction of the connection."""
    budget = Budget()
    relations = connection.execute(_RELATIONS, {"schemas": list(config.schemas)}).fetchall()
    oids = [relation[0] for relation in relations]
    schemas = sorted({relation[1] for relation in relations})
    bare = schemas == ["public"] if not config.schemas else len(config.schemas) == 1
    addresses = {oid: name if bare else f"{schema}.{name}" for oid, schema, name, *_ in relations}
    columns = _columns(connection, oids)
    primary, foreign = _keys(connection, columns, addresses)
    seen = _statistics(connection, schemas)
    tables: list[Table] = []
    for oid, schema, name, kind, rows, comment in relations:
        tables.append(
            Table(
                name=name,
                schema="" if bare else schema,
                kind=_KINDS.get(kind, "table"),
                comment=comment or "",
                columns=tuple(
                    _with_samples(column, seen.get((schema, name, column.name)), rows)
                    for column in columns[oid].values()
                ),
                primary_key=primary.get(oid, ()),
                foreign_keys=tuple(foreign[oid]),
                rows=int(rows) if rows >= 0 and kind not in "v" else None,
            )
        )
    # Of a small table the statistics leave out what stands there once.
    large = {(schema, name) for _, schema, name, _, rows, _ in relations if rows > SAMPLED}
    places = {(relation[1], relation[2]) for relation in relations} - ({key[:2] for key in seen} & large)
    budget.share(len(tables))
    tables, notes = _look_at_rest(
        connection, tables, places, "public" if not config.schemas else config.schemas[0], budget
    )
    return Catalogue(
        source=source,
        dialect="postgres",
        tables=tuple(tables),
        fingerprint=take_fingerprint(tables),
        taken=SYSTEM.wall(),
        notes=notes,
    )


def _columns(connection: psycopg.Connection[Any], oids: Sequence[int]) -> dict[int, dict[int, Column]]:
    """Of each table the columns by their numbers, in their order."""
    columns: dict[int, dict[int, Column]] = defaultdict(dict)
    found = connection.execute(_COLUMNS, {"relations": list(oids)}).fetchall()
    for oid, number, name, word, nullable, comment, sort, base in found:
        kind = "text" if sort == "e" else kind_of("postgres", base or word)
        private = is_private_by_name(name)
        columns[oid][number] = Column(
            name=name,
            type=word,
            kind=kind,
            nullable=nullable,
            comment=comment or "",
            private=private,
            guessed=private,
        )
    return columns


def _keys(
    connection: psycopg.Connection[Any], columns: dict[int, dict[int, Column]], addresses: dict[int, str]
) -> tuple[dict[int, tuple[str, ...]], dict[int, list[ForeignKey]]]:
    primary: dict[int, tuple[str, ...]] = {}
    foreign: dict[int, list[ForeignKey]] = defaultdict(list)
    found = connection.execute(_KEYS, {"relations": list(addresses)}).fetchall()
    for oid, sort, other, numbers, others in found:
        names = tuple(columns[oid][number].name for number in numbers)
        if sort == "p":
            primary[oid] = names
        elif other in addresses:
            references = tuple(columns[other][number].name for number in others)
            foreign[oid].append(ForeignKey(columns=names, table=addresses[other], references=references))
    return primary, foreign


def _statistics(
    connection: psycopg.Connection[Any], schemas: Sequence[str]
) -> dict[tuple[str, str, str], _Seen]:
    found = connection.execute(_STATISTICS, {"schemas": list(schemas), "width": SAMPLE_CHARACTERS})
    return {
        (schema, table, column): _Seen(values=values or [], distinct=distinct)
        for schema, table, column, distinct, values in found
    }


def _with_samples(column: Column, seen: _Seen | None, rows: float) -> Column:
    if seen is None:
        return column
    values = seen.values if column.kind in sampled_kinds else ()
    samples, private = choose_samples(column.name, values)
    distinct = seen.distinct if seen.distinct >= 0 else -seen.distinct * max(rows, 0)
    return msgspec.structs.replace(
        column, samples=samples, private=private, guessed=private, distinct=round(distinct)
    )


def _look_at_rest(
    connection: psycopg.Connection[Any],
    tables: list[Table],
    places: set[tuple[str, str]],
    bare: str,
    budget: Budget,
) -> tuple[list[Table], tuple[str, ...]]:
    """Sample values of tables without statistics, as far as the time allows."""
    looked: list[Table] = []
    skipped = 0
    for table in tables:
        schema = table.schema or bare
        wanted = [
            column.name for column in table.columns if column.kind in sampled_kinds and not column.private
        ]
        if (schema, table.name) not in places or not wanted:
            looked.append(table)
        elif budget.is_over():
            skipped += 1
            looked.append(table)
        else:
            looked.append(_looked_at(connection, table, schema, wanted, budget))
    if not skipped:
        return looked, ()
    note = (
        f"{skipped:,} tables have no sample values: the server has no statistics of them. "
        "ANALYZE gathers them."
    )
    return looked, (note,)


def _looked_at(
    connection: psycopg.Connection[Any], table: Table, schema: str, wanted: Sequence[str], budget: Budget
) -> Table:
    chosen = sql.SQL(", ").join(
        sql.SQL("left({}::text, {})").format(sql.Identifier(name), sql.Literal(SAMPLE_CHARACTERS + 1))
        for name in wanted
    )
    # All in one turn with the server, which is most of what a small table costs.
    query = sql.SQL(
        "SAVEPOINT look; SET LOCAL statement_timeout = {}; SELECT {} FROM {} LIMIT {}; RELEASE SAVEPOINT look"
    ).format(
        sql.Literal(budget.milliseconds()), chosen, sql.Identifier(schema, table.name), sql.Literal(SAMPLED)
    )
    try:
        cursor = connection.execute(query)
    except psycopg.Error:
        connection.execute("ROLLBACK TO SAVEPOINT look")
        return table  # a view that is slow or broken: no samples of it, and no less of the rest
    while cursor.description is None and cursor.nextset():
        pass
    rows = cursor.fetchall()
    by_name = dict(zip(wanted, zip(*rows, strict=True), strict=True)) if rows else {}
    columns: list[Column] = []
    for column in table.columns:
        samples, private = choose_samples(column.name, by_name.get(column.name, ()))
        columns.append(msgspec.structs.replace(column, samples=samples, private=private, guessed=private))
    return msgspec.structs.replace(table, columns=tuple(columns))
