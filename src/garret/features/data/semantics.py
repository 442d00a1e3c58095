"""What people say of a source, laid over its snapshot: descriptions, synonyms, units, privacy, measures.

Pure. A table or column that is no longer there keeps what was said of it, unseen, until it comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from blake3 import blake3

from garret.features.data.contracts import Catalogue, Column, Measure, Table

_decode = msgspec.msgpack.Decoder(Catalogue).decode
_replace = msgspec.structs.replace


def meaning_id(source: str, table: str, column: str) -> str:
    """The one id of what is said of a table, or of a column of it."""
    return blake3("\0".join((source, table, column)).encode()).hexdigest(length=16)


def described(
    body: bytes, meanings: Mapping[str, Mapping[str, Any]], measures: Mapping[str, Mapping[str, Any]]
) -> Catalogue:
    """A packed snapshot with what people say of it. Raises msgspec.DecodeError for one that is damaged."""
    catalogue = _decode(body)
    said = {(each["table"], each["column"]): each for each in meanings.values()}
    if said:
        tables = tuple(_table(table, said) for table in catalogue.tables)
        catalogue = _replace(catalogue, tables=tables)
    named = {table.address for table in catalogue.tables}
    own = tuple(
        msgspec.convert(each["measure"], Measure)
        for each in measures.values()
        if each["measure"]["table"] in named
    )
    return _replace(catalogue, measures=own)


def revision_of(catalogue: Catalogue) -> str:
    """Tells a catalogue with all that is said of it from any other."""
    return blake3(msgspec.msgpack.encode(catalogue)).hexdigest(length=16)


def _table(table: Table, said: Mapping[tuple[str, str], Mapping[str, Any]]) -> Table:
    own = said.get((table.address, ""))
    columns = tuple(
        _column(column, mine) if (mine := said.get((table.address, column.name))) else column
        for column in table.columns
    )
    if own is None:
        return _replace(table, columns=columns)
    return _replace(table, columns=columns, description=own["description"], synonyms=tuple(own["synonyms"]))


def _column(column: Column, mine: Mapping[str, Any]) -> Column:
    private = column.private if mine["private"] is None else mine["private"]
    return _replace(
        column,
        description=mine["description"],
        synonyms=tuple(mine["synonyms"]),
        unit=mine["unit"] or column.unit,
        private=private,
        guessed=column.guessed and mine["private"] is None,
        samples=() if private else column.samples,
    )
