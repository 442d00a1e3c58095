"""What the confidence is told of a reading beside what was left over: rivals, repeats, order of figures."""

from __future__ import annotations

import pytest

from garret.features.data.contracts import Catalogue, Column, ForeignKey, Table
from garret.features.data.translator.confidence import features
from garret.features.data.translator.emit import Writer
from garret.features.data.translator.grammar import parse
from garret.features.data.translator.index import Index
from garret.features.data.translator.paths import Paths
from tests.features.data.translator.library import TODAY, library


def _told(question: str) -> dict[str, float]:
    index = Index(library())
    parsed = parse(question, index, Paths(index.edges), TODAY)
    assert parsed.query is not None
    return features(parsed.draft, parsed.query)


def test_a_column_that_two_tables_have_is_chosen_by_a_smaller_margin() -> None:
    sure, unsure = _told("What is the genre of books?"), _told("Show the member id of loans")
    assert sure["margin"] > unsure["margin"]
    assert (sure["same name elsewhere"], unsure["same name elsewhere"]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What is the average price of books for each genre?", 1.0),
        ("For each genre, what is the average price of books?", 0.0),
        ("How many books are there for each genre?", 0.0),
    ],
)
def test_the_order_of_figure_and_key_is_told(question: str, first: float) -> None:
    told = _told(question)
    assert (told["figure first"], told["figure last"]) == (first, 1.0 - first)


def test_values_that_repeat_are_told_where_every_row_is_shown() -> None:
    assert _told("Show the genre of books with more than 10 pages")["shows repeated"] == 1.0
    assert "shows repeated" not in _told("Show the different genres of books with more than 10 pages")


def _school() -> Catalogue:
    """A professor belongs to a department; a department is headed by an employee."""

    def table(name: str, columns: str, keys: dict[str, str]) -> Table:
        return Table(
            name=name,
            columns=tuple(Column(name=each, type="TEXT", kind="text") for each in columns.split()),
            primary_key=(columns.split()[0],),
            foreign_keys=tuple(
                ForeignKey(columns=(column,), table=other, references=(column,))
                for column, other in keys.items()
            ),
        )

    return Catalogue(
        source="school",
        dialect="duckdb",
        fingerprint="school",
        tables=(
            table("department", "dept_code dept_name emp_num", {"emp_num": "employee"}),
            table("employee", "emp_num emp_name", {}),
            table(
                "professor", "emp_num dept_code office", {"emp_num": "employee", "dept_code": "department"}
            ),
        ),
    )


def test_of_two_ways_as_long_the_one_along_a_key_of_its_own_is_taken() -> None:
    index = Index(_school())
    paths = Paths(index.edges)
    question = "What are the employee names and offices of professors and the department name?"
    parsed = parse(question, index, paths, TODAY)
    assert parsed.query is not None
    assert '."dept_code" = ' in Writer("duckdb", paths).write(parsed.query)
