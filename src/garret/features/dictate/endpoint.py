"""Endpointing: where speech begins and ends, as a pure state machine over speech probabilities.

One probability arrives for each frame of 512 samples @ 16 kHz (32 ms). Out come `SpeechStart` and
`SpeechEnd` events in samples, and between them `SpeechPause` where the end may have been and `SpeechResume`
where it was not. Promises, for any input:

- segments are ordered, never overlap, and lie inside the audio;
- every run of frames at or above the onset threshold that lasts the minimum speech is inside a segment;
- no segment is longer than the maximum plus one frame: longer speech is cut at the frame with the lowest
  probability inside the search window, which is its quietest place, and such an end says that it is a `cut`;
- a pause that no resume follows is told with the end that the segment then has, to the sample;
- the events do not depend on how the frames were grouped when they were pushed.

No numpy, no I/O, no clock. Neighbours: `audio.vad` makes the probabilities, `audio.segments` drives both.
The two thresholds are the hysteresis of the Silero VAD reference: speech starts at or above `onset`, a
silence starts below `offset` and is ended only by a frame at or above `onset`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from garret.base.errors import UsageError

SAMPLE_RATE = 16_000
FRAME_SAMPLES = 512
"""Samples per probability; fixed by the Silero VAD v5 and v6 models at 16 kHz."""


class EndpointerOptionsError(UsageError):
    """The options contradict each other or are out of range."""


@dataclass(frozen=True)
class EndpointerOptions:
    """How speech is told from silence. All durations in seconds; they are rounded up to whole frames.

    onset: probability from which a frame may start speech.
    offset: probability below which a silence may start; at most `onset`.
    minimum_speech: shorter bursts (clicks, coughs) are no speech. Three frames: "no" and "yes" pass.
    minimum_silence: a shorter pause does not end a segment. 0.6 s is above the pauses inside sentences.
    pre_roll: audio kept before the first speech frame, since soft consonants score low.
    tail: audio kept after the last speech frame; at most `minimum_silence`, so that ends never lie ahead. Six
        frames: once they are there a pause is told, and decoding may begin 0.4 s before the end is certain.
    maximum_segment: the longest segment; 30 s is also the window of Whisper models.
    search_window: how far back from the maximum the quietest place is looked for; at most half of it.
    """

    onset: float = 0.5
    offset: float = 0.35
    minimum_speech: float = 0.096
    minimum_silence: float = 0.6
    pre_roll: float = 0.3
    tail: float = 0.192
    maximum_segment: float = 30.0
    search_window: float = 10.0

    def __post_init__(self) -> None:
        """Raises EndpointerOptionsError, naming the option and its allowed range."""
        if not 0.0 < self.offset <= self.onset <= 1.0:
            raise EndpointerOptionsError("Thresholds must satisfy 0 < offset <= onset <= 1.")
        for name in (
            "minimum_speech",
            "minimum_silence",
            "pre_roll",
            "tail",
            "maximum_segment",
            "search_window",
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0.0 <= value <= 3600.0):
                raise EndpointerOptionsError(f"{name} must be between 0 and 3600 seconds, not {value}.")
        if self.tail > self.minimum_silence:
            raise EndpointerOptionsError("tail must not be longer than minimum_silence.")
        if not 0.0 < self.search_window <= self.maximum_segment / 2:
            raise EndpointerOptionsError("search_window must be above 0 and at most half of maximum_segment.")
        if self.maximum_segment < 2 * (self.pre_roll + self.minimum_speech) + 0.5:
            raise EndpointerOptionsError("maximum_segment is too short for the pre-roll and minimum speech.")


@dataclass(frozen=True)
class SpeechStart:
    """Speech began; `at` is a sample @ 16 kHz, pre-roll included."""

    at: int


@dataclass(frozen=True)
class SpeechEnd:
    """The segment from `start` to `end` (exclusive), samples @ 16 kHz, padding included.

    `cut`: nobody was silent there; the segment had reached the maximum, and the next begins at its end.
    """

    start: int
    end: int
    cut: bool = False


@dataclass(frozen=True)
class SpeechPause:
    """The open segment ends at sample `end` (exclusive), its tail included, unless speech goes on."""

    end: int


@dataclass(frozen=True)
class SpeechResume:
    """Speech goes on after a pause that was told."""


Event = SpeechStart | SpeechPause | SpeechResume | SpeechEnd


def silence_between(before: SpeechEnd, start: int, options: EndpointerOptions = EndpointerOptions()) -> float:
    """Seconds of silence, at least, between the segment `before` and one that starts at sample `start`.

    The padding of both counts as silence. Segments that touch have none between them: one was cut at the
    maximum, or where its worker was lost. A segment that may have been cut at the maximum, in the midst of
    a short silence, may have less tail than the options say, so that its tail does not count.
    """
    if start <= before.end:
        return 0.0
    padding = options.pre_roll
    if before.end - before.start <= (options.maximum_segment - options.minimum_silence) * SAMPLE_RATE:
        padding += options.tail
    return (start - before.end + round(padding * SAMPLE_RATE)) / SAMPLE_RATE


def _frames(seconds: float) -> int:
    return math.ceil(round(seconds * SAMPLE_RATE / FRAME_SAMPLES, 6))


class Endpointer:
    """Turns probabilities, one a frame, into segments. See the module for its promises."""

    def __init__(self, options: EndpointerOptions | None = None) -> None:
        self.options = options or EndpointerOptions()
        self._minimum_speech = max(1, _frames(self.options.minimum_speech))
        self._minimum_silence = max(1, _frames(self.options.minimum_silence))
        self._tail_frames = _frames(self.options.tail)
        self._pre_roll = round(self.options.pre_roll * SAMPLE_RATE)
        self._tail = round(self.options.tail * SAMPLE_RATE)
        self._maximum = round(self.options.maximum_segment * SAMPLE_RATE)
        self._window: deque[float] = deque(maxlen=1 + max(1, _frames(self.options.search_window)))
        self.reset()

    def reset(self) -> None:
        """Forget everything; the next frame is the first of new audio."""
        self._frame = 0  # index of the next frame
        self._previous_end = 0  # sample where the last segment ended; pre-roll never reaches behind it
        self._start: int | None = None  # sample where the open segment starts
        self._candidate: int | None = None  # frame where unconfirmed speech started
        self._silence: int | None = None  # frame where an unconfirmed silence started
        self._paused = False  # whether that silence was told as a pause
        self._window.clear()

    @property
    def speaking(self) -> bool:
        """Whether a segment is open."""
        return self._start is not None

    @property
    def unbroken(self) -> bool:
        """Whether speech goes on without a silence: the end of the audio is then its end, whatever comes."""
        return self._start is not None and self._silence is None

    def push(self, probability: float) -> list[Event]:
        """Take the probability of the next frame; return what became certain by it, in order.

        A probability that is not a number counts as silence.
        """
        probability = probability if probability == probability else 0.0
        self._window.append(probability)
        index = self._frame
        self._frame += 1
        if self._start is None:
            return self._in_silence(index, probability)
        return self._in_speech(index, probability)

    def finish(self, samples: int | None = None) -> list[Event]:
        """End of the audio: close an open segment. `samples` is the true length of the audio.

        The last frame is usually padded, so ends are clipped to `samples`; it need not be pushed where
        speech is `unbroken`. Afterwards the endpointer is reset and may be used for other audio.
        """
        length = self._frame * FRAME_SAMPLES if samples is None else samples
        events: list[Event] = []
        if self._start is not None:
            end = self._speech_end(self._frame) if self._silence is not None else length
            if min(end, length) > self._start:
                events.append(SpeechEnd(self._start, min(end, length)))
        self.reset()
        return events

    def _in_silence(self, index: int, probability: float) -> list[Event]:
        if self._candidate is None and probability >= self.options.onset:
            self._candidate = index
        elif self._candidate is not None and probability < self.options.offset:
            self._candidate = None
        if self._candidate is None or index + 1 - self._candidate < self._minimum_speech:
            return []
        start = max(self._previous_end, self._candidate * FRAME_SAMPLES - self._pre_roll, 0)
        self._candidate = None
        self._start = start
        return [SpeechStart(start)]

    def _in_speech(self, index: int, probability: float) -> list[Event]:
        assert self._start is not None
        resumed: list[Event] = []
        if probability >= self.options.onset:
            resumed = [SpeechResume()] if self._paused else []
            self._silence, self._paused = None, False
        elif self._silence is None and probability < self.options.offset:
            self._silence = index
        return resumed + self._end_or_pause(index)

    def _end_or_pause(self, index: int) -> list[Event]:
        assert self._start is not None
        now = index + 1
        # The newest frame may be the last and partly padding, so nothing is ended inside it.
        if self._silence is not None and now - self._silence >= self._minimum_silence:
            return [self._close(self._speech_end(index))]
        if now * FRAME_SAMPLES - self._start < self._maximum:
            return self._pause(index)
        if self._silence is not None:
            return [self._close(self._speech_end(index))]
        return self._cut(index)

    def _pause(self, index: int) -> list[Event]:
        if self._paused or self._silence is None or index - self._silence < self._tail_frames:
            return []
        self._paused = True
        return [SpeechPause(self._speech_end(index))]

    def _speech_end(self, limit: int) -> int:
        """Sample where speech ends, its tail included but not past the beginning of frame `limit`."""
        assert self._silence is not None
        return min(self._silence * FRAME_SAMPLES + self._tail, limit * FRAME_SAMPLES)

    def _close(self, end: int, *, cut: bool = False) -> SpeechEnd:
        assert self._start is not None
        event = SpeechEnd(self._start, end, cut)
        self._previous_end = end
        self._start = None
        self._silence, self._paused = None, False
        return event

    def _cut(self, newest: int) -> list[Event]:
        """Split the open segment in the middle of the quietest frame of the window (the latest such)."""
        back = min(range(1, len(self._window)), key=lambda i: (self._window[-1 - i], i))
        cut = (newest - back) * FRAME_SAMPLES + FRAME_SAMPLES // 2
        closed = self._close(cut, cut=True)
        self._start = cut
        return [closed, SpeechStart(cut)]
