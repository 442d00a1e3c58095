"""Transcripts at the client: fetched page by page, put into the form that was asked for."""

from __future__ import annotations

from typing import Final

from garret.features.dictate import contracts as c
from garret.features.dictate.documents import document_of, joined
from garret.protocol.manifest import Session

PAGE: Final = 200
"""Segments in one answer: some 10,000 words, well within a frame of 4 MiB."""

_SHOWN_COMMANDS: Final = 8

SUFFIXES: Final = {"text": ".txt", "json": ".json", "srt": ".srt", "vtt": ".vtt"}

_NAMES: Final = {
    "pocketsphinx": "PocketSphinx",
    "sherpa": "sherpa-onnx",
    "whisper": "Whisper",
}


def label(engine: str, quality: str) -> str:
    """How good a text is and who says so: "draft (PocketSphinx)"."""
    name = _NAMES.get(engine.split("-")[0].split(":")[0], engine)
    return f"{quality} ({name})" if quality and name else quality or name


def fetch(session: Session, utterance: str) -> c.Transcript:
    """The whole transcript of an utterance."""
    whole = session.call(c.Get(utterance=utterance, limit=PAGE), again=True)
    pages = [whole]
    count = len(whole.segments)
    while count < whole.total:
        page = session.call(c.Get(utterance=utterance, first=count, limit=PAGE), again=True)
        if not page.segments:
            break
        pages.append(page)
        count += len(page.segments)
    return joined(pages)


def render(transcript: c.Transcript, form: str, *, raw: bool, indent: int = 0) -> str:
    """The transcript as "text", "json", "srt" or "vtt"; `raw` as heard instead of cleaned."""
    made = document_of(transcript, raw=raw and form != "json")
    if form == "json":
        return made.to_json(indent=indent) + "\n"
    return {"text": made.to_text, "srt": made.to_srt, "vtt": made.to_vtt}[form]()


def commands_in(transcript: c.Transcript) -> str:
    """A line about the spoken commands that were carried out, for people; empty where there were none."""
    done = [each for segment in transcript.segments for each in segment.commands if not each.restored]
    if not done:
        return ""
    shown = ", ".join(f'{each.number} "{each.words}"' for each in done[:_SHOWN_COMMANDS])
    more = f" and {len(done) - _SHOWN_COMMANDS} more" if len(done) > _SHOWN_COMMANDS else ""
    return (
        f"Carried out as spoken commands: {shown}{more}. "
        f"`garret history words {transcript.utterance} NUMBER` makes one words again."
    )


def join(documents: list[str], form: str) -> str:
    """Several rendered transcripts as one: a JSON array, or texts with an empty line between them."""
    if form == "json":
        return "[" + ",\n".join(document.rstrip("\n") for document in documents) + "]\n"
    return "\n".join(document for document in documents if document)
