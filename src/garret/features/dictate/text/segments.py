"""A segment: what was said between two pauses, with the times of its words."""

from __future__ import annotations

import msgspec

from .words import Word


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`text` may be cleaned; `words` are as recognised. Times in seconds from the start of the audio."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
