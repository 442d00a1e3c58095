"""A `PlaybackQueue` on a real loudspeaker, through miniaudio.

The device runs at one rate and one channel; `feed` converts what has another rate, with soxr, on the
caller's thread. The audio thread does nothing but pull. miniaudio's null backend, which swallows sound at
the pace of a device, is used only when asked for: on a machine without sound it would otherwise pretend
that somebody heard. Neighbours: `queue.py` keeps the order, the worker feeds and listens.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from typing import Any

import miniaudio
import numpy as np
import soxr
from miniaudio import Backend

from garret.base.clock import SYSTEM, Clock
from garret.features.speak.playback.devices import SYSTEMS, choose
from garret.features.speak.playback.queue import SAMPLE_BYTES, NoDeviceError, PlaybackQueue
from garret.worker.sound_devices import find_sound_server

_PERIOD_MS = 40
STALL_SECONDS = 2.0  # as long as a microphone may be silent before it counts as gone
_PERIODS = 3  # what miniaudio takes by default
_MARGIN = 0.1  # seconds of sound that a converter may give out at once, having held them back


class _Device(miniaudio.PlaybackDevice):  # type: ignore[misc]
    """miniaudio's playback device, which also ends its connection to the sound system when it closes."""

    def close(self) -> None:
        super().close()
        SYSTEMS.disconnect(self)


class Player:
    """Plays a queue on one device. Open it with `start`, close it with `close`; safe from any thread."""

    def __init__(
        self,
        queue: PlaybackQueue,
        device: str = "",
        backends: Sequence[Backend] | None = None,
        *,
        clock: Clock = SYSTEM,
    ) -> None:
        """`device` is an id or a name, empty for the default; `backends` None means real sound systems."""
        self.queue = queue
        self._wanted = device
        self._backends = backends
        self._device: miniaudio.PlaybackDevice | None = None
        self._lock = threading.RLock()
        self._streams: dict[str, tuple[int, soxr.ResampleStream]] = {}
        self._clock = clock
        self._pulled = 0.0  # when the device last asked for sound
        self.lost = False

    @property
    def is_open(self) -> bool:
        return self._device is not None

    def start(self) -> None:
        """Open the device and play. Raises NoDeviceError, which says what was kept; the queue stays as it is.

        After a device was lost, `start` opens it, or the default, anew and goes on where the sound stopped.
        """
        with self._lock:
            self.close()
            find_sound_server()
            handle = choose(self._wanted, self._kept(), self._backends) if self._wanted else None
            try:
                device: Any = _Device(
                    output_format=miniaudio.SampleFormat.SIGNED16,
                    nchannels=1,
                    sample_rate=self.queue.sample_rate,
                    buffersize_msec=_PERIOD_MS,
                    device_id=handle,
                    callback_periods=_PERIODS,
                    backends=list(self._backends or SYSTEMS.backends()),
                    app_name="Garret",
                )
                device.stop_callback = self._on_stop
                source = self._source()
                next(source)
                self._device, self.lost = device, False
                self._pulled = self._clock.monotonic()
                device.start(source)
            except miniaudio.MiniaudioError as error:
                self._device = None
                raise NoDeviceError(
                    f"No loudspeaker could be opened{SYSTEMS.unanswered('speaker', self._backends)}. "
                    f"{self._kept()} Connect one and speak again, or write the speech to a file."
                ) from error

    def _kept(self) -> str:
        waiting = self.queue.progress()
        if not waiting:
            return "Nothing was played."
        seconds = self.queue.waiting_seconds()
        return f"Nothing was lost: {len(waiting)} queued text(s) with {seconds:.1f} s are kept."

    def _source(self) -> Generator[bytes, int, None]:
        frames = yield b""
        while True:
            self._pulled = self._clock.monotonic()
            frames = yield self.queue.pull(frames)

    def _on_stop(self) -> None:
        # Called on the audio thread, also when `close` stops the device, which clears `_device` before.
        if self._device is not None:
            self.lost = True
            self.queue.note_device_lost()

    def is_lost(self) -> bool:
        """Whether the device went away: it said so, or has not asked for sound for `STALL_SECONDS`.

        Not every sound system says so: a PulseAudio server that ends, or unloads a device, just falls silent.
        """
        if self.is_open and not self.lost and self._clock.monotonic() - self._pulled >= STALL_SECONDS:
            self._on_stop()
        return self.lost

    @property
    def buffered_frames(self) -> int:
        """Samples that the device may hold beyond what it has made audible."""
        return self.queue.sample_rate * _PERIOD_MS * _PERIODS // 1000

    def feed(self, utterance: str, pcm: bytes, sample_rate: int) -> bool:
        """Queue whole samples of `sample_rate` Hz. Returns and raises what `PlaybackQueue.feed` does.

        A piece that raised QueueFullError was not taken and may be fed again after `wait_room`.
        """
        if sample_rate == self.queue.sample_rate:
            return self.queue.feed(utterance, pcm)
        seconds = len(pcm) / (SAMPLE_BYTES * sample_rate) + _MARGIN
        with self._lock:  # held to the end, so that no other feeder takes the room that was found
            if not self.queue.takes(utterance, seconds):
                self._streams.pop(utterance, None)
                return False
            rate, stream = self._streams.get(utterance, (0, None))
            if stream is None or rate != sample_rate:
                stream = soxr.ResampleStream(sample_rate, self.queue.sample_rate, 1, dtype="int16")
                self._streams[utterance] = (sample_rate, stream)
            converted = stream.resample_chunk(np.frombuffer(pcm, dtype="<i2"))
            return self.queue.feed(utterance, converted.astype("<i2").tobytes())

    def finish(self, utterance: str) -> bool:
        """Say that `utterance` is complete; what its converter holds back is queued first.

        False when it is not in the queue any more. Raises QueueFullError: finish again when there is room.
        """
        with self._lock:
            _, stream = self._streams.get(utterance, (0, None))
            if stream is not None and self.queue.takes(utterance, _MARGIN):
                rest = stream.resample_chunk(np.zeros(0, dtype="<i2"), last=True)
                self.queue.feed(utterance, rest.astype("<i2").tobytes())
            self._streams.pop(utterance, None)
            return self.queue.finish(utterance)

    def wait_heard(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until the queue is empty and its last sound has left the device."""
        return self.queue.wait_silence(self.buffered_frames, timeout)

    def close(self) -> None:
        """Close the device; the queue stays as it is."""
        with self._lock:
            device, self._device = self._device, None
            if device is not None:
                device.close()
