"""Credit: no interleaving of both ends lets a sender overrun its receiver, or leaves either stuck."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from garret.protocol.errors import ProtocolError
from garret.protocol.streams import (
    FAST_CREDIT,
    INITIAL_CREDIT,
    MAX_GRANT,
    WINDOW_BYTES,
    Passage,
    ReceiveWindow,
    ReceivingEnd,
    SendingEnd,
    SendWindow,
)

_END = -1  # on the way like an item


class Stream(RuleBasedStateMachine):
    """Both ends of one stream and its middle, with items and credits on their way between them."""

    @initialize(size=st.integers(1, 70))
    def open(self, size: int) -> None:
        self.size = size
        self.sender = SendingEnd(size)
        self.middle: Passage[int] = Passage(size)
        self.receiver: ReceivingEnd[int] = ReceivingEnd(size)
        self.on_way: list[int] = []
        self.begun = self.dropped = False
        self.kept = self.credit_on_way = self.taken = self.free = 0
        self.sent: list[int] = []
        self.came: list[int] = []

    @rule()
    def send(self) -> None:
        if self.sender.take():
            self.sent.append(len(self.sent))
            self.on_way.append(self.sent[-1])

    @rule()
    def end(self) -> None:
        if self.sender.end():
            self.on_way.append(_END)

    @precondition(lambda self: self.on_way)
    @rule()
    def item_arrives(self) -> None:
        """The middle counts it, and passes it on or keeps it; either raises where the sender overran."""
        item = self.on_way.pop(0)
        if item == _END:
            self.middle.end()
        else:
            self.middle.accept()
        if self.begun:
            self._deliver(None if item == _END else item)
        else:
            self.middle.keep(None if item == _END else item)
            self.kept += item != _END

    @rule()
    def begin(self) -> None:
        self.begun = True
        for item in self.middle.release():
            self._deliver(item)
        self.kept = 0

    def _deliver(self, item: int | None) -> None:
        if item is None:
            self.receiver.end()
        else:
            self.credit_on_way += self.receiver.put(item)

    @precondition(lambda self: self.begun and not self.receiver.ended)
    @rule()
    def progress(self) -> None:
        assert self.receiver.put(_END, free=True) == 0
        self.free += not self.dropped

    @precondition(lambda self: len(self.receiver))
    @rule()
    def consume(self) -> None:
        item = self.receiver.take()
        assert item is not None
        if item == _END:
            self.free -= 1
            return
        self.came.append(item)
        self.credit_on_way += self.receiver.consumed()

    @rule()
    def drop(self) -> None:
        self.dropped = True
        self.free = 0
        self.credit_on_way += self.receiver.drop()

    @precondition(lambda self: self.credit_on_way)
    @rule()
    def credit_arrives(self) -> None:
        self.middle.allow(self.credit_on_way)
        self.sender.grant(self.credit_on_way)
        self.credit_on_way = 0

    @property
    def _waiting(self) -> int:
        return self.kept + len(self.receiver) - self.free

    @invariant()
    def never_more_under_way_than_allowed(self) -> None:
        items = sum(item != _END for item in self.on_way)
        assert items + self._waiting <= self.size
        assert self.sender.available + items + self._waiting + self.credit_on_way <= self.size

    @invariant()
    def nothing_is_lost_or_out_of_order(self) -> None:
        assert self.came == list(range(len(self.came)))
        if not self.dropped:
            items = sum(item != _END for item in self.on_way)
            assert len(self.sent) == self.sender.sent == items + self._waiting + len(self.came)

    @invariant()
    def never_stuck(self) -> None:
        """With everything delivered and consumed, the sender may go on until it ended."""
        if self.sender.ended:
            assert not self.sender.take()
        elif not (self.on_way or self._waiting or self.credit_on_way):
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


def test_an_end_is_told_once_and_nothing_is_taken_after_it() -> None:
    sender = SendingEnd()
    assert sender.end()
    assert not sender.end()
    sender.grant(5)
    assert not sender.take()


def test_what_waits_can_be_taken_after_the_end_and_then_there_is_nothing() -> None:
    receiver: ReceivingEnd[str] = ReceivingEnd()
    assert not receiver.ready
    with pytest.raises(IndexError):
        receiver.take()
    receiver.put("last")
    receiver.end()
    assert [receiver.take(), receiver.take(), receiver.take()] == ["last", None, None]
    assert receiver.ready
    with pytest.raises(ProtocolError, match="after its end"):
        receiver.put("more")


def test_progress_costs_no_credit_and_keeps_its_place() -> None:
    receiver: ReceivingEnd[str] = ReceivingEnd(1)
    for item, free in (("a", True), ("b", False), ("c", True)):
        receiver.put(item, free=free)
    with pytest.raises(ProtocolError, match="credit"):
        receiver.put("d")
    assert [receiver.take() for _ in range(3)] == ["a", "b", "c"]


def test_what_nobody_wants_is_not_kept_and_the_sender_may_go_on() -> None:
    receiver: ReceivingEnd[str] = ReceivingEnd(4)
    receiver.put("a")
    assert [receiver.drop(), receiver.drop()] == [1, 0]
    assert [receiver.put(item) for item in "bcd"] == [0, 2, 0]
    assert receiver.consumed() == 0
    assert receiver.put("progress", free=True) == 0
    assert len(receiver) == 0
    assert not receiver.ready


def test_a_middle_refuses_what_was_not_allowed_and_what_comes_after_the_end() -> None:
    middle: Passage[str] = Passage(1)
    middle.accept()
    with pytest.raises(ProtocolError, match="credit"):
        middle.accept()
    middle.allow(1)
    middle.end()
    with pytest.raises(ProtocolError, match="after its end"):
        middle.accept()
    with pytest.raises(ProtocolError, match="after its end"):
        middle.end()
    with pytest.raises(ProtocolError, match="no sense"):
        middle.allow(0)


def test_what_a_middle_keeps_is_handed_over_once_in_order() -> None:
    middle: Passage[str] = Passage()
    for item in ("a", "b", None):
        middle.keep(item)
    assert middle.release() == ["a", "b", None]
    assert middle.release() == []


@given(
    st.lists(st.tuples(st.integers(1, 400), st.sampled_from([0, 200, 2_000, 50_000, 2_000_000])), max_size=40)
)
def test_a_window_that_grows_is_kept_to_its_bytes_and_never_overrun(runs: list[tuple[int, int]]) -> None:
    sender, receiver = SendingEnd(64), ReceivingEnd[int](64, most=1024)
    largest = 1
    for count, size in runs:
        for _ in range(count):
            assert sender.take(), "everything was consumed, so there is credit"
            receiver.put(size)
            assert receiver.take() == size
            largest = max(largest, size)
            grant = receiver.consumed(size)
            if grant:
                sender.grant(grant)
        assert sender.available <= 1024
    # What was granted before a larger item came is granted; half a window at a time it is taken back.
    for _ in range(3 * 1024):
        assert sender.take()
        receiver.put(largest)
        receiver.take()
        grant = receiver.consumed(largest)
        if grant:
            sender.grant(grant)
    assert sender.available <= max(64, min(1024, WINDOW_BYTES // largest))


def test_small_items_soon_have_the_whole_window_and_others_none_unless_it_may_grow() -> None:
    for most, allowed in ((FAST_CREDIT, FAST_CREDIT), (None, INITIAL_CREDIT)):
        sender, receiver = SendingEnd(), ReceivingEnd[int](most=most)
        for _ in range(4 * FAST_CREDIT):
            sender.take()
            receiver.put(1)
            receiver.take()
            if grant := receiver.consumed(200):
                sender.grant(grant)
        assert allowed // 2 <= sender.available <= allowed
