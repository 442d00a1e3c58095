"""Columns of documents: the first few thousand decide which fields there are and what they hold.

What becomes of a field's values is `loose`'s to decide; documents and lists are shown as JSON. Moments are
milliseconds since 1970, also those that Python's calendar does not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
from bson import Binary, Decimal128, Int64, ObjectId
from bson.datetime_ms import DatetimeMS

from garret.features.data.contracts import Limits, ResultColumn
from garret.features.data.sources.fitting import Fit
from garret.features.data.sources.loose import Held, LooseColumn, Vocabulary
from garret.features.data.sources.pump import Pump
from garret.features.data.sources.rows import Stream, unique_names

_MOST_COLUMNS: Final = 1_000

_WORDS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "bool"), (Int64, "long"), (int, "int"), (float, "double"), (str, "string"), (DatetimeMS, "date"),
    (ObjectId, "objectId"), (Decimal128, "decimal"), (dict, "object"), (list, "array"),
)  # fmt: skip

_KINDS: Final[dict[str, Held]] = {
    "bool": ("boolean", pa.bool_()),
    "int": ("integer", pa.int64()),
    "long": ("integer", pa.int64()),
    "double": ("real", pa.float64()),
    "date": ("timestamp", pa.timestamp("ms", "UTC")),
    "binData": ("binary", pa.binary()),
    "object": ("json", pa.string()),
    "array": ("array", pa.string()),
    "uuid": ("uuid", pa.string()),
    "decimal": ("decimal", pa.string()),
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


class Field(LooseColumn):
    """A field that became a column; `key` is its name in documents."""

    def __init__(self, key: str, name: str, words: set[str]) -> None:
        super().__init__(name, words, _VOCABULARY)
        self.key = key


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
                    found.add(_VOCABULARY.word_in_column(value))
        keys = list(words)[:_MOST_COLUMNS]
        for key, name in zip(keys, unique_names(keys), strict=True):
            field = Field(key, name, words[key])
            if field.word == "mixed":
                self.notes.append(f"`{name}` is shown as text: it holds values of several types.")
            self.chosen.append(field)
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
        array = field.array([document.get(field.key) for document in documents])
        if field.misfit:
            self._note_once(field.misfit, field.name)
        return array

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


_VOCABULARY: Final = Vocabulary(word_of, _KINDS, _plain, text_of, ("int", "long"), "double")
