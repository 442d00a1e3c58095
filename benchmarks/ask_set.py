"""The question set that the translator is measured on: databases, catalogues, gold results and scoring.

The set is a folder with `questions.jsonl` and a folder per database (its README says where it comes from). It
is
found beside the project, or in GARRET_BENCH_ASK. A database is split by the hash of its name: seven of ten
are
for tuning, the others are held out. Loaded databases and gold results are kept in `build/ask`, since a run
reads
them again and again. Neighbours: `ask` measures, `ask_fit` fits the confidence.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import pickle
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb

from garret.features.data.contracts import Catalogue, Column, ColumnKind, ForeignKey, Table

_ROOT: Final = Path(__file__).resolve().parent.parent
CACHE: Final = _ROOT / "build" / "ask"
SAMPLES: Final = int(os.environ.get("GARRET_BENCH_ASK_SAMPLES", "50"))
"""Sample values a column, as the connectors take them."""
_KINDS: Final[dict[str, ColumnKind]] = {
    "BIGINT": "integer",
    "DOUBLE": "real",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
}
_PERMUTED: Final = 5
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Question:
    """A question of the set with the query that people wrote for it."""

    database: str
    text: str
    gold: str


EVERYDAY: Final = Path(__file__).resolve().parent / "everyday"
"""A set of this project's own in the same form: what people ask of a shop, a staff, a clinic and a site."""


def folder() -> Path | None:
    """Where the set is; None where it is not here."""
    given = os.environ.get("GARRET_BENCH_ASK")
    places = [Path(given)] if given else []
    places += [parent / "shared" / "data" / "ask-train" for parent in (_ROOT, *_ROOT.parents)]
    return next((place for place in places if (place / "questions.jsonl").is_file()), None)


def held_out(database: str) -> bool:
    """Whether a database is kept away from tuning."""
    return int(hashlib.sha256(database.encode()).hexdigest(), 16) % 10 >= 7


def questions(place: Path) -> list[Question]:
    """All questions, in the order of the file."""
    lines = (place / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    loaded = [json.loads(line) for line in lines]
    return [Question(item["database"], item["question"], item["sql"]) for item in loaded]


def connect(place: Path, database: str) -> duckdb.DuckDBPyConnection:
    """The database, loaded once from its files and opened read-only."""
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"{database}.duckdb"
    if not path.exists():
        partial = path.with_suffix(f".{os.getpid()}")
        _load(place / "databases" / database, partial)
        partial.replace(path)
    return duckdb.connect(str(path), read_only=True, config={"threads": 1, "memory_limit": "1GB"})


def _load(source: Path, target: Path) -> None:
    with duckdb.connect(str(target)) as loading:
        loading.execute((source / "schema.sql").read_text(encoding="utf-8"))
        names = loading.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        for (name,) in names:
            path = source / f"{name}.csv"
            if not path.exists():
                continue
            with path.open(encoding="utf-8", newline="") as file:
                header: list[str] = next(csv.reader(file), list[str]())
            columns = ", ".join(_quoted(column) for column in header)
            texts = "{" + ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(header))) + "}"
            loading.execute(
                f"INSERT INTO {_quoted(name)} ({columns}) SELECT * FROM read_csv(?, header=true, delim=',', "
                f"quote='\"', escape='\"', auto_detect=false, columns={texts})",
                [str(path)],
            )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def catalogue(place: Path, database: str, connection: duckdb.DuckDBPyConnection) -> Catalogue:
    """What a connector would say of the database: types, keys, row counts and the most frequent values."""
    keys: dict[str, Any] = json.loads(
        (place / "databases" / database / "keys.json").read_text(encoding="utf-8")
    )
    if os.environ.get("GARRET_BENCH_ASK_KEYS") == "off":
        keys = dict[str, Any](primary_keys={}, foreign_keys=[])
    names = [row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
    tables = tuple(_table(connection, name, keys) for name in sorted(names))
    return Catalogue(source=database, dialect="duckdb", tables=tables, fingerprint=database)


def _table(connection: duckdb.DuckDBPyConnection, name: str, keys: dict[str, Any]) -> Table:
    described = connection.execute(f"DESCRIBE {_quoted(name)}").fetchall()
    (rows,) = connection.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone() or (0,)
    foreign = tuple(
        ForeignKey(
            columns=(key["column"],), table=key["references_table"], references=(key["references_column"],)
        )
        for key in keys["foreign_keys"]
        if key["table"] == name and key["column"] and key["references_column"]
    )
    return Table(
        name=name,
        columns=tuple(_column(connection, name, row[0], row[1]) for row in described),
        primary_key=tuple(keys["primary_keys"].get(name, ())),
        foreign_keys=foreign,
        rows=rows,
    )


def _column(connection: duckdb.DuckDBPyConnection, table: str, name: str, kind: str) -> Column:
    at, of = _quoted(name), _quoted(table)
    found = connection.execute(
        f"SELECT {at}::VARCHAR, count(*) FROM {of} WHERE {at} IS NOT NULL GROUP BY 1 "
        f"ORDER BY 2 DESC, 1 LIMIT {SAMPLES}"
    ).fetchall()
    (distinct,) = connection.execute(f"SELECT count(DISTINCT {at}) FROM {of}").fetchone() or (0,)
    samples = tuple(value[:80] for value, _ in found)
    return Column(name=name, type=kind, kind=_KINDS.get(kind, "text"), samples=samples, distinct=distinct)


def gold_results(place: Path, database: str, asked: list[Question]) -> dict[str, Rows]:
    """The rows of each gold query of a database, by its text; kept between runs."""
    path = CACHE / f"{database}.gold"
    if path.exists():
        return dict(pickle.loads(path.read_bytes()))  # noqa: S301 - written below, in our own build folder
    with connect(place, database) as connection:
        results = {item.gold: connection.execute(item.gold).fetchall() for item in asked}
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(pickle.dumps(results))
    partial.replace(path)
    return results


def _cell(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return float(f"{float(value):.9g}")
    return str(value)


def same(rows: Rows, gold: Rows, ordered: bool) -> bool:
    """Whether both hold the same rows as often; in the same order where the gold query orders."""
    left = [tuple(_cell(value) for value in row) for row in rows]
    right = [tuple(_cell(value) for value in row) for row in gold]
    return left == right if ordered else Counter(left) == Counter(right)


def alike(rows: Rows, gold: Rows, ordered: bool) -> bool:
    """Whether both are the same but for the order of their columns."""
    width = len(gold[0]) if gold else 0
    if not rows or len(rows[0]) != width or width > _PERMUTED:
        return same(rows, gold, ordered)
    return any(
        same([tuple(row[at] for at in places) for row in rows], gold, ordered)
        for places in itertools.permutations(range(width))
    )


def right(place: Path, rows: Rows, gold: Rows, ordered: bool) -> bool:
    """Whether rows answer a question of a set. What people ask day by day says nothing of columns' order."""
    return (alike if place == EVERYDAY else same)(rows, gold, ordered)


def orders(sql: str) -> bool:
    """Whether the outermost query orders its rows."""
    depth = 0
    outer: list[str] = []
    for mark in sql:
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if depth == 0:
            outer.append(mark)
    return "ORDER BY" in "".join(outer)


def shape(sql: str) -> str:
    """The kind of query that a gold query is."""
    words = sql.upper()
    several = " JOIN " in words or '" AS "T2"' in words
    if any(word in words for word in ("INTERSECT", "EXCEPT", "UNION")):
        kind = "set"
    elif words.count("SELECT") > 1:
        kind = "nested"
    elif "GROUP BY" in words:
        kind = "group"
    elif "ORDER BY" in words:
        kind = "order"
    else:
        kind = "plain"
    return f"{'join' if several else 'single'} {kind}"


def by_database(asked: list[Question]) -> Iterator[tuple[str, list[Question]]]:
    """The questions of each database together."""
    names = sorted({item.database for item in asked})
    for name in names:
        yield name, [item for item in asked if item.database == name]
