"""Calls of functions: their names, and arguments that decide how long a value gets.

A short query can ask for a very long text: `repeat('x', 1e9)`, a format of a thousand million places, or
replacements within each other that each lengthen tenfold. Counts have to be small numbers in the query
itself, and what lengthens may stand in itself a few times only. Memory is limited by the process besides.
"""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp

from garret.features.data.guard.functions import ALLOWED, FORMATTING, GROWING, LENGTHENING
from garret.features.data.guard.refusal import refuse
from garret.features.data.guard.vocabulary import refuse_function

_LONGEST = 10_000  # repetitions or characters
_MOST_GROWING = 4  # lengthening functions within each other
_WIDE = re.compile(r"[*]|[0-9]{4}")  # a width that comes from an argument, or has four digits
_NAMES: Final[dict[type, str]] = {
    exp.Repeat: "repeat",
    exp.Space: "space",
    exp.Pad: "lpad",
    exp.Replace: "replace",
    exp.RegexpReplace: "regexp_replace",
    exp.Translate: "translate",
    exp.Concat: "concat",
    exp.ConcatWs: "concat_ws",
    exp.Format: "format",
    exp.Hex: "hex",
}

_LONGER: Final = (
    exp.DPipe,
    exp.ArrayConcat,
    exp.Concat,
    exp.ConcatWs,
    exp.Replace,
    exp.RegexpReplace,
    exp.Repeat,
)


def look_at(node: exp.Expr, dialect: str) -> None:
    """Refuse a call that sqlglot has a node for, where its arguments could make a value of any length."""
    name = _NAMES.get(type(node))
    if name is not None:
        _look_at_length(node, name)
    elif isinstance(node, exp.Reduce) and node.find(*_LONGER):
        # `(s, x) -> concat(s, s)` doubles at each element
        refuse("values stay short", "reduce() that lengthens", "reduce() with arithmetic")


def look_at_name(node: exp.Expr, dialect: str) -> None:
    """Refuse a call by name unless the dialect's list has it."""
    if not isinstance(node.this, str):
        what = f"{node.name}()"
        refuse("functions are called by their own name", what, "the name of a function without quotes")
    name = node.this.lower()
    if name not in ALLOWED[dialect]:
        refuse_function(name, dialect)
    _look_at_length(node, name)


def _look_at_length(node: exp.Expr, name: str) -> None:
    if name in LENGTHENING:
        _hold_count(node, name)
    if name in FORMATTING:
        _hold_format(node, name)
    if name in GROWING:
        _hold_growth(node, name)


def _hold_count(node: exp.Expr, name: str) -> None:
    count = _count_of(node, name)
    small = isinstance(count, exp.Literal) and not count.is_string and _small(count.name)
    if not small:
        refuse(
            "values stay short", f"{name}() with a count", f"a number up to {_LONGEST:,} that is written out"
        )


def _count_of(node: exp.Expr, name: str) -> object:
    """The argument that says how often or how long."""
    if isinstance(node, exp.Repeat):
        return node.args.get("times")
    if isinstance(node, exp.Pad):
        return node.expression
    if isinstance(node, exp.Space):
        return node.this
    place = 0 if name == "space" else 1
    return node.expressions[place] if len(node.expressions) > place else None


def _small(text: str) -> bool:
    return text.isdecimal() and len(text) <= 5 and int(text) <= _LONGEST


def _hold_format(node: exp.Expr, name: str) -> None:
    first = node.this if isinstance(node, exp.Format) else node.expressions[0] if node.expressions else None
    if not isinstance(first, exp.Literal) or _WIDE.search(first.name):
        refuse(
            "values stay short",
            f"{name}() of that form",
            "a form that is written out, with widths below 1,000",
        )


def _hold_growth(node: exp.Expr, name: str) -> None:
    depth, around = 0, node.parent
    while around is not None and not isinstance(around, exp.Query):
        outer = _name_of(around)
        if outer == name == "repeat":
            refuse("values stay short", "repeat() within repeat()", "one repeat() of a text")
        depth += outer in GROWING
        around = around.parent
    if depth >= _MOST_GROWING:
        refuse(
            "values stay short",
            f"{name}() within {depth} others that lengthen a text",
            f"{_MOST_GROWING} such functions within each other",
        )


def _name_of(node: exp.Expr) -> str:
    """The name of a call that may lengthen a text; empty for anything else."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return _NAMES.get(type(node), "")
