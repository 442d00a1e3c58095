"""Bytes by the kernel's own count, on real sockets: what was written, what came, and no end of a stream."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from garret.control.egress import counting


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    with ours, theirs:
        yield ours, theirs


def count(of: socket.socket, **how: bool) -> tuple[int, int]:
    return counting.count(of.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, counting.SIZE), **how)


def take(of: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += of.recv(size)
    return data


def test_both_ways_are_counted(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    assert count(ours) == (0, 0)
    ours.sendall(b"x" * 1000)
    take(theirs, 1000)
    theirs.sendall(b"y" * 300)
    take(ours, 300)
    assert count(ours) == (1000, 300)
    assert count(theirs) == (300, 1000)


def test_the_other_sides_end_is_no_byte(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.sendall(b"abc")
    theirs.shutdown(socket.SHUT_WR)
    assert take(ours, 3) == b"abc"
    assert ours.recv(1) == b""
    assert count(ours) == (0, 3)
    ours.shutdown(socket.SHUT_WR)
    assert theirs.recv(1) == b""
    assert count(ours) == (0, 3)


def test_what_waits_to_be_sent_counts_unless_it_is_thrown_away(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, _theirs = pair
    ours.setblocking(False)
    written = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            written += ours.send(bytes(65_536))
    assert count(ours)[0] == written
    assert count(ours, purged=True)[0] < written


def test_a_kernel_that_tells_too_little_counts_nothing() -> None:
    assert counting.count(bytes(104)) == (0, 0)
