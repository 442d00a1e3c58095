"""Walks a query's tree: what it reads from are tables of the catalogue, tied by conditions.

`Resolver.query` visits a SELECT or a set operation with all that is in it, common tables, subqueries and
what is correlated included, and rewrites each name to the catalogue's, in quotes. It raises GuardRefused at
the first thing that is not allowed; a tree that it has passed over holds nothing else.

Invariants: a node is visited by a rule of its own, or its kind is in `nodes` and all its parts are visited;
there is no third way. Nothing is computed, looked up or fetched. Neighbours: `sql` parses before and writes
after.
"""

from __future__ import annotations

from typing import Final, Never, cast

from sqlglot import exp

from garret.features.data.guard.expressions import (
    Expressions,
    is_written,
    nodes_of,
    refuse_column,
    refuse_node,
    said,
)
from garret.features.data.guard.names import Relation, Scope, Tables, columns_by_name
from garret.features.data.guard.refusal import refuse

_SELECT_PARTS: Final = frozenset(
    "expressions from_ joins where group having order limit offset distinct with_ qualify windows "
    "laterals".split()
)
_SET_PARTS: Final = frozenset("this expression distinct by_name with_ order limit offset".split())
_TABLE_PARTS: Final = frozenset("this db catalog alias joins".split())
_SUBQUERY_PARTS: Final = frozenset("this alias order limit offset with_ joins".split())
_JOIN_PARTS: Final = frozenset("this on using kind side method".split())
_CTE_PARTS: Final = frozenset("this alias materialized".split())
_CLAUSES: Final = ("group", "order", "limit", "offset", "distinct")
_MOST_APART = 2  # tables without a condition between them; a third is a product that nobody wants
_MOST_RELATIONS = 30
_MOST_LEVELS = 12  # of queries in queries


class Resolver(Expressions):
    """One pass over one tree."""

    def __init__(self, catalogue: Tables) -> None:
        super().__init__(catalogue)
        self._level = self._read = 0

    def query(self, node: exp.Expr, outer: Scope | None, common: dict[str, Relation]) -> list[str]:
        """Visit a query. Returns the names of its columns; raises GuardRefused."""
        self._level += 1
        if self._level > _MOST_LEVELS:
            refuse(
                "the depth of a query is limited",
                f"more than {_MOST_LEVELS} queries in queries",
                "fewer levels",
            )
        if isinstance(node, exp.Select):
            names = self._select(node, outer, common)
        elif isinstance(node, exp.SetOperation):
            names = self._set_operation(node, outer, common)
        elif isinstance(node, exp.Subquery):
            names = self._bracketed(node, outer, common)
        else:
            refuse_node(node)
        self._level -= 1
        return names

    # --- queries

    def _select(self, node: exp.Select, outer: Scope | None, common: dict[str, Relation]) -> list[str]:
        _hold_parts(node, _SELECT_PARTS)
        scope = Scope(outer, self._common_tables(node, outer, common))
        joins: list[exp.Join] = []
        if node.args.get("from_"):
            self._relation(node.args["from_"].this, scope, joins)
        for join in _joins(node):
            self._join(join, scope, joins)
        for lateral in nodes_of(node, "laterals"):
            self._relation(lateral, scope, joins)
        for item in node.expressions:
            if isinstance(item, exp.Alias):
                name = self._quote(item.args["alias"])
                scope.aliases[name.lower()] = name
        for item in node.expressions:
            self._visit(item, scope)
        self._conditions(node, scope, joins)
        for part in _CLAUSES:
            self._part(node, part, scope)
        for part in ("having", "qualify", "windows"):
            self._part(node, part, scope)
        if scope.apart() > _MOST_APART:
            refuse(
                "tables are tied by conditions",
                f"{scope.apart()} tables side by side, which multiplies their rows",
                "a join condition between them; two tables may stand without one",
            )
        return self._outputs(node, scope)

    def _set_operation(
        self, node: exp.SetOperation, outer: Scope | None, common: dict[str, Relation]
    ) -> list[str]:
        _hold_parts(node, _SET_PARTS)
        common = self._common_tables(node, outer, common)
        names = self.query(node.this, outer, common)
        self.query(node.expression, outer, common)
        scope = Scope(outer, common, aliases=columns_by_name(names))
        for part in ("order", "limit", "offset"):
            self._part(node, part, scope)
        return names

    def _bracketed(self, node: exp.Subquery, outer: Scope | None, common: dict[str, Relation]) -> list[str]:
        _hold_parts(node, _SUBQUERY_PARTS)
        common = self._common_tables(node, outer, common)
        names = self.query(node.this, outer, common)
        scope = Scope(outer, common, aliases=columns_by_name(names))
        for part in ("order", "limit", "offset"):
            self._part(node, part, scope)
        return names

    def _common_tables(
        self, node: exp.Expr, outer: Scope | None, common: dict[str, Relation]
    ) -> dict[str, Relation]:
        clause = node.args.get("with_")
        if clause is None:
            return common
        clause.set("recursive", None)  # none is, or its own name would not be found
        common = dict(common)
        for table in clause.expressions:
            _hold_parts(table, _CTE_PARTS)
            if not isinstance(table.this, exp.Query):
                refuse_node(table.this)
            names = self.query(table.this, outer, common)
            alias, names = self._table_alias(table.args["alias"], names)
            single = _is_single(table.this)
            common[alias.lower()] = Relation(alias, columns_by_name(names), single=single)
        return common

    def _outputs(self, node: exp.Select, scope: Scope) -> list[str]:
        names: list[str] = []
        for item in node.expressions:
            star = item.this if isinstance(item, exp.Column) else item
            if isinstance(star, exp.Star):
                wanted = item.args["table"].name.lower() if isinstance(item, exp.Column) else None
                for key, relation in scope.relations.items():
                    if wanted in (None, key):
                        names.extend(relation.columns.values())
            else:
                names.append(item.alias_or_name or _default_name(item))
        return names

    # --- what a query reads from

    def _relation(self, node: exp.Expr, scope: Scope, joins: list[exp.Join]) -> None:
        self._read += 1
        if self._read > _MOST_RELATIONS:
            refuse(
                "the number of tables is limited", f"more than {_MOST_RELATIONS} tables", "a query over fewer"
            )
        if isinstance(node, exp.Table):
            self._table(node, scope)
        elif isinstance(node, exp.Subquery):
            self._derived(node, scope, joins)
        elif isinstance(node, exp.Lateral):
            _hold_parts(node, frozenset({"this", "alias", "view", "outer", "ordinality"}))
            if not isinstance(node.this, (exp.Subquery, exp.Unnest)):
                _refuse_rows(node.this)
            self._aliased_rows(node, node.this, scope)
        elif isinstance(node, exp.Unnest):
            self._aliased_rows(node, node, scope)
        elif isinstance(node, exp.Values):
            self._values(node, scope)
        else:
            _refuse_rows(node)
        for join in _joins(node):
            self._join(join, scope, joins)

    def _join(self, node: exp.Join, scope: Scope, joins: list[exp.Join]) -> None:
        _hold_parts(node, _JOIN_PARTS)
        self._relation(node.this, scope, joins)
        joins.append(node)

    def _table(self, node: exp.Table, scope: Scope) -> None:
        _hold_parts(node, _TABLE_PARTS)
        if not isinstance(node.this, exp.Identifier):
            _refuse_rows(node.this)
        schema = ".".join(part.name for part in (node.args.get("catalog"), node.args.get("db")) if part)
        relation = None if schema else scope.common.get(node.name.lower())
        alias = node.args.get("alias")
        if relation is None:
            relation = self._physical(node, schema)
        else:
            node.this.replace(exp.to_identifier(relation.name, quoted=True))
        if alias is None:
            scope.add(relation, node.name)
            return
        name, columns = self._table_alias(alias, list(relation.columns.values()))
        renamed = relation.columns if not alias.columns else columns_by_name(columns)
        scope.add(Relation(name, renamed, address=relation.address, single=relation.single), name)

    def _physical(self, node: exp.Table, schema: str) -> Relation:
        table = self._catalogue.find(node.name, schema)
        self.tables[table.address] = None
        parts = table.schema.split(".") if self._catalogue.dialect == "trino" else [table.schema]
        _name(node, "this", table.name)
        _name(node, "db", parts[-1])
        _name(node, "catalog", parts[0] if len(parts) > 1 else "")
        columns = self._catalogue.columns(table)
        return Relation(table.name, columns, address=table.address, schema=table.schema)

    def _derived(self, node: exp.Subquery, scope: Scope, joins: list[exp.Join]) -> None:
        if isinstance(node.this, exp.Table):  # FROM (a JOIN b ON ...)
            _hold_parts(node, frozenset({"this", "joins"}))
            self._relation(node.this, scope, joins)
            return
        names = self.query(node, scope, scope.common)
        alias = node.args.get("alias")
        name, names = self._table_alias(alias, names) if alias else (f"({len(scope.relations)})", names)
        scope.add(Relation(name, columns_by_name(names), single=_is_single(node.this)), name)

    def _aliased_rows(self, node: exp.Expr, rows: exp.Expr, scope: Scope) -> None:
        """What gives rows for each row beside it, so it multiplies by no more than an array is long."""
        names: list[str] = []
        if isinstance(rows, exp.Subquery):
            names = self.query(rows, scope, scope.common)
        else:
            for item in rows.expressions:
                self._visit(item, scope)
            if isinstance(rows.args.get("offset"), exp.Identifier):
                names.append(self._quote(rows.args["offset"]))
        alias = node.args.get("alias")
        name, names = self._table_alias(alias, names) if alias else ("unnest", names or ["unnest"])
        if isinstance(rows, exp.Unnest) and not (alias and alias.columns):
            names = ["unnest", name, *names]
        scope.add(Relation(name, columns_by_name(names), single=True), name)

    def _values(self, node: exp.Values, scope: Scope) -> None:
        _hold_parts(node, frozenset({"expressions", "alias"}))
        for row in node.expressions:
            self._visit(row, scope)
        width = len(node.expressions[0].expressions) if node.expressions else 0
        names = [name for at in range(width) for name in (f"col{at}", f"column{at + 1}")]
        alias = node.args.get("alias")
        name, names = self._table_alias(alias, names) if alias else ("valueslist", names)
        scope.add(Relation(name, columns_by_name(names)), name)

    def _table_alias(self, alias: exp.TableAlias, names: list[str]) -> tuple[str, list[str]]:
        given = [self._quote(column) for column in alias.columns]
        return self._quote(alias.this) if alias.this else "", [*given, *names[len(given) :]]

    # --- conditions

    def _conditions(self, node: exp.Select, scope: Scope, joins: list[exp.Join]) -> None:
        """Visit ON, USING and WHERE, and note which relations each condition ties together."""
        for join in joins:
            for name in nodes_of(join, "using"):
                self._using(name, join, scope)
            if join.args.get("on"):
                self._tying(join.args["on"], scope)
            if join.args.get("method"):
                scope.join(scope.relations)  # NATURAL, ASOF: the engine ties them
        where = node.args.get("where")
        if where:
            self._tying(where.this, scope)

    def _tying(self, condition: exp.Expr, scope: Scope) -> None:
        for part in condition.flatten() if isinstance(condition, exp.And) else (condition,):
            before, scope.touched = scope.touched, set()
            self._visit(part, scope)
            scope.join(scope.touched)
            scope.touched = before

    def _using(self, node: exp.Expr, join: exp.Join, scope: Scope) -> None:
        name = node.name.lower()
        holders = [key for key, relation in scope.relations.items() if name in relation.columns]
        if len(holders) < 2:
            refuse_column(node.name, scope)
        for key in holders:
            self._note(scope.relations[key], name)
        identifier = exp.to_identifier(scope.relations[holders[0]].columns[name], quoted=True)
        node.replace(identifier)
        scope.join(holders)


def _name(node: exp.Table, part: str, name: str) -> None:
    """Call a part of a table's address `name`, in quotes; an empty one has no such part."""
    before = node.args.get(part)
    if not name:
        if before is not None:
            node.set(part, None)
    elif before is None or not is_written(before, name):
        node.set(part, exp.Identifier(this=name, quoted=True))


def _joins(node: exp.Expr) -> list[exp.Join]:
    return cast("list[exp.Join]", nodes_of(node, "joins"))


def _is_single(node: exp.Expr) -> bool:
    """Whether a query surely gives one row: aggregates alone, without groups."""
    if not isinstance(node, exp.Select) or node.args.get("group"):
        return False
    return bool(node.expressions) and all(
        isinstance(item.unalias(), exp.AggFunc) for item in node.expressions
    )


def _default_name(node: exp.Expr) -> str:
    """What engines call a column that is a function's value, where they agree: the function."""
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def _hold_parts(node: exp.Expr, allowed: frozenset[str]) -> None:
    for key, value in node.args.items():
        if value and key not in allowed:
            refuse(
                "only clauses of a reading query",
                f"{node.key.upper()} with {key.rstrip('_').replace('_', ' ')}",
                "SELECT with joins, conditions, groups, order and limit",
            )


def _refuse_rows(node: exp.Expr) -> Never:
    refuse(
        "rows come from tables of this source",
        said(node),
        "tables, subqueries in brackets, VALUES and UNNEST of an array; no functions that make rows",
    )
