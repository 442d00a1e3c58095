"""Join paths: the cheapest way along keys, declared before guessed, and none where there is none."""

from __future__ import annotations

from garret.features.data.contracts import Catalogue, Column, Table
from garret.features.data.translator.index import Index, Place
from garret.features.data.translator.paths import Paths
from tests.features.data.translator.library import library


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
