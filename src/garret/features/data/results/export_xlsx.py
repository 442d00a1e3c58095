"""A result as an Excel workbook, with values and never a formula.

Numbers that Excel's doubles hold exactly are numbers; all else is text, marked as such (`quotePrefix`), so
that it stays text when somebody edits the cell. A sheet holds 1,048,576 rows; what is beyond goes on in a
second one.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from garret.base.errors import Code
from garret.features.data.contracts import ResultColumn
from garret.features.data.results.formulas import neutral
from garret.features.data.results.normalise import ResultsError

SHEET_ROWS: Final = 1_048_575  # below the header
MOST_CELLS: Final = 5_000_000  # the workbook is made in memory
_CELL_TEXT: Final = 32_767  # characters; Excel refuses a workbook with more in one cell
_NOT_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DIGITS: Final = 15  # significant digits that a double holds whatever they are


def write_xlsx(columns: Sequence[ResultColumn], rows: Iterable[tuple[Any, ...]], count: int) -> bytes:
    """The workbook. Raises ResultsError where it would be too large to be made."""
    import xlsxwriter

    if count * max(len(columns), 1) > MOST_CELLS:
        raise ResultsError(
            f"A workbook of {count:,} rows is more than can be made ({MOST_CELLS:,} cells). The"
            " result is kept;"
            " export it as CSV or Parquet, or narrow it first.",
            code=Code.FULL,
        )
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "use_zip64": True}
    book = xlsxwriter.Workbook(file, options)
    text = book.add_format({"quote_prefix": True})
    bold = book.add_format({"bold": True, "quote_prefix": True})
    numeric = [column.kind in ("integer", "decimal", "real") for column in columns]
    sheet: Any = None
    for number, row in enumerate(rows):
        if number % SHEET_ROWS == 0:
            sheet = _sheet(book, columns, bold)
        for place, cell in enumerate(row):
            _write(sheet, number % SHEET_ROWS + 1, place, cell, text, numeric=numeric[place])
    if sheet is None:
        _sheet(book, columns, bold)
    book.close()
    return file.getvalue()


def _sheet(book: Any, columns: Sequence[ResultColumn], bold: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, _text(column.name), bold)
    return sheet


def _write(sheet: Any, row: int, place: int, cell: Any, text: Any, *, numeric: bool) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, place, cell)
    elif isinstance(cell, int | float):
        sheet.write_number(row, place, cell)
    elif numeric and (number := _exact(cell)) is not None:
        sheet.write_number(row, place, number)
    else:
        sheet.write_string(row, place, _text(cell), text)


def _exact(text: str) -> float | None:
    """The number in a text, where a double of Excel's 15 digits holds it."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    digits = value.as_tuple()
    if not value.is_finite() or len(digits.digits) > _DIGITS:
        return None
    return float(value)


def _text(text: str) -> str:
    return str(neutral(_NOT_XML.sub("\ufffd", text)))[:_CELL_TEXT]
