"""Keys between files are guessed by names and values, and not where either speaks against it."""

from __future__ import annotations

import pytest

from garret.features.data.sources.guessed_keys import Seen, guess_keys


def column(name: str, *values: object, whole: bool = True, kind: str = "integer") -> Seen:
    return Seen(name, kind, tuple(None if value is None else str(value) for value in values), whole)  # type: ignore[arg-type]


CUSTOMERS = ("customers", [column("id", 1, 2, 3), column("name", "a", "b", "c", kind="text")])


def found(*tables: tuple[str, list[Seen]]) -> list[tuple[str, str, str, str]]:
    return [
        (table, key.columns[0], key.table, key.references[0])
        for table, keys in guess_keys(tables).items()
        for key in keys
    ]


@pytest.mark.parametrize("name", ["customer_id", "CustomerID", "customer", "customers_id", "customerId"])
def test_a_column_named_after_a_table_points_at_its_key(name: str) -> None:
    orders = ("orders", [column("id", 7, 8), column(name, 1, 3)])
    assert found(CUSTOMERS, orders) == [("orders", name, "customers", "id")]


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("dim_country", "country_code"),
        ("countries", "code"),
        ("country", "Country_ID"),
        ("tbl_countries", "id"),
    ],
)
def test_names_of_tables_and_keys_of_many_kinds(table: str, key: str) -> None:
    other = (table, [column(key, 1, 2), column("x", 5, 5)])
    pointing = {
        "country_code": "country_code",
        "code": "country_code",
        "Country_ID": "country_id",
        "id": "country_id",
    }[key]
    assert found(other, ("cities", [column("id", 4, 5), column(pointing, 2, 2)])) == [
        ("cities", pointing, table, key)
    ]


def test_values_that_are_no_keys_speak_against_it() -> None:
    assert found(CUSTOMERS, ("orders", [column("id", 7, 8), column("customer_id", 40, 50)])) == []
    partly = ("customers", [column("id", 1, 2, whole=False)])
    assert found(partly, ("orders", [column("id", 7, 8), column("customer_id", 40, 50)])) != []


@pytest.mark.parametrize(
    "customers",
    [
        ("customers", [column("id", 1, 1, 2)]),
        ("customers", [column("id", 1, None, 2)]),
        ("customers", [column("id", "x", "y", kind="text")]),
        ("customers", [column("total", 1, 2)]),
    ],
)
def test_what_is_no_key_is_not_pointed_at(customers: tuple[str, list[Seen]]) -> None:
    assert found(customers, ("orders", [column("id", 7, 8), column("customer_id", 1, 2)])) == []


def test_the_same_key_in_two_tables_says_nothing() -> None:
    first = ("a", [column("a_id", 1, 2), column("x", 1, 1)])
    second = ("b", [column("a_id", 1, 2), column("y", 1, 1)])
    assert ("a", "a_id", "a", "a_id") not in found(first, second)


def test_empty_columns_point_nowhere() -> None:
    assert found(CUSTOMERS, ("orders", [column("customer_id", None, None)])) == []
