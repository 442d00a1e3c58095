"""The thin driver of a recording: source in, session in the middle, spool and listener out.

`run` belongs to one thread, which sleeps until a source wakes it or somebody calls `stop`, `trigger` or
`cancel`. Sound is in the spool before the listener hears of it. Neighbours: `session.py` decides
everything, `spool.py` and the sources do what it decides.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable
from dataclasses import dataclass, replace

from garret.base.clock import SYSTEM, Clock
from garret.features.dictate.capture import session as at
from garret.features.dictate.capture.errors import CaptureError, SpoolError, SpoolFullError
from garret.features.dictate.capture.level import Level, LevelMeter
from garret.features.dictate.capture.ring import SAMPLE_BYTES
from garret.features.dictate.capture.source import SAMPLE_RATE, AudioSource
from garret.features.dictate.capture.spool import SpoolWriter


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more will be kept; the spool's last piece is still on its way to the disk."""

    finished: at.Finished


Notice = at.Listening | at.Muted | at.Keep | at.Gap | at.Tail | Ended | at.Finished | Level
"""What a listener hears of: `Keep` when its sound is in the spool, `Finished` last."""

_TICK_SECONDS = 0.25


class Recorder:
    """One recording of `source` into `spool`. The listener is called on the thread of `run`."""

    def __init__(
        self,
        source: AudioSource,
        spool: SpoolWriter,
        listener: Callable[[Notice], None],
        options: at.Options | None = None,
        *,
        clock: Clock = SYSTEM,
    ) -> None:
        self._source = source
        self._spool = spool
        self._listener = listener
        self._session = at.CaptureSession(replace(options or at.Options(), live=source.live))
        self._clock = clock
        self._meter = LevelMeter(SAMPLE_RATE)
        # Of all queues this one never blocks the writer, which may be the audio thread.
        self._inbox: queue.SimpleQueue[at.Event | None] = queue.SimpleQueue()
        self._dropped = 0
        self._finished: at.Finished | None = None
        self._start = spool.length  # bytes; a recovered spool may hold an earlier part
        self._spool_error: SpoolError | None = None

    @property
    def state(self) -> at.State:
        return self._session.state

    def stop(self) -> None:
        """End the recording as a person does who has spoken."""
        self._inbox.put(at.Stop(self._clock.monotonic()))

    def trigger(self) -> None:
        """Begin to keep sound, where the options wait for it."""
        self._inbox.put(at.Trigger())

    def cancel(self) -> None:
        """End the recording at once; what is in the spool stays there."""
        self._inbox.put(at.Cancel())

    def run(self) -> at.Finished:
        """Record until it is over. The spool is closed, and durable, when this returns.

        Raises nothing of its own: what goes wrong is in the reason and message of the result. An
        exception of the listener ends the recording and comes out, with the source and spool closed.
        """
        try:
            self._feed(at.Begin(self._clock.monotonic()))
            while self._finished is None:
                self._turn()
            return self._finished
        finally:
            self._source.close()
            if self._finished is None:
                self._spool.close()

    def _turn(self) -> None:
        event: at.Event | None = None
        with contextlib.suppress(queue.Empty):
            event = self._inbox.get(timeout=_TICK_SECONDS)
        self._take_sound()
        if event is not None:
            self._feed(event)
        self._feed(at.Tick(self._clock.monotonic()))

    def _take_sound(self) -> None:
        ending = self._source.ending()  # asked first: what arrived before the end is read after it
        dropped = self._source.dropped
        pcm = self._source.read()
        if pcm:
            for level in self._meter.measure(pcm):
                self._listener(level)
            self._feed(at.Sound(pcm, self._clock.monotonic()))
        if dropped > self._dropped:
            self._feed(at.Dropped((dropped - self._dropped) // SAMPLE_BYTES))
            self._dropped = dropped
        if ending is not None:
            self._feed(at.SourceEnded(ending.lost, ending.reason + "."))

    def _feed(self, event: at.Event) -> None:
        for effect in self._session.handle(event):
            self._apply(effect)

    def _apply(self, effect: at.Effect) -> None:
        match effect:
            case at.OpenSource():
                self._open()
            case at.CloseSource():
                self._source.close()
            case at.Keep(_, pcm):
                try:
                    self._spool.append(pcm)
                except SpoolError as error:
                    self._spool_error = error
                    full = isinstance(error, SpoolFullError)
                    self._feed(at.SpoolFailed(full, error.message, self._kept()))
                else:
                    self._listener(effect)
            case at.Finished():
                self._finish(effect)
            case _:
                self._listener(effect)

    def _open(self) -> None:
        try:
            self._source.open(lambda: self._inbox.put(None))
        except CaptureError as error:
            self._feed(at.OpenFailed(error.message))

    def _finish(self, finished: at.Finished) -> None:
        self._listener(Ended(finished))
        try:
            self._spool.close()
        except SpoolError as error:
            self._spool_error = self._spool_error or error
        if self._spool_error is not None:
            # The last piece of a recording that was ending anyway may be the one that the disk refused.
            full = isinstance(self._spool_error, SpoolFullError)
            reason = at.Reason.SPOOL_FULL if full else at.Reason.SPOOL_FAILED
            finished = at.Finished(reason, self._kept(), self._spool_error.message)
        self._finished = finished
        self._listener(finished)

    def _kept(self) -> int:
        return (self._spool.length - self._start) // SAMPLE_BYTES
