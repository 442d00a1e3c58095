"""The catalogue of MySQL and MariaDB: three queries of information_schema, then samples as time allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
import pymysql

from garret.base.clock import SYSTEM
from garret.features.data.contracts import Catalogue, Column, ForeignKey, SourceConfig, Table
from garret.features.data.sources.fingerprint import take_fingerprint
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.privacy import SAMPLE_CHARACTERS, choose_samples, is_private_by_name
from garret.features.data.sources.sampling import SAMPLED, Budget, sampled_kinds

_SYSTEM: Final = ("information_schema", "mysql", "performance_schema", "sys")

_TABLES: Final = """
SELECT table_schema, table_name, table_type, table_rows, table_comment FROM information_schema.tables
WHERE table_schema {which} ORDER BY table_schema, table_name
"""

_COLUMNS: Final = """
SELECT table_schema, table_name, column_name, column_type, is_nullable = 'YES', column_comment
FROM information_schema.columns WHERE table_schema {which} ORDER BY table_schema, table_name, ordinal_position
"""

_KEYS: Final = """
SELECT table_schema, table_name, constraint_name, column_name, referenced_table_schema, referenced_table_name,
  referenced_column_name FROM information_schema.key_column_usage
WHERE table_schema {which} AND (constraint_name = 'PRIMARY' OR referenced_table_name IS NOT NULL)
ORDER BY table_schema, table_name, constraint_name, ordinal_position
"""

_Place = tuple[str, str]


def take_catalogue(connection: pymysql.Connection[Any], config: SourceConfig, source: str) -> Catalogue:
    """The snapshot of the databases that the configuration names, or of all but the server's own."""
    budget = Budget()
    databases = config.schemas or ((config.database,) if config.database else ())
    which = f"IN ({', '.join(['%s'] * len(databases or _SYSTEM))})"
    wanted: Sequence[str] = databases or _SYSTEM
    if not databases:
        which = f"NOT {which}"
    bare = len(databases) == 1 and databases[0] == config.database
    with connection.cursor() as cursor:
        cursor.execute(_TABLES.format(which=which), wanted)
        found = cursor.fetchall()
        columns = _columns(cursor, which, wanted)
        primary, foreign = _keys(cursor, which, wanted, bare)
        budget.share(len(found))
        tables: list[Table] = []
        skipped = 0
        for schema, name, sort, rows, comment in found:
            place = (schema, name)
            is_view = sort == "VIEW"
            table = Table(
                name=name,
                schema="" if bare else schema,
                kind="view" if is_view else "table",
                comment="" if is_view else comment or "",
                columns=tuple(columns[place]),
                primary_key=tuple(primary[place]),
                foreign_keys=tuple(foreign.get(place, {}).values()),
                rows=None if is_view or rows is None else int(rows),
            )
            if budget.is_over():
                skipped += 1
            else:
                table = _looked_at(cursor, table, schema, budget)
            tables.append(table)
    note = f"{skipped:,} tables have no sample values: there was no time to look at them."
    return Catalogue(
        source=source,
        dialect="mysql",
        tables=tuple(tables),
        fingerprint=take_fingerprint(tables),
        taken=SYSTEM.wall(),
        notes=(note,) if skipped else (),
    )


def _columns(cursor: Any, which: str, databases: Sequence[str]) -> dict[_Place, list[Column]]:
    cursor.execute(_COLUMNS.format(which=which), databases)
    columns: dict[_Place, list[Column]] = defaultdict(list)
    for schema, table, name, word, nullable, comment in cursor.fetchall():
        private = is_private_by_name(name)
        columns[schema, table].append(
            Column(
                name=name,
                type=word,
                kind=kind_of("mysql", word),
                nullable=bool(nullable),
                comment=comment or "",
                private=private,
                guessed=private,
            )
        )
    return columns


def _keys(
    cursor: Any, which: str, databases: Sequence[str], bare: bool
) -> tuple[dict[_Place, list[str]], dict[_Place, dict[str, ForeignKey]]]:
    cursor.execute(_KEYS.format(which=which), databases)
    primary: dict[_Place, list[str]] = defaultdict(list)
    foreign: dict[_Place, dict[str, ForeignKey]] = defaultdict(dict)
    for schema, table, constraint, column, other_schema, other, referenced in cursor.fetchall():
        if other is None:
            primary[schema, table].append(column)
            continue
        known = foreign[schema, table].get(constraint)
        foreign[schema, table][constraint] = ForeignKey(
            columns=(*(known.columns if known else ()), column),
            table=other if bare and other_schema == databases[0] else f"{other_schema}.{other}",
            references=(*(known.references if known else ()), referenced),
        )
    return primary, foreign


def _looked_at(cursor: Any, table: Table, schema: str, budget: Budget) -> Table:
    """With sample values of its first rows, unless they do not come in time."""
    wanted = [column.name for column in table.columns if column.kind in sampled_kinds and not column.private]
    if not wanted:
        return table
    texts = ", ".join(f"LEFT({_quoted(name)}, {SAMPLE_CHARACTERS + 1})" for name in wanted)
    rows: Sequence[Any] = ()
    with suppress(pymysql.Error):  # a view that is slow or broken: no samples of it, and no less of the rest
        cursor.execute(_bounded(cursor, texts, f"{_quoted(schema)}.{_quoted(table.name)}", budget))
        rows = cursor.fetchall()
    values = dict(zip(wanted, zip(*rows, strict=True), strict=True)) if rows else {}
    columns: list[Column] = []
    for column in table.columns:
        texts_of = [_text(value) for value in values.get(column.name, ())]
        samples, private = choose_samples(column.name, texts_of)
        columns.append(msgspec.structs.replace(column, samples=samples, private=private, guessed=private))
    return msgspec.structs.replace(table, columns=tuple(columns))


def _bounded(cursor: Any, texts: str, place: str, budget: Budget) -> str:
    """A SELECT of a few rows that the server itself ends in time."""
    milliseconds = budget.milliseconds()
    if "mariadb" in str(cursor.connection.get_server_info()).lower():
        select = f"SELECT {texts} FROM {place} LIMIT {SAMPLED}"
        return f"SET STATEMENT max_statement_time = {milliseconds / 1000} FOR {select}"
    return f"SELECT /*+ MAX_EXECUTION_TIME({milliseconds}) */ {texts} FROM {place} LIMIT {SAMPLED}"


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
