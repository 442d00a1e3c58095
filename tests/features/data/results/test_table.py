"""Pages of a result against plain Python, and cells as the contract says."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.base.errors import UsageError
from garret.features.data.contracts import Filter, ResultColumn, Sort
from garret.features.data.results.normalise import ResultsError
from garret.features.data.results.table import PAGE_LIMIT, ResultTable
from garret.transport import bulk
from tests.features.data.results.tables import result, table

CELLS = [
    ("9007199254740992", 9007199254740992),
    ("9007199254740993", "9007199254740993"),
    ("-9007199254740993", "-9007199254740993"),
    ("170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"),
    ("0.1::FLOAT", 0.1),
    ("'nan'::DOUBLE", "NaN"),
    ("'inf'::DOUBLE", "Infinity"),
    ("'-inf'::FLOAT", "-Infinity"),
    ("12345678901234567890123456789012345.678::DECIMAL(38,3)", "12345678901234567890123456789012345.678"),
    ("true", True),
    ("NULL::INTEGER", None),
    ("DATE '0044-03-15 (BC)'", "0044-03-15 (BC)"),
    ("DATE '99999-12-31'", "99999-12-31"),
    ("'infinity'::DATE", "infinity"),
    ("TIMESTAMP '2024-02-29 12:00:00.5'", "2024-02-29 12:00:00.5"),
    ("TIMESTAMPTZ '2024-02-29 12:00:00+02'", "2024-02-29 10:00:00+00"),
    ("TIME '23:59:59.999999'", "23:59:59.999999"),
    ("INTERVAL '1 month 3 days 1 second'", "1 month 3 days 00:00:01"),
    ("'\\x00\\xFF'::BLOB", "00ff"),
    ("uuid '00000000-0000-0000-0000-000000000001'", "00000000-0000-0000-0000-000000000001"),
    ("[1, NULL, 3]", "[1,null,3]"),
    ("{'a': 1, 'b': ['x']}", '{"a":1,"b":["x"]}'),
    ("MAP {'k': 1}", '{"k":1}'),
    ("""'{"a": 1}'::JSON""", '{"a": 1}'),
    ("'ä𝄞'", "ä𝄞"),
    ("255::UTINYINT", 255),
]


@pytest.mark.parametrize(("expression", "cell"), CELLS)
def test_a_cell_is_what_json_holds_exactly(expression: str, cell: Any) -> None:
    with table(f"SELECT {expression} AS v") as opened:
        assert opened.page(0, 1).cells == ((cell,),)
        assert type(opened.page(0, 1).cells[0][0]) is type(cell)


WORDS = st.one_of(st.none(), st.text(alphabet="abAB äÄ_%'\"=-", max_size=4))
NUMBERS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-3, 3))
REALS = st.one_of(st.none(), st.floats(allow_nan=False), st.sampled_from([0.0, -0.0, 1.5]))
ROWS = st.lists(st.tuples(WORDS, NUMBERS, REALS), max_size=30)
SORTS = st.lists(
    st.builds(Sort, column=st.sampled_from(["word", "number", "real"]), descending=st.booleans()), max_size=3
)
FILTERS = st.lists(
    st.one_of(
        st.builds(
            Filter,
            column=st.just("word"),
            test=st.sampled_from(["is", "is_not", "contains", "missing", "present", "at_least", "at_most"]),
            value=st.text(alphabet="abAB ä%_'", max_size=2),
        ),
        st.builds(
            Filter,
            column=st.just("number"),
            test=st.sampled_from(["is", "is_not", "at_least", "at_most", "missing"]),
            value=st.one_of(
                st.integers(-(2**70), 2**70).map(str),
                st.integers(-3, 3).map(str),
                st.just("1.5"),
                st.just("-0.5"),
            ),
        ),
        st.builds(
            Filter,
            column=st.just("real"),
            test=st.sampled_from(["is", "is_not", "at_least", "at_most", "present"]),
            value=st.sampled_from(["0", "1.5", "-1e300", "inf"]),
        ),
    ),
    max_size=2,
)


def literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"'{value!r}'"


def keeps(row: tuple[Any, ...], wanted: Filter) -> bool:
    """What a filter means, in plain Python."""
    value = row[["word", "number", "real"].index(wanted.column)]
    if wanted.test in ("missing", "present"):
        return (value is None) == (wanted.test == "missing")
    if wanted.test == "is_not" and value is None:
        return True
    if value is None:
        return False
    if wanted.column == "word":
        value, other = value.lower().encode(), wanted.value.lower().encode()
        if wanted.test == "contains":
            return other in value
    else:
        other = float(wanted.value) if wanted.column == "real" or "." in wanted.value else int(wanted.value)
    return bool(
        {
            "is": value == other,
            "is_not": value != other,
            "at_least": value >= other,
            "at_most": value <= other,
        }[wanted.test]
    )


def in_order(rows: list[tuple[Any, ...]], sorts: list[Sort]) -> list[tuple[Any, ...]]:
    """Ordered in plain Python: what is missing last in both directions, equals as they were."""
    for sort in reversed(sorts):
        place = ["word", "number", "real"].index(sort.column)

        def key(row: tuple[Any, ...], place: int = place) -> Any:
            return row[place].lower().encode() if isinstance(row[place], str) else row[place]

        there = [row for row in rows if row[place] is not None]
        missing = [row for row in rows if row[place] is None]
        rows = sorted(there, key=key, reverse=sort.descending) + missing
    return rows


def shown(row: tuple[Any, ...]) -> tuple[Any, ...]:
    word, number, real = row
    if number is not None and abs(number) > 2**53:
        number = str(number)
    if real is not None and math.isinf(real):
        real = "Infinity" if real > 0 else "-Infinity"
    return word, number, real


@settings(max_examples=40, deadline=None)
@given(ROWS, SORTS, FILTERS, st.integers(0, 35), st.integers(0, 10))
def test_pages_are_what_plain_python_gives(
    rows: list[tuple[Any, ...]], sorts: list[Sort], filters: list[Filter], offset: int, count: int
) -> None:
    head = "SELECT NULL::VARCHAR AS word, NULL::BIGINT AS number, NULL::DOUBLE AS real, -1 AS nth WHERE false"
    values = [
        f"SELECT {literal(word)}::VARCHAR, {literal(number)}::BIGINT, {literal(real)}::DOUBLE, {nth}"
        for nth, (word, number, real) in enumerate(rows)
    ]
    query = f"SELECT word, number, real FROM ({' UNION ALL '.join([head, *values])}) ORDER BY nth"
    expected = in_order([row for row in rows if all(keeps(row, wanted) for wanted in filters)], sorts)
    with table(query) as opened:
        page = opened.page(offset, count, sorts, filters)
        assert page.rows == len(expected)
        assert page.cells == tuple(shown(row) for row in expected[offset : offset + count])
        assert list(opened.read(sorts, filters)) == [shown(row) for row in expected]


@pytest.mark.parametrize(
    ("expression", "test", "value", "kept"),
    [
        ("TIMESTAMP '2024-05-31 18:00:00'", "is", "2024-05-31", True),
        ("TIMESTAMP '2024-05-31 18:00:00'", "at_most", "2024-05-31", True),
        ("TIMESTAMP '2024-06-01 00:00:00'", "at_most", "2024-05-31", False),
        ("TIMESTAMP '2024-05-31 18:00:00'", "is_not", "2024-05-31", False),
        ("TIMESTAMPTZ '2024-05-31 18:00:00+00'", "at_least", "2024-05-31", True),
        ("DATE '2024-05-31'", "is", "2024-05-31", True),
        ("TIME '14:30:00'", "at_most", "14:30", True),
        ("INTERVAL '3 days'", "at_least", "2 days", True),
        ("1.10::DECIMAL(5,2)", "is", "1.1", True),
        ("1.10::DECIMAL(5,2)", "is", "1.101", False),
        ("1.10::DECIMAL(5,2)", "at_least", "1.101", False),
        ("1.10::DECIMAL(5,2)", "at_most", "1.101", True),
        ("99999999999999999999999999999999999999::DECIMAL(38,0)", "at_most", "1e40", True),
        ("99999999999999999999999999999999999999::DECIMAL(38,0)", "at_least", "1e40", False),
        ("0.5::DECIMAL(38,38)", "at_most", "7", True),
        ("true", "is", "yes", True),
        ("false", "is", "yes", False),
        ("[1, 2]", "contains", "1,2", True),
        (r"'\xAB'::BLOB", "contains", "AB", True),
        ("5", "contains", "5", True),
    ],
)
def test_a_typed_value_means_what_the_column_is(expression: str, test: Any, value: str, kept: bool) -> None:
    with table(f"SELECT {expression} AS v") as opened:
        assert opened.page(0, 1, (), [Filter(column="v", test=test, value=value)]).rows == int(kept)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1", "one"),
        ("1", "nan"),
        ("DATE '2024-01-01'", "yesterday"),
        ("true", "maybe"),
        ("TIME '1:00'", "noon"),
    ],
)
def test_a_value_without_meaning_is_refused_in_words(expression: str, value: str) -> None:
    with table(f"SELECT {expression} AS v") as opened:
        with pytest.raises(UsageError, match="v "):
            opened.page(0, 1, (), [Filter(column="v", test="is", value=value)])


def test_numbers_that_came_as_text_are_ordered_as_numbers() -> None:
    kept = result("SELECT unnest(['10', '9', '1e1', 'x']) AS v")
    column = ResultColumn(name="v", type="numeric", kind="decimal")
    with ResultTable(kept.descriptor, [column]) as opened:
        assert [row[0] for row in opened.page(0, 9, [Sort(column="v")]).cells] == ["9", "10", "1e1", "x"]
    bulk.give_back(kept.descriptor)


def test_columns_may_have_any_name() -> None:
    with table('SELECT 1 AS "a""b", 2 AS "c0", 3 AS "A""B", 4 AS "; DROP TABLE result"') as opened:
        assert [column.name for column in opened.columns] == ['a"b', "c0", 'A"B_2', "; DROP TABLE result"]
        assert opened.page(0, 1, [Sort(column="; DROP TABLE result")]).cells == ((1, 2, 3, 4),)


def test_what_is_not_there_is_refused() -> None:
    with table("SELECT 1 AS v") as opened:
        with pytest.raises(UsageError, match="no column"):
            opened.page(0, 1, [Sort(column="w")])
        for offset, count in ((-1, 1), (0, PAGE_LIMIT + 1)):
            with pytest.raises(UsageError, match="page"):
                opened.page(offset, count)


def test_a_descriptor_that_holds_no_result_is_refused() -> None:
    for content in (b"", b"not a stream at all, whatever it says"):
        descriptor = bulk.memory_file()
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        with pytest.raises(ResultsError, match="cannot be read"):
            ResultTable(descriptor, [ResultColumn(name="v", type="x", kind="text")])
        bulk.give_back(descriptor)


def test_orders_are_forgotten_before_they_fill_the_memory() -> None:
    with table("SELECT range AS v FROM range(100)") as opened:
        for lowest in range(20):
            wanted = [Filter(column="v", test="at_least", value=str(lowest))]
            assert opened.page(0, 1, (), wanted).cells == ((lowest,),)
        kept = opened.ask("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'order%'")[0][0]
        assert kept <= 4


def test_a_long_text_is_cut_in_a_page_and_whole_for_an_export() -> None:
    with table("SELECT repeat('x', 200000) AS v") as opened:
        assert len(opened.page(0, 1).cells[0][0]) == 100_001
        assert [len(row[0]) for row in opened.read()] == [200_000]


def test_memory_that_does_not_suffice_is_said_and_the_result_stays() -> None:
    kept = result("SELECT range || repeat('x', 50) AS v FROM range(300000)")
    with ResultTable(kept.descriptor, kept.columns, "48MiB") as opened:
        with pytest.raises(ResultsError, match="more memory"):
            opened.ask("SELECT list(c0 || repeat('y', 2000)) FROM result")
        assert opened.page(5, 1).rows == 300_000
    bulk.give_back(kept.descriptor)


def test_a_result_larger_than_its_memory_is_said() -> None:
    kept = result("SELECT range || repeat(uuid()::VARCHAR, 20) AS v FROM range(100000)")
    with pytest.raises(ResultsError, match="memory"):
        ResultTable(kept.descriptor, kept.columns, "10MiB")
    bulk.give_back(kept.descriptor)
