"""What PyAV decodes: any wrapping that FFmpeg reads, packet by packet, each sample at its own time.

A damaged packet is left out and silence stands for it; so it does for holes in the timestamps and for sound
that begins later than the picture. PyAV is optional: its wheels carry FFmpeg.

Neighbours: `decode` chooses; `pipeline` takes the frames.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from garret.base.installing import way_to_install
from garret.features.dictate.audio import matroska
from garret.features.dictate.audio.endings import ends_early
from garret.features.dictate.audio.errors import (
    CodecMissingError,
    EmptyAudioError,
    NotAudioError,
    TrackMissingError,
    UnsupportedAudioError,
)
from garret.features.dictate.audio.pipeline import Pipeline
from garret.features.dictate.audio.remarks import Remarks
from garret.features.dictate.audio.source import Source
from garret.features.dictate.audio.wav import PcmFormat

if TYPE_CHECKING:
    import av.audio.stream
    import av.container

LIBRARY: Final = "av"
INSTALL: Final = way_to_install("setup-media", LIBRARY)
"""What a person types to get it, in the marks of a command."""

_JITTER: Final = 0.015  # seconds by which times may be off without a meaning: they are rounded to 1 ms, or 11
_EXACT: Final = 0.002
_REMARKED: Final = 0.05  # seconds of a hole that are worth a remark
_BACK: Final = 0.05  # seconds that times may go back before they count as another recording's
_LONGEST_HOLE: Final = 3600.0  # seconds; a longer leap is a clock that was set, and no silence
_ROUNDING: Final = 0.5  # seconds by which what is declared may be off: encoders pad and prime by some frames
_AT_ONCE: Final = 2048
"""FFmpeg reads 1024 bytes at once of a bare stream, and all frames of the last two reads count as torn."""
_TRIES: Final = 200  # damaged places in a row, with nothing between them
_ABSOLUTE: Final = ("mov", "matroska", "avi", "asf")
"""Wrappings whose time begins at 0; that of others, streams, begins with their first packet."""
_DECLARING: Final = (*_ABSOLUTE, "wv", "ape", "tta", "tak", "caf", "apm", "argo_asf", "nut")
"""Wrappings that say how long they are; of others it is estimated."""


class Found(NamedTuple):
    """What was decoded; see `decode.AudioInfo`."""

    container: str
    codec: str
    sample_rate: int
    channels: int
    seconds: float
    short: bool
    track: int
    tracks: int


def there() -> bool:
    """Whether the library is installed."""
    try:
        return find_spec(LIBRARY) is not None
    except ValueError:  # it was tried before, and is not
        return False


@contextmanager
def _container(source: Source, view: Source, kind: str) -> Generator[av.container.InputContainer]:
    try:
        import av
        import av.error
    except ImportError as error:
        raise CodecMissingError(
            f"{source.name} is {kind or 'of another kind'}, which needs a further decoder. Nothing was "
            f"decoded. {INSTALL} installs it.",
            details={"library": LIBRARY, "container": kind},
        ) from error
    view.seek(0)  # where another decoder has looked at it first
    try:
        # What names other files or addresses is not followed: the source is all there is.
        container = av.open(view, mode="r", metadata_errors="ignore", options={"protocol_whitelist": "none"})
    except (av.error.FFmpegError, ValueError, OSError) as error:
        source.check()
        what = f"looks like {kind} but cannot be read" if kind else "is not a recording that can be read"
        hint = " If it is the beginning of a longer file, its index is missing." if kind == "MP4" else ""
        raise NotAudioError(f"{source.name} {what} ({_reason(error)}).{hint} Nothing was decoded.") from error
    with container:
        yield container


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).strip().rstrip(".") or type(error).__name__


def decode(
    source: Source,
    kind: str,
    pipeline: Callable[[int], Pipeline],
    remarks: Remarks,
    track: int,
    cancelled: Callable[[], bool],
) -> Found:
    """Decode one sound track (counted from 1; 0: the default one). Raises AudioError and what `push` does."""
    view = matroska.mended(source, cancelled) if there() else None
    with _container(source, view or source, kind) as container:
        stream, track = _chosen(source.name, container, track)
        context: Any = stream.codec_context  # None where the codec is not known
        if context is None:
            raise UnsupportedAudioError(f"The codec of {source.name} is not known. Nothing was decoded.")
        if not (context.sample_rate and context.channels):  # some wrapping can be seen in almost anything
            raise NotAudioError(f"{source.name} is not a recording that can be read. Nothing was decoded.")
        layout = PcmFormat(context.sample_rate, context.channels, 16)
        flow = pipeline(layout.sample_rate)
        run = _Track(container, stream, flow, remarks, layout, torn=view is not None)
        run.decode()
        flow.finish()
        source.check(flow.seconds)
        if run.frames == 0:
            if run.damaged:
                raise NotAudioError(f"{source.name} is damaged: none of its sound could be decoded.")
            raise EmptyAudioError(f"{source.name} holds no sound: there is nothing to transcribe.")
        tracks = container.streams.audio
        short = run.gave_up or ends_early(source) or run.seconds < _declared(container, stream) - _ROUNDING
        return Found(
            container.format.name,
            stream.codec_context.name,
            layout.sample_rate,
            layout.channels,
            flow.seconds,
            short,
            track,
            len(tracks),
        )


def _chosen(
    name: str, container: av.container.InputContainer, track: int
) -> tuple[av.audio.stream.AudioStream, int]:
    tracks = container.streams.audio
    if not tracks:
        raise NotAudioError(f"{name} has no sound track. Nothing was decoded.")
    if track > len(tracks):
        raise no_such_track(name, track, len(tracks))
    if track == 0:
        marked = (place for place, each in enumerate(tracks, start=1) if int(each.disposition) & 1)
        track = next(marked, 1)
    return tracks[track - 1], track


def no_such_track(name: str, track: int, tracks: int) -> TrackMissingError:
    """The typed error for a track that the file has not."""
    count = "1 sound track" if tracks == 1 else f"{tracks} sound tracks"
    return TrackMissingError(
        f"{name} has {count}; there is no track {track}. Nothing was decoded.",
        details={"tracks": tracks},
    )


class _Track:
    """One track on its way to the pipeline, each frame at the time that the file gives it."""

    def __init__(
        self,
        container: av.container.InputContainer,
        stream: av.audio.stream.AudioStream,
        flow: Pipeline,
        remarks: Remarks,
        layout: PcmFormat,
        *,
        torn: bool,
    ) -> None:
        """`torn`: what is missing in the times of the file is missing because it is damaged."""
        self._torn = torn
        self._container = container
        self._stream = stream
        self._flow = flow
        self._remarks = remarks
        self._layout = layout
        self._resampler: Any = None
        self._form: tuple[Any, ...] = ()
        wrapping = container.format.name.split(",")[0]
        absolute = wrapping in _ABSOLUTE
        self._declares = wrapping in _DECLARING
        self._origin = 0.0 if absolute else (container.start_time or 0) / 1_000_000  # AV_TIME_BASE
        self._hurt: float | None = None  # seconds at which damage began that has not ended
        self._lead = 0.0
        self.frames = 0
        """Samples a channel that were decoded."""
        self.damaged = False
        self.gave_up = False

    @property
    def seconds(self) -> float:
        """Seconds from the first sound to the last."""
        return self._flow.seconds - self._lead

    def decode(self) -> None:
        torn: list[Any] = []
        for packet in self._packets():
            if packet.is_corrupt:
                torn.append(packet)
                while len(torn) > 2 and sum(each.size for each in torn) > _AT_ONCE:
                    torn.pop(0)  # more are no short end of a file
                continue
            if torn:
                self._take_torn(torn, last=packet.size == 0)
                torn = []
            self._decode(packet)
        self._push(self._resample(None))
        if self._hurt is not None:
            self._remarks.damaged(self._hurt, self._flow.seconds)

    def _take_torn(self, packets: list[Any], *, last: bool) -> None:
        """Of packets that lost their bytes on the way the decoder would make noise.

        But where no size is declared, the last ones are shorter than the others and no less whole for it.
        """
        if last and not self._declares:
            for packet in packets:
                self._decode(packet)
        else:
            self._damage()

    def _decode(self, packet: Any) -> None:
        import av.error

        try:
            frames: list[Any] = packet.decode()
        except av.error.EOFError:  # a mark in the stream that says so, and no damage
            return
        except av.error.FFmpegError:
            self._damage()
            return
        for frame in frames:
            self._take(frame)

    def _packets(self) -> Iterator[Any]:
        import av.error

        errors = 0
        while True:
            try:
                for packet in self._container.demux(self._stream):
                    errors = 0
                    yield packet
                return
            except (av.error.FFmpegError, IndexError):  # the latter of a packet of a stream that it knows not
                errors += 1
                self._damage()
                if errors > _TRIES:
                    self.gave_up = True
                    return

    def _damage(self) -> None:
        self.damaged = True
        self._hurt = self._flow.seconds if self._hurt is None else self._hurt

    def _take(self, frame: Any) -> None:
        if frame.pts is not None and frame.time_base is not None:
            self._place(float(frame.pts * frame.time_base) - self._origin, frame)
        if self._hurt is not None:
            self._remarks.damaged(self._hurt, self._flow.seconds)
            self._hurt = None
        self._push(self._resample(frame))
        self.frames += frame.samples

    def _place(self, time: float, frame: Any) -> None:
        """Fill up to the time of a frame; where time goes back another recording begins."""
        late = time - self._flow.seconds
        if late < -_BACK or late > _LONGEST_HOLE:
            self._origin += late
        elif late > (_EXACT if self._hurt is not None else _JITTER):
            start = self._flow.seconds
            self._flow.silence(late)
            if self.frames == 0:
                self._lead = late
            elif self._hurt is None and self._torn:
                self._remarks.damaged(start, self._flow.seconds)
            elif self._hurt is None and late >= _REMARKED:
                self._remarks.hole(start, self._flow.seconds)

    def _resample(self, frame: Any) -> list[Any]:
        """Frames of float32 at the rate of the pipeline; None lets out what is still held.

        The channels are interleaved: of more than eight planes the library loses count.
        """
        import av

        if frame is None:
            return self._resampler.resample(None) if self._resampler is not None else []
        held: list[Any] = []
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:  # it may change in the midst of a stream
            held = self._resampler.resample(None) if self._resampler is not None else []
            mono = "mono" if frame.layout.nb_channels == 1 else None
            self._resampler = av.AudioResampler(format="flt", layout=mono, rate=self._layout.sample_rate)
            self._form = form
        return [*held, *self._resampler.resample(frame)]

    def _push(self, parts: list[Any]) -> None:
        for part in parts:
            channels = part.layout.nb_channels
            self._flow.push(np.asarray(part.to_ndarray(), np.float32).reshape(-1, channels))


def _declared(container: av.container.InputContainer, stream: av.audio.stream.AudioStream) -> float:
    """Seconds that the track has by its header; 0 where nothing certain is said."""
    if container.format.name.split(",")[0] not in _DECLARING:
        return 0.0
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if len(container.streams) == 1:
        return ((container.duration or 0) - max(0, container.start_time or 0)) / 1_000_000
    return 0.0
