"""Pushed sound: nothing lost, nothing twice, whole samples, whatever is taken over by whom."""

from __future__ import annotations

import os
import tempfile

from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.pushed import WAITING_LIMIT, PushedSound, append

pieces = st.lists(st.binary(max_size=9), max_size=20)


@given(pieces)
def test_all_whole_samples_come_out_in_order(data: list[bytes]) -> None:
    sound = PushedSound()
    for piece in data:
        sound.add(piece)
    whole = b"".join(data)
    whole = whole[: len(whole) - len(whole) % 2]
    assert b"".join(piece for _, piece in sound.beyond(0)) == whole
    assert sound.samples == len(whole) // 2


@given(pieces, st.integers(0, 100), st.integers(0, 100))
def test_what_follows_a_position_does_not_depend_on_what_was_forgotten_before_it(
    data: list[bytes], position: int, durable: int
) -> None:
    sound = PushedSound()
    for piece in data:
        sound.add(piece)
    position = min(position, sound.samples)
    expected = b"".join(data)[position * 2 : sound.samples * 2]
    sound.forget(min(durable, position))
    found = list(sound.beyond(position))
    assert b"".join(piece for _, piece in found) == expected
    assert [upto for upto, _ in found] == sorted({upto for upto, _ in found})
    if found:
        assert found[-1][0] == sound.samples


@given(pieces, st.integers(0, 100))
def test_a_spool_is_continued_where_it_ends(data: list[bytes], there: int) -> None:
    sound = PushedSound()
    for piece in data:
        sound.add(piece)
    whole = b"".join(data)[: sound.samples * 2]
    there = min(there, sound.samples)
    with tempfile.TemporaryFile() as file:
        os.write(file.fileno(), whole[: there * 2])
        end = append(file.fileno(), sound, there)
        assert end == sound.samples
        assert os.pread(file.fileno(), 1000, 0) == whole


def test_it_is_full_until_something_is_durable() -> None:
    sound = PushedSound()
    for _ in range(WAITING_LIMIT):
        assert not sound.full
        sound.add(b"\0\0")
    assert sound.full
    sound.forget(1)
    assert not sound.full
