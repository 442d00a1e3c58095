"""The operators of pgvector: written as they were read, and only where they are operators."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.data.contracts import Dialect, Limits
from garret.features.data.guard import GuardRefused, check
from garret.features.data.guard.dialects import VECTOR_OPERATORS, parse, write
from tests.features.data.guard import ordinary
from tests.features.data.guard.corpus import catalogue

PIECES = (
    "<=>",
    "<->",
    "<",
    "=>",
    "OPERATOR(<=>)",
    "OPERATOR(",
    ")",
    '"',
    "--",
    "/*",
    "*/",
    "$$",
    "\\",
    " ",
    "a",
)


def written(query: str, dialect: Dialect = "postgres") -> str:
    return check(query, catalogue(dialect), Limits()).query


@pytest.mark.parametrize("sign", sorted(VECTOR_OPERATORS))
def test_an_operator_of_vectors_is_written_as_it_was_read(sign: str) -> None:
    query = (
        f"SELECT 1 - (emb{sign}'[1,2]') AS near FROM sales "
        f"WHERE emb {sign} emb < 0.5 ORDER BY emb {sign} emb LIMIT 3"
    )
    assert written(query) == (
        f'SELECT 1 - ("emb" {sign} \'[1,2]\') AS "near" FROM "public"."sales" '
        f'WHERE "emb" {sign} "emb" < 0.5 ORDER BY "emb" {sign} "emb" LIMIT 3'
    )


@pytest.mark.parametrize("sign", sorted(VECTOR_OPERATORS))
def test_an_operator_binds_as_in_postgresql(sign: str) -> None:
    (tree,) = parse(f"SELECT a + 1 {sign} b * 2 < c", "postgres")
    assert tree is not None
    (comparison,) = tree.expressions
    assert comparison.key == "lt"
    distance = comparison.this
    assert (distance.key, distance.args["operator"]) == ("operator", sign)
    assert (distance.this.key, distance.expression.key) == ("add", "mul")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT emb OPERATOR(pg_catalog.+) 1 FROM sales",
        "SELECT emb OPERATOR(||) note FROM sales",
        "SELECT emb OPERATOR(<=>); SELECT pg_sleep(9) --) emb FROM sales",
        "SELECT emb < => emb FROM sales",
        "SELECT emb <+ > emb FROM sales",
        "SELECT emb </**/-> emb FROM sales",
        "SELECT emb <=>> emb FROM sales",
        "SELECT emb <?> emb FROM sales",
        "SELECT OPERATOR(<=>) emb FROM sales",
    ],
)
def test_other_operators_and_signs_apart_are_refused(query: str) -> None:
    with pytest.raises(GuardRefused):
        written(query)


@pytest.mark.parametrize("dialect", [name for name in ordinary.SQL if name != "postgres"])
def test_the_long_form_is_postgresqls_alone(dialect: Dialect) -> None:
    with pytest.raises(GuardRefused):
        written("SELECT id OPERATOR(<=>) id FROM sales", dialect)


def test_a_comment_beside_an_operator_is_left_out() -> None:
    query = "SELECT emb /* <-> */ <=> /* OPERATOR(<#>) */ '[1]' FROM sales -- <+>"
    assert written(query) == 'SELECT "emb" <=> \'[1]\' FROM "public"."sales" LIMIT 10001'


@given(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
)
def test_texts_and_names_stay_what_they_are(text: str, name: str) -> None:
    name = "n" + name.replace('"', '""')
    query = f"SELECT emb <=> '{text}' AS \"{name}\" FROM sales"
    expected = f'SELECT "emb" <=> \'{text}\' AS "{name}" FROM "public"."sales" LIMIT 10001'
    assert written(query) == expected
    (tree,) = parse(expected, "postgres")
    assert tree is not None
    assert tree.expressions[0].alias == name.replace('""', '"')
    assert write(tree, "postgres") == expected
