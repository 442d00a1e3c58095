"""Units are read from names, and only where a name says so."""

from __future__ import annotations

import pytest

from garret.features.data.results.units import unit_of


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("price_eur", "EUR"),
        ("Weight (kg)", "kg"),
        ("load [%]", "%"),
        ("loadPct", "%"),
        ("sum(price_usd)", "USD"),
        ("count(price_usd)", ""),
        ("sum(v)", ""),
        ("distance_km", "km"),
        ("km_driven", ""),
        ("name", ""),
        ("count_star()", ""),
        ("year (2020)", ""),
        ("note (a long remark)", ""),
        ("", ""),
    ],
)
def test_the_unit_of_a_name(name: str, unit: str) -> None:
    assert unit_of(name) == unit
