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
from garret.features.dictate.audio.decode import AudioInfo, decode
from garret.features.dictate.audio.segments import SegmentFinder, segments_of
from garret.features.dictate.capture.source import PushSource
from garret.features.dictate.endpoint import EndpointerOptions, Event, SpeechEnd
from garret.features.dictate.workers import capturing
from garret.protocol.life import Boot
from garret.worker.call import Call
from garret.worker.harness import Handlers

_FAINT = EndpointerOptions(onset=0.12, offset=0.08)
"""For where no speech stands out. Measured: speech 9 dB below noise gives 0.15 to 0.3 for some frames in a
row; minutes of noise, hum, breath, clicks and music more than 0.1 for single frames at most."""

_SILENT = 32.0  # RMS: -60 dBFS


def decode_file(command: c.DecodeAudio, call: Call) -> c.AudioInfo:
    """Decode to the spool and tell each stretch of speech as soon as it is certain.

    Where nobody speaks in the track that a file marks as default, its others are tried.
    """
    first, found = _decode_track(command, call, command.track)
    if found or command.track or first.tracks == 1:
        faint = [] if found else _find_faint(call)
        return _told(call, first, [*_of_tracks(first, command.track, first.track), *faint])
    for track in range(1, first.tracks + 1):
        if track != first.track:
            info, found = _decode_track(command, call, track)
            if found:
                return _told(call, info, _of_tracks(info, 0, first.track))
    info, _ = _decode_track(command, call, first.track)
    none = _note("track", f"In none of the {info.tracks} sound tracks speech stands out.")
    return _told(call, info, [none, *_find_faint(call)])


def _decode_track(command: c.DecodeAudio, call: Call, track: int) -> tuple[AudioInfo, bool]:
    """Decode one track to the beginning of the spool, and whether there is speech in it."""
    source, target = call.descriptors
    os.ftruncate(target, 0)
    os.lseek(target, 0, os.SEEK_SET)
    writer = spool.SpoolWriter(target)
    finder = SegmentFinder()
    found = 0

    def take(pcm: bytes) -> None:
        nonlocal found
        writer.write(pcm)
        found += _tell(call, finder.accept(np.frombuffer(pcm, "<i2")))

    info = decode(
        source,
        take,
        name=command.name,
        limit_seconds=command.limit_seconds,
        cancelled=call.cancelled,
        track=track,
    )
    found += _tell(call, finder.finish())
    return info, found > 0


def _find_faint(call: Call) -> list[c.Note]:
    """Look once more where no speech stood out: tell what may be some under noise, and remark on it."""
    target = call.descriptors[1]
    found = [_segment(end) for end in segments_of(target, _FAINT, cancelled=call.cancelled)]
    call.emit_many(found)
    if found:
        return [
            c.Note(
                kind="noise",
                sentence="Speech is faint or under noise there: words may be missing or wrong.",
                start=found[0].start / spool.SAMPLE_RATE,
                end=found[-1].end / spool.SAMPLE_RATE,
            )
        ]
    if _is_silent(call):
        return [_note("speech", "The recording is silent from its beginning to its end.")]
    return [_note("noise", "It is not silent: what may be said under its noise was not understood.")]


def _is_silent(call: Call) -> bool:
    """Whether no second of the spool is louder than what a microphone hears in an empty room."""
    for block in spool.blocks(call.descriptors[1]):
        call.check()
        if float(np.sqrt(np.mean(np.square(block, dtype=np.float64)))) > _SILENT:
            return False
    return True


def _of_tracks(info: AudioInfo, asked: int, default: int) -> list[c.Note]:
    """What is to be told of the choice among several tracks."""
    if info.tracks == 1 or asked:
        return []
    others = f"The file has {info.tracks} sound tracks; "
    if info.track == default:
        return [_note("track", f"{others}number {info.track} was taken. `--track N` takes another.")]
    sentence = f"{others}nobody speaks in number {default}, so number {info.track} was taken. `--track N` "
    return [_note("track", f"{sentence}takes another.")]


def _note(kind: str, sentence: str) -> c.Note:
    return c.Note(kind=kind, sentence=sentence)


def _told(call: Call, info: AudioInfo, notes: list[c.Note]) -> c.AudioInfo:
    return c.AudioInfo(
        container=info.container,
        codec=info.codec,
        sample_rate=info.sample_rate,
        channels=info.channels,
        seconds=spool.samples_in(call.descriptors[1]) / spool.SAMPLE_RATE,
        truncated=info.truncated,
        notes=(*notes, *info.notes),
    )


def _tell(call: Call, events: list[Event]) -> int:
    """Tell of speech that has ended; of how many stretches."""
    ends = [_segment(event) for event in events if isinstance(event, SpeechEnd)]
    call.emit_many(ends)
    return len(ends)


def _segment(end: SpeechEnd) -> c.SpeechSegment:
    return c.SpeechSegment(start=end.start, end=end.end, cut=end.cut)


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
