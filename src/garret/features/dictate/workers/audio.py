"""The audio worker: files to spools, pushed sound to spools, spools to FLAC, and where speech is in them.

It reads what others made, so that it is the one that may touch least; devices have a worker of their own.
Neighbours: `capturing.py` records, `microphone.py` is the worker that reaches devices.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from garret.features.dictate import contracts as c
from garret.features.dictate.audio import flac, spool
from garret.features.dictate.audio.decode import decode
from garret.features.dictate.audio.segments import SegmentFinder, segments_of
from garret.features.dictate.capture.source import PushSource
from garret.features.dictate.endpoint import Event, SpeechEnd
from garret.features.dictate.workers import capturing
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
    ends = (event for event in events if isinstance(event, SpeechEnd))
    call.emit_many(c.SpeechSegment(start=end.start, end=end.end, cut=end.cut) for end in ends)


def capture(command: c.Capture, call: Call) -> c.Captured:
    """Record what the client pushes until it ends its stream; see `contracts.Capture`."""
    source = PushSource("pushed audio")

    def feed() -> None:
        room = threading.Event()
        for chunk in call.inputs():
            data = chunk.data
            while data:
                data = data[source.push(data) :]
                if data:
                    call.check()
                    room.wait(0.01)  # the recorder drains the ring many times a second
        source.finish()

    return capturing.record(source, call, command.again, lambda recorder: feed())


def rescue(command: c.Rescue, call: Call) -> c.Rescued:
    """Find the speech in a spool that nobody finished."""
    descriptor = call.descriptors[0]
    found = segments_of(descriptor, upto=command.upto or None, cancelled=call.cancelled)
    segments = tuple(c.SpeechSegment(start=each.start, end=each.end, cut=each.cut) for each in found)
    return c.Rescued(samples=spool.samples_in(descriptor), segments=segments)


def encode(command: c.EncodeAudio, call: Call) -> c.Encoded:
    """Encode a spool as FLAC, losslessly."""
    del command
    source, target = call.descriptors
    flac.encode(source, target, cancelled=call.cancelled)
    return c.Encoded(bytes=os.fstat(target).st_size)


def build(boot: Boot) -> Handlers:
    """Nothing is loaded before it is needed but the libraries themselves."""
    del boot
    handlers: dict[Any, Any] = {
        c.DecodeAudio: decode_file,
        c.Capture: capture,
        c.Rescue: rescue,
        c.EncodeAudio: encode,
    }
    return Handlers(handlers)
