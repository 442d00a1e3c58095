"""The playback worker on miniaudio's null device: places in the queue, devices that come and go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from miniaudio import Backend

from garret.base.clock import ManualClock
from garret.base.errors import CancelledError, Code
from garret.features.speak import contracts as c
from garret.features.speak.playback.devices import SYSTEMS
from garret.features.speak.playback.player import STALL_SECONDS, Player
from garret.features.speak.playback.queue import NoDeviceError, PlaybackQueue
from garret.features.speak.workers.playback import PlaybackWorker


class Call:
    """What a handler sees of a running command; `speech` streams in."""

    def __init__(self, request: int, speech: list[c.Speech]) -> None:
        self.request = request
        self.playing = threading.Event()
        self.cancelled = False
        self._speech = speech

    def inputs(self) -> Iterator[c.Speech]:
        yield from self._speech
        self.playing.set()

    def check(self) -> None:
        if self.cancelled:
            raise CancelledError("stopped")


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlaybackWorker]:
    monkeypatch.setattr(SYSTEMS, "backends", lambda: [Backend.NULL])
    made = PlaybackWorker()
    yield made
    made.close()


def speech(seconds: float, rate: int = 22_050) -> list[c.Speech]:
    return [c.Speech(sample_rate=rate, data=b"\x01\x00" * round(seconds * rate))]


def play(worker: PlaybackWorker, call: Any) -> c.Played:
    return worker.play(c.Play(), call)


def test_what_streams_in_is_played_and_the_device_let_go(worker: PlaybackWorker) -> None:
    assert play(worker, Call(1, speech(0.3))).seconds == pytest.approx(0.3, abs=0.001)
    assert play(worker, Call(2, speech(0.1, 16_000))).seconds == pytest.approx(0.1, abs=0.001)
    assert not any(player.is_open for player in worker._players.values())


def test_no_speech_at_all_ends_at_once(worker: PlaybackWorker) -> None:
    assert play(worker, Call(1, [])).seconds == 0


def test_a_cancelled_text_leaves_the_queue_and_the_others_play_on(worker: PlaybackWorker) -> None:
    long, short = Call(1, speech(60)), Call(2, speech(0.2))
    ended: list[BaseException] = []

    def play_long() -> None:
        try:
            play(worker, long)
        except CancelledError as error:
            ended.append(error)

    playing = threading.Thread(target=play_long)
    playing.start()
    long.playing.wait()
    waiting = threading.Thread(target=play, args=(worker, short))
    waiting.start()
    short.playing.wait()
    long.cancelled = True
    playing.join()
    waiting.join()
    assert len(ended) == 1
    (player,) = worker._players.values()
    assert player.queue.progress() == []
    assert not player.is_open


def test_a_device_that_stopped_is_told_once_and_opened_anew(worker: PlaybackWorker) -> None:
    long = Call(1, speech(60))
    told: list[NoDeviceError] = []

    def play_long() -> None:
        try:
            play(worker, long)
        except NoDeviceError as error:
            told.append(error)

    playing = threading.Thread(target=play_long)
    playing.start()
    long.playing.wait()
    (player,) = worker._players.values()
    player._device.stop()  # type: ignore[union-attr]  # as the sound system does when it is unplugged
    playing.join()
    assert told[0].code is Code.UNAVAILABLE
    assert not told[0].retryable, "a job must not say the same again by itself"
    assert "went away" in told[0].message
    assert play(worker, Call(2, speech(0.1))).seconds == pytest.approx(0.1, abs=0.001)


def test_without_a_device_nothing_stays_queued(
    worker: PlaybackWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SYSTEMS, "backends", lambda: [Backend.WASAPI])
    with pytest.raises(NoDeviceError, match="Nothing was played") as caught:
        play(worker, Call(1, speech(0.1)))
    assert not caught.value.retryable
    (player,) = worker._players.values()
    assert player.queue.progress() == []


def test_a_device_that_asks_for_nothing_any_more_is_lost() -> None:
    clock = ManualClock()
    player = Player(PlaybackQueue(), backends=[Backend.NULL], clock=clock)
    assert not player.is_lost(), "it is not even open"
    player.start()
    player._device.stop_callback = None  # type: ignore[union-attr]  # a sound server that says nothing
    player._device.stop()  # type: ignore[union-attr]
    assert not player.is_lost()
    clock.advance(STALL_SECONDS)
    assert player.is_lost()
    player.start()
    assert not player.is_lost()
    player.close()
