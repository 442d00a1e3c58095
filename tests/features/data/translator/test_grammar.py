"""Questions about a small library, each run in DuckDB: the rows say whether it was read rightly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from garret.features.data.contracts import Dialect
from tests.features.data.translator.library import SCRIPT, library, written


@pytest.fixture(scope="module")
def rows() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(SCRIPT)
        yield connection


SINGLE: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("How many books are there?", [(4,)]),
    ("What are the titles of all books?", [("Rivers",), ("The Quiet Sea",), ("Bread",), ("Winter Roads",)]),
    ("List the title and price of novels", [("The Quiet Sea", 20.0), ("Winter Roads", 15.0)]),
    ("Which books have more than 250 pages?", [("The Quiet Sea",), ("Winter Roads",)]),
    ("Show the titles of books with pages between 200 and 300", [("Rivers",), ("Winter Roads",)]),
    ("What is the average price of books?", [(13.875,)]),
    ("What are the highest and lowest price of books?", [(20.0, 8.0)]),
    ("What is the title of the most expensive book?", [("The Quiet Sea",)]),
    ("Give the titles of the two cheapest books", [("Bread",), ("Rivers",)]),
    ("Which 2 books have the lowest price?", [("Bread",), ("Rivers",)]),
    ("List the titles of books whose price is above the average", [("The Quiet Sea",), ("Winter Roads",)]),
    ("How many female members are there?", [(3,)]),
    ("What are the first names of members older than 50?", [("Cleo",), ("Edda",)]),
    ("Find the first name of the youngest member", [("Ben",)]),
    ("Show the different cities of branches", [("Kiel",), ("Bern",)]),
    ("How many different genres of books are there?", [(3,)]),
    ("Which genre is the most common?", [("Novel",)]),
    ("How many books are there for each genre?", [("Nature", 1), ("Novel", 2), ("Cooking", 1)]),
    ("Which genres have at least 2 books?", [("Novel",)]),
    ("What are the titles of books whose genre is not Novel?", [("Rivers",), ("Bread",)]),
    ("Show the titles of books whose title starts with 'R'", [("Rivers",)]),
    ("Which books have less than 150 pages or a price above 18?", [("The Quiet Sea",), ("Bread",)]),
    ("What is the age of Ada Brook?", [(34,)]),
    ("Which branches were opened before 1980?", [("Harbour",)]),
    ("How many loans were made in 2024?", [(3,)]),
    ("What are the maximum, minimum and average pages of books?", [(480, 120, 277.5)]),
    ("How many members are under 30?", [(2,)]),
    ("Which books have pages > 250?", [("The Quiet Sea",), ("Winter Roads",)]),
    ("Show the titles of books with price <= 8", [("Bread",)]),
    ("Which genres have 2 to 4 books?", [("Novel",)]),
    ("Which branches were opened after the year of 1980?", [("Old Mill",), ("Hilltop",)]),
    ("List the first names of members (sex is M)", [("Ben",), ("Dov",)]),
]

JOINED: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("What are the first names of members of the branch named 'Harbour'?", [("Ada",), ("Ben",)]),
    ("Find the first names of members who do not have any loans", [("Dov",), ("Edda",)]),
    ("How many members does each branch have?", [("Harbour", 2), ("Old Mill", 3)]),
    ("Which branch has the most members?", [("Old Mill",)]),
    ("Show the names of branches that have more than 2 members", [("Old Mill",)]),
    ("Which branches have no members?", [("Hilltop",)]),
    ("What is the average age of members of each branch?", [(26.5, "Harbour"), (149 / 3, "Old Mill")]),
    ("How many members have a loan?", [(3,)]),
    ("Find the first names of members who have loans", [("Ada",), ("Ben",), ("Cleo",)]),
    ("Find the first name of members whose last name starts with 'S'", [("Ben",), ("Edda",)]),
    ("List the cities of branches with both female members and male members", [("Kiel",), ("Bern",)]),
]


@pytest.mark.parametrize(
    ("question", "expected"), SINGLE + JOINED, ids=lambda part: part if isinstance(part, str) else ""
)
def test_a_question_gives_the_rows_that_it_asks_for(
    rows: duckdb.DuckDBPyConnection, question: str, expected: list[tuple[Any, ...]]
) -> None:
    found = rows.execute(written(question)).fetchall()
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


def test_what_orders_rows_shown_once_is_shown_too(rows: duckdb.DuckDBPyConnection) -> None:
    found = rows.execute(written("List the distinct genres of books ordered by price")).fetchall()
    assert found == [("Cooking", 8.0), ("Nature", 12.5), ("Novel", 15.0), ("Novel", 20.0)]


def test_from_the_highest_to_the_lowest_descends(rows: duckdb.DuckDBPyConnection) -> None:
    found = rows.execute(written("List the titles of books sorted by price from the highest to the lowest"))
    assert [title for (title,) in found.fetchall()] == ["The Quiet Sea", "Winter Roads", "Rivers", "Bread"]


def test_rows_come_in_the_order_that_was_asked_for(rows: duckdb.DuckDBPyConnection) -> None:
    down = rows.execute(written("List the titles of books in descending order of pages")).fetchall()
    assert [title for (title,) in down] == ["The Quiet Sea", "Winter Roads", "Rivers", "Bread"]
    up = rows.execute(written("List the titles of books in alphabetical order")).fetchall()
    assert [title for (title,) in up] == ["Bread", "Rivers", "The Quiet Sea", "Winter Roads"]


def test_keys_that_are_not_declared_are_found_by_name(rows: duckdb.DuckDBPyConnection) -> None:
    question = "What are the first names of members of the branch named 'Harbour'?"
    query = written(question, library(keys=False))
    assert sorted(rows.execute(query).fetchall()) == [("Ada",), ("Ben",)]


def test_a_value_nobody_saw_is_compared_whatever_the_size_of_its_letters(
    rows: duckdb.DuckDBPyConnection,
) -> None:
    rows.execute("INSERT INTO branch VALUES (9, 'LIGHTHOUSE', 'Brest', 1870)")
    found = rows.execute(written("What is the city of the branch named 'Lighthouse'?")).fetchall()
    rows.execute("DELETE FROM branch WHERE branch_id = 9")
    assert found == [("Brest",)]


@pytest.mark.parametrize("dialect", ["postgres", "mysql", "trino", "sqlite"])
def test_quotes_in_a_value_stay_inside_its_literal(dialect: Dialect) -> None:
    import sqlglot
    from sqlglot import exp

    query = written('Show the titles of books whose title is "x\'; DROP TABLE book; --"', library(dialect))
    (tree,) = sqlglot.parse(query, read=dialect)
    assert isinstance(tree, exp.Select)
    assert [literal.this for literal in tree.find_all(exp.Literal)] == ["x'; drop table book; --"]
