"""Walks a query's tree: every node is of a known kind, and every name is one of the catalogue's.

`Resolver.query` visits a SELECT or a set operation with all that is in it, common tables, subqueries and
what is correlated included, and rewrites each name to the catalogue's, in quotes. It raises GuardRefused at
the first thing that is not allowed; a tree that it has passed over holds nothing else.

Invariants: a node is visited by a rule of its own, or its kind is in `nodes` and all its parts are visited;
there is no third way. Nothing is computed, looked up or fetched. Neighbours: `sql` parses before and writes
after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Never, cast

from sqlglot import exp
from sqlglot.errors import SqlglotError

from garret.features.data.guard import calls, nodes
from garret.features.data.guard.functions import COLLATIONS
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


class Resolver:
    """One pass over one tree. `tables` and `columns` are what it was found to touch."""

    def __init__(self, catalogue: Tables) -> None:
        self._catalogue = catalogue
        self._folds = catalogue.dialect == "postgres"
        self._level = self._read = 0
        self.tables: dict[str, None] = {}
        self.columns: dict[str, None] = {}
        self._rules: dict[type, Callable[[exp.Expr, Scope], None]] = {
            exp.Column: self._column,
            exp.Identifier: self._variable,
            exp.Star: self._star,
            exp.Select: self._inner_query,
            exp.Union: self._inner_query,
            exp.Intersect: self._inner_query,
            exp.Except: self._inner_query,
            exp.Subquery: self._inner_query,
            exp.Lambda: self._lambda,
            exp.Window: self._window,
            exp.WindowSpec: self._frame,
            exp.Dot: self._dot,
            exp.Alias: self._alias,
            exp.PropertyEQ: self._field,
            exp.Collate: self._collate,
            exp.Var: self._word,
            exp.DataType: self._type,
            exp.Anonymous: self._call,
            exp.AnonymousAggFunc: self._call,
        }

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
            _refuse_node(node)
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
        for lateral in _nodes(node, "laterals"):
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
                _refuse_node(table.this)
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
        node.set("this", exp.to_identifier(table.name, quoted=True))
        parts = table.schema.split(".") if self._catalogue.dialect == "trino" else [table.schema]
        node.set("db", exp.to_identifier(parts[-1], quoted=True) if table.schema else None)
        node.set("catalog", exp.to_identifier(parts[0], quoted=True) if len(parts) > 1 else None)
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
            for name in _nodes(join, "using"):
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
            _refuse_column(node.name, scope)
        for key in holders:
            self._note(scope.relations[key], name)
        identifier = exp.to_identifier(scope.relations[holders[0]].columns[name], quoted=True)
        node.replace(identifier)
        scope.join(holders)

    # --- expressions

    def _part(self, node: exp.Expr, part: str, scope: Scope) -> None:
        for item in _nodes(node, part):
            self._visit(item, scope)

    def _visit(self, node: exp.Expr, scope: Scope) -> None:
        kind = type(node)
        rule = self._rules.get(kind)
        if rule is not None:
            rule(node, scope)
            return
        if kind in nodes.LEAVES:
            return
        if kind in nodes.COMPUTING:
            calls.look_at(node, self._catalogue.dialect)
        elif kind not in nodes.PLAIN:
            _refuse_node(node)
        for part in node.args:
            self._part(node, part, scope)

    def _inner_query(self, node: exp.Expr, scope: Scope) -> None:
        self.query(node, scope, scope.common)

    def _column(self, node: exp.Expr, scope: Scope) -> None:
        parts = [part for part in (node.args.get(key) for key in ("catalog", "db", "table", "this")) if part]
        if isinstance(node.this, exp.Star):
            self._qualified_star(node, scope)
            return
        if any(not isinstance(part, exp.Identifier) for part in parts):
            _refuse_node(node)
        names = [self._folded(part) for part in parts]
        for at in range(min(len(names), 3) - 1, -1, -1):
            found = self._find(names[: at + 1], scope)
            if found is not None and (at == len(names) - 1 or self._has_fields):
                self._rewrite(node, found, names[at + 1 :])
                return
        _refuse_column(".".join(names), scope)

    @property
    def _has_fields(self) -> bool:
        """Whether `a.b` may be the field `b` of a column `a`."""
        return self._catalogue.dialect in ("duckdb", "trino")

    def _find(self, names: list[str], scope: Scope) -> list[str] | None:
        """What a name of one to three parts is written as, or None: from here outward."""
        name = names[-1].lower()
        qualifier = names[-2].lower() if len(names) > 1 else ""
        schema = names[-3].lower() if len(names) > 2 else ""
        around: Scope | None = scope
        while around is not None:
            if not qualifier and (found := _variable_named(name, around)):
                return [found]
            for key, relation in around.relations.items():
                if qualifier and (key != qualifier or (schema and relation.schema != schema)):
                    continue
                if name in relation.columns:
                    around.touched.add(key)
                    self._note(relation, name)
                    written = relation.columns[name]
                    return [relation.name, written] if qualifier else [written]
            if not qualifier and name in around.aliases:
                return [around.aliases[name]]
            around = around.outer
        return None

    def _rewrite(self, node: exp.Expr, found: list[str], fields: list[str]) -> None:
        written = [exp.to_identifier(name, quoted=True) for name in (*found, *fields)]
        if len(written) > 4:
            refuse("names are short", ".".join(found + fields), "at most three fields within each other")
        for key in ("catalog", "db", "table"):
            node.set(key, None)
        for key, identifier in zip(("this", "table", "db", "catalog"), reversed(written), strict=False):
            node.set(key, identifier)

    def _note(self, relation: Relation, name: str) -> None:
        if relation.address:
            self.columns[f"{relation.address}.{relation.columns[name]}"] = None

    def _qualified_star(self, node: exp.Expr, scope: Scope) -> None:
        table = node.args.get("table")
        key = self._folded(table).lower() if table else ""
        if table is None or key not in scope.relations or node.args.get("db"):
            _refuse_column(f"{key}.*", scope)
        table.replace(exp.to_identifier(scope.relations[key].name, quoted=True))
        self._note_all([scope.relations[key]])
        self._star(node.this, scope)

    def _star(self, node: exp.Expr, scope: Scope) -> None:
        if not isinstance(node.parent, (exp.Column, exp.Count)):
            self._note_all(scope.relations.values())
        for key, value in node.args.items():
            if key not in ("except_", "replace") and value:
                _refuse_node(node)
            for item in _nodes(node, key):
                self._visit(item, scope)

    def _note_all(self, relations: Iterable[Relation]) -> None:
        for relation in relations:
            for name in relation.columns:
                if name not in ("rowid", "_rowid_", "oid"):
                    self._note(relation, name)

    def _variable(self, node: exp.Expr, scope: Scope) -> None:
        """A bare name: what a lambda calls its argument, or a column that a function names."""
        found = self._find([node.name], scope)
        if found is None:
            _refuse_column(node.name, scope)
        node.set("this", found[0])
        node.set("quoted", True)

    def _lambda(self, node: exp.Expr, scope: Scope) -> None:
        names = [self._quote(name) for name in node.expressions]
        scope.variables.append(columns_by_name(names))
        self._visit(node.this, scope)
        scope.variables.pop()

    def _window(self, node: exp.Expr, scope: Scope) -> None:
        for key, value in node.args.items():
            if key == "alias" and isinstance(value, exp.Identifier):
                self._quote(value)
            elif key == "this" and isinstance(value, exp.Identifier):
                self._quote(value)  # WINDOW name AS (...)
            elif isinstance(value, (exp.Expr, list)):
                self._part(node, key, scope)

    def _frame(self, node: exp.Expr, scope: Scope) -> None:
        for key, value in list(node.args.items()):
            if isinstance(value, str):
                node.set(key, value.upper())
            elif isinstance(value, exp.Expr):
                self._part(node, key, scope)

    def _dot(self, node: exp.Expr, scope: Scope) -> None:
        self._visit(node.this, scope)
        if not isinstance(node.expression, exp.Identifier):
            refuse(
                "functions are called by their own name",
                said(node),
                "the name of a function alone, such as lower(...)",
            )
        self._quote(node.expression)

    def _alias(self, node: exp.Expr, scope: Scope) -> None:
        if isinstance(node.args.get("alias"), exp.Identifier):
            self._quote(node.args["alias"])
        self._visit(node.this, scope)

    def _field(self, node: exp.Expr, scope: Scope) -> None:
        if not isinstance(node.parent, (exp.Struct, exp.ToMap)):
            _refuse_node(node)
        if not isinstance(node.this, (exp.Identifier, exp.Literal)):
            _refuse_node(node.this)
        self._visit(node.expression, scope)

    def _collate(self, node: exp.Expr, scope: Scope) -> None:
        if node.expression.name.lower() not in COLLATIONS:
            refuse("only known collations", node.expression.name, ", ".join(sorted(COLLATIONS)))
        self._visit(node.this, scope)

    def _word(self, node: exp.Expr, scope: Scope) -> None:
        if node.name.lower() not in nodes.WORDS:
            refuse("only known words", node.name, "units of time, such as month, and ALL")

    def _type(self, node: exp.Expr, scope: Scope) -> None:
        kind = node.this
        name = (
            kind.name
            if isinstance(kind, exp.DType)
            else kind.name
            if isinstance(kind, exp.Expr)
            else str(kind)
        )
        named = str(node.args.get("kind") or "").lower()
        if name == "USERDEFINED" and named in nodes.NAMED_TYPES:
            name = "VECTOR"
        if name not in nodes.TYPES:
            refuse("only plain types", said(node), "numbers, texts, dates, times, JSON, arrays and vectors")
        for item in node.expressions:
            self._type_part(item, scope)

    def _type_part(self, node: exp.Expr, scope: Scope) -> None:
        if isinstance(node, exp.DataTypeParam):
            if not isinstance(node.this, exp.Literal):
                _refuse_node(node.this)
        elif isinstance(node, exp.ColumnDef):
            self._quote(node.this)
            self._type(node.args["kind"], scope)
        elif isinstance(node, exp.DataType):
            self._type(node, scope)
        elif not isinstance(node, (exp.Literal, exp.Var, exp.Identifier)):
            _refuse_node(node)

    def _call(self, node: exp.Expr, scope: Scope) -> None:
        calls.look_at_name(node, self._catalogue.dialect)
        for item in node.expressions:
            self._visit(item, scope)

    # --- names

    def _folded(self, node: exp.Expr) -> str:
        return node.name.lower() if self._folds and not node.args.get("quoted") else node.name

    def _quote(self, node: exp.Expr) -> str:
        """Put a name in quotes, as the engine would fold it. Returns it; raises GuardRefused for no name."""
        if not isinstance(node, exp.Identifier) or not node.name:
            _refuse_node(node)
        name = self._folded(node)
        node.set("this", name)
        node.set("quoted", True)
        return name


def _nodes(node: exp.Expr, part: str) -> list[exp.Expr]:
    """The nodes that are a part of another: one, a list of them, or none."""
    value = node.args.get(part)
    found = cast("list[object]", value) if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, exp.Expr)]


def _joins(node: exp.Expr) -> list[exp.Join]:
    return cast("list[exp.Join]", _nodes(node, "joins"))


def said(node: exp.Expr) -> str:
    """A node in words for a message: its text where sqlglot can write it, its kind otherwise."""
    try:
        return node.sql(comments=False)
    except (SqlglotError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return node.key.upper()


def _variable_named(name: str, scope: Scope) -> str:
    for names in reversed(scope.variables):
        if name in names:
            return names[name]
    return ""


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


def _refuse_node(node: exp.Expr | None) -> Never:
    what = said(node) if node is not None else "nothing"
    refuse(
        "only the parts of a reading query", what, "SELECT with joins, conditions, groups, order and limit"
    )


def _refuse_column(name: str, scope: Scope) -> Never:
    known: list[str] = []
    around: Scope | None = scope
    while around is not None:
        for relation in around.relations.values():
            known.extend(relation.columns.values())
        around = around.outer
    allowed = (
        f"their columns, such as {', '.join(known[:8])}" if known else "no name, since no table is read here"
    )
    refuse("only columns of the tables that are read", name, allowed)
