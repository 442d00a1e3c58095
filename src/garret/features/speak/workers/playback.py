"""The playback worker: streams of PCM queue up for a loudspeaker, one after the other."""

from __future__ import annotations

import threading
from typing import Final

from garret.features.speak import contracts as c
from garret.features.speak.playback.devices import devices
from garret.features.speak.playback.player import Player
from garret.features.speak.playback.queue import NoDeviceError, PlaybackQueue, QueueFullError
from garret.protocol.life import Boot
from garret.worker.call import Call
from garret.worker.harness import Handlers

_LOOK_SECONDS: Final = 0.1
_ROOM_SECONDS: Final = 0.5


class PlaybackWorker:
    """One player for each device that was asked for."""

    def __init__(self) -> None:
        self._players: dict[str, Player] = {}
        self._lock = threading.Lock()

    def _player(self, device: str) -> Player:
        with self._lock:
            player = self._players.get(device)
            if player is None:
                player = Player(PlaybackQueue(), device)
                player.start()
                self._players[device] = player
            elif player.lost:
                player.start()
            return player

    def play(self, command: c.Play, call: Call) -> c.Played:
        """Play what streams in, after what is queued; returns when it has sounded. Raises NoDeviceError."""
        player = self._player(command.device)
        key = str(call.request)
        player.queue.enqueue(key)
        seconds = 0.0
        try:
            for speech in call.inputs():
                seconds += len(speech.data) / 2 / speech.sample_rate
                self._feed(player, key, speech, call)
            player.finish(key)
            self._await_end(player, key, call)
        finally:
            player.queue.remove(key)
        return c.Played(seconds=round(seconds, 3))

    def _feed(self, player: Player, key: str, speech: c.Speech, call: Call) -> None:
        while True:
            try:
                player.feed(key, speech.data, speech.sample_rate)
                return
            except QueueFullError:
                call.check()
                player.queue.wait_room(_ROOM_SECONDS, _LOOK_SECONDS)

    def _await_end(self, player: Player, key: str, call: Call) -> None:
        while any(each.utterance == key for each in player.queue.progress()):
            call.check()
            if player.lost:
                raise NoDeviceError("The loudspeaker went away in the middle; the text is kept.")
            player.queue.wait_events(_LOOK_SECONDS)
        player.wait_heard(_LOOK_SECONDS)

    def list_speakers(self, command: c.ListSpeakers, call: Call) -> c.Speakers:
        """The loudspeakers that are there now."""
        del command, call
        return c.Speakers(speakers=tuple(c.Speaker(id=each.id, name=each.name) for each in devices()))

    def close(self) -> None:
        for player in self._players.values():
            player.close()


def build(boot: Boot) -> Handlers:
    """No device is opened before something is to be played."""
    del boot
    worker = PlaybackWorker()
    return Handlers({c.Play: worker.play, c.ListSpeakers: worker.list_speakers}, close=worker.close)
