"""Join paths: the cheapest way along keys, declared before guessed, and none where there is none."""

from __future__ import annotations

import pytest

from garret.features.data.contracts import Catalogue, Column, ForeignKey, Table
from garret.features.data.translator.index import Index, Place
from garret.features.data.translator.paths import Paths
from tests.features.data.translator.library import library, written


def placed(index: Index, name: str) -> Place:
    return next(place for place in index.places if place.table.name == name)


def test_a_way_goes_through_the_tables_between() -> None:
    index = Index(library())
    paths = Paths(index.edges)
    steps = paths.tree([placed(index, "branch"), placed(index, "book")])
    assert steps is not None
    assert [place.table.name for place, _ in steps] == ["member", "loan", "book"]


def test_declared_keys_are_nearer_than_guessed_ones() -> None:
    declared, guessed = Index(library()), Index(library(keys=False))
    near = Paths(declared.edges).cost(placed(declared, "member"), placed(declared, "branch"))
    far = Paths(guessed.edges).cost(placed(guessed, "member"), placed(guessed, "branch"))
    assert near < far < float("inf")


def test_tables_that_nothing_joins_have_no_way() -> None:
    lone = Table(name="weather", columns=(Column(name="rain", type="REAL", kind="real"),))
    catalogue = library()
    index = Index(Catalogue(source="x", dialect="duckdb", tables=(*catalogue.tables, lone)))
    assert Paths(index.edges).tree([placed(index, "book"), placed(index, "weather")]) is None


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("How many flights have a destination airport in Kiel?", "destination_code"),
        ("Which flights have their origin in Bern?", "origin_code"),
        ("How many flights for each airport?", "origin_code"),
    ],
)
def test_of_two_keys_to_one_table_the_one_that_is_named_is_taken(question: str, key: str) -> None:
    airport = Table(
        name="airport",
        columns=(
            Column(name="code", type="TEXT", kind="text"),
            Column(name="city", type="TEXT", kind="text", samples=("Kiel", "Bern")),
        ),
        primary_key=("code",),
    )
    ways = ("origin_code", "destination_code")
    flight = Table(
        name="flight",
        columns=(
            Column(name="flight_id", type="INTEGER", kind="integer"),
            *(Column(name=way, type="TEXT", kind="text") for way in ways),
        ),
        primary_key=("flight_id",),
        foreign_keys=tuple(ForeignKey(columns=(way,), table="airport", references=("code",)) for way in ways),
    )
    made = written(question, Catalogue(source="air", dialect="duckdb", tables=(airport, flight)))
    assert f'"{key}" = ' in made
