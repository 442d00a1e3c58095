"""The fingerprint of a catalogue: it changes when tables, columns, types or keys do, and else never.

Comments, row estimates, sample values and what a person described are no part of it, nor is the order in
which a source lists its tables. An approval holds it, so that what was approved of one structure is not run
on another.
"""

from __future__ import annotations

from collections.abc import Iterable

import blake3
import msgspec

from garret.features.data.contracts import Table


def take_fingerprint(tables: Iterable[Table]) -> str:
    """BLAKE3 in hex over the sorted structure. Columns keep their order: a `SELECT *` shows it."""
    structure = sorted(_structure(table) for table in tables)
    return blake3.blake3(msgspec.msgpack.encode(structure)).hexdigest()


def _structure(table: Table) -> tuple[object, ...]:
    columns = tuple((column.name, column.type, column.nullable) for column in table.columns)
    keys = tuple(
        sorted((key.columns, key.table, key.references) for key in table.foreign_keys if not key.guessed)
    )
    return (table.schema, table.name, table.kind, columns, table.primary_key, keys)
