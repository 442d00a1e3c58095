"""SQL through the guard: measure, parse, judge, write anew, and judge what was written.

    measure      length, depth and tokens by our own reader, before sqlglot sees the text
    parse        sqlglot's tree in the catalogue's dialect; one statement
    resolve      every node and name is known, and is rewritten to the catalogue's; the outer limit is set
    write        without comments, every name in quotes
    look over    our own reader again: no word is left that nobody allowed
    agree        the text is parsed and judged anew, and has to be written the same

What the engine gets is therefore a text whose own parse was judged, not one that came from a tree that was.
"""

from __future__ import annotations

from typing import Final, cast

from sqlglot import exp
from sqlglot.errors import SqlglotError

from garret.features.data.contracts import Catalogue, Checked, Limits
from garret.features.data.guard import tokens, vocabulary
from garret.features.data.guard.dialects import parse, retried, write
from garret.features.data.guard.names import Tables
from garret.features.data.guard.refusal import refuse
from garret.features.data.guard.resolving import Resolver

# What sqlglot raises over texts that it does not expect, beside its own errors.
_FAULTS: Final = (SqlglotError, ValueError, TypeError, AttributeError, LookupError, AssertionError)
_DEEP: Final = "an expression with fewer parts within each other"


def check_sql(query: str, catalogue: Catalogue, limits: Limits) -> Checked:
    """What may be run in place of `query`. Raises GuardRefused."""
    name = catalogue.dialect
    tokens.measure(query, name, retried(name))
    tables = _tables(catalogue)
    try:
        tree = _parse(query, name)
        limit = _limit(tree, limits.rows + 1)
        _resolve(tree, tables)
        text = _write(tree, name)
        vocabulary.look_over(text, name, retried(name))
        again = _parse(text, name)
        resolver = _resolve(again, tables)
        if _write(again, name) != text:
            refuse("a query reads the same each time", text, "a simpler form of the same query")
    except RecursionError:
        refuse("the depth of a query is limited", "an expression with very many levels", _DEEP)
    return Checked(text, tuple(resolver.tables), tuple(resolver.columns), limit)


_KEPT: Final = 8
_known: dict[
    int, tuple[Catalogue, Tables]
] = {}  # by identity; the catalogue is held, so that it stays its own


def _tables(catalogue: Catalogue) -> Tables:
    """The catalogue's names, which are sorted once for all the queries of a session."""
    kept = _known.get(id(catalogue))
    if kept is None:
        if len(_known) >= _KEPT:
            _known.clear()
        kept = _known[id(catalogue)] = (catalogue, Tables(catalogue))
    return kept[1]


def _parse(text: str, dialect: str) -> exp.Query:
    try:
        found = parse(text, dialect)
    except _FAULTS as error:
        refuse("the query can be read", _sentence(error), "one SELECT in the dialect of this source")
    if len(found) != 1:
        refuse("one statement at a time", f"{len(found)} statements", "a single SELECT")
    tree = found[0]
    if not isinstance(tree, (exp.Select, exp.SetOperation, exp.Subquery)):
        what = tree.key.upper() if tree is not None else "an empty text"
        refuse("queries only read", what, "a single SELECT, with common tables and set operations")
    return tree


def _write(tree: exp.Query, dialect: str) -> str:
    try:
        return write(tree, dialect)
    except _FAULTS as error:
        refuse("the query can be written anew", _sentence(error), "what the dialect of this source has")


def _resolve(tree: exp.Query, tables: Tables) -> Resolver:
    resolver = Resolver(tables)
    resolver.query(tree, None, {})
    return resolver


def _limit(tree: exp.Query, most: int) -> int:
    """Set the outer limit to at most `most`, keeping a smaller one. Returns it."""
    clause = tree.args.get("limit")
    asked = most
    if isinstance(clause, exp.Fetch):
        options = clause.args.get("limit_options")
        if (
            options and (options.args.get("percent") or options.args.get("with_ties"))
        ) or not clause.args.get("count"):
            refuse(
                "the outer limit is a plain number",
                "FETCH with options",
                "FETCH FIRST 10 ROWS ONLY, or LIMIT 10",
            )
        asked = _number(clause.args["count"])
    elif clause is not None:
        if clause.args.get("expressions") or clause.args.get("offset") or clause.args.get("limit_options"):
            refuse("the outer limit is a plain number", "LIMIT with options", "LIMIT 10")
        asked = _number(clause.expression)
    limit = min(asked, most)
    tree.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
    return limit


def _number(node: object) -> int:
    if (
        not isinstance(node, exp.Literal)
        or node.is_string
        or not node.name.isdecimal()
        or len(node.name) > 18
    ):
        refuse("the outer limit is a plain number", "a limit that is computed", "LIMIT 10")
    return int(node.name)


def _sentence(error: Exception) -> str:
    """What sqlglot says, on one line, without its marks for terminals and the names of its classes."""
    errors = cast("list[dict[str, object]]", getattr(error, "errors", None) or [{}])
    said = str(errors[0].get("description") or str(error).partition("\n")[0])
    if "<class" not in said:
        return said
    return f"something is missing near line {errors[0].get('line')}, character {errors[0].get('col')}"
