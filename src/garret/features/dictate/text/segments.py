"""A segment: what was said between two pauses, with the times of its words."""

from __future__ import annotations

import msgspec

from .words import Word


class SpokenCommand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A spoken command that was heard: its number in the utterance, its times and words, what it did.

    With `restored` it did nothing, since its words were put back into the text.
    """

    number: int
    start: float
    end: float
    words: str
    did: str
    restored: bool = False


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`text` may be cleaned and edited; `words` are as recognised, but for those that commands took out.

    Times in seconds from the start of the audio. `capitals`: that mode was on when it ended.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    commands: tuple[SpokenCommand, ...] = ()
    capitals: bool = False
