"""What a catalogue says of files: columns with samples of what is not private, sizes, and guessed keys. Pure.

Neighbours: `files` has read the heads of the tables; `guessed_keys` and `privacy` judge them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from garret.features.data.contracts import Column, ColumnKind, Table
from garret.features.data.sources.file_tables import FileTable
from garret.features.data.sources.guessed_keys import Seen, guess_keys
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.privacy import SAMPLES, choose_samples, is_private_by_name
from garret.features.data.sources.reading import Read

_OFTEN: Final = 20  # rows a value of a part of a file stands in, for the rest to hold no others
_LOOKED_AT: Final = 60  # values of a column that are looked at for samples
_PLAIN: Final = frozenset({"real", "decimal", "boolean", "date", "time", "timestamp", "interval"})


def describe(reads: Sequence[tuple[FileTable, Read]]) -> tuple[Table, ...]:
    """Tables for the catalogue, with samples of what is not private, and guessed keys."""
    seen: list[tuple[str, list[Seen]]] = []
    columns: dict[str, tuple[Column, ...]] = {}
    for table, read in reads:
        kinds: list[ColumnKind] = [kind_of("duckdb", kind) for _, kind in read.columns]
        fitting = read.values if len(read.values) == len(read.columns) else ((),) * len(read.columns)
        seen.append(
            (
                table.name,
                [
                    Seen(name, kind, values, read.whole)
                    for (name, _), kind, values in zip(read.columns, kinds, fitting, strict=True)
                ],
            )
        )
        columns[table.name] = tuple(
            _column(name, kind, values, whole=read.whole)
            for (name, kind), values in zip(read.columns, fitting, strict=True)
        )
    keys = guess_keys(seen)
    return tuple(
        Table(
            name=table.name,
            kind="file",
            columns=columns[table.name],
            foreign_keys=keys.get(table.name, ()),
            rows=read.rows,
            comment=_origin(table),
        )
        for table, read in reads
    )


def _column(name: str, kind: str, values: tuple[str | None, ...], *, whole: bool) -> Column:
    known = kind_of("duckdb", kind)
    if known in _PLAIN:  # no address or account looks like these, and looking is what takes the time
        private = is_private_by_name(name)
        often = Counter(value for value in values[:_LOOKED_AT] if value is not None).most_common(SAMPLES)
        samples = () if private else tuple(value for value, _ in often)
    else:
        samples, private = choose_samples(name, values[:_LOOKED_AT])
    return Column(
        name=name,
        type=kind,
        kind=known,
        private=private,
        guessed=private,
        samples=samples,
        distinct=_distinct(values, whole=whole),
    )


def _distinct(values: tuple[str | None, ...], *, whole: bool) -> int | None:
    """How many different values there are: of a part of the file only where few stand in many rows."""
    found = len(set(values) - {None})
    return found if whole or found * _OFTEN <= len(values) else None


def _origin(table: FileTable) -> str:
    first = Path(table.paths[0]).name
    if table.sheet:
        return f"{first}, sheet {table.sheet}"
    return first if len(table.paths) == 1 else f"{first} and {len(table.paths) - 1:,} more"
