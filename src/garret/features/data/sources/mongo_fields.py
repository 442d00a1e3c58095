"""Columns of documents: the first few thousand decide which fields there are and what they hold.

A field of one type becomes a column of it; whole numbers and fractions together become fractions where none
is changed by that; everything else becomes text, documents and lists as JSON. Moments are milliseconds since
1970, also those that Python's calendar does not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
import pyarrow as pa
from bson import Binary, Decimal128, Int64, ObjectId
from bson.datetime_ms import DatetimeMS

from garret.features.data.contracts import ColumnKind, Limits, ResultColumn
from garret.features.data.sources.fitting import Fit, array_of
from garret.features.data.sources.pump import Pump
from garret.features.data.sources.rows import Stream, unique_names

_MOST_COLUMNS: Final = 1_000
_EXACT: Final = 2**53

_WORDS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "bool"), (Int64, "long"), (int, "int"), (float, "double"), (str, "string"), (DatetimeMS, "date"),
    (ObjectId, "objectId"), (Decimal128, "decimal"), (dict, "object"), (list, "array"),
)  # fmt: skip

_KINDS: Final[dict[str, tuple[ColumnKind, pa.DataType]]] = {
    "bool": ("boolean", pa.bool_()),
    "int": ("integer", pa.int64()),
    "long": ("integer", pa.int64()),
    "double": ("real", pa.float64()),
    "date": ("timestamp", pa.timestamp("ms", "UTC")),
    "binData": ("binary", pa.binary()),
    "object": ("json", pa.string()),
    "array": ("array", pa.string()),
    "uuid": ("uuid", pa.string()),
}


def word_of(value: Any) -> str:
    """MongoDB's own word for the type of a value (`$type`)."""
    if isinstance(value, Binary):
        return "uuid" if value.subtype == 4 and len(value) == 16 else "binData"
    if isinstance(value, bytes):
        return "binData"
    for type_, word in _WORDS:
        if isinstance(value, type_):
            return word
    return "null" if value is None else type(value).__name__.lower()


class Field(msgspec.Struct, frozen=True):
    """A field that became a column; `key` is its name in documents."""

    key: str
    name: str
    word: str
    kind: ColumnKind
    type: Any


class Fields:
    """What the first documents decide, and the batches that follow from it."""

    def __init__(self) -> None:
        self.chosen: list[Field] = []
        self.is_decided = False
        self.notes: list[str] = []
        self._left_out: dict[str, int] = {}

    def batches(self, documents: Sequence[dict[str, Any]]) -> Iterator[pa.RecordBatch]:
        """The documents as a batch; before the first one an empty one, once it is decided what there is."""
        if not self.is_decided:
            self._decide(documents)
            yield self._batch([])
        if documents:
            yield self._batch(documents)

    def _decide(self, documents: Sequence[dict[str, Any]]) -> None:
        words: dict[str, set[str]] = {}
        for document in documents:
            for key, value in document.items():
                found = words.setdefault(key, set())
                if value is not None:
                    found.add(_word_in_column(value))
        keys = list(words)[:_MOST_COLUMNS]
        for key, name in zip(keys, unique_names(keys), strict=True):
            word, (kind, type_) = _decided(words[key])
            if word == "mixed":
                self.notes.append(f"`{name}` is shown as text: it holds values of several types.")
            self.chosen.append(Field(key, name, word, kind, type_))
        if len(words) > _MOST_COLUMNS:
            self.notes.append(f"Only the first {_MOST_COLUMNS:,} of {len(words):,} fields are shown.")
        self.is_decided = True

    def _batch(self, documents: Sequence[dict[str, Any]]) -> pa.RecordBatch:
        arrays = [self._column(field, documents) for field in self.chosen]
        if not arrays:
            return pa.RecordBatch.from_arrays([], names=[])
        self._note_others(documents)
        return pa.RecordBatch.from_arrays(arrays, names=[field.name for field in self.chosen])

    def _column(self, field: Field, documents: Sequence[dict[str, Any]]) -> pa.Array:
        values = [document.get(field.key) for document in documents]
        if field.type == pa.string():
            return array_of([None if value is None else text_of(value) for value in values], field.type)
        fitted: list[Any] = []
        for value in values:
            if value is None or _decided({_word_in_column(value), field.word})[0] == field.word:
                fitted.append(_plain(value))
            else:
                fitted.append(None)
                shown = text_of(value)[:60]
                note = (
                    f"Later values of `{field.name}` that are no {field.word} are left out; one is “{shown}”."
                )
                self._note_once(note, field.name)
        return pa.array(fitted, field.type)

    def _note_others(self, documents: Sequence[dict[str, Any]]) -> None:
        known = {field.key for field in self.chosen}
        if len(known) >= _MOST_COLUMNS:
            return
        for document in documents:
            for key in document:
                if key not in known:
                    self._note_once(
                        f"The field `{key}` came too late to be a column, and is left out.", f"+{key}"
                    )

    def _note_once(self, note: str, about: str) -> None:
        if about not in self._left_out and len(self._left_out) < 20:
            self._left_out[about] = 1
            self.notes.append(note)


def stream_of(fields: Fields, pump: Pump[pa.RecordBatch], limits: Limits) -> Stream:
    """The rows of documents that `pump` fetches and `fields` makes columns of. Raises SourceError."""
    pump.begin()  # after which the fields are known
    columns = [ResultColumn(name=field.name, type=field.word, kind=field.kind) for field in fields.chosen]
    return Stream(
        columns, [Fit(field.name, field.type) for field in fields.chosen], pump, limits, fields.notes
    )


def _word_in_column(value: Any) -> str:
    word = word_of(value)
    # A whole number that a fraction cannot hold keeps a column of both from becoming one of fractions.
    return "large" if word in ("int", "long") and abs(value) > _EXACT else word


def _decided(words: set[str]) -> tuple[str, tuple[ColumnKind, pa.DataType]]:
    if not words:
        return "null", ("text", pa.string())
    if words <= {"int", "long", "large"}:
        return ("long" if len(words) > 1 or "large" in words else next(iter(words))), _KINDS["long"]
    if words <= {"int", "long", "double"}:
        return "double", _KINDS["double"]
    if len(words) == 1:
        word = next(iter(words))
        kind: ColumnKind = "decimal" if word == "decimal" else "text"
        return word, _KINDS.get(word, (kind, pa.string()))
    return "mixed", ("text", pa.string())


def _plain(value: Any) -> Any:
    if isinstance(value, DatetimeMS):
        return int(value)
    return bytes(value) if isinstance(value, bytes) else value


def text_of(value: Any) -> str:
    """A value as a person would write it; documents and lists as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float | dict | list):
        return json.dumps(_json(value), ensure_ascii=False)
    return str(_json(value))


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_json(inner) for inner in value]
    if isinstance(value, DatetimeMS):
        return _moment(int(value))
    if isinstance(value, Binary) and value.subtype == 4 and len(value) == 16:
        return str(value.as_uuid())
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal128):
        return _decimal(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _decimal(value: Decimal128) -> str:
    number: Decimal = value.to_decimal()
    return f"{number:f}" if number.is_finite() and -40 < number.adjusted() < 40 else str(number)


def _moment(milliseconds: int) -> str:
    return str(pa.array([milliseconds], pa.timestamp("ms")).cast(pa.string())[0].as_py()) + "Z"
