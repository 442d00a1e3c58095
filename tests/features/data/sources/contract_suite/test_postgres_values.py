"""Every kind of value that PostgreSQL has, and what becomes of it; what only its own sessions keep out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from garret.base.errors import Code
from garret.features.data.contracts import Limits, SourceConfig
from garret.features.data.sources.contract import SourceError
from tests.features.data.sources.contract_suite.conftest import MAKERS, Engine, checked, fetch

CASES: list[tuple[str, str, Any]] = [
    # expression, kind, value in Python
    ("NULL::int", "integer", None),
    ("true", "boolean", True),
    ("9223372036854775807::int8", "integer", 2**63 - 1),
    ("(-32768)::int2", "integer", -32768),
    ("4294967295::oid", "integer", 2**32 - 1),
    ("'-Infinity'::float8", "real", float("-inf")),
    ("1e308::float8", "real", 1e308),
    ("1.50::numeric(10,2)", "decimal", Decimal("1.50")),
    (f"{'12' * 19}::numeric", "decimal", Decimal("12" * 19)),
    ("0.0000000000000000000000000000000000001::numeric", "decimal", Decimal("1e-37")),
    ("'NaN'::numeric", "text", "NaN"),
    ("'Infinity'::numeric", "text", "Infinity"),
    ("(10::numeric ^ 60)::numeric(61, 0)", "text", "1" + "0" * 60),
    ("'1234.5'::money", "decimal", Decimal("1234.50")),
    ("date '2024-02-29'", "date", dt.date(2024, 2, 29)),
    ("date '0001-01-01'", "date", dt.date(1, 1, 1)),
    ("date 'infinity'", "text", "infinity"),
    ("date '-infinity'", "text", "-infinity"),
    ("timestamp '2024-02-29 10:11:12.123456'", "timestamp", dt.datetime(2024, 2, 29, 10, 11, 12, 123456)),  # noqa: DTZ001 - it has none
    ("timestamp 'infinity'", "text", "infinity"),
    ("timestamptz '-infinity'", "text", "-infinity"),
    ("timestamp '294276-12-31 23:59:59'", "text", "294276-12-31 23:59:59.000000"),
    (
        "timestamptz '2024-01-01 12:00+05'",
        "timestamp",
        dt.datetime(2024, 1, 1, 7, tzinfo=dt.UTC),
    ),
    ("time '23:59:59.5'", "time", dt.time(23, 59, 59, 500_000)),
    ("time '24:00'", "text", "24:00:00"),
    ("timetz '10:00+02'", "time", "10:00:00+02"),
    ("interval '1 mon 2 days 03:04:05'", "interval", "1 mon 2 days 03:04:05"),
    ("'\\x00ff'::bytea", "binary", b"\x00\xff"),
    ("'😀 é'", "text", "😀 é"),
    ("'ab'::char(5)", "text", "ab   "),
    ("'a'::\"char\"", "text", "a"),
    ("B'101'", "text", "101"),
    ("'{\"a\": [1, {\"b\": null}]}'::jsonb", "json", '{"a": [1, {"b": null}]}'),
    ("'{}'::json", "json", "{}"),
    ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("'{1,NULL,3}'::int[]", "array", "[1,null,3]"),
    ("'{{1,2},{3,4}}'::int[]", "array", "[[1,2],[3,4]]"),
    ("'{a,\"b c\"}'::text[]", "array", '["a","b c"]'),
    ("point(1, 2)", "geometry", "(1,2)"),
    ("'1.2.3.4/8'::inet", "other", "1.2.3.4/8"),
    ("int4range(1, 3)", "other", "[1,3)"),
    ("ROW(1, 'a')", "other", "(1,a)"),
    ("'<a/>'::xml", "other", "<a/>"),
    ("'a fat'::tsvector", "other", "'a' 'fat'"),
    ("'{1}'::numeric[]", "array", "[1]"),
]  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[Engine]:
    with MAKERS["postgres"]() as engine:
        yield engine


@pytest.fixture
def engine(served: Engine) -> Iterator[Engine]:
    yield served
    served.close()


def test_every_type(engine: Engine) -> None:
    query = "SELECT " + ", ".join(expression for expression, _, _ in CASES)
    rows, (found,) = fetch(engine.connector(), query)
    got = [
        (case[0], column.kind, value) for case, column, value in zip(CASES, rows.columns, found, strict=True)
    ]
    assert got == CASES
    assert len({column.name for column in rows.columns}) == len(CASES)


def test_not_a_number_is_one(engine: Engine) -> None:
    _, ((value,),) = fetch(engine.connector(), "SELECT 'NaN'::float8")
    assert value != value


def test_dates_beyond_pythons_calendar_stay_dates(engine: Engine) -> None:
    rows = engine.connector().run(
        checked("SELECT date '4713-01-01 BC' AS a, date '5874897-12-31' AS b"), Limits()
    )
    (batch,) = list(rows)
    assert [column.kind for column in rows.columns] == ["date", "date"]
    # Days from 1970: PostgreSQL counts by the Julian day, whose first was 24 November 4714 BC.
    assert [column.cast("int32")[0].as_py() for column in batch.columns] == [38 - 2_440_588, 2_145_042_905]


def test_names_that_repeat_or_are_missing(engine: Engine) -> None:
    rows, found = fetch(engine.connector(), 'SELECT 1 AS a, 2 AS a, 3 AS " ", 4 AS a_2')
    assert [column.name for column in rows.columns] == ["a", "a_3", "column_3", "a_2"]
    assert found == [(1, 2, 3, 4)]


def test_what_comes_late_is_left_out_and_told(engine: Engine) -> None:
    query = (
        "SELECT CASE WHEN i = 60000 THEN 'infinity' ELSE date '2024-01-01' END AS day, "
        "CASE WHEN i = 60000 THEN 1.125 ELSE i + 0.5 END AS n, "
        "CASE WHEN i = 60001 THEN 'NaN' ELSE 2.5 END AS m FROM generate_series(1, 70000) AS i"
    )
    rows, found = fetch(engine.connector(), query, Limits(rows=100_000))
    assert len(found) == 70_000
    assert [column.kind for column in rows.columns] == ["date", "decimal", "decimal"]
    assert found[59_999] == (None, Decimal("1.1"), Decimal("2.5"))
    assert found[60_000][2] is None
    notes = " ".join(rows.notes)
    assert "“infinity”" in notes
    assert "rounded" in notes
    assert "“NaN”" in notes


def test_order_is_kept(engine: Engine) -> None:
    _, found = fetch(
        engine.connector(),
        "SELECT i FROM generate_series(1, 50000) AS i ORDER BY -i LIMIT 50000",
        Limits(rows=50_000),
    )
    assert [row[0] for row in found] == list(range(50_000, 0, -1))


# --- sessions and logins ----------------------------------------------------------------------------


@pytest.fixture
def superuser(engine: Engine) -> Engine:
    config = SourceConfig(
        kind="postgres", host="127.0.0.1", port=engine.config.port, user="garret", database="postgres"
    )
    return Engine(config, "", engine.queries, engine.running, engine.admin)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('/')",
        "COPY people TO PROGRAM 'true'",
        "COPY people TO '{file}'",
        "SELECT lo_export(1, '{file}')",
        "WITH gone AS (DELETE FROM people RETURNING 1) SELECT * FROM gone",
        "SELECT id FROM people FOR UPDATE",
        "SELECT nextval('numbers')",
        "SELECT set_config('transaction_read_only', 'off', false), 1 FROM people",
        "DROP TABLE people",
        "COMMIT",
        "SELECT 1) AS q; DROP TABLE people; SELECT (1",
        "SELECT 1; DROP TABLE people",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'garret'",
        "SELECT pg_reload_conf()",
        "DO $$ BEGIN DELETE FROM people; END $$",
        "EXPLAIN ANALYZE DELETE FROM people",
        "PREPARE x AS DELETE FROM people",
        "LOCK TABLE people",
    ],
)
def test_the_session_alone_holds_a_superuser(
    engine: Engine, superuser: Engine, query: str, tmp_path: Path
) -> None:
    engine.admin("CREATE SEQUENCE IF NOT EXISTS numbers")
    file = tmp_path / "stolen"
    with pytest.raises(SourceError) as caught:
        fetch(superuser.connector(), query.replace("{file}", str(file)))
    assert caught.value.code in (Code.DENIED, Code.INVALID, Code.FAILED, Code.CONFLICT)
    assert not file.exists()
    assert engine.admin("SELECT count(*) FROM people").fetchone() == (3,)
    superuser.close()


def test_a_superuser_is_warned_and_the_script_makes_a_reader(engine: Engine, superuser: Engine) -> None:
    status = superuser.connector().test()
    assert not status.read_only
    assert "superuser" in status.warnings[0]
    script = status.script.replace("<choose a password>", "it''s")
    for statement in script.strip().split(";\n"):
        engine.admin(statement.removesuffix(";"))
    made = Engine(
        SourceConfig(
            kind="postgres",
            host="127.0.0.1",
            port=engine.config.port,
            user="garret_reader",
            database="postgres",
        ),
        "it's",
        engine.queries,
        engine.running,
        engine.admin,
    )
    reader = made.connector().test()
    assert (reader.read_only, reader.warnings, reader.script) == (True, (), "")
    assert len(fetch(made.connector(), engine.queries["people"])[1]) == 3
    superuser.close()
    made.close()


def test_a_login_that_may_write_is_warned(engine: Engine) -> None:
    engine.admin("GRANT INSERT ON people TO reader")
    status = engine.connector().test()
    engine.admin("REVOKE INSERT ON people FROM reader")
    assert not status.read_only
    assert "may change 1 tables" in status.warnings[0]


def test_quoted_names_in_the_script(engine: Engine) -> None:
    engine.admin('CREATE SCHEMA IF NOT EXISTS "odd ""name"')
    engine.admin("GRANT INSERT ON people TO reader")
    status = engine.connector(schemas=('odd "name',)).test()
    engine.admin("REVOKE INSERT ON people FROM reader")
    assert 'IN SCHEMA "odd ""name"' in status.script


def test_a_thousand_tables_with_their_columns(engine: Engine) -> None:
    engine.admin("CREATE SCHEMA wide")
    engine.admin(
        "DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format('CREATE TABLE wide.t%s (id int PRIMARY KEY, a "
        "text, b "
        "numeric(9,2), c date, d timestamptz, e jsonb)', i); END LOOP; END $$"
    )
    engine.admin("GRANT USAGE ON SCHEMA wide TO reader")
    engine.admin("GRANT SELECT ON ALL TABLES IN SCHEMA wide TO reader")
    catalogue = engine.connector(schemas=("wide",)).catalogue("w")
    engine.admin("DROP SCHEMA wide CASCADE")
    assert len(catalogue.tables) == 1000
    assert all(len(table.columns) == 6 and table.primary_key == ("id",) for table in catalogue.tables)
    assert catalogue.tables[0].schema == ""
