"""What kind of values a column holds, from the engine's own word for its type.

Pure, and without an engine: a word that is not known is `other`, never an error.
"""

from __future__ import annotations

import re
from typing import Final

from garret.features.data.contracts import ColumnKind, Dialect

_WORDS: Final[dict[ColumnKind, str]] = {
    "text": (
        "text varchar char character bpchar string nvarchar nchar clob enum name citext tinytext "
        "mediumtext longtext set keyword"
    ),
    "integer": (
        "int integer bigint smallint tinyint mediumint hugeint uhugeint ubigint uinteger usmallint "
        "utinyint int2 int4 int8 int16 int32 int64 int128 serial bigserial smallserial year long "
        "oid xid xid8 cid bignum"
    ),
    "decimal": "decimal numeric money dec fixed number decimal128",
    "real": "real double float float4 float8",
    "boolean": "bool boolean logical",
    "date": "date",
    "time": "time timetz localtime time_ns",
    "timestamp": (
        "timestamp timestamptz datetime timestamp_s timestamp_ms timestamp_ns localdatetime zoneddatetime"
    ),
    "interval": "interval duration",
    "binary": (
        "bytea blob binary varbinary tinyblob mediumblob longblob bit varbit bytestring bindata bytes"
    ),
    "json": "json jsonb struct row map object variant union hstore jsonpath dict document",
    "array": "array list",
    "uuid": "uuid uniqueidentifier",
    "vector": "vector halfvec sparsevec",
    "geometry": (
        "geometry geography point line lseg box path polygon circle linestring multipoint "
        "multilinestring multipolygon geometrycollection geomcollection sphericalgeography"
    ),
}

_COMMON: Final[dict[str, ColumnKind]] = {
    word: kind for kind, words in _WORDS.items() for word in words.split()
}

_OF_DIALECT: Final[dict[Dialect, dict[str, ColumnKind]]] = {
    # A document's `bool`, `long` and the like are in the common words; these mean something else elsewhere.
    "mongo": {"objectid": "text", "regex": "text", "symbol": "text", "mixed": "json", "null": "other"},
    "cypher": {"node": "json", "relationship": "json", "null": "other", "any": "other", "path": "json"},
    "qdrant": {"geo": "geometry", "id": "text", "score": "real"},
    "duckdb": {"bitstring": "text", "bit": "text"},
    "postgres": {"bit": "text", "varbit": "text", "char": "text", "path": "geometry"},
}

_HEAD: Final = re.compile(r'[\s"]*([a-z_]\w*)')
_FIXED_ARRAY: Final = re.compile(r"(float|double|real|float4|float8)\s*\[\d+\]")


def kind_of(dialect: Dialect, word: str) -> ColumnKind:
    """The kind of a type such as `numeric(10,2)`, `VARCHAR[]` or `timestamp(3) with time zone`."""
    plain = word.strip().lower()
    if _FIXED_ARRAY.fullmatch(plain):
        return "vector" if dialect == "duckdb" else "array"
    if plain.endswith("]"):
        return "array"
    if dialect == "mysql" and plain.startswith(("tinyint(1)", "bit(1)")):
        return "boolean"
    if dialect == "sqlite":
        return _of_sqlite(plain)
    if dialect == "cypher":
        plain = plain.removeprefix("local ").removeprefix("zoned ")
    found = _HEAD.match(plain)
    head = found.group(1) if found else ""
    if head == "character" and "large object" in plain:
        return "text"
    return _OF_DIALECT.get(dialect, {}).get(head) or _COMMON.get(head, "other")


def _of_sqlite(plain: str) -> ColumnKind:
    """A word that is known, or else SQLite's rules of affinity (its documentation, "Datatypes", 3.1)."""
    found = _HEAD.match(plain)
    known = _COMMON.get(found.group(1)) if found else None
    if known is not None:
        return known
    if "int" in plain:
        return "integer"
    if any(piece in plain for piece in ("char", "clob", "text")):
        return "text"
    if any(piece in plain for piece in ("real", "floa", "doub")):
        return "real"
    if not plain or "blob" in plain:
        return "other" if not plain else "binary"
    return "decimal"
