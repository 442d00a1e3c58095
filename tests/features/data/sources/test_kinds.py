"""Types in the engines' own words, and the kinds of their values."""

from __future__ import annotations

import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.data.contracts import ColumnKind, Dialect
from garret.features.data.sources.kinds import kind_of

WORDS = """
duckdb  VARCHAR text|BIGINT integer|HUGEINT integer|UTINYINT integer|DECIMAL(38,3) decimal|DOUBLE real
duckdb  FLOAT real|BOOLEAN boolean|DATE date|TIME time|TIMESTAMP timestamp
duckdb  TIMESTAMP WITH TIME ZONE timestamp|TIMESTAMP_NS timestamp|INTERVAL interval|BLOB binary|BIT text
duckdb  JSON json|STRUCT(a INTEGER, b VARCHAR[]) json|MAP(VARCHAR, INTEGER) json|VARCHAR[] array
duckdb  INTEGER[][] array|FLOAT[3] vector|DOUBLE[1536] vector|INTEGER[3] array|UUID uuid
duckdb  ENUM('a', 'b') text|GEOMETRY geometry|"NULL" other|UNION(num INTEGER, str VARCHAR) json
duckdb  STRUCT(a INTEGER)[] array
sqlite  INTEGER integer|UNSIGNED BIG INT integer|VARCHAR(20) text|NATIVE CHARACTER(70) text|REAL real
sqlite  DOUBLE PRECISION real|NUMERIC decimal|DECIMAL(10,5) decimal|BOOLEAN boolean|DATE date
sqlite  DATETIME timestamp|BLOB binary|STRANGE decimal|FLOATING POINT integer
postgres  integer integer|bigint integer|smallint integer|numeric decimal|numeric(10,2) decimal
postgres  money decimal|real real|double precision real|boolean boolean|date date
postgres  time without time zone time|time with time zone time|timestamp without time zone timestamp
postgres  timestamp(3) with time zone timestamp|interval interval|interval year to month interval
postgres  bytea binary|json json|jsonb json|uuid uuid|character varying(20) text|"char" text
postgres  character(3) text|text text|name text|bit(3) text|bit varying text|integer[] array
postgres  text[] array|vector(3) vector|halfvec(3) vector|sparsevec(9) vector|point geometry
postgres  polygon geometry|int4range other|inet other|xml other
mysql  int integer|int(11) unsigned integer|tinyint(1) boolean|tinyint(4) integer|bigint(20) integer
mysql  decimal(65,30) decimal|float real|double real|bit(1) boolean|bit(8) binary|year(4) integer
mysql  date date|time(6) time|datetime(6) timestamp|timestamp timestamp|char(3) text|varchar(20) text
mysql  enum('a','b') text|set('a','b') text|json json|longblob binary|geometry geometry|point geometry
mysql  binary(16) binary|mediumtext text|inet6 other|uuid uuid
mongo  objectId text|string text|int integer|long integer|double real|decimal decimal|bool boolean
mongo  date date|object json|array array|binData binary|timestamp timestamp|mixed json
trino  bigint integer|varchar(20) text|decimal(38,0) decimal|real real|array(bigint) array
trino  row(a bigint, b varchar) json|map(varchar, bigint) json|timestamp(3) with time zone timestamp
trino  varbinary binary|interval day to second interval|uuid uuid|time(3) time|json json
trino  HyperLogLog other
cypher  STRING text|INTEGER integer|FLOAT real|BOOLEAN boolean|LIST array|NODE json|POINT geometry
cypher  DURATION interval|ZONEDDATETIME timestamp|LOCAL DATETIME timestamp|ZONED TIME time|ANY other
qdrant  keyword text|integer integer|float real|geo geometry|vector(4) vector|bool boolean
qdrant  datetime timestamp|id text
"""

CASES = [
    (line.split()[0], *case.rsplit(" ", 1))
    for line in WORDS.strip().splitlines()
    for case in line.split("  ", 1)[1].strip("|").split("|")
]


@pytest.mark.parametrize(("dialect", "word", "kind"), CASES)
def test_words_of_engines(dialect: Dialect, word: str, kind: ColumnKind) -> None:
    if (dialect, word) == ("sqlite", "FLOATING POINT"):
        kind = "integer"  # as SQLite's own documentation warns: it holds INT
    assert kind_of(dialect, word) == kind


@given(st.sampled_from(typing.get_args(Dialect)), st.text(max_size=60))
def test_any_word_has_a_kind(dialect: Dialect, word: str) -> None:
    assert kind_of(dialect, word) in typing.get_args(ColumnKind)
