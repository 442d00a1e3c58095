"""How likely each of several things is what was said.

`weigh` looks at the first token of a text, and no more. A lone letter is no word, and what a beam makes of it
is often one that is ("Okay" for k). The model knows better: its distribution over the first token orders the
letters' own names well, whichever word is likeliest.

`compare` is of whole texts, each followed through to its end. That the end counts is what tells "slash" from
"slash the tyres", whose first word is as likely.

Neighbours: `engine` (the model), `windows`, `vocabulary`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines.whisper.features import WINDOW_FRAMES, Floats, log_mel, window_of
from garret.features.dictate.engines.whisper.vocabulary import Vocabulary
from garret.features.dictate.engines.whisper.windows import frames_for

IMPOSSIBLE = -100.0
"""The log probability of a choice whose spellings are all of several tokens, and of a text that is none."""

_LEAST = 1e-9
"""Of a token: below it a probability of 32 bits says no more."""
_MARKS = (".", ",", "!", "?", ";", ":", "...")
"""What may stand after a text that is all of what was said, beside its end."""


class Model(Protocol):
    """What is asked of a model."""

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def bands(self) -> int: ...

    def encode(self, window: Floats) -> Any: ...

    def start(self, encoded: Any) -> list[int]: ...

    def next_token(self, encoded: Any, start: Sequence[int], said: Sequence[int] = ()) -> Floats:
        """The log probability of each token to be the next of the text, of which `said` is there."""
        ...

    def align(
        self, encoded: Any, start: Sequence[int], text: Sequence[int], frames: int
    ) -> tuple[list[tuple[int, int]], list[float]]:
        """See `windows.Model`."""
        ...


def weigh(model: Model, samples: Samples, choices: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """The log probability of each choice: that the text begins with one of its spellings.

    Spellings that are several tokens are left out: their first is that of many other words. Hears the first
    30 s of int16 samples @ 16 kHz.
    """
    encoded = model.encode(window_of(log_mel(samples, model.bands), 0, WINDOW_FRAMES))
    found = model.next_token(encoded, model.start(encoded))
    return tuple(_sum(found, model.vocabulary, spellings) for spellings in choices)


def _sum(found: Floats, vocabulary: Vocabulary, spellings: Sequence[str]) -> float:
    encoded = [vocabulary.encode(" " + spelling) for spelling in spellings]
    single = sorted({tokens[0] for tokens in encoded if len(tokens) == 1})
    return float(np.logaddexp.reduce(found[single])) if single else IMPOSSIBLE


def compare(model: Model, samples: Samples, texts: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """The log probability of each text: that it is all that is said, in one of its spellings.

    Hears the first 30 s of int16 samples @ 16 kHz. A spelling costs two passes of the decoder.
    """
    features = log_mel(samples, model.bands)
    frames = min(WINDOW_FRAMES, int(features.shape[1]))
    encoded = model.encode(window_of(features, 0, frames_for(frames)))
    start = model.start(encoded)
    vocabulary = model.vocabulary
    ends = [vocabulary.end, *(vocabulary.encode(mark)[0] for mark in _MARKS if vocabulary.encode(mark))]
    scores: list[float] = []
    for spellings in texts:
        each = [_whole(model, encoded, start, spelling, frames, ends) for spelling in spellings]
        scores.append(float(np.logaddexp.reduce(each)) if each else IMPOSSIBLE)
    return tuple(scores)


def _whole(
    model: Model, encoded: Any, start: Sequence[int], spelling: str, frames: int, ends: Sequence[int]
) -> float:
    said = model.vocabulary.encode(" " + spelling)
    if not said:
        return IMPOSSIBLE
    tokens = np.maximum(model.align(encoded, start, said, frames)[1], _LEAST)
    after = model.next_token(encoded, start, said)
    return float(np.log(tokens).sum() + np.logaddexp.reduce(after[sorted(set(ends))]))
