"""Credit: no interleaving of both ends lets a sender overrun its receiver, or leaves either stuck."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from garret.protocol.errors import ProtocolError
from garret.protocol.streams import INITIAL_CREDIT, MAX_GRANT, ReceiveWindow, SendWindow


class Stream(RuleBasedStateMachine):
    """Both ends of one stream with items and credits on their way between them."""

    @initialize(size=st.integers(1, 70))
    def open(self, size: int) -> None:
        self.size = size
        self.sender = SendWindow(size)
        self.receiver = ReceiveWindow(size)
        self.items_on_way = self.waiting = self.credit_on_way = self.consumed = 0

    @rule()
    def send(self) -> None:
        if self.sender.take():
            self.items_on_way += 1

    @precondition(lambda self: self.items_on_way)
    @rule()
    def item_arrives(self) -> None:
        self.items_on_way -= 1
        self.receiver.accept()  # raises where the sender overran
        self.waiting += 1

    @precondition(lambda self: self.waiting)
    @rule()
    def consume(self) -> None:
        self.waiting -= 1
        self.consumed += 1
        self.credit_on_way += self.receiver.consumed()

    @precondition(lambda self: self.credit_on_way)
    @rule()
    def credit_arrives(self) -> None:
        self.sender.grant(self.credit_on_way)
        self.credit_on_way = 0

    @invariant()
    def never_more_under_way_than_allowed(self) -> None:
        assert self.items_on_way + self.waiting <= self.size
        assert self.sender.available + self.items_on_way + self.waiting + self.credit_on_way <= self.size

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.sender.sent == self.items_on_way + self.receiver.received
        assert self.receiver.received == self.waiting + self.consumed

    @invariant()
    def never_stuck(self) -> None:
        """With everything delivered and consumed, the sender may go on."""
        if not (self.items_on_way or self.waiting or self.credit_on_way):
            assert self.sender.available > 0


TestStream = Stream.TestCase


def test_a_sender_that_overruns_is_refused() -> None:
    window = ReceiveWindow(3)
    for _ in range(3):
        window.accept()
    with pytest.raises(ProtocolError, match="credit"):
        window.accept()


def test_a_window_that_is_used_up_says_so() -> None:
    window = SendWindow(2)
    assert [window.take() for _ in range(3)] == [True, True, False]
    assert (window.available, window.sent) == (0, 2)


@given(st.one_of(st.integers(max_value=0), st.integers(min_value=MAX_GRANT + 1)))
def test_absurd_credits_are_refused(items: int) -> None:
    window = SendWindow()
    with pytest.raises(ProtocolError):
        window.grant(items)
    assert window.available == INITIAL_CREDIT


def test_credits_that_add_up_to_nonsense_are_refused() -> None:
    window = SendWindow()
    window.grant(MAX_GRANT)
    with pytest.raises(ProtocolError):
        window.grant(MAX_GRANT)


def test_credit_costs_one_frame_in_half_a_window() -> None:
    window = ReceiveWindow(64)
    grants = []
    for _ in range(64):
        window.accept()
        grants.append(window.consumed())
    assert [grant for grant in grants if grant] == [32, 32]
