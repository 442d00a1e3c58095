"""What a person should know of a recording besides its text.

Neighbours: `sound`, where decoding finds them, and `utterances`, with whose text they are kept.
"""

from __future__ import annotations

from garret.protocol.contract import Contract


class Note(Contract, frozen=True):
    """A remark on the sound of an utterance, as a sentence, and the seconds that it is about.

    The kind is one of `damage`, `gap`, `truncated`, `header`, `channels`, `clipped`,
    `offset`, `track`, `noise` and `speech`.
    """

    kind: str
    sentence: str
    start: float = 0.0
    end: float = 0.0
