"""Follow-ups: a few words that refine the last draft: "only 2020", "by month instead", "and the top five".

Works on the tree of the last query as sqlglot reads it, so it does not matter who wrote that one. What does
not fit the last query is no follow-up, and is read as a question of its own. Neighbour: `translator`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from garret.features.data.translator.index import Field, Index, value_key
from garret.features.data.translator.lexicon import NUMBERS
from garret.features.data.translator.words import is_year

_LEAD: Final = r"(?:and |now |then |but |just |please |show |give me )*"
_TOP: Final = re.compile(rf"{_LEAD}(?:only )?(?:the )?(?:top|first) (\w+)")
_ONLY: Final = re.compile(rf"{_LEAD}(?:only|just|but only)(?: in| for| from| those in| those of| of)? (.+)")
_BY: Final = re.compile(rf"{_LEAD}(?:by|per) (year|month|day|quarter)(?: instead)?")
_SHARE: Final = re.compile(
    rf"{_LEAD}as (?:an? )?(?:share|percentage|percent|proportion)(?: of the (?:total|whole))?"
)


def refine(question: str, query: str, dialect: str, index: Index) -> tuple[str, str] | None:
    """The refined query and what was changed in words; None where this is no follow-up of that query."""
    text = " ".join(question.lower().strip(" .!?").split())
    steps: tuple[tuple[re.Pattern[str], Callable[[exp.Select, str, Index], str | None]], ...] = (
        (_TOP, _top),
        (_BY, _by),
        (_SHARE, _share),
        (_ONLY, _only),
    )
    for pattern, change in steps:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        try:
            tree = sqlglot.parse_one(query, read=dialect)
        except SqlglotError:
            return None
        said = (
            change(tree, match.group(1) if match.groups() else "", index)
            if isinstance(tree, exp.Select)
            else None
        )
        return (tree.sql(dialect=dialect), said) if said else None
    return None


def _figure(tree: exp.Select) -> exp.Expr | None:
    """The figure that is shown, if there is one."""
    return next((each for each in tree.expressions if each.find(exp.AggFunc)), None)


def _top(tree: exp.Select, number: str, index: Index) -> str | None:
    del index  # the figure that is shown says what the top is
    count = int(number) if number.isdigit() else int(NUMBERS.get(number, 0))
    figure = _figure(tree)
    if not count or (figure is None and not tree.args.get("order")):
        return None
    if figure is not None:
        tree.order_by(exp.Ordered(this=figure.unalias().copy(), desc=True), append=False, copy=False)
    tree.limit(count, copy=False)
    return f"the top {count}"


def _share(tree: exp.Select, said: str, index: Index) -> str | None:
    del said, index  # nothing more is said
    figure = _figure(tree)
    if figure is None or not isinstance(figure.unalias(), exp.Count | exp.Sum) or not tree.args.get("group"):
        return None
    plain = figure.unalias()
    whole = exp.Window(this=exp.Sum(this=plain.copy()))
    figure.replace(
        exp.Div(this=exp.Mul(this=plain.copy(), expression=exp.Literal.number("100.0")), expression=whole)
    )
    return "as a share of the total in percent"


def _place_names(tree: exp.Select) -> dict[str, str]:
    """The alias of each table of the outer query, by the table's name; empty text where it has none."""
    sources = [tree.args["from_"].this] if tree.args.get("from_") else []
    sources += [join.this for join in tree.args.get("joins") or ()]
    return {source.name: source.alias for source in sources if isinstance(source, exp.Table)}


def _column(field: Field, places: dict[str, str]) -> exp.Column:
    alias = places[field.place.table.name]
    table = exp.to_identifier(alias, quoted=False) if alias else None
    return exp.Column(this=exp.to_identifier(field.name, quoted=True), table=table)


def _dated(places: dict[str, str], index: Index) -> Field | None:
    fields = [field for place in index.places if place.table.name in places for field in place.fields]
    return next((field for field in fields if field.timely), None)


def _by(tree: exp.Select, part: str, index: Index) -> str | None:
    """Group by a part of the one date, in place of what was grouped by."""
    places = _place_names(tree)
    field, figure = _dated(places, index), _figure(tree)
    if field is None or figure is None:
        return None
    names = ("year", part) if part != "year" else ("year",)
    keys = [exp.Extract(this=exp.Var(this=name.upper()), expression=_column(field, places)) for name in names]
    tree.set("expressions", [*keys, figure.copy()])
    tree.set("group", exp.Group(expressions=[key.copy() for key in keys]))
    tree.set("order", exp.Order(expressions=[exp.Ordered(this=key.copy()) for key in keys]))
    tree.set("limit", None)
    return f"by {part} of {field.called}"


def _only(tree: exp.Select, said: str, index: Index) -> str | None:
    """One more condition: a year, or a value of a table that is in the query."""
    places = _place_names(tree)
    if said.isdigit() and is_year(float(said)):
        return _only_year(tree, said, places, index)
    for field, value in index.values(value_key(said)):
        if field.place.table.name in places:
            tree.where(exp.EQ(this=_column(field, places), expression=exp.Literal.string(value)), copy=False)
            return f"only where {field.called} is “{value}”"
    return None


def _only_year(tree: exp.Select, said: str, places: dict[str, str], index: Index) -> str | None:
    field = _dated(places, index)
    if field is not None:
        left: exp.Expr = exp.Extract(this=exp.Var(this="YEAR"), expression=_column(field, places))
    else:
        fields = [each for place in index.places if place.table.name in places for each in place.fields]
        field = next((each for each in fields if "year" in each.words and each.numeric), None)
        if field is None:
            return None
        left = _column(field, places)
    tree.where(exp.EQ(this=left, expression=exp.Literal.number(said)), copy=False)
    return f"only where the year of {field.called} is {said}"
