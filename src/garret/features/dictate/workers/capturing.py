"""Recording in a worker: a source into the spool, and what happens there as items for the caller.

What is captured is in the spool before anything else happens to it; capturing never waits for whoever
listens. Neighbours: the audio and the microphone worker record with it, `capture/` does the work.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from garret.base.errors import GarretError
from garret.features.dictate import contracts as c
from garret.features.dictate.audio import spool
from garret.features.dictate.audio.segments import SegmentFinder
from garret.features.dictate.capture import session
from garret.features.dictate.capture.errors import NoMicrophoneError
from garret.features.dictate.capture.level import Level
from garret.features.dictate.capture.recorder import Ended, Notice, Recorder
from garret.features.dictate.capture.source import AudioSource
from garret.features.dictate.capture.spool import SpoolWriter
from garret.features.dictate.endpoint import Event, SpeechPause, SpeechResume, SpeechStart
from garret.worker.call import Call


class Listener:
    """Turns what the recorder tells into items for the caller, without ever holding the recorder up."""

    def __init__(self, call: Call, again: spool.Samples) -> None:
        """`again` is what is in the spool already and has to be searched before anything new."""
        self._call = call
        self._finder = SegmentFinder()
        self._again: spool.Samples | None = again
        self._waiting: deque[c.CaptureItem] = deque()
        self._durable = 0
        self.finished: session.Finished | None = None

    def _hear_again(self, samples: spool.Samples) -> None:
        self._again = None
        self._durable += len(samples)
        self._speech(self._finder.accept(samples))

    def hear(self, notice: Notice) -> None:
        if self._again is not None:
            # Only now, when the source is open: searching a second takes about 40 ms, and what sounds
            # meanwhile waits in the source's ring.
            self._hear_again(self._again)
        match notice:
            case session.Keep(_, pcm):
                self._durable += len(pcm) // spool.SAMPLE_BYTES
                self._speech(self._finder.accept(np.frombuffer(pcm, "<i2")))
                self._latest(c.CaptureItem(kind="durable", durable=self._durable))
            case Level():
                self._latest(c.CaptureItem(kind="level", level=notice.rms))
            case session.Listening():
                self._waiting.append(c.CaptureItem(kind="state", state="listening"))
            case session.Muted():
                self._waiting.append(c.CaptureItem(kind="state", state="muted"))
            case Ended(finished):
                # Told before the disk has the last piece: the engine need not wait for that.
                self._speech(self._finder.finish())
                item = c.CaptureItem(kind="state", state="ended", problem=problem_of(finished))
                self._waiting.append(item)
            case session.Finished():
                self.finished = notice
            case _:
                return
        self._flush()

    def _speech(self, events: list[Event]) -> None:
        self._waiting.extend(self._item(event) for event in events)

    def _item(self, event: Event) -> c.CaptureItem:
        match event:
            case SpeechStart(at):
                return c.CaptureItem(kind="speech_start", start=at)
            case SpeechPause(end):
                return c.CaptureItem(kind="speech_pause", end=end, durable=self._durable)
            case SpeechResume():
                return c.CaptureItem(kind="speech_resume")
            case _:
                end = min(event.end, self._durable)
                return c.CaptureItem(
                    kind="speech_end", start=event.start, end=end, cut=event.cut, durable=self._durable
                )

    def _latest(self, item: c.CaptureItem) -> None:
        """Queue an item of which only the newest matters."""
        if self._waiting and self._waiting[-1].kind == item.kind:
            self._waiting[-1] = item
        else:
            self._waiting.append(item)

    def _flush(self) -> None:
        while self._waiting and self._call.emit_nowait(self._waiting[0]):
            self._waiting.popleft()

    def drain(self) -> None:
        """Tell all that is left, waiting for the caller."""
        while self._waiting:
            self._call.emit(self._waiting.popleft())


def record(source: AudioSource, call: Call, again: int, watch: Callable[[Recorder], None]) -> c.Captured:
    """Record `source` into the spool, the call's descriptor, until it or `watch` ends it.

    `watch` follows the caller's input stream on a thread of its own. The last `again` samples of the
    spool are searched for speech anew. Raises NoMicrophoneError where nothing could be recorded at all.
    """
    descriptor = call.descriptors[0]
    writer = SpoolWriter(os.dup(descriptor))
    start = max(spool.samples_in(descriptor) - again, 0)
    listener = Listener(call, spool.read(descriptor, start, again))
    recorder = Recorder(source, writer, listener.hear)
    watching = threading.Thread(target=_watch, args=(watch, recorder), name="inputs", daemon=True)
    watching.start()
    finished = recorder.run()
    call.check()
    listener.drain()
    if finished.reason is session.Reason.NO_SOURCE:
        # A person has to do something first; the job that asked must not try again by itself.
        raise NoMicrophoneError(finished.message, retryable=False)
    return c.Captured(samples=finished.samples, problem=problem_of(finished))


def problem_of(finished: session.Finished) -> str:
    """Why a recording ended, where that was nobody's wish."""
    wanted = finished.reason in (session.Reason.STOPPED, session.Reason.SOURCE_ENDED)
    return "" if wanted else finished.message


def _watch(watch: Callable[[Recorder], None], recorder: Recorder) -> None:
    try:
        watch(recorder)
    except GarretError:  # cancelled, past its deadline, or the control plane is gone
        recorder.cancel()
