"""Pushed sound arrives whole and in order, with back-pressure instead of loss."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.capture.source import Ending, PushSource


@given(st.lists(st.binary(max_size=50), max_size=30), st.integers(1, 20))
def test_pieces_of_any_size_come_out_as_whole_samples_in_order(pieces: list[bytes], every: int) -> None:
    source = PushSource(capacity_seconds=40 / 16_000)  # 80 bytes
    source.open(lambda: None)
    sent, received = b"", b""
    for number, piece in enumerate(pieces):
        room = source.room
        taken = source.push(piece)
        assert taken == min(len(piece), room)
        sent += piece[:taken]
        if number % every == 0:
            received += source.read()
    received += source.read()
    assert received == sent[: len(sent) // 2 * 2]
    assert source.dropped == 0


def test_a_full_source_takes_nothing_until_it_is_read() -> None:
    source = PushSource(capacity_seconds=4 / 16_000)
    assert source.push(bytes(range(20))) == 8
    assert source.push(b"more") == 0
    assert source.read() == bytes(range(8))
    assert source.push(b"more") == 4


def test_every_change_wakes_the_reader_and_the_end_is_final() -> None:
    wakes: list[int] = []
    source = PushSource()
    source.push(b"ab")
    source.open(lambda: wakes.append(1))
    assert len(wakes) == 1  # for what was pushed before
    source.push(b"cd")
    source.finish()
    assert len(wakes) == 3
    source.abandon("too late")
    assert source.ending() == Ending(lost=False, reason="the sender finished")
    assert source.push(b"ef") == 0
    assert source.read() == b"abcd"  # what came before the end is still there


def test_a_sender_that_goes_away_is_a_loss() -> None:
    source = PushSource()
    source.abandon("the client left")
    assert source.ending() == Ending(lost=True, reason="the client left")
    source.close()
    assert source.ending() == Ending(lost=True, reason="the client left")
