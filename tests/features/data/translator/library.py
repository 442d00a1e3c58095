"""A small lending library to ask about: its catalogue and its rows, the same in every engine."""

from __future__ import annotations

import datetime as dt
from typing import Final

from garret.features.data.contracts import Catalogue, Column, ColumnKind, Dialect, ForeignKey, Table
from garret.features.data.translator.emit import Writer
from garret.features.data.translator.grammar import parse
from garret.features.data.translator.index import Index
from garret.features.data.translator.paths import Paths

TODAY: Final = dt.date(2024, 6, 15)
SCRIPT: Final = """
CREATE TABLE branch (branch_id INTEGER, name TEXT, city TEXT, opened INTEGER);
CREATE TABLE member (member_id INTEGER, first_name TEXT, last_name TEXT, age INTEGER, sex TEXT, branch_id
INTEGER);
CREATE TABLE book (book_id INTEGER, title TEXT, genre TEXT, pages INTEGER, price REAL);
CREATE TABLE loan (loan_id INTEGER, member_id INTEGER, book_id INTEGER, loan_date DATE, fine REAL);
INSERT INTO branch VALUES (1, 'Harbour', 'Kiel', 1950), (2, 'Old Mill', 'Bern', 1990), (3, 'Hilltop', 'Kiel',
2005);
INSERT INTO member VALUES (1, 'Ada', 'Brook', 34, 'F', 1), (2, 'Ben', 'Stone', 19, 'M', 1), (3, 'Cleo',
'Marsh', 52, 'F', 2),
  (4, 'Dov', 'Field', 27, 'M', 2), (5, 'Edda', 'Stone', 70, 'F', 2);
INSERT INTO book VALUES (1, 'Rivers', 'Nature', 210, 12.5), (2, 'The Quiet Sea', 'Novel', 480, 20.0),
  (3, 'Bread', 'Cooking', 120, 8.0), (4, 'Winter Roads', 'Novel', 300, 15.0);
INSERT INTO loan VALUES (1, 1, 1, '2023-03-04', 0.0), (2, 1, 2, '2023-07-09', 1.5), (3, 2, 2, '2024-01-20',
0.0),
  (4, 3, 4, '2024-05-11', 2.0), (5, 3, 2, '2024-05-30', 0.5);
"""
_KINDS: Final[dict[str, ColumnKind]] = {"INTEGER": "integer", "TEXT": "text", "REAL": "real", "DATE": "date"}
_SAMPLES: Final = {
    "branch.name": ("Harbour", "Old Mill", "Hilltop"),
    "branch.city": ("Kiel", "Bern"),
    "member.first_name": ("Ada", "Ben", "Cleo", "Dov", "Edda"),
    "member.last_name": ("Stone", "Brook", "Marsh", "Field"),
    "member.sex": ("F", "M"),
    "book.title": ("Rivers", "The Quiet Sea", "Bread", "Winter Roads"),
    "book.genre": ("Novel", "Nature", "Cooking"),
}
_KEYS: Final = {"member": ("branch",), "loan": ("member", "book")}


def library(dialect: Dialect = "duckdb", *, keys: bool = True) -> Catalogue:
    """The catalogue, with or without declared keys."""
    return Catalogue(source="library", dialect=dialect, tables=tuple(_tables(keys)), fingerprint="library")


def _tables(keys: bool) -> list[Table]:
    made: list[Table] = []
    for statement in SCRIPT.split(";"):
        if "CREATE TABLE" not in statement:
            continue
        name, _, inner = statement.split("CREATE TABLE", 1)[1].strip().partition(" ")
        columns = tuple(_column(name, *part.split()) for part in inner.strip("() ").split(","))
        foreign = tuple(
            ForeignKey(columns=(f"{other}_id",), table=other, references=(f"{other}_id",))
            for other in _KEYS.get(name, ())
        )
        primary = (columns[0].name,)
        made.append(
            Table(
                name=name,
                columns=columns,
                primary_key=primary if keys else (),
                foreign_keys=foreign if keys else (),
                rows=5,
            )
        )
    return made


def _column(table: str, name: str, kind: str) -> Column:
    samples = _SAMPLES.get(f"{table}.{name}", ())
    return Column(name=name, type=kind, kind=_KINDS[kind], samples=samples, distinct=len(samples) or None)


def written(question: str, catalogue: Catalogue | None = None) -> str:
    """The query of a question, however sure it is; empty where there is none."""
    catalogue = catalogue or library()
    index = Index(catalogue)
    paths = Paths(index.edges)
    query = parse(question, index, paths, TODAY).query
    return "" if query is None else Writer(catalogue.dialect, paths).write(query)
