"""Cells that a spreadsheet would take for a formula, and what is done about them. Pure.

A text that begins with one of `= + - @`, a tab or a return, or with their full-width forms, is run by
spreadsheets when a file is opened (CWE-1236). Such texts get an apostrophe in front, which spreadsheets
read as "this is text"; plain numbers, negative ones too, stay numbers.
"""

from __future__ import annotations

import re
from typing import Any, Final

_BEGINS: Final = r"[ \x{A0}\x{FEFF}]*[=+\-@\t\r\n|％＝＋－＠]"  # spaces in front do not keep all from it
_NUMBER: Final = r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_FORMULA: Final = re.compile(
    rf"(?!{_NUMBER}\Z){_BEGINS}".replace(r"\x{A0}", "\u00a0").replace(r"\x{FEFF}", "\ufeff")
)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run it."""
    return _FORMULA.match(text) is not None


def neutral(cell: Any) -> Any:
    """The cell, with an apostrophe in front where it would be a formula."""
    return "'" + cell if isinstance(cell, str) and is_formula(cell) else cell


def neutral_sql(text: str) -> str:
    """The same as an expression of DuckDB (its patterns are RE2's) over one that is a text."""
    formula = f"regexp_matches({text}, '^{_BEGINS}') AND NOT regexp_full_match({text}, '{_NUMBER}')"
    return f"CASE WHEN {formula} THEN chr(39) || {text} ELSE {text} END"
