"""Whoever watches a job gets its items, or is told how many it did not get, whatever the others do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.control.jobs import watchers as module
from garret.control.jobs.watchers import Watchers
from garret.protocol.envelope import encode_payload
from garret.protocol.streams import INITIAL_CREDIT


class Heard:
    """A caller that remembers: items as numbers, gaps as negative ones."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.credit = 0

    def on_item(self, request: int, name: str, payload: msgspec.Raw) -> None:
        assert request == 7
        value = msgspec.msgpack.decode(payload)
        self.told.append(-value["items"] if name == "gap" else value if name == "item" else (name, value))

    def on_credit(self, request: int, items: int) -> None:
        assert request == 7
        self.credit += items


def watching(watchers: Watchers) -> tuple[Any, Heard]:
    """One more watcher: its command, and what it hears."""
    heard = Heard()
    pending: Any = SimpleNamespace(caller=heard, request=7)
    watchers.join(pending)
    return pending, heard


def tell(watchers: Watchers, numbers: range, replay: int = 0) -> None:
    for number in numbers:
        watchers.tell(encode_payload(number), replay=replay)


def test_a_slow_watcher_sees_a_gap_and_holds_nobody_back() -> None:
    watchers = Watchers()
    slow, heard = watching(watchers)
    quick, other = watching(watchers)
    for number in range(200):
        tell(watchers, range(number, number + 1))
        watchers.grant(quick, 1)
    assert other.told == list(range(200))
    assert heard.told == list(range(INITIAL_CREDIT))
    watchers.grant(slow, 2)
    assert heard.told[INITIAL_CREDIT:] == [-(200 - INITIAL_CREDIT)]
    tell(watchers, range(200, 203))
    assert heard.told[INITIAL_CREDIT + 1 :] == [200, 201]
    assert watchers.release() == [slow, quick]
    assert heard.told[-1] == -1, "what passed after its last item is told before the end"
    assert len(watchers) == 0


def test_who_comes_late_gets_what_is_kept_and_hears_of_the_rest() -> None:
    watchers = Watchers()
    tell(watchers, range(10), replay=3)
    _, late = watching(watchers)
    assert late.told == [-7, 7, 8, 9]
    tell(watchers, range(10, 11), replay=3)
    assert late.told[-1] == 10
    without = Watchers()
    tell(without, range(5))
    _, heard = watching(without)
    assert heard.told == [-5]


def test_what_is_kept_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPLAY_BYTES", 1000)
    watchers = Watchers()
    for _ in range(10):
        watchers.tell(encode_payload("x" * 300), replay=100)
    _, late = watching(watchers)
    assert late.told == [-7, *["x" * 300] * 3]


def test_progress_and_credit_reach_everybody_and_cost_nothing() -> None:
    watchers = Watchers()
    _, one = watching(watchers)
    gone, other = watching(watchers)
    watchers.leave(gone)
    tell(watchers, range(INITIAL_CREDIT))
    watchers.tell_progress(encode_payload(0.5))
    watchers.pass_credit(3)
    assert one.told[-1] == ("progress", 0.5)
    assert (one.credit, other.credit, other.told) == (3, 0, [])


@given(
    st.lists(st.tuples(st.sampled_from(["tell", "join", "grant", "leave"]), st.integers(0, 90)), max_size=60),
    st.integers(0, 20),
)
def test_every_watcher_accounts_for_every_item(steps: list[tuple[str, int]], replay: int) -> None:
    watchers = Watchers()
    there: list[tuple[Any, Heard, int]] = []
    told = 0
    for what, number in steps:
        if what == "tell":
            tell(watchers, range(told, told + number), replay)
            told += number
        elif what == "join":
            there.append((*watching(watchers), 0))
        elif there:
            pending, heard, granted = there.pop(number % len(there))
            if what == "leave":
                watchers.leave(pending)
            else:
                watchers.grant(pending, number)
                there.append((pending, heard, granted + number))
    watchers.release()
    for _, heard, granted in there:
        position, items = 0, 0
        for value in heard.told:
            if position != value:
                assert value < 0
                position -= value
            else:
                position, items = position + 1, items + 1
        assert position == told
        assert items <= INITIAL_CREDIT + granted
