"""Transcripts as contracts tell them, made into what the forms are written from.

Where a person corrected the text, that is what is written: its words are spread over the segments they were
heard in, so that subtitles show them as well.

Pure. Neighbours: `text.formats` writes the forms; the command line and the text worker write with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from garret.features.dictate import contracts as c
from garret.features.dictate.text.formats import Note, Transcript
from garret.features.dictate.text.segments import Segment, SpokenCommand
from garret.features.dictate.text.spreading import spread
from garret.features.dictate.text.words import Word


def joined(pages: Sequence[c.Transcript]) -> c.Transcript:
    """The pages of a transcript, one at least, as the whole."""
    raw, text, cleaned = (
        "".join(getattr(page, name) for page in pages) for name in ("raw", "text", "cleaned")
    )
    segments = tuple(segment for page in pages for segment in page.segments)
    return msgspec.structs.replace(pages[0], raw=raw, text=text, cleaned=cleaned, segments=segments)


def document_of(transcript: c.Transcript, *, raw: bool) -> Transcript:
    """The whole transcript; `raw` as heard instead of cleaned and corrected."""
    texts = [segment.raw if raw else segment.text for segment in transcript.segments]
    if transcript.edited and not raw:
        texts = [share.strip() for share in spread(transcript.text, texts)]
    return Transcript(
        utterance=transcript.utterance,
        engine=transcript.engine,
        quality=transcript.quality,
        raw=transcript.raw,
        text=transcript.raw if raw else transcript.text,
        audio_seconds=transcript.audio_seconds,
        decode_seconds=transcript.decode_seconds,
        segments=tuple(
            _segment(segment, text, raw=raw) for segment, text in zip(transcript.segments, texts, strict=True)
        ),
        notes=tuple(Note(note.kind, note.sentence, note.start, note.end) for note in transcript.notes),
    )


def _segment(segment: c.TranscriptSegment, text: str, *, raw: bool) -> Segment:
    """A segment as it was heard, or with the words that are left in the text."""
    gone = set[int]() if raw else {first + i for first, count in segment.gone for i in range(count)}
    words = tuple(
        Word(word.word, word.start, word.end, word.confidence)
        for place, word in enumerate(segment.words)
        if place not in gone
    )
    commands = tuple(
        SpokenCommand(each.number, each.start, each.end, each.words, each.did, each.restored)
        for each in segment.commands
    )
    return Segment(segment.start, segment.end, text, words, commands, segment.capitals)
