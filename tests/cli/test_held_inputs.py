"""Inputs that may be asked for twice: none lost and none twice, whoever was still waiting for the next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from garret.cli import held_inputs
from garret.cli.held_inputs import HELD_LIMIT, HeldInputs


def reader(held: HeldInputs) -> Callable[[], Any | None]:
    found = held.reader()
    assert found is not None
    return found


def rest(read: Callable[[], Any | None]) -> list[Any]:
    return list(iter(read, None))


@given(st.integers(0, 20), st.lists(st.integers(0, 25), max_size=4))
def test_every_reader_gets_all_from_the_beginning_until_they_are_taken(count: int, tries: list[int]) -> None:
    source = iter(range(count))
    held = HeldInputs(lambda: next(source, None))
    for read_before in tries:
        read = reader(held)
        assert [read() for _ in range(min(read_before, count))] == list(range(min(read_before, count)))
    last = reader(held)
    assert [last() for _ in range(count // 2)] == list(range(count // 2))
    held.release()
    assert rest(reader(held)) == [], "what is on the disk there is not streamed again"
    assert rest(last) == list(range(count // 2, count))
    assert last() is None


def test_what_the_reader_before_was_waiting_for_goes_to_the_one_after(home: object) -> None:
    del home
    waiting, items = threading.Event(), SimpleQueue[Any]()

    def source() -> Any:
        waiting.set()
        return items.get()

    held = HeldInputs(source)
    first, got = reader(held), SimpleQueue[Any]()
    thread = threading.Thread(target=lambda: got.put(first()))
    thread.start()
    assert waiting.wait(20)
    second = reader(held)
    held.release()  # the new connection heard something before the next input came
    for item in ("one", "two", None):
        items.put(item)
    thread.join(20)
    assert rest(second) == ["one", "two"]
    assert first() is None, "its connection is gone"


def test_no_more_than_a_bounded_number_is_held() -> None:
    source = iter(range(HELD_LIMIT + 5))
    held = HeldInputs(lambda: next(source, None))
    read = reader(held)
    for _ in range(HELD_LIMIT):
        read()
    assert not held.holding
    assert rest(read) == list(range(HELD_LIMIT, HELD_LIMIT + 5))
    assert len(held._kept) == 0


def test_what_streams_back_is_passed_on_and_releases() -> None:
    held = HeldInputs(None)
    assert held.reader() is None, "a command without inputs"
    seen: list[int] = []
    held.released_by(seen.append)(7)
    assert seen == [7]
    assert not held.holding
    assert held_inputs.HELD_LIMIT > 64
