"""The audio worker: files to spools, sound to spools, spools to FLAC, and where speech is in them.

What is captured is in the spool before anything else happens to it; capturing never waits for
whoever listens.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import Any

import numpy as np

from garret.base.errors import GarretError
from garret.features.dictate import contracts as c
from garret.features.dictate.audio import flac, spool
from garret.features.dictate.audio.decode import decode
from garret.features.dictate.audio.segments import SegmentFinder, segments_of
from garret.features.dictate.capture import session
from garret.features.dictate.capture.level import Level
from garret.features.dictate.capture.microphone import Microphone, microphones
from garret.features.dictate.capture.recorder import Notice, Recorder
from garret.features.dictate.capture.source import AudioSource, PushSource
from garret.features.dictate.capture.spool import SpoolWriter
from garret.features.dictate.endpoint import Event, SpeechEnd, SpeechStart
from garret.protocol.life import Boot
from garret.worker.call import Call
from garret.worker.harness import Handlers


def decode_file(command: c.DecodeAudio, call: Call) -> c.AudioInfo:
    """Decode to the spool and tell each stretch of speech as soon as it is certain."""
    source, target = call.descriptors
    writer = spool.SpoolWriter(target)
    finder = SegmentFinder()

    def take(pcm: bytes) -> None:
        writer.write(pcm)
        _tell(call, finder.accept(np.frombuffer(pcm, "<i2")))

    info = decode(
        source,
        take,
        name=command.name,
        limit_seconds=command.limit_seconds,
        cancelled=call.cancelled,
        progress=lambda seconds: None,
    )
    _tell(call, finder.finish())
    return c.AudioInfo(
        container=info.container,
        codec=info.codec,
        sample_rate=info.sample_rate,
        channels=info.channels,
        seconds=spool.samples_in(target) / spool.SAMPLE_RATE,
        truncated=info.truncated,
    )


def _tell(call: Call, events: list[Event]) -> None:
    for event in events:
        if isinstance(event, SpeechEnd):
            call.emit(c.SpeechSegment(start=event.start, end=event.end))


class _Listener:
    """Turns what the recorder tells into items for the caller, without ever holding the recorder up."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._finder = SegmentFinder()
        self._waiting: deque[c.CaptureItem] = deque()
        self._durable = 0
        self.finished: session.Finished | None = None

    def hear_again(self, samples: spool.Samples) -> None:
        """Take up what is in the spool already, before anything new."""
        self._durable += len(samples)
        self._speech(self._finder.accept(samples))

    def hear(self, notice: Notice) -> None:
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
            case session.Tail(samples):
                self._speech(self._finder.accept(np.zeros(samples, np.int16)))
            case session.Finished():
                self._speech(self._finder.finish())
                self.finished = notice
            case _:
                return
        self._flush()

    def _speech(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, SpeechStart):
                self._waiting.append(c.CaptureItem(kind="speech_start", start=event.at))
            else:
                end = min(event.end, self._durable)
                item = c.CaptureItem(kind="speech_end", start=event.start, end=end, durable=self._durable)
                self._waiting.append(item)

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


def capture(command: c.Capture, call: Call) -> c.Captured:
    """Record until the input stream ends; see `contracts.Capture`."""
    push = PushSource("pushed audio") if command.source == "push" else None
    source: AudioSource = push if push is not None else Microphone(command.device)
    writer = SpoolWriter(os.dup(call.descriptors[0]))
    listener = _Listener(call)
    if command.again:
        start = spool.samples_in(call.descriptors[0]) - command.again
        listener.hear_again(spool.read(call.descriptors[0], max(start, 0), command.again))
    recorder = Recorder(source, writer, listener.hear)
    threading.Thread(target=_feed, args=(call, push, recorder), name="inputs", daemon=True).start()
    finished = recorder.run()
    call.check()
    listener.drain()
    wanted = finished.reason in (session.Reason.STOPPED, session.Reason.SOURCE_ENDED)
    return c.Captured(samples=finished.samples, problem="" if wanted else finished.message)


def _feed(call: Call, push: PushSource | None, recorder: Recorder) -> None:
    """Pass the input stream on; its end, or a cancel, ends the recording."""
    room = threading.Event()
    try:
        for chunk in call.inputs():
            data = chunk.data
            while push is not None and data:
                taken = push.push(data)
                data = data[taken:]
                if data:
                    call.check()
                    room.wait(0.01)  # the recorder drains the ring many times a second
        if push is not None:
            push.finish()
        else:
            recorder.stop()
    except GarretError:  # cancelled, past its deadline, or the control plane is gone
        recorder.cancel()


def rescue(command: c.Rescue, call: Call) -> c.Rescued:
    """Find the speech in a spool that nobody finished."""
    del command
    descriptor = call.descriptors[0]
    found = segments_of(descriptor, cancelled=call.cancelled)
    segments = tuple(c.SpeechSegment(start=each.start, end=each.end) for each in found)
    return c.Rescued(samples=spool.samples_in(descriptor), segments=segments)


def encode(command: c.EncodeAudio, call: Call) -> c.Encoded:
    """Encode a spool as FLAC, losslessly."""
    del command
    source, target = call.descriptors
    flac.encode(source, target, cancelled=call.cancelled)
    return c.Encoded(bytes=os.fstat(target).st_size)


def list_devices(command: c.ListDevices, call: Call) -> c.Devices:
    """The microphones that are there now."""
    del command, call
    found = microphones()
    return c.Devices(devices=tuple(c.Device(id=each.id, name=each.name, kind="microphone") for each in found))


def build(boot: Boot) -> Handlers:
    """Nothing is loaded before it is needed but the libraries themselves."""
    del boot
    handlers: dict[Any, Any] = {
        c.DecodeAudio: decode_file,
        c.Capture: capture,
        c.Rescue: rescue,
        c.EncodeAudio: encode,
        c.ListDevices: list_devices,
    }
    return Handlers(handlers)
