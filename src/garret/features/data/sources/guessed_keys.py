"""Which columns of files point at which others, guessed by names and values. Pure.

A key is guessed where a column is named after another table and its key (`customer_id` and `customer.id`),
or as the key itself (`customer_id` in both), where the key's values differ from row to row, and where no
value that was seen contradicts: of a table that was seen whole, nearly all values must be among its keys.

Neighbours: `files` has seen the first rows of each table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from garret.features.data.contracts import ColumnKind, ForeignKey

_HELD: Final = 0.9  # of the values seen must be keys of a table that was seen whole
_KEY: Final = re.compile(r"(?:^|_)(?:id|code|no|nr|number|key|uuid)$|.(?:ID|Id|Code)$", re.IGNORECASE)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_KINDS: Final[frozenset[ColumnKind]] = frozenset({"integer", "text", "uuid", "decimal"})


class Seen(msgspec.Struct, frozen=True):
    """A column as far as it was seen: `values` are those of the table's first rows, all of them where
    `whole`.
    """

    name: str
    kind: ColumnKind
    values: tuple[str | None, ...]
    whole: bool


def guess_keys(tables: Sequence[tuple[str, Sequence[Seen]]]) -> dict[str, tuple[ForeignKey, ...]]:
    """The keys of each table (by its name) that point at another one or at itself."""
    targets: dict[str, list[tuple[str, Seen]]] = {}
    for table, columns in tables:
        key = _key_of(table, columns)
        if key is not None:
            for name in _names_for(table, key.name):
                targets.setdefault(name, []).append((table, key))
    found: dict[str, tuple[ForeignKey, ...]] = {}
    for table, columns in tables:
        keys: list[ForeignKey] = []
        for column in columns:
            fitting = [
                (other, key)
                for other, key in targets.get(_plain(column.name), [])
                if (other != table or key.name != column.name) and _holds(column, key)
            ]
            # The same name in two tables that both have it as their key says nothing about which points
            # where.
            fitting = [pair for pair in fitting if not _is_key(table, column, columns) or pair[0] != table]
            if len(fitting) == 1:
                other, key = fitting[0]
                keys.append(
                    ForeignKey(columns=(column.name,), table=other, references=(key.name,), guessed=True)
                )
        if keys:
            found[table] = tuple(keys)
    return found


def _key_of(table: str, columns: Sequence[Seen]) -> Seen | None:
    """The column that tells the rows of a table apart: one named as a key and after the table, and unique."""
    fitting = [column for column in columns if _is_key(table, column, columns)]
    return fitting[0] if fitting else None


def _is_key(table: str, column: Seen, columns: Sequence[Seen]) -> bool:
    if column.kind not in _KINDS or not _is_unique(column):
        return False
    plain = _plain(column.name)
    named = {
        f"{stem}{ending}" for stem in _stems(table) for ending in ("id", "code", "no", "number", "nr", "key")
    }
    return (
        plain in ("id", "code", "key")
        or plain in named
        or (column is columns[0] and bool(_KEY.search(column.name)))
    )


def _names_for(table: str, key: str) -> set[str]:
    """What a column that points at this key may be called."""
    plain = _plain(key)
    names = {f"{stem}{ending}" for stem in _stems(table) for ending in {plain, "id", ""} if stem}
    return names if plain in ("id", "code", "key") else names | {plain}


def _stems(table: str) -> set[str]:
    """The table's name, and its singular."""
    words = [word.lower() for word in re.split(r"[_\W]+", _CAMEL.sub("_", table)) if word]
    stems: set[str] = set()
    for start in range(len(words)):  # `dim_customers` is about customers
        whole = "".join(words[start:])
        stems |= {whole, whole.removesuffix("s"), whole.removesuffix("es")}
        if whole.endswith("ies"):
            stems.add(whole[:-3] + "y")
    return stems


def _plain(name: str) -> str:
    return re.sub(r"[_\W]+", "", name).lower()


def _is_unique(column: Seen) -> bool:
    values = [value for value in column.values if value is not None]
    return len(values) >= 2 and len(values) == len(column.values) and len(set(values)) == len(values)


def _holds(column: Seen, key: Seen) -> bool:
    if column.kind != key.kind:
        return False
    values = {value for value in column.values if value is not None}
    if not values:
        return False
    if not key.whole:
        return True  # a key further down may be what is pointed at
    return len(values & set(key.values)) >= _HELD * len(values)
