"""How a table is read: its columns, the SQL that reads it, and what was guessed on the way. Pure data.

`guessed` is what a person sees and may change: each key is an option of `SourceConfig.reading`, its value a
text.
"""

from __future__ import annotations

from typing import Final

import msgspec

from garret.base.errors import Code
from garret.features.data.contracts import READING_OPTIONS
from garret.features.data.sources.contract import SourceError

SAMPLED_ROWS: Final = 200  # of a table's head; what is told of values is from them
MOST_COLUMNS: Final = 4_000

REJECTED: Final = "rejected_lines"
"""The engine's own table of lines that could not be read, for as long as a transaction lasts."""


class Read(msgspec.Struct, kw_only=True):
    """`relation` is SQL that stands behind FROM; `values` are the texts of the first rows, column by
    column, and `whole` says that there are no more.
    """

    columns: tuple[tuple[str, str], ...]
    relation: str
    rows: int | None = None
    values: tuple[tuple[str | None, ...], ...] = ()
    whole: bool = False
    guessed: dict[str, str] = {}
    notes: tuple[str, ...] = ()


def check_options(path: str, options: dict[str, str]) -> dict[str, str]:
    """The options, where all are known. Raises SourceError."""
    unknown = sorted(set(options) - READING_OPTIONS)
    if unknown:
        raise SourceError(
            f"How to read {path} names {unknown[0]!r}, which is no option. There are:"
            f" {', '.join(sorted(READING_OPTIONS))}.",
            code=Code.USAGE,
        )
    return options
