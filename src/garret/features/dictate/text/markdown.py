"""Transcripts as Markdown (CommonMark): a heading with the time, what it is of, and the text as it is.

Neighbours: `formats` has the other forms.
"""

from __future__ import annotations

import re
from typing import Final

from .formats import Transcript, well_formed

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#])")
_LINE_START: Final = re.compile(r"^(\s*)([-+>]|\d+[.)])(?=\s|$)", re.MULTILINE)


def to_markdown(transcript: Transcript, made: str, source: str) -> str:
    """One transcript under a heading of the second level; what would be taken for a mark is escaped."""
    about = [source, transcript.engine and f"{transcript.quality} ({transcript.engine})", _length(transcript)]
    remarks = "".join(f"> {escape(note.sentence)}\n" for note in transcript.notes)
    lines = [f"## {escape(made)}", f"*{escape(' · '.join(each for each in about if each))}*"]
    if remarks:
        lines.append(remarks.rstrip("\n"))
    text = well_formed(transcript.text).strip()
    if text:
        lines.append(_as_paragraphs(text))
    return "\n\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(well_formed(text).split()))


def _as_paragraphs(text: str) -> str:
    """The text with its line breaks kept: a single one is a hard break."""
    marked = _LINE_START.sub(_escaped_start, _SPECIAL.sub(r"\\\1", text))
    return re.sub(r"(?<!\n)\n(?!\n)", "\\\\\n", marked)


def _escaped_start(found: re.Match[str]) -> str:
    space, mark = found.groups()
    return f"{space}\\{mark}" if len(mark) == 1 else f"{space}{mark[:-1]}\\{mark[-1]}"


def _length(transcript: Transcript) -> str:
    minutes, seconds = divmod(round(transcript.audio_seconds), 60)
    return f"{minutes}:{seconds:02d}" if transcript.audio_seconds else ""
