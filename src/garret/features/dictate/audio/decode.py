"""Decoding any file a person has into the internal form: mono, 16 kHz, 16-bit, streamed to a sink.

WAV, FLAC, MP3, OGG (Vorbis, Opus), AIFF, CAF and more by libsndfile; MP4/M4A, AAC, WebM and WMA by PyAV,
which is an optional extra. Memory is bounded whatever the length. A file that ends too early is not an
error: what could be decoded is kept and the result says `truncated`. What libsndfile cannot tell (an
MP3 of constant rate without a frame count simply ends) is not marked.

Neighbours: `source` reads, `pipeline` resamples, `wav` serves pipes; the sink is a `spool.SpoolWriter`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np
import soundfile

from garret.base.installing import install_command
from garret.features.dictate.audio.errors import (
    CodecMissingError,
    EmptyAudioError,
    NotAudioError,
    SourceFailedError,
)
from garret.features.dictate.audio.pipeline import Pipeline, Sink, too_long
from garret.features.dictate.audio.source import Source, container_for_av, is_seekable
from garret.features.dictate.audio.wav import PcmFormat, WavStreamParser, declared_data, to_float

if TYPE_CHECKING:
    import av.container

DEFAULT_LIMIT_SECONDS = 12 * 3600.0
"""A working day with room to spare, 1.4 GB of spool. Longer files are refused, never cut."""

_BLOCK_SAMPLES = 65_536  # of all channels together: 256 kB of float32
_PIPE_BYTES = 65_536
_LEAST_BYTES_PER_SECOND = 400  # no speech codec goes lower; a header claiming less is not believed
_OGG_TAIL = 65_536  # the largest Ogg page is 65,307 bytes (RFC 3533)


class AudioInfo(msgspec.Struct, frozen=True):
    """What a source was: container and codec by name, rate in Hz, channels, seconds decoded.

    `truncated` means the source ended before its own header said it would.
    """

    container: str
    codec: str
    sample_rate: int
    channels: int
    seconds: float
    truncated: bool = False


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
) -> AudioInfo:
    """Decode `source_fd` into `sink` (PCM in the internal form, a block at a time).

    `name` is what messages call the source. `cancelled` is asked and `progress` told (seconds decoded)
    about every 64k samples. A pipe or socket is read as a WAV stream. What the sink has taken is kept
    whatever is raised: EmptyAudioError, NotAudioError, UnsupportedAudioError, TooLongError,
    SourceFailedError, CodecMissingError, CancelledError, or the sink's own error.
    """
    if not is_seekable(source_fd):
        return decode_wav_stream(
            source_fd, sink, name=name, limit_seconds=limit_seconds, cancelled=cancelled, progress=progress
        )
    source = Source(source_fd, name)

    def pipeline(sample_rate: int) -> Pipeline:
        return Pipeline(
            sink, sample_rate, name=name, limit_seconds=limit_seconds, cancelled=cancelled, progress=progress
        )

    if (kind := container_for_av(source.head)) is not None:
        return _decode_with_av(source, kind, pipeline)
    return _decode_with_soundfile(source, pipeline, limit_seconds)


_MakePipeline = Callable[[int], Pipeline]


def _decode_with_soundfile(source: Source, pipeline: _MakePipeline, limit_seconds: float) -> AudioInfo:
    try:
        opened: Any = soundfile.SoundFile(cast(Any, source))  # all it calls is read, seek and tell
    except (soundfile.LibsndfileError, RuntimeError, TypeError) as error:
        source.check()
        raise NotAudioError(
            f"{source.name} is not a recording that can be read ({_reason(error)}). Nothing was decoded."
        ) from error
    with opened as file:
        layout = PcmFormat(file.samplerate, file.channels, 16)  # refuses absurd rates and channel counts
        declared = file.frames / file.samplerate
        if declared > limit_seconds and source.size / declared >= _LEAST_BYTES_PER_SECOND:
            raise too_long(source.name, limit_seconds, 0.0, declared)
        flow = pipeline(layout.sample_rate)
        broken = _copy_frames(file, flow, max(1, _BLOCK_SAMPLES // layout.channels))
        flow.finish()
        source.check(flow.seconds)
        if flow.frames == 0:
            raise EmptyAudioError(f"{source.name} holds no sound: there is nothing to transcribe.")
        return AudioInfo(
            container=file.format,
            codec=file.subtype,
            sample_rate=layout.sample_rate,
            channels=layout.channels,
            seconds=flow.seconds,
            truncated=broken or _is_short(source, file.format, file.frames, flow.frames),
        )


def _reason(error: Exception) -> str:
    text = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return str(text).strip().rstrip(".") or type(error).__name__


def _copy_frames(file: Any, flow: Pipeline, frames: int) -> bool:
    """Read to the end; return whether the decoder gave up on damaged data."""
    block = np.empty((frames, file.channels), np.float32)
    while True:
        block.fill(np.nan)
        try:
            got = len(file.read(out=block))
        except (soundfile.LibsndfileError, RuntimeError):
            # The call does not tell how much it decoded before it failed; what it wrote is no longer NaN.
            written = np.flatnonzero(~np.isnan(block[:, 0]))
            if len(written):
                flow.push(block[: int(written[-1]) + 1])
            return True
        if not got:
            return False
        flow.push(block[:got])


def _is_short(source: Source, container: str, declared_frames: int, frames: int) -> bool:
    if frames < declared_frames:
        return True
    if container in ("WAV", "WAVEX", "RF64", "AIFF"):
        return source.size < _declared_size(source.head)  # libsndfile trims the declared size to the file
    if container == "OGG":
        tail = source.last(_OGG_TAIL)
        page = tail.rfind(b"OggS")
        return page < 0 or page + 5 >= len(tail) or not tail[page + 5] & 0x04  # RFC 3533: end-of-stream flag
    return False


def _declared_size(head: bytes) -> int:
    """Bytes the file must have by its header; 0 where that is "until the end", as a pipe writes it."""
    if head[:4] == b"FORM":
        return int.from_bytes(head[4:8], "big") + 8
    if (data := declared_data(head)) is not None:
        return data
    size = int.from_bytes(head[4:8], "little")
    return 0 if head[:4] != b"RIFF" or size in (0, 0xFFFF_FFFF) else size + 8


@contextmanager
def _av_container(source: Source, kind: str) -> Generator[av.container.InputContainer]:
    try:
        import av
        import av.error
    except ImportError as error:
        raise CodecMissingError(
            f"{source.name} is {kind}, which needs an extra decoder. Nothing was decoded. "
            f"`{install_command('av')}` installs it.",
            details={"extra": "m4a", "container": kind},
        ) from error
    try:
        container = av.open(source, mode="r", metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError, OSError) as error:
        source.check()
        raise NotAudioError(
            f"{source.name} looks like {kind} but cannot be read ({_reason(error)}). "
            "If it is the beginning of a longer file, its index is missing. Nothing was decoded."
        ) from error
    with container:
        yield container


def _decode_with_av(source: Source, kind: str, pipeline: _MakePipeline) -> AudioInfo:
    with _av_container(source, kind) as container:
        if not container.streams.audio:
            raise NotAudioError(f"{source.name} has no sound track. Nothing was decoded.")
        stream = container.streams.audio[0]
        layout = PcmFormat(stream.codec_context.sample_rate or 0, stream.codec_context.channels or 0, 16)
        flow = pipeline(layout.sample_rate)
        broken = _copy_av_frames(container, flow, layout)
        flow.finish()
        source.check(flow.seconds)
        if flow.frames == 0:
            if broken:
                raise NotAudioError(f"{source.name} is damaged: none of its sound could be decoded.")
            raise EmptyAudioError(f"{source.name} holds no sound: there is nothing to transcribe.")
        return AudioInfo(
            container=container.format.name,
            codec=stream.codec_context.name,
            sample_rate=layout.sample_rate,
            channels=layout.channels,
            seconds=flow.seconds,
            # encoders pad and prime by up to some frames; half a second is beyond all of them
            truncated=broken or flow.seconds < _declared_av_seconds(container) - 0.5,
        )


def _declared_av_seconds(container: av.container.InputContainer) -> float:
    stream = container.streams.audio[0]
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1_000_000  # AV_TIME_BASE


def _copy_av_frames(container: av.container.InputContainer, flow: Pipeline, layout: PcmFormat) -> bool:
    import av
    import av.error

    resampler = av.AudioResampler(
        format="fltp", layout="mono" if layout.channels == 1 else None, rate=layout.sample_rate
    )
    frames = container.decode(audio=0)
    while True:
        try:
            frame = next(frames, None)
        except av.error.FFmpegError:
            return True
        for part in resampler.resample(frame):  # None lets out what it still holds
            flow.push(np.ascontiguousarray(part.to_ndarray().T, dtype=np.float32))
        if frame is None:
            return False


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
