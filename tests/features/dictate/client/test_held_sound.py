"""Pushed sound over several connections: none lost and none twice, whoever was still waiting for the next."""

from __future__ import annotations

import threading
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.client import held_sound
from garret.features.dictate.client.held_sound import HeldSound
from garret.features.dictate.contracts import AudioChunk


def pieces(*sizes: int) -> list[bytes]:
    """Pieces of so many samples each, of which no two are alike."""
    numbers = iter(range(1 << 15))
    return [b"".join(next(numbers).to_bytes(2, "little") for _ in range(size)) for size in sizes]


def held_of(data: list[bytes]) -> HeldSound:
    source = iter(data)

    def read() -> AudioChunk | None:
        piece = next(source, None)
        return None if piece is None else AudioChunk(data=piece)

    return HeldSound(read)


@given(
    st.lists(st.integers(1, 9), max_size=12),
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 100)), max_size=4),
)
def test_what_is_kept_and_what_is_pushed_again_make_the_whole(
    sizes: list[int], lives: list[tuple[int, int]]
) -> None:
    data = pieces(*sizes)
    held = held_of(data)
    spool = b""
    for count, share in lives:
        read = held.reader()
        held.kept(len(spool) // 2)
        got = [piece.data for piece in iter(read, None) if piece] if count > 11 else []
        for _ in range(count):
            piece = None if count > 11 else read()
            got += [piece.data] if piece else []
        # The connection breaks: of what was pushed, only a share has reached the spool.
        whole = b"".join(got)
        spool += whole[: len(whole) * share // 100 // 2 * 2]
    last = held.reader()
    held.kept(len(spool) // 2)
    spool += b"".join(piece.data for piece in iter(last, None) if piece)
    assert spool == b"".join(data)
    assert last() is None


def test_what_the_reader_before_was_waiting_for_goes_to_the_one_after() -> None:
    first_piece, second_piece = pieces(5, 7)
    waiting, items, got = threading.Event(), SimpleQueue[bytes | None](), SimpleQueue[AudioChunk | None]()

    def source() -> AudioChunk | None:
        waiting.set()
        piece = items.get()
        return None if piece is None else AudioChunk(data=piece)

    held = HeldSound(source)
    before = held.reader()
    items.put(first_piece)
    first = before()
    assert first is not None
    waiting.clear()
    thread = threading.Thread(target=lambda: got.put(before()))
    thread.start()
    assert waiting.wait(20)
    after = held.reader()
    held.kept(2)
    again = after()
    assert again is not None, "what is held is given at once, although the next piece has not come"
    assert again.data == first_piece[4:]
    items.put(second_piece)
    items.put(None)
    thread.join(20)
    assert got.get(timeout=20) is None, "its connection is gone"
    assert [piece.data for piece in iter(after, None) if piece] == [second_piece]


def test_a_new_reader_waits_until_it_is_told_where_to_begin() -> None:
    held = held_of(pieces(5))
    held.reader()()
    held.kept(5)
    second, got = held.reader(), SimpleQueue[AudioChunk | None]()
    thread = threading.Thread(target=lambda: got.put(second()))
    thread.start()
    held.reader()  # whose place another has taken waits no more
    thread.join(20)
    assert got.get(timeout=20) is None


def test_what_is_kept_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_sound, "HELD_LIMIT", 20)
    held = held_of(pieces(5, 5, 5, 5))
    read = held.reader()
    for _ in range(4):
        read()
    assert len(held._held) == 2, "beyond the limit the oldest is dropped"
    held.kept(16)
    assert [len(data) for _, data in held._held] == [10]
    late = held.reader()
    held.kept(4)
    assert late() is None, "a place that is held no more is no place to go on from"
