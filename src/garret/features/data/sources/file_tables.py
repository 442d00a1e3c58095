"""The tables of a source of files: which files are one, and what each is called.

A file is a table, a sheet of a workbook is one, and files of one shape that a glob found are one together.
This is worked out the same way each time from names, sizes and first lines, so that a query over a table
means the same files as when it was asked.

Neighbours: `gather` found the files; `files` reads the tables.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from garret.features.data.sources import workbook
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.delimited import first_line
from garret.features.data.sources.gather import File, Form, Gathered, stem_of, table_names

Shape = Callable[[str, Form], str]
"""The shape of a JSON or Parquet file; empty where it cannot be read."""


class FileTable(msgspec.Struct, frozen=True):
    """A table: its files in order, and of a workbook the sheet."""

    name: str
    form: Form
    files: tuple[File, ...]
    sheet: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(file.path for file in self.files)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def tables_of(gathered: Gathered, shape: Shape) -> tuple[tuple[FileTable, ...], tuple[str, ...]]:
    """All tables in a fixed order, and remarks on files that are none."""
    parts: list[tuple[tuple[str, str], Form, tuple[File, ...], str]] = []
    notes: list[str] = []
    for files in _groups(gathered, shape):
        first = files[0]
        folder = Path(first.path).parent.name
        if first.form != "workbook":
            stem = stem_of(first.path) if len(files) == 1 else _common_stem(files)
            parts.append(((folder, stem), first.form, files, ""))
            continue
        try:
            sheets = workbook.sheet_names(first.path)
        except SourceError as error:
            notes.append(error.message)
            continue
        stem = stem_of(first.path)
        for sheet in sheets:
            name = (folder, stem if len(sheets) == 1 else f"{stem}_{sheet}")
            parts.append((name, first.form, files, sheet))
    names = table_names(part[0] for part in parts)
    tables = tuple(
        FileTable(name, form, files, sheet)
        for name, (_, form, files, sheet) in zip(names, parts, strict=True)
    )
    return tables, tuple(notes)


def _groups(gathered: Gathered, shape: Shape) -> list[tuple[File, ...]]:
    """Files that are one table: of a glob those of one shape, else each by itself."""
    groups: dict[object, list[File]] = {}
    for file in gathered.files:
        key: object = file.path
        if file.entry in gathered.globbed and file.form != "workbook":
            same = first_line(file.path) if file.form == "delimited" else shape(file.path, file.form)
            key = (file.entry, file.form, same) if same else file.path
        groups.setdefault(key, []).append(file)
    return [tuple(files) for files in groups.values()]


def _common_stem(files: Sequence[File]) -> str:
    """What the names of the files begin with, or the folder's name where that is too little."""
    # Letters are what is compared, not folders: these are stems of names.
    common = os.path.commonprefix([stem_of(file.path) for file in files])  # noqa: RUF071
    common = common.rstrip("0123456789").rstrip("_-. ")
    return common if len(common) >= 2 else Path(files[0].path).parent.name
