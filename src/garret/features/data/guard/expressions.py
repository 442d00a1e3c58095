"""Expressions of a query: every node is of a known kind, and every name is one that the query sees.

`Expressions` visits what stands in a query beside its tables. `resolving.Resolver` is made from it and visits
queries; an expression that holds a query hands it back to that.

Invariants: a node is visited by a rule of its own, or its kind is in `nodes` and all its parts are visited;
there is no third way. Names are rewritten to the catalogue's, in quotes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Final, Never, cast

from sqlglot import exp
from sqlglot.errors import SqlglotError

from garret.features.data.guard import calls, nodes
from garret.features.data.guard.dialects import VECTOR_OPERATORS
from garret.features.data.guard.functions import COLLATIONS
from garret.features.data.guard.names import Relation, Scope, Tables, columns_by_name
from garret.features.data.guard.refusal import refuse

Expr: Final = exp.Expr
_NAME_PARTS: Final = ("catalog", "db", "table", "this")
_VECTORS: Final = " ".join(sorted(VECTOR_OPERATORS))


class Expressions(ABC):
    """Visits expressions. `tables` and `columns` are what they were found to touch."""

    def __init__(self, catalogue: Tables) -> None:
        self._catalogue = catalogue
        self._folds = catalogue.dialect == "postgres"
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
            exp.Operator: self._operator,
            exp.Var: self._word,
            exp.DataType: self._type,
            exp.Anonymous: self._call,
            exp.AnonymousAggFunc: self._call,
        }

    @abstractmethod
    def query(self, node: exp.Expr, outer: Scope | None, common: dict[str, Relation]) -> list[str]:
        """Visit a query. Returns the names of its columns; raises GuardRefused."""

    def _part(self, node: exp.Expr, part: str, scope: Scope) -> None:
        for item in nodes_of(node, part):
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
            refuse_node(node)
        for value in list(node.args.values()):
            if isinstance(value, Expr):
                self._visit(value, scope)
            elif isinstance(value, list):
                for item in cast("list[object]", value):
                    if isinstance(item, Expr):
                        self._visit(item, scope)

    def _inner_query(self, node: exp.Expr, scope: Scope) -> None:
        self.query(node, scope, scope.common)

    def _column(self, node: exp.Expr, scope: Scope) -> None:
        parts = [part for part in map(node.args.get, _NAME_PARTS) if part]
        if isinstance(parts[-1], exp.Star):
            self._qualified_star(node, scope)
            return
        for part in parts:
            if not isinstance(part, exp.Identifier):
                refuse_node(node)
        names = [self._folded(part) for part in parts]
        for at in range(min(len(names), 3) - 1, -1, -1):
            found = self._find(names[: at + 1], scope)
            if found is not None and (at == len(names) - 1 or self._has_fields):
                self._rewrite(node, parts, [*found, *names[at + 1 :]])
                return
        refuse_column(".".join(names), scope)

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

    def _rewrite(self, node: exp.Expr, parts: list[exp.Expr], written: list[str]) -> None:
        """Give a column its name: `parts` is what it had, `written` what it is called."""
        if len(written) > len(_NAME_PARTS):
            refuse("names are short", ".".join(written), "at most three fields within each other")
        if len(parts) > len(written):
            for key in _NAME_PARTS[:-1]:
                node.set(key, None)
        same = len(parts) == len(written)
        for at, key in enumerate(_NAME_PARTS[-len(written) :]):
            if not same or not is_written(parts[at], written[at]):
                node.set(key, exp.Identifier(this=written[at], quoted=True))

    def _note(self, relation: Relation, name: str) -> None:
        if relation.address:
            self.columns[f"{relation.address}.{relation.columns[name]}"] = None

    def _qualified_star(self, node: exp.Expr, scope: Scope) -> None:
        table = node.args.get("table")
        key = self._folded(table).lower() if table else ""
        if table is None or key not in scope.relations or node.args.get("db"):
            refuse_column(f"{key}.*", scope)
        table.replace(exp.to_identifier(scope.relations[key].name, quoted=True))
        self._note_all([scope.relations[key]])
        self._star(node.this, scope)

    def _star(self, node: exp.Expr, scope: Scope) -> None:
        if not isinstance(node.parent, (exp.Column, exp.Count)):
            self._note_all(scope.relations.values())
        for key, value in node.args.items():
            if key not in ("except_", "replace") and value:
                refuse_node(node)
            for item in nodes_of(node, key):
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
            refuse_column(node.name, scope)
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
            refuse_node(node)
        if not isinstance(node.this, (exp.Identifier, exp.Literal)):
            refuse_node(node.this)
        self._visit(node.expression, scope)

    def _collate(self, node: exp.Expr, scope: Scope) -> None:
        if node.expression.name.lower() not in COLLATIONS:
            refuse("only known collations", node.expression.name, ", ".join(sorted(COLLATIONS)))
        self._visit(node.this, scope)

    def _operator(self, node: exp.Expr, scope: Scope) -> None:
        sign = node.args.get("operator")
        if sign not in VECTOR_OPERATORS or self._catalogue.dialect != "postgres":
            refuse("only known signs", f"OPERATOR({sign})", f"the operators of vectors: {_VECTORS}")
        self._visit(node.this, scope)
        self._visit(node.expression, scope)

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
                refuse_node(node.this)
        elif isinstance(node, exp.ColumnDef):
            self._quote(node.this)
            self._type(node.args["kind"], scope)
        elif isinstance(node, exp.DataType):
            self._type(node, scope)
        elif not isinstance(node, (exp.Literal, exp.Var, exp.Identifier)):
            refuse_node(node)

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
            refuse_node(node)
        name = self._folded(node)
        if not is_written(node, name):
            node.set("this", name)
            node.set("quoted", True)
        return name


def nodes_of(node: exp.Expr, part: str) -> list[exp.Expr]:
    """The nodes that are a part of another: one, a list of them, or none."""
    value = node.args.get(part)
    if isinstance(value, Expr):
        return [value]
    if isinstance(value, list):
        return [item for item in cast("list[object]", value) if isinstance(item, Expr)]
    return []


def is_written(node: exp.Expr, name: str) -> bool:
    """Whether an identifier is `name` in quotes already, as every one is when a text is read again."""
    return node.args == {"this": name, "quoted": True}


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


def refuse_node(node: exp.Expr | None) -> Never:
    what = said(node) if node is not None else "nothing"
    refuse(
        "only the parts of a reading query", what, "SELECT with joins, conditions, groups, order and limit"
    )


def refuse_column(name: str, scope: Scope) -> Never:
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
