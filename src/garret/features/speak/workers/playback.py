"""The playback worker: streams of PCM queue up for a loudspeaker, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from garret.features.speak import contracts as c
from garret.features.speak.playback.devices import SYSTEMS
from garret.features.speak.playback.player import Player
from garret.features.speak.playback.queue import SAMPLE_BYTES, NoDeviceError, PlaybackQueue, QueueFullError
from garret.protocol.life import Boot
from garret.worker.call import Call
from garret.worker.harness import Handlers

_LOOK_SECONDS: Final = 0.1
_ROOM_SECONDS: Final = 0.5
_HEARD_SECONDS: Final = 1.0  # a device that another text keeps busy does not fall silent


class PlaybackWorker:
    """One player for each device that was asked for, open while something waits for it."""

    def __init__(self) -> None:
        self._players: dict[str, Player] = {}
        self._lock = threading.Lock()

    def play(self, command: c.Play, call: Call) -> c.Played:
        """Play what streams in, after what is queued; returns when it has sounded. Raises NoDeviceError."""
        key = str(call.request)
        player = self._join(command.device, key)
        fed = 0.0
        try:
            for speech in call.inputs():
                self._check(player, key)
                self._feed(player, key, speech, call)
                fed += len(speech.data) / SAMPLE_BYTES / speech.sample_rate
            self._finish(player, key, call)
            self._await_end(player, key, call)
        finally:
            self._leave(player, key)
        return c.Played(seconds=round(fed, 3))

    def _join(self, device: str, key: str) -> Player:
        """A place in the queue of an open player. Raises NoDeviceError or QueueFullError."""
        with self._lock:
            player = self._players.setdefault(device, Player(PlaybackQueue(), device))
            if not player.is_open or player.lost:
                try:
                    player.start()
                except NoDeviceError as error:
                    # A person has to do something first; the job that asked must not try again by itself.
                    error.retryable = False
                    raise
            player.queue.enqueue(key)
            return player

    def _leave(self, player: Player, key: str) -> None:
        """Give the place back; an open device costs power, so that the last one closes it."""
        with self._lock:
            player.queue.remove(key)
            if not player.queue.progress():
                player.close()

    def _check(self, player: Player, key: str) -> None:
        if player.is_lost():
            played = next((each.played for each in player.queue.progress() if each.utterance == key), 0.0)
            raise NoDeviceError(
                f"The loudspeaker went away after {played:.1f} s of this text; the rest was not played. "
                "Connect one and speak again, or write the speech to a file.",
                retryable=False,
                details={"played_seconds": round(played, 3)},
            )

    def _feed(self, player: Player, key: str, speech: c.Speech, call: Call) -> None:
        def feed() -> None:
            player.feed(key, speech.data, speech.sample_rate)

        self._with_room(feed, player, key, call)

    def _finish(self, player: Player, key: str, call: Call) -> None:
        self._with_room(lambda: player.finish(key), player, key, call)

    def _with_room(self, action: Callable[[], object], player: Player, key: str, call: Call) -> None:
        while True:
            try:
                action()
                return
            except QueueFullError:
                call.check()
                self._check(player, key)
                player.queue.wait_room(_ROOM_SECONDS, _LOOK_SECONDS)

    def _await_end(self, player: Player, key: str, call: Call) -> None:
        while any(each.utterance == key for each in player.queue.progress()):
            call.check()
            self._check(player, key)
            player.queue.wait_events(_LOOK_SECONDS)
        player.wait_heard(_HEARD_SECONDS)

    def list_speakers(self, command: c.ListSpeakers, call: Call) -> c.Speakers:
        """The loudspeakers that are there now."""
        del command, call
        return c.Speakers(
            speakers=tuple(
                c.Speaker(id=each.id, name=each.name, default=each.default)
                for each in SYSTEMS.devices("speaker")
            )
        )

    def close(self) -> None:
        for player in self._players.values():
            player.close()


def build(boot: Boot) -> Handlers:
    """No device is opened before something is to be played."""
    del boot
    worker = PlaybackWorker()
    return Handlers({c.Play: worker.play, c.ListSpeakers: worker.list_speakers}, close=worker.close)
