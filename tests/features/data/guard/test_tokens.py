"""What is refused before sqlglot sees it, since it would read it again and again; and what is not."""

from __future__ import annotations

import pytest

from garret.features.data.contracts import Dialect
from garret.features.data.guard import GuardRefused
from garret.features.data.guard.dialects import retried
from garret.features.data.guard.tokens import measure
from tests.features.data.guard import ordinary
from tests.features.data.guard.corpus import made

COSTLY = (
    "deep-types",
    "deep-limits",
    "deep-types-in-cases",
    "many-joins",
    "many-joins-in-brackets",
    "long-name",
    "long-path",
    "many-dots",
)


@pytest.mark.parametrize("dialect", ordinary.SQL)
@pytest.mark.parametrize("name", COSTLY)
def test_what_costs_time_is_refused_unread(name: str, dialect: Dialect) -> None:
    with pytest.raises(GuardRefused, match="is limited"):
        measure(made(name), dialect, retried(dialect))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT date(date(date(day))) FROM sales",
        "SELECT id FROM a JOIN b ON 1 = 1" + " LEFT JOIN c USING (id)" * 25,
        "SELECT id FROM a JOIN (b JOIN c ON b.id = c.id) ON a.id = b.id",
        "SELECT " + ", ".join(["a.b.c.d"] * 60) + " FROM a.b.c",
        "SELECT " + " + ".join(["sales.amount"] * 60) + " FROM sales",
        "SELECT id FROM a WHERE id IN (" + ", ".join(["'192.168.100.200'"] * 250) + ")",
        "SELECT " + ", ".join(["info -> '$.a.b'"] * 60) + " FROM sales",
        "SELECT id FROM a WHERE id IN (SELECT id FROM b ORDER BY id LIMIT 5) UNION SELECT 1 LIMIT 3",
    ],
)
def test_long_ordinary_forms_are_not(query: str) -> None:
    measure(query, "sqlite", retried("sqlite"))
