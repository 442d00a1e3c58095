"""The queue plays in order, without gaps, keeps its place in a pause and survives starvation."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from garret.base.errors import Code
from garret.features.speak.playback.queue import (
    QUEUE_UTTERANCES,
    Kind,
    PlaybackError,
    PlaybackEvent,
    PlaybackQueue,
    QueueFullError,
)

SOAK = bool(os.environ.get("GARRET_SOAK"))


def queue_of(*utterances: tuple[str, bytes]) -> PlaybackQueue:
    queue = PlaybackQueue(100)
    for name, pcm in utterances:
        queue.enqueue(name)
        assert queue.feed(name, pcm)
        assert queue.finish(name)
    return queue


def kinds(queue: PlaybackQueue) -> list[tuple[Kind, str]]:
    return [(event.kind, event.utterance) for event in queue.events()]


def test_two_utterances_follow_each_other_without_a_gap() -> None:
    queue = queue_of(("a", b"\x01\x00" * 3), ("b", b"\x02\x00" * 3))
    assert queue.pull(4) == b"\x01\x00" * 3 + b"\x02\x00"
    assert queue.pull(4) == b"\x02\x00" * 2 + bytes(4)
    assert queue.events() == [
        PlaybackEvent(Kind.STARTED, "a", 0.0),
        PlaybackEvent(Kind.PLAYED, "a", 0.03),
        PlaybackEvent(Kind.STARTED, "b", 0.0),
        PlaybackEvent(Kind.PLAYED, "b", 0.03),
    ]
    assert queue.progress() == []


def test_a_pause_keeps_the_place_to_the_sample() -> None:
    queue = queue_of(("a", b"\x01\x00\x02\x00\x03\x00"))
    assert queue.pull(1) == b"\x01\x00"
    queue.pause()
    assert queue.paused
    assert queue.pull(5) == bytes(10)
    queue.resume()
    assert queue.pull(2) == b"\x02\x00\x03\x00"


def test_skip_goes_to_the_next_and_stop_drops_all() -> None:
    queue = queue_of(("a", bytes(20)), ("b", b"\x07\x00" * 5), ("c", bytes(2)))
    queue.pull(2)
    assert queue.skip() == "a"
    assert queue.pull(1) == b"\x07\x00"
    queue.pause()
    assert queue.stop() == ["b", "c"]
    assert not queue.paused
    assert queue.skip() is None
    assert queue.pull(2) == bytes(4)
    assert [event for event in kinds(queue) if event[0] in (Kind.SKIPPED, Kind.STOPPED)] == [
        (Kind.SKIPPED, "a"),
        (Kind.STOPPED, "b"),
        (Kind.STOPPED, "c"),
    ]
    assert not queue.feed("b", bytes(2))  # its feeder learns that nobody listens
    assert not queue.finish("b")


def test_starvation_is_silence_once_reported_and_sound_goes_on() -> None:
    queue = PlaybackQueue(100)
    queue.enqueue("a")
    assert queue.pull(2) == bytes(4)
    assert queue.events() == []  # nothing sounds yet, so nothing is missing
    queue.feed("a", b"\x01\x00")
    assert queue.pull(3) == b"\x01\x00" + bytes(4)
    assert queue.pull(3) == bytes(6)
    queue.feed("a", b"\x02\x00")
    queue.finish("a")
    assert queue.pull(2) == b"\x02\x00" + bytes(2)
    assert kinds(queue) == [(Kind.STARTED, "a"), (Kind.STARVED, "a"), (Kind.PLAYED, "a")]


def test_an_utterance_that_ends_after_its_sound_lets_the_next_begin() -> None:
    queue = PlaybackQueue(100)
    for name in "ab":
        queue.enqueue(name)
    queue.feed("a", b"\x01\x00")
    queue.feed("b", b"\x02\x00")
    assert queue.pull(2) == b"\x01\x00" + bytes(2)  # a may have more to come
    queue.finish("a")
    assert queue.pull(2) == b"\x02\x00" + bytes(2)


def test_progress_tells_played_and_waiting_seconds() -> None:
    queue = queue_of(("a", bytes(200)), ("b", bytes(100)))
    queue.pull(25)
    first, second = queue.progress()
    assert (first.utterance, first.playing, first.played, first.waiting, first.complete) == (
        "a",
        True,
        0.25,
        0.75,
        True,
    )
    assert (second.utterance, second.playing, second.played, second.waiting) == ("b", False, 0.0, 0.5)
    assert queue.waiting_seconds() == 1.25


def test_one_utterance_can_be_removed_wherever_it_stands() -> None:
    queue = queue_of(("a", b"\x01\x00"), ("b", b"\x02\x00"), ("c", b"\x03\x00"))
    assert queue.remove("b")
    assert not queue.remove("b")
    assert queue.remove("a")
    assert queue.pull(2) == b"\x03\x00" + bytes(2)


def test_limits_answer_busy_and_take_nothing() -> None:
    queue = PlaybackQueue(100, seconds=1)
    queue.enqueue("a")
    assert queue.feed("a", bytes(200))
    with pytest.raises(QueueFullError) as caught:
        queue.feed("a", bytes(2))
    assert caught.value.code is Code.BUSY
    assert not queue.wait_room(0.01, 0)
    queue.pull(1)
    assert queue.wait_room(0.01, 0)
    assert queue.feed("a", bytes(2))
    for number in range(QUEUE_UTTERANCES - 1):
        queue.enqueue(str(number))
    with pytest.raises(QueueFullError):
        queue.enqueue("one too many")
    with pytest.raises(ValueError):
        queue.feed("a", b"x")


def test_an_id_is_queued_once() -> None:
    queue = queue_of(("a", bytes(2)))
    with pytest.raises(PlaybackError) as caught:
        queue.enqueue("a")
    assert caught.value.code is Code.CONFLICT


def test_waiting_ends_when_the_sound_has_left_the_device() -> None:
    queue = queue_of(("a", bytes(2)))
    heard: list[bool] = []
    waiter = threading.Thread(target=lambda: heard.append(queue.wait_silence(4, 60)))
    waiter.start()
    queue.pull(3)
    assert not queue.wait_silence(4, 0)
    queue.pull(2)
    waiter.join()
    assert heard == [True]
    assert kinds(queue)[-1] == (Kind.PLAYED, "a")
    assert queue.wait_events(0) == []


class QueueMachine(RuleBasedStateMachine):
    """Against a plain list of utterances: the sound that comes out is what went in, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = PlaybackQueue(100, seconds=1000)
        self.model: list[tuple[str, bytearray, bool]] = []
        self.count = 0

    @rule()
    @precondition(lambda self: len(self.model) < 8)
    def enqueue(self) -> None:
        self.count += 1
        self.queue.enqueue(str(self.count))
        self.model.append((str(self.count), bytearray(), False))

    @rule(samples=st.integers(0, 9), data=st.data())
    @precondition(lambda self: bool(self.model))
    def feed(self, samples: int, data: st.DataObject) -> None:
        name, sound, complete = data.draw(st.sampled_from(self.model))
        self.count += 1
        pcm = (self.count % 30_000 + 1).to_bytes(2, "little") * samples
        assert self.queue.feed(name, pcm) == (not complete)
        if not complete:
            sound += pcm

    @rule(data=st.data())
    @precondition(lambda self: bool(self.model))
    def finish(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.model) - 1))
        name, sound, complete = self.model[index]
        assert self.queue.finish(name) == (not complete)
        self.model[index] = (name, sound, True)
        self.retire()

    def retire(self) -> None:
        while self.model and self.model[0][2] and not self.model[0][1]:
            self.model.pop(0)

    @rule(frames=st.integers(0, 20))
    def pull(self, frames: int) -> None:
        expected = bytearray()
        while self.model and not self.queue.paused and len(expected) < frames * 2:
            _, sound, complete = self.model[0]
            part = sound[: frames * 2 - len(expected)]
            expected += part
            del sound[: len(part)]
            if sound or not complete:
                break
            self.retire()
        assert self.queue.pull(frames) == bytes(expected).ljust(frames * 2, b"\0")

    @rule()
    def toggle_pause(self) -> None:
        (self.queue.resume if self.queue.paused else self.queue.pause)()

    @rule()
    def skip(self) -> None:
        expected = self.model.pop(0)[0] if self.model else None
        assert self.queue.skip() == expected
        if expected:
            self.retire()

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        assert [item.utterance for item in self.queue.progress()] == [name for name, _, _ in self.model]
        assert self.queue.waiting_seconds() == pytest.approx(sum(len(s) for _, s, _ in self.model) / 200)


TestQueueMachine = QueueMachine.TestCase
if not SOAK:
    TestQueueMachine.settings = settings(max_examples=60, stateful_step_count=30)
