"""The metadata of an ONNX file, read without loading the model.

Only the outermost fields of the file are walked (ModelProto: 14 = metadata_props, of entries with
1 = key and 2 = value); the graph is skipped by its length. That takes microseconds for gigabytes, needs
no ONNX library, and finds a download that stopped half-way. Format: Protocol Buffers encoding, ONNX IR.

Neighbour: `sherpa_layout`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_METADATA_FIELD = 14
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_ENTRY_LIMIT = 1 << 20  # bytes; sherpa's longest entries are lists of tokens
_ENTRIES_LIMIT = 10_000


class MetadataError(ValueError):
    """The file is no ONNX model, or ends too early."""


def read_metadata(path: Path) -> dict[str, str]:
    """Key and value of every metadata entry of the ONNX file. Raises MetadataError or OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        found: dict[str, str] = {}
        seen_graph = False
        while file.tell() < size:
            number, kind = divmod(_varint(file), 8)
            length = _length_of(file, kind)
            if length < 0 or file.tell() + length > size:
                raise MetadataError("the file is incomplete or no ONNX model")
            seen_graph = seen_graph or number == 7
            if number == _METADATA_FIELD and kind == _LENGTH:
                if length > _ENTRY_LIMIT or len(found) >= _ENTRIES_LIMIT:
                    raise MetadataError("its metadata is too large")
                key, value = _entry(file.read(length))
                found[key] = value
            else:
                file.seek(length, os.SEEK_CUR)
    if not seen_graph:
        raise MetadataError("the file is no ONNX model")
    return found


def _length_of(file: BinaryIO, kind: int) -> int:
    """Bytes of the value that follows; a varint is read at once and has none left."""
    if kind == _VARINT:
        _varint(file)
        return 0
    if kind == _LENGTH:
        return _varint(file)
    return {_FIXED64: 8, _FIXED32: 4}.get(kind, -1)


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise MetadataError("the file is incomplete or no ONNX model")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise MetadataError("the file is no ONNX model")


def _entry(data: bytes) -> tuple[str, str]:
    parts = {1: "", 2: ""}
    position = 0
    while position < len(data):
        tag, position = _varint_in(data, position)
        length, position = _varint_in(data, position)
        if tag % 8 != _LENGTH or position + length > len(data):
            raise MetadataError("its metadata is damaged")
        parts[tag // 8] = data[position : position + length].decode("utf-8", "replace")
        position += length
    return parts[1], parts[2]


def _varint_in(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise MetadataError("its metadata is damaged")
