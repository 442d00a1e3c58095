"""Decoding any file a person has into the internal form: mono, 16 kHz, 16-bit, streamed to a sink.

WAV, FLAC, MP3, OGG (Vorbis, Opus), AIFF, CAF and more by libsndfile; all else by PyAV, which is optional
and, where it is there, is tried with whatever libsndfile does not know. Memory is bounded whatever the
length. Damage and an early end are no errors: what can be decoded is, at its right time, and the result
says what is missing. What cannot be told (an MP3 of constant rate that ends between two frames) is not.

Neighbours: `sections` cuts what libsndfile would read wrongly, `media` is PyAV's side, `pipeline`
resamples, `wav` serves pipes; the sink is a `spool.SpoolWriter`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np

from garret.base.errors import CancelledError
from garret.features.dictate.audio import kinds, media
from garret.features.dictate.audio.defects import Defects
from garret.features.dictate.audio.endings import ends_early
from garret.features.dictate.audio.errors import (
    AudioError,
    EmptyAudioError,
    NotAudioError,
    SourceFailedError,
)
from garret.features.dictate.audio.flac_frames import behind, frame_samples
from garret.features.dictate.audio.pipeline import Mixer, Pipeline, Sink, too_long
from garret.features.dictate.audio.remarks import Remarks, clock
from garret.features.dictate.audio.sections import Plan, Section, plan
from garret.features.dictate.audio.source import Source, is_seekable
from garret.features.dictate.audio.streamed import OPENING_ERRORS, READING_ERRORS, open_forwards
from garret.features.dictate.audio.wav import PcmFormat, WavStreamParser, to_float
from garret.features.dictate.contracts.notes import Note

DEFAULT_LIMIT_SECONDS = 12 * 3600.0
"""A working day with room to spare, 1.4 GB of spool. Longer files are refused, never cut."""

_BLOCK_SAMPLES = 65_536  # of all channels together: 256 kB of float32
_PIPE_BYTES = 65_536
_LEAST_BYTES_PER_SECOND = 400  # no speech codec goes lower; a header claiming less is not believed
_MOST_ERRORS = 500
"""Frames in a row that cannot be decoded: then nothing more is expected of the file."""
_CODED_IN_WAVE = ("MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")
_CODED = 0.15  # seconds: encoders count the frames by which a codec is late, decoders leave them out
_ONE_FRAME = 0.001  # seconds; less than a frame of anything that has frames


class AudioInfo(msgspec.Struct, frozen=True):
    """What a source was: container and codec by name, rate in Hz, channels, seconds decoded.

    `truncated` means the source ended before its own header said it would. `notes` are the remarks on it,
    by their time. Of its `tracks` number `track` was decoded; both count from 1.
    """

    container: str
    codec: str
    sample_rate: int
    channels: int
    seconds: float
    truncated: bool = False
    notes: tuple[Note, ...] = ()
    track: int = 1
    tracks: int = 1


def _never() -> bool:
    return False


def _ignore(_: float) -> None:
    return None


def decode(
    source_fd: int,
    sink: Sink,
    *,
    name: str = "the recording",
    limit_seconds: float = DEFAULT_LIMIT_SECONDS,
    cancelled: Callable[[], bool] = _never,
    progress: Callable[[float], None] = _ignore,
    track: int = 0,
) -> AudioInfo:
    """Decode `source_fd` into `sink` (PCM in the internal form, a block at a time).

    `name` is what messages call the source. `cancelled` is asked and `progress` told (seconds decoded)
    about every 64k samples. `track` of a file with several is counted from 1; 0 is the one that the file
    marks as default. A pipe or socket is read as a WAV stream. What the sink has taken is kept
    whatever is raised: EmptyAudioError, NotAudioError, UnsupportedAudioError, TooLongError,
    SourceFailedError, CodecMissingError, TrackMissingError, CancelledError, or the sink's own error.
    """
    if not is_seekable(source_fd):
        return decode_wav_stream(
            source_fd, sink, name=name, limit_seconds=limit_seconds, cancelled=cancelled, progress=progress
        )
    return _Decoding(Source(source_fd, name), sink, limit_seconds, cancelled, progress).run(track)


class _Decoding:
    """One file on its way to the sink."""

    def __init__(
        self,
        source: Source,
        sink: Sink,
        limit_seconds: float,
        cancelled: Callable[[], bool],
        progress: Callable[[float], None],
    ) -> None:
        self._source = source
        self._sink = sink
        self._limit = limit_seconds
        self._cancelled = cancelled
        self._progress = progress
        self._remarks = Remarks()
        self._mixer = Mixer()
        self._defects = Defects()
        self._seconds = 0.0
        self._frames = 0
        self._part = 0.0  # seconds at which the part of the file began that sections are placed in
        self._lost_end = False  # whether damage came last, with nothing behind it that could be decoded
        self._flow: Pipeline | None = None
        self._info: AudioInfo | None = None

    def run(self, track: int) -> AudioInfo:
        """Decode it; see `decode`."""
        kind = kinds.media_kind(self._source.head)
        if not kind:
            made = plan(self._source, self._remarks, self._cancelled)
            self._source.check()
            if self._cancelled():  # what was looked at in part tells nothing
                raise CancelledError(f"Decoding {self._source.name} was cancelled.")
            if made is None:
                kind = "Ogg"
            else:
                try:
                    return self._by_libsndfile(made, track)
                except _NotForLibsndfile as error:
                    if not media.there():
                        self._source.check()
                        raise NotAudioError(
                            f"{self._source.name} is not a recording that can be read ({error}). Nothing was "
                            f"decoded. If it is one of another kind, {media.INSTALL} adds what reads most."
                        ) from error
        return self._by_media_library(kind, track)

    def _pipeline(self, sample_rate: int) -> Pipeline:
        return Pipeline(
            self._sink,
            sample_rate,
            name=self._source.name,
            limit_seconds=self._limit,
            cancelled=self._cancelled,
            progress=self._progress,
            mixer=self._mixer,
            defects=self._defects,
            before=self._seconds,
        )

    def _flowing(self, sample_rate: int) -> Pipeline:
        """The pipeline of the last section, so that no join is heard where nothing is missing."""
        if self._flow is None or self._flow.sample_rate != sample_rate:
            if self._flow is not None:
                self._flow.finish()
            self._flow = self._pipeline(sample_rate)
        return self._flow

    # ---- by libsndfile

    def _by_libsndfile(self, made: Plan, track: int) -> AudioInfo:
        declared = 0.0
        for number, section in enumerate(made.sections):
            try:
                declared += self._decode_section(section)
            except _NotForLibsndfile:
                if number == 0 or self._info is None:
                    raise
                self._remarks.damaged(self._seconds, self._seconds)
            if track > 1:
                raise media.no_such_track(self._source.name, track, 1)
        if self._flow is not None:
            self._flow.finish()
        self._source.check(self._seconds)
        if self._info is None or self._frames == 0:
            raise EmptyAudioError(f"{self._source.name} holds no sound: there is nothing to transcribe.")
        slack = _CODED if self._info.codec in _CODED_IN_WAVE else _ONE_FRAME
        short = made.short
        if short is None:
            short = self._seconds < declared - slack or ends_early(self._source)
        return self._result(self._info, short=short or self._lost_end)

    def _decode_section(self, section: Section) -> float:
        """Decode one, going on behind damage; the seconds that it declares."""
        ended, declared = self._decode_view(section, section.view)
        while ended is not None:  # its decoder gave up in the midst of it
            ended = self._decode_behind(section, ended)
        return declared

    def _decode_behind(self, section: Section, damage: _Damage) -> _Damage | None:
        """Go on with the first frame behind the damage that can be decoded; where that ended."""
        for tried, (view, sample) in enumerate(behind(section.view, damage.place, damage.sample)):
            if tried == _MOST_ERRORS:
                break
            at = sample / damage.rate
            before = self._frames
            try:
                ended, _ = self._decode_view(Section(view, first=False, at=at, exact=True), view, single=True)
            except _NotForLibsndfile:
                continue
            if self._frames > before:
                return ended
        self._lost_end = True
        return None

    def _decode_view(
        self, section: Section, view: Source, *, single: bool = False
    ) -> tuple[_Damage | None, float]:
        """Decode what one decoder makes of it: where it gave up, if so, and the seconds that it declares.

        `single`: a frame at a time where the file has such, so that damage costs no more than it hit.
        """
        try:
            opened = open_forwards(view)
        except OPENING_ERRORS as error:
            self._source.check()
            raise _NotForLibsndfile(_reason(error)) from error
        with opened as file:
            layout = PcmFormat(file.samplerate, file.channels, 16)  # refuses absurd rates and channel counts
            declared = file.frames / layout.sample_rate
            self._refuse_long(declared)
            flow = self._flowing(layout.sample_rate)
            broke = self._copy_frames(file, flow, section, _block(view, layout.channels, single=single))
            self._seconds = flow.seconds
            if self._info is None and self._frames:
                self._info = AudioInfo(
                    file.format, file.subtype, layout.sample_rate, layout.channels, flow.seconds
                )
            sample = round((self._seconds - self._part) * layout.sample_rate)
            return _Damage(view.tell(), sample, layout.sample_rate) if broke else None, declared

    def _refuse_long(self, declared: float) -> None:
        if declared > self._limit and self._source.size / declared >= _LEAST_BYTES_PER_SECOND:
            raise too_long(self._source.name, self._limit, 0.0, declared)

    def _place(self, section: Section, flow: Pipeline) -> None:
        """Let silence stand for what is lost before a section."""
        if section.first:
            self._part = self._seconds
        gap = section.gap if section.at is None else self._part + section.at - self._seconds
        if gap > 0:
            start = flow.seconds
            flow.silence(gap)
            self._remarks.damaged(start, flow.seconds)
        elif not section.first and not section.exact:
            self._remarks.damaged(flow.seconds, flow.seconds)
        for start, end in section.doubtful:
            self._remarks.doubtful(self._part + start, self._part + end)

    def _copy_frames(self, file: Any, flow: Pipeline, section: Section, frames: int) -> bool:
        """Read to the end, or to the place where the decoder gives up; whether it did."""
        block = np.empty((frames, file.channels), np.float32)
        # Of FLAC a block with damage in it is read anew, from whole frame to whole frame: the decoder makes
        # silence of some that were hit, leaves out others, and tells neither which nor where.
        in_frames = file.format == "FLAC"
        placed = False
        while True:
            block.fill(np.nan)
            broke = False
            try:
                got = len(file.read(out=block))
            except READING_ERRORS:
                got, broke = 0 if in_frames else _written(block), True
            if got:
                self._lost_end = False
                if not placed:
                    self._place(section, flow)
                placed = True
                flow.push(block[:got])
                self._frames += got
            if broke or not got:
                return broke

    # ---- by PyAV

    def _by_media_library(self, kind: str, track: int) -> AudioInfo:
        found = media.decode(self._source, kind, self._pipeline, self._remarks, track, self._cancelled)
        self._seconds = found.seconds
        info = AudioInfo(
            found.container, found.codec, found.sample_rate, found.channels, found.seconds,
            track=found.track, tracks=found.tracks,
        )  # fmt: skip
        return self._result(info, short=found.short)

    def _result(self, info: AudioInfo, *, short: bool) -> AudioInfo:
        if short:
            self._remarks.breaks_off(self._seconds)
        self._defects.tell(self._remarks, self._seconds)
        if self._mixer.antiphase_from is not None:
            self._remarks.add(
                "channels",
                f"The channels cancel each other out from {clock(self._mixer.antiphase_from)} on; channel "
                f"{self._mixer.channel + 1} alone was taken.",
                self._mixer.antiphase_from,
                self._seconds,
            )
        return msgspec.structs.replace(
            info, seconds=self._seconds, truncated=short, notes=self._remarks.notes()
        )


class _Damage(NamedTuple):
    """Where a decoder gave up: about which byte, at which sample of the part, at how many a second."""

    place: int
    sample: int
    rate: int


def _block(view: Source, channels: int, *, single: bool) -> int:
    """Samples a channel to read at once: of FLAC whole frames, so that damage is known to a frame."""
    most = max(1, _BLOCK_SAMPLES // channels)
    frame = frame_samples(view)
    if not frame:
        return most
    return frame if single else max(frame, most - most % frame)


def _written(block: Any) -> int:
    """How much of a block a call has filled that failed, which does not tell; what it wrote is no NaN."""
    written = np.flatnonzero(~np.isnan(block[:, 0]))
    return int(written[-1]) + 1 if len(written) else 0


class _NotForLibsndfile(AudioError):
    """libsndfile does not know the file; the media library may."""


def _reason(error: Exception) -> str:
    text = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return str(text).strip().rstrip(".") or type(error).__name__


def decode_wav_stream(
    source_fd: int,
    sink: Sink,
    *,
    name: str = "the stream",
    limit_seconds: float = DEFAULT_LIMIT_SECONDS,
    cancelled: Callable[[], bool] = _never,
    progress: Callable[[float], None] = _ignore,
) -> AudioInfo:
    """Decode a WAV that arrives on a pipe. Options and errors as for `decode`."""
    parser = WavStreamParser()
    flow: Pipeline | None = None
    while data := _read_pipe(source_fd, name, flow.seconds if flow else 0.0):
        samples = parser.feed(data)
        if parser.layout is None or not samples:
            continue
        if flow is None:
            flow = Pipeline(
                sink,
                parser.layout.sample_rate,
                name=name,
                limit_seconds=limit_seconds,
                cancelled=cancelled,
                progress=progress,
            )
        flow.push(to_float(samples, parser.layout))
    return _end_stream(parser, flow, name)


def _end_stream(parser: WavStreamParser, flow: Pipeline | None, name: str) -> AudioInfo:
    if not parser.in_data and not parser.started:
        raise EmptyAudioError(f"Nothing arrived on {name}: there is nothing to transcribe.")
    parser.finish()
    if flow is None or parser.layout is None:
        raise EmptyAudioError(f"{name} holds no sound: there is nothing to transcribe.")
    flow.finish()
    return AudioInfo(
        container="WAV",
        codec=f"{'FLOAT' if parser.layout.floating else 'PCM'}_{parser.layout.bits}",
        sample_rate=parser.layout.sample_rate,
        channels=parser.layout.channels,
        seconds=flow.seconds,
        truncated=parser.truncated,
    )


def decode_raw(
    source_fd: int,
    sink: Sink,
    layout: PcmFormat,
    *,
    name: str = "the stream",
    limit_seconds: float = DEFAULT_LIMIT_SECONDS,
    cancelled: Callable[[], bool] = _never,
    progress: Callable[[float], None] = _ignore,
) -> AudioInfo:
    """Decode headerless samples of a known `layout`, file or pipe. Options and errors as for `decode`."""
    flow = Pipeline(
        sink,
        layout.sample_rate,
        name=name,
        limit_seconds=limit_seconds,
        cancelled=cancelled,
        progress=progress,
    )
    rest = b""
    while data := _read_pipe(source_fd, name, flow.seconds):
        rest += data
        whole = len(rest) - len(rest) % layout.frame_bytes
        if whole:
            flow.push(to_float(rest[:whole], layout))
        rest = rest[whole:]
    if flow.frames == 0:
        raise EmptyAudioError(f"{name} holds no sound: there is nothing to transcribe.")
    flow.finish()
    return AudioInfo(
        container="RAW",
        codec=f"{'FLOAT' if layout.floating else 'PCM'}_{layout.bits}",
        sample_rate=layout.sample_rate,
        channels=layout.channels,
        seconds=flow.seconds,
        truncated=bool(rest),
    )


def _read_pipe(fd: int, name: str, kept_seconds: float) -> bytes:
    try:
        return os.read(fd, _PIPE_BYTES)
    except OSError as error:
        raise SourceFailedError(
            f"{name} could not be read: {error.strerror}. "
            f"The first {kept_seconds:.1f} s are kept. Try again.",
            details={"errno": error.errno, "seconds_kept": kept_seconds},
        ) from error
