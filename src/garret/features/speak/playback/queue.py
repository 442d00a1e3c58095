"""The queue of utterances that wait to sound, or sound.

Pure: it takes PCM in, gives PCM out and says what happened; it knows neither device nor clock and is
safe to use from any thread. Invariants: utterances sound in the order in which they were queued, without
a gap between them; a starved device plays silence and goes on when sound arrives; nothing leaves the
queue but by being played, skipped, stopped or removed. Neighbour: `player.py` joins it to a device,
whose audio thread calls only `pull`.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from garret.base.errors import Code, GarretError

SAMPLE_BYTES = 2
DEVICE_RATE = 48_000  # Hz; what nearly every device runs at, so that it is converted once, by soxr
QUEUE_SECONDS = 600.0
QUEUE_UTTERANCES = 64
EVENTS_KEPT = 1024


class PlaybackError(GarretError):
    """Something went wrong while playing sound."""


class NoDeviceError(PlaybackError):
    """There is no such playback device, or none at all; what was queued stays queued."""

    code = Code.UNAVAILABLE


class QueueFullError(PlaybackError):
    """The queue holds as much as it may; nothing of the request was taken."""

    code = Code.BUSY


class Kind(StrEnum):
    """What happened in a queue."""

    STARTED = "started"
    PLAYED = "played"
    SKIPPED = "skipped"
    STOPPED = "stopped"
    STARVED = "starved"  # the sound did not come fast enough; silence is played
    DEVICE_LOST = "device_lost"


@dataclass(frozen=True, slots=True)
class PlaybackEvent:
    """`kind` happened to `utterance` after `seconds` of it had been handed to the device."""

    kind: Kind
    utterance: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an utterance is, in seconds of sound; `complete` when no more will be fed."""

    utterance: str
    playing: bool
    played: float
    waiting: float
    complete: bool


@dataclass(slots=True)
class _Utterance:
    id: str
    pieces: deque[bytes] = field(default_factory=deque[bytes])
    offset: int = 0  # bytes of the first piece already played
    waiting: int = 0  # bytes not yet played
    played: int = 0
    complete: bool = False
    starved: bool = False

    def take(self, size: int) -> bytes:
        """Up to `size` bytes from the front."""
        taken: list[bytes] = []
        left = min(size, self.waiting)
        while left:
            piece = self.pieces[0]
            part = piece[self.offset : self.offset + left]
            taken.append(part)
            left -= len(part)
            self.offset += len(part)
            if self.offset == len(piece):
                self.pieces.popleft()
                self.offset = 0
        sound = b"".join(taken)
        self.waiting -= len(sound)
        self.played += len(sound)
        return sound


class PlaybackQueue:
    """Utterances in order, fed in pieces and pulled in frames. Signed 16-bit little-endian mono."""

    def __init__(self, sample_rate: int = DEVICE_RATE, *, seconds: float = QUEUE_SECONDS) -> None:
        self.sample_rate = sample_rate
        self._limit = int(seconds * sample_rate) * SAMPLE_BYTES
        self._lock = threading.Condition()
        self._utterances: deque[_Utterance] = deque()
        self._events: deque[PlaybackEvent] = deque(maxlen=EVENTS_KEPT)
        self._paused = False
        self._started = False  # whether the first utterance has begun to sound
        self._silence = 0  # samples of silence pulled since the last sound

    def enqueue(self, utterance: str) -> None:
        """Give `utterance`, an id, the next place. Raises QueueFullError, or PlaybackError on a known id."""
        with self._lock:
            if len(self._utterances) >= QUEUE_UTTERANCES:
                raise QueueFullError(
                    f"{QUEUE_UTTERANCES} texts are already waiting to be spoken; this one was not queued. "
                    "Wait, skip or stop."
                )
            if any(waiting.id == utterance for waiting in self._utterances):
                raise PlaybackError(f"{utterance} is already queued.", code=Code.CONFLICT)
            self._utterances.append(_Utterance(utterance))

    def feed(self, utterance: str, pcm: bytes) -> bool:
        """Append whole samples to `utterance`. False, taking nothing, when it was skipped or stopped.

        Raises QueueFullError when the queue holds its limit (nothing is taken: feed again when some has
        been played) and ValueError for half a sample.
        """
        if len(pcm) % SAMPLE_BYTES:
            raise ValueError("sound is fed in whole samples")
        with self._lock:
            target = self._find(utterance)
            if target is None:
                return False
            self._check_room(len(pcm))
            if pcm:
                target.pieces.append(pcm)
                target.waiting += len(pcm)
                target.starved = False
            return True

    def takes(self, utterance: str, seconds: float) -> bool:
        """Whether `utterance` still waits for sound. Raises QueueFullError when `seconds` have no room."""
        with self._lock:
            if self._find(utterance) is None:
                return False
            self._check_room(int(seconds * self.sample_rate) * SAMPLE_BYTES)
            return True

    def _check_room(self, size: int) -> None:
        if self._waiting() + size > self._limit:
            raise QueueFullError("The playback queue is full; nothing of this piece was taken.")

    def finish(self, utterance: str) -> bool:
        """Say that `utterance` is complete. False when it is not in the queue any more."""
        with self._lock:
            target = self._find(utterance)
            if target is not None:
                target.complete = True
                self._retire()
            return target is not None

    def pull(self, frames: int) -> bytes:
        """Exactly `frames` samples for the device; silence where there is no sound or playback is paused."""
        size = frames * SAMPLE_BYTES
        with self._lock:
            sound = b"" if self._paused else self._gather(size)
            self._silence = (0 if sound else self._silence) + frames - len(sound) // SAMPLE_BYTES
            self._lock.notify_all()
        return sound + bytes(size - len(sound))

    def _gather(self, size: int) -> bytes:
        parts: list[bytes] = []
        left = size
        while left and self._utterances:
            current = self._utterances[0]
            if current.waiting and not self._started:
                self._started = True
                self._note(Kind.STARTED, current)
            part = current.take(left)
            parts.append(part)
            left -= len(part)
            if current.waiting or not self._retire():
                break
        if left and self._utterances:
            current = self._utterances[0]
            if self._started and not current.starved:
                current.starved = True
                self._note(Kind.STARVED, current)
        return b"".join(parts)

    def _retire(self) -> bool:
        """Drop what is complete and played from the front; whether there was any."""
        before = len(self._utterances)
        while self._utterances and self._utterances[0].complete and not self._utterances[0].waiting:
            self._end(Kind.PLAYED)
        return len(self._utterances) < before

    def pause(self) -> None:
        """Play silence until `resume`; the place in the sound is kept to the sample."""
        with self._lock:
            self._paused = True

    def resume(self) -> None:
        with self._lock:
            self._paused = False

    @property
    def paused(self) -> bool:
        return self._paused

    def skip(self) -> str | None:
        """Drop the utterance that sounds or is next; returns its id, None when there is none."""
        with self._lock:
            if not self._utterances:
                return None
            skipped = self._end(Kind.SKIPPED)
            self._retire()
            return skipped

    def stop(self) -> list[str]:
        """Drop everything and leave the pause; returns the ids that were dropped."""
        with self._lock:
            self._paused = False
            return [self._end(Kind.STOPPED) for _ in range(len(self._utterances))]

    def remove(self, utterance: str) -> bool:
        """Drop one utterance wherever it stands; whether it was there."""
        with self._lock:
            if self._utterances and self._utterances[0].id == utterance:
                self._end(Kind.STOPPED)
                self._retire()
                return True
            for item in self._utterances:
                if item.id == utterance:
                    self._utterances.remove(item)
                    self._note(Kind.STOPPED, item)
                    return True
            return False

    def note_device_lost(self) -> None:
        """Record that the device vanished; what is queued stays."""
        with self._lock:
            current = self._utterances[0] if self._utterances else _Utterance("")
            self._note(Kind.DEVICE_LOST, current)

    def progress(self) -> list[Progress]:
        """All utterances in order, the one that sounds first."""
        with self._lock:
            return [
                Progress(
                    item.id,
                    index == 0 and self._started,
                    self._seconds(item.played),
                    self._seconds(item.waiting),
                    item.complete,
                )
                for index, item in enumerate(self._utterances)
            ]

    def waiting_seconds(self) -> float:
        """Seconds of sound that are queued and not yet played."""
        with self._lock:
            return self._seconds(self._waiting())

    def events(self) -> list[PlaybackEvent]:
        """What happened since the last call, in order; at most the last `EVENTS_KEPT`."""
        with self._lock:
            happened = list(self._events)
            self._events.clear()
            return happened

    def wait_events(self, timeout: float) -> list[PlaybackEvent]:
        """Like `events`, but waits up to `timeout` seconds for the first."""
        with self._lock:
            self._lock.wait_for(lambda: bool(self._events), timeout)
        return self.events()

    def wait_room(self, seconds: float, timeout: float) -> bool:
        """Wait up to `timeout` seconds until `seconds` of sound can be fed; whether they can."""
        size = int(seconds * self.sample_rate) * SAMPLE_BYTES
        with self._lock:
            return self._lock.wait_for(lambda: self._waiting() + size <= self._limit, timeout)

    def wait_silence(self, frames: int, timeout: float) -> bool:
        """Wait up to `timeout` seconds until the queue is empty and `frames` of silence followed the sound.

        When that is as much as the device buffers, the last sound has been heard.
        """
        with self._lock:
            return self._lock.wait_for(lambda: not self._utterances and self._silence >= frames, timeout)

    def _find(self, utterance: str) -> _Utterance | None:
        return next((item for item in self._utterances if item.id == utterance and not item.complete), None)

    def _waiting(self) -> int:
        return sum(item.waiting for item in self._utterances)

    def _end(self, kind: Kind) -> str:
        first = self._utterances.popleft()
        self._started = False
        self._note(kind, first)
        return first.id

    def _note(self, kind: Kind, item: _Utterance) -> None:
        self._events.append(PlaybackEvent(kind, item.id, self._seconds(item.played)))
        self._lock.notify_all()

    def _seconds(self, size: int) -> float:
        return size / (SAMPLE_BYTES * self.sample_rate)
