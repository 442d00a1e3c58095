"""Cutting audio at its silences: voice activity and endpointing together, streaming.

`SegmentFinder` serves live audio, `segments_of` a spool file, in bounded memory. Audio without speech
is a normal result (`SpeechFound` with no segments, which says so in words), never an error.

Neighbours: `vad` and `endpoint` below; the engine worker decodes each segment by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from garret.base.errors import CancelledError
from garret.features.dictate.audio import spool
from garret.features.dictate.audio.spool import SAMPLE_RATE, Samples
from garret.features.dictate.audio.vad import SpeechProbabilities
from garret.features.dictate.endpoint import Endpointer, EndpointerOptions, Event, SpeechEnd


@dataclass(frozen=True)
class SpeechFound:
    """What a whole recording held: its segments and its length, in samples @ 16 kHz."""

    samples: int
    segments: tuple[SpeechEnd, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.segments)

    @property
    def seconds(self) -> float:
        return self.samples / SAMPLE_RATE

    @property
    def speech_seconds(self) -> float:
        """Seconds inside segments, padding included."""
        return sum(segment.end - segment.start for segment in self.segments) / SAMPLE_RATE

    def sentence(self) -> str:
        """What to tell a person."""
        if not self.segments:
            return f"No speech found in {self.seconds:.1f} s of audio."
        count = len(self.segments)
        noun = "segment" if count == 1 else "segments"
        return f"Found {self.speech_seconds:.1f} s of speech in {count} {noun} of {self.seconds:.1f} s."


class SegmentFinder:
    """Voice activity and endpointing for audio that is still arriving."""

    def __init__(self, options: EndpointerOptions | None = None) -> None:
        self._probabilities = SpeechProbabilities()
        self._endpointer = Endpointer(options)
        self.samples = 0
        """Samples accepted so far."""

    @property
    def speaking(self) -> bool:
        return self._endpointer.speaking

    def accept(self, samples: Samples) -> list[Event]:
        """Take the next samples; return the speech starts and ends that became certain."""
        self.samples += len(samples)
        return self._push(self._probabilities.accept(samples))

    def finish(self) -> list[Event]:
        """End of the audio; ends are clipped to the samples accepted. The finder is then reset."""
        # Somebody waits for the text now: the last piece of a frame is looked at only where it may matter.
        events = [] if self._endpointer.unbroken else self._push(self._probabilities.flush())
        events += self._endpointer.finish(self.samples)
        self.samples = 0
        self._probabilities.reset()
        return events

    def _push(self, probabilities: Iterable[float]) -> list[Event]:
        return [event for probability in probabilities for event in self._endpointer.push(probability)]


def segments_of(
    fd: int,
    options: EndpointerOptions | None = None,
    *,
    upto: int | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[SpeechEnd]:
    """The segments of the spool `fd`, each as soon as it is certain; none where nobody speaks.

    `upto` is the sample at which to stop, the end of the spool without it. Reads a second at a time.
    Raises CancelledError, and SourceFailedError when reading fails.
    """
    finder = SegmentFinder(options)
    for block in spool.blocks(fd, stop=upto):
        if cancelled():
            raise CancelledError("Looking for speech was cancelled; the recording is kept.")
        yield from (event for event in finder.accept(block) if isinstance(event, SpeechEnd))
    yield from (event for event in finder.finish() if isinstance(event, SpeechEnd))


def find_speech(fd: int, options: EndpointerOptions | None = None) -> SpeechFound:
    """All segments of the spool `fd` together with its length."""
    segments = tuple(segments_of(fd, options))
    return SpeechFound(spool.samples_in(fd), segments)
