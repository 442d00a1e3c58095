"""How a column lies in a result's table, is shown in a cell, and is compared.

The rules of cells are those of `ResultPage`: whatever JSON and JavaScript would not hold exactly is a text.
What DuckDB's own conversion to Python would lose or refuse (dates beyond year 9999, infinities, time zones)
never reaches Python: the engine writes it as text.

Neighbours: `table` asks with these expressions, `filters` compares with them.
"""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec

from garret.features.data.contracts import ResultColumn

EXACT: Final = 2**53  # whole numbers beyond this are not all held by a double, and so not by JavaScript
LONGEST_CELL: Final = 100_000  # characters of a text in a page; an export has it whole

_WHOLE: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT"}
)
_TIMES: Final = ("DATE", "TIMESTAMP", "TIME", "INTERVAL")
_NUMBERS: Final = frozenset({"integer", "decimal", "real"})


class Place(msgspec.Struct, frozen=True):
    """One column of the table: `at` is its name there, `stored` DuckDB's type.

    `shown` is the expression of its cell, `compared` the one that it is ordered and filtered by.
    """

    column: ResultColumn
    at: str
    stored: str
    shown: str
    compared: str

    @property
    def worded(self) -> str:
        """The expression of the cell as a text, which is what a person reads in a file."""
        text = f"CAST({self.shown} AS VARCHAR)"
        if self.stored not in ("DOUBLE", "FLOAT"):
            return text
        endless = (
            f"CASE WHEN isnan({self.at}) THEN 'NaN' WHEN {self.at} > 0 THEN 'Infinity' ELSE '-Infinity' END"
        )
        return f"CASE WHEN {self.at} IS NULL OR isfinite({self.at}) THEN {text} ELSE {endless} END"

    def inexact(self) -> str:
        """A condition that finds a value which `plain` would not leave as it is; empty where there can be
        none.
        """
        if self.stored in ("DOUBLE", "FLOAT"):
            return f"NOT isfinite({self.at})"
        if self.stored in ("BIGINT", "UBIGINT", "HUGEINT"):
            return f"{self.at} NOT BETWEEN -{EXACT} AND {EXACT}"
        return ""

    @property
    def numeric(self) -> bool:
        return self.column.kind in _NUMBERS

    @property
    def whole(self) -> bool:
        return self.stored in _WHOLE

    @property
    def decimals(self) -> int | None:
        """How many decimals a fixed-point column has; None of others."""
        if not self.stored.startswith("DECIMAL("):
            return None
        return int(self.stored[8:-1].split(",")[1])

    @property
    def temporal(self) -> str:
        """The type a typed value is read as: DATE, TIMESTAMP, TIMESTAMP WITH TIME ZONE, TIME or INTERVAL."""
        kind = self.column.kind
        if self.stored.startswith("TIMESTAMP WITH"):
            return self.stored
        return kind.upper() if kind in ("date", "timestamp", "time", "interval") else ""


def place(column: ResultColumn, number: int, stored: str) -> Place:
    """Where column `number` lies; `stored` is the type that DuckDB gave it."""
    at = f"c{number}"
    return Place(column, at, stored, _shown(at, stored), _compared(column, at, stored))


def plain(value: Any) -> Any:
    """A value that DuckDB gave for `shown`, as a cell."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -EXACT <= value <= EXACT else str(value)
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _shown(at: str, stored: str) -> str:
    if stored in _WHOLE or stored in ("BOOLEAN", "DOUBLE", "VARCHAR"):
        return at
    if stored == "FLOAT":  # the shortest digits that mean the same, not those of the double next to it
        return f"CAST(CAST({at} AS VARCHAR) AS DOUBLE)"
    if stored == "BLOB":
        return f"lower(hex({at}))"
    if stored.endswith("]") or stored.startswith(("STRUCT(", "MAP(", "UNION(")):
        return f"CAST(to_json({at}) AS VARCHAR)"
    return f"CAST({at} AS VARCHAR)"


def _compared(column: ResultColumn, at: str, stored: str) -> str:
    if stored == "VARCHAR":
        if column.kind in _NUMBERS:  # engines give numbers without a fixed size as text
            return f"TRY_CAST({at} AS DOUBLE)"
        if column.kind in ("date", "timestamp"):
            return f"TRY_CAST({at} AS {column.kind.upper()})"
        return f"lower({at})"
    if stored in _WHOLE or stored in ("BOOLEAN", "DOUBLE", "FLOAT", "BLOB") or stored.startswith("DECIMAL("):
        return at
    if stored.startswith(_TIMES):
        return at
    return f"lower({_shown(at, stored)})"
