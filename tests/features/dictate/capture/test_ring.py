"""The ring between the audio thread and its reader loses nothing unnoticed; the pre-roll keeps the newest."""

from __future__ import annotations

import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.capture.ring import PreRoll, SampleRing

samples = st.binary(max_size=40).map(lambda data: data[: len(data) // 2 * 2])


@given(st.integers(2, 60), st.lists(st.one_of(samples, st.integers(0, 30))))
def test_what_is_read_is_what_was_taken_in_order(capacity: int, steps: list[bytes | int]) -> None:
    ring = SampleRing(capacity)
    taken, read, offered = b"", b"", 0
    for step in steps:
        if isinstance(step, bytes):
            offered += len(step)
            count = ring.write(step)
            assert count == len(step) or ring.room == 0
            taken += step[:count]
        else:
            piece = ring.read(step)
            assert len(piece) <= step
            read += piece
        assert len(ring) <= capacity
    assert read + ring.read() == taken
    assert ring.dropped == offered - len(taken)


def test_a_writer_and_a_reader_on_two_threads_agree() -> None:
    ring = SampleRing(100)
    sent = bytes(range(256)) * 100
    received = bytearray()

    def write() -> None:
        rest = sent
        while rest:
            rest = rest[ring.write(rest[: min(34, ring.room)]) :]

    writer = threading.Thread(target=write)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # seconds; the threads change places as often as the interpreter can
    try:
        writer.start()
        while len(received) < len(sent):
            received += ring.read(26)
        writer.join()
    finally:
        sys.setswitchinterval(interval)
    assert bytes(received) == sent
    assert ring.dropped == 0


def test_a_ring_without_room_for_a_sample_is_refused() -> None:
    with pytest.raises(ValueError):
        SampleRing(1)


@given(st.integers(0, 20), st.lists(samples))
def test_pre_roll_is_the_last_samples_that_passed(limit: int, pieces: list[bytes]) -> None:
    memory = PreRoll(limit)
    for piece in pieces:
        memory.push(piece)
    everything = b"".join(pieces)
    assert memory.take() == everything[max(0, len(everything) - 2 * limit) :]
    assert memory.take() == b""
