"""Rows of the text protocol, against a plain encoder, in pieces of any size."""

from __future__ import annotations

import io
import random

import pymysql
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.data.sources.mysql_packets import read_batches

END = b"\x05\x00\x00\x09\xfe\x00\x00\x02\x00"
values = (
    st.none() | st.text(max_size=5) | st.integers(0, 300).map(lambda size: "x" * size) | st.just("é" * 40_000)
)


def encoded(value: str | None) -> bytes:
    if value is None:
        return b"\xfb"
    data = value.encode()
    if len(data) < 251:
        return bytes([len(data)]) + data
    if len(data) < 1 << 16:
        return b"\xfc" + len(data).to_bytes(2, "little") + data
    return b"\xfd" + len(data).to_bytes(3, "little") + data


def packets(rows: list[list[str | None]]) -> bytes:
    payloads = [b"".join(encoded(value) for value in row) for row in rows]
    return b"".join(len(payload).to_bytes(3, "little") + b"\x00" + payload for payload in payloads)


class Pieces(io.RawIOBase):
    """A stream that gives as much as it likes at once."""

    def __init__(self, data: bytes, seed: int) -> None:
        self._data = io.BytesIO(data)
        self._random = random.Random(seed)
        self._sizes = (1, 7, 4_000) if len(data) < 2_000 else (4_000, 1 << 20)

    def read1(self, size: int) -> bytes:
        return self._data.read(min(size, self._random.choice(self._sizes)))


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(values, min_size=width, max_size=width), max_size=12)
    ),
    st.integers(0, 9),
)
def test_what_was_written_is_read(rows: list[list[str | None]], seed: int) -> None:
    width = len(rows[0]) if rows else 1
    batches = list(read_batches(Pieces(packets(rows) + END, seed), [False] * width))
    found = [
        list(row) for batch in batches for row in zip(*[c.to_pylist() for c in batch.columns], strict=True)
    ]
    assert found == rows


def test_bytes_that_are_no_text() -> None:
    row = b"\x02\xff\xfe"
    data = len(row).to_bytes(3, "little") + b"\x00" + row
    (batch,) = read_batches(io.BufferedReader(io.BytesIO(data + END)), [True])  # type: ignore[arg-type]
    assert batch.column(0).to_pylist() == [b"\xff\xfe"]


def test_an_error_of_the_server_in_the_middle() -> None:
    said = b"\xff\xc9\x07#70100interrupted"
    data = packets([["a"]]) + len(said).to_bytes(3, "little") + b"\x01" + said
    with pytest.raises(pymysql.err.MySQLError, match="interrupted"):
        list(read_batches(Pieces(data, 3), [False]))


def test_a_stream_that_ends_too_early() -> None:
    with pytest.raises(pymysql.err.OperationalError):
        list(read_batches(Pieces(packets([["a"], ["b"]])[:-1], 3), [False]))
