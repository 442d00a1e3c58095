"""What people say of tables, laid over a snapshot."""

from __future__ import annotations

import msgspec
import pytest

from garret.features.data import semantics
from garret.features.data.contracts import Catalogue, Column, Measure, Table

CATALOGUE = Catalogue(
    source="src_1",
    dialect="duckdb",
    tables=(
        Table(
            name="orders",
            columns=(
                Column(name="qty", type="INTEGER", kind="integer", samples=("1", "2")),
                Column(name="mail", type="VARCHAR", kind="text", private=True, guessed=True),
            ),
        ),
        Table(name="people", columns=(Column(name="name", type="VARCHAR", kind="text", samples=("Ann",)),)),
    ),
    fingerprint="f",
    taken=1.0,
)
BODY = msgspec.msgpack.encode(CATALOGUE)


def _said(table: str, column: str = "", **more: object) -> dict[str, dict[str, object]]:
    plain: dict[str, object] = {
        "table": table,
        "column": column,
        "description": "",
        "synonyms": [],
        "unit": "",
        "private": None,
    }
    return {semantics.meaning_id("src_1", table, column): plain | more}


def test_nothing_said_changes_nothing() -> None:
    assert semantics.described(BODY, {}, {}) == CATALOGUE


def test_tables_and_columns_get_what_is_said_of_them() -> None:
    said = _said("orders", description="What was sold", synonyms=["sales"]) | _said(
        "orders", "qty", unit="pieces", synonyms=["amount"]
    )
    found = semantics.described(BODY, said, {})
    orders = found.tables[0]
    assert (orders.description, orders.synonyms) == ("What was sold", ("sales",))
    assert (orders.columns[0].unit, orders.columns[0].samples) == ("pieces", ("1", "2"))
    assert found.tables[1] == CATALOGUE.tables[1]


def test_a_column_made_private_shows_no_values_and_a_guess_can_be_taken_back() -> None:
    found = semantics.described(
        BODY, _said("people", "name", private=True) | _said("orders", "mail", private=False), {}
    )
    assert (found.tables[1].columns[0].samples, found.tables[1].columns[0].private) == ((), True)
    mail = found.tables[0].columns[1]
    assert (mail.private, mail.guessed) == (False, False)


def test_what_is_said_of_what_is_gone_waits() -> None:
    assert (
        semantics.described(BODY, _said("gone", description="x") | _said("orders", "gone"), {}) == CATALOGUE
    )


def test_measures_are_those_of_tables_that_are_there() -> None:
    measures = {
        name: {"measure": msgspec.to_builtins(Measure(name=name, table=table, expression="sum(qty)"))}
        for name, table in (("sold", "orders"), ("lost", "gone"))
    }
    found = semantics.described(BODY, {}, measures)
    assert [each.name for each in found.measures] == ["sold"]
    assert semantics.revision_of(found) != semantics.revision_of(CATALOGUE)


def test_a_damaged_snapshot_is_noticed() -> None:
    with pytest.raises(msgspec.DecodeError):
        semantics.described(BODY[:-3], {}, {})
