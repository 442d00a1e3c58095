"""How likely each of several things is what was said: the first token of a text, and no more.

A lone letter is no word, and what a beam makes of it is often one that is ("Okay" for k). The model knows
better: its distribution over the first token orders the letters' own names well, whichever word is likeliest.
Neighbours: `engine` (the model), `windows`, `vocabulary`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines.whisper.features import WINDOW_FRAMES, Floats, log_mel, window_of
from garret.features.dictate.engines.whisper.vocabulary import Vocabulary

IMPOSSIBLE = -100.0
"""The log probability of a choice whose spellings are all of several tokens."""


class Model(Protocol):
    """What is asked of a model."""

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def bands(self) -> int: ...

    def encode(self, window: Floats) -> Any: ...

    def start(self, encoded: Any) -> list[int]: ...

    def first_token(self, encoded: Any, start: Sequence[int]) -> Floats:
        """The log probability of each token to be the first of the text."""
        ...


def weigh(model: Model, samples: Samples, choices: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """The log probability of each choice: that the text begins with one of its spellings.

    Spellings that are several tokens are left out: their first is that of many other words. Hears the first
    30 s of int16 samples @ 16 kHz.
    """
    encoded = model.encode(window_of(log_mel(samples, model.bands), 0, WINDOW_FRAMES))
    found = model.first_token(encoded, model.start(encoded))
    return tuple(_sum(found, model.vocabulary, spellings) for spellings in choices)


def _sum(found: Floats, vocabulary: Vocabulary, spellings: Sequence[str]) -> float:
    encoded = [vocabulary.encode(" " + spelling) for spelling in spellings]
    single = sorted({tokens[0] for tokens in encoded if len(tokens) == 1})
    return float(np.logaddexp.reduce(found[single])) if single else IMPOSSIBLE
