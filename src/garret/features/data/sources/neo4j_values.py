"""Values of Neo4j as columns hold them, and in its own words for their types.

Moments with a zone are moments in UTC; nodes, relationships and paths are JSON; points are written as EWKT,
spans of time as ISO 8601. Of times Arrow keeps microseconds: what is finer is `text_of`'s, which makes a
column text.

Neighbours: `loose`, which decides columns; `neo4j_catalogue`, which looks at properties.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

import pyarrow as pa
from neo4j import Record
from neo4j.exceptions import BrokenRecordError
from neo4j.graph import Node, Path, Relationship
from neo4j.spatial import Point
from neo4j.time import Date, DateTime, Duration, Time
from neo4j.vector import Vector

from garret.features.data.sources.loose import Held, Vocabulary

FINE: Final = "fine"
"""At the end of the word of a time with nanoseconds, which is a column's own word for such."""
_EPOCH: Final = 719_163  # of 1970-01-01, as a proleptic Gregorian ordinal
_DAY: Final = 86_400_000_000  # microseconds

_KINDS: Final[dict[str, Held]] = {
    "BOOLEAN": ("boolean", pa.bool_()),
    "INTEGER": ("integer", pa.int64()),
    "FLOAT": ("real", pa.float64()),
    "DATE": ("date", pa.date32()),
    "LOCAL TIME": ("time", pa.time64("us")),
    "LOCAL DATETIME": ("timestamp", pa.timestamp("us")),
    "ZONED DATETIME": ("timestamp", pa.timestamp("us", "UTC")),
    "DURATION": ("interval", pa.string()),
    "POINT": ("geometry", pa.string()),
    "BYTES": ("binary", pa.binary()),
    "LIST": ("array", pa.string()),
    "VECTOR": ("vector", pa.string()),
    "MAP": ("json", pa.string()),
    "NODE": ("json", pa.string()),
    "RELATIONSHIP": ("json", pa.string()),
    "PATH": ("json", pa.string()),
}

_WORDS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "BOOLEAN"), (int, "INTEGER"), (float, "FLOAT"), (str, "STRING"), (Date, "DATE"),
    (Duration, "DURATION"), (Point, "POINT"), (Vector, "VECTOR"), (Node, "NODE"), (Path, "PATH"),
    (Relationship, "RELATIONSHIP"), (bytes, "BYTES"), (bytearray, "BYTES"), (list, "LIST"), (dict, "MAP"),
)  # fmt: skip

_PLAIN_WORDS: Final[dict[type, str]] = {type(None): "null", **dict(_WORDS)}
"""Of values of exactly these types, which nearly all are."""


class Unheld:
    """A value that the driver cannot make, such as a date beyond the year 9999."""


def word_of(value: Any) -> str:
    """Cypher's word for the type of a value (its manual, "Property, structural, and constructed values")."""
    if (word := _PLAIN_WORDS.get(type(value))) is not None:
        return word
    if isinstance(value, Time | DateTime):
        zone = "LOCAL" if value.tzinfo is None else "ZONED"
        word = f"{zone} {'TIME' if isinstance(value, Time) else 'DATETIME'}"
        return f"{word} {FINE}" if value.nanosecond % 1_000 else word
    return next((word for type_, word in _WORDS if isinstance(value, type_)), "ANY")


def values_of(record: Record) -> list[Any]:
    """The values of a row; `Unheld` in place of each that the driver cannot make."""
    try:
        return list(record)
    except BrokenRecordError:
        return [_value(record, at) for at in range(len(record.keys()))]


def _value(record: Record, at: int) -> Any:
    try:
        return record[at]
    except BrokenRecordError:
        return Unheld()


def _plain(value: Any) -> Any:
    """What Arrow takes: days or microseconds for dates and times."""
    if type(value) in (int, float, bool):
        return value
    if isinstance(value, Date) and not isinstance(value, DateTime):
        return value.to_ordinal() - _EPOCH
    if isinstance(value, Time):
        return value.ticks // 1_000
    if isinstance(value, DateTime):
        local = (value.date().to_ordinal() - _EPOCH) * _DAY + value.time().ticks // 1_000
        offset = value.utc_offset()
        return local if offset is None else local - int(offset.total_seconds()) * 1_000_000
    return bytes(value) if isinstance(value, bytearray) else value


def text_of(value: Any) -> str:
    """A value as a person would write it; lists, maps and parts of the graph as JSON."""
    if isinstance(value, str):
        return value
    shown = _json(value)
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)


def _json(value: Any) -> Any:
    if isinstance(value, Node):
        return {"labels": sorted(value.labels), "properties": _json(dict(value))}
    if isinstance(value, Relationship):
        return {"type": value.type, "properties": _json(dict(value))}
    if isinstance(value, Path):
        return _steps(value)
    if isinstance(value, dict):
        return {str(key): _json(inner) for key, inner in value.items()}
    if isinstance(value, Vector):
        return _json(value.to_native())
    if isinstance(value, list):
        return [_json(inner) for inner in value]
    return _single(value)


def _single(value: Any) -> Any:
    if isinstance(value, Point):
        return f"SRID={value.srid};POINT{' Z' if len(value) == 3 else ''} ({' '.join(map(_number, value))})"
    if isinstance(value, Date | Time | DateTime | Duration):
        return value.iso_format()
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _steps(path: Path) -> list[Any]:
    """A path as its nodes with the relationships between them."""
    steps = [_json(path.nodes[0])]
    for relationship, node in zip(path.relationships, path.nodes[1:], strict=True):
        steps += [_json(relationship), _json(node)]
    return steps


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


VOCABULARY: Final = Vocabulary(word_of, _KINDS, _plain, text_of, ("INTEGER",), "FLOAT")
