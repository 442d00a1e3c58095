"""The player drives a real miniaudio device, the null one, and says what was kept where there is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from miniaudio import Backend

from garret.base.errors import Code
from garret.features.speak.playback.devices import SYSTEMS
from garret.features.speak.playback.player import Player
from garret.features.speak.playback.queue import Kind, NoDeviceError, PlaybackQueue, QueueFullError

NULL = [Backend.NULL]
PATIENCE = 60.0  # seconds; only a hang takes as long


@pytest.fixture
def player() -> Iterator[Player]:
    made = Player(PlaybackQueue(), backends=NULL)
    yield made
    made.close()


def test_a_device_plays_utterances_of_two_rates_to_the_end(player: Player) -> None:
    for name, rate in (("espeak", 22_050), ("flite", 16_000), ("native", player.queue.sample_rate)):
        player.queue.enqueue(name)
        for _ in range(5):
            assert player.feed(name, b"\x01\x02" * (rate // 50), rate)
        assert player.finish(name)
    assert player.queue.waiting_seconds() == pytest.approx(0.3, abs=0.001)
    player.start()
    assert player.wait_heard(PATIENCE)
    events = player.queue.events()
    assert [(event.kind, event.utterance) for event in events] == [
        (kind, name) for name in ("espeak", "flite", "native") for kind in (Kind.STARTED, Kind.PLAYED)
    ]
    assert sum(event.seconds for event in events) == pytest.approx(0.3, abs=0.001)


def test_closing_keeps_the_queue_and_starting_again_goes_on(player: Player) -> None:
    player.queue.enqueue("a")
    player.feed("a", b"\x01\x00" * 2_880_000, 48_000)  # a minute
    player.start()
    assert player.queue.wait_events(PATIENCE)[0].kind is Kind.STARTED
    player.close()
    played = player.queue.progress()[0].played
    assert 0 < played < 60
    assert player.queue.events() == []  # closing on purpose is no loss of the device
    player.start()
    player.queue.skip()
    assert player.wait_heard(PATIENCE)


def test_a_device_that_stops_by_itself_is_reported_and_the_sound_kept(player: Player) -> None:
    player.queue.enqueue("a")
    player.feed("a", b"\x01\x00" * 480_000, 48_000)
    player.start()
    player.queue.wait_events(PATIENCE)
    device = player._device
    assert device is not None
    device.stop()  # as the sound system does when the loudspeaker is unplugged
    assert [event.kind for event in player.queue.wait_events(PATIENCE)] == [Kind.DEVICE_LOST]
    assert player.lost
    assert player.queue.waiting_seconds() > 0
    player.start()
    assert not player.lost


def test_a_device_is_opened_by_its_id_its_name_or_a_part_of_it() -> None:
    (null,) = SYSTEMS.devices("speaker", NULL)
    for wanted in (null.id, null.name, "null"):
        player = Player(PlaybackQueue(), wanted, NULL)
        player.start()
        player.close()
        assert not player.lost


def test_an_unknown_device_is_unavailable_and_says_what_was_kept() -> None:
    queue = PlaybackQueue()
    queue.enqueue("a")
    queue.feed("a", bytes(2 * queue.sample_rate))
    with pytest.raises(NoDeviceError) as caught:
        Player(queue, "headset of somebody else", NULL).start()
    assert caught.value.code is Code.UNAVAILABLE
    assert "1 queued text(s) with 1.0 s are kept" in caught.value.message
    assert "NULL Playback Device" in caught.value.message
    assert len(queue.progress()) == 1


def test_a_sound_system_that_does_not_exist_here_is_unavailable() -> None:
    queue = PlaybackQueue()
    with pytest.raises(NoDeviceError) as caught:
        Player(queue, backends=[Backend.COREAUDIO, Backend.WASAPI]).start()
    assert caught.value.retryable


def test_feeding_stops_when_the_utterance_was_skipped_or_the_queue_is_full() -> None:
    player = Player(PlaybackQueue(seconds=1), backends=NULL)
    player.queue.enqueue("a")
    with pytest.raises(QueueFullError):
        player.feed("a", bytes(2 * 16_000), 16_000)
    assert player.feed("a", bytes(16_000), 16_000)
    player.queue.skip()
    assert not player.feed("a", bytes(1_600), 16_000)
    assert not player.finish("a")
