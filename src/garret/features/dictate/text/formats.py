"""A finished transcript and the forms in which it leaves: plain text, JSON, SubRip and WebVTT.

The JSON document of one file has exactly the keys `utterance`, `engine`, `quality`, `raw`, `text`,
`audio_seconds`, `decode_seconds`, `notes`, the remarks on the sound, each with `kind`, `sentence`, `start`
and `end`, `segments`, each of those with `start`, `end`, `text`, `capitals` and
`words`, each of those with `start`, `end`, `word` and `confidence`, and `commands`, what was taken for
spoken commands, each with `number`, `segment` (its place, from 0), `start`, `end`, `words`, `did` and
`restored`. Times are seconds from the start of the audio. Subtitles follow the W3C WebVTT recommendation
and the common form of SubRip.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

from .cues import Cue, make_cues
from .errors import TranscriptError
from .segments import Segment, SpokenCommand


class _JsonWord(msgspec.Struct, frozen=True):
    start: float
    end: float
    word: str
    confidence: float | None


class _JsonSegment(msgspec.Struct, frozen=True):
    start: float
    end: float
    text: str
    capitals: bool
    words: tuple[_JsonWord, ...]


class Note(msgspec.Struct, frozen=True):
    """A remark on the sound, as a sentence, and the seconds that it is about."""

    kind: str
    sentence: str
    start: float
    end: float


class _JsonCommand(msgspec.Struct, frozen=True):
    number: int
    segment: int
    start: float
    end: float
    words: str
    did: str
    restored: bool


class _JsonTranscript(msgspec.Struct, frozen=True):
    utterance: str
    engine: str
    quality: str
    raw: str
    text: str
    audio_seconds: float
    decode_seconds: float
    notes: tuple[Note, ...]
    segments: tuple[_JsonSegment, ...]
    commands: tuple[_JsonCommand, ...]


class Transcript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of one utterance: raw and cleaned text, by which engine, of which quality label."""

    utterance: str
    engine: str
    quality: str
    raw: str
    text: str
    audio_seconds: float
    decode_seconds: float
    segments: tuple[Segment, ...] = ()
    notes: tuple[Note, ...] = ()

    def to_json(self, *, indent: int = 0) -> str:
        """The JSON document, on one line unless `indent` is given.

        Raises `TranscriptError` for a time or confidence that is not a finite number, which JSON
        could not hold.
        """
        document = _JsonTranscript(
            well_formed(self.utterance),
            well_formed(self.engine),
            well_formed(self.quality),
            well_formed(self.raw),
            well_formed(self.text),
            _finite(self.audio_seconds),
            _finite(self.decode_seconds),
            tuple(_json_note(note) for note in self.notes),
            tuple(_json_segment(segment) for segment in self.segments),
            tuple(
                _json_command(place, command)
                for place, segment in enumerate(self.segments)
                for command in segment.commands
            ),
        )
        encoded = msgspec.json.encode(document)
        return (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode()

    def to_text(self) -> str:
        """The cleaned text, ended by one line break unless it is empty."""
        text = well_formed(self.text).rstrip("\n")
        return text + "\n" if text else ""

    def to_srt(self) -> str:
        """SubRip subtitles; see `to_srt` of this module."""
        return to_srt(self.segments, self.audio_seconds)

    def to_vtt(self) -> str:
        """WebVTT subtitles; see `to_vtt` of this module."""
        return to_vtt(self.segments, self.audio_seconds)


def _json_note(note: Note) -> Note:
    return Note(note.kind, well_formed(note.sentence), _finite(note.start), _finite(note.end))


def _json_segment(segment: Segment) -> _JsonSegment:
    words = tuple(
        _JsonWord(
            _finite(word.start),
            _finite(word.end),
            well_formed(word.text),
            None if word.confidence is None else _finite(word.confidence),
        )
        for word in segment.words
    )
    times = _finite(segment.start), _finite(segment.end)
    return _JsonSegment(*times, well_formed(segment.text), segment.capitals, words)


def _json_command(segment: int, command: SpokenCommand) -> _JsonCommand:
    return _JsonCommand(
        command.number,
        segment,
        _finite(command.start),
        _finite(command.end),
        well_formed(command.words),
        command.did,
        command.restored,
    )


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise TranscriptError(
            f"The transcript holds {number} where a number is needed. It is kept as it is; "
            "transcribe the audio again to get another."
        )
    return number


def well_formed(text: str) -> str:
    """`text` with lone surrogates, which no file can hold, replaced by U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def to_srt(segments: Sequence[Segment], audio_seconds: float | None = None) -> str:
    """SubRip: numbered cues, "HH:MM:SS,mmm" times, UTF-8, line feeds; empty without a cue.

    SubRip knows no escapes. An arrow in the text is written as one character, so that no line of
    text can be taken for a line of times. Raises `TranscriptError` for times that are no numbers.
    """
    blocks = [
        f"{number}\n{_times(cue, ',')}\n{_lines(cue, _srt_text)}\n"
        for number, cue in enumerate(make_cues(segments, audio_seconds), start=1)
    ]
    return "\n".join(blocks)


def to_vtt(segments: Sequence[Segment], audio_seconds: float | None = None) -> str:
    """WebVTT: "HH:MM:SS.mmm" times, text escaped; never empty, since the header alone is a valid file.

    Raises `TranscriptError` for times that are no numbers.
    """
    blocks = [f"{_times(cue, '.')}\n{_lines(cue, _vtt_text)}\n" for cue in make_cues(segments, audio_seconds)]
    return "\n".join(["WEBVTT\n", *blocks])


def _times(cue: Cue, separator: str) -> str:
    return f"{format_time(cue.start, separator)} --> {format_time(cue.end, separator)}"


def format_time(milliseconds: int, separator: str = ".") -> str:
    """Hours (two digits or more), minutes, seconds and milliseconds: "100:00:00.000"."""
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{separator}{thousandths:03d}"


def _lines(cue: Cue, escape: Callable[[str], str]) -> str:
    return "\n".join(escape(well_formed(line)) for line in cue.lines)


def _srt_text(line: str) -> str:
    return line.replace("-->", "\u2192")


def _vtt_text(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
