"""What is let through is made of allowed parts only, whatever is done to attacks and questions."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from garret.features.data.contracts import Catalogue, Dialect, Limits
from garret.features.data.guard import GuardRefused, check, nodes
from garret.features.data.guard.dialects import VECTOR_OPERATORS, parse
from garret.features.data.guard.functions import ALLOWED
from tests.features.data.guard import corpus, ordinary


def both(dialect: Dialect) -> Catalogue:
    """A source with the tables of the attacks and of the questions."""
    attacked, asked = corpus.catalogue(dialect), ordinary.catalogue(dialect)
    return Catalogue("both", dialect, (*attacked.tables, *asked.tables))


RULED = {
    "Column",
    "Identifier",
    "Star",
    "Select",
    "Union",
    "Intersect",
    "Except",
    "Subquery",
    "Lambda",
    "Window",
    "WindowSpec",
    "Dot",
    "Alias",
    "PropertyEQ",
    "Collate",
    "Operator",
    "Var",
    "DataType",
    "DataTypeParam",
    "ColumnDef",
    "Anonymous",
    "AnonymousAggFunc",
    "With",
    "CTE",
    "TableAlias",
    "Table",
    "From",
    "Join",
    "Lateral",
    "Values",
}
NAMES = RULED | {kind.__name__ for kind in nodes.COMPUTING | nodes.PLAIN | nodes.LEAVES}
SOURCES = {dialect: both(dialect) for dialect in ordinary.SQL}
PIECES = [
    ";",
    "--",
    "/*",
    "*/",
    "/*!",
    "'",
    '"',
    "`",
    "\\",
    "(",
    ")",
    "[",
    "]",
    "$$",
    "@",
    "@@",
    ":=",
    "U&'",
    "E'",
    "\0",
    " INTO ",
    " FOR UPDATE ",
    " UNION SELECT ",
    " RETURNING * ",
    "read_text(",
    "pg_sleep(",
    "SLEEP(",
    "hidden",
    "secret",
    " FROM ",
    " FROM 'a.csv' ",
    "sqlite_master",
    "information_schema.",
    "\u202e",
    "ｓ",
    "0x41",
    "x'41'",
    " DELETE FROM sales ",
    " SELECT ",
    " WITH ",
    ",",
    ".",
    "::regclass",
    "{",
    "}",
    "||",
    "=",
    " LIMIT 1 ",
    "?",
]


def texts(dialect: Dialect) -> list[str]:
    """Attacks and questions to be changed: short ones, which mix best."""
    hostile = [attack.query for attack in corpus.attacks(dialect)] if dialect != "trino" else []
    return [text for text in (*hostile, *ordinary.queries(dialect)) if len(text) < 400]


TEXTS = {dialect: texts(dialect) for dialect in ordinary.SQL}


PASSING = {
    dialect: [text for text in ordinary.queries(dialect) if len(text) < 400] for dialect in ordinary.SQL
}


def mutated(dialect: Dialect, seed: int) -> str:
    """One text with a few changes: cut, repeated, spliced with another, or with a hostile piece put in."""
    chance = random.Random(seed)
    text = chance.choice(TEXTS[dialect] if chance.random() < 0.4 else PASSING[dialect])
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at, end = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        words = text.split(" ")
        word, other = chance.randrange(len(words)), chance.randrange(len(words))
        match chance.randint(0, 6):
            case 0:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[end:]
            case 2:
                text = text[:at] + text[at:end] + text[at:]
            case 3:
                spliced = chance.choice(TEXTS[dialect])
                text = text[:at] + spliced[chance.randint(0, len(spliced)) :]
            case 4:
                text = " ".join(words[:word] + words[word + 1 :])
            case 5:
                words[word], words[other] = words[other], words[word]
                text = " ".join(words)
            case _:
                words[word] = chance.choice(chance.choice(TEXTS[dialect]).split(" "))
                text = " ".join(words)
    return text


def hold(dialect: Dialect, query: str) -> bool:
    """Check a query, and what it was let through as. Returns whether it was."""
    source = SOURCES[dialect]
    try:
        checked = check(query, source, Limits(rows=10))
    except GuardRefused:
        return False
    (tree,) = parse(checked.query, dialect)
    assert isinstance(tree, exp.Query)
    for node in tree.walk():
        assert type(node).__name__ in NAMES, (query, checked.query, type(node))
        if isinstance(node, exp.Operator):
            assert node.args["operator"] in VECTOR_OPERATORS
        if isinstance(node, exp.Anonymous):
            assert node.name.lower() in ALLOWED[dialect]
        assert not node.comments
    known = {table.name for table in source.tables}
    named = {table.name for table in tree.find_all(exp.CTE)} | {cte.alias for cte in tree.find_all(exp.CTE)}
    assert {table.name for table in tree.find_all(exp.Table)} <= known | named
    assert checked.limit <= 11
    assert check(checked.query, source, Limits(rows=10)).query == checked.query
    return True


@pytest.mark.parametrize("dialect", ordinary.SQL)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_mutated_queries_are_refused_or_made_of_allowed_parts(dialect: Dialect, seed: int) -> None:
    hold(dialect, mutated(dialect, seed))


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60), dialect=st.sampled_from(ordinary.SQL))
def test_any_text_is_refused_or_made_of_allowed_parts(text: str, dialect: Dialect) -> None:
    hold(dialect, text)
    hold(dialect, f"SELECT {text} FROM sales")
    hold(dialect, f"SELECT id FROM sales WHERE note = '{text}'")


@pytest.mark.soak
@pytest.mark.parametrize("dialect", ordinary.SQL)
def test_many_mutated_queries(dialect: Dialect) -> None:
    through = sum(hold(dialect, mutated(dialect, seed)) for seed in range(20_000))
    assert through > 100  # the changes are not all too coarse to mean anything


@settings(max_examples=200, deadline=None)
@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=5)
        | st.sampled_from(["$out", "$where", "$a"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["$out", "$where", "$function", "$match", "$and", "a", "$expr"]), inner
            )
        ),
        max_leaves=8,
    )
)
def test_no_pipeline_writes_or_runs_scripts(value: object) -> None:
    source = corpus.catalogue("mongo")
    try:
        written = check(
            json.dumps({"collection": "sales", "pipeline": [{"$match": value}]}), source, Limits()
        ).query
    except GuardRefused:
        return
    stages = json.loads(written)["pipeline"]
    assert {key for stage in stages for key in stage} <= {"$match", "$limit"}
    assert not _operators(stages) & {"$out", "$where", "$function", "$merge"}


def _operators(value: object) -> set[str]:
    if isinstance(value, dict):
        inner = [_operators(each) for each in value.values()]
        return set(value).union(*inner)
    if isinstance(value, list):
        return set().union(*[_operators(each) for each in value]) if value else set()
    return set()
