"""Rows of MySQL's text protocol, decoded a chunk at a time instead of a value at a time.

A driver in Python takes 19 us for a row of nine values, most of it for each value by itself. Here the packets
of a chunk are found one after another, which the protocol demands, and then each column of all its rows at
once, with numpy: where its values begin, how long they are, and their bytes in one array. 1.3 us a row.

Reference: MySQL's documentation of the client/server protocol, "Text Resultset Row" and "Protocol::
LengthEncodedInteger".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BufferedReader
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pymysql
from pymysql.err import raise_mysql_exception

CHUNK: Final = 1 << 20
"""Bytes that are asked of the socket at once."""
FIRST_ROWS: Final = 2_000
"""The first batch is given as soon as it has so many, so that there is something to see."""
BATCH_BYTES: Final = 1 << 20
WINDOW: Final = 64
"""Bytes of values that are taken as windows of the widest."""

_NULL: Final = 0xFB
_TWO, _THREE, _EIGHT = 0xFC, 0xFD, 0xFE
_LONGEST: Final = 0xFFFFFF
"""Bytes of a packet that goes on in the next one."""

_Numbers = np.ndarray[Any, np.dtype[np.int64]]
_Bytes = np.ndarray[Any, np.dtype[np.uint8]]


def read_batches(stream: BufferedReader, binary: Sequence[bool]) -> Iterator[pa.RecordBatch]:
    """The rows that follow on `stream`, as columns of strings, or of bytes where `binary`.

    Raises what PyMySQL raises for an error of the server, and OperationalError where the stream ends early.
    """
    buffer = bytearray()
    starts: list[int] = []
    place = 0
    least = FIRST_ROWS * 64
    while True:
        piece = stream.read1(CHUNK)
        if not piece:
            raise pymysql.err.OperationalError(2013, "Lost connection during query")
        buffer += piece
        place, ended = _find_rows(buffer, place, starts)
        if starts and (ended or len(buffer) >= least):
            yield _batch_of(buffer, starts, binary)
            del buffer[:place]
            starts, place, least = [], 0, BATCH_BYTES
        if ended:
            return


def _find_rows(buffer: bytearray, place: int, starts: list[int]) -> tuple[int, bool]:
    """Note where the payloads of whole rows begin; gives the first byte of what is not whole, and whether the
    rows have ended."""
    size = len(buffer)
    add = starts.append
    while place + 4 < size:
        length = buffer[place] | buffer[place + 1] << 8 | buffer[place + 2] << 16
        end = place + 4 + length
        if end > size:
            break
        head = buffer[place + 4] if length else 0
        if head == 0xFE and length < 9:
            return end, True
        if head == 0xFF:
            raise_mysql_exception(bytes(buffer[place + 4 : end]))
        if length == _LONGEST:
            length = _join(buffer, place)
            if not length:
                break
            end = place + 4 + length
            size = len(buffer)
        add(place + 4)
        place = end
    return place, False


def _join(buffer: bytearray, place: int) -> int:
    """Take the heads out of a row that is longer than a packet; its length, or 0 while it is not whole."""
    heads: list[int] = []
    length, at = 0, place
    while True:
        if at + 4 > len(buffer):
            return 0
        part = int.from_bytes(buffer[at : at + 3], "little")
        heads.append(at)
        length += part
        at += 4 + part
        if part < _LONGEST:
            break
    if at > len(buffer):
        return 0
    for head in reversed(heads[1:]):
        del buffer[head : head + 4]
    return length


def _batch_of(buffer: bytearray, starts: list[int], binary: Sequence[bool]) -> pa.RecordBatch:
    # Bytes more than there are, since windows reach beyond the last value.
    data: _Bytes = np.frombuffer(bytes(buffer) + bytes(WINDOW + 9), np.uint8)
    places: _Numbers = np.array(starts, np.int64)
    arrays: list[pa.Array] = []
    for is_binary in binary:
        lengths, places, missing = _lengths_at(data, places)
        arrays.append(_column_of(data, places, lengths, missing, is_binary))
        places = places + lengths
    return pa.RecordBatch.from_arrays(arrays, names=[str(place) for place in range(len(arrays))])


def _lengths_at(data: _Bytes, places: _Numbers) -> tuple[_Numbers, _Numbers, np.ndarray[Any, Any]]:
    """Lengths of the values at `places`, where their bytes begin, and which are NULL."""
    first = data[places].astype(np.int64)
    places = places + 1
    missing = first == _NULL
    long = first > _NULL
    first[missing] = 0
    if not long.any():
        return first, places, missing
    for mark, width in ((_TWO, 2), (_THREE, 3), (_EIGHT, 8)):
        rows = np.nonzero(first == mark)[0] if mark != _TWO else np.nonzero(long & (first == mark))[0]
        if len(rows):
            lengths = np.zeros(len(rows), np.int64)
            for byte in range(width):
                lengths |= data[places[rows] + byte].astype(np.int64) << (8 * byte)
            long[rows] = False
            first[rows] = -lengths - 1  # not to be taken for a mark
            places[rows] += width
    negative = first < 0
    first[negative] = -first[negative] - 1
    return first, places, missing


def _bytes_at(data: _Bytes, places: _Numbers, lengths: _Numbers, ends: _Numbers) -> _Bytes:
    """The bytes of all values, one after another.

    Short ones are taken as windows of one width, which copies without an index for each byte.
    """
    widest = int(lengths.max())
    if widest <= WINDOW:
        windows = np.lib.stride_tricks.sliding_window_view(data, max(widest, 1))[places]
        if int(ends[-1]) == widest * len(lengths):
            return windows.reshape(-1)
        short: _Bytes = windows[np.arange(max(widest, 1)) < lengths[:, None]]
        return short
    taken = np.repeat(places - (ends - lengths), lengths)
    taken += np.arange(int(ends[-1]))
    values: _Bytes = data[taken]
    return values


def _column_of(
    data: _Bytes, places: _Numbers, lengths: _Numbers, missing: np.ndarray[Any, Any], is_binary: bool
) -> pa.Array:
    ends = np.cumsum(lengths)
    values = _bytes_at(data, places, lengths, ends)
    offsets = np.zeros(len(lengths) + 1, np.int64)
    offsets[1:] = ends
    validity = None
    nulls = int(missing.sum())
    if nulls:
        validity = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    type_ = pa.large_binary() if is_binary else pa.large_string()
    array = pa.Array.from_buffers(
        type_, len(lengths), [validity, pa.py_buffer(offsets), pa.py_buffer(values)], null_count=nulls
    )
    if not is_binary:
        array.validate(full=True)
    return array.cast(pa.binary() if is_binary else pa.string())
